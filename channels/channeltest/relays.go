package channeltest

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"rapport/channels"
)

// replies is what a relay's word proves, by the command it answers. Every one
// but those to "message" comes before the relay has the content.
var replies = []struct {
	to       string
	code     int
	enhanced smtp.EnhancedCode
	proves   channels.Evidence
	reason   string
	broken   bool
	suppress bool
	words    string
}{
	{to: "sign-in", code: 535, enhanced: smtp.EnhancedCode{5, 7, 8}, proves: channels.KnownRefused, reason: channels.ReasonUnauthorized, broken: true},
	{to: "sign-in", code: 454, enhanced: smtp.EnhancedCode{4, 7, 0}, proves: channels.KnownNotSent},
	{to: "MAIL", code: 421, enhanced: smtp.EnhancedCode{4, 3, 2}, proves: channels.KnownNotSent},
	{to: "MAIL", code: 451, enhanced: smtp.EnhancedCode{4, 7, 1}, proves: channels.KnownNotSent},
	{to: "MAIL", code: 530, enhanced: smtp.EnhancedCode{5, 7, 0}, proves: channels.KnownRefused, reason: channels.ReasonUnauthorized, broken: true},
	{to: "MAIL", code: 550, enhanced: smtp.EnhancedCode{5, 7, 1}, proves: channels.KnownRefused, reason: channels.ReasonRejected},
	{to: "MAIL", code: 552, enhanced: smtp.EnhancedCode{5, 3, 4}, proves: channels.KnownRefused, reason: channels.ReasonTooLarge},
	{to: "MAIL", code: 550, enhanced: smtp.EnhancedCode{5, 1, 0}, proves: channels.KnownRefused, reason: channels.ReasonRejected, words: "domain not found"},
	{to: "RCPT", code: 421, enhanced: smtp.EnhancedCode{4, 3, 2}, proves: channels.KnownNotSent},
	{to: "RCPT", code: 450, enhanced: smtp.EnhancedCode{4, 2, 0}, proves: channels.KnownNotSent}, // greylisting
	{to: "RCPT", code: 452, enhanced: smtp.EnhancedCode{4, 3, 1}, proves: channels.KnownNotSent},
	{to: "RCPT", code: 452, enhanced: smtp.EnhancedCode{4, 2, 2}, proves: channels.KnownNotSent},
	{to: "RCPT", code: 550, enhanced: smtp.EnhancedCode{5, 1, 1}, proves: channels.KnownRefused, reason: channels.ReasonInvalidAddress, suppress: true},
	{to: "RCPT", code: 553, enhanced: smtp.EnhancedCode{5, 1, 3}, proves: channels.KnownRefused, reason: channels.ReasonInvalidAddress, suppress: true},
	{to: "RCPT", code: 556, enhanced: smtp.EnhancedCode{5, 1, 10}, proves: channels.KnownRefused, reason: channels.ReasonInvalidAddress, suppress: true},
	{to: "RCPT", code: 550, enhanced: smtp.EnhancedCode{5, 2, 1}, proves: channels.KnownRefused, reason: channels.ReasonInvalidAddress, suppress: true},
	{to: "RCPT", code: 550, enhanced: smtp.EnhancedCode{5, 7, 1}, proves: channels.KnownRefused, reason: channels.BounceBlocked},
	{to: "RCPT", code: 554, enhanced: smtp.EnhancedCode{5, 7, 1}, proves: channels.KnownRefused, reason: channels.BounceBlocked, words: "Recipient address rejected: Access denied"},
	{to: "RCPT", code: 550, enhanced: smtp.EnhancedCode{5, 1, 0}, proves: channels.KnownRefused, reason: channels.BounceBlocked, words: "sender rejected: Domain does not exist"},
	{to: "RCPT", code: 552, enhanced: smtp.EnhancedCode{5, 2, 2}, proves: channels.KnownRefused, reason: channels.BounceSoft},
	{to: "RCPT", code: 550, enhanced: smtp.NoEnhancedCode, proves: channels.KnownRefused, reason: channels.ReasonRejected},
	{to: "RCPT", code: 550, enhanced: smtp.NoEnhancedCode, proves: channels.KnownRefused, reason: channels.ReasonInvalidAddress, suppress: true, words: "user unknown"},
	{to: "RCPT", code: 550, enhanced: smtp.NoEnhancedCode, proves: channels.KnownRefused, reason: channels.ReasonRejected, words: "listed as a source of spam"},
	{to: "message", code: 451, enhanced: smtp.EnhancedCode{4, 3, 0}, proves: channels.KnownNotSent},
	{to: "message", code: 421, enhanced: smtp.EnhancedCode{4, 3, 2}, proves: channels.KnownNotSent},
	{to: "message", code: 552, enhanced: smtp.EnhancedCode{5, 3, 4}, proves: channels.KnownRefused, reason: channels.ReasonTooLarge},
	{to: "message", code: 554, enhanced: smtp.EnhancedCode{5, 6, 0}, proves: channels.KnownRefused, reason: channels.BounceBlocked},
	{to: "message", code: 550, enhanced: smtp.EnhancedCode{5, 7, 1}, proves: channels.KnownRefused, reason: channels.BounceBlocked},
}

// relays are the checks of those who speak SMTP.
func (s Suite) relays(t *testing.T) {
	for _, c := range replies {
		t.Run(fmt.Sprintf("%d %v to %s", c.code, c.enhanced, c.to+" "+c.words), func(t *testing.T) {
			said := func(call Call) error {
				return &smtp.SMTPError{Code: c.code, EnhancedCode: c.enhanced, Message: c.words + " " + s.indiscreet(call.URL())}
			}
			habits, had := map[string]Habits{
				"sign-in": {SignIn: said}, "MAIL": {From: said}, "RCPT": {To: said}, "message": {Message: said},
			}[c.to], 0
			if c.to == "message" {
				had = 1
			}
			err := s.toRelay(t, habits, c.proves, had)
			if n := notSent(err); n != nil && n.Own != (c.to == "RCPT" && c.code != 421 && c.enhanced[1] != 3) {
				t.Errorf("it is the message alone: %v", n.Own)
			}
			if r := refusal(err); r != nil && (r.Reason != c.reason || r.Broken != c.broken || r.Suppress != c.suppress) {
				t.Errorf("got %+v", r)
			}
		})
	}
	for reply, proves := range map[string]channels.Evidence{
		"451 4.3.0 later": channels.KnownNotSent, "554 5.5.1 " + echo: channels.KnownRefused, "999 " + echo: channels.KnownNotSent,
	} {
		t.Run(reply+" to DATA", func(t *testing.T) {
			_ = s.toRelay(t, Habits{Bare: true, Implicit: true, Data: reply}, proves, 0)
		})
	}
	for name, greet := range greetings {
		t.Run(name, func(t *testing.T) { _ = s.toRelay(t, Habits{Greet: greet}, channels.KnownNotSent, 0) })
	}
	t.Run("a relay that wants none of us", func(t *testing.T) {
		err := s.toRelay(t, Habits{Greet: saying("554 5.7.1 " + echo + "\r\n")}, channels.KnownRefused, 0)
		if !refusal(err).Broken {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a relay without STARTTLS", func(t *testing.T) { _ = s.toRelay(t, Habits{Bare: true}, channels.KnownNotSent, 0) })
	t.Run("the end before the content", func(t *testing.T) {
		_ = s.toRelay(t, Habits{To: func(c Call) error { return c.Conn.Close() }}, channels.KnownNotSent, 0)
	})
	for name, end := range lastWords {
		t.Run(name+" after the final dot", func(t *testing.T) {
			_ = s.toRelay(t, Habits{Message: func(c Call) error { return end(c.Conn) }}, channels.Ambiguous, 1)
		})
	}
	s.inARow(t)
	t.Run("the end amid the content", s.amidContent)
	t.Run("a connection that ended between two messages", s.betweenMessages)
	t.Run("a connection that ends under a second message", s.underSecond)
}

// toRelay sends the message once to a relay of such habits.
func (s Suite) toRelay(t *testing.T, habits Habits, proves channels.Evidence, had int) error {
	t.Helper()
	relay := NewRelay(t, habits)
	_, err := s.send(t, t.Context(), relay.URL())
	expect(t, err, proves)
	relay.had(t, had)
	return err
}

// indiscreet repeats the recipient and secrets, as relays' sentences do.
func (s Suite) indiscreet(url string) string {
	return echo + " <" + s.Message(url).To + "> " + strings.Join(s.Secrets, " ")
}

// greetings come in the place of 220 from what is no relay, or none that is
// well.
var greetings = map[string]func(net.Conn) bool{
	"a greeting that is not SMTP":  saying("HTTP/1.1 400 " + echo + "\r\n\r\n"),
	"a greeting that breaks off":   saying("220 relay.exam"),
	"the end in place of greeting": saying(""),
	"a relay that is busy":         saying("421 4.3.2 " + echo + "\r\n"),
}

func saying(words string) func(net.Conn) bool {
	return func(c net.Conn) bool {
		_, _ = c.Write([]byte(words))
		_ = c.Close()
		return true
	}
}

// lastWords are ways to leave a sender without an answer.
var lastWords = map[string]func(net.Conn) error{
	"the end": func(c net.Conn) error { return c.Close() },
	"nonsense": func(c net.Conn) error {
		_, _ = c.Write([]byte(echo + "\r\n"))
		return c.Close()
	},
	"half a reply": func(c net.Conn) error {
		_, _ = c.Write([]byte("25"))
		return c.Close()
	},
	"a reply nobody knows": func(c net.Conn) error {
		_, _ = c.Write([]byte("354 " + echo + "\r\n"))
		return c.Close()
	},
}

// amidContent ends a connection while a content larger than what a machine
// holds back is on its way, so that its end was certainly never sent.
func (s Suite) amidContent(t *testing.T) {
	relay := NewRelay(t, Habits{Begun: func(c Call) error { return c.Conn.Close() }})
	m := s.Message(relay.URL())
	content := *m.Content.Email
	content.HTML = strings.Repeat("<p>Hello</p>\n", 2_000_000)
	m.Content.Email = &content
	_, err := s.Open(t, relay.URL(), patience).Send(t.Context(), m)
	expect(t, err, channels.KnownNotSent)
	s.discreet(t, relay.URL(), err)
	relay.had(t, 0)
}

// betweenMessages ends the connection that the sender kept: the next message
// takes another.
func (s Suite) betweenMessages(t *testing.T) {
	relay := NewRelay(t, Habits{})
	sender := s.Open(t, relay.URL(), patience)
	for range 2 {
		if _, err := sender.Send(t.Context(), s.Message(relay.URL())); err != nil {
			t.Fatal(err)
		}
		relay.HangUp()
	}
	relay.had(t, 2)
}

// underSecond ends a kept connection after the second message's final dot: what
// may be there is not sent again.
func (s Suite) underSecond(t *testing.T) {
	relay := NewRelay(t, Habits{Message: func(c Call) error {
		if len(c.Letters()) > 1 {
			return c.Conn.Close()
		}
		return nil
	}})
	sender := s.Open(t, relay.URL(), patience)
	if _, err := sender.Send(t.Context(), s.Message(relay.URL())); err != nil {
		t.Fatal(err)
	}
	_, err := sender.Send(t.Context(), s.Message(relay.URL()))
	expect(t, err, channels.Ambiguous)
	s.discreet(t, relay.URL(), err)
	relay.had(t, 2)
}
