package channeltest

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"rapport/channels"
)

// patience bounds every check; none comes near it unless it fails.
const patience = 20 * time.Second

// limit is the time limit that is let run out: long enough for a message to be
// handed over on a busy machine.
const limit = 500 * time.Millisecond

// Suite is a provider to be checked, against stand-ins that answer as its
// service might.
type Suite struct {
	// SMTP says that the provider speaks it; any other speaks HTTP. Its stand-ins
	// are at smtp://127.0.0.1:PORT, where STARTTLS is wanted, or at smtps://; they
	// take Username and Password, and Authority vouches for them. Accept, Evidence
	// and what follows up to Secrets are HTTP's.
	SMTP bool
	// Open gives the provider's sender for a service at baseURL, with a limit
	// on each request.
	Open func(t *testing.T, baseURL string, timeout time.Duration) channels.Sender
	// OpenOne gives, for SMTP, a sender that has one connection at a time.
	OpenOne func(t *testing.T, baseURL string, timeout time.Duration) channels.Sender
	// Message is one that the service accepts.
	Message func(baseURL string) channels.Message
	// Accept answers as the service does when it accepts the message, and
	// Receipt is what the sender must make of it.
	Accept  http.HandlerFunc
	Receipt channels.Receipt
	// Evidence says what statuses prove where the provider differs from the
	// common table.
	Evidence map[int]channels.Evidence
	// Recognised says that the service knows a repeated message by its id, so
	// that what leaves others in doubt may be tried again.
	Recognised bool
	// KeepsRunning says that 401 and 403 do not condemn the account.
	KeepsRunning bool
	// Secrets must appear in no error; the recipient is always among them.
	Secrets []string
	// Refused are changes that make the message one that must not leave.
	Refused map[string]func(*channels.Message)
}

// statuses is what an answer proves by its status alone.
var statuses = []struct {
	status int
	proves channels.Evidence
}{
	{200, channels.Ambiguous}, // with a body no provider writes
	{400, channels.KnownRefused},
	{401, channels.KnownRefused},
	{403, channels.KnownRefused},
	{404, channels.KnownRefused},
	{408, channels.Ambiguous},
	{410, channels.KnownRefused},
	{413, channels.KnownRefused},
	{422, channels.KnownRefused},
	{429, channels.KnownNotSent},
	{500, channels.Ambiguous},
	{502, channels.Ambiguous},
	{503, channels.Ambiguous},
	{504, channels.Ambiguous},
}

// standIn is a service that counts the messages it was given whole.
type standIn interface {
	address() string
	had(t *testing.T, messages int)
}

// Run puts the provider through every check.
func (s Suite) Run(t *testing.T) {
	t.Run("an accepted message gives its receipt", s.accepted)
	if s.SMTP {
		s.relays(t)
	} else {
		s.services(t)
	}
	t.Run("connection refused", s.connectionRefused)
	t.Run("a certificate nobody knows", s.unknownCertificate)
	t.Run("a context that is over sends nothing", s.contextOver)
	t.Run("a cancelled context ends the request", s.cancelled)
	t.Run("the time limit ends the request", s.timeLimit)
	for name, change := range s.Refused {
		t.Run("refused unsent: "+name, func(t *testing.T) { s.refusedUnsent(t, change) })
	}
	t.Run("many at once", s.manyAtOnce)
	if !s.SMTP {
		t.Run("probes", s.probes)
	}
}

// services are the checks of those who speak HTTP.
func (s Suite) services(t *testing.T) {
	for _, c := range statuses {
		t.Run("status "+strconv.Itoa(c.status), func(t *testing.T) { s.status(t, c.status, c.proves) })
	}
	t.Run("429 says when to come back", s.retryAfter)
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run("redirect "+strconv.Itoa(status)+" is not followed", func(t *testing.T) { s.redirect(t, status) })
	}
	for name, ending := range endings {
		t.Run(name, func(t *testing.T) { s.ending(t, ending) })
	}
	t.Run("a connection that dies under a second message", s.secondDies)
}

// accepting is a stand-in that takes every message.
func (s Suite) accepting(t *testing.T) standIn {
	if s.SMTP {
		return NewRelay(t, Habits{})
	}
	return serve(t, s.Accept)
}

// silent is a stand-in that hears a message, tells so and says nothing.
func (s Suite) silent(t *testing.T, heard func()) standIn {
	if s.SMTP {
		return NewRelay(t, Habits{Message: func(Call) error {
			heard()
			<-t.Context().Done()
			return nil
		}})
	}
	return serve(t, func(_ http.ResponseWriter, r *http.Request) {
		heard()
		<-r.Context().Done()
	})
}

// doubt is what the sender concludes where the service may have the message.
func (s Suite) doubt() channels.Evidence {
	if s.Recognised {
		return channels.KnownNotSent
	}
	return channels.Ambiguous
}

// send sends the suite's message once and sees to what holds for every send.
func (s Suite) send(t *testing.T, ctx context.Context, baseURL string) (channels.Receipt, error) {
	t.Helper()
	receipt, err := s.Open(t, baseURL, patience).Send(ctx, s.Message(baseURL))
	s.discreet(t, baseURL, err)
	return receipt, err
}

func (s Suite) accepted(t *testing.T) {
	service := s.accepting(t)
	receipt, err := s.send(t, t.Context(), service.address())
	if err != nil || receipt != s.Receipt {
		t.Fatalf("got %+v, %v; want %+v", receipt, err, s.Receipt)
	}
	service.had(t, 1)
}

func (s Suite) status(t *testing.T, status int, proves channels.Evidence) {
	if own, differs := s.Evidence[status]; differs {
		proves = own
	}
	if proves == channels.Ambiguous {
		proves = s.doubt()
	}
	service := serve(t, s.answer(status))
	_, err := s.send(t, t.Context(), service.URL)
	expect(t, err, proves)
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		if r := refusal(err); r == nil || r.Broken == s.KeepsRunning || r.Reason != channels.ReasonUnauthorized {
			t.Errorf("got %+v; want unauthorized, broken %v", r, !s.KeepsRunning)
		}
	}
	if r := refusal(err); status == http.StatusRequestEntityTooLarge && r.Reason != channels.ReasonTooLarge {
		t.Errorf("reason %s", r.Reason)
	}
	service.had(t, 1)
}

func (s Suite) retryAfter(t *testing.T) {
	service := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		s.answer(http.StatusTooManyRequests)(w, r)
	})
	_, err := s.send(t, t.Context(), service.URL)
	expect(t, err, channels.KnownNotSent)
	if wait := notSent(err).RetryAfter; wait != 7*time.Second {
		t.Errorf("retry after %s", wait)
	}
	if !notSent(err).Limited {
		t.Error("nobody else learns that the provider wants fewer messages")
	}
	service.had(t, 1)
}

func (s Suite) redirect(t *testing.T, status int) {
	service := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", status)
	})
	_, err := s.send(t, t.Context(), service.URL)
	expect(t, err, s.doubt())
	service.had(t, 1)
}

func (s Suite) refusedUnsent(t *testing.T, change func(*channels.Message)) {
	service := s.accepting(t)
	m := s.Message(service.address())
	change(&m)
	_, err := s.Open(t, service.address(), patience).Send(t.Context(), m)
	expect(t, err, channels.KnownRefused)
	s.discreet(t, service.address(), err)
	service.had(t, 0)
}

func (s Suite) manyAtOnce(t *testing.T) {
	const many = 64
	service := s.accepting(t)
	sender := s.Open(t, service.address(), patience)
	var all sync.WaitGroup
	for range many {
		all.Go(func() {
			if receipt, err := sender.Send(t.Context(), s.Message(service.address())); err != nil || receipt != s.Receipt {
				t.Errorf("got %+v, %v", receipt, err)
			}
		})
	}
	all.Wait()
	service.had(t, many)
}

// probes checks what a provider that can be asked for nothing says of itself: a
// refused account, and one that is ill, must not look well.
func (s Suite) probes(t *testing.T) {
	for status, well := range map[int]bool{401: false, 403: false, 429: true, 500: false, 503: false} {
		service := serve(t, s.answer(status))
		prober, able := s.Open(t, service.URL, patience).(channels.Prober)
		if !able {
			t.Skip("the provider cannot be probed")
		}
		err := prober.Probe(t.Context())
		s.discreet(t, service.URL, err)
		limited := notSent(err) != nil && notSent(err).Limited
		broken := refusal(err) != nil && refusal(err).Broken
		if err == nil || limited != well || broken != (status == 401 || status == 403) {
			t.Errorf("%d: %v", status, err)
		}
		service.had(t, 1)
	}
	service := serve(t, s.Accept)
	service.Close()
	if err := s.Open(t, service.URL, patience).(channels.Prober).Probe(t.Context()); err == nil || refusal(err) != nil {
		t.Errorf("where nobody is: %v", err)
	}
}
