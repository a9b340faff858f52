package campaigns

import (
	"context"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// News is live events that triggers and exits have not seen.
type News interface {
	// Pending lists unseen live events, oldest first.
	Pending(ctx context.Context, limit int) ([]customers.Event, error)
	// Seen marks events as judged.
	Seen(ctx context.Context, ids []int64) error
	// RunningOf lists the running entries of customers.
	RunningOf(ctx context.Context, customers []string) ([]Entry, error)
	// Counts reads did() counts for customers, by customer and count key.
	Counts(ctx context.Context, customers []string, counts []expression.Count, now time.Time) (map[string]map[string]int64, error)
}
