package deliveries

import (
	"context"
	"time"

	"rapport/channels"
)

// Level is how much of something waits, and since when the oldest of it has; zero
// where nothing does.
type Level struct {
	Count int64
	Since time.Time
}

// Levels are what waits in the whole installation at a moment, for people who watch
// it. Each is counted no further than a limit, because an exact count of what has
// piled up would cost most when there is least to spare.
type Levels struct {
	Due         map[channels.Channel]Level // planned deliveries whose time has come
	Unconfirmed map[channels.Channel]Level // the oldest of all channels first, up to the limit
	Entries     Level                      // to be walked, that no task has
	Callbacks   Level
	Events      Level
	Recordings  Level // made, and not fetched yet
	Shards      int64
	CasesOpen   int64
	Overdue     int64 // open cases whose customer waits for longer than promised
}

// Gauge reads levels.
type Gauge interface {
	// Levels counts what waits at now, each thing up to limit, by indexes that hold
	// nothing but what waits.
	Levels(ctx context.Context, now time.Time, limit int) (Levels, error)
}
