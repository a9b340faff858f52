package main

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

func casesCommand(o *options) *cobra.Command {
	var queue string
	var limit int
	command := &cobra.Command{
		Use:   "cases [CASE]",
		Short: "List open cases, most pressing first, or show one with what was said",
		Args:  cobra.MaximumNArgs(1),
		RunE: o.reading(func(cmd *cobra.Command, args []string, i *installation) error {
			if len(args) == 1 {
				return i.showCase(cmd, o, args[0])
			}
			if limit < 1 {
				return fmt.Errorf("--limit is how many cases are shown, 1 or more, not %d", limit)
			}
			open, err := i.Store.Casebook().Cases(cmd.Context(), queue, limit+1)
			if err != nil {
				return err
			}
			if len(open) > limit {
				open = open[:limit]
				fmt.Fprintf(cmd.ErrOrStderr(), "these are the %d most pressing; more are open, and --limit shows them\n", limit)
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), append([]customers.Case{}, open...))
			}
			zone := i.shopZone(cmd.Context())
			t := newTable(cmd.OutOrStdout(), "case", "queue", "priority", "customer", "title", "taken by", "due", "")
			for _, c := range open {
				late := ""
				switch {
				case c.Overdue(i.Now()):
					late = "overdue"
				case c.AnswerDue.After(i.Now()):
					late = "answer waits until " + stamp(c.AnswerDue, zone)
				case !c.Waiting:
					late = "answered"
				}
				about := c.Customer
				if about == "" {
					about = "campaign " + c.Campaign
				}
				t.AppendRow(table.Row{c.ID, c.Queue, c.Priority, about, c.Title, c.Assignee, stamp(c.DueAt, zone), late})
			}
			t.Render()
			if len(open) > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "times in %s\n", zone)
			}
			return nil
		}),
	}
	command.Flags().StringVar(&queue, "queue", "", "only this queue")
	command.Flags().IntVar(&limit, "limit", 500, "how many to show")
	return command
}

// showCase prints a case with its conversation.
func (i *installation) showCase(cmd *cobra.Command, o *options, number string) error {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return fmt.Errorf("CASE is a number that `rapport cases` shows, not %q", number)
	}
	c, err := i.Store.Casebook().Case(cmd.Context(), id)
	if err != nil {
		return err
	}
	events, err := i.Store.Conversation(cmd.Context(), c.Customer, customers.ConversationKept)
	if err != nil {
		return err
	}
	lines, w := customers.Conversation(events), cmd.OutOrStdout()
	if err := deliveries.Follow(cmd.Context(), i.Store, lines); err != nil {
		return err
	}
	if o.format == "json" {
		return printJSON(w, map[string]any{"case": c, "conversation": lines})
	}
	zone := i.shopZone(cmd.Context())
	fmt.Fprintf(w, "Case %d, %s, %s: %s\n", c.ID, c.Queue, c.Priority, c.Title)
	fmt.Fprintf(w, "  customer %s, opened %s%s (%s)\n", c.Customer, stamp(c.OpenedAt, zone), clockWords(c, i.Now(), zone), zone)
	if c.Note != "" {
		fmt.Fprintf(w, "  note: %s\n", hang(c.Note))
	}
	if c.Done != "" {
		fmt.Fprintf(w, "  done: %s\n", hang(c.Done))
	}
	for _, line := range lines {
		fmt.Fprintf(w, "  %s  %s\n", stamp(line.At, zone), lineWords(line, i.Now(), zone))
	}
	if c.ClosedAt.IsZero() {
		fmt.Fprintf(w, "to close it unless more is said meanwhile: rapport close %d \"what was done\" --seen %d\n", c.ID, c.Said)
	}
	return nil
}

// shopZone is the workspace's clock, which cases are told by, as in the console:
// agents share it, whatever machine they sit at.
func (i *installation) shopZone(ctx context.Context) *time.Location {
	if edition, err := i.Catalog.Current(ctx); err == nil {
		return edition.Zone
	}
	return time.UTC
}

// clockWords tells what a case's clock shows.
func clockWords(c customers.Case, now time.Time, zone *time.Location) string {
	words := ""
	if !c.DueAt.IsZero() {
		words += ", due " + stamp(c.DueAt, zone)
	}
	switch {
	case !c.ClosedAt.IsZero():
		words += ", closed " + stamp(c.ClosedAt, zone) + " by " + c.Assignee
	case c.AnsweredAt.IsZero():
	case c.Waiting:
		words += ", answered " + stamp(c.AnsweredAt, zone) + ", waits again"
	default:
		words += ", answered " + stamp(c.AnsweredAt, zone)
	}
	if c.AnswerDue.After(now) {
		words += ", the answer leaves " + stamp(c.AnswerDue, zone)
	}
	if c.ClosedAt.IsZero() && c.Assignee != "" {
		words += ", taken by " + c.Assignee
	}
	return words
}

func lineWords(l customers.Line, now time.Time, zone *time.Location) string {
	who, what := "customer", l.Text
	switch {
	case l.Ours:
		who = cmp.Or(l.Who, "we")
		what = cmp.Or(what, l.About)
	case l.Claimed:
		who = "says it is from the customer,"
	}
	words := fmt.Sprintf("%s by %s: %s", who, l.Channel, hang(what))
	for _, file := range l.Media {
		words += " [" + file + "]"
	}
	if how := campaigns.StandingWords(l, now, func(at time.Time) string { return stamp(at, zone) }); how != "" {
		words += " (" + how + ")"
	}
	return words
}
