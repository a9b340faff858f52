package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// orderKey begins the key of an order's line, and a live event's second one.
const orderKey = "order:"

// placed is an order as the timeline tells of it.
type placed struct {
	customers.Order
	items  int64
	before string // whose it was; "" of one that is new
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
		Key:        orderKey + o.ID, ProviderKey: orderKey + o.ID,
	}
}

// major is an amount of minor units in the currency's own unit.
func major(minor int64, code string) float64 {
	return float64(minor) / float64(customers.MoneyScale(code))
}

// recordOrders puts orders on the timeline, each once, and brings up to date
// what stands there of them. An order that came alive as an event stays as it
// came, with whom the order is now.
func recordOrders(ctx context.Context, tx *tx, now time.Time, orders []placed) error {
	var lines []customers.Event
	var untold []placed // whose line is not put there now
	var told []placed
	for _, o := range orders {
		if o.Announced || o.Status == "cancelled" {
			untold = append(untold, o)
			continue
		}
		lines, told = append(lines, o.event(now)), append(told, o)
	}
	fresh, err := appendEvents(ctx, tx, lines)
	if err != nil {
		return err
	}
	for i, o := range told {
		if !fresh[i] {
			untold = append(untold, o)
		}
	}
	known := slices.DeleteFunc(untold, func(o placed) bool { return o.before == "" })
	for start := 0; start < len(known); start += chunk {
		if err := retell(ctx, tx, known[start:min(start+chunk, len(known))]); err != nil {
			return err
		}
	}
	return nil
}

// retell corrects lines that stand on the timeline already, where they stood before.
// A line that a live event left goes to whom the order is now, and is called
// completed or cancelled; one of ours is told anew.
func retell(ctx context.Context, tx *tx, orders []placed) error {
	rows := newRows("provider text, number int, digest int, before text, customer text, name text, at int, properties json, anew int")
	for _, o := range orders {
		e := o.event(time.Time{})
		if o.Status == "cancelled" {
			e.Name = customers.OrderCancelled
		}
		f := fingerprintOf(clean(e.ProviderKey))
		rows.add(e.ProviderKey, f.number, f.digest, o.before, e.Customer, e.Name, e.At, inJSON(e.Properties), !o.Announced)
	}
	const (
		names = "('Order Completed', '" + customers.OrderCancelled + "')"
		anew  = "CASE WHEN v.anew = 1 AND e.key = v.provider THEN "
		told  = "SET customer = v.customer, name = v.name, at = " + anew + "v.at ELSE e.at END, properties = " + anew + "v.properties ELSE e.properties END"
		other = "(e.customer <> v.customer OR e.name <> v.name OR v.anew = 1 AND e.key = v.provider AND (e.at <> v.at OR e.properties <> v.properties))"
	)
	if tx.dialect != expression.Postgres {
		_, err := tx.execRows(ctx, rows, "UPDATE events AS e "+told+" FROM {rows} AS v WHERE e.provider_key = v.provider AND e.name IN "+names+" AND "+other)
		return err
	}
	// The key says in which month the line stands, and then where it went.
	_, err := tx.execRows(ctx, rows, `
		WITH v AS MATERIALIZED (
			SELECT r.provider, r.before, r.customer, r.name, r.at, r.properties, CASE WHEN `+isKept("r.at")+` THEN r.anew ELSE 0 END AS anew,
				k.number, k.digest, k.at AS stood
			FROM {rows} AS r JOIN event_keys k ON k.provider_number = r.number AND k.provider_digest = r.digest AND k.provider_number IS NOT NULL),
		retold AS (
			UPDATE events e `+told+` FROM v
			WHERE e.at = v.stood AND e.customer = v.before AND e.name IN `+names+` AND e.provider_key = v.provider AND `+other+`
			RETURNING v.number, v.digest, e.at)
		UPDATE event_keys k SET at = m.at FROM retold m WHERE k.number = m.number AND k.digest = m.digest AND k.at <> m.at`)
	return err
}

// enliven lets live events of orders take the place of lines that an import or history
// put on the timeline before they came, and returns those that did: what came first must
// not keep journeys from beginning. They are news, as late as they came. An event that is
// known by its own key came before and changes nothing, and one that is too old to be
// recorded leaves the line that stands.
func enliven(ctx context.Context, tx *tx, events []customers.Event) (alive []customers.Event, err error) {
	if len(events) == 0 {
		return nil, nil
	}
	rows := newRows("provider text, provider_number int, provider_digest int, key text, number int, digest int, customer text, at int")
	for _, e := range events {
		line, own := fingerprintOf(clean(e.ProviderKey)), fingerprintOf(clean(e.Key))
		rows.add(e.ProviderKey, line.number, line.digest, e.Key, own.number, own.digest, e.Customer, e.At)
	}
	kept := isKept("r.at")
	gone := `
		WITH r AS MATERIALIZED (SELECT * FROM {rows} AS r)
		DELETE FROM events WHERE id IN (
			SELECT e.id FROM r JOIN events e ON e.provider_key = r.provider AND e.customer = r.customer
			WHERE coalesce(e.live, 0) = 0 AND ` + kept + ` AND NOT EXISTS (SELECT 1 FROM events o WHERE o.key = r.key))
		RETURNING provider_key`
	if tx.dialect == expression.Postgres {
		gone = `
			WITH v AS MATERIALIZED (
				SELECT r.*, k.number AS line_number, k.digest AS line_digest, k.at AS stood
				FROM {rows} AS r JOIN event_keys k ON k.provider_number = r.provider_number AND k.provider_digest = r.provider_digest AND k.provider_number IS NOT NULL
				WHERE ` + kept + ` AND NOT EXISTS (SELECT 1 FROM event_keys o WHERE o.number = r.number AND o.digest = r.digest)),
			gone AS (
				DELETE FROM events e USING v
				WHERE e.at = v.stood AND e.customer = v.customer AND e.provider_key = v.provider AND coalesce(e.live, 0) = 0
				RETURNING e.provider_key, v.line_number, v.line_digest)
			DELETE FROM event_keys k USING gone WHERE k.number = gone.line_number AND k.digest = gone.line_digest RETURNING gone.provider_key`
	}
	cleared, err := listRows(ctx, tx, rows, column[string], gone)
	if err != nil || len(cleared) == 0 {
		return nil, err
	}
	for _, e := range events {
		if slices.Contains(cleared, clean(e.ProviderKey)) {
			alive = append(alive, e)
		}
	}
	_, err = appendEvents(ctx, tx, alive)
	return alive, err
}

// nameCancelled calls lines that have just been put on the timeline by what their
// orders are: one that was cancelled before its event came was not completed.
func nameCancelled(ctx context.Context, tx *tx, lines []customers.Event) error {
	rows := newRows("id text, customer text, at int, key text")
	for _, e := range lines {
		rows.add(strings.TrimPrefix(e.ProviderKey, orderKey), e.Customer, e.At, e.Key)
	}
	_, err := tx.execRows(ctx, rows, `
		UPDATE events SET name = '`+customers.OrderCancelled+`'
		FROM (SELECT v.customer, v.at, v.key FROM {rows} AS v JOIN orders o ON o.id = v.id WHERE o.status = 'cancelled') AS c
		WHERE events.customer = c.customer AND events.name = 'Order Completed' AND events.at = c.at AND events.key = c.key`)
	return err
}
