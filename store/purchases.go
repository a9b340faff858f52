package store

import (
	"context"
	"math"
	"time"

	"github.com/bojanz/currency"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// placed is an order as the timeline tells of it.
type placed struct {
	customers.Order
	items int64
}

func scanPlaced(r record) (o placed, err error) {
	err = r.Scan(&o.ID, &o.Customer, asTime(&o.At), &o.Currency, &o.Total, &o.Status, &o.items)
	return o, err
}

// event is the order's line on the timeline.
func (o placed) event(now time.Time) customers.Event {
	return customers.Event{
		Customer: o.Customer, Name: "Order Completed", At: o.At, ReceivedAt: now,
		Properties: map[string]any{"order_id": o.ID, "total": major(o.Total, o.Currency), "currency": o.Currency, "items": o.items},
		Key:        "order:" + o.ID, ProviderKey: "order:" + o.ID,
	}
}

// major is an amount of minor units in the currency's own unit. A currency
// nobody knows has two digits after the point, like most.
func major(minor int64, code string) float64 {
	digits, known := currency.GetDigits(code)
	if !known {
		digits = 2
	}
	return float64(minor) / math.Pow10(int(digits))
}

// recordOrders puts orders on the timeline, each once, and brings up to date
// what stands there of them. An order that came alive as an event stays as it
// came.
func recordOrders(ctx context.Context, tx *tx, now time.Time, orders []placed) error {
	var events []customers.Event
	for _, o := range orders {
		if o.Status != "cancelled" {
			events = append(events, o.event(now))
		}
	}
	fresh, err := appendEvents(ctx, tx, events)
	if err != nil {
		return err
	}
	var known []customers.Event
	for i, e := range events {
		if !fresh[i] {
			known = append(known, e)
		}
	}
	for start := 0; start < len(known); start += chunk {
		if err := retell(ctx, tx, known[start:min(start+chunk, len(known))]); err != nil {
			return err
		}
	}
	return nil
}

// retell corrects lines that stand on the timeline already, wherever they stood.
func retell(ctx context.Context, tx *tx, events []customers.Event) error {
	rows := newRows("key text, number int, digest int, customer text, at int, properties json")
	for _, e := range events {
		f := fingerprintOf(clean(e.Key))
		rows.add(e.Key, f.number, f.digest, e.Customer, e.At, inJSON(e.Properties))
	}
	if tx.dialect != expression.Postgres {
		_, err := tx.execRows(ctx, rows, `
			UPDATE events SET customer = v.customer, at = v.at, properties = v.properties FROM {rows} AS v
			WHERE events.key = v.key AND (events.customer <> v.customer OR events.at <> v.at OR events.properties <> v.properties)`)
		return err
	}
	// The key says in which month the line stands, and then where it went.
	_, err := tx.execRows(ctx, rows, `
		WITH v AS MATERIALIZED (
			SELECT r.*, k.at AS stood FROM {rows} AS r JOIN event_keys k ON k.number = r.number AND k.digest = r.digest
			WHERE r.at >= coalesce((SELECT until FROM facts WHERE name = 'timeline:since'), r.at)),
		retold AS (
			UPDATE events e SET customer = v.customer, at = v.at, properties = v.properties FROM v
			WHERE e.at = v.stood AND e.key = v.key AND e.name = 'Order Completed'
				AND (e.customer <> v.customer OR e.at <> v.at OR e.properties <> v.properties)
			RETURNING v.number, v.digest, e.at)
		UPDATE event_keys k SET at = m.at FROM retold m WHERE k.number = m.number AND k.digest = m.digest AND k.at <> m.at`)
	return err
}
