package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/customers"
)

func explainCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "explain CAMPAIGN WHO",
		Short: "Tell for each step of a customer's journeys what happened, or why nothing did",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := o.openReading(cmd.Context())
			if err != nil {
				return err
			}
			defer i.Close()
			stories, zone, err := i.explain(cmd, args[0], args[1])
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), stories)
			}
			printStories(cmd.OutOrStdout(), args[0], stories, zone)
			return nil
		},
	}
}

// story is one journey, step by step.
type story struct {
	Entry campaigns.Entry        `json:"entry"`
	Steps []campaigns.StepReport `json:"steps"`
	// Why nobody entered, when there is no entry; why they did not enter again.
	Why string `json:"why,omitempty"`
}

func (i *installation) explain(cmd *cobra.Command, campaign, who string) ([]story, *time.Location, error) {
	ctx := cmd.Context()
	edition, err := i.Catalog.Current(ctx)
	if err != nil {
		return nil, nil, err
	}
	customer, err := i.find(ctx, who)
	if err != nil {
		return nil, nil, err
	}
	zone, _ := edition.ZoneOf(customer)
	ids, err := i.Store.EntriesOf(ctx, campaign, customer.ID)
	if err != nil {
		return nil, nil, err
	}
	if len(ids) == 0 {
		if edition.Campaigns[campaign] == nil {
			return nil, nil, fmt.Errorf("there is no campaign %q", campaign)
		}
		why, err := i.whyOutside(cmd, edition, edition.Campaigns[campaign], customer)
		return []story{{Why: why}}, zone, err
	}
	travellers, err := i.Store.Travellers(ctx, ids, i.Now())
	if err != nil {
		return nil, nil, err
	}
	stories := make([]story, len(travellers))
	for n, traveller := range travellers {
		version, err := i.Catalog.Campaign(ctx, campaign, traveller.Entry.Version)
		if err != nil {
			return nil, nil, err
		}
		stories[n] = story{Entry: traveller.Entry, Steps: edition.Explain(version, traveller, i.Now())}
	}
	last := &stories[len(stories)-1]
	last.Why, err = i.whyNotAgain(ctx, edition.Campaigns[campaign], last.Entry)
	return stories, zone, err
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
func (i *installation) whyOutside(cmd *cobra.Command, edition *campaigns.Edition, c *campaigns.Campaign, customer *customers.Customer) (string, error) {
	if c.State != campaigns.Live {
		return "never entered: the campaign is " + string(c.State), nil
	}
	belongs, err := i.starter().Belongs(cmd.Context(), c, customer)
	switch {
	case err != nil:
		return "", err
	case !belongs:
		return "never entered: not in its audience today (not_in_audience)", nil
	case c.Trigger.Kind == campaigns.OnEvent:
		return fmt.Sprintf("never entered: no event %q that satisfies its trigger has come", c.Trigger.Event), nil
	case c.Trigger.Kind == campaigns.Manual:
		return "never entered: nobody has started it for this customer", nil
	}
	return "in its audience today; no occurrence of it has come since", nil
}

func printStories(w io.Writer, campaign string, stories []story, zone *time.Location) {
	for _, s := range stories {
		if s.Entry.ID == 0 {
			fmt.Fprintf(w, "%s: %s\n", campaign, s.Why)
			continue
		}
		fmt.Fprintf(w, "%s: entered %s, %s", campaign, stamp(s.Entry.EnteredAt, zone), s.Entry.State)
		if s.Entry.Why != "" {
			fmt.Fprintf(w, " (%s)", s.Entry.Why)
		}
		fmt.Fprintln(w)
		t := newTable(w, "step", "what", "happened", "why")
		for _, step := range s.Steps {
			t.AppendRow(table.Row{step.Path, step.Title, step.Happened, step.Why})
		}
		t.Render()
		if s.Why != "" {
			fmt.Fprintf(w, "%s: %s\n", campaign, s.Why)
		}
	}
}
