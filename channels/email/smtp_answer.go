package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strings"

	"rapport/channels"
)

// answer is a relay's word: a reply code (RFC 5321 §4.2) and, where it stands
// there, an enhanced one (RFC 3463). The sentence behind it is judged and never
// passed on: relays repeat addresses in it.
type answer struct {
	code     int
	enhanced string
	sentence string
}

// The commands of a transaction, as errors name them.
const (
	toMail    = "MAIL"
	toRcpt    = "RCPT"
	toData    = "DATA"
	toMessage = "the message" // its final dot
)

var enhancedCode = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// answerOf is the relay's word in an error; nil where it gave none.
func answerOf(err error) *answer {
	var said *textproto.Error
	if !errors.As(err, &said) {
		return nil
	}
	return &answer{said.Code, enhancedCode.FindString(said.Msg), said.Msg}
}

func (a answer) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the relay answered %d %s", a.code, a.enhanced))
}

// unreached judges what went wrong before any message was spoken of; nil stays
// nil. What the relay refuses for good then is us.
func unreached(what string, err error) error {
	if err == nil {
		return nil
	}
	if said := answerOf(err); said != nil {
		if said.code >= 500 {
			return account(fmt.Errorf("%s: %w", what, said))
		}
		return &channels.NotSent{Err: fmt.Errorf("%s: %w", what, said)}
	}
	return &channels.NotSent{Err: fmt.Errorf("%s: %w", what, discreet(err))}
}

// account says that the relay takes nothing from us.
func account(err error) error {
	return &channels.Refused{Err: err, Reason: channels.ReasonUnauthorized, Broken: true}
}

// judgement says what the relay's word after a command proves. A transient refusal
// at any point means that it does not have the message (RFC 5321 §4.2.1).
func (a answer) judgement(command string) error {
	cause := fmt.Errorf("%w to %s", a, command)
	switch {
	case a.code >= 400 && a.code < 500:
		// Greylisting and full mailboxes are the recipient's; 4.3 is the relay itself
		// (RFC 3463 §3.4).
		own := command == toRcpt && a.code != hangsUp && !strings.HasPrefix(a.enhanced, "4.3.")
		return &channels.NotSent{Err: cause, Own: own}
	case a.code < 500 || a.code > 599:
		return cause // no word that the protocol knows here
	case a.code == 530, a.code == 535, a.enhanced == "5.7.8":
		return account(cause)
	case a.enhanced == "5.3.4", a.enhanced == "5.2.3", a.code == 552 && a.enhanced == "":
		return &channels.Refused{Err: cause, Reason: channels.ReasonTooLarge}
	case command != toMail && a.nobodyThere():
		return &channels.Refused{Err: cause, Reason: channels.ReasonInvalidAddress, Suppress: true}
	}
	return &channels.Refused{Err: cause, Reason: a.why(command)}
}

// why is the reason of a refusal that says nothing of the address for good: the
// class of a bounce where the relay speaks of the recipient and names one.
func (a answer) why(command string) string {
	if command == toMail || !specific(a.enhanced) {
		return channels.ReasonRejected
	}
	return BounceClass(a.enhanced, a.sentence)
}

// nobodyThere reports whether the refusal is of the recipient for good. A code
// that names no reason with words that name none is not enough: a bare 550 is
// also what a relay says to mail it does not want.
func (a answer) nobodyThere() bool {
	clear := specific(a.enhanced) || byWords(strings.ToLower(a.sentence)) == channels.BounceHard
	return clear && BounceClass(a.enhanced, fmt.Sprintf("%d %s", a.code, a.sentence)) == channels.BounceHard
}

// connection reports whether an error is of the connection rather than a word of
// the other side.
func connection(err error) bool {
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// discreet hides the text of errors that may quote what the relay said.
func discreet(err error) error {
	var certificate *tls.CertificateVerificationError
	if connection(err) || errors.As(err, &certificate) {
		return err
	}
	return fmt.Errorf("what the relay said could not be read (%T)", err)
}

// inTime puts the end of the time in the place of what the closed connection
// said of itself. What an error proves stays.
func inTime(late, err error) error {
	switch channels.Classify(err) {
	case channels.KnownNotSent:
		return &channels.NotSent{Err: fmt.Errorf("talk to the relay: %w", late)}
	case channels.Ambiguous:
		return fmt.Errorf("wait for the relay's word on the message: %w", late)
	}
	return err
}
