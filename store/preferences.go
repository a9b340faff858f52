package store

import (
	"context"
	"fmt"
	"time"

	"rapport/channels"
	"rapport/customers"
)

var _ customers.Preferences = (*Store)(nil)

// Consent implements customers.Preferences.
func (s *Store) Consent(ctx context.Context, words []customers.Consent) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := putConsents(ctx, tx, words)
		return err
	})
	if err != nil {
		return fmt.Errorf("record %d consents: %w", len(words), err)
	}
	return nil
}

// putConsents records consents inside a transaction, a newer word over an
// older one, and returns the customers for whom something changed. Of two
// words of the same moment the No counts.
func putConsents(ctx context.Context, tx *tx, words []customers.Consent) (changed []string, err error) {
	if len(words) == 0 {
		return nil, nil
	}
	type subject struct {
		customer, topic string
		channel         channels.Channel
	}
	latest := map[subject]int{}
	for i, w := range words {
		about := subject{w.Customer, w.Topic, w.Channel}
		if j, twice := latest[about]; !twice || supersedes(w, words[j]) {
			latest[about] = i
		}
	}
	rows := newRows("customer text, topic text, channel text, granted int, at int, source text")
	for i, w := range words {
		if latest[subject{w.Customer, w.Topic, w.Channel}] == i {
			rows.add(w.Customer, w.Topic, w.Channel, w.In, w.At, w.Source)
		}
	}
	return listRows(ctx, tx, rows, column[string], `
		INSERT INTO consents (customer, topic, channel, granted, at, source)
		SELECT customer, topic, channel, granted, at, source FROM {rows} AS v WHERE TRUE ORDER BY customer, topic, channel
		ON CONFLICT (customer, topic, channel) DO UPDATE SET granted = excluded.granted, at = excluded.at, source = excluded.source
		WHERE excluded.at > consents.at OR (excluded.at = consents.at AND excluded.granted < consents.granted)
		RETURNING customer`)
}

func supersedes(w, over customers.Consent) bool {
	return w.At.After(over.At) || w.At.Equal(over.At) && over.In && !w.In
}

// Suppress implements customers.Preferences.
func (s *Store) Suppress(ctx context.Context, blocks []customers.Suppression) error {
	err := s.write(ctx, func(tx *tx) error { return putSuppressions(ctx, tx, blocks) })
	if err != nil {
		return fmt.Errorf("suppress %d addresses: %w", len(blocks), err)
	}
	return nil
}

// putSuppressions blocks addresses inside a transaction; the first reason for
// an address stays.
func putSuppressions(ctx context.Context, tx *tx, blocks []customers.Suppression) error {
	rows := newRows("ord int, channel text, address text, reason text, at int")
	for i, b := range blocks {
		rows.add(i, b.Channel, b.Address, b.Reason, b.At)
	}
	_, err := tx.execRows(ctx, rows, `
		INSERT INTO suppressions (channel, address, reason, at)
		SELECT channel, address, reason, at FROM {rows} AS v WHERE TRUE ORDER BY channel, address, ord
		ON CONFLICT (channel, address) DO NOTHING`)
	return err
}

// Release implements customers.Preferences.
func (s *Store) Release(ctx context.Context, ch channels.Channel, address string) error {
	err := s.write(ctx, func(tx *tx) error {
		return releaseSuppressions(ctx, tx, []customers.Suppression{{Channel: ch, Address: address}})
	})
	if err != nil {
		return fmt.Errorf("release an address for %s: %w", ch, err)
	}
	return nil
}

// releaseSuppressions lifts opt-outs inside a transaction; other reasons stay.
func releaseSuppressions(ctx context.Context, tx *tx, blocks []customers.Suppression) error {
	rows := newRows("channel text, address text")
	for _, b := range blocks {
		rows.add(b.Channel, b.Address)
	}
	_, err := tx.execRows(ctx, rows, `
		DELETE FROM suppressions WHERE reason = $1
		AND EXISTS (SELECT 1 FROM {rows} AS v WHERE v.channel = suppressions.channel AND v.address = suppressions.address)`,
		channels.ReasonOptedOut)
	return err
}

// Subscribe implements customers.Preferences.
func (s *Store) Subscribe(ctx context.Context, customer string, p channels.PushSubscription, now time.Time) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.exec(ctx, `
			INSERT INTO push_subscriptions (endpoint, customer, p256dh, auth, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (endpoint) DO UPDATE
			SET customer = excluded.customer, p256dh = excluded.p256dh, auth = excluded.auth, at = excluded.at`,
			p.Endpoint, customer, p.P256dh, p.Auth, instant(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("subscribe a browser of customer %s: %w", customer, err)
	}
	return nil
}

// Unsubscribe implements customers.Preferences.
func (s *Store) Unsubscribe(ctx context.Context, endpoint string) error {
	err := s.write(ctx, func(tx *tx) error { return dropSubscriptions(ctx, tx, []string{endpoint}) })
	if err != nil {
		return fmt.Errorf("unsubscribe a browser: %w", err)
	}
	return nil
}

// dropSubscriptions forgets push endpoints inside a transaction.
func dropSubscriptions(ctx context.Context, tx *tx, endpoints []string) error {
	_, err := tx.execRows(ctx, keys(endpoints), "DELETE FROM push_subscriptions WHERE "+tx.among("endpoint"))
	return err
}
