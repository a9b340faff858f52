package store

import (
	"context"
	"fmt"
	"time"
)

// Lease takes or extends a lease on a name: true when holder has it until the
// time given. It is refused while another holder's has not ended. A holder that
// gives it up leases it until now.
func (s *Store) Lease(ctx context.Context, name, holder string, now, until time.Time) (held bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		taken, err := tx.exec(ctx, `
			INSERT INTO facts (name, value, until) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value, until = excluded.until
			WHERE facts.value = excluded.value OR facts.until IS NULL OR facts.until <= $4`,
			"lease:"+name, holder, instant(until), instant(now))
		held = taken == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("lease %s: %w", name, err)
	}
	return held, nil
}

// Fact is a small fact of the installation; "" when it was never set.
func (s *Store) Fact(ctx context.Context, name string) (value string, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		value, _, err = readFact(ctx, tx, name)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read fact %s: %w", name, err)
	}
	return value, nil
}

// factKey is under which key a fact lies beside what else the table holds.
func factKey(name string) string { return "fact:" + name }

func readFact(ctx context.Context, tx *tx, name string) (value string, known bool, err error) {
	return first(ctx, tx, column[string], "SELECT value FROM facts WHERE name = $1", factKey(name))
}

// SetFact records a fact, over what was known before.
func (s *Store) SetFact(ctx context.Context, name, value string) error {
	err := s.write(ctx, func(tx *tx) error { return setFact(ctx, tx, name, value) })
	if err != nil {
		return fmt.Errorf("record fact %s: %w", name, err)
	}
	return nil
}

// raiseFact records a fact that is a number where it is greater than what was known.
func raiseFact(ctx context.Context, tx *tx, name, value string) error {
	_, err := tx.exec(ctx, `
		INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
		WHERE CAST(facts.value AS BIGINT) < CAST(excluded.value AS BIGINT)`, factKey(name), value)
	return err
}

func setFact(ctx context.Context, tx *tx, name, value string) error {
	_, err := tx.exec(ctx, `
		INSERT INTO facts (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, factKey(name), clean(value))
	return err
}
