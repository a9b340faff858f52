package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

var _ customers.Eraser = (*Store)(nil)

// erasedFact tells that the suppression list holds veiled addresses, so that an
// installation without any looks for none.
const erasedFact = "erased people"

// errNoErasureKey says what is missing to know erased people again.
var errNoErasureKey = errors.New("people were erased and erasure_keys is not set, so their addresses could not be known again: set it as it was")

// Erase implements customers.Eraser. Its locks come in the order of Begin's: what a
// worker has begun to send is sent, what it has not begun it no longer holds.
func (s *Store) Erase(ctx context.Context, id, alias string, now time.Time) (gone customers.Erasure, err error) {
	err = s.write(ctx, func(tx *tx) error {
		if len(tx.erasureKeys) == 0 {
			return errors.New("erasure_keys is not set: without it an erased address could not be kept from being written to again")
		}
		gone = customers.Erasure{}
		e := eraser{tx: tx, id: id, alias: alias, now: now.UnixMilli(), gone: &gone}
		return e.erase(ctx)
	})
	if err != nil {
		return customers.Erasure{}, fmt.Errorf("erase customer %s: %w", id, err)
	}
	return gone, nil
}

// eraser is one erasure. After its first error it does nothing more.
type eraser struct {
	tx        *tx
	id, alias string
	now       int64
	gone      *customers.Erasure
	err       error
}

func (e *eraser) erase(ctx context.Context) error {
	e.messages(ctx)
	if e.err != nil {
		return e.err
	}
	if err := lockCustomers(ctx, e.tx, []string{e.id}); err != nil {
		return err
	}
	email, phone, err := e.addresses(ctx)
	if err != nil {
		return err
	}
	e.journeys(ctx)
	e.messages(ctx) // and what a journey planned until it was waited for
	e.veil(ctx, channels.Email, email)
	e.veil(ctx, channels.SMS, phone)
	e.veil(ctx, channels.Call, phone)
	e.words(ctx)
	e.gone.Events = e.do(ctx, "DELETE FROM events WHERE customer = $1", e.id)
	e.do(ctx, "DELETE FROM order_lines WHERE order_id IN (SELECT o.id FROM orders o WHERE o.customer = $1)", e.id)
	e.gone.Orders = e.do(ctx, "DELETE FROM orders WHERE customer = $1", e.id)
	e.gone.Subscriptions = e.do(ctx, "DELETE FROM push_subscriptions WHERE customer = $1", e.id)
	for _, table := range []string{"consents", "segment_members"} {
		e.do(ctx, "DELETE FROM "+table+" WHERE customer = $1", e.id)
	}
	e.do(ctx, "DELETE FROM customers WHERE id = $1", e.id)
	return e.err
}

// do runs a statement and returns how many rows it touched.
func (e *eraser) do(ctx context.Context, query string, args ...any) int64 {
	if e.err != nil {
		return 0
	}
	var n int64
	n, e.err = e.tx.exec(ctx, query, args...)
	return n
}

// addresses reads by what the customer can be reached, and who else can.
func (e *eraser) addresses(ctx context.Context) (email, phone string, err error) {
	_, known, err := first(ctx, e.tx, func(r record) (none struct{}, err error) {
		return none, r.Scan(orZero(&email), orZero(&phone))
	}, "SELECT c.email, c.phone FROM customers c WHERE c.id = $1", e.id)
	if err != nil {
		return "", "", err
	}
	if !known {
		return "", "", customers.ErrUnknown
	}
	e.gone.Twins, err = list(ctx, e.tx, column[string],
		"SELECT c.id FROM customers c WHERE c.email = $2 AND c.id <> $1 UNION SELECT c.id FROM customers c WHERE c.phone = $3 AND c.id <> $1 ORDER BY 1",
		e.id, email, phone)
	return email, phone, err
}

// messages stops what is not begun and leaves of the rest what is counted.
func (e *eraser) messages(ctx context.Context) {
	if e.err != nil {
		return
	}
	if e.err = e.lock(ctx, "SELECT d.id FROM deliveries d WHERE d.customer = $1 ORDER BY d.id"); e.err != nil {
		return
	}
	e.do(ctx, "DELETE FROM inbox WHERE about <> 0 AND about IN (SELECT d.id FROM deliveries d WHERE d.customer = $1)", e.id)
	e.gone.Stopped += e.do(ctx, `
		UPDATE deliveries SET status = $2, rank = $3, reason = $4, settled_at = $5, lease_until = NULL, fence = NULL
		WHERE customer = $1 AND status IN ('planned', 'queued')`,
		e.id, string(deliveries.Skipped), deliveries.Skipped.Rank(), string(deliveries.Exited), e.now)
	e.gone.Messages += e.do(ctx, `
		UPDATE deliveries SET customer = $2, vars = '{}', content = NULL, zone = '', zone_from = '', ambiguous = $3 WHERE customer = $1`,
		e.id, e.alias, string(deliveries.Hold))
}

// lock keeps others from rows until the erasure is done.
func (e *eraser) lock(ctx context.Context, query string) error {
	_, err := list(ctx, e.tx, column[int64], query+e.tx.forUpdate("d"), e.id)
	return err
}

// journeys end, and forget what brought them about.
func (e *eraser) journeys(ctx context.Context) {
	e.do(ctx, `
		UPDATE entries SET state = $2, why = $3, ended_at = $4, wake_at = NULL, lease_until = NULL, revision = revision + 1
		WHERE customer = $1 AND state = 'running'`, e.id, string(campaigns.Left), customers.Erased, e.now)
	e.gone.Journeys = e.do(ctx, `
		UPDATE entries SET customer = $2, cause = 'erased:' || CAST(id AS TEXT), key = '', journal = '{}' WHERE customer = $1`, e.id, e.alias)
}

// words takes what the customer said out of answers, cases and recordings. What
// was recorded counts as older than anything, so that it is deleted next.
func (e *eraser) words(ctx context.Context) {
	e.do(ctx, "UPDATE answers SET customer = $2, text = '' WHERE customer = $1", e.id, e.alias)
	e.do(ctx, `
		UPDATE cases SET customer = $2, title = $3, note = '', closed_at = COALESCE(closed_at, $4), waiting = 0 WHERE customer = $1`,
		e.id, e.alias, customers.Erased, e.now)
	e.gone.Recordings = e.do(ctx, "UPDATE recordings SET customer = $2, question = '', trouble = '', at = -1 WHERE customer = $1", e.id, e.alias)
	e.do(ctx, "UPDATE recordings SET state = 'kept', due_at = $2 WHERE customer = $1 AND state = 'waiting'", e.alias, e.now)
}

// veil suppresses an address without keeping it, for the reason there was.
func (e *eraser) veil(ctx context.Context, ch channels.Channel, address string) {
	if address == "" || e.err != nil {
		return
	}
	reason := customers.Erased
	before, known, err := first(ctx, e.tx, column[string], "SELECT s.reason FROM suppressions s WHERE s.channel = $1 AND s.address = $2", string(ch), address)
	if known && customers.Weight(before) > 0 {
		reason = before
	}
	if e.err = err; err != nil {
		return
	}
	e.do(ctx, "DELETE FROM soft_bounces WHERE address = $1", address)
	if e.twinless() {
		e.do(ctx, "DELETE FROM suppressions WHERE channel = $1 AND address = $2", string(ch), address)
	}
	e.do(ctx, "INSERT INTO suppressions (channel, address, reason, at) VALUES ($1, $2, $3, $4) ON CONFLICT (channel, address) DO NOTHING",
		string(ch), customers.Veil(e.tx.erasureKeys[0], ch, address), reason, e.now)
	if e.err == nil {
		e.err = setFact(ctx, e.tx, erasedFact, "yes")
	}
}

// twinless reports whether nobody else is reached by the same addresses, whose stop
// must stay readable.
func (e *eraser) twinless() bool { return len(e.gone.Twins) == 0 }

// suppressErased suppresses the addresses among those of people that belong to
// somebody who was erased.
func suppressErased(ctx context.Context, tx *tx, now time.Time, people []customers.Customer) error {
	_, erased, err := readFact(ctx, tx, erasedFact)
	if err != nil || !erased {
		return err
	}
	if len(tx.erasureKeys) == 0 {
		return errNoErasureKey
	}
	rows := newRows("channel text, veiled text, address text")
	for _, key := range tx.erasureKeys {
		for i := range people {
			addVeiled(rows, key, channels.Email, mailbox(people[i].Email))
			addVeiled(rows, key, channels.SMS, strings.TrimSpace(people[i].Phone))
			addVeiled(rows, key, channels.Call, strings.TrimSpace(people[i].Phone))
		}
	}
	if rows.len() == 0 {
		return nil
	}
	blocks, err := listRows(ctx, tx, rows, func(r record) (b customers.Suppression, err error) {
		b.At = now
		err = r.Scan(&b.Channel, &b.Address, &b.Reason)
		return b, err
	}, "SELECT s.channel, v.address, s.reason FROM {rows} AS v JOIN suppressions s ON s.channel = v.channel AND s.address = v.veiled")
	if err != nil || len(blocks) == 0 {
		return err
	}
	return putSuppressions(ctx, tx, blocks)
}

func addVeiled(rows *rowset, key []byte, ch channels.Channel, address string) {
	if address != "" {
		rows.add(ch, customers.Veil(key, ch, address), address)
	}
}
