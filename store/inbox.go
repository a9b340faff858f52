package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

var _ deliveries.Inbox = (*Store)(nil)

// arrival is one callback on its way into the inbox.
type arrival struct {
	provider string
	callback channels.Callback
	fresh    bool // once it is stored
}

// arrivalsAtOnce and arrivedAtOnce bound how many callbacks, and bytes of theirs, share
// a transaction, and with it the memory they take together. A letter may be larger, and
// has one for itself.
const (
	arrivalsAtOnce = 64
	arrivedAtOnce  = 1 << 20
)

// Receive implements deliveries.Inbox. Callbacks that come at the same time are
// committed together; each is answered after the commit that holds it.
func (s *Store) Receive(ctx context.Context, provider string, c channels.Callback) (fresh bool, err error) {
	defer s.timed("receive")()
	a := &arrival{provider: provider, callback: c}
	if err := s.arrivals.join(ctx, a, s.receive); err != nil {
		return false, fmt.Errorf("receive a callback of %s: %w", provider, err)
	}
	return a.fresh, nil
}

// receive stores callbacks in the order in which they came and marks those that
// were not there.
func (s *Store) receive(ctx context.Context, some []*gathered[*arrival]) error {
	rows := newRows(`n int, provider text, method text, url text, header json, body bytes, received_at int, digest text,
		lease_until int, about int`)
	byDigest := map[string]*arrival{}
	for n, one := range some {
		a, c := one.what, one.what.callback
		digest := digestOf(a.provider, c)
		if byDigest[digest] == nil { // of several copies the first is stored
			byDigest[digest] = a
		}
		body := c.Body
		if body == nil {
			body = []byte{}
		}
		rows.add(n, a.provider, c.Method, c.URL, inJSON(c.Header), body, c.ReceivedAt, digest, c.ReadAt, c.About)
	}
	var stored []string
	err := s.write(ctx, func(tx *tx) (err error) {
		stored, err = listRows(ctx, tx, rows, column[string], `
			INSERT INTO inbox (provider, method, url, header, body, received_at, digest, state, lease_until, about)
			SELECT v.provider, v.method, v.url, coalesce(v.header, 'null'), v.body, v.received_at, v.digest, 'waiting', v.lease_until, v.about
			FROM {rows} AS v WHERE TRUE ORDER BY v.n ON CONFLICT DO NOTHING RETURNING digest`)
		return err
	})
	for _, digest := range stored {
		byDigest[digest].fresh = true
	}
	return err
}

// newArrivals gathers callbacks. Where the database is away, none can be stored by
// itself either.
func newArrivals() gathering[*arrival] {
	return gathering[*arrival]{most: arrivalsAtOnce, size: func(a *arrival) int { return len(a.callback.Body) }, heavy: arrivedAtOnce, apart: func(err error) bool { return !lost(err) }}
}

// digestOf is the same for the same provider, URL and body. Lengths go in with
// the parts, so that no two requests can be cut into the same text.
func digestOf(provider string, c channels.Callback) string {
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(provider), []byte(c.URL), c.Body} {
		fmt.Fprintf(sum, "%d:", len(part))
		sum.Write(part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// readAtOnce bounds the bytes of the callbacks that are read together: letters
// may be large.
const readAtOnce = 2 << 20

// Waiting implements deliveries.Inbox. What speaks of the same message and lies
// until later comes along.
func (s *Store) Waiting(ctx context.Context, now time.Time, lease time.Duration, limit int) (waiting []deliveries.Received, err error) {
	defer s.timed("read_inbox")()
	err = s.write(ctx, func(tx *tx) (err error) {
		waiting, err = list(ctx, tx, scanReceived, tx.leaseWaiting(),
			now.UnixMilli(), limit, now.Add(lease).UnixMilli(), readAtOnce)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("lease waiting callbacks: %w", err)
	}
	slices.SortFunc(waiting, func(a, b deliveries.Received) int { return cmp.Compare(a.ID, b.ID) })
	return waiting, nil
}

// leaseWaiting is the SQL that leases callbacks which wait, up to $2 of them and $4
// bytes, from $1 until $3, and what speaks of the same messages.
func (t *tx) leaseWaiting() string {
	return `
		WITH free AS MATERIALIZED (
			SELECT i.id, i.about, length(i.body) AS size FROM inbox i
			WHERE i.state = 'waiting' AND (i.lease_until IS NULL OR i.lease_until <= $1)
			ORDER BY i.id LIMIT $2` + t.forUpdateOfFree("i") + `),
		waiting AS MATERIALIZED (
			SELECT id, about FROM (SELECT id, about, size, sum(size) OVER (ORDER BY id) AS sofar FROM free) AS f WHERE sofar - size < $4),
		along AS MATERIALIZED (
			SELECT i.id FROM inbox i
			WHERE i.state = 'waiting' AND i.attempts = 0 AND i.about <> 0 AND ` + t.within("i.about", "SELECT about FROM waiting") + t.forUpdateOfFree("i") + `)
		UPDATE inbox SET lease_until = $3, attempts = attempts + 1
		WHERE ` + t.within("id", "SELECT id FROM waiting UNION SELECT id FROM along") + `
		RETURNING id, provider, attempts, method, url, header, body, received_at, about`
}

func scanReceived(r record) (in deliveries.Received, err error) {
	c := &in.Callback
	err = r.Scan(&in.ID, &in.Provider, &in.Attempts, &c.Method, &c.URL, asJSON(&c.Header), &c.Body, asTime(&c.ReceivedAt), &c.About)
	return in, err
}

// Done implements deliveries.Inbox.
func (s *Store) Done(ctx context.Context, ids []int64) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.execRows(ctx, numbers(ids),
			"UPDATE inbox SET state = 'done', lease_until = NULL WHERE "+tx.among("id"))
		return err
	})
	if err != nil {
		return fmt.Errorf("mark %d callbacks as read: %w", len(ids), err)
	}
	return nil
}

// Reject implements deliveries.Inbox. The callback counts as read, with an error, so
// that it is forgotten in its time like any other.
func (s *Store) Reject(ctx context.Context, id int64, why string) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.exec(ctx, "UPDATE inbox SET state = 'done', lease_until = NULL, error = $2 WHERE id = $1", id, clean(why))
		return err
	})
	if err != nil {
		return fmt.Errorf("set callback %d aside: %w", id, err)
	}
	return nil
}

// SetAside lists what could not be read and is not forgotten yet, by provider and
// reason, the most frequent first. It reads all callbacks that are kept.
func (s *Store) SetAside(ctx context.Context) (all []deliveries.Aside, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, func(r record) (a deliveries.Aside, err error) {
			err = r.Scan(&a.Provider, &a.Why, &a.Callbacks, asTime(&a.Latest))
			return a, err
		}, `
			SELECT i.provider, i.error, count(*), max(i.received_at) FROM inbox i
			WHERE i.state IN ('done', 'rejected') AND i.error <> '' GROUP BY i.provider, i.error ORDER BY 3 DESC, 1, 2`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list callbacks that were set aside: %w", err)
	}
	return all, nil
}

// Forget implements deliveries.Inbox. What older programs set aside, which may still
// run beside this one, has a state of its own.
func (s *Store) Forget(ctx context.Context, before time.Time, limit int) (int, error) {
	var forgotten int64
	err := s.write(ctx, func(tx *tx) (err error) {
		forgotten, err = tx.exec(ctx, `
			UPDATE inbox SET state = 'forgotten', url = '', header = '{}', body = $3, error = ''
			WHERE id IN (SELECT id FROM (
				SELECT * FROM (SELECT id, received_at FROM inbox WHERE state = 'done' AND received_at < $1 ORDER BY received_at LIMIT $2) AS d
				UNION ALL
				SELECT * FROM (SELECT id, received_at FROM inbox WHERE state = 'rejected' AND received_at < $1 ORDER BY received_at LIMIT $2) AS r
			) AS old ORDER BY received_at LIMIT $2)`,
			before.UnixMilli(), limit, []byte{})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("forget callbacks that are read: %w", err)
	}
	return int(forgotten), nil
}
