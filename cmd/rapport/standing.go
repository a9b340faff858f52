package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
)

// standing is where one campaign stands: what became of it so far, and what it
// waits for.
type standing struct {
	deliveries.Funnel
	State    campaigns.State        `json:"state,omitempty"`
	Pause    *campaigns.Pause       `json:"pause,omitempty"`
	Rollouts []campaigns.Stage      `json:"rollouts,omitempty"` // those under way, else the latest
	Splits   []campaigns.SplitPoint `json:"splits,omitempty"`   // with a winner, as they were come to last

	shop *campaigns.Workspace
}

// standing sums up every campaign that was ever entered, and those of the
// workspace in force that are live or paused, by name.
func (i *installation) standing(ctx context.Context) ([]standing, *time.Location, error) {
	funnels, err := i.Store.Summary().Funnels(ctx, i.Now())
	if err != nil {
		return nil, nil, err
	}
	pauses, err := i.Store.Pauses(ctx)
	if err != nil {
		return nil, nil, err
	}
	stages, err := i.Store.AllStages(ctx)
	if err != nil {
		return nil, nil, err
	}
	splits, err := i.Store.Splits().Latest(ctx)
	if err != nil {
		return nil, nil, err
	}
	for n, split := range splits {
		splits[n].MinSample = i.minSample(ctx, split)
	}
	edition, err := i.Catalog.Current(ctx)
	if err != nil && !errors.Is(err, campaigns.ErrNoWorkspace) {
		return nil, nil, err
	}
	all := make([]standing, len(funnels))
	for n, funnel := range funnels {
		all[n].Funnel = funnel
		if pause, paused := pauses[funnel.Campaign]; paused {
			all[n].Pause = &pause
			delete(pauses, funnel.Campaign)
		}
		all[n].Rollouts = rolloutsOf(stages, funnel.Campaign)
		all[n].Splits = slices.DeleteFunc(slices.Clone(splits), func(s campaigns.SplitPoint) bool { return s.Campaign != funnel.Campaign })
	}
	for _, campaign := range slices.Sorted(maps.Keys(pauses)) {
		pause := pauses[campaign]
		all = append(all, standing{Funnel: deliveries.Funnel{Campaign: campaign}, Pause: &pause})
	}
	shop := &campaigns.Workspace{Zone: time.UTC}
	if edition != nil {
		shop, all = edition.Workspace, withNewcomers(all, edition)
	}
	for n := range all {
		all[n].shop = shop
		if c := shop.Campaigns[all[n].Campaign]; c != nil {
			all[n].State = c.State
		}
	}
	return all, shop.Zone, nil
}

// minSample is how many messages of each path a split wanted; 0 where its version cannot
// be read any more.
func (i *installation) minSample(ctx context.Context, split campaigns.SplitPoint) int {
	campaign, err := i.Catalog.Campaign(ctx, split.Campaign, split.Version)
	if err != nil || campaign == nil {
		return 0
	}
	step := campaign.StepAt(split.Step)
	if step == nil || step.Winner == nil {
		return 0
	}
	return step.Winner.MinSample
}

// withNewcomers adds the campaigns that are live or paused and were never entered,
// and puts all in order.
func withNewcomers(all []standing, edition *campaigns.Edition) []standing {
	known := map[string]bool{}
	for _, s := range all {
		known[s.Campaign] = true
	}
	for id, c := range edition.Campaigns {
		if !known[id] && (c.State == campaigns.Live || c.State == campaigns.Paused) {
			all = append(all, standing{Funnel: deliveries.Funnel{Campaign: id}})
		}
	}
	slices.SortFunc(all, func(a, b standing) int { return strings.Compare(a.Campaign, b.Campaign) })
	return all
}

// rolloutsOf picks a campaign's rollouts that are under way, or the latest.
func rolloutsOf(stages []campaigns.Stage, campaign string) []campaigns.Stage {
	var underway, latest []campaigns.Stage
	for _, s := range stages {
		switch {
		case s.Campaign != campaign:
		case s.State != campaigns.StageOver:
			underway = append(underway, s)
		default:
			latest = []campaigns.Stage{s} // they stand in order
		}
	}
	if len(underway) > 0 {
		return underway
	}
	return latest
}

// printStanding writes a line a campaign, then what there is to say about some.
func printStanding(w io.Writer, all []standing, zone *time.Location) {
	var funnels []deliveries.Funnel
	for _, s := range all {
		funnels = append(funnels, s.Funnel)
	}
	printFunnels(w, funnels)
	section := func(title string, lines func(standing) []string) {
		for _, s := range all {
			for _, line := range lines(s) {
				if title != "" {
					fmt.Fprintf(w, "\n%s\n", title)
					title = ""
				}
				fmt.Fprintf(w, "  %-18s %s\n", campaignName(s.Funnel), line)
			}
		}
	}
	section("In it before, so not again", keptOutLine)
	section("Spent", costLine)
	section("Goals", goalLines)
	section("Stages", func(s standing) []string { return stageLines(s, zone) })
	section("Splits", func(s standing) []string { return splitLines(s, zone) })
	section("Paused", func(s standing) []string { return pauseLine(s, zone) })
}

func keptOutLine(s standing) []string {
	if s.KeptOut == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d times, over all runs, somebody who belonged was kept out by the rule of entry (again)", s.KeptOut)}
}

// costLine tells what a campaign's messages cost by the workspace's prices.
func costLine(s standing) []string {
	if s.Cost == 0 && s.Segments == 0 {
		return nil
	}
	line := s.shop.Money(float64(s.Cost))
	if s.Segments > 0 {
		line += fmt.Sprintf(", for %d segments of text messages among them", s.Segments)
	}
	return []string{line}
}

func goalLines(s standing) []string {
	if s.Goal == nil {
		return nil
	}
	var lines []string
	for _, goal := range s.Goal.All() {
		words := goal.String()
		if len(s.Goal.Earlier) > 0 {
			words = goal.Of() + ": " + words
		}
		worth := "conversions " + s.worth(goal.Contacted)
		if goal.Holdout.People > 0 {
			worth += "; of the holdout " + s.worth(goal.Holdout)
		}
		lines = append(lines, words, worth)
	}
	return lines
}

// worth is what a side's conversions come to, and for each person: sides are of unequal
// size.
func (s standing) worth(side deliveries.Side) string {
	return fmt.Sprintf("%d worth %s, %s a person", side.Conversions, s.shop.Money(float64(side.Value)), s.shop.Money(side.PerPerson()))
}

func stageLines(s standing, zone *time.Location) []string {
	var lines []string
	for _, stage := range s.Rollouts {
		lines = append(lines, fmt.Sprintf("stage %d, %.4g%% of the people since %s: %s", stage.Number+1, 100*stage.Share, stamp(stage.OpenedAt, zone), waiting(stage, zone)))
		if stage.Judgement.Verdict != "" {
			for line := range strings.SplitSeq(stage.Judgement.Words(), "\n") {
				lines = append(lines, "  "+line)
			}
		}
	}
	return lines
}

// waiting says what a stage waits for.
func waiting(s campaigns.Stage, zone *time.Location) string {
	switch s.State {
	case campaigns.StageOpening, campaigns.StageReleased:
		return "people are being let in"
	case campaigns.StageAsking:
		return "too little is known to judge; `rapport resume " + s.Campaign + "` opens the next"
	case campaigns.StageStopped:
		return "stopped; `rapport resume " + s.Campaign + "` opens the next"
	case campaigns.StageOver:
		return "everybody is let in"
	}
	text := "judged on " + stamp(s.JudgeAt, zone)
	if s.Holds > 0 {
		text += fmt.Sprintf(", held %d times", s.Holds)
	}
	return text
}

func splitLines(s standing, zone *time.Location) []string {
	var lines []string
	for _, split := range s.Splits {
		if split.Winner == "" {
			lines = append(lines, fmt.Sprintf("step %s, open since %s: not decided yet", split.Step, stamp(split.OpenedAt, zone)))
			continue
		}
		var paths []string
		for _, path := range split.Paths {
			paths = append(paths, fmt.Sprintf("%s %d of %d, 95%% interval %s", path.Path, path.Reached, path.Sent, path.Interval()))
		}
		lines = append(lines, fmt.Sprintf("step %s, decided on %s: %s %s (%s)", split.Step, stamp(split.DecidedAt, zone), split.Winner, split.Warrant(), strings.Join(paths, "; ")))
	}
	return lines
}

func pauseLine(s standing, zone *time.Location) []string {
	switch {
	case s.Pause != nil:
		return []string{pauseWords(*s.Pause, zone)}
	case s.State == campaigns.Paused:
		return []string{"by its file"}
	}
	return nil
}

// pauseWords says since when, by whom and why a campaign stands still.
func pauseWords(p campaigns.Pause, zone *time.Location) string {
	words := fmt.Sprintf("since %s by %s", stamp(p.At, zone), p.Source)
	if p.Why != "" {
		words += ": " + p.Why
	}
	return words
}
