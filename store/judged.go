package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"rapport/campaigns/expression"
)

// usualConditionTimeout is how long one statement may judge a condition where the
// operator does not say.
const usualConditionTimeout = time.Minute

// ErrSlowCondition says that a statement with a marketer's condition in it took
// longer than the store allows. Nothing of its transaction was written.
var ErrSlowCondition = errors.New("its condition takes too long to judge: ask for less in it, such as did() with a number of days instead of all time, or allow more by condition_timeout")

// judged is list over a query that holds a marketer's condition, which may be as
// slow as they make it: the database gives it up after the store's
// ConditionTimeout.
func judged[T any](ctx context.Context, t *tx, scan func(record) (T, error), query string, args ...any) ([]T, error) {
	timeout := cmp.Or(t.conditionTimeout, usualConditionTimeout)
	if t.dialect == expression.Postgres {
		return judgedByPostgres(ctx, t, timeout, scan, query, args...)
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	all, err := list(limited, t, scan, query, args...)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return nil, tooSlow(timeout)
	}
	return all, err
}

// judgedByPostgres lets the server keep the time: it ends the statement and keeps
// the connection.
func judgedByPostgres[T any](ctx context.Context, t *tx, timeout time.Duration, scan func(record) (T, error), query string, args ...any) ([]T, error) {
	const queryCanceled = "57014"
	milliseconds := strconv.FormatInt(max(1, timeout.Milliseconds()), 10)
	if _, err := t.ExecContext(ctx, "SET LOCAL statement_timeout = "+milliseconds); err != nil {
		return nil, err
	}
	all, err := list(ctx, t, scan, query, args...)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == queryCanceled && ctx.Err() == nil:
		return nil, tooSlow(timeout)
	case err != nil:
		return nil, err
	}
	_, err = t.ExecContext(ctx, "SET LOCAL statement_timeout TO DEFAULT")
	return all, err
}

func tooSlow(timeout time.Duration) error {
	return fmt.Errorf("given up after %v: %w", timeout, ErrSlowCondition)
}
