package sink

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
)

// readAhead is a connection's buffer. A message that fits is never copied.
const readAhead = 64 << 10

// ServeSMTP takes mail (RFC 5321) with PIPELINING (RFC 2920) from whoever
// connects, until the listener is closed.
func (s *Sink) ServeSMTP(listener net.Listener) error {
	return serve(listener, s.mail)
}

// serve gives every connection to talk.
func serve(listener net.Listener, talk func(net.Conn) error) error {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			_ = talk(conn) // a client that breaks off is its own concern
			_ = conn.Close()
		}()
	}
}

// mail holds one conversation. Answers wait while more was said: whoever
// pipelines is answered in one piece.
func (s *Sink) mail(conn net.Conn) error {
	in, out := bufio.NewReaderSize(conn, readAhead), bufio.NewWriterSize(conn, readAhead)
	if _, err := out.WriteString("220 sink ESMTP\r\n"); err != nil {
		return err
	}
	m := &mailbox{in: in, out: out, tally: s.tallies[Mail]}
	for {
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
		command, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		more, err := m.obey(command)
		if err != nil || !more {
			return errors.Join(err, out.Flush())
		}
	}
}

// mailbox is one conversation's state.
type mailbox struct {
	in         *bufio.Reader
	out        *bufio.Writer
	tally      *tally
	recipients int
}

// obey answers one command and reports whether another may follow.
func (m *mailbox) obey(command []byte) (more bool, err error) {
	verb := command
	if len(verb) > 4 {
		verb = verb[:4]
	}
	answer := "250 2.0.0 ok\r\n"
	switch string(bytes.ToUpper(verb)) {
	case "EHLO":
		answer = "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 52428800\r\n"
	case "MAIL", "RSET":
		m.recipients = 0
	case "RCPT":
		m.recipients++
	case "DATA":
		return true, m.data()
	case "QUIT":
		_, err := m.out.WriteString("221 2.0.0 bye\r\n")
		return false, err
	}
	_, err = m.out.WriteString(answer)
	return true, err
}

var endOfMail = []byte("\r\n.\r\n")

// data takes a message up to its dot.
func (m *mailbox) data() error {
	if _, err := m.out.WriteString("354 go on\r\n"); err != nil {
		return err
	}
	if m.in.Buffered() == 0 {
		if err := m.out.Flush(); err != nil {
			return err
		}
	}
	content, err := m.untilDot()
	if err != nil {
		return err
	}
	m.tally.took(max(m.recipients, 1), content)
	m.recipients = 0
	_, err = m.out.WriteString("250 2.0.0 taken\r\n")
	return err
}

// untilDot reads to the dot that stands alone and gives what stood before it,
// which holds until the next read.
func (m *mailbox) untilDot() ([]byte, error) {
	var before []byte // what did not fit the buffer
	for seen := 0; ; {
		if m.in.Buffered() == seen { // wait for more than was looked through
			if _, err := m.in.Peek(seen + 1); err != nil && !errors.Is(err, bufio.ErrBufferFull) {
				return nil, err
			}
		}
		ahead, err := m.in.Peek(m.in.Buffered())
		if err != nil {
			return nil, err
		}
		if at := bytes.Index(ahead, endOfMail); at >= 0 {
			content := ahead[:at]
			if before != nil {
				content = append(before, content...)
			}
			_, err := m.in.Discard(at + len(endOfMail))
			return content, err
		}
		seen = len(ahead)
		if seen < readAhead {
			continue
		}
		keep := len(endOfMail) - 1 // the end may be cut in two
		before = append(before, ahead[:seen-keep]...)
		if _, err := m.in.Discard(seen - keep); err != nil {
			return nil, err
		}
		if len(before) > 64<<20 {
			return nil, io.ErrShortBuffer
		}
		seen = keep
	}
}
