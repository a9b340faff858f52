package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
)

func customerCommand(o *options) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:   "customer WHO",
		Short: "Show a customer's profile and everything that happened (id, e-mail, phone or order id)",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := o.openReading(cmd.Context())
			if err != nil {
				return err
			}
			defer i.Close()
			customer, err := i.find(cmd, args[0])
			if err != nil {
				return err
			}
			events, err := i.Store.Of(cmd.Context(), customer.ID, limit)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), map[string]any{"customer": customer, "timeline": events})
			}
			zone := time.UTC
			if edition, err := i.Catalog.Current(cmd.Context()); err == nil {
				zone, _ = edition.ZoneOf(customer)
			}
			printProfile(cmd.OutOrStdout(), customer, zone)
			fmt.Fprintf(cmd.OutOrStdout(), "\nTimeline (%s)\n", zone)
			printTimeline(cmd.OutOrStdout(), events, zone)
			return nil
		},
	}
	command.Flags().IntVar(&limit, "limit", 500, "how many of the newest events are shown")
	return command
}

func (i *installation) find(cmd *cobra.Command, who string) (*customers.Customer, error) {
	customer, err := i.Store.Find(cmd.Context(), who)
	if errors.Is(err, customers.ErrUnknown) {
		return nil, fmt.Errorf("nobody has the id, e-mail, phone number or order %q", who)
	}
	if err != nil {
		return nil, err
	}
	people, err := i.Store.Load(cmd.Context(), []string{customer.ID}, i.Now())
	return people[customer.ID], err
}

func printProfile(w io.Writer, c *customers.Customer, zone *time.Location) {
	fmt.Fprintf(w, "%s %s (%s)\n", c.FirstName, c.LastName, c.ID)
	line := func(name string, value any) {
		if text := strings.TrimSpace(fmt.Sprint(value)); text != "" && text != "0" {
			fmt.Fprintf(w, "  %-12s %s\n", name, text)
		}
	}
	line("e-mail", reach(c, c.Email, channels.Email))
	line("phone", reach(c, c.Phone, channels.SMS))
	line("lives in", strings.Trim(c.City+", "+c.Country, ", "))
	line("language", c.Locale)
	line("customer", "since "+stamp(c.CreatedAt, zone))
	if c.Orders.Count > 0 {
		line("orders", fmt.Sprintf("%d, %.2f in all, the last on %s", c.Orders.Count, float64(c.Orders.Total)/100, stamp(c.Orders.LastAt, zone)))
	}
	line("value", c.Pyramid)
	line("tags", strings.Join(c.Tags, ", "))
	if c.CSAT.Count > 0 {
		line("satisfied", fmt.Sprintf("%g of 5 (last of %d answers)", c.CSAT.Last, c.CSAT.Count))
	}
	if c.NPS.Count > 0 {
		line("recommends", fmt.Sprintf("%g of 10", c.NPS.Last))
	}
	if c.Cases.Open > 0 {
		line("open cases", c.Cases.Open)
	}
	for _, consent := range c.Consents {
		word := "yes"
		if !consent.In {
			word = "no"
		}
		line("consent", fmt.Sprintf("%s by %s: %s (%s, %s)", consent.Topic, consent.Channel, word, consent.Source, stamp(consent.At, zone)))
	}
}

// reach is an address and, where it is suppressed, why.
func reach(c *customers.Customer, address string, ch channels.Channel) string {
	if reason := c.Suppressed[ch]; address != "" && reason != "" {
		return address + " (suppressed: " + reason + ")"
	}
	return address
}

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
	// Why nobody entered, when there is no entry.
	Why string `json:"why,omitempty"`
}

func (i *installation) explain(cmd *cobra.Command, campaign, who string) ([]story, *time.Location, error) {
	ctx := cmd.Context()
	edition, err := i.Catalog.Current(ctx)
	if err != nil {
		return nil, nil, err
	}
	customer, err := i.find(cmd, who)
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
	return stories, zone, nil
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
		if s.Why != "" {
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
	}
}

func followUpCommand(o *options) *cobra.Command {
	var set []string
	command := &cobra.Command{
		Use:   "follow-up CAMPAIGN WHO",
		Short: "Start a manual campaign for one customer, such as a satisfaction call",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			properties, err := assignments(set)
			if err != nil {
				return err
			}
			i, err := o.openWriting(cmd.Context())
			if err != nil {
				return err
			}
			defer i.Close()
			customer, err := i.find(cmd, args[1])
			if err != nil {
				return err
			}
			entry, err := i.starter().Start(cmd.Context(), args[0], customer, properties)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), entry)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is started for %s; `rapport explain %s %s` tells how it goes\n", args[0], customer.ID, args[0], customer.ID)
			return nil
		},
	}
	command.Flags().StringArrayVar(&set, "set", nil, "a value the campaign sees as event.`name=value`; may be repeated")
	return command
}

// assignments reads name=value pairs.
func assignments(pairs []string) (map[string]any, error) {
	values := make(map[string]any, len(pairs))
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("--set wants name=value, not %q", pair)
		}
		values[name] = value
	}
	return values, nil
}

func casesCommand(o *options) *cobra.Command {
	var queue string
	command := &cobra.Command{
		Use:   "cases",
		Short: "List open cases, the most pressing first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			i, err := o.openReading(cmd.Context())
			if err != nil {
				return err
			}
			defer i.Close()
			open, err := i.Store.Casebook().Cases(cmd.Context(), queue, 500)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), open)
			}
			t := newTable(cmd.OutOrStdout(), "case", "queue", "priority", "customer", "title", "due", "")
			for _, c := range open {
				late := ""
				if c.Overdue(i.Now()) {
					late = "overdue"
				}
				t.AppendRow(table.Row{c.ID, c.Queue, c.Priority, c.Customer, c.Title, stamp(c.DueAt, time.Local), late})
			}
			t.Render()
			return nil
		},
	}
	command.Flags().StringVar(&queue, "queue", "", "only this queue")
	return command
}
