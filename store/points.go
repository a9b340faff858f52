package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

// addPoints adds what moves give to the balances and tells of it on the
// timelines.
func addPoints(ctx context.Context, tx *tx, now time.Time, moves []campaigns.Move) error {
	given := map[string]int64{}
	var events []customers.Event
	for _, m := range moves {
		if m.Points == 0 {
			continue
		}
		given[m.Entry.Customer] += m.Points
		events = append(events, lineOf(m, "points changed", "points", now, map[string]any{
			"amount": m.Points, "reason": "campaign " + m.Entry.Campaign,
		}))
	}
	if len(given) == 0 {
		return nil
	}
	rows := newRows("customer text, amount int")
	for _, customer := range slices.Sorted(maps.Keys(given)) {
		rows.add(customer, given[customer])
	}
	if _, err := tx.execRows(ctx, rows, `
		UPDATE customers AS c SET points = c.points + v.amount, updated_at = $1
		FROM {rows} AS v WHERE c.id = v.customer`, now.UnixMilli()); err != nil {
		return err
	}
	_, err := appendEvents(ctx, tx, events)
	return err
}

// speak records the consents that moves bring and tells of those that count: a
// newer word of the customer stands, whatever a campaign says.
func speak(ctx context.Context, tx *tx, now time.Time, moves []campaigns.Move) error {
	by := map[string]campaigns.Move{}
	var words []customers.Consent
	for _, m := range moves {
		for _, word := range m.Consents {
			word.Customer = m.Entry.Customer
			if word.At.IsZero() {
				word.At = now
			}
			words = append(words, word)
			by[word.Customer] = m
		}
	}
	heard, err := putConsents(ctx, tx, now, words)
	if err != nil {
		return err
	}
	events := make([]customers.Event, len(heard))
	for i, word := range heard {
		events[i] = lineOf(by[word.Customer], "consent changed", fmt.Sprintf("consent:%s:%s", word.Topic, word.Channel), word.At, map[string]any{
			"topic": word.Topic, "channel": word.Channel, "in": word.In, "source": word.Source,
		})
	}
	_, err = appendEvents(ctx, tx, events)
	return err
}

// lineOf is a line that a move puts on a timeline, once however often the move
// is tried: an entry has one move for each of its revisions.
func lineOf(m campaigns.Move, name, what string, at time.Time, properties map[string]any) customers.Event {
	e := m.Entry
	return customers.Event{
		Customer: e.Customer, Name: name, At: at, ReceivedAt: at, Properties: properties,
		Key: fmt.Sprintf("move:%d:%d:%s", e.ID, e.Revision, what), Campaign: e.Campaign, Entry: e.ID,
	}
}
