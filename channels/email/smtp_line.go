package email

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"rapport/channels"
)

// farewell is how long a relay is waited for after QUIT.
const farewell = time.Second

// line is one connection to a relay. It carries one message at a time; where the
// relay takes commands in a row (RFC 2920), those of the next message leave together
// with the end of the one before.
type line struct {
	client    *smtp.Client
	conn      net.Conn
	pipelined bool
	largest   int // bytes that the relay takes; 0 where it names none
	utf8      bool
	carried   int
	expiry    *time.Timer

	out     []byte // what leaves with the next flush
	scratch []byte // where the next message is written, once the one before is in out
	dot     int    // where in out the final dot ends; 0 without one
	ahead   bool   // the commands of the next message are in out, or have left
	open    bool   // the relay may still be in the transaction of a message that it refused
	broken  bool   // nothing more can be said over this connection
}

// newLine is a connection on which the relay takes messages.
func newLine(client *smtp.Client, conn net.Conn) *line {
	l := &line{client: client, conn: conn}
	l.pipelined, _ = client.Extension("PIPELINING")
	l.utf8, _ = client.Extension("SMTPUTF8")
	_, limit := client.Extension("SIZE")
	l.largest, _ = strconv.Atoi(limit) // RFC 1870 §4: none or 0 is no limit
	return l
}

// announce prepares the commands of a message. Where the relay takes one at a time,
// only the first is said here.
func (l *line) announce(m parcel) {
	if l.open {
		l.out = append(l.out, "RSET\r\n"...)
	}
	l.out = append(append(append(l.out, "MAIL FROM:"...), path(m.from)...), utf8Word(m)...)
	l.out = append(l.out, "\r\n"...)
	if l.pipelined {
		l.out = append(append(l.out, recipient(m)...), "DATA\r\n"...)
	}
	l.ahead = true
}

func utf8Word(m parcel) string {
	if m.utf8 {
		return " SMTPUTF8"
	}
	return ""
}

func recipient(m parcel) string { return "RCPT TO:" + path(m.to) + "\r\n" }

// offer has the relay take a message's sender and recipient and wait for its
// content. An error says that it does not, and that the message has not left.
func (l *line) offer(m parcel) error {
	if !l.ahead {
		l.announce(m)
	}
	if _, err := l.flush(); err != nil {
		return l.unsaid(toMail, err)
	}
	l.ahead = false
	if l.open {
		if said, err := l.hear(); err != nil || said.code == hangsUp {
			return l.failed(toMail, said, err)
		}
		l.open = false
	}
	var refusal error
	for _, command := range []string{toMail, toRcpt, toData} {
		if !l.pipelined && command != toMail {
			if refusal != nil {
				break
			}
			l.out = append(l.out, map[string]string{toRcpt: recipient(m), toData: "DATA\r\n"}[command]...)
			if _, err := l.flush(); err != nil {
				return l.unsaid(command, err)
			}
		}
		said, err := l.hear()
		switch wanted := command != toData && err == nil && said.code/100 == 2 || command == toData && err == nil && said.code == 354; {
		case refusal == nil && !wanted:
			if refusal = l.failed(command, said, err); l.broken {
				return refusal
			}
			l.open = true
		case err != nil || said.code == hangsUp:
			l.broken = true
			return refusal
		case refusal != nil && command == toData && said.code == 354:
			return l.nothing(refusal)
		}
	}
	return refusal
}

// nothing ends a transaction that the relay goes on with although it has refused a
// part of it (RFC 2920 §3.1).
func (l *line) nothing(refusal error) error {
	l.out = append(l.out, ".\r\n"...)
	if _, err := l.flush(); err != nil {
		l.broken = true
	} else if said, err := l.hear(); err != nil || said.code == hangsUp {
		l.broken = true
	}
	return refusal
}

// content prepares a message's content and its final dot.
func (l *line) content(m parcel) {
	l.out = stuffed(append(l.out, m.signed...), m.raw)
	l.out = append(l.out, ".\r\n"...)
	l.dot = len(l.out)
}

// stuffed adds content with a dot more before every line that begins with one
// (RFC 5321 §4.5.2). Its last line ends in any case.
func stuffed(out, raw []byte) []byte {
	if bytes.HasPrefix(raw, []byte(".")) {
		out = append(out, '.')
	}
	for {
		at := bytes.Index(raw, []byte("\n."))
		if at < 0 {
			break
		}
		out = append(append(out, raw[:at+1]...), '.')
		raw = raw[at+1:]
	}
	out = append(out, raw...)
	if !bytes.HasSuffix(out, []byte("\r\n")) {
		out = append(out, "\r\n"...)
	}
	return out
}

// deliver sends what is prepared and reads what the relay says to the final dot. Any
// word of the class 2 is its word that it has the message (RFC 5321 §4.3.2). Before
// the dot has left, the relay may not deliver (§4.1.1.4); once it has, silence proves
// nothing.
func (l *line) deliver() error {
	dot := l.dot
	l.dot = 0
	written, err := l.flush()
	if err != nil && written < dot {
		l.broken = true
		return &channels.NotSent{Err: fmt.Errorf("hand the content to the relay: %w", discreet(err))}
	}
	var said answer
	if err == nil {
		said, err = l.hear()
	}
	switch {
	case err != nil:
		l.broken = true
		return fmt.Errorf("wait for the relay's word on the message: %w", discreet(err))
	case said.code >= 200 && said.code < 300:
		return nil
	}
	l.broken = l.broken || said.code == hangsUp
	return said.judgement(toMessage)
}

// flush sends what is prepared and tells how much of it left this program: of what
// stayed behind the relay can know nothing.
func (l *line) flush() (written int, err error) {
	w := l.client.Text.W
	written, err = w.Write(l.out)
	if err == nil {
		err = w.Flush()
	}
	l.out = l.out[:0]
	return written - w.Buffered(), err
}

var errReply = errors.New("the relay's reply has not the form of one")

// hear reads one reply, of one line or several (RFC 5321 §4.2.1). Its error says that
// there was none.
func (l *line) hear() (answer, error) {
	var said answer
	for {
		text, err := l.client.Text.R.ReadSlice('\n')
		if err != nil {
			return answer{}, err
		}
		text = bytes.TrimRight(text, "\r\n")
		code, number := 0, text[:min(3, len(text))]
		for _, c := range number {
			code = code*10 + int(c-'0')
		}
		last := len(text) == 3 || len(text) > 3 && text[3] == ' '
		if len(number) < 3 || number[0] < '1' || bytes.IndexFunc(number, notDigit) >= 0 || !last && text[3] != '-' || said.code != 0 && said.code != code {
			return answer{}, errReply
		}
		if said.code = code; code >= 400 {
			if said.enhanced == "" {
				said.enhanced = enhancedCode.FindString(string(text[min(4, len(text)):]))
			}
			said.sentence += string(text[min(4, len(text)):]) + "\n"
		}
		if last {
			said.sentence = strings.TrimSuffix(said.sentence, "\n")
			return said, nil
		}
	}
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// fits refuses what the relay has said it does not take.
func (l *line) fits(m parcel) error {
	if l.largest > 0 && m.size() > l.largest {
		return &channels.Refused{Reason: channels.ReasonTooLarge, Err: fmt.Errorf("%d bytes are more than the relay takes", m.size())}
	}
	if m.utf8 && !l.utf8 { // RFC 6531 §3.2
		return &channels.Refused{Reason: channels.ReasonRejected, Err: errors.New("an address is not ASCII, and the relay does not offer SMTPUTF8")}
	}
	return nil
}

// hangsUp is a relay's word that it closes the connection (RFC 5321 §3.8).
const hangsUp = 421

// failed judges a command that the relay did not take. The message has not left.
func (l *line) failed(command string, said answer, err error) error {
	if err != nil {
		return l.unsaid(command, err)
	}
	l.broken = said.code == hangsUp
	if proven := said.judgement(command); channels.Classify(proven) != channels.Ambiguous {
		return proven
	}
	return &channels.NotSent{Err: fmt.Errorf("%w to %s", said, command)}
}

// unsaid says that a command found no answer.
func (l *line) unsaid(command string, err error) error {
	l.broken = true
	return &channels.NotSent{Err: fmt.Errorf("say %s to the relay: %w", command, discreet(err))}
}

// path is a mailbox as MAIL and RCPT take it.
func path(address string) string {
	if isDotAtom(address) {
		return "<" + address + ">"
	}
	return (&mail.Address{Address: address}).String()
}

// isDotAtom reports whether a mailbox is written without anything that needs quotes
// (RFC 5322 §3.2.3), as nearly all are.
func isDotAtom(address string) bool {
	at := strings.IndexByte(address, '@')
	if at < 1 || at == len(address)-1 {
		return false
	}
	before := byte('.')
	for i := range len(address) {
		c := address[i]
		switch {
		case i == at:
			if before == '.' {
				return false
			}
			before = '.'
			continue
		case c == '.' && before == '.', !atomSign[c]:
			return false
		}
		before = c
	}
	return before != '.'
}

// atomSign are the signs of an atom, and the dot.
var atomSign = func() (table [256]bool) {
	for _, c := range []byte("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~.") {
		table[c] = true
	}
	return table
}()

// goodbye ends the connection; a relay that does not answer is left all the
// same.
func (l *line) goodbye() {
	if l.client.UpdateDeadline(farewell) == nil {
		_ = l.client.Quit()
	}
	_ = l.conn.Close()
}
