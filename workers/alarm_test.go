package workers_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/workers"
)

// alarmed gives a shop's outlook an operator's webhook.
func alarmed(t *testing.T, says ...int) (*shop, *receiver) {
	s, r := telling(t, says...)
	s.courier.Outlook.Alarm = &workers.Alarm{
		Herald: s.senders[channels.Webhook].(channels.Herald), URL: "https://ops.example/alerts/secret-path", Log: s.log,
	}
	return s, r
}

func TestTheOperatorIsToldOncePerChange(t *testing.T) {
	s, r := alarmed(t)
	s.textEach("Texted once", 12)
	s.courier.Window = 6
	s.provider.answers(http.StatusServiceUnavailable, phoneOf("ann"))
	s.deliver()
	for range 30 {
		s.later(time.Second)
		s.deliver()
	}
	s.provider.does(nil)
	for range 60 {
		s.later(time.Second)
		s.deliver()
	}
	if len(r.bodies) != 2 {
		t.Fatalf("the operator is told %d times: %v", len(r.bodies), r.bodies)
	}
	for n, want := range []string{"provider.down", "provider.up"} {
		var said struct {
			Type string `json:"type"`
			Data struct {
				Channel, Provider, Why, Detail string
			} `json:"data"`
		}
		ok(t, json.Unmarshal([]byte(r.bodies[n]), &said))
		if said.Type != want || said.Data.Channel != "sms" || said.Data.Provider != "twilio" {
			t.Errorf("told %s", r.bodies[n])
		}
		r.signed(t, n)
	}
	if said := strings.Join(r.bodies, ""); !strings.Contains(said, "503") || strings.Contains(said, "+49") {
		t.Errorf("told %s", said)
	}
	if r.heard[0].Header.Get("Webhook-Id") == r.heard[1].Header.Get("Webhook-Id") {
		t.Error("both carry the same id")
	}
}

// unreleasable keeps what waits for a provider.
type unreleasable struct {
	deliveries.Outlets
	asked int
}

func (u *unreleasable) Release(context.Context, channels.Channel, time.Time, time.Time) (int, error) {
	u.asked++
	return 0, errors.New("the database is away")
}

func TestThatAProviderIsUpIsToldThoughNothingIsReleased(t *testing.T) {
	s, r := alarmed(t)
	keeping := &unreleasable{Outlets: s.store.Outlets()}
	s.courier.Outlook.Outlets = keeping
	s.textEach("Texted once", 12)
	s.courier.Window = 6
	s.provider.answers(http.StatusServiceUnavailable, "")
	s.deliver()
	s.provider.does(nil)
	troubles := 0
	for range 90 {
		s.later(time.Second)
		if err := s.courier.Deliver(s.ctx(), s.due()); err != nil {
			troubles++
		}
	}
	if keeping.asked < 2 || troubles != 1 { // by what comes back, too, whose own sending it is no trouble of
		t.Errorf("asked to release %d times, %d tasks report it", keeping.asked, troubles)
	}
	if len(r.bodies) != 2 || !strings.Contains(r.bodies[1], "provider.up") || !strings.Contains(s.said.String(), "a provider is up again") {
		t.Errorf("the operator is told %v", r.bodies)
	}
	if got := counted(s.texts()); got["sent"] != 6 {
		t.Errorf("what was held did not come back by itself: %v", got)
	}
}

func TestAnAlarmThatIsNotHeardIsRepeatedUnderItsID(t *testing.T) {
	s, r := alarmed(t, 500, 204)
	s.textEach("Texted once", 5)
	s.provider.answers(http.StatusServiceUnavailable, "")
	s.deliver()
	if len(r.heard) != 2 || r.heard[0].Header.Get("Webhook-Id") != r.heard[1].Header.Get("Webhook-Id") {
		t.Errorf("it is told %d times", len(r.heard))
	}
	s2, r2 := alarmed(t, 500, 500, 500)
	s2.textEach("Texted once", 5)
	s2.provider.answers(http.StatusServiceUnavailable, "")
	s2.deliver()
	if said := s2.said.String(); len(r2.heard) != 2 || !strings.Contains(said, "webhook was not told") || strings.Contains(said, "secret-path") {
		t.Errorf("told %d times; the log: %s", len(r2.heard), said)
	}
}
