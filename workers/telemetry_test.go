package workers_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/recordings"
	"rapport/telemetry"
	"rapport/workers"
)

// shows lets the shop's parts show what they do.
func (s *shop) shows() *telemetry.Metrics {
	m := telemetry.New(telemetry.Options{Version: "test", Now: time.Now})
	sink := workers.Telemetry{Metrics: m}
	s.courier.Telemetry, s.courier.Outlook.Telemetry, s.walker.Telemetry, s.mender.Telemetry = sink, sink, sink, sink
	return m
}

func (s *shop) gauges(m *telemetry.Metrics) *workers.Gauges {
	return &workers.Gauges{
		Gauge: s.store, Queue: workers.OpenQueue(s.redis), Outlets: s.store.Outlets(), Providers: names, Metrics: m, Now: s.clock,
	}
}

// sampleOf reports the value of a series as it stands on the page; "" where it does not.
func sampleOf(t *testing.T, m *telemetry.Metrics, series string) string {
	t.Helper()
	page := httptest.NewRecorder()
	m.Handler().ServeHTTP(page, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	for line := range strings.Lines(page.Body.String()) {
		if value, is := strings.CutPrefix(line, series+" "); is {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func wantSeries(t *testing.T, m *telemetry.Metrics, want map[string]string) {
	t.Helper()
	for series, value := range want {
		if got := sampleOf(t, m, series); got != value {
			t.Errorf("%s is %q, want %q", series, got, value)
		}
	}
}

func TestWhatWaitsIsShownByWhoLeads(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		m := s.shows()
		gauges := s.gauges(m)
		s.plan("ann", "Texted")
		s.plan("ann", "Wrote")
		s.later(90 * time.Second)
		ok(t, gauges.Round(s.ctx()))
		wantSeries(t, m, map[string]string{
			`rapport_due_deliveries{channel="sms"}`: "1", `rapport_due_deliveries{channel="email"}`: "1", `rapport_due_deliveries{channel="push"}`: "0",
			`rapport_due_deliveries_oldest_seconds{channel="sms"}`: "90", `rapport_queue_tasks{queue="sms",state="pending"}`: "0",
			`rapport_outlets_down{channel="sms",provider="twilio"}`: "0", `rapport_count_limit`: "10000",
		})

		s.round() // into Redis, where nobody takes it
		ok(t, gauges.Round(s.ctx()))
		if sampleOf(t, m, `rapport_queue_tasks{queue="sms",state="pending"}`) != "0" {
			t.Error("it was looked at again before its time")
		}
		s.later(time.Minute)
		ok(t, gauges.Round(s.ctx()))
		wantSeries(t, m, map[string]string{
			`rapport_due_deliveries{channel="sms"}`: "0", `rapport_queue_tasks{queue="sms",state="pending"}`: "1",
			`rapport_queue_tasks{queue="email",state="pending"}`: "1", `rapport_queue_tasks{queue="call",state="pending"}`: "0",
		})
		if sampleOf(t, m, `rapport_queue_oldest_seconds{queue="sms"}`) == "" || sampleOf(t, m, `rapport_queue_oldest_seconds{queue="sms"}`) == "0" {
			t.Error("nothing tells how long the task has waited")
		}

		ok(t, s.store.Recordings().Add(s.ctx(), []recordings.Recording{{
			ProviderID: "RE1", Customer: "ann", Kind: recordings.Answer, At: s.clock().Add(-time.Hour), State: recordings.Waiting, DueAt: s.clock(),
		}}))
		for fetched, series := range map[bool]map[string]string{
			false: {"rapport_waiting_recordings": "0", "rapport_waiting_recordings_oldest_seconds": "0"},
			true:  {"rapport_waiting_recordings": "1", "rapport_waiting_recordings_oldest_seconds": "3600"},
		} {
			gauges := s.gauges(m)
			gauges.Recordings = fetched
			ok(t, gauges.Round(s.ctx()))
			wantSeries(t, m, series)
		}

		m.Resigned()
		if got := sampleOf(t, m, `rapport_due_deliveries{channel="sms"}`); got != "" {
			t.Errorf("a scheduler that leads no more tells of %q", got)
		}
	})
}

func TestFailuresDoubtsAndOutagesAreCounted(t *testing.T) {
	s := open(t, files)
	m := s.shows()
	gauges := s.gauges(m)
	s.textEach("Texted once", 12)
	s.courier.Window = 5
	s.provider.answers(503, "")
	s.deliver()
	ok(t, gauges.Round(s.ctx()))
	wantSeries(t, m, map[string]string{
		`rapport_sends_total{channel="sms",outcome="unconfirmed",provider="twilio"}`: "5",
		`rapport_send_duration_seconds_count{channel="sms",provider="twilio"}`:       "5",
		`rapport_outlet_changes_total{channel="sms",provider="twilio",to="down"}`:    "1",
		`rapport_outlets_down{channel="sms",provider="twilio"}`:                      "1",
		`rapport_unconfirmed_deliveries{channel="sms"}`:                              "5",
	})

	s.provider.does(nil)
	for range 100 {
		s.later(time.Second)
		s.deliver()
	}
	ok(t, gauges.Round(s.ctx()))
	wantSeries(t, m, map[string]string{
		`rapport_sends_total{channel="sms",outcome="sent",provider="twilio"}`:   "7",
		`rapport_outlet_changes_total{channel="sms",provider="twilio",to="up"}`: "1",
		`rapport_outlets_down{channel="sms",provider="twilio"}`:                 "0",
		`rapport_unconfirmed_deliveries{channel="sms"}`:                         "5",
		`rapport_unconfirmed_deliveries_oldest_seconds{channel="sms"}`:          "100",
	})
}

func TestGatesAndDeadWorkersAreCounted(t *testing.T) {
	s := open(t, files)
	m := s.shows()
	s.plan("ann", "Texted")
	known, err := s.store.Load(s.ctx(), []string{"ann"}, s.clock())
	ok(t, err)
	ok(t, s.store.Suppress(s.ctx(), []customers.Suppression{{Channel: channels.SMS, Address: known["ann"].Phone, Reason: "stop", At: s.clock()}}))
	s.deliver()
	wantSeries(t, m, map[string]string{`rapport_skips_total{channel="sms",reason="suppressed"}`: "1", `rapport_entries_walked_total`: "1"})

	s.plan("ann", "Wrote")
	fence, claimed, err := s.store.Claim(s.ctx(), s.due(), s.clock(), time.Minute)
	ok(t, err)
	if len(claimed) != 1 {
		t.Fatalf("%d are claimed", len(claimed))
	}
	_, err = s.store.Begin(s.ctx(), fence, s.clock(), s.clock(), []deliveries.Candidate{{Delivery: claimed[0], Provider: "sendgrid"}},
		func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict { return deliveries.Verdict{Go: true} })
	ok(t, err)
	s.later(2 * time.Minute)
	ok(t, s.mender.Round(s.ctx()))
	wantSeries(t, m, map[string]string{`rapport_leases_ended_total{became="unconfirmed"}`: "1"})
}
