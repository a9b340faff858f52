package workers_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/workers"
)

func TestEveryChannelSends(t *testing.T) {
	for event, want := range map[string]struct {
		channel channels.Channel
		id      string
	}{
		"Wrote": {channels.Email, "M1"}, "Texted": {channels.SMS, "SM1"}, "Rang": {channels.Call, "SM1"}, "Nudged": {channels.Push, ""},
	} {
		t.Run(string(want.channel), func(t *testing.T) {
			s := open(t, files)
			s.plan("ann", event)
			s.deliver()
			d := s.stands(deliveries.Sent, "")
			if d.Channel != want.channel || d.ProviderID != want.id || d.Provider != names[want.channel] || d.Attempts != 1 || !d.TakenAt.Equal(noon) {
				t.Errorf("got %+v", d)
			}
			if line := string(want.channel) + " sent"; !slices.Contains(s.timeline("ann"), line) {
				t.Errorf("the timeline lacks %q: %v", line, s.timeline("ann"))
			}
			s.travel()
			if entry := s.runningEntries("ann"); len(entry) != 0 {
				t.Errorf("the journey still runs: %+v", entry)
			}
		})
	}
}

// What a provider's answer makes of a delivery, and when it is tried again.
func TestAnswersOfProviders(t *testing.T) {
	hangUp := func(w http.ResponseWriter, _ request) bool {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			connection.Close()
		}
		return true
	}
	for _, c := range []struct {
		name    string
		answer  func(*provider)
		status  deliveries.Status
		reason  string
		later   time.Duration // at least, at most an eighth more than half a minute more
		suppred string
	}{
		{"429", func(p *provider) { p.answers(429, "") }, deliveries.Planned, "provider_unavailable", 30 * time.Second, ""},
		{"429 that names a time", func(p *provider) { p.answers(429, "", "Retry-After", "600") }, deliveries.Planned, "provider_unavailable", 10 * time.Minute, ""},
		{"400", func(p *provider) { p.answers(400, `{"code": 21602}`) }, deliveries.Failed, "rejected", 0, ""},
		{"opted out", func(p *provider) { p.answers(400, `{"code": 21610}`) }, deliveries.Failed, "opted_out", 0, "opted_out"},
		{"no such number", func(p *provider) { p.answers(400, `{"code": 21211}`) }, deliveries.Failed, "invalid_address", 0, "invalid_address"},
		{"500", func(p *provider) { p.answers(500, "") }, deliveries.Unconfirmed, "no_answer_from_provider", 0, ""},
		{"reset", func(p *provider) { p.does(hangUp) }, deliveries.Unconfirmed, "no_answer_from_provider", 0, ""},
		{"an answer nobody understands", func(p *provider) { p.answers(201, "<html>") }, deliveries.Unconfirmed, "no_answer_from_provider", 0, ""},
		{"away", func(p *provider) { p.server.Close() }, deliveries.Planned, "provider_unavailable", 30 * time.Second, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, files)
			c.answer(s.provider)
			s.plan("ann", "Texted once")
			s.deliver()
			d := s.stands(c.status, c.reason)
			if wait := d.DueAt.Sub(noon); wait < c.later || wait > c.later+10*time.Second {
				t.Errorf("due %s later, want about %s", wait, c.later)
			}
			if got := s.customer("ann").Suppressed[channels.SMS]; got != c.suppred {
				t.Errorf("suppressed for %q, want %q", got, c.suppred)
			}
			if c.status == deliveries.Planned && !d.TakenAt.IsZero() {
				t.Error("what certainly was not sent still takes its place among the contacts")
			}
			asked := len(s.provider.requests())
			s.later(time.Hour)
			ok(t, s.mender.Round(s.ctx()))
			s.deliver()
			if more := len(s.provider.requests()) - asked; c.status == deliveries.Planned && c.name != "away" && more != 1 || c.status != deliveries.Planned && more != 0 {
				t.Errorf("%d further attempts", more)
			}
		})
	}
}

// endless is a relay that is busy with others until it is late.
type endless struct{ channels.Sender }

func (e endless) SendBatch(ctx context.Context, late <-chan struct{}, messages []channels.Message) []channels.Result {
	results := make([]channels.Result, len(messages))
	select {
	case <-late:
		for i := range results {
			results[i].Err = &channels.NotSent{Untried: true, Err: errors.New("its turn did not come")}
		}
	case <-ctx.Done():
		for i := range results {
			results[i].Err = ctx.Err()
		}
	}
	return results
}

func TestALetterWhoseTurnDoesNotComeIsNeitherInDoubtNorPutOff(t *testing.T) {
	s := open(t, files)
	s.courier.Call = time.Second
	s.senders[channels.Email] = endless{s.senders[channels.Email]}
	s.plan("ann", "Wrote")
	s.deliver()
	if d := s.stands(deliveries.Planned, "rate_limit"); !d.DueAt.Equal(noon) {
		t.Errorf("due at %s", d.DueAt)
	}
	for _, h := range s.allHealth() {
		if h.Failures > 0 || h.Down {
			t.Errorf("the relay counts as ill: %+v", h)
		}
	}
}

func TestAGoneBrowserIsForgotten(t *testing.T) {
	s := open(t, files)
	s.provider.answers(410, "")
	s.plan("ann", "Nudged")
	s.deliver()
	s.stands(deliveries.Failed, "gone")
	if browsers := s.customer("ann").Browsers; len(browsers) != 0 {
		t.Errorf("it is still known: %v", browsers)
	}
}

// A notification goes to the browser that was subscribed last; when that is gone,
// to the one before it.
func TestANotificationFindsTheCustomersOtherBrowser(t *testing.T) {
	s := open(t, files)
	newer := s.provider.browser("ann")
	newer.Endpoint += "-newer"
	ok(t, s.store.Subscribe(s.ctx(), "ann", newer, s.clock().Add(time.Minute)))
	s.provider.does(func(w http.ResponseWriter, r request) bool {
		if gone := strings.HasSuffix(r.URL.Path, "-newer"); gone {
			w.WriteHeader(http.StatusGone)
			return true
		}
		w.WriteHeader(http.StatusCreated)
		return true
	})
	s.plan("ann", "Nudged")
	s.deliver()
	s.stands(deliveries.Planned, "gone")
	s.deliver()
	s.stands(deliveries.Sent, "")
	if browsers := s.customer("ann").Browsers; len(browsers) != 1 || browsers[0].Endpoint == newer.Endpoint {
		t.Errorf("known are %v", browsers)
	}
}

// A provider that looks into the ledger while it is called sees that the send
// has begun.
func TestSendingIsCommittedBeforeTheProviderIsCalled(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted")
	var seen deliveries.Delivery
	s.provider.does(func(http.ResponseWriter, request) bool {
		seen = s.ledger()[0]
		return false
	})
	s.deliver()
	if seen.Status != deliveries.Sending || seen.Attempts != 1 || seen.TakenAt.IsZero() {
		t.Errorf("during the call the ledger has %s, attempt %d, taken at %s", seen.Status, seen.Attempts, seen.TakenAt)
	}
}

func TestOneThatCannotBeRenderedFailsAlone(t *testing.T) {
	s := open(t, files)
	s.person("ben")
	s.plan("ann", "Shared", "among", 0)
	s.plan("ben", "Shared", "among", 5)
	s.deliver()
	for _, d := range s.ledger() {
		want, reason := deliveries.Sent, ""
		if d.Customer == "ann" {
			want, reason = deliveries.Failed, "not_rendered"
		}
		if d.Status != want || d.Reason != reason {
			t.Errorf("%s's is %s (%s), want %s (%s)", d.Customer, d.Status, d.Reason, want, reason)
		}
	}
	if got := s.provider.requests(); len(got) != 1 || !strings.Contains(got[0].body, "share+is+20") {
		t.Errorf("the provider got %d messages", len(got))
	}
}

func TestAChannelWithoutAProviderWaits(t *testing.T) {
	s := open(t, files)
	delete(s.senders, channels.SMS)
	s.plan("ann", "Texted")
	s.deliver()
	if d := s.stands(deliveries.Planned, "provider_unavailable"); d.DueAt.Before(noon.Add(5 * time.Minute)) {
		t.Errorf("due at %s", d.DueAt)
	}
}

// A shutdown begins no further window, tears off none that is in flight, and
// leaves the rest due.
func TestAShutdownFinishesTheWindowInFlight(t *testing.T) {
	for name, ends := range map[string]func(s *shop) (context.Context, func()){
		"the task's context ends": func(s *shop) (context.Context, func()) { return context.WithCancel(s.ctx()) },
		"the worker is to leave": func(s *shop) (context.Context, func()) {
			stopping := make(chan struct{})
			s.courier.Stopping = stopping
			return s.ctx(), sync.OnceFunc(func() { close(stopping) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, files)
			s.courier.Window = 1
			s.person("ben")
			s.plan("ann", "Texted")
			s.plan("ben", "Texted")
			ctx, stop := ends(s)
			s.provider.does(func(http.ResponseWriter, request) bool { stop(); return false })
			ok(t, s.courier.Deliver(ctx, s.due()))
			all := s.ledger()
			if all[0].Status != deliveries.Sent || all[1].Status != deliveries.Planned || all[1].DueAt.After(noon) || all[1].Attempts != 0 {
				t.Errorf("got %s and %s (attempt %d), due at %s", all[0].Status, all[1].Status, all[1].Attempts, all[1].DueAt)
			}
			s.courier.Stopping = nil
			s.deliver()
			if s.ledger()[1].Status != deliveries.Sent {
				t.Error("the rest is not sent afterwards")
			}
		})
	}
}

// forgetful is a book of preferences whose disk is full.
type forgetful struct{ customers.Preferences }

func (forgetful) Suppress(context.Context, []customers.Suppression) error {
	return errors.New("the disk is full")
}

func TestWhatWasSentIsSettledWhateverElseFails(t *testing.T) {
	s := open(t, files)
	s.person("ben")
	s.plan("ann", "Texted")
	s.plan("ben", "Texted")
	s.provider.does(func(w http.ResponseWriter, r request) bool {
		if !strings.Contains(r.body, phoneOf("ben")[1:]) {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(`{"code": 21610}`))
		return true
	})
	s.courier.Preferences = forgetful{s.store}
	if err := s.courier.Deliver(s.ctx(), s.due()); err == nil {
		t.Error("nobody learns that an address was not suppressed")
	}
	if all := s.ledger(); all[0].Status != deliveries.Sent || all[1].Status != deliveries.Failed {
		t.Errorf("the window stands as %s and %s", all[0].Status, all[1].Status)
	}
}

func TestNeitherLogsNorErrorsNameACustomer(t *testing.T) {
	for _, answer := range []struct {
		status int
		body   string
	}{{201, ""}, {400, `{"code": 21211, "message": "` + phoneOf("ann") + ` is no number"}`}, {500, phoneOf("ann")}, {401, ""}} {
		s := open(t, files)
		s.provider.answers(answer.status, answer.body)
		for _, event := range []string{"Texted", "Wrote", "Rang", "Nudged"} {
			s.plan("ann", event)
		}
		s.deliverEach()
		s.reply("+4915112340000", "hello")
		for _, secret := range []string{"home.example", "1511234", "/push/", "Jo ", "SG.key"} {
			if strings.Contains(s.said.String(), secret) {
				t.Errorf("%d: the log holds %q:\n%s", answer.status, secret, s.said)
			}
		}
	}
}

// deliverEach sends what is due, a task for each channel.
func (s *shop) deliverEach() {
	s.t.Helper()
	batches, err := s.store.Due(s.ctx(), s.clock(), workers.UsualLease, deliveries.QuotaFor(1000), 500)
	ok(s.t, err)
	for _, batch := range batches {
		ok(s.t, s.courier.Deliver(s.ctx(), batch.IDs))
	}
}

// runningEntries lists the positions of a customer's running journeys.
func (s *shop) runningEntries(who string) []string {
	s.t.Helper()
	running, err := s.store.RunningOf(s.ctx(), []string{who})
	ok(s.t, err)
	var at []string
	for _, entry := range running {
		at = append(at, entry.Campaign+" at "+entry.Position)
	}
	return at
}
