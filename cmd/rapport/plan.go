package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/campaigns/plan"
	"rapport/deliveries"
)

func planCommand(o *options) *cobra.Command {
	var at, list string
	command := &cobra.Command{
		Use:   "plan DIR [CAMPAIGN]",
		Short: "Show whom campaigns would contact, when, by which channel and at what cost; nothing is sent or changed",
		Long: "Show whom the campaigns of the workspace in DIR would contact, applied or not: who would enter, the first message\n" +
			"of each journey, what would hold it back or refuse it, and what it costs. Customers and what was sent to them are\n" +
			"read from the store, also while another rapport works on it.\n\n" +
			"A broadcast is planned at --at or, without it, at its next run, together with the broadcasts that run at the same\n" +
			"instant. A broadcast whose only moment is past is shown as over. For other campaigns only the audience is planned:\n" +
			"who belongs to it and could be reached today.",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := o.planning(cmd, args[0], at)
			if err != nil {
				return err
			}
			defer p.Close()
			var campaign string
			if len(args) == 2 {
				campaign = args[1]
			}
			result, err := p.make(cmd.Context(), campaign, list)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), result)
			}
			printPlan(cmd.OutOrStdout(), result, p.workspace)
			return p.warn(cmd, result)
		},
	}
	command.Flags().StringVar(&at, "at", "", "the `instant`, such as \"2026-12-01 10:00\" (by the workspace's clock; with zone: customer, by each customer's) or RFC 3339")
	command.Flags().StringVar(&list, "list", "", "write a line of JSON for every customer to this `file`")
	return command
}

// warn tells of the broadcasts in a plan that are over, and where their moment stands.
func (p *planning) warn(cmd *cobra.Command, made planResult) error {
	var over []campaigns.Problem
	for _, f := range made.Campaigns {
		if f.Over {
			over = append(over, p.workspace.Campaigns[f.Campaign].OverWarning())
		}
	}
	return campaigns.WriteProblems(cmd.ErrOrStderr(), campaigns.InOrder(over), "text")
}

// planResult is what `rapport plan` prints as JSON.
type planResult struct {
	Workspace string          `json:"workspace"`
	MadeAt    time.Time       `json:"made_at"`
	Zone      string          `json:"zone"` // the workspace's, of by_workspace_hour
	Campaigns []plan.Forecast `json:"campaigns"`
}

// planning is a workspace that is not in force beside the store it is planned
// over.
type planning struct {
	*installation
	workspace *campaigns.Workspace
	at        string // --at; without it each at its next occurrence
	doors     deliveries.Addresses
}

// planning reads a folder, whose mistakes it prints, and opens the store.
func (o *options) planning(cmd *cobra.Command, folder, at string) (*planning, error) {
	workspace, err := o.loadWorkspace(cmd, folder)
	if err != nil {
		return nil, err
	}
	p := &planning{workspace: workspace, at: at}
	if at != "" {
		if _, err = instantOf(at, workspace.Zone); err != nil {
			return nil, fmt.Errorf("--at: %w", err)
		}
	}
	c, _, err := o.load()
	if err != nil {
		return nil, err
	}
	p.doors = lookalikeDoors(c.PublicURL)
	p.installation, err = o.openReading(cmd.Context())
	return p, err
}

// lookalikeDoors make links that are as long as real ones and open nothing.
func lookalikeDoors(base string) deliveries.Addresses {
	return deliveries.Addresses{Base: base, Signer: deliveries.NewSigner([]byte("opens nothing"))}
}

// instantOf reads an instant, on a zone's clock unless it names another. One that a
// clock change leaves out, or that comes twice, is that of a run at the same time.
func instantOf(text string, zone *time.Location) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at.UTC(), nil
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02"} {
		if shown, err := time.Parse(layout, text); err == nil {
			local := campaigns.LocalTime{Year: shown.Year(), Month: shown.Month(), Day: shown.Day(), Hour: shown.Hour(), Minute: shown.Minute()}
			return local.In(zone).Add(time.Duration(shown.Second()) * time.Second), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no instant; write 2026-12-01 10:00 or 2026-12-01T10:00:00+01:00", text)
}

// make plans one campaign, or all that are live.
func (p *planning) make(ctx context.Context, campaign, list string) (result planResult, err error) {
	wanted, err := p.wanted(campaign)
	if err != nil {
		return result, err
	}
	each, done, err := lister(list)
	if err != nil {
		return result, err
	}
	result = planResult{Workspace: p.workspace.Name, MadeAt: p.Now(), Zone: p.workspace.Zone.String(), Campaigns: []plan.Forecast{}}
	err = p.Store.Forecast(ctx, func(source plan.Source) error {
		for _, c := range wanted {
			if slices.ContainsFunc(result.Campaigns, func(f plan.Forecast) bool { return f.Campaign == c.ID }) {
				continue // planned together with an earlier one, at its own next run
			}
			kept, err := p.kept(ctx, c, campaign == "")
			if err != nil {
				return err
			}
			made, err := p.forecast(ctx, source, c, onlyOf(kept, each))
			if err != nil {
				return err
			}
			for _, f := range made {
				if kept[f.Campaign] {
					result.Campaigns = append(result.Campaigns, f)
				}
			}
		}
		return nil
	})
	if finished := done(); err == nil {
		err = finished
	}
	return result, err
}

// kept names of those that are planned together with a campaign the ones that are
// told: itself and, where all are planned, those that have their own next run then too.
func (p *planning) kept(ctx context.Context, c *campaigns.Campaign, all bool) (map[string]bool, error) {
	kept := map[string]bool{c.ID: true}
	if !all || !c.Trigger.Broadcast() {
		return kept, nil
	}
	at, err := p.instant(c)
	if err != nil {
		return nil, err
	}
	for _, other := range p.beside(c, at) {
		if other.ID == c.ID {
			continue
		}
		under, err := p.underWay(ctx, other)
		if err != nil {
			return nil, err
		}
		own, err := p.instant(other)
		if err != nil {
			return nil, err
		}
		kept[other.ID] = under.At.IsZero() && own.Equal(at)
	}
	return kept, nil
}

// onlyOf tells of some campaigns' customers alone.
func onlyOf(kept map[string]bool, each func(plan.Fate) error) func(plan.Fate) error {
	if each == nil {
		return nil
	}
	return func(f plan.Fate) error {
		if !kept[f.Campaign] {
			return nil
		}
		return each(f)
	}
}

// noCampaign says that a workspace has no such campaign, and which it has.
func noCampaign(w *campaigns.Workspace, id string) error {
	return fmt.Errorf("there is no campaign %q; there are %s", id, strings.Join(slices.Sorted(maps.Keys(w.Campaigns)), ", "))
}

// wanted lists the campaigns to plan, in order of their names.
func (p *planning) wanted(campaign string) ([]*campaigns.Campaign, error) {
	all := p.workspace.Campaigns
	if campaign != "" {
		if all[campaign] == nil {
			return nil, noCampaign(p.workspace, campaign)
		}
		return []*campaigns.Campaign{all[campaign]}, nil
	}
	var live []*campaigns.Campaign
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if all[id].State == campaigns.Live {
			live = append(live, all[id])
		}
	}
	return live, nil
}

// forecast plans a campaign with those that run at its instant.
func (p *planning) forecast(ctx context.Context, source plan.Source, c *campaigns.Campaign, each func(plan.Fate) error) ([]plan.Forecast, error) {
	planner := plan.Planner{Workspace: p.workspace, Source: source, Addresses: p.doors, Each: each}
	at, err := p.instant(c)
	if err != nil {
		return nil, err
	}
	if !c.Trigger.Broadcast() {
		made, err := planner.Audience(ctx, c, at)
		return []plan.Forecast{made}, err
	}
	if p.at == "" && p.workspace.Over(c, p.Now()) {
		return []plan.Forecast{planner.Over(c)}, nil
	}
	under, err := p.underWay(ctx, c)
	if err != nil {
		return nil, err
	}
	if !under.At.IsZero() {
		planner.Since = under.Since
		return planner.Run(ctx, []*campaigns.Campaign{c}, under.At)
	}
	return planner.Run(ctx, p.beside(c, at), at)
}

// underWay is the run of a campaign by each customer's own clock that would begin
// at once, because some clocks have shown its reading and others have not; zero
// where there is none.
func (p *planning) underWay(ctx context.Context, c *campaigns.Campaign) (run campaigns.Run, err error) {
	if p.at != "" || !c.Trigger.OwnClock {
		return run, nil
	}
	last, err := p.Store.Runs().Last(ctx, c.ID)
	if err != nil {
		return run, err
	}
	for _, due := range p.workspace.Due(c, last, p.Now(), p.Now()) {
		if due.State == campaigns.RunEntering {
			run = due
		}
	}
	return run, nil
}

// instant is when a campaign is planned: where --at says, else at its next
// occurrence, else now.
func (p *planning) instant(c *campaigns.Campaign) (time.Time, error) {
	if p.at != "" {
		return instantOf(p.at, p.workspace.Reads(c))
	}
	const month = 31 * 24 * time.Hour
	for ahead := month; ahead <= 24*month; ahead *= 2 {
		if next := p.workspace.Occurrences(c, p.Now(), p.Now().Add(ahead)); len(next) > 0 {
			return next[0], nil
		}
	}
	return p.Now(), nil
}

// beside lists a broadcast and, where its own schedule has an occurrence at the
// instant, every other live one that runs then too.
func (p *planning) beside(c *campaigns.Campaign, at time.Time) []*campaigns.Campaign {
	runs := func(c *campaigns.Campaign) bool {
		return len(p.workspace.Occurrences(c, at.Add(-time.Millisecond), at)) > 0
	}
	group := []*campaigns.Campaign{c}
	if !runs(c) {
		return group
	}
	for _, other := range p.workspace.Campaigns {
		if other.ID != c.ID && other.State == campaigns.Live && runs(other) {
			group = append(group, other)
		}
	}
	return group
}

// lister writes each fate as a line of JSON to a file; without a file there is
// nothing to do.
func lister(path string) (each func(plan.Fate) error, done func() error, err error) {
	if path == "" {
		return nil, func() error { return nil }, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, nil, err
	}
	w := bufio.NewWriter(file)
	lines := json.NewEncoder(w)
	return func(f plan.Fate) error { return lines.Encode(f) }, func() error {
		if err := w.Flush(); err != nil {
			return err
		}
		return file.Close()
	}, nil
}
