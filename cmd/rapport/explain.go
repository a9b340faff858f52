package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/campaigns/plan"
	"rapport/channels"
	"rapport/customers"
)

func explainCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "explain CAMPAIGN WHO",
		Short: "Show why a customer is or is not in a campaign and, for each step, what happened or why nothing did",
		Long: "Show why a customer is or is not in a campaign and, for each step, what happened or why nothing did, with the\n" +
			"values that decided. For what was decided earlier, values that are known from that time are shown; every other\n" +
			"value is today's, and marked so.",
		Args: cobra.ExactArgs(2),
		RunE: o.reading(func(cmd *cobra.Command, args []string, i *installation) error {
			told, zone, err := i.explain(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), told)
			}
			printExplanation(cmd.OutOrStdout(), told, zone)
			return nil
		}),
	}
}

// explanation is all that is told about a customer and a campaign.
type explanation struct {
	Campaign string `json:"campaign"`
	Customer string `json:"customer"`
	// Today is where the customer stands now; nil when the campaign is in force no
	// more.
	Today    *campaigns.Belonging `json:"today,omitempty"`
	Journeys []story              `json:"journeys"`
	// Pause is who stopped the campaign and why; nil unless it was by hand or by
	// its rollout.
	Pause *campaigns.Pause `json:"pause,omitempty"`
	// Why nobody entered, when there is no journey.
	Why string `json:"why,omitempty"`
}

// story is one journey, step by step.
type story struct {
	Entry campaigns.Entry        `json:"entry"`
	Steps []campaigns.StepReport `json:"steps"`
	// Branches are the conditions of branches with today's values, by step.
	Branches map[string][]campaigns.BranchTrace `json:"branches,omitempty"`
	// Gates are the judge's questions about the latest message of each step.
	Gates map[string][]campaigns.Gate `json:"gates,omitempty"`
	// Why the customer did not enter again.
	Why string `json:"why,omitempty"`
}

func (i *installation) explain(ctx context.Context, campaign, who string) (told explanation, zone *time.Location, err error) {
	edition, err := i.Catalog.Current(ctx)
	if err != nil {
		return told, nil, err
	}
	customer, err := i.find(ctx, who)
	if err != nil {
		return told, nil, err
	}
	zone, _ = edition.ZoneOf(customer)
	told = explanation{Campaign: campaign, Customer: customer.ID, Journeys: []story{}}
	ids, err := i.Store.EntriesOf(ctx, campaign, customer.ID)
	if err != nil {
		return told, nil, err
	}
	c := edition.Campaigns[campaign]
	if len(ids) == 0 && c == nil {
		return told, nil, noCampaign(edition.Workspace, campaign)
	}
	pauses, err := i.Store.Pauses(ctx)
	if err != nil {
		return told, nil, err
	}
	if pause, paused := pauses[campaign]; paused {
		told.Pause = &pause
	}
	travellers, err := i.Store.Travellers(ctx, ids, i.Now())
	if err != nil {
		return told, nil, err
	}
	if c != nil {
		if told.Today, err = i.belonging(ctx, edition, c, customer, travellers); err != nil {
			return told, nil, err
		}
	}
	if len(ids) == 0 {
		told.Why, err = i.whyOutside(ctx, edition, c, customer)
		return told, zone, err
	}
	told.Journeys, err = i.stories(ctx, edition, campaign, customer, travellers)
	return told, zone, err
}

// belonging is where a customer stands towards a campaign today.
func (i *installation) belonging(ctx context.Context, edition *campaigns.Edition, c *campaigns.Campaign, customer *customers.Customer, travellers []campaigns.Traveller) (*campaigns.Belonging, error) {
	counts, err := i.Store.Counts(ctx, []string{customer.ID}, c.Counts(), i.Now())
	if err != nil {
		return nil, err
	}
	earlier := make([]campaigns.Entry, len(travellers))
	for n, t := range travellers {
		earlier[n] = t.Entry
	}
	kept, err := i.Store.KeptSide(ctx, c.ID, c.Version, customer.ID)
	if err != nil {
		return nil, err
	}
	b := edition.Belonging(c, customer, counts[customer.ID], earlier, kept, i.Now())
	return &b, nil
}

// stories tells the journeys of a customer.
func (i *installation) stories(ctx context.Context, edition *campaigns.Edition, campaign string, customer *customers.Customer, travellers []campaigns.Traveller) ([]story, error) {
	stories := make([]story, len(travellers))
	err := i.Store.Forecast(ctx, func(source plan.Source) error {
		for n, t := range travellers {
			version, err := i.Catalog.Campaign(ctx, campaign, t.Entry.Version)
			if err != nil {
				return err
			}
			counts, err := source.Counts(ctx, []string{customer.ID}, version.Counts(), i.Now())
			if err != nil {
				return err
			}
			t.Counts = counts[customer.ID]
			stories[n] = story{
				Entry: t.Entry, Steps: edition.Explain(version, t, i.Now()), Branches: edition.Branches(version, t, i.Now()),
			}
			if stories[n].Gates, err = i.gates(ctx, source, edition, version, t); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	last := &stories[len(stories)-1]
	last.Why, err = i.whyNotAgain(ctx, edition.Campaigns[campaign], last.Entry)
	return stories, err
}

// gates asks the judge's questions about the latest message of each step.
func (i *installation) gates(ctx context.Context, source plan.Source, edition *campaigns.Edition, c *campaigns.Campaign, t campaigns.Traveller) (map[string][]campaigns.Gate, error) {
	gates := map[string][]campaigns.Gate{}
	for _, d := range t.Deliveries {
		pressures, err := source.Pressure(ctx, []string{d.Customer}, edition.Horizon(d.PlannedAt, c))
		if err != nil {
			return nil, err
		}
		pressure := pressures[d.Customer]
		var trouble error
		pressure.Spent = func(ch channels.Channel, campaign string, since time.Time) int64 {
			spent, err := source.Spent(ctx, ch, campaign, since)
			trouble = errors.Join(trouble, err)
			return spent
		}
		gates[d.Step] = edition.Gates(campaigns.Matter{
			Campaign: c, Delivery: d, Entry: t.Entry, Journey: t.Deliveries, Customer: t.Customer, Counts: t.Counts, Pressure: pressure,
		}, i.Now())
		if trouble != nil {
			return nil, trouble
		}
	}
	return gates, nil
}

// whyNotAgain tells of later runs that kept out whoever had been in the campaign.
func (i *installation) whyNotAgain(ctx context.Context, c *campaigns.Campaign, last campaigns.Entry) (string, error) {
	if c == nil || !c.Trigger.Broadcast() {
		return "", nil
	}
	runs, err := i.Store.KeptOutAfter(ctx, c.ID, last.Run)
	if err != nil || runs == 0 {
		return "", err
	}
	return fmt.Sprintf("%d later runs kept out who was in it before (again: %s), or whose journey ran still", runs, c.Entry.Again), nil
}

// whyOutside says why a customer never entered a campaign.
func (i *installation) whyOutside(ctx context.Context, edition *campaigns.Edition, c *campaigns.Campaign, customer *customers.Customer) (string, error) {
	if c.State != campaigns.Live {
		return "never entered: the campaign is " + string(c.State), nil
	}
	belongs, err := i.starter().Belongs(ctx, c, customer)
	switch {
	case err != nil:
		return "", err
	case !belongs:
		return "never entered: not in its audience today (not_in_audience)", nil
	case c.Trigger.Kind == campaigns.OnEvent:
		return i.whyNotBegun(ctx, c, customer)
	case c.Trigger.Kind == campaigns.Manual:
		return "never entered: nobody has started it for this customer", nil
	case c.Trigger.Kind == campaigns.OnSegment:
		return i.whyUnmoved(ctx, edition, c, customer)
	}
	return "in its audience today; no occurrence of it has come since", nil
}

// eventsAsked is how many of a customer's latest events are looked at for one that
// might have begun a campaign.
const eventsAsked = 1000

// whyNotBegun says why no event has begun a campaign for a customer of its audience.
func (i *installation) whyNotBegun(ctx context.Context, c *campaigns.Campaign, customer *customers.Customer) (string, error) {
	events, err := i.Store.Of(ctx, customer.ID, eventsAsked)
	if err != nil {
		return "", err
	}
	counts, err := i.Store.Counts(ctx, []string{customer.ID}, c.Counts(), i.Now())
	if err != nil {
		return "", err
	}
	return whyNoneBegan(c, expression.Moment{Now: c.AudienceAt(i.Now()), Customer: customer, Counts: counts[customer.ID]}, events), nil
}

// whyNoneBegan is whyNotBegun of a timeline, with the values of a moment.
func whyNoneBegan(c *campaigns.Campaign, today expression.Moment, events []customers.Event) string {
	name, alike := c.Trigger.Event, ""
	var came, live, sound, keyed int
	for _, ev := range events {
		if ev.Name != name {
			if strings.EqualFold(ev.Name, name) {
				alike = ev.Name
			}
			continue
		}
		came++
		if !ev.Live {
			continue
		}
		live++
		today.Event = ev.Properties
		if w := c.Trigger.Where; w != nil && !w.Holds(today) {
			continue
		}
		sound++
		if !c.LacksKey(c.Begin(today.Customer, "", ev.Properties, today.Now)) {
			keyed++
		}
	}
	switch {
	case came == 0 && alike != "":
		return fmt.Sprintf("never entered: no event %q has come; %q, which has, is another", name, alike)
	case came == 0:
		return fmt.Sprintf("never entered: no event %q has come", name)
	case live == 0:
		return fmt.Sprintf("never entered: %q has come as history only (an import, or /v1/history), which begins nothing", name)
	case sound == 0:
		return fmt.Sprintf("never entered: no event %q that satisfies its trigger has come (where: %s)", name, c.Trigger.Where)
	case keyed == 0:
		return fmt.Sprintf("never entered: %q has come without what tells its journeys apart (key: %s)", name, c.Entry.Key)
	}
	return fmt.Sprintf("never entered: %q has come, while the campaign was not live or they were not in its audience, or it is about to be judged", name)
}

// whyUnmoved says why no change of a segment has begun a campaign for a customer
// of its audience.
func (i *installation) whyUnmoved(ctx context.Context, edition *campaigns.Edition, c *campaigns.Campaign, customer *customers.Customer) (string, error) {
	name := c.Trigger.Segment
	members := *c
	members.Audience.Who = edition.Segments[name].Who
	within, err := i.starter().Belongs(ctx, &members, customer)
	switch {
	case err != nil:
		return "", err
	case within && c.Trigger.On == campaigns.Entering:
		return "never entered: in segment " + name + " today; it begins for those who come into it while the campaign is live", nil
	case within:
		return "never entered: in segment " + name + " today; it begins when they leave it while the campaign is live", nil
	case c.Trigger.On == campaigns.Entering:
		return "never entered: not in segment " + name + " today; it begins when they come into it while the campaign is live", nil
	}
	return "never entered: not in segment " + name + " today; it begins for those who leave it while the campaign is live", nil
}
