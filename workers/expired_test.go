package workers_test

import (
	"testing"
	"time"

	"rapport/deliveries"
)

// What Twilio does not get rid of before contact hours end never leaves, and goes
// when they open again.
func TestATextArrivesInContactHours(t *testing.T) {
	s := open(t, with(map[string]string{
		"campaigns/text.yaml": campaign("text", "Texted", "{sms: note}") + `contact: {hours: ["09:00-13:30", "18:00-20:00"]}` + "\n",
	}))
	s.plan("ann", "Texted")
	s.deliver() // at one o'clock in Berlin
	d := s.stands(deliveries.Sent, "")
	_, forms := s.texted(0)
	if got := forms[0].Get("ValidityPeriod"); got != "1800" {
		t.Errorf("valid for %s s", got)
	}
	s.later(40 * time.Minute)
	s.receive(textOut.String(), forms[0].Get("StatusCallback"), form("MessageSid", d.ProviderID, "MessageStatus", "failed", "ErrorCode", "30036", "To", phoneOf("ann")))
	s.stands(deliveries.Planned, "expired")
	s.deliver()
	if d := s.stands(deliveries.Planned, string(deliveries.QuietHoursExpired)); !d.DueAt.Equal(noon.Add(5 * time.Hour)) {
		t.Errorf("due at %s", d.DueAt)
	}
	s.later(5*time.Hour - 40*time.Minute)
	s.deliver()
	if d := s.stands(deliveries.Sent, ""); d.Attempts != 2 {
		t.Errorf("%d attempts", d.Attempts)
	}
	// What is told once more of the first moves nothing.
	s.receive(textOut.String(), forms[0].Get("StatusCallback"), form("MessageSid", d.ProviderID, "MessageStatus", "undelivered", "ErrorCode", "30036", "To", phoneOf("ann")))
	s.stands(deliveries.Sent, "")
}
