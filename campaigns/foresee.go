package campaigns

import (
	"maps"
	"slices"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Foresight is where a journey leads a customer who does not react: past what is
// refused on the way, to the first contact if it comes to one.
type Foresight struct {
	// Entry is the journey as it stands then, At when it came there.
	Entry Entry
	At    time.Time
	// Refused are the messages that were skipped or could not be rendered.
	Refused []deliveries.Delivery
	// Contact is the first message that goes (Sending) or is held (Planned, with
	// its reason and due time). Its Status is "" where the journey waits for
	// something else or ends without one.
	Contact deliveries.Delivery
}

// longestForesight bounds how often a journey is looked at; places only move
// forward, so that none comes near it.
const longestForesight = 10_000

// Foresee walks a journey in memory, from clock to clock, as Advance would, until
// a message goes or is held, the journey ends, or it waits for what only the
// customer or somebody else can bring. judge says what becomes of a message: the
// row as the ledger would hold it.
func (w *Workspace) Foresee(c *Campaign, t Traveller, now time.Time, judge func(deliveries.Delivery, Traveller, time.Time) deliveries.Delivery) Foresight {
	f := Foresight{Entry: t.Entry, At: now}
	for range longestForesight {
		move := w.Advance(c, t, f.At)
		t.Entry, t.Customer, f.Entry = move.Entry, move.changed(t.Customer), move.Entry
		refused := false
		for _, d := range move.Plan {
			d.ID = int64(len(t.Deliveries) + 1)
			if d.Channel == channels.Webhook {
				t.Deliveries = append(t.Deliveries, d)
				continue
			}
			d = judge(d, t, f.At)
			if !d.Status.Settled() {
				f.Contact = d
				return f
			}
			f.Refused, t.Deliveries = append(f.Refused, d), append(t.Deliveries, d)
			refused = true // which the journey goes on from at once
		}
		switch wake := move.Entry.WakeAt; {
		case move.Entry.State != Running, !refused && !wake.After(f.At):
			return f
		case !refused:
			f.At = wake
		}
	}
	return f
}

// changed is the customer after a move, as the store will write it.
func (m Move) changed(c *customers.Customer) *customers.Customer {
	if c == nil || len(m.Set)+len(m.Tag)+len(m.Consents) == 0 && m.Points == 0 {
		return c
	}
	after := *c
	after.Traits, after.Tags, after.Consents = maps.Clone(c.Traits), slices.Clone(c.Tags), slices.Clone(c.Consents)
	for field, value := range m.Set {
		assign(&after, field, value)
	}
	for _, change := range m.Tag {
		change.on(&after)
	}
	for _, word := range m.Consents {
		hear(&after, word)
	}
	after.Points += m.Points
	return &after
}
