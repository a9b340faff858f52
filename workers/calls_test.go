package workers_test

import (
	"net/url"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
)

const twoQuestions = "say: Hello.\nask: [{id: csat, say: From one to five?, expect: digits 1-5}, {id: comment, say: Why?, record: 30s}]\nbye: Goodbye.\n"

// ringing is a shop that calls, again after an hour, and never at dinner.
func ringing(t *testing.T) *shop {
	t.Helper()
	s := open(t, with(map[string]string{
		"campaigns/ring.yaml": campaign("ring", "Rang", "{ask: csat, by: call, template: note, retry: {on: [busy, no_answer, machine], every: 1h, at_most: 2}}") +
			`contact: {hours: ["09:00-13:30", "18:00-20:00"]}` + "\n",
		"templates/call/note.yaml": twoQuestions,
	}))
	s.reader.Listeners[callOut.String()] = s.senders[channels.Call].(channels.Listener)
	s.plan("ann", "Rang")
	s.deliver()
	return s
}

// twilioTells is what Twilio tells of the call under way; query is the turn's.
func (s *shop) twilioTells(query string, fields url.Values) {
	s.t.Helper()
	d := s.only()
	fields.Set("CallSid", d.ProviderID)
	fields.Set("To", phoneOf("ann"))
	address := s.doors.Status(callOut, d.ID, d.Attempts)
	if query != "" {
		address = s.doors.Script(callOut, d.ID, d.Attempts) + query
	}
	s.receive(callOut.String(), address, fields.Encode())
}

func TestABusyLineIsTriedAgainInHoursOnly(t *testing.T) {
	s := ringing(t) // at one o'clock in Berlin
	s.stands(deliveries.Sent, "")
	s.twilioTells("", url.Values{"CallStatus": {"busy"}})
	d := s.stands(deliveries.Planned, "busy")
	if !d.DueAt.Equal(noon.Add(time.Hour)) || d.Rung != 1 {
		t.Errorf("due at %s after %d that rang", d.DueAt, d.Rung)
	}
	s.later(time.Hour) // two o'clock: they rest
	s.deliver()
	d = s.stands(deliveries.Planned, string(deliveries.QuietHoursExpired))
	if opening := noon.Add(5 * time.Hour); !d.DueAt.Equal(opening) || d.Attempts != 1 {
		t.Errorf("due at %s after %d attempts, want %s", d.DueAt, d.Attempts, opening)
	}
	s.later(4 * time.Hour)
	s.deliver()
	if d := s.stands(deliveries.Sent, ""); d.Attempts != 2 || d.Rung != 1 {
		t.Errorf("%d attempts, %d rang", d.Attempts, d.Rung)
	}
}

// Nine at a question is heard at once, stands on the timeline, and ends the calls.
func TestNineEndsTheCalls(t *testing.T) {
	s := ringing(t)
	s.twilioTells("?q=0&try=0", url.Values{"CallStatus": {"in-progress"}, "Digits": {"9"}})
	s.stands(deliveries.Unsubscribed, "")
	ann := s.customer("ann")
	if ann.Suppressed[channels.Call] != channels.ReasonOptedOut || ann.Suppressed[channels.SMS] != "" {
		t.Errorf("suppressed: %v", ann.Suppressed)
	}
	if lines := s.timeline("ann"); lines[len(lines)-1] != "call unsubscribed" {
		t.Errorf("the timeline ends with %v", lines)
	}
	s.twilioTells("", url.Values{"CallStatus": {"completed"}, "CallDuration": {"12"}})
	s.stands(deliveries.Unsubscribed, "")
}

// It needs no campaign that can be read; an answer does.
func TestNineDoesNotWaitForAStaleCampaign(t *testing.T) {
	s := ringing(t)
	listener := s.reader.Listeners[callOut.String()]
	s.apply(with(map[string]string{
		"campaigns/ring.yaml": campaign("ring", "Rang", "{ask: csat, by: call, template: note}"), "templates/call/note.yaml": twoQuestions,
	}))
	s.catalog = &campaigns.Catalog{Archive: rotten{s.store.Archive(), "ring"}}
	s.wire()
	s.reader.Listeners[callOut.String()] = listener
	s.twilioTells("?q=0&try=0", url.Values{"CallStatus": {"in-progress"}, "Digits": {"4"}})
	s.stands(deliveries.Sent, "")
	s.twilioTells("?q=0&try=1", url.Values{"CallStatus": {"in-progress"}, "Digits": {"9"}})
	s.stands(deliveries.Unsubscribed, "")
	if why := s.customer("ann").Suppressed[channels.Call]; why != channels.ReasonOptedOut {
		t.Errorf("suppressed for %q", why)
	}
}

// What was recorded is a row to fetch, whichever word of it comes first.
func TestARecordedAnswerWaitsToBeFetched(t *testing.T) {
	s := ringing(t)
	tape := url.Values{"RecordingSid": {"RE0123456789"}, "RecordingUrl": {"https://evil.example/RE0123456789"}, "RecordingDuration": {"7"}}
	ready := url.Values{"RecordingStatus": {"completed"}, "RecordingSid": {"RE0123456789"}, "RecordingDuration": {"7"}}
	d := s.only()
	s.receive(callOut.String(), s.doors.Status(callOut, d.ID, 1)+"?q=1", withSid(ready, d.ProviderID))
	s.receive(callOut.String(), s.doors.Script(callOut, d.ID, 1)+"?q=1&try=0", withSid(tape, d.ProviderID))
	r := only(t, s.store, "ann")
	if r.Question != "comment" || r.Delivery != d.ID || r.Lasted != 7*time.Second || r.ProviderID != "RE0123456789" {
		t.Errorf("%+v", r)
	}
}

func withSid(fields url.Values, sid string) string {
	fields.Set("CallSid", sid)
	return fields.Encode()
}
