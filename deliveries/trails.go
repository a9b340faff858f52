package deliveries

import (
	"context"
	"strconv"
	"time"

	"rapport/customers"
)

// Subject is what a trace is kept of: what sets journeys off, by the cause of their
// entries, and deliveries.
type Subject string

// The subjects of trails.
const (
	EventTrail    Subject = "event:"
	RunTrail      Subject = "run:"
	DeliveryTrail Subject = "delivery:"
)

// Of names rows as subjects.
func (s Subject) Of(ids ...int64) []string {
	subjects := make([]string, len(ids))
	for i, id := range ids {
		subjects[i] = string(s) + strconv.FormatInt(id, 10)
	}
	return subjects
}

// Trails remember which traces are kept of subjects, so that what comes later, in
// another process, leads back. Only what is sampled is written.
type Trails interface {
	// Mark keeps the trace of subjects, the latest where there are several.
	Mark(ctx context.Context, subjects []string, mark string, now time.Time) error
	// MarkEvents keeps the trace of events; those that are not recorded have none.
	MarkEvents(ctx context.Context, events []customers.Event, mark string, now time.Time) error
	// MarksOf reads the marks of subjects, and OfEntries those of entries' causes.
	MarksOf(ctx context.Context, subjects []string) (Marks, error)
	OfEntries(ctx context.Context, ids []int64) (Marks, error)
	// ForgetTrails drops marks that are older.
	ForgetTrails(ctx context.Context, before time.Time) error
}

// Marks are the traces of some rows: each different one once, and how many rows
// have one. Of a run's entries, which are many, only All tells.
type Marks struct {
	All  []string
	Rows int
}
