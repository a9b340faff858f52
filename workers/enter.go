package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/customers"
	"rapport/deliveries"
)

// Entrance lets the audience of a broadcast in, shard by shard.
type Entrance struct {
	Catalog   *campaigns.Catalog
	Runs      campaigns.Runs
	Dialect   expression.Dialect
	Telemetry Telemetry
	Now       func() time.Time
	Log       *slog.Logger
}

// Enter adds an entry for every customer of the shard who belongs. Doing it
// again adds nothing. The audience is judged at the run's own instant, so that
// a late shard takes the same people as an early one. One that cannot be entered
// leaves its turn to others for a while.
func (e *Entrance) Enter(ctx context.Context, shard campaigns.Shard) (err error) {
	ctx, span := e.Telemetry.of(ctx, "enter", deliveries.RunTrail.Of(shard.Run))
	span.Campaign(shard.Campaign)
	defer func() { span.End(err) }()
	done, err := e.enter(ctx, shard)
	if done {
		return nil
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteTimeout)
	defer cancel()
	return errors.Join(err, e.Runs.Tried(noting, shard, e.Now()))
}

// noteTimeout bounds how long it may take to note that a shard was not entered.
const noteTimeout = 5 * time.Second

func (e *Entrance) enter(ctx context.Context, shard campaigns.Shard) (done bool, err error) {
	campaign, err := e.Catalog.Campaign(ctx, shard.Campaign, shard.Version)
	if err != nil {
		return false, err
	}
	in := campaigns.Intake{Campaign: campaign}
	switch campaign.State {
	case campaigns.Live:
	case campaigns.Archived:
		in.Where = "FALSE" // the shard is done: nobody enters what is over
	default:
		return true, nil // the shard waits for the campaign to go on, and is not asked about meanwhile
	}
	if campaign.Audience.Who != nil && in.Where == "" {
		in.Where, in.Args = campaign.Audience.Who.SQL(e.Dialect, campaign.AudienceAt(shard.At))
	}
	if campaign.Trigger.OwnClock {
		edition, err := e.Catalog.Current(ctx)
		if err != nil {
			return false, err
		}
		in.Start = func(c *customers.Customer) time.Time { return edition.StartFor(campaign, shard.At, c) }
	}
	entered, err := e.Runs.EnterShard(ctx, shard, in, e.Now())
	if err != nil {
		return false, fmt.Errorf("enter shard %d/%d of run %d of %s: %w", shard.Number, shard.Of, shard.Run, shard.Campaign, err)
	}
	e.Log.Debug("shard entered", "campaign", shard.Campaign, "run", shard.Run, "shard", shard.Number, "entries", entered)
	return true, nil
}
