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

	started time.Time               // when everybody was begun to be looked at
	left    []campaigns.SegmentPart // of that, what is not handed over yet
	under   []campaigns.SegmentPart // what is handed over and, as far as is known, not done
}

// watchEvery is how often watched segments are compared.
const watchEvery = time.Minute

// looksAtOnce is how many looks wait or run at once. One may take as long as a
// condition may, and whoever says stop stands behind it.
const looksAtOnce = 4

// watchSize is how many changes are written at once.
const watchSize = 2000

// Round begins to look at every watched segment, once a minute or when the looks
// before are all handed over, and hands over what there is room for. A task that
// gets lost is made good for by the next looks.
func (w *Watcher) Round(ctx context.Context) error {
	if now := w.Now(); len(w.left) == 0 && now.Sub(w.started) >= watchEvery {
		if err := w.begin(ctx); err != nil {
			return err
		}
		w.started = now
	}
	return w.HandOver(ctx)
}

func (w *Watcher) begin(ctx context.Context) error {
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
			w.left = append(w.left, campaigns.SegmentPart{Segment: segment, Number: number})
		}
	}
	return nil
}

// HandOver puts the next looks into Redis in the place of those that are done.
func (w *Watcher) HandOver(ctx context.Context) (err error) {
	if len(w.left) == 0 {
		return nil
	}
	if w.under, err = marked(ctx, w.Queue, taskWatch, w.under); err != nil {
		return err
	}
	for len(w.left) > 0 && len(w.under) < looksAtOnce {
		next := w.left[0]
		if _, err := w.Queue.putOnce(ctx, taskWatch, next, judgedTimeout(w.Conditions)); err != nil {
			return fmt.Errorf("start a look at segment %s: %w", next.Segment, err)
		}
		w.left, w.under = w.left[1:], append(w.under, next)
	}
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
			Begin: func(changes []campaigns.MemberChange, counts map[string]map[string]int64) []campaigns.NewEntry {
				return edition.Begun(part.Segment, changes, counts, now)
			},
		}
		look.Where, look.Args = segment.Who.SQL(w.Dialect, edition.Today(now))
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
