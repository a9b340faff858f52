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
func judged[T any](ctx context.Context, t *tx, scan func(record) (T, error), query string, args ...any) (all []T, err error) {
	err = t.inTime(ctx, func(ctx context.Context) (err error) {
		all, err = list(ctx, t, scan, query, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// judgedExec is exec of a statement that holds a marketer's condition.
func judgedExec(ctx context.Context, t *tx, query string, args ...any) (touched int64, err error) {
	err = t.inTime(ctx, func(ctx context.Context) (err error) {
		touched, err = t.exec(ctx, query, args...)
		return err
	})
	return touched, err
}

// inTime runs one statement and gives it up after the store's ConditionTimeout.
func (t *tx) inTime(ctx context.Context, run func(context.Context) error) error {
	timeout := cmp.Or(t.conditionTimeout, usualConditionTimeout)
	if t.dialect == expression.Postgres {
		return t.inServersTime(ctx, timeout, run)
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := run(limited)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return tooSlow(timeout)
	}
	return err
}

// queryCanceled is PostgreSQL's word for a statement whose time was over.
const queryCanceled = "57014"

// inServersTime lets PostgreSQL keep the time: it ends the statement and keeps
// the connection.
func (t *tx) inServersTime(ctx context.Context, timeout time.Duration, run func(context.Context) error) error {
	milliseconds := strconv.FormatInt(max(1, timeout.Milliseconds()), 10)
	if _, err := t.exec(ctx, "SET LOCAL statement_timeout = "+milliseconds); err != nil {
		return err
	}
	err := run(ctx)
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == queryCanceled && ctx.Err() == nil:
		return tooSlow(timeout)
	case err != nil:
		return err
	}
	_, err = t.exec(ctx, "SET LOCAL statement_timeout TO DEFAULT")
	return err
}

func tooSlow(timeout time.Duration) error {
	return fmt.Errorf("given up after %v: %w", timeout, ErrSlowCondition)
}
