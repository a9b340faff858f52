package workers_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/workers"
)

// texts are the deliveries by text.
func (s *shop) texts() (all []deliveries.Delivery) {
	for _, d := range s.ledger() {
		if d.Channel == channels.SMS {
			all = append(all, d)
		}
	}
	return all
}

// health is how the provider of texts does.
func (s *shop) health() deliveries.Health {
	s.t.Helper()
	all, err := s.store.Outlets().Health(s.ctx(), channels.SMS)
	ok(s.t, err)
	for _, h := range all {
		if h.Via == "" {
			return h
		}
	}
	return deliveries.Health{}
}

// textEach plans a text to each of so many customers.
func (s *shop) textEach(event string, many int) {
	s.t.Helper()
	for n := range many {
		id := fmt.Sprintf("p%d", n)
		s.person(id)
		s.happen(id, event)
	}
	ok(s.t, s.reactor.React(s.ctx()))
	s.travel()
}

// outage is a shop with a text for each of so many customers, whose provider has
// fallen amid them.
func outage(t *testing.T, many int) *shop {
	s := open(t, files)
	s.textEach("Texted once", many)
	s.courier.Window = 5
	s.provider.answers(503, "")
	s.deliver()
	return s
}

func counted(all []deliveries.Delivery) map[string]int {
	counts := map[string]int{}
	for _, d := range all {
		counts[strings.TrimSuffix(string(d.Status)+" "+d.Reason, " ")]++
	}
	return counts
}

func TestAnOutageIsNoticedProbedAndOver(t *testing.T) {
	s := outage(t, 40)
	if got := counted(s.texts()); got["unconfirmed no_answer_from_provider"] != 5 || got["planned provider_down"] != 35 {
		t.Fatalf("five failures in a row, and then %v", got)
	}
	if h := s.health(); !h.Down || h.Why != deliveries.ProviderDown || !strings.Contains(h.Detail, "503") {
		t.Errorf("its health is %+v", h)
	}
	early := 0
	for _, d := range s.texts() {
		if d.Status == deliveries.Planned && d.DueAt.Before(noon.Add(30*time.Second)) {
			early++
		}
		if d.Status == deliveries.Planned && (d.Attempts != 0 || d.DueAt.After(noon.Add(time.Minute))) {
			t.Errorf("delivery %d waits until %s with %d attempts", d.ID, d.DueAt, d.Attempts)
		}
	}
	if early != 1 {
		t.Errorf("%d come back for the next probe, want 1", early)
	}

	// For three minutes nothing leaves: what can be asked for nothing is asked.
	sent := len(s.provider.requests())
	for range 180 {
		s.later(time.Second)
		s.deliver()
	}
	if more := len(s.provider.requests()) - sent; more != 0 {
		t.Errorf("%d messages were spent on probes", more)
	}
	if got := counted(s.texts()); got["planned provider_down"] != 35 {
		t.Errorf("three minutes later %v", got)
	}

	s.provider.does(nil)
	for range 20 { // the next probe comes within fifteen seconds
		s.later(time.Second)
		s.deliver()
	}
	if got := counted(s.texts()); got["sent"] != 35 {
		t.Errorf("after the outage %v", got)
	}
	if h := s.health(); h.Down {
		t.Errorf("it is still down: %+v", h)
	}
	if n := strings.Count(s.said.String(), "a provider is down"); n != 1 {
		t.Errorf("that it is down is told %d times", n)
	}
	if n := strings.Count(s.said.String(), "a provider is up again"); n != 1 {
		t.Errorf("that it is up is told %d times", n)
	}
}

// What waits is left alone the longer the outage lasts, but for a few who look whether
// it is over, and goes all the same as soon as it is.
func TestALongOutageTurnsOverFew(t *testing.T) {
	const many, minutes = 300, 60
	s := outage(t, many)
	taken := 0
	for range minutes {
		s.later(time.Minute)
		due := s.due()
		taken += len(due)
		ok(t, s.courier.Deliver(s.ctx(), due))
	}
	if taken > many*minutes/5 {
		t.Errorf("%d messages were taken up and given back %d times in an hour", many, taken)
	}
	if taken < 5*minutes {
		t.Errorf("messages came up %d times in %d minutes: who finds out that it is over", taken, minutes)
	}
	s.provider.does(nil)
	for range 2 {
		s.later(15 * time.Second)
		s.deliver()
	}
	s.deliver()
	if got := counted(s.texts()); got["sent"] != many-5 {
		t.Errorf("after the outage %v", got)
	}
}

// Who read that the provider is down may write so after it came up; another provider
// may have taken its place.
func TestNothingWaitsForAProviderThatIsUp(t *testing.T) {
	for name, over := range map[string]func(s *shop){
		"held as it came up": func(s *shop) {
			_, _, err := s.store.Outlets().Change(s.ctx(), textOut, func(h deliveries.Health) deliveries.Health {
				return deliveries.Health{Outlet: h.Outlet, Since: s.clock()}
			})
			ok(s.t, err)
		},
		"another provider": func(s *shop) {
			s.courier.Providers = maps.Clone(names)
			s.courier.Providers[channels.SMS] = "another"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := outage(t, 100)
			for range 10 { // by then most wait for longer than a minute
				s.later(time.Minute)
				s.deliver()
			}
			s.provider.does(nil)
			over(s)
			for range 2 {
				s.later(time.Minute)
				s.deliver()
			}
			if got := counted(s.texts()); got["sent"] != 95 {
				t.Errorf("got %v", got)
			}
		})
	}
}

// probes counts the questions to Twilio and lets messages fail.
func TestAProbeThatIsAMessageGoesAlone(t *testing.T) {
	s := open(t, files)
	s.textEach("Texted once", 30)
	s.courier.Window = 5
	asked := 0
	s.provider.does(func(w http.ResponseWriter, r request) bool {
		if r.Method == http.MethodGet {
			asked++
			return false // it says that it is there
		}
		w.WriteHeader(http.StatusBadGateway)
		return true
	})
	s.deliver()
	sent := len(s.provider.requests())
	for range 60 {
		s.later(time.Second)
		before := len(s.provider.requests())
		s.deliver()
		if more := len(s.provider.requests()) - before; more > 1 {
			t.Fatalf("%d messages left at once", more)
		}
	}
	probes := len(s.provider.requests()) - sent
	if probes < 3 || probes > 8 { // after 1, 2, 4, 8, 15, 15, 15 seconds
		t.Errorf("%d messages were probes within a minute", probes)
	}
	if asked != probes {
		t.Errorf("it was asked %d times before %d probes", asked, probes)
	}
	if got := counted(s.texts()); got["unconfirmed no_answer_from_provider"] != 5+probes {
		t.Errorf("a probe costs more than itself: %v", got)
	}
}

func TestARefusedAccountLetsTheChannelRest(t *testing.T) {
	s := open(t, files)
	s.courier.Window = 1
	s.textEach("Texted", 3)
	s.provider.answers(401, "")
	s.deliver()
	if n := len(s.provider.requests()); n != 1 {
		t.Errorf("%d attempts on an account that is refused, want 1", n)
	}
	if got := counted(s.texts()); got["planned unauthorized"] != 1 || got["planned provider_down"] != 2 {
		t.Errorf("got %v", got)
	}
	if h := s.health(); h.Why != deliveries.AccountRefused {
		t.Errorf("its health is %+v", h)
	}
	// Other channels go on.
	s.provider.does(func(w http.ResponseWriter, r request) bool {
		if strings.HasSuffix(r.URL.Path, "/mail/send") {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	s.plan("ann", "Wrote")
	s.deliverEach()
	if n := len(s.provider.requests()); n != 2 {
		t.Errorf("%d requests, want one more: the e-mail", n)
	}
	s.provider.does(nil)
	for range 6 {
		s.later(time.Minute)
		s.deliver()
	}
	if got := counted(s.texts()); got["sent"] != 3 {
		t.Errorf("with the right key %v", got)
	}
}

func TestAnOutageIsSharedByAllWorkers(t *testing.T) {
	s := open(t, files)
	s.textEach("Texted once", 10)
	due := s.due()
	s.provider.answers(500, "")
	ok(t, s.courier.Deliver(s.ctx(), due[:5]))
	sent := len(s.provider.requests())
	s.wire() // another worker, which knows nothing
	ok(t, s.courier.Deliver(s.ctx(), due[5:]))
	if more := len(s.provider.requests()) - sent; more != 0 {
		t.Errorf("the other worker sent %d messages", more)
	}
}

func TestAMessageIsNotHeldPastItsTime(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/text.yaml": campaign("text", "Texted", "{sms: note, expires: 40s}")}))
	s.textEach("Texted once", 5)
	s.provider.answers(500, "")
	s.deliver()
	s.person("ben")
	s.plan("ben", "Texted")
	s.deliver()
	d := s.texts()[5]
	if d.Status != deliveries.Planned || d.Reason != deliveries.ProviderDown {
		t.Fatalf("it is %s (%s)", d.Status, d.Reason)
	}
	for range 41 {
		s.later(time.Second)
		s.deliver()
	}
	if d := s.texts()[5]; d.Status != deliveries.Failed || d.Reason != "provider_unavailable" || d.Attempts != 0 {
		t.Errorf("when its time was over it became %s (%s), %d attempts", d.Status, d.Reason, d.Attempts)
	}
}

// What the program could not judge waits until it expires, and no longer.
func TestAMessageThatNobodyJudgesEndsWithItsTime(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/text.yaml": campaign("text", "Texted", "{sms: note, expires: 40s}")}))
	s.plan("ann", "Texted")
	fence, claimed, err := s.store.Claim(s.ctx(), s.due(), s.clock(), time.Minute)
	ok(t, err)
	_, err = s.store.Settle(s.ctx(), fence, s.clock(), []deliveries.Outcome{{
		ID: claimed[0].ID, Status: deliveries.Planned, Reason: deliveries.NotJudged, DueAt: claimed[0].ExpiresAt,
	}})
	ok(t, err)
	s.later(40 * time.Second)
	s.deliver()
	s.stands(deliveries.Failed, "not_judged")
	if got := len(s.provider.requests()); got != 0 {
		t.Errorf("%d messages were sent", got)
	}
}

// A provider that has been told off says so to everybody: nobody sends from that
// sender until the time it named is over, and then they do not all come at once.
func TestAWishToWaitIsHeededByAllWorkers(t *testing.T) {
	s := open(t, files)
	s.textEach("Texted once", 20)
	due := s.due()
	s.provider.answers(429, "", "Retry-After", "60")
	ok(t, s.courier.Deliver(s.ctx(), due[:1]))
	s.provider.does(nil)
	s.wire()
	ok(t, s.courier.Deliver(s.ctx(), due[1:]))
	if n := len(s.provider.requests()); n != 1 {
		t.Errorf("%d messages left", n)
	}
	instants := map[time.Time]bool{}
	for _, d := range s.texts() {
		wait := d.DueAt.Sub(noon)
		if d.Status != deliveries.Planned || wait < time.Minute || wait > 80*time.Second {
			t.Errorf("delivery %d is %s, due after %s", d.ID, d.Status, wait)
		}
		instants[d.DueAt] = true
	}
	if len(instants) < 15 {
		t.Errorf("20 messages come back at %d instants", len(instants))
	}
	if h := s.health(); h.Down {
		t.Error("a wish to wait is taken for an outage")
	}
	s.later(80 * time.Second)
	s.deliver()
	if got := counted(s.texts()); got["sent"] != 20 {
		t.Errorf("after the pause %v", got)
	}
}

// One browser's push service may be away without any other.
func TestAPushServiceIsDownByItself(t *testing.T) {
	s := open(t, files)
	s.courier.Outlook.Outlets.Change(s.ctx(), deliveries.Outlet{Channel: channels.Push, Provider: "vapid", Via: "push.example"}, func(h deliveries.Health) deliveries.Health {
		h.Down, h.NextProbe = true, noon.Add(time.Hour)
		return h
	})
	s.plan("ann", "Nudged")
	s.deliver()
	s.stands(deliveries.Sent, "")
}

func TestLimitsOfASenderAndOfItsProvider(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		limits := &workers.SharedLimits{Redis: s.redis, Limits: map[channels.Channel]workers.Limit{channels.SMS: {PerSecond: 5, PerSender: 1}}, Log: s.log}
		granted := 0
		for n := range 10 {
			from := number
			from.Via = fmt.Sprintf("+4930%d", n)
			one, _ := limits.Take(t.Context(), from, 3)
			if one > 1 {
				t.Errorf("sender %d may send %d", n, one)
			}
			granted += one
		}
		if granted < 5 || granted > 7 {
			t.Errorf("%d may leave by the provider, want 5", granted)
		}
		if _, apart := limits.Line(t.Context(), number, 3); apart < time.Second {
			t.Errorf("in line one goes every %s", apart)
		}
		keys, err := s.redis.Keys(t.Context(), "*").Result()
		ok(t, err)
		if strings.Contains(fmt.Sprint(keys), "+49") {
			t.Errorf("a number stands in Redis: %v", keys)
		}
	})
}

// What is refused for its own sake says nothing of the provider, and is a probe all
// the same: the next goes a second later.
func TestAProbeThatIsRefusedIsOneToo(t *testing.T) {
	s := outage(t, 30)
	s.provider.does(func(w http.ResponseWriter, r request) bool {
		if r.Method == http.MethodGet {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"code":21611000}`))
		return true
	})
	for range 60 { // by then most wait no longer, and stand in one batch
		s.later(time.Second)
		before := len(s.provider.requests())
		s.deliver()
		if more := len(s.provider.requests()) - before; more > 1 {
			t.Fatalf("%d messages left at once", more)
		}
	}
	if got := counted(s.texts()); got["failed rejected"] == 0 {
		t.Errorf("after a minute %v", got)
	}
}

// An account may be allowed to send and not to look.
func TestAnAccountThatMayOnlySendComesUpAgain(t *testing.T) {
	s := outage(t, 10)
	s.provider.does(func(w http.ResponseWriter, r request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(`{"code":70051}`))
		return true
	})
	for range 5 {
		s.later(time.Second)
		s.deliver()
	}
	if h := s.health(); h.Down {
		t.Errorf("it is still down: %+v", h)
	}
}
