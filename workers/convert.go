package workers

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

// convert counts events for the entries that were waiting for such a thing to
// happen, whether they run, have ended or left. An event that began an entry, or
// came before it, is not what that entry was for.
func (r *Reactor) convert(ctx context.Context, edition *campaigns.Edition, shelf *shelf, events []customers.Event, people map[string]*customers.Customer, now time.Time) error {
	hopes, err := r.Goals.Hoping(ctx, events)
	if err != nil {
		return fmt.Errorf("find what %d events count for: %w", len(events), err)
	}
	var conversions []campaigns.Conversion
	for _, hope := range hopes {
		if before(hope.Event, hope.Entry) {
			continue
		}
		campaign, err := shelf.campaign(ctx, hope.Entry.Campaign, hope.Entry.Version)
		if err != nil {
			return err
		}
		if campaign == nil {
			continue
		}
		counts, err := countsFor(ctx, r.News, campaign, []string{hope.Entry.Customer}, now)
		if err != nil {
			return err
		}
		if conversion, is := edition.Converts(campaign, hope, people[hope.Entry.Customer], counts[hope.Entry.Customer]); is {
			conversions = append(conversions, conversion)
		}
	}
	if len(conversions) == 0 {
		return nil
	}
	return r.Goals.Convert(ctx, conversions)
}
