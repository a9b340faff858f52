package workers

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
)

// Watcher notices who came into the segments that triggers watch and who left
// them, and lets their journeys begin.
type Watcher struct {
	Catalog     *campaigns.Catalog
	Memberships campaigns.Memberships
	Queue       *Queue // of the process that starts looks
	Dialect     expression.Dialect
	// Conditions is how long a marketer's condition may be judged; 0 is a minute.
	Conditions time.Duration
	Now        func() time.Time
	Log        *slog.Logger

	started time.Time // the latest round
}

// watchEvery is how often watched segments are compared.
const watchEvery = time.Minute

// watchSize is how many changes are written at once.
const watchSize = 2000

// Round starts a look at every watched segment, once a minute. A task that
// gets lost is made good for by the next round.
func (w *Watcher) Round(ctx context.Context) error {
	now := w.Now()
	if now.Sub(w.started) < watchEvery {
		return nil
	}
	edition, err := w.Catalog.Current(ctx)
	if err != nil {
		return err
	}
	watched := edition.Watched()
	if err := w.Memberships.Forget(ctx, watched); err != nil {
		return err
	}
	for _, segment := range watched {
		for number := range campaigns.SegmentParts {
			if _, err := w.Queue.putOnce(ctx, taskWatch, campaigns.SegmentPart{Segment: segment, Number: number}, judgedTimeout(w.Conditions)); err != nil {
				return fmt.Errorf("start a look at segment %s: %w", segment, err)
			}
		}
	}
	w.started = now
	return nil
}

// Compare compares one part of a segment with what is remembered of it. Whatever
// interrupts it, a change begins its journeys once.
func (w *Watcher) Compare(ctx context.Context, part campaigns.SegmentPart) error {
	edition, err := w.Catalog.Current(ctx)
	if err != nil {
		return err
	}
	segment := edition.Segments[part.Segment]
	if segment == nil {
		return nil // it was taken out since the look was started
	}
	for {
		now := w.Now()
		look := campaigns.Look{
			Part: part, Meaning: edition.Meaning(part.Segment), Counts: edition.WatchCounts(part.Segment),
			Begin: func(changes []campaigns.MemberChange, counts map[string]map[string]int64) []campaigns.Admission {
				return edition.Begun(part.Segment, changes, counts, now)
			},
		}
		look.Where, look.Args = segment.Who.SQL(w.Dialect, now)
		changes, err := w.Memberships.Compare(ctx, look, watchSize, now)
		if err != nil {
			return err
		}
		if changes > 0 {
			w.Log.Debug("a segment changed", "segment", part.Segment, "part", part.Number, "changes", changes)
		}
		if changes < watchSize {
			return nil
		}
	}
}
