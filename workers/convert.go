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
	var reached []campaigns.Hope
	var conversions []campaigns.Conversion
	for entered, group := range hopesByVersion(hopes) {
		campaign, err := shelf.campaign(ctx, entered.campaign, entered.number)
		if err != nil {
			return err
		}
		if campaign == nil {
			continue
		}
		counts, err := countsFor(ctx, r.News, campaign.Counts(), pluck(group, func(h campaigns.Hope) string { return h.Event.Customer }), now)
		if err != nil {
			return err
		}
		for _, hope := range group {
			who := hope.Event.Customer
			if conversion, is := edition.Converts(campaign, hope, people[who], counts[who]); is && !hope.Entry.BeganAfter(hope.Event) {
				reached, conversions = append(reached, hope), append(conversions, conversion)
			}
		}
	}
	if len(conversions) == 0 {
		return nil
	}
	return r.Goals.Convert(ctx, campaigns.Credited(reached, conversions))
}

func hopesByVersion(hopes []campaigns.Hope) map[version][]campaigns.Hope {
	groups := map[version][]campaigns.Hope{}
	for _, hope := range hopes {
		v := version{hope.Entry.Campaign, hope.Entry.Version}
		groups[v] = append(groups[v], hope)
	}
	return groups
}
