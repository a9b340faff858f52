package campaigns

import (
	"maps"
	"slices"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Foresight walks a journey in memory, from clock to clock, as Advance would,
// for a customer who does not react: past messages that are refused, to the
// first that goes or is held. Whoever holds it judges the messages.
type Foresight struct {
	// Entry is the journey as it stands, At when it came there.
	Entry Entry
	At    time.Time
	// Refused are the messages that were skipped or could not be rendered.
	Refused []deliveries.Delivery
	// Contact is the first message that goes (Sending) or is held (Planned, with
	// its reason and due time). Its Status is "" while there is none.
	Contact deliveries.Delivery
	// Awaited is the event of the first wait for one that the journey came to; it
	// is taken not to come.
	Awaited string

	workspace *Workspace
	campaign  *Campaign
	traveller Traveller
	planned   []deliveries.Delivery // messages that are still to be judged
	refused   bool                  // one was, so that the journey goes on at once
	altered   bool                  // the customer is not as the store holds them
}

// Foresee begins to walk a journey.
func (w *Workspace) Foresee(c *Campaign, t Traveller, now time.Time) *Foresight {
	return &Foresight{Entry: t.Entry, At: now, workspace: w, campaign: c, traveller: t, refused: true}
}

// Next is the next message to judge, with the traveller as it stands then. There
// is none once one goes or is held, when the journey ends, and when it waits for
// what only the customer or somebody else can bring.
func (f *Foresight) Next() (d deliveries.Delivery, t Traveller, found bool) {
	for f.Contact.Status == "" {
		if len(f.planned) > 0 {
			return f.planned[0], f.traveller, true
		}
		switch {
		case f.Entry.State != Running:
			return d, t, false
		case f.refused:
		case f.Entry.WakeAt.After(f.At):
			f.At = f.Entry.WakeAt
		default:
			return d, t, false
		}
		f.advance()
	}
	return d, t, false
}

// advance takes the journey's next steps.
func (f *Foresight) advance() {
	move := f.workspace.Advance(f.campaign, f.traveller, f.At)
	f.Entry, f.refused = move.Entry, false
	if event, waits := f.campaign.Awaits(f.Entry); waits && f.Awaited == "" {
		f.Awaited = event
	}
	after := move.changed(f.traveller.Customer, f.At)
	f.altered = f.altered || after != f.traveller.Customer
	f.traveller.Entry, f.traveller.Customer = move.Entry, after
	for _, d := range move.Plan {
		if d.Channel == channels.Webhook { // which reaches no customer, and is not waited for
			f.traveller.Deliveries = append(f.traveller.Deliveries, d)
			continue
		}
		f.planned = append(f.planned, d)
	}
}

// Judged says what became of the message that Next gave: the row as the ledger
// would hold it.
func (f *Foresight) Judged(d deliveries.Delivery) {
	f.planned = f.planned[1:]
	if !d.Status.Settled() {
		f.Contact = d
		return
	}
	f.Refused, f.refused = append(f.Refused, d), true
	f.traveller.Deliveries = append(f.traveller.Deliveries, d)
}

// Forget lets go of the customer, which Meet gives back before the next question.
// One whom the journey changed is kept.
func (f *Foresight) Forget() {
	if !f.altered {
		f.traveller.Customer, f.traveller.Counts = nil, nil
	}
}

// Meet gives back the customer that Forget let go of, with their did() counts.
func (f *Foresight) Meet(c *customers.Customer, counts map[string]int64) {
	if f.traveller.Customer == nil {
		f.traveller.Customer, f.traveller.Counts = c, counts
	}
}

// changed is the customer after a move, as the store will write it.
func (m Move) changed(c *customers.Customer, now time.Time) *customers.Customer {
	if c == nil || len(m.Set)+len(m.Tag)+len(m.Consents) == 0 && m.Points == 0 {
		return c
	}
	after := *c
	after.Traits, after.Tags = maps.Clone(c.Traits), slices.Clone(c.Tags)
	for field, value := range m.Set {
		Assign(&after, field, value)
	}
	for _, change := range m.Tag {
		change.on(&after)
	}
	for _, word := range m.Consents {
		after.Hear(word, now)
	}
	after.Points += m.Points
	return &after
}
