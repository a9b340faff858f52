package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"rapport/deliveries"
)

// Summary reads this store for people.
func (s *Store) Summary() deliveries.Summary { return summary{s} }

type summary struct{ store *Store }

// Funnels implements deliveries.Summary. Profiles that were set aside as the
// second of one person count as skipped, not as entered. Webhooks reach no
// customer and are no messages.
func (s summary) Funnels(ctx context.Context, now time.Time) ([]deliveries.Funnel, error) {
	sums := funnels{}
	err := s.store.read(ctx, func(tx *tx) error {
		clear(sums)
		if err := sums.addEntries(ctx, tx); err != nil {
			return err
		}
		if err := sums.addDeliveries(ctx, tx, "TRUE"); err != nil {
			return err
		}
		if err := sums.addAnswers(ctx, tx, "TRUE"); err != nil {
			return err
		}
		if err := sums.addCases(ctx, tx); err != nil {
			return err
		}
		if err := sums.addKeptOut(ctx, tx); err != nil {
			return err
		}
		return sums.addGoals(ctx, tx, now)
	})
	if err != nil {
		return nil, fmt.Errorf("sum up campaigns: %w", err)
	}
	all := make([]deliveries.Funnel, 0, len(sums))
	for _, campaign := range slices.Sorted(maps.Keys(sums)) {
		all = append(all, *sums[campaign])
	}
	return all, nil
}

// funnels are the sums so far, by campaign.
type funnels map[string]*deliveries.Funnel

func (f funnels) of(campaign string) *deliveries.Funnel {
	if f[campaign] == nil {
		f[campaign] = &deliveries.Funnel{Campaign: campaign, Failed: map[string]int64{}, Skipped: map[deliveries.SkipReason]int64{}}
	}
	return f[campaign]
}

func (f funnels) addEntries(ctx context.Context, tx *tx) error {
	return eachRow(ctx, tx, func(r record) error {
		var campaign string
		var running, twin bool
		var count int64
		if err := r.Scan(&campaign, &running, &twin, &count); err != nil {
			return err
		}
		funnel := f.of(campaign)
		switch {
		case twin:
			funnel.Skipped[deliveries.DuplicatePerson] += count
			return nil
		case running:
			funnel.Running += count
		}
		funnel.Entered += count
		return nil
	}, `SELECT campaign, state = 'running', why = 'duplicate_person', COUNT(*) FROM entries
		GROUP BY campaign, state = 'running', why = 'duplicate_person'`)
}

// addDeliveries adds the messages, aliased d, that a condition names.
func (f funnels) addDeliveries(ctx context.Context, tx *tx, which string, args ...any) error {
	return eachRow(ctx, tx, func(r record) error {
		var campaign string
		var m deliveries.Alike
		err := r.Scan(&campaign, &m.Channel, &m.Status, &m.Reason, &m.Named, &m.Machine, &m.Did, &m.Count, &m.Cost, &m.Segments)
		if err == nil {
			f.of(campaign).Add(m)
		}
		return err
	}, `SELECT d.campaign, d.channel, d.status, CASE WHEN d.status IN ('failed', 'bounced', 'expired', 'skipped') THEN d.reason ELSE '' END AS ended_by,
			d.provider_id IS NOT NULL AS named, d.machine, d.did, COUNT(*), CAST(SUM(d.cost) AS BIGINT), CAST(SUM(d.segments) AS BIGINT)
		FROM deliveries d WHERE d.channel <> 'webhook' AND `+which+` GROUP BY d.campaign, d.channel, d.status, ended_by, named, d.machine, d.did`, args...)
}

// addAnswers adds the answers of the entries, aliased e, that a condition names.
// A message asks once: what the further questions of a call's script brought
// belongs to the same answer.
func (f funnels) addAnswers(ctx context.Context, tx *tx, which string, args ...any) error {
	return eachRow(ctx, tx, func(r record) error {
		var campaign string
		var sum deliveries.Funnel
		if err := r.Scan(&campaign, &sum.Answered, &sum.ScoreCount, &sum.ScoreSum, &sum.NPSCount, &sum.NPSSum); err != nil {
			return err
		}
		funnel := f.of(campaign)
		funnel.Answered, funnel.ScoreCount, funnel.ScoreSum = sum.Answered, sum.ScoreCount, sum.ScoreSum
		funnel.NPSCount, funnel.NPSSum = sum.NPSCount, sum.NPSSum
		return nil
	}, `SELECT e.campaign, COUNT(DISTINCT a.delivery), COUNT(a.score) FILTER (WHERE a.scale = 'csat5'),
			COALESCE(SUM(a.score) FILTER (WHERE a.scale = 'csat5'), 0.0), COUNT(a.score) FILTER (WHERE a.scale = 'nps'),
			COALESCE(SUM(a.score) FILTER (WHERE a.scale = 'nps'), 0.0)
		FROM answers a JOIN entries e ON e.id = a.entry WHERE `+which+` GROUP BY e.campaign`, args...)
}

// addCounts puts a number by campaign in its place.
func (f funnels) addCounts(ctx context.Context, tx *tx, place func(*deliveries.Funnel) *int64, query string) error {
	return eachRow(ctx, tx, func(r record) error {
		var campaign string
		var count int64
		if err := r.Scan(&campaign, &count); err != nil {
			return err
		}
		*place(f.of(campaign)) = count
		return nil
	}, query)
}

func (f funnels) addCases(ctx context.Context, tx *tx) error {
	return f.addCounts(ctx, tx, func(f *deliveries.Funnel) *int64 { return &f.Cases },
		"SELECT campaign, COUNT(*) FROM cases WHERE campaign <> '' GROUP BY campaign")
}

func (f funnels) addKeptOut(ctx context.Context, tx *tx) error {
	return f.addCounts(ctx, tx, func(f *deliveries.Funnel) *int64 { return &f.KeptOut },
		"SELECT campaign, CAST(SUM(kept_out) AS BIGINT) FROM runs WHERE kept_out > 0 GROUP BY campaign")
}

// Of implements deliveries.Summary.
func (s summary) Of(ctx context.Context, entry int64) (all []deliveries.Delivery, err error) {
	err = s.store.read(ctx, func(tx *tx) (err error) {
		all, err = listInto(ctx, tx, 0, scanDelivery, "SELECT "+deliveryColumns+" FROM deliveries d WHERE d.entry = $1 ORDER BY d.id", entry)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the deliveries of entry %d: %w", entry, err)
	}
	return all, nil
}
