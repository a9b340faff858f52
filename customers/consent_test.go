package customers_test

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
)

func TestWhichOfTwoReasonsToBlockAnAddressStays(t *testing.T) {
	at := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	const stop, bounced, complained = channels.ReasonOptedOut, "bounced", channels.ReasonComplained
	for _, c := range []struct {
		before, reason string
		later          time.Duration
		replaces       bool
	}{
		{bounced, stop, time.Hour, false},
		{stop, complained, -time.Hour, true},
		{complained, stop, time.Hour, false},
		{customers.SoftBounces, bounced, -time.Hour, true},
		{stop, customers.SoftBounces, time.Hour, false},
		{stop, stop, time.Hour, true},
		{stop, stop, 0, false},
		{stop, stop, -time.Hour, false},
		{customers.Erased, stop, time.Hour, true},
		{customers.Erased, stop, -time.Hour, false},
		{stop, customers.Erased, time.Hour, false},
	} {
		before, s := customers.Suppression{Reason: c.before, At: at}, customers.Suppression{Reason: c.reason, At: at.Add(c.later)}
		if s.Replaces(before) != c.replaces {
			t.Errorf("%s %s after %s: replaces is %t", c.reason, c.later, c.before, !c.replaces)
		}
	}
}
