package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/deliveries"
)

func statusCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Sum up every campaign: entered, sent, answered, skipped and why",
		Args:  cobra.NoArgs,
		RunE: o.reading(func(cmd *cobra.Command, _ []string, i *installation) error {
			standing, zone, err := i.standing(cmd.Context())
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), standing)
			}
			if c, _, err := o.load(); err == nil && c.TestMode {
				fmt.Fprintln(cmd.OutOrStdout(), testModeWarning(c))
			}
			printStanding(cmd.OutOrStdout(), standing, zone)
			return nil
		}),
	}
}

// printFunnels writes a line a campaign, then why messages were not sent.
func printFunnels(w io.Writer, funnels []deliveries.Funnel) {
	t := newTable(w, "campaign", "entered", "sent", "delivered", "opened", "clicked", "answered", "cases", "skipped", "failed", "unconfirmed")
	for _, f := range funnels {
		t.AppendRow(table.Row{
			campaignName(f), f.Entered, f.Sent, f.Delivered, withRaw(f.Opened, f.OpenedRaw), withRaw(f.Clicked, f.ClickedRaw), f.Answered, f.Cases,
			total(f.Skipped), total(f.Failed), f.Unconfirmed,
		})
	}
	t.Render()
	printReasons(w, funnels)
}

// campaignName names a funnel: answers to customers belong to no campaign.
func campaignName(f deliveries.Funnel) string { return cmp.Or(f.Campaign, "(answers)") }

// withRaw is a number of people, with that of people and machines beside it
// where they differ.
func withRaw(people, raw int64) string {
	if raw == people {
		return strconv.FormatInt(people, 10)
	}
	return fmt.Sprintf("%d (%d raw)", people, raw)
}

func printReasons(w io.Writer, funnels []deliveries.Funnel) {
	fmt.Fprintln(w, "\nMessages not sent, and why")
	meant := map[string]string{}
	any := false
	for _, f := range funnels {
		if len(f.Skipped)+len(f.Failed) == 0 {
			continue
		}
		any = true
		reasons := map[string]int64{}
		for reason, n := range f.Skipped {
			reasons[string(reason)] += n
			meant[string(reason)] = campaigns.ReasonMeaning(string(reason))
		}
		for reason, n := range f.Failed {
			reasons["failed: "+reason] += n
			meant[reason] = campaigns.ReasonMeaning(reason)
		}
		var words []string
		for _, reason := range slices.Sorted(maps.Keys(reasons)) {
			words = append(words, fmt.Sprintf("%s %d", reason, reasons[reason]))
		}
		fmt.Fprintf(w, "  %-18s %s\n", campaignName(f), strings.Join(words, ", "))
	}
	if !any {
		fmt.Fprintln(w, "  none")
	}
	for _, word := range slices.Sorted(maps.Keys(meant)) {
		if meant[word] != "" { // not a provider's own
			fmt.Fprintf(w, "  %-18s means: %s\n", word, meant[word])
		}
	}
}

func total[K comparable](counts map[K]int64) int64 {
	var sum int64
	for _, n := range counts {
		sum += n
	}
	return sum
}

// satisfaction is the mean of the csat answers of some campaigns.
func satisfaction(funnels []deliveries.Funnel) (mean float64, answers int64) {
	var sum float64
	for _, f := range funnels {
		sum += f.ScoreSum
		answers += f.ScoreCount
	}
	if answers == 0 {
		return 0, 0
	}
	return sum / float64(answers), answers
}
