package customers_test

import (
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
)

// The same rule as in the store: see TestAWordAheadOfTheClockOutlastsNoNo there.
func TestAWordAheadOfTheClockIsOfNow(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	word := func(in bool, at time.Time) customers.Consent {
		return customers.Consent{Topic: "news", Channel: channels.Email, In: in, At: at}
	}
	ahead := now.AddDate(73, 0, 0)
	kept := customers.Customer{Consents: []customers.Consent{word(true, ahead)}}
	late := word(false, now.Add(-time.Second))
	if !kept.Hear(late, now) || kept.Consents[0] != late {
		t.Errorf("a yes of %v outlasts a no: %+v", ahead, kept.Consents)
	}
	var said customers.Customer
	if !said.Hear(word(true, ahead), now) || said.Consents[0] != word(true, now) {
		t.Errorf("a yes of %v is kept as %+v", ahead, said.Consents)
	}
	if !said.Hear(word(false, now), now) || said.Hear(word(true, ahead), now) {
		t.Error("a yes ahead of the clock counts over a no of the same moment")
	}
}

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
