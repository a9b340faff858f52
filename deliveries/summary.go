package deliveries

import (
	"context"
	"time"

	"rapport/channels"
)

// Backlog counts work that is waiting at a moment, and when the next falls due.
type Backlog struct {
	Due  int64 // planned deliveries whose time has come
	Held int64 // queued or sending
	// HeldBy is Held by lane; empty where it was not asked.
	HeldBy map[channels.Channel]int64
	Awake  int64 // entries to be looked at
	Shards int64
	Inbox  int64
	Events int64
	// Next is the earliest later due or wake time; zero when there is none.
	Next time.Time
}

// Idle reports whether nothing is to be done now.
func (b Backlog) Idle() bool { return b.Due+b.Held+b.Awake+b.Shards+b.Inbox+b.Events == 0 }

// Summary reads the ledger for people.
type Summary interface {
	// Funnels sums up every campaign that was ever entered, by id; that of direct
	// messages, which belong to none, comes first under "". Whose time for a goal is over
	// is asked of now.
	Funnels(ctx context.Context, now time.Time) ([]Funnel, error)
	// Backlog counts what waits.
	Backlog(ctx context.Context, now time.Time) (Backlog, error)
	// Pressing is a cheap Backlog for the pump's poll: what may be many is counted only
	// up to most, held deliveries up to most in each lane. Left out: Next, shards tried
	// within the last minute, and held deliveries when none is due.
	Pressing(ctx context.Context, now time.Time, most int) (Backlog, error)
	// Of lists the deliveries of an entry, oldest first.
	Of(ctx context.Context, entry int64) ([]Delivery, error)
}
