package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"rapport/campaigns"
	"rapport/campaigns/plan"
	"rapport/channels"
)

// printPlan writes a line a campaign, then what is worth knowing of each.
func printPlan(w io.Writer, result planResult, shop *campaigns.Workspace) {
	t := newTable(w, "campaign", "at", "belong", "enter", "now", "later", "held", "skipped", "other", "cost")
	for _, f := range result.Campaigns {
		at := stamp(f.At, shop.Zone)
		switch {
		case f.Kind == plan.OfAudience:
			at = f.Trigger + " (audience)"
		case f.Over:
			at += " (over)"
		}
		t.AppendRow(table.Row{
			f.Campaign, at, f.Belong, f.Enter, f.Outcomes[plan.Now], f.Outcomes[plan.Later], f.Outcomes[plan.Held],
			f.Outcomes[plan.Skipped], f.Outcomes[plan.Waiting] + f.Outcomes[plan.Ended], shop.Money(float64(f.Cost)),
		})
	}
	t.Render()
	for _, f := range result.Campaigns {
		printForecast(w, f, shop)
	}
}

func printForecast(w io.Writer, f plan.Forecast, shop *campaigns.Workspace) {
	fmt.Fprintf(w, "\n%s: %s\n", f.Campaign, f.Title)
	switch {
	case f.Over:
		fmt.Fprintf(w, "  Its only moment, %s (%s), is over: nobody enters. --at plans another.\n", stamp(f.At, shop.Zone), shop.Zone)
		return
	case f.Kind == plan.OfRun:
		fmt.Fprintf(w, "  A run at %s (%s).", stamp(f.At, shop.Zone), shop.Zone)
		if c := shop.Campaigns[f.Campaign]; c.Trigger.OwnClock {
			fmt.Fprintf(w, " Everybody begins when their own clock shows %s.", stamp(f.At, shop.Reads(c)))
		}
		if len(f.Beside) > 0 {
			fmt.Fprintf(w, " At the same instant: %s.", strings.Join(f.Beside, ", "))
		}
	default:
		fmt.Fprintf(w, "  Starts by %s, one customer at a time: %s", f.Trigger, today(shop.Campaigns[f.Campaign]))
	}
	if f.State != string(campaigns.Live) {
		fmt.Fprintf(w, " It is %s and planned as if it were live.", f.State)
	}
	fmt.Fprintf(w, "\n  %d belong, %d enter.\n", f.Belong, f.Enter)
	printGroups(w, "Kept out", f.KeptOut, shop)
	printGroups(w, "First contact", f.Contacts, shop)
	printGroups(w, "Refused messages, of which one customer may have several", f.Refused, shop)
	printGroups(w, "No message yet", f.Waits, shop)
	printShares(w, f, shop)
	printSamples(w, f.Messages)
}

// today says who is counted where customers enter one by one.
func today(c *campaigns.Campaign) string {
	switch {
	case c == nil || c.Trigger.Kind != campaigns.OnSegment:
		return "this is the audience today, not who will enter."
	case c.Trigger.On == campaigns.Leaving:
		return "these are in " + c.Trigger.Segment + " today; each begins when they leave it."
	}
	return "these are in " + c.Trigger.Segment + " today; it begins for those who come into it from now on."
}

func printGroups(w io.Writer, title string, groups []plan.Group, shop *campaigns.Workspace) {
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(w, "  %s\n", title)
	for _, g := range groups {
		fmt.Fprintf(w, "    %7d  %s  (%s)\n", g.Count, groupWords(g, shop), strings.Join(g.Samples, ", "))
	}
}

func groupWords(g plan.Group, shop *campaigns.Workspace) string {
	var words []string
	add := func(text string) {
		if text != "" {
			words = append(words, text)
		}
	}
	add(string(g.Outcome))
	add(string(g.Channel))
	switch g.Outcome {
	case plan.Held:
		add("until " + stamp(g.At, shop.Zone))
	case plan.Later:
		if !g.At.IsZero() {
			add("at " + stamp(g.At, shop.Zone))
		}
	}
	text := strings.Join(words, " ")
	for _, more := range []string{g.Reason, g.Meaning} {
		if more != "" {
			text = strings.TrimPrefix(text+": "+more, ": ")
		}
	}
	return text
}

// printShares writes how the contacts are spread, and what they cost.
func printShares(w io.Writer, f plan.Forecast, shop *campaigns.Workspace) {
	shares(w, "by channel", f.ByChannel)
	shares(w, "by locale", f.ByLocale)
	shares(w, "by country", f.ByCountry)
	shares(w, "by hour, theirs", f.ByCustomerHour)
	shares(w, "by hour, ours", f.ByWorkspaceHour)
	for _, fallback := range f.Fallbacks {
		if language(fallback.Wanted) != language(fallback.Used) {
			fmt.Fprintf(w, "    no %s %s in %s: %d get it in %s\n", fallback.Channel, fallback.Template, fallback.Wanted, fallback.Count, fallback.Used)
		}
	}
	for _, ch := range slices.Sorted(maps.Keys(f.CostOfOne)) {
		if f.CostByChannel[ch] > 0 {
			fmt.Fprintf(w, "    cost by %-8s %s, one %s\n", ch, shop.Money(float64(f.CostByChannel[ch])), shop.Money(f.CostOfOne[ch]))
		}
	}
}

// language is a locale without its region: de-AT is served by de.
func language(locale string) string {
	name, _, _ := strings.Cut(locale, "-")
	return name
}

func shares[K ~string](w io.Writer, title string, counts map[K]int64) {
	if len(counts) == 0 {
		return
	}
	words := make([]string, 0, len(counts))
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		name := string(key)
		if name == "" {
			name = "not known"
		}
		words = append(words, fmt.Sprintf("%s %d", name, counts[key]))
	}
	fmt.Fprintf(w, "    %-16s %s\n", title, strings.Join(words, ", "))
}

func printSamples(w io.Writer, samples []plan.Sample) {
	for _, s := range samples {
		fmt.Fprintf(w, "  %s %s (%s) of step %s, as %s gets it\n", s.Channel, s.Template, s.Locale, s.Step, s.Customer)
		for _, line := range firstLines(s.Content, 4) {
			fmt.Fprintf(w, "    | %s\n", line)
		}
	}
}

// firstLines are the first words of a message, its subject or title first.
func firstLines(c channels.Content, most int) []string {
	var text string
	switch {
	case c.Email != nil:
		text = c.Email.Subject + "\n" + c.Email.Text
	case c.SMS != nil:
		text = c.SMS.Text
	case c.Push != nil:
		text = c.Push.Title + "\n" + c.Push.Body
	case c.Call != nil:
		text = c.Call.Say
		for _, q := range c.Call.Questions {
			text += "\n" + q.Say
		}
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && len(lines) < most {
			lines = append(lines, clip(line, 120))
		}
	}
	return lines
}

// clip shortens a line to so many characters.
func clip(line string, most int) string {
	runes := []rune(line)
	if len(runes) <= most {
		return line
	}
	return string(runes[:most-1]) + "…"
}
