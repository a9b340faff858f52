package store

import (
	"context"
	"fmt"
	"time"

	"rapport/channels"
	"rapport/customers"
)

var _ customers.Mailboxes = (*Store)(nil)

// Try implements customers.Mailboxes.
func (s *Store) Try(ctx context.Context, trials []customers.Trial) error {
	err := s.write(ctx, func(tx *tx) error { return putTrials(ctx, tx, trials) })
	if err != nil {
		return fmt.Errorf("record %d trials of mailboxes: %w", len(trials), err)
	}
	return nil
}

// putTrials counts soft bounces inside a transaction and draws the consequence.
// What stands in the end does not depend on the order in which trials are told:
// those that were taken stand on the timeline already, and a bounce that is
// older than the latest of them is not counted.
func putTrials(ctx context.Context, tx *tx, trials []customers.Trial) error {
	taken := newRows("address text, at int")
	returned := newRows("address text, message text, at int")
	latest := map[[2]string]time.Time{}
	for _, t := range trials {
		if t.Taken {
			taken.add(t.Address, t.At)
		} else if key := [2]string{t.Address, t.Message}; t.At.After(latest[key]) {
			latest[key] = t.At
		}
	}
	for key, at := range latest {
		returned.add(key[0], key[1], at)
	}
	if err := forgetBounces(ctx, tx, taken); err != nil {
		return err
	}
	return countBounces(ctx, tx, returned)
}

// forgetBounces drops what came before a message that was taken, and frees the
// mailboxes that were suppressed for it.
func forgetBounces(ctx context.Context, tx *tx, taken *rowset) error {
	if taken.len() == 0 {
		return nil
	}
	alive, err := listRows(ctx, tx, taken, column[string], `
		WITH v AS MATERIALIZED (SELECT address, at FROM {rows} AS r)
		DELETE FROM soft_bounces WHERE `+tx.within("soft_bounces.address", "SELECT v.address FROM v")+`
		AND EXISTS (SELECT 1 FROM v WHERE v.address = soft_bounces.address AND v.at >= soft_bounces.at)
		RETURNING address`)
	if err != nil || len(alive) == 0 {
		return err
	}
	freed, err := listRows(ctx, tx, keys(distinct(alive)), scanAddress, `
		DELETE FROM suppressions WHERE channel = 'email' AND reason = $1 AND `+tx.among("suppressions.address")+`
		AND (SELECT count(*) FROM soft_bounces b WHERE b.address = suppressions.address) < $2
		RETURNING channel, address`, customers.SoftBounces, customers.SoftBounceLimit)
	if err != nil {
		return err
	}
	return wakeBehind(ctx, tx, freed)
}

// countBounces adds messages that came back and suppresses the mailboxes that
// have reached the limit.
func countBounces(ctx context.Context, tx *tx, returned *rowset) error {
	if returned.len() == 0 {
		return nil
	}
	counted, err := listRows(ctx, tx, returned, column[string], `
		INSERT INTO soft_bounces (address, message, at)
		SELECT v.address, v.message, v.at FROM {rows} AS v
		WHERE NOT EXISTS (
			SELECT 1 FROM customers c JOIN events e ON e.customer = c.id
			WHERE c.email = v.address AND e.name IN ('email delivered', 'email opened', 'email clicked') AND e.at >= v.at)
		ORDER BY v.address, v.message
		ON CONFLICT (address, message) DO UPDATE SET at = excluded.at WHERE excluded.at > soft_bounces.at
		RETURNING address`)
	if err != nil || len(counted) == 0 {
		return err
	}
	if err := forgetErased(ctx, tx, counted); err != nil {
		return err
	}
	dead, err := listRows(ctx, tx, keys(distinct(counted)), scanDead, `
		SELECT b.address, max(b.at) FROM soft_bounces b WHERE `+tx.among("b.address")+`
		GROUP BY b.address HAVING count(*) >= $1`, customers.SoftBounceLimit)
	if err != nil || len(dead) == 0 {
		return err
	}
	return putSuppressions(ctx, tx, dead)
}

// forgetErased counts nothing of mailboxes that only people had who were erased.
func forgetErased(ctx context.Context, tx *tx, mailboxes []string) error {
	if len(tx.erasureKeys) == 0 {
		return nil
	}
	boxes := make([]address, len(mailboxes))
	for i, box := range mailboxes {
		boxes[i] = address{channels.Email, box}
	}
	found, err := erasedAmong(ctx, tx, boxes)
	if err != nil {
		return err
	}
	var lone []string
	for _, f := range found {
		if f.lone {
			lone = append(lone, f.text)
		}
	}
	if len(lone) > 0 {
		_, err = tx.execRows(ctx, keys(lone), "DELETE FROM soft_bounces WHERE "+tx.among("soft_bounces.address"))
	}
	return err
}

func scanDead(r record) (s customers.Suppression, err error) {
	s.Channel, s.Reason = channels.Email, customers.SoftBounces
	err = r.Scan(&s.Address, asTime(&s.At))
	return s, err
}
