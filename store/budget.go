package store

import (
	"context"
	"fmt"
	"math"
	"time"

	"rapport/channels"
)

// expense is money taken by a delivery that goes.
type expense struct {
	channel  channels.Channel
	campaign string
	amount   int64
}

// question asks what was spent on a channel ("" is all) and by a campaign (""
// is all) since a moment, in milliseconds.
type question struct {
	channel  channels.Channel
	campaign string
	since    int64
}

// budget answers what has been spent.
type budget struct {
	read   func(question) (int64, error)
	before map[question]int64 // what was spent before this transaction
	taken  []expense          // in this transaction
	err    error
}

// openBudget prepares answers. From the first question on, where not from before,
// no other worker takes money until the transaction ends.
func openBudget(ctx context.Context, tx *tx) *budget {
	b := &budget{before: map[question]int64{}}
	b.read = func(q question) (int64, error) {
		if len(b.before) == 0 {
			if err := tx.alone(ctx, spending); err != nil {
				return 0, err
			}
		}
		return readSpent(ctx, tx, q)
	}
	return b
}

// spent is deliveries.Pressure.Spent. After an error everything is spent, and
// the transaction is given up.
func (b *budget) spent(ch channels.Channel, campaign string, since time.Time) int64 {
	q := question{ch, campaign, since.UnixMilli()}
	sum, known := b.before[q]
	if !known && b.err == nil {
		sum, b.err = b.read(q)
		b.before[q] = sum
	}
	if b.err != nil {
		return math.MaxInt64
	}
	for _, t := range b.taken {
		if (ch == "" || t.channel == ch) && (campaign == "" || t.campaign == campaign) {
			sum += t.amount
		}
	}
	return sum
}

func readSpent(ctx context.Context, tx *tx, q question) (int64, error) {
	where, args := "charged_at > $1", []any{q.since}
	if q.channel != "" {
		args = append(args, q.channel)
		where += fmt.Sprintf(" AND channel = $%d", len(args))
	} else {
		where += " AND channel IN (" + quotedLanes() + ")" // the index of what was spent begins with it
	}
	if q.campaign != "" {
		args = append(args, q.campaign)
		where += fmt.Sprintf(" AND campaign = $%d", len(args))
	}
	sum, _, err := first(ctx, tx, column[int64], "SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) FROM deliveries WHERE "+where, args...)
	return sum, err
}
