package rehearsal

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
)

func TestAComplaintTakesThePlaceOfAStopInARehearsalToo(t *testing.T) {
	told := 0
	w := &World{blocked: map[address]string{}, stage: Stage{Tell: func(Line) { told++ }}}
	p := &person{}
	for i, reason := range []string{channels.ReasonOptedOut, channels.ReasonOptedOut, channels.ReasonComplained, channels.ReasonOptedOut} {
		w.suppress(p, customers.Suppression{Channel: channels.SMS, Address: "+493012345678", Reason: reason, At: time.Date(2026, 12, 1, 12, i, 0, 0, time.UTC)})
	}
	if why := w.blocked[address{channels.SMS, "+493012345678"}]; why != channels.ReasonComplained || told != 2 {
		t.Errorf("%q blocks the number, told %d times", why, told)
	}
}
