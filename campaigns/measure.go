package campaigns

import (
	"context"
	"time"

	"rapport/campaigns/expression"
)

// Census counts customers and journeys.
type Census interface {
	// Dialect is the SQL that CountCustomers takes.
	Dialect() expression.Dialect
	// CountCustomers counts whom a condition over customers, aliased c, selects.
	CountCustomers(ctx context.Context, where string, args []any) (int64, error)
	// CountRunning counts the journeys under way, by campaign.
	CountRunning(ctx context.Context) (map[string]int64, error)
}

// Measure adds to a difference how many customers enter and leave each audience
// that changed, as they are now, and how many journeys of each campaign are under
// way.
func (d *Difference) Measure(ctx context.Context, census Census, now time.Time) error {
	running, err := census.CountRunning(ctx)
	if err != nil {
		return err
	}
	for _, list := range [][]Revision{d.Segments, d.Campaigns} {
		for i := range list {
			if list[i].Audience == nil {
				continue
			}
			if err := list[i].Audience.measure(ctx, census, now); err != nil {
				return err
			}
		}
	}
	for i := range d.Campaigns {
		if c := &d.Campaigns[i]; c.Kind != Added {
			c.Running = running[c.ID]
		}
	}
	return nil
}

func (s *Shift) measure(ctx context.Context, census Census, now time.Time) (err error) {
	count := func(who *expression.Program) (int64, error) {
		where, args := who.SQL(census.Dialect(), now)
		return census.CountCustomers(ctx, where, args)
	}
	if s.Enter, err = count(s.Entering()); err != nil {
		return err
	}
	s.Leave, err = count(s.Leaving())
	return err
}
