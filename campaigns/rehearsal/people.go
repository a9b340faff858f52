package rehearsal

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// person is a customer with what is kept about them beside their profile.
type person struct {
	customers.Customer
	timeline []happened
	live     []customers.Event // of the timeline
	keys     map[string]bool   // of the timeline's lines
	journeys []*journey
	parcels  []*parcel // that were ever planned for them
	cases    []*customers.Case
	human    string           // customers.Person
	before   map[string]int64 // did() counts of what is not on the timeline
	returned []string         // messages that bounced softly since one was taken
	orders   map[string]*purchase
	earlier  customers.OrderTotals // of what was ordered before these
}

// happened is as much of a timeline's line as did() counts.
type happened struct {
	name string
	at   time.Time
}

// week is the window of contacted.last_7d.
const week = 7 * 24 * time.Hour

// profile brings up to date what the store adds to a profile when it is read
// (store.Load): the pressure of the last week, and what is suppressed.
func (w *World) profile(p *person) *customers.Customer {
	p.Contacted.Last7d = 0
	for _, d := range p.parcels {
		if !d.TakenAt.IsZero() && d.TakenAt.After(w.now.Add(-week)) && !d.TakenAt.After(w.now) && d.Channel != channels.Webhook {
			p.Contacted.Last7d++
		}
	}
	p.Elsewhere = w.elsewhere(p)
	if len(w.blocked) == 0 {
		return &p.Customer
	}
	p.Suppressed = nil
	for _, ch := range channels.All() {
		if reason := w.blocked[address{ch, p.Address(ch)}]; reason != "" && p.Address(ch) != "" {
			if p.Suppressed == nil {
				p.Suppressed = map[channels.Channel]string{}
			}
			p.Suppressed[ch] = reason
		}
	}
	return &p.Customer
}

// counts are the did() counts a campaign asks about (store.Counts).
func (p *person) counts(c *campaigns.Campaign, now time.Time) map[string]int64 {
	return p.count(c.Counts(), now)
}

func (p *person) count(asked []expression.Count, now time.Time) map[string]int64 {
	if len(asked) == 0 {
		return nil
	}
	counts := make(map[string]int64, len(asked))
	for _, wanted := range asked {
		counts[wanted.Key()] = p.before[wanted.Key()]
		from, until := wanted.Span(now)
		for _, event := range p.timeline {
			if event.name == wanted.Event && !event.at.Before(from) && (until.IsZero() || event.at.Before(until)) {
				counts[wanted.Key()]++
			}
		}
	}
	return counts
}

// note puts a line on a timeline, once, and reports whether it was new
// (store.Append).
func (w *World) note(p *person, event customers.Event) (customers.Event, bool) {
	w.events++
	event.ID, event.Customer = w.events, p.ID
	for _, key := range []string{event.Key, event.ProviderKey} {
		if key != "" && p.keys[key] {
			return event, false
		}
	}
	for _, key := range []string{event.Key, event.ProviderKey} {
		if key != "" {
			p.keys[key] = true
		}
	}
	p.timeline = append(p.timeline, happened{event.Name, event.At})
	if event.Live {
		p.live = append(p.live, event)
	}
	return event, true
}

// happens lets a live event land (webhooks.Ingest): an order is written before
// its event, so that whoever judges the event sees it.
func (w *World) happens(p *person, name string, properties map[string]any) {
	event := customers.Event{Name: name, At: w.now, ReceivedAt: w.now, Properties: properties, Live: true}
	id := order(properties, "order_id", "orderId")
	status, ends := endings[name]
	switch {
	case id == "":
	case name == "Order Completed":
		event.ProviderKey = "order:" + id
		if !p.keys[event.ProviderKey] {
			w.buys(p, id, properties)
		}
	case ends:
		w.ends(p, id, status, properties)
	}
	event, fresh := w.note(p, event)
	if !fresh {
		return
	}
	w.tell(Line{Customer: p.ID, Kind: Happened, Name: name, Event: &event})
	w.react(p, event)
}

// elsewhere are the noes that other profiles of a person's mailbox or number said
// (store.Load).
func (w *World) elsewhere(p *person) []customers.Consent {
	var noes []customers.Consent
	for _, ch := range channels.All() {
		at := p.Address(ch)
		for _, other := range w.sharing[address{ch, at}] {
			if other == p || other.Address(ch) != at {
				continue
			}
			for _, word := range other.Consents {
				if word.Channel == ch && !word.In && word.Source != customers.ByNoWord {
					word.Customer = other.ID
					noes = append(noes, word)
				}
			}
		}
	}
	return noes
}

// consent keeps words about topics, a newer one over an older one; of two of
// the same moment the No counts, and none is of later than now (store.Consent).
func (w *World) consent(p *person, words []customers.Consent) {
	for _, word := range words {
		if p.Hear(word, w.now) {
			w.tell(Line{Customer: p.ID, Kind: Consented, Name: word.Topic, Channel: word.Channel, Value: word.In})
		}
	}
}

// suppress blocks an address, or counts a reason that takes the place of the one
// there is (store.Suppress).
func (w *World) suppress(p *person, s customers.Suppression) {
	at := address{s.Channel, s.Address}
	why, blocked := w.blocked[at]
	if s.Address == "" || blocked && (why == s.Reason || !s.Replaces(customers.Suppression{Reason: why})) {
		return
	}
	w.blocked[at] = s.Reason
	w.tell(Line{Customer: p.ID, Kind: Blocked, Channel: s.Channel, Reason: s.Reason})
}

// try counts soft bounces in a row (store.Try).
func (w *World) try(p *person, t *customers.Trial) {
	if t == nil {
		return
	}
	if t.Taken {
		p.returned = nil
		if at := (address{channels.Email, t.Address}); w.blocked[at] == customers.SoftBounces {
			delete(w.blocked, at)
		}
		return
	}
	if !slices.Contains(p.returned, t.Message) {
		p.returned = append(p.returned, t.Message)
	}
	if len(p.returned) >= customers.SoftBounceLimit {
		w.suppress(p, customers.Suppression{Channel: channels.Email, Address: t.Address, Reason: customers.SoftBounces, At: t.At})
	}
}

// release lifts an opt-out; other reasons stay (store.Release).
func (w *World) release(s customers.Suppression) {
	if at := (address{s.Channel, s.Address}); w.blocked[at] == channels.ReasonOptedOut {
		delete(w.blocked, at)
	}
}

// openCase opens a case, or brings an open one up to date: its newest words, the
// more pressing of two priorities and the sooner of two clocks (store.Casebook).
// Open ones are that of the same entry and, for words that nobody asked for, the
// latest one about such words. Nobody answers them here, so that no clock stops.
func (w *World) openCase(p *person, j *journey, c customers.Case) {
	name, open := customers.CaseOpened, openFor(p, j, c)
	if open != nil {
		name, c = customers.CaseUpdated, broughtUpToDate(*open, c)
		*open = c
	} else {
		w.cases++
		c.ID, c.Customer, c.Waiting = w.cases, p.ID, true
		c.DueAt, c.UsualDueAt = cmp.Or(c.DueAt, c.UsualDueAt), time.Time{}
		p.Cases.Open++
		own := c
		p.cases = append(p.cases, &own)
		if j != nil {
			j.open = &own
		}
	}
	p.Cases.LastAt = c.OpenedAt
	key := "case:" + strconv.FormatInt(c.ID, 10) + ":" + c.Why + ":" + strconv.FormatInt(w.now.UnixMilli(), 10)
	w.note(p, customers.Event{Name: name, At: w.now, ReceivedAt: w.now, Key: key, Campaign: c.Campaign, Entry: c.Entry})
	w.tell(Line{Customer: p.ID, Campaign: c.Campaign, Kind: CaseOpened, Name: c.Queue, Case: &c})
}

// openFor is the open case that goes on with what happened; nil where there is none.
func openFor(p *person, j *journey, c customers.Case) *customers.Case {
	if c.Why == customers.WhyReply {
		for _, earlier := range slices.Backward(p.cases) {
			if earlier.Why == customers.WhyReply {
				return earlier
			}
		}
	}
	if j != nil {
		return j.open
	}
	return nil
}

func broughtUpToDate(open, c customers.Case) customers.Case {
	open.Priority = morePressing(c.Priority, open.Priority)
	if open.DueAt.IsZero() || !c.DueAt.IsZero() && c.DueAt.Before(open.DueAt) {
		open.DueAt = cmp.Or(c.DueAt, c.UsualDueAt)
	}
	if c.Note != "" {
		open.Note = c.Note
	}
	if c.Why != customers.WhyReply {
		open.Queue, open.Title, open.Why = c.Queue, c.Title, c.Why
	}
	return open
}

func morePressing(a, b customers.Priority) customers.Priority {
	order := customers.Priorities()
	if slices.Index(order, b) < slices.Index(order, a) {
		return b
	}
	return a
}

// contacts are of some messages those that went, or may have, since a moment, newest
// first, but for one delivery's own.
func contacts(parcels []*parcel, except int64, since time.Time) []deliveries.Contact {
	var all []deliveries.Contact
	for _, d := range parcels {
		if d.ID != except && !d.TakenAt.IsZero() && !d.TakenAt.Before(since) && d.Channel != channels.Webhook {
			all = append(all, deliveries.Contact{Delivery: d.ID, Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, At: d.TakenAt})
		}
	}
	slices.SortStableFunc(all, func(a, b deliveries.Contact) int { return b.At.Compare(a.At) })
	return all
}

// rivals are of some messages the others that wait to be sent, the soonest due first.
func rivals(parcels []*parcel, except int64) []deliveries.Rival {
	var all []deliveries.Rival
	for _, d := range parcels {
		waits := d.Status == deliveries.Planned || d.Status == deliveries.Queued
		if d.ID != except && waits && d.Channel != channels.Webhook && d.Reason != string(deliveries.PausedCampaign) {
			all = append(all, deliveries.Rival{Delivery: d.ID, Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, DueAt: d.DueAt})
		}
	}
	slices.SortStableFunc(all, func(a, b deliveries.Rival) int { return a.DueAt.Compare(b.DueAt) })
	return all
}
