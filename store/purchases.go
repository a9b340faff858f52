package store

import (
	"context"
	"math"
	"time"

	"github.com/bojanz/currency"

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
	rows := newRows("key text, customer text, at int, properties json")
	for i, e := range events {
		if !fresh[i] {
			rows.add(e.Key, e.Customer, e.At, e.Properties)
		}
	}
	if rows.len() == 0 {
		return nil
	}
	rows, err = tx.stage(ctx, rows, "known_events")
	if err != nil {
		return err
	}
	_, err = tx.execRows(ctx, rows, `
		UPDATE events SET customer = v.customer, at = v.at, properties = v.properties FROM {rows} AS v
		WHERE events.key = v.key AND (events.customer <> v.customer OR events.at <> v.at OR events.properties <> v.properties)`)
	return err
}
