package workers_test

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// blocked is what the network says of ann's number when another text is sent there.
func (s *shop) blocked() {
	s.t.Helper()
	_, err := s.store.PutSuppressions(s.ctx(), []customers.Suppression{{Channel: channels.SMS, Address: phoneOf("ann"), Reason: channels.ReasonInvalidAddress, At: s.clock()}})
	ok(s.t, err)
}

// Whoever says STOP gets nothing more of the journey by any channel, also where their
// number was blocked for another reason before. What they take back is taken back.
func TestAStopToABlockedNumberIsHeardByItsJourney(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(s *shop)
		letter  deliveries.Status
	}{
		"a stop":                {func(s *shop) { s.reply(phoneOf("ann"), "STOP") }, deliveries.Skipped},
		"blocked":               {(*shop).blocked, deliveries.Sent},
		"blocked, a stop":       {func(s *shop) { s.blocked(); s.reply(phoneOf("ann"), "STOP") }, deliveries.Skipped},
		"a stop, blocked":       {func(s *shop) { s.reply(phoneOf("ann"), "STOP"); s.blocked() }, deliveries.Skipped},
		"a stop, taken back":    {func(s *shop) { s.reply(phoneOf("ann"), "STOP"); s.later(time.Minute); s.reply(phoneOf("ann"), "START") }, deliveries.Sent},
		"a stop of another one": {func(s *shop) { s.reply("+4915112340009", "STOP") }, deliveries.Sent},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, with(map[string]string{
				"campaigns/pair.yaml": replace(campaign("pair", "Paired", "{sms: note}\n  - wait: 8d\n  - {email: note}"), "topic: service", "topic: marketing"),
			}))
			before := s.clock().Add(-time.Hour)
			ok(t, s.store.Consent(s.ctx(), s.clock(), []customers.Consent{
				{Customer: "ann", Topic: "marketing", Channel: channels.SMS, In: true, At: before, Source: customers.ByForm},
				{Customer: "ann", Topic: "marketing", Channel: channels.Email, In: true, At: before, Source: customers.ByForm},
			}))
			s.plan("ann", "Paired")
			s.deliver()
			s.travel()
			s.later(time.Minute)
			c.happens(s)
			s.later(8 * 24 * time.Hour)
			s.travel()
			s.deliver()
			for _, d := range s.ledger() {
				if d.Channel == channels.Email && d.Status != c.letter {
					t.Errorf("the letter is %s, want %s; suppressed: %v", d.Status, c.letter, s.customer("ann").Suppressed)
				}
			}
		})
	}
}
