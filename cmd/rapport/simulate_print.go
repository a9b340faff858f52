package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"rapport/campaigns"
	"rapport/campaigns/rehearsal"
	"rapport/sandbox"
)

// printFigures writes a simulation for people.
func printFigures(out io.Writer, w *campaigns.Workspace, f rehearsal.Figures) {
	fmt.Fprintf(out, "%s, %s to %s, simulated: nothing was sent\n", f.Campaign, stamp(f.From, w.Zone), stamp(f.Until, w.Zone))
	fmt.Fprintf(out, "%d customers, %d journeys: %d finished, %d left, %d wait", f.People, f.Entered, f.Finished, f.Left, f.Waiting)
	if f.Holdout > 0 {
		fmt.Fprintf(out, "; %d are held out", f.Holdout)
	}
	fmt.Fprintln(out)
	if len(f.LeftAside) > 0 {
		fmt.Fprintf(out, "The trigger's condition was left aside: --set gives no %s\n", strings.Join(f.LeftAside, ", "))
	}
	if f.Unmet > 0 {
		fmt.Fprintf(out, "%d do not enter: the trigger's condition does not hold\n", f.Unmet)
	}
	fmt.Fprintln(out)
	steps := newTable(out, "step", "what", "reached", "of all", "sent", "skipped", "wait here")
	for _, s := range f.Steps {
		indent := strings.Repeat("  ", strings.Count(s.Path, ".")/2)
		steps.AppendRow(table.Row{s.Path, indent + s.Title, s.Reached, share(s.Reached, f.Entered), blank(s.Sent), blank(s.Skipped), blank(s.Waiting)})
	}
	steps.Render()
	if len(f.Channels) > 0 {
		fmt.Fprintln(out)
		printChannels(out, w, f)
	}
	fmt.Fprintln(out)
	printCounts(out, "Messages not sent", f.Skipped)
	printCounts(out, "Messages that failed", f.Failed)
	printCounts(out, "Left", f.Why)
	printCounts(out, "Cannot be written", f.Mistakes)
	if f.Busiest.Messages > 0 {
		fmt.Fprintf(out, "Busiest hour: %s, %d messages\n", stamp(f.Busiest.Hour, w.Zone), f.Busiest.Messages)
	}
	for _, a := range f.Answers {
		fmt.Fprintf(out, "Answers to %s: %d", a.Ask, a.Answers)
		if a.Scores > 0 {
			fmt.Fprintf(out, ", mean %.2f", a.Mean)
		}
		fmt.Fprintln(out)
	}
	printCases(out, f)
	printGoal(out, w, f.Goal)
}

func printChannels(out io.Writer, w *campaigns.Workspace, f rehearsal.Figures) {
	t := newTable(out, "channel", "sent", "delivered", "opened", "clicked", "answered", "bounced", "unsubscribed", "complained", "cost")
	for _, c := range f.Channels {
		t.AppendRow(table.Row{c.Channel, c.Sent, c.Delivered, blank(c.Opened), blank(c.Clicked), blank(c.Answered), blank(c.Bounced), blank(c.Unsubscribed), blank(c.Complained), w.Money(float64(c.Cost))})
	}
	t.Render()
}

// printAwaited writes how waits for events ended, and by what probability.
func printAwaited(out io.Writer, awaited map[string]rehearsal.AwaitedFigures, b sandbox.Behaviour) {
	for _, event := range slices.Sorted(maps.Keys(awaited)) {
		f := awaited[event]
		from := "usual; --behaviour may say otherwise under events"
		if _, named := b.Events[event]; named {
			from = "as --behaviour says"
		}
		fmt.Fprintf(out, "Waiting for %s: %d happened, %d timed out, drawn with %g (%s)\n", event, f.Happened, f.TimedOut, b.Comes(event), from)
	}
}

// printCounts writes how often what happened, the most frequent first.
func printCounts(out io.Writer, title string, counts map[string]int) {
	if len(counts) == 0 {
		return
	}
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	words := make([]string, len(names))
	for i, name := range names {
		words[i] = fmt.Sprintf("%s %d", name, counts[name])
	}
	fmt.Fprintf(out, "%s: %s\n", title, strings.Join(words, ", "))
}

func printCases(out io.Writer, f rehearsal.Figures) {
	if len(f.Cases) == 0 {
		return
	}
	total, most := 0, f.Cases[0]
	for _, day := range f.Cases {
		if total += day.Cases; day.Cases > most.Cases {
			most = day
		}
	}
	days := max(f.Until.Sub(f.From).Hours()/24, 1)
	fmt.Fprintf(out, "Cases: %d, %.1f a day, most on %s (%d)\n", total, float64(total)/days, most.Day, most.Cases)
}

func printGoal(out io.Writer, w *campaigns.Workspace, g *rehearsal.GoalFigures) {
	if g == nil {
		return
	}
	fmt.Fprintf(out, "Goal: reached by %d of %d (%s), worth %s", g.Reached, g.Contacted, share(g.Reached, g.Contacted), w.Money(float64(w.MinorUnits(g.Value))))
	if g.Holdout > 0 {
		fmt.Fprintf(out, "; of those held out %d of %d (%s)", g.HoldoutAlike, g.Holdout, share(g.HoldoutAlike, g.Holdout))
	}
	fmt.Fprintln(out)
}

func share(part, of int) string {
	if of == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(of))
}

// blank is a number, or nothing in the place of none.
func blank(n int) any {
	if n == 0 {
		return ""
	}
	return n
}
