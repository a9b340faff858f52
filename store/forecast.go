package store

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/campaigns/plan"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Forecast lets do read what a plan is made of, all of it as the database
// stands at one moment. Nothing is locked and nothing is written.
func (s *Store) Forecast(ctx context.Context, do func(plan.Source) error) error {
	return s.read(ctx, func(tx *tx) error { return do(forecast{tx}) })
}

// forecast implements plan.Source within one transaction.
type forecast struct{ tx *tx }

// Candidates implements plan.Source. It asks what EnterShard asks, by the same
// words.
func (f forecast) Candidates(ctx context.Context, c *campaigns.Campaign, part, parts int, now time.Time) ([]plan.Candidate, error) {
	rule, err := mayEnterRun(c.Entry.Again, now)
	if err != nil {
		return nil, err
	}
	q := &audienceQuery{campaign: c.ID, where: "TRUE", from: part * customers.Shards / parts, to: (part + 1) * customers.Shards / parts, now: now}
	if c.Audience.Who != nil {
		q.where, q.args = c.Audience.Who.SQL(f.tx.dialect, c.AudienceAt(now))
	}
	found, err := judged(ctx, f.tx, scanCandidate, `
		SELECT v.customer, v.twin, CASE WHEN `+rule+` THEN 0 ELSE 1 END, EXISTS (SELECT 1 FROM entries r
			WHERE r.customer = v.customer AND r.campaign = v.campaign AND r.key = v.key AND r.state = 'running')
		FROM `+q.sql()+` ORDER BY v.customer`, q.args...)
	if err != nil {
		return nil, fmt.Errorf("find the audience of %s: %w", c.ID, err)
	}
	return found, nil
}

func scanCandidate(r record) (c plan.Candidate, err error) {
	var twin, running bool
	var kept int
	err = r.Scan(&c.Customer, &twin, &kept, &running)
	switch {
	case running && (kept == 1 || !twin):
		c.Standing = plan.Running
	case kept == 1:
		c.Standing = plan.Again
	case twin:
		c.Standing = plan.Twin
	}
	return c, err
}

// People implements plan.Source.
func (f forecast) People(ctx context.Context, ids []string, now time.Time) (map[string]*customers.Customer, error) {
	return loadCustomers(ctx, f.tx, ids, now)
}

// Counts implements plan.Source.
func (f forecast) Counts(ctx context.Context, ids []string, counts []expression.Count, now time.Time) (map[string]map[string]int64, error) {
	return countEvents(ctx, f.tx, ids, counts, now)
}

// Pressure implements plan.Source.
func (f forecast) Pressure(ctx context.Context, ids []string, since time.Time) (map[string]deliveries.Pressure, error) {
	persons, err := personsOf(ctx, f.tx, ids, "")
	if err != nil {
		return nil, err
	}
	contacts, rivals, err := pressureOf(ctx, f.tx, persons, since, since)
	if err != nil {
		return nil, err
	}
	found := make(map[string]deliveries.Pressure, len(ids))
	for _, id := range ids {
		found[id] = deliveries.Pressure{Contacts: contacts[persons[id]], Rivals: rivals[persons[id]]}
	}
	return found, nil
}

// Spent implements plan.Source.
func (f forecast) Spent(ctx context.Context, ch channels.Channel, campaign string, since time.Time) (int64, error) {
	return readSpent(ctx, f.tx, question{ch, campaign, since.UnixMilli()})
}
