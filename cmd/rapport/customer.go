package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
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
		Short: "Show a customer's profile and timeline, by id, e-mail, phone number or order id, or list who has a name",
		Long: "Show a customer's profile and timeline, by id, e-mail, phone number or order id. Where nobody has it, those\n" +
			"are listed whose names have the words, or words that begin so, in any order: rapport customer \"anna kar\".",
		Args: cobra.ExactArgs(1),
		RunE: o.reading(func(cmd *cobra.Command, args []string, i *installation) error {
			customer, err := i.find(cmd.Context(), args[0])
			if errors.Is(err, customers.ErrUnknown) && customers.MayBeName(args[0]) {
				return i.listNamesakes(cmd, o, args[0])
			}
			if err != nil {
				return err
			}
			events, err := i.Store.Of(cmd.Context(), customer.ID, limit)
			if err != nil {
				return err
			}
			happened, err := i.Store.Happened(cmd.Context(), customer.ID)
			if err != nil {
				return err
			}
			taped, err := i.Store.Recordings().OfCustomer(cmd.Context(), customer.ID)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), map[string]any{
					"customer": customer, "timeline": events, "happened": happened, "recordings": taped,
				})
			}
			shop, zone := &campaigns.Workspace{}, time.UTC
			if edition, err := i.Catalog.Current(cmd.Context()); err == nil {
				shop = edition.Workspace
				zone, _ = edition.ZoneOf(customer)
			}
			printProfile(cmd.OutOrStdout(), customer, shop, zone)
			printRecordings(cmd.OutOrStdout(), taped, zone)
			fmt.Fprintf(cmd.OutOrStdout(), "\nTimeline (%s)%s\n", zone, latestOf(len(events), happened))
			printTimeline(cmd.OutOrStdout(), events, zone)
			return nil
		}),
	}
	command.Flags().IntVar(&limit, "limit", 500, "how many of the newest events to show")
	return command
}

// listedNamesakes is how many of those who are named so are listed.
const listedNamesakes = 50

// listNamesakes lists who has words in their name, the likeliest first.
func (i *installation) listNamesakes(cmd *cobra.Command, o *options, name string) error {
	found, err := i.Store.Named(cmd.Context(), name, listedNamesakes)
	if found.Unready {
		fmt.Fprintln(cmd.ErrOrStderr(), "since an upgrade older names are still being taken into the search: more may match")
	}
	switch {
	case err != nil:
		return fmt.Errorf("%w; %w", &nobody{name}, err)
	case len(found.People) == 0:
		return fmt.Errorf("%w, and no name has words that begin so", &nobody{name})
	}
	if found.Matching > len(found.People) {
		more := ""
		if found.More {
			more = "more than "
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s%d match, and these are %d of them: add another word of the name\n", more, found.Matching, len(found.People))
	}
	if o.format == "json" {
		return printJSON(cmd.OutOrStdout(), found)
	}
	zone := i.shopZone(cmd.Context())
	t := newTable(cmd.OutOrStdout(), "customer", "name", "e-mail", "phone", "lives in", "last contact or order")
	for _, c := range found.People {
		t.AppendRow(table.Row{c.ID, c.FullName(), c.Email, c.Phone, strings.Trim(c.City+", "+c.Country, ", "), stamp(c.Seen(), zone)})
	}
	t.Render()
	return nil
}

// latestOf says how many of a timeline's events are shown, where these are not all.
func latestOf(shown, happened int) string {
	if shown >= happened {
		return ""
	}
	return fmt.Sprintf(", the latest %d of %d; --limit shows more", shown, happened)
}

func (i *installation) find(ctx context.Context, who string) (*customers.Customer, error) {
	customer, err := i.Store.Find(ctx, who)
	if errors.Is(err, customers.ErrUnknown) {
		return nil, &nobody{who}
	}
	if err != nil {
		return nil, err
	}
	people, err := i.Store.Load(ctx, []string{customer.ID}, i.Now())
	return people[customer.ID], err
}

// nobody says that nobody matches what was asked for; it is customers.ErrUnknown.
type nobody struct{ who string }

func (n *nobody) Error() string {
	return fmt.Sprintf("nobody has the id, e-mail, phone number or order %q", n.who)
}

func (n *nobody) Unwrap() error { return customers.ErrUnknown }

func printProfile(w io.Writer, c *customers.Customer, shop *campaigns.Workspace, zone *time.Location) {
	fmt.Fprintln(w, nameOf(c))
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
		line("orders", fmt.Sprintf("%d, %s in all, the last on %s", c.Orders.Count, shop.Money(float64(c.Orders.Total)), stamp(c.Orders.LastAt, zone)))
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
	for _, consent := range slices.Concat(c.Consents, c.Elsewhere) {
		word := "yes"
		if !consent.In {
			word = "no"
		}
		topic := consent.Topic
		if topic == customers.EveryTopic {
			topic = "everything"
		}
		line("consent", fmt.Sprintf("%s by %s: %s (%s, %s%s)", topic, consent.Channel, word, consent.Source, stamp(consent.At, zone), c.Saying(consent)))
	}
}

// nameOf is a customer's name and id, or the id alone.
func nameOf(c *customers.Customer) string {
	name := c.FullName()
	if name == "" {
		return c.ID
	}
	return name + " (" + c.ID + ")"
}

// reach is an address and, where it is suppressed, why.
func reach(c *customers.Customer, address string, ch channels.Channel) string {
	if reason := c.Suppressed[ch]; address != "" && reason != "" {
		return address + " (suppressed: " + campaigns.ReasonWords(reason) + ")"
	}
	return address
}
