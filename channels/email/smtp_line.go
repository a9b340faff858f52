package email

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strconv"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"rapport/channels"
)

// farewell is how long a relay is waited for after QUIT.
const farewell = time.Second

// line is one connection to a relay. It carries one message at a time.
type line struct {
	client  *smtp.Client
	conn    net.Conn
	carried int
	expiry  *time.Timer

	begun  bool // the content of the last message began to leave
	broken bool // nothing more can be said over this connection
}

// gone reports whether the connection, and not the relay's judgement, ended the
// last message before anything of its content was heard.
func (l *line) gone() bool { return l.broken && !l.begun }

// carry hands one message over. What its error proves depends on how far it
// came: before the final dot the relay may not deliver it (RFC 5321 §4.1.1.4);
// without an answer to the dot nobody knows.
func (l *line) carry(m parcel) error {
	l.begun = false
	if err := l.fits(m); err != nil {
		return err
	}
	l.client.SkipSMTPUTF8(!m.utf8)
	if err := l.client.Mail(path(m.from)); err != nil {
		return l.failed(toMail, err)
	}
	if err := l.client.Rcpt(path(m.to)); err != nil {
		return l.failed(toRcpt, err)
	}
	content, err := l.client.Data()
	if err != nil {
		return l.failed(toData, err)
	}
	l.begun = true
	_, err = content.Write(m.raw)
	if err == nil {
		err = l.client.Text.W.Flush() // what stays behind must not leave with the dot
	}
	if err != nil {
		l.broken = true
		return &channels.NotSent{Err: fmt.Errorf("hand the content to the relay: %w", discreet(err))}
	}
	return l.end(content)
}

// end writes the final dot and reads what the relay says to it. Any word of the
// class 2 is its word that it has the message (RFC 5321 §4.3.2).
func (l *line) end(content io.Closer) error {
	err := content.Close()
	said := answerOf(err)
	switch {
	case err == nil, said != nil && said.code >= 200 && said.code < 300:
		return nil
	case said != nil:
		l.broken = said.code == hangsUp
		return said.judgement(toMessage)
	}
	l.broken = true
	return fmt.Errorf("wait for the relay's word on the message: %w", discreet(err))
}

// fits refuses what the relay has said it does not take.
func (l *line) fits(m parcel) error {
	_, limit := l.client.Extension("SIZE")
	if most, err := strconv.Atoi(limit); err == nil && most > 0 && len(m.raw) > most { // RFC 1870 §4
		return &channels.Refused{Reason: channels.ReasonTooLarge, Err: fmt.Errorf("%d bytes are more than the relay takes", len(m.raw))}
	}
	if offered, _ := l.client.Extension("SMTPUTF8"); m.utf8 && !offered { // RFC 6531 §3.2
		return &channels.Refused{Reason: channels.ReasonRejected, Err: errors.New("an address is not ASCII, and the relay does not offer SMTPUTF8")}
	}
	return nil
}

// hangsUp is a relay's word that it closes the connection (RFC 5321 §3.8).
const hangsUp = 421

// failed judges a command that the relay did not take. The message has not left.
func (l *line) failed(command string, err error) error {
	said := answerOf(err)
	if said == nil {
		l.broken = true
		return &channels.NotSent{Err: fmt.Errorf("say %s to the relay: %w", command, discreet(err))}
	}
	l.broken = said.code == hangsUp
	if proven := said.judgement(command); channels.Classify(proven) != channels.Ambiguous {
		return proven
	}
	return &channels.NotSent{Err: fmt.Errorf("%w to %s", said, command)}
}

// path is a mailbox as MAIL and RCPT take it.
func path(address string) string { return (&mail.Address{Address: address}).String() }

// goodbye ends the connection; a relay that does not answer is left all the
// same.
func (l *line) goodbye() {
	if l.client.UpdateDeadline(farewell) == nil {
		_ = l.client.Quit()
	}
	_ = l.conn.Close()
}
