package campaigns

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// EntryByEvent is the journey an event begins for a customer: when the campaign is
// live and waits for such events, the event satisfies its condition and has what
// the campaign's key names, and the customer belongs to its audience. counts are
// the customer's did() counts.
func (w *Workspace) EntryByEvent(c *Campaign, ev customers.Event, cust *customers.Customer, counts map[string]int64, now time.Time) (Entry, bool) {
	if c.State != Live || c.Trigger.Kind != OnEvent || c.Trigger.Event != ev.Name || cust == nil {
		return Entry{}, false
	}
	moment := expression.Moment{Now: c.today(now), Customer: cust, Event: ev.Properties, Counts: counts}
	if !holds(c.Trigger.Where, moment) || !holds(c.Audience.Who, moment) {
		return Entry{}, false
	}
	entry := c.Begin(cust, causeOf(ev), ev.Properties, now)
	if c.LacksKey(entry) {
		return Entry{}, false
	}
	entry.ArrivedAt, entry.WakeAt = ev.ReceivedAt, now.Add(c.Trigger.Delay)
	if c.tellsSaid() {
		entry.Journal.Said = saidBy(ev)
	}
	return entry, true
}

// causeOf names an event as what began a journey.
func causeOf(ev customers.Event) string { return byEvent + strconv.FormatInt(ev.ID, 10) }

// byEvent opens the trigger of an entry that an event began; its number follows.
const byEvent = "event:"

// begunBy is the number of the event that began the entry, if one did.
func (e Entry) begunBy() (event int64, is bool) {
	number, is := strings.CutPrefix(e.Trigger, byEvent)
	if !is {
		return 0, false
	}
	event, err := strconv.ParseInt(number, 10, 64)
	return event, err == nil
}

// Begin is a fresh entry of a customer. cause makes it unique ("event:812",
// "manual:<uuid>"); event is what the journey's expressions and templates see.
func (c *Campaign) Begin(cust *customers.Customer, cause string, event map[string]any, now time.Time) Entry {
	return Entry{
		Campaign: c.ID, Version: c.Version, Customer: cust.ID,
		Key:     c.keyOf(expression.Moment{Now: c.today(now), Customer: cust, Event: event}),
		Trigger: cause, State: Running,
		Holdout:   InHoldout(c.ID, customers.Person(*cust), c.Holdout),
		ArrivedAt: now, WakeAt: now, EnteredAt: now,
		Journal: Journal{Event: event},
	}
}

// EntryBySegment is the journey that a change of a segment's membership begins for a
// customer, when the campaign is live, waits for it, and the customer belongs to
// its audience and has what its key names. cause names the change, so that it begins
// one journey only.
func (w *Workspace) EntryBySegment(c *Campaign, segment string, change SegmentChange, cause string, cust *customers.Customer, counts map[string]int64, now time.Time) (Entry, bool) {
	t := c.Trigger
	if c.State != Live || t.Kind != OnSegment || t.Segment != segment || t.On != change || cust == nil || !c.Belongs(cust, counts, now) {
		return Entry{}, false
	}
	entry := c.Begin(cust, cause, nil, now)
	if c.LacksKey(entry) {
		return Entry{}, false
	}
	entry.WakeAt = now.Add(t.Delay)
	return entry, true
}

// Leaves reports whether an event ends a running entry, and why. One that concerns
// another journey of the customer does not.
func (c *Campaign) Leaves(e Entry, ev customers.Event, cust *customers.Customer, counts map[string]int64, now time.Time) (why string, leaves bool) {
	moment := expression.Moment{Now: c.today(now), Customer: cust, Event: ev.Properties, Counts: counts}
	if !c.concerns(e, moment) {
		return "", false
	}
	for _, exit := range c.Exits {
		if exit.Event == ev.Name && exit.Event != "" && holds(exit.Where, moment) {
			return "event " + ev.Name, true
		}
	}
	return "", false
}

// concerns reports whether the event of a moment is about an entry. Where entries
// have a key, one about another key (the return of another order) is not; one
// without is about all of them.
func (c *Campaign) concerns(e Entry, m expression.Moment) bool {
	key := c.keyOf(m)
	return key == "" || e.Key == "" || key == e.Key
}

// BeganAfter reports whether an event came before the entry or began it. It
// neither ends nor fulfils it then, however often and however late it is judged.
func (e Entry) BeganAfter(ev customers.Event) bool {
	if began, is := e.begunBy(); is {
		return ev.ID <= began
	}
	return e.EnteredAt.After(ev.ReceivedAt)
}

// LacksKey reports whether nothing tells an entry apart from the customer's others
// where the campaign's key is to.
func (c *Campaign) LacksKey(e Entry) bool { return c.Entry.Key != nil && e.Key == "" }

// longestKey is how many bytes tell the journeys of a customer apart as they are.
const longestKey = 200

// keyOf is what tells the journeys of a customer apart. Where shops send more than
// fits into an index, its digest does.
func (c *Campaign) keyOf(m expression.Moment) string {
	if c.Entry.Key == nil {
		return ""
	}
	key := asText(c.Entry.Key.Eval(m))
	if len(key) > longestKey {
		sum := sha256.Sum256([]byte(key))
		return hex.EncodeToString(sum[:])
	}
	return key
}

// InHoldout reports whether a person (customers.Person) belongs to the share of
// a campaign that enters and is never contacted. It depends on nothing but its
// arguments, so both profiles of one person fall on the same side, in every
// run, whoever asks; campaigns draw independently.
func InHoldout(campaign, person string, share float64) bool {
	return share > 0 && draw(campaign, person) < share
}

// draw is a person's lot for a purpose, evenly spread over [0, 1) and always
// the same.
func draw(purpose, person string) float64 {
	sum := sha256.Sum256([]byte(purpose + "\x00" + person))
	const buckets = 1 << 53 // a float64 holds each exactly
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / buckets
}

// InStage reports whether a person (customers.Person) belongs to the share of a
// campaign's rollout that is let in. A larger share holds every smaller one.
func InStage(campaign, person string, share float64) bool {
	return draw(stageLot(campaign), person) < share
}

// stageLot is what a person's lot for a campaign's rollout is drawn for.
func stageLot(campaign string) string { return campaign + "\x00rollout" }

// holds judges a condition; none is satisfied by everybody.
func holds(p *expression.Program, m expression.Moment) bool { return p == nil || p.Holds(m) }

// asText writes a value of an expression as a key: numbers without exponent,
// instants in RFC 3339; not known is "".
func asText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	case []string:
		return strings.Join(v, ",")
	}
	return fmt.Sprint(value)
}

// Belongs reports whether a customer is in the campaign's audience. counts are
// the customer's did() counts.
func (c *Campaign) Belongs(cust *customers.Customer, counts map[string]int64, now time.Time) bool {
	return holds(c.Audience.Who, expression.Moment{Now: c.AudienceAt(now), Customer: cust, Counts: counts})
}
