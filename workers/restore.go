package workers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
)

// Restorer lets work go on from a backup of the ledger that was put back. All
// processes have been stopped meanwhile.
type Restorer struct {
	Catalog *campaigns.Catalog
	Runs    campaigns.Runs
	Facts   Facts
	Ledger  interface {
		Restored(ctx context.Context, gap deliveries.Gap, dry bool) (deliveries.Restoration, error)
	}
	Log *slog.Logger
}

// Restore records the occurrences of the gap, so that they are in doubt like
// everything else in it, and then makes the ledger fit. With dry it only counts.
func (r *Restorer) Restore(ctx context.Context, gap deliveries.Gap, dry bool) (deliveries.Restoration, error) {
	schedule := &Schedule{Catalog: r.Catalog, Runs: r.Runs, Facts: r.Facts, Now: func() time.Time { return gap.Until }, Log: r.Log}
	tally := &tally{Runs: r.Runs}
	if dry {
		schedule.Runs, schedule.Facts, schedule.Log = tally, unchanged{r.Facts}, slog.New(slog.DiscardHandler)
	}
	if err := schedule.Round(ctx); err != nil && !errors.Is(err, campaigns.ErrNoWorkspace) {
		return deliveries.Restoration{}, err
	}
	restoration, err := r.Ledger.Restored(ctx, gap, dry)
	restoration.Runs += tally.occurred
	return restoration, err
}

// tally counts occurrences and records none.
type tally struct {
	campaigns.Runs
	occurred int64
}

// Occur implements campaigns.Runs.
func (t *tally) Occur(_ context.Context, runs []campaigns.Run, _ int) ([]campaigns.Run, error) {
	t.occurred += int64(len(runs))
	return nil, nil
}

// unchanged keeps a schedule from noting what it sees.
type unchanged struct{ Facts }

// SetFact implements Facts.
func (unchanged) SetFact(context.Context, string, string) error { return nil }
