package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"rapport/campaigns"
	"rapport/campaigns/expression"
)

// printExplanation writes where a customer stands towards a campaign, then each
// journey.
func printExplanation(w io.Writer, told explanation, zone *time.Location) {
	if told.Why != "" {
		fmt.Fprintf(w, "%s: %s\n", told.Campaign, told.Why)
	}
	if told.Pause != nil {
		fmt.Fprintf(w, "%s: paused %s\n", told.Campaign, pauseWords(*told.Pause, zone))
	}
	for _, s := range told.Journeys {
		printStory(w, told.Campaign, s, zone)
	}
	if told.Today != nil {
		printBelonging(w, *told.Today, zone)
	}
}

// printBelonging writes the questions before a journey begins, with today's
// values.
func printBelonging(w io.Writer, b campaigns.Belonging, zone *time.Location) {
	fmt.Fprintf(w, "\nBefore a journey begins, with the values of today, %s\n", stamp(b.At, zone))
	line := func(name, tells string) { fmt.Fprintf(w, "  %-10s %s\n", name, tells) }
	line("campaign", string(b.State))
	line("audience", map[bool]string{true: "belongs", false: "does not belong"}[b.Belongs])
	if b.Audience != nil {
		printTrace(w, *b.Audience, "    ", zone)
	}
	line("again", yesNo(b.Again)+": "+b.AgainTells)
	line("holdout", yesNo(b.Holdout)+": "+b.HoldoutTells)
	if b.StageTells != "" {
		line("rollout", b.StageTells)
	}
	for _, exit := range b.Exits {
		line("exit", yesNo(exit.Trace.Holds)+": when "+exit.When)
		printTrace(w, exit.Trace, "    ", zone)
	}
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// printTrace writes a condition's parts, a line each, with what they saw.
func printTrace(w io.Writer, t expression.Trace, indent string, zone *time.Location) {
	if len(t.Parts) == 0 {
		fmt.Fprintf(w, "%s%s%s: %s\n", indent, t.Condition, saw(t, zone), yesNo(t.Holds))
		return
	}
	joins := map[string]string{"and": "all of", "or": "one of", "not": "not"}
	name, known := joins[t.Join]
	if !known {
		name = "segment " + t.Join
	}
	fmt.Fprintf(w, "%s%s: %s\n", indent, name, yesNo(t.Holds))
	for _, part := range t.Parts {
		printTrace(w, part, indent+"  ", zone)
	}
}

// saw is the values of a comparison in parentheses: of one field its value alone.
func saw(t expression.Trace, zone *time.Location) string {
	words := make([]string, len(t.Values))
	for i, s := range t.Values {
		words[i] = s.Name + " is " + valueWords(s.Value, zone)
		if len(t.Values) == 1 {
			words[i] = valueWords(s.Value, zone)
		}
	}
	if len(words) == 0 || len(words) == 1 && t.Values[0].Name == t.Condition {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

func valueWords(value any, zone *time.Location) string {
	switch v := value.(type) {
	case nil:
		return "not known"
	case time.Time:
		return stamp(v, zone)
	case string:
		if _, err := strconv.ParseFloat(v, 64); err == nil || v == "true" || v == "false" {
			return strconv.Quote(v) // and no number: that is why it is not equal to one
		}
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	}
	return fmt.Sprint(value)
}

// printStory writes a journey step by step, then what decided at each.
func printStory(w io.Writer, campaign string, s story, zone *time.Location) {
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
	for _, step := range s.Steps {
		mark, passed := s.Entry.Journal.Steps[step.Path]
		if arms := s.Branches[step.Path]; passed && len(arms) > 0 {
			fmt.Fprintf(w, "\n  step %s took %s at %s; its conditions with the values of today\n", step.Path, mark.Status, stamp(mark.At, zone))
			printArms(w, arms, zone)
		}
		printGates(w, step, s.Gates[step.Path], zone)
	}
}

func printArms(w io.Writer, arms []campaigns.BranchTrace, zone *time.Location) {
	for _, arm := range arms {
		if arm.Trace == nil {
			fmt.Fprintf(w, "    %d else\n", arm.Arm)
			continue
		}
		fmt.Fprintf(w, "    %d if\n", arm.Arm)
		printTrace(w, *arm.Trace, "      ", zone)
	}
}

// printGates writes the judge's questions about a message, the moment of each
// answer, and which of them decided.
func printGates(w io.Writer, step campaigns.StepReport, gates []campaigns.Gate, zone *time.Location) {
	if len(gates) == 0 {
		return
	}
	fmt.Fprintf(w, "\n  step %s, %s: what was asked before it may leave\n", step.Path, step.Title)
	for _, g := range gates {
		tells := g.Tells + " [today]"
		if g.Then {
			tells = g.Tells + " [at " + stamp(g.At, zone) + "]"
		}
		if g.Decided {
			tells += "  <- this decided"
		}
		fmt.Fprintf(w, "    %-4s %-12s %s\n", map[bool]string{true: "ok", false: "no"}[g.Passes], g.Name, tells)
	}
}
