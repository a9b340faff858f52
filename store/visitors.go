package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"rapport/channels"
	"rapport/customers"
)

var _ customers.Visitors = (*Store)(nil)

// SubscribeVisitor implements customers.Visitors.
func (s *Store) SubscribeVisitor(ctx context.Context, visitor string, p channels.PushSubscription, now time.Time) (bound bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		bound = false
		here, err := keepPresent(ctx, tx, []string{visitor})
		if err != nil || !here.has(visitor) {
			return err
		}
		n, err := tx.exec(ctx, `
			INSERT INTO push_subscriptions (endpoint, customer, p256dh, auth, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (endpoint) DO UPDATE
			SET customer = excluded.customer, p256dh = excluded.p256dh, auth = excluded.auth, at = excluded.at
			WHERE push_subscriptions.customer LIKE 'anonymous:%'`,
			p.Endpoint, visitor, p.P256dh, p.Auth, instant(now))
		if err != nil || n == 0 {
			return err
		}
		bound = true
		return wakeJourneys(ctx, tx, []string{visitor})
	})
	if err != nil {
		return false, fmt.Errorf("subscribe a visitor's browser: %w", err)
	}
	return bound, nil
}

// Renew implements customers.Visitors.
func (s *Store) Renew(ctx context.Context, endpoint string, p channels.PushSubscription, now time.Time) (known bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		known = false
		owner, found, err := first(ctx, tx, column[string], "SELECT customer FROM push_subscriptions WHERE endpoint = $1", endpoint)
		if err != nil || !found {
			return err
		}
		if _, err := keepPresent(ctx, tx, []string{owner}); err != nil { // who is erased meanwhile has no browser afterwards
			return err
		}
		gone, err := tx.exec(ctx, "DELETE FROM push_subscriptions WHERE endpoint = $1 AND customer = $2", endpoint, owner)
		if err != nil || gone == 0 {
			return err
		}
		known = true
		_, err = tx.exec(ctx, `
			INSERT INTO push_subscriptions (endpoint, customer, p256dh, auth, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (endpoint) DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth, at = excluded.at`,
			p.Endpoint, owner, p.P256dh, p.Auth, instant(now))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("renew a browser's subscription: %w", err)
	}
	return known, nil
}

// adopt gives the browsers of visitors to the customers they have turned out to be,
// and what they agreed to by push where the customers themselves have said nothing.
func adopt(ctx context.Context, tx *tx, visitors map[string]string) error {
	if len(visitors) == 0 {
		return nil
	}
	here, err := keepPresent(ctx, tx, slices.Collect(maps.Values(visitors)))
	if err != nil {
		return err
	}
	rows := newRows("visitor text, customer text")
	for _, visitor := range slices.Sorted(maps.Keys(visitors)) {
		if here.has(visitors[visitor]) {
			rows.add(visitor, visitors[visitor])
		}
	}
	adopters, err := listRows(ctx, tx, rows, column[string], `
		UPDATE push_subscriptions SET customer = v.customer FROM {rows} AS v
		WHERE push_subscriptions.customer = v.visitor RETURNING push_subscriptions.customer`)
	if err != nil || len(adopters) == 0 {
		return err
	}
	if _, err := tx.execRows(ctx, rows, `
		INSERT INTO consents (customer, topic, channel, granted, at, source)
		SELECT v.customer, c.topic, c.channel, c.granted, c.at, c.source FROM {rows} AS v JOIN consents c ON c.customer = v.visitor
		WHERE c.channel = 'push' ON CONFLICT DO NOTHING`); err != nil {
		return err
	}
	return wakeJourneys(ctx, tx, distinct(adopters))
}
