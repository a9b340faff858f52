package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport/customers"
)

// PutOrders implements customers.Registry. One named twice counts once, the later
// word over the earlier. Lines that are not named stay, unless the order is given
// whole; a total given without lines is what the order comes to, whatever its lines.
//
// On the customer stand the completed orders, their total and times, and the
// number of those returned. Cancelled ones count nowhere, and what those in another
// currency come to is in no total.
func (s *Store) PutOrders(ctx context.Context, now time.Time, orders []customers.Order) (tally customers.Tally, err error) {
	var oldest time.Time
	for _, o := range orders {
		oldest = earlier(oldest, o.At)
	}
	if err = s.reachBack(ctx, oldest); err == nil {
		err = s.write(ctx, func(tx *tx) (err error) {
			tally, err = putOrders(ctx, tx, now, orders)
			return err
		})
	}
	if err != nil {
		return customers.Tally{}, fmt.Errorf("take in %d orders: %w", len(orders), err)
	}
	return tally, nil
}

func putOrders(ctx context.Context, tx *tx, now time.Time, orders []customers.Order) (customers.Tally, error) {
	touched, tally, err := writeOrders(ctx, tx, orders)
	if err != nil || len(touched) == 0 {
		return tally, err
	}
	here, err := meetAndLock(ctx, tx, now, peopleOf(touched), tx.forUpdate("c"))
	if err != nil {
		return tally, err
	}
	return tally, followOrders(ctx, tx, now, touched, here)
}

// writeOrders writes orders and their lines, and returns those that are new or not
// what they were. It locks orders and no customers.
func writeOrders(ctx context.Context, tx *tx, orders []customers.Order) (touched []placed, tally customers.Tally, err error) {
	heads, lines, err := orderRows(orders)
	if err != nil {
		return nil, tally, err
	}
	total := heads.len()
	if heads, err = tx.stage(ctx, heads, "incoming_orders"); err != nil {
		return nil, tally, err
	}
	if lines, err = tx.stage(ctx, lines, "incoming_lines"); err != nil {
		return nil, tally, err
	}
	known, err := lockOrders(ctx, tx, heads)
	if err != nil {
		return nil, tally, err
	}
	added, err := addOrders(ctx, tx, heads)
	if err != nil {
		return nil, tally, err
	}
	if len(known)+len(added) < total { // some that others have added meanwhile
		if known, err = lockOrders(ctx, tx, heads); err != nil {
			return nil, tally, err
		}
		for _, id := range added {
			delete(known, id)
		}
	}
	changed, err := changeOrders(ctx, tx, heads, lines, len(known) > 0)
	if err != nil {
		return nil, tally, err
	}
	if err := dropConversions(ctx, tx, changed, known); err != nil {
		return nil, tally, err
	}
	touched, err = touchedOrders(ctx, tx, distinct(slices.Concat(added, changed)), known, announced(orders))
	return touched, tallied(total, added, changed), err
}

// announced are the orders whose events the caller puts on the timeline.
func announced(orders []customers.Order) map[string]bool {
	ids := map[string]bool{}
	for _, o := range orders {
		if o.Announced {
			ids[clean(o.ID)] = true
		}
	}
	return ids
}

// orderRows is what is given about orders and about their lines, in order. A head's
// total is null where the lines tell it or nobody does, and its sum is that of the
// lines given.
func orderRows(orders []customers.Order) (heads, lines *rowset, err error) {
	heads = newRows("id text, customer text, at int, currency text, home text, total int, sum int, status text, afterwards int")
	lines = newRows("order_id text, number int, product text, quantity int, amount int, whole int")
	sorted := slices.Clone(orders)
	slices.SortStableFunc(sorted, func(a, b customers.Order) int { return strings.Compare(a.ID, b.ID) })
	var total *int64 // said without lines
	for i := range sorted {
		o := &sorted[i]
		switch {
		case o.ID == "":
			return nil, nil, errors.New("an order without an id")
		case o.Customer == "":
			return nil, nil, fmt.Errorf("order %s without a customer", o.ID)
		case o.At.IsZero():
			return nil, nil, fmt.Errorf("order %s without a time", o.ID)
		}
		again := i > 0 && sorted[i-1].ID == o.ID
		switch {
		case len(o.Lines) > 0 || !again && o.Unpriced:
			total = nil
		case !o.Unpriced:
			total = &o.Total
		}
		if again {
			overEarlier(o, &sorted[i-1])
		}
		if i == len(sorted)-1 || sorted[i+1].ID != o.ID {
			sum := addLines(lines, o)
			heads.add(o.ID, o.Customer, o.At, nullable(o.Currency), nullable(o.Home), total, sum, nullable(o.Status), o.Afterwards)
		}
	}
	return heads, lines, nil
}

// overEarlier lays an order over what was said of it before.
func overEarlier(o, earlier *customers.Order) {
	o.Currency, o.Home, o.Status = cmp.Or(o.Currency, earlier.Currency), cmp.Or(o.Home, earlier.Home), cmp.Or(o.Status, earlier.Status)
	if !o.Whole || len(o.Lines) == 0 { // one without lines says nothing about them
		o.Lines, o.Whole = slices.Concat(earlier.Lines, o.Lines), earlier.Whole
	}
}

// addLines adds an order's lines, each number once, the last of it, and returns
// what they come to; nil without any.
func addLines(rows *rowset, o *customers.Order) *int64 {
	if len(o.Lines) == 0 {
		return nil
	}
	last := make(map[int]int, len(o.Lines))
	for i, l := range o.Lines {
		last[l.Number] = i
	}
	var sum int64
	for i, l := range o.Lines {
		if last[l.Number] == i {
			rows.add(o.ID, l.Number, l.Product, l.Quantity, l.Amount, o.Whole)
			sum += l.Amount
		}
	}
	return &sum
}

// lockOrders keeps the known ones of these orders from others, who may be adding
// lines to them, and returns whose they were.
func lockOrders(ctx context.Context, tx *tx, heads *rowset) (known map[string]string, err error) {
	known = map[string]string{}
	_, err = listRows(ctx, tx, heads, func(r record) (none struct{}, err error) {
		var id, owner string
		err = r.Scan(&id, &owner)
		known[id] = owner
		return none, err
	}, "SELECT o.id, o.customer FROM orders o JOIN {rows} AS v ON v.id = o.id ORDER BY o.id"+tx.forUpdate("o"))
	return known, err
}

// withoutParts leaves out refunds of less than their orders come to, or of orders that
// nobody knows. It locks all of the orders, as they are written then.
func withoutParts(ctx context.Context, tx *tx, orders []customers.Order) ([]customers.Order, error) {
	refunded := func(o customers.Order) bool { return o.Refunded != nil }
	if !slices.ContainsFunc(orders, refunded) {
		return orders, nil
	}
	known := map[string]customers.Order{}
	_, err := listRows(ctx, tx, keys(idsOf(orders)), func(r record) (none struct{}, err error) {
		var o customers.Order
		err = r.Scan(&o.ID, &o.Currency, &o.Total)
		known[o.ID] = o
		return none, err
	}, "SELECT o.id, o.currency, o.total FROM orders o WHERE "+tx.among("o.id")+" ORDER BY o.id"+tx.forUpdate("o"))
	return slices.DeleteFunc(slices.Clone(orders), func(o customers.Order) bool {
		if !refunded(o) {
			return false
		}
		whole, found := known[clean(o.ID)]
		return !found || o.Currency != "" && o.Currency != whole.Currency || customers.MinorUnits(*o.Refunded, whole.Currency) < whole.Total
	}), err
}

// idsOf are the ids of orders, each once.
func idsOf(orders []customers.Order) []string {
	ids := make([]string, len(orders))
	for i, o := range orders {
		ids[i] = clean(o.ID)
	}
	return distinct(ids)
}

// addOrders adds the orders nobody knows and returns their ids.
func addOrders(ctx context.Context, tx *tx, heads *rowset) (added []string, err error) {
	return listRows(ctx, tx, heads, column[string], `
		INSERT INTO orders (id, customer, at, currency, total, status, other_currency)
		SELECT id, customer, at, coalesce(currency, home, ''), coalesce(total, sum, 0), coalesce(status, 'completed'),
			CASE WHEN currency <> home THEN 1 ELSE 0 END FROM {rows} AS v WHERE TRUE ORDER BY id
		ON CONFLICT (id) DO NOTHING RETURNING id`)
}

// changeOrders writes the lines of orders and what is told of known ones, and returns
// the ids of those that are not what they were.
func changeOrders(ctx context.Context, tx *tx, heads, lines *rowset, known bool) (changed []string, err error) {
	var gone []string
	if known {
		if gone, err = listRows(ctx, tx, lines, column[string], dropOtherLines); err != nil {
			return nil, err
		}
	}
	redone, err := listRows(ctx, tx, lines, column[string], `
		INSERT INTO order_lines (order_id, number, product, quantity, amount)
		SELECT order_id, number, product, quantity, amount FROM {rows} AS v WHERE TRUE ORDER BY order_id, number
		ON CONFLICT (order_id, number) DO UPDATE
		SET product = excluded.product, quantity = excluded.quantity, amount = excluded.amount
		WHERE order_lines.product <> excluded.product OR order_lines.quantity <> excluded.quantity OR order_lines.amount <> excluded.amount
		RETURNING order_id`)
	if err != nil {
		return nil, err
	}
	changed, err = listRows(ctx, tx, heads, column[string], `
		UPDATE orders SET customer = n.customer, at = n.at, currency = n.currency, total = n.total, status = n.status, other_currency = n.other
		FROM (SELECT o.id, CASE WHEN v.afterwards = 1 THEN o.customer ELSE v.customer END AS customer, CASE WHEN v.afterwards = 1 THEN o.at ELSE v.at END AS at,
				coalesce(v.currency, nullif(o.currency, ''), v.home, '') AS currency, CASE WHEN v.afterwards = 1 AND o.status = 'cancelled' THEN o.status ELSE coalesce(v.status, o.status) END AS status,
				CASE WHEN v.home IS NULL THEN o.other_currency WHEN coalesce(v.currency, nullif(o.currency, ''), v.home) <> v.home THEN 1 ELSE 0 END AS other,
				CAST(CASE WHEN v.total IS NOT NULL THEN v.total WHEN v.sum IS NULL THEN o.total
					ELSE (SELECT sum(l.amount) FROM order_lines l WHERE l.order_id = o.id) END AS BIGINT) AS total
			FROM {rows} AS v JOIN orders o ON o.id = v.id) AS n
		WHERE orders.id = n.id AND (orders.customer <> n.customer OR orders.at <> n.at OR orders.currency <> n.currency
			OR orders.total <> n.total OR orders.status <> n.status OR orders.other_currency <> n.other)
		RETURNING orders.id`)
	return slices.Concat(changed, gone, redone), err
}

// dropOtherLines is the SQL that drops the lines of orders given whole that are not
// given.
const dropOtherLines = `
	WITH v AS MATERIALIZED (SELECT * FROM {rows} AS r)
	DELETE FROM order_lines WHERE (order_id, number) IN (
		SELECT l.order_id, l.number FROM (SELECT DISTINCT order_id FROM v WHERE whole = 1) AS w JOIN order_lines l ON l.order_id = w.order_id
		LEFT JOIN v ON v.order_id = l.order_id AND v.number = l.number WHERE v.order_id IS NULL)
	RETURNING order_id`

// touchedOrders reads orders that were added or changed, as they are now. Some were
// known, and whose they were.
func touchedOrders(ctx context.Context, tx *tx, ids []string, known map[string]string, announced map[string]bool) ([]placed, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	touched, err := tx.stage(ctx, keys(ids), "touched_orders")
	if err != nil {
		return nil, err
	}
	orders, err := listRows(ctx, tx, touched, scanPlaced, `
		SELECT o.id, o.customer, o.at, o.currency, o.total, o.status,
			CAST(coalesce((SELECT sum(l.quantity) FROM order_lines l WHERE l.order_id = o.id), 0) AS BIGINT)
		FROM orders o WHERE `+tx.among("o.id")+" ORDER BY o.at, o.id")
	for i := range orders {
		o := &orders[i]
		o.before, o.Announced = known[o.ID], announced[o.ID]
	}
	return orders, err
}

// peopleOf are those whose orders are or were.
func peopleOf(orders []placed) []string {
	var people []string
	for _, o := range orders {
		people = append(people, o.Customer)
		if o.before != "" {
			people = append(people, o.before)
		}
	}
	return distinct(people)
}

// followOrders brings up to date what leans on orders that were added or changed:
// their customers, those they left, and the timeline. These are locked (see
// meetAndLock), so that the sum misses no order of another's.
func followOrders(ctx context.Context, tx *tx, now time.Time, orders []placed, here present) error {
	people := peopleOf(orders)
	if len(people) == 0 {
		return nil
	}
	owners, err := tx.stage(ctx, owners(people), "touched_customers")
	if err != nil {
		return err
	}
	// Who is gone again was erased meanwhile, and their orders with them.
	gone := slices.DeleteFunc(people, here.has)
	if err := unlessEmpty(ctx, tx, gone, dropOrders); err != nil {
		return err
	}
	orders = slices.DeleteFunc(orders, func(o placed) bool { return !here.has(o.Customer) })
	if err := sumOrders(ctx, tx, now, owners); err != nil {
		return err
	}
	return recordOrders(ctx, tx, now, orders)
}

// dropOrders deletes all orders of customers.
func dropOrders(ctx context.Context, tx *tx, people []string) error {
	if _, err := tx.execRows(ctx, keys(people),
		"DELETE FROM order_lines WHERE order_id IN (SELECT o.id FROM orders o WHERE "+tx.among("o.customer")+")"); err != nil {
		return err
	}
	_, err := tx.execRows(ctx, keys(people), "DELETE FROM orders WHERE "+tx.among("customer"))
	return err
}

func owners(ids []string) *rowset {
	rows := newRows("id text, shard int")
	for _, id := range ids {
		rows.add(id, customers.Shard(id))
	}
	return rows
}

// meetAndLock adds customers nobody knows, with nothing but their id, and locks all of
// them, in order, as the end of a SELECT says. Who is not found was erased meanwhile.
func meetAndLock(ctx context.Context, tx *tx, now time.Time, people []string, lock string) (present, error) {
	if _, err := tx.execRows(ctx, owners(people), `
		INSERT INTO customers (id, shard, person, created_at, updated_at)
		SELECT id, shard, id, CAST($1 AS BIGINT), CAST($1 AS BIGINT) FROM {rows} AS v WHERE TRUE ORDER BY id
		ON CONFLICT (id) DO NOTHING`, instant(now)); err != nil {
		return nil, err
	}
	return findPresent(ctx, tx, people, lock)
}

// sumOrders sums orders up on their customers.
func sumOrders(ctx context.Context, tx *tx, now time.Time, owners *rowset) error {
	_, err := tx.execRows(ctx, owners, `
		UPDATE customers SET orders_count = s.orders, orders_total = s.total, orders_returned = s.returned,
			orders_first_at = s.first_at, orders_last_at = s.last_at, updated_at = $1
		FROM (SELECT v.id, count(*) FILTER (WHERE o.status = 'completed') AS orders,
				CAST(coalesce(sum(o.total) FILTER (WHERE o.status = 'completed' AND o.other_currency = 0), 0) AS BIGINT) AS total,
				count(*) FILTER (WHERE o.status = 'returned') AS returned,
				min(o.at) FILTER (WHERE o.status = 'completed') AS first_at,
				max(o.at) FILTER (WHERE o.status = 'completed') AS last_at
			FROM {rows} AS v LEFT JOIN orders o ON o.customer = v.id GROUP BY v.id) AS s
		WHERE customers.id = s.id AND (customers.orders_count <> s.orders OR customers.orders_total <> s.total
			OR customers.orders_returned <> s.returned OR customers.orders_first_at IS DISTINCT FROM s.first_at
			OR customers.orders_last_at IS DISTINCT FROM s.last_at)`, instant(now))
	return err
}
