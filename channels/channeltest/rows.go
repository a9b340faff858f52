package channeltest

import (
	"bytes"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"rapport/channels"
)

// inARow are the checks of those who hand many messages to a relay at once.
func (s Suite) inARow(t *testing.T) {
	const lost = 4 // the message whose connection ends after its final dot
	// ending ends the connection under one message of a row.
	ending := func(end func(net.Conn) error) func(Call) error {
		return func(c Call) error {
			if len(c.Letters()) == lost {
				return end(c.Conn)
			}
			return nil
		}
	}
	for name, end := range lastWords {
		t.Run(name+" amid a row", func(t *testing.T) {
			relay, results := s.row(t, Habits{Message: ending(end)})
			for i, result := range results {
				want := channels.Accepted
				if i+1 == lost {
					want = channels.Ambiguous
				}
				if got := channels.Classify(result.Err); got != want {
					t.Errorf("message %d: %v (%v)", i+1, got, result.Err)
				}
			}
			relay.once(t, len(results))
		})
	}
	t.Run("the end amid a row, and no other connection", func(t *testing.T) {
		relay, results := s.row(t, Habits{
			Message: ending(lastWords["the end"]),
			Most:    1,
		})
		for i, result := range results {
			want := channels.Accepted
			switch {
			case i+1 == lost:
				want = channels.Ambiguous
			case i+1 > lost:
				want = channels.KnownNotSent
			}
			if got := channels.Classify(result.Err); got != want {
				t.Errorf("message %d: %v (%v)", i+1, got, result.Err)
			}
		}
		relay.once(t, lost)
	})
	t.Run("a relay that hangs up amid a row", func(t *testing.T) {
		relay, results := s.row(t, Habits{Message: func(c Call) error {
			if len(c.Letters()) == lost && c.Letter.Connection == 1 {
				return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: echo}
			}
			return nil
		}})
		for i, result := range results {
			if want := i+1 != lost; (result.Err == nil) != want || !want && channels.Classify(result.Err) != channels.KnownNotSent {
				t.Errorf("message %d: %v", i+1, result.Err)
			}
		}
		relay.once(t, len(results))
	})
	for name, habits := range map[string]Habits{
		"MAIL": {From: refusing(3, 5)}, "RCPT": {To: refusing(3, 5)}, "the message": {Message: refusing(3, 5)},
	} {
		t.Run("refusals of "+name+" amid a row", func(t *testing.T) {
			relay, results := s.row(t, habits)
			for i, result := range results {
				want := channels.Accepted
				if i+1 == 3 || i+1 == 5 {
					want = channels.KnownRefused
				}
				if got := channels.Classify(result.Err); got != want {
					t.Errorf("message %d: %v (%v)", i+1, got, result.Err)
				}
			}
			if n := relay.Connections(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
	t.Run("a row whose time is over", func(t *testing.T) {
		late := make(chan struct{})
		relay, results := s.lateRow(t, Habits{Message: func(c Call) error {
			if len(c.Letters()) == 3 {
				close(late)
			}
			return nil
		}}, late)
		went := len(relay.Letters()) // the one that was announced by then has begun
		for i, result := range results {
			if notSent(result.Err) != nil != (i >= went) || i >= went && !notSent(result.Err).Untried {
				t.Errorf("message %d of which %d went: %v", i+1, went, result.Err)
			}
		}
		if went != 3 && went != 4 {
			t.Errorf("%d went", went)
		}
	})
	t.Run("a relay that takes one command at a time", func(t *testing.T) {
		relay, results := s.row(t, Habits{OneByOne: true, Implicit: true, To: refusing(3)})
		for i, result := range results {
			if (result.Err == nil) != (i+1 != 3) {
				t.Errorf("message %d: %v", i+1, result.Err)
			}
		}
		relay.once(t, len(results)-1)
		if relay.Rushed() {
			t.Error("it was told more before it had answered")
		}
	})
}

// refusing refuses the nth message of those it is asked about.
func refusing(which ...int) func(Call) error {
	var mu sync.Mutex
	asked := 0
	return func(Call) error {
		mu.Lock()
		defer mu.Unlock()
		asked++
		for _, n := range which {
			if n == asked {
				return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: echo}
			}
		}
		return nil
	}
}

// row hands ten messages over at once by one connection at a time.
func (s Suite) row(t *testing.T, habits Habits) (*Relay, []channels.Result) {
	t.Helper()
	return s.lateRow(t, habits, nil)
}

// lateRow is a row of which none may begin any more once late is closed.
func (s Suite) lateRow(t *testing.T, habits Habits, late <-chan struct{}) (*Relay, []channels.Result) {
	t.Helper()
	relay := NewRelay(t, habits)
	sender, able := s.OpenOne(t, relay.URL(), patience).(channels.BatchSender)
	if !able {
		t.Skip("messages leave one by one")
	}
	messages := make([]channels.Message, 10)
	for i := range messages {
		messages[i] = s.Message(relay.URL())
		messages[i].Delivery = int64(i + 1)
		messages[i].Envelope.MessageID = fmt.Sprintf("row.%d@shop.example", i+1)
	}
	results := sender.SendBatch(t.Context(), late, messages)
	for _, result := range results {
		s.discreet(t, relay.URL(), result.Err)
	}
	return relay, results
}

// once holds that so many messages came, none of them twice.
func (r *Relay) once(t *testing.T, want int) {
	t.Helper()
	seen := map[string]bool{}
	for _, letter := range r.Letters() {
		_, id, _ := bytes.Cut(letter.Raw, []byte("Message-ID: "))
		id, _, _ = bytes.Cut(id, []byte("\r\n"))
		if seen[string(id)] {
			t.Errorf("%s came twice", id)
		}
		seen[string(id)] = true
	}
	if len(seen) != want {
		t.Errorf("%d messages came, want %d", len(seen), want)
	}
}

// oneByOne does not offer to take commands in a row, and notices who sends them so.
type oneByOne struct {
	net.Listener
	relay *Relay
}

func (o *oneByOne) Accept() (net.Conn, error) {
	conn, err := o.Listener.Accept()
	return &patient{conn, o.relay}, err
}

type patient struct {
	net.Conn
	relay *Relay
}

func (p *patient) Write(b []byte) (int, error) {
	_, err := p.Conn.Write(bytes.Replace(b, []byte("250-PIPELINING\r\n"), nil, 1))
	return len(b), err
}

func (p *patient) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if bytes.Contains(b[:n], []byte("\r\nRCPT TO")) || bytes.Contains(b[:n], []byte("\r\nDATA\r\n")) {
		p.relay.mu.Lock()
		p.relay.rushed = true
		p.relay.mu.Unlock()
	}
	return n, err
}

// Rushed reports whether a relay that takes one command at a time was told several.
func (r *Relay) Rushed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rushed
}
