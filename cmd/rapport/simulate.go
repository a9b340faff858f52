package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/campaigns/rehearsal"
	"rapport/customers"
	"rapport/sandbox"
)

// simulating is what `rapport simulate` was asked for.
type simulating struct {
	*options
	days, people int
	seed         uint64
	at           string
	behaviour    string
	set          []string
}

func simulateCommand(o *options) *cobra.Command {
	asked := &simulating{options: o}
	command := &cobra.Command{
		Use:   "simulate CAMPAIGN [DIR]",
		Short: "Run everybody through a campaign in memory, and sum up what would come of it",
		Long: "Run the store's customers through a campaign on a virtual clock. Nothing is sent and nothing is written.\n" +
			"Without DIR the campaign is the one in force. If there is no store, or with --people, the customers are made up.\n" +
			"What customers do is drawn at random with the demo's probabilities; --behaviour FILE replaces some of them (see\n" +
			"docs/simulate.md).",
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return asked.run(cmd, args[0], append(args, "")[1], cmd.Flags().Changed("people"))
		},
	}
	flags := command.Flags()
	flags.IntVar(&asked.days, "days", 30, "how many days to play")
	flags.StringVar(&asked.at, "at", "", "when they begin, by the workspace's clock (for a broadcast that runs once: when it goes out)")
	flags.Uint64Var(&asked.seed, "seed", 1, "seed of what is drawn at random: the same seed draws the same behaviour")
	flags.IntVar(&asked.people, "people", 2000, "make up this many customers instead of using the store's; another 2% of that number sign up meanwhile")
	flags.StringVar(&asked.behaviour, "behaviour", "", "a YAML `file` with probabilities that replace the usual ones")
	flags.StringArrayVar(&asked.set, "set", nil, "a value that the campaign sees as event.`name=value`; may be repeated")
	return command
}

func (s *simulating) run(cmd *cobra.Command, campaign, folder string, makeUp bool) error {
	ctx := cmd.Context()
	behaviour, err := readBehaviour(s.behaviour)
	if err != nil {
		return err
	}
	properties, err := assignments("--set", s.set)
	if err != nil {
		return err
	}
	if !makeUp && folder != "" && !s.hasStore() {
		makeUp = true
	}
	i, workspace, err := s.open(cmd, folder, makeUp)
	if err != nil {
		return err
	}
	defer i.Close()
	c := workspace.Campaigns[campaign]
	if c == nil {
		return fmt.Errorf("there is no campaign %q", campaign)
	}
	start, err := s.start(c, workspace)
	if err != nil {
		return err
	}
	if makeUp {
		if err := i.makeUp(ctx, s.seed, s.people, start, s.days); err != nil {
			return err
		}
	}
	until := start.Add(time.Duration(s.days) * 24 * time.Hour)
	if err := runs(c, workspace, start, until); err != nil {
		return err
	}
	foresight := &foresight{behaviour: behaviour, seed: s.seed, campaign: c}
	figures, err := rehearsal.Simulate(rehearsal.Simulation{
		Workspace: workspace, Campaign: campaign, Start: start, Until: until,
		Audience: foresight, When: s.moments(start, workspace.Zone), Properties: c.Properties(properties),
		Life: foresight.life, Awaited: foresight.awaited, Sample: 100,
	}, i.newcomers(ctx, c, workspace, start))
	if err != nil {
		return err
	}
	if s.format == "json" {
		return printJSON(cmd.OutOrStdout(), figures)
	}
	printFigures(cmd.OutOrStdout(), workspace, figures)
	printAwaited(cmd.OutOrStdout(), figures.Awaited, behaviour)
	return nil
}

func (s *simulating) hasStore() bool {
	c, _, err := s.load()
	if err != nil || c.Store != "" {
		return true // its own words tell what is wrong with it
	}
	_, err = os.Stat(filepath.Join(s.data, "rapport.db"))
	return !errors.Is(err, fs.ErrNotExist)
}

// open opens the store, or an empty one for people who are made up, and reads
// the workspace.
func (s *simulating) open(cmd *cobra.Command, folder string, makeUp bool) (*installation, *campaigns.Workspace, error) {
	if folder == "" {
		return s.openInForce(cmd.Context(), makeUp)
	}
	workspace, err := s.loadWorkspace(cmd, folder)
	if err != nil {
		return nil, nil, err
	}
	if makeUp {
		i, err := s.openEmpty(cmd.Context())
		return i, workspace, err
	}
	i, err := s.openReading(cmd.Context())
	return i, workspace, err
}

// openInForce opens the store and the workspace in force there.
func (s *simulating) openInForce(ctx context.Context, makeUp bool) (*installation, *campaigns.Workspace, error) {
	i, err := s.openReading(ctx)
	if err != nil {
		return nil, nil, err
	}
	edition, err := i.Catalog.Current(ctx)
	if err != nil {
		i.Close()
		return nil, nil, err
	}
	if makeUp {
		i.Close()
		if i, err = s.openEmpty(ctx); err != nil {
			return nil, nil, err
		}
	}
	return i, edition.Workspace, nil
}

// openEmpty opens a store in a folder that goes when it is closed.
func (s *simulating) openEmpty(ctx context.Context) (*installation, error) {
	folder, err := os.MkdirTemp("", "rapport-simulate-")
	if err != nil {
		return nil, err
	}
	b := &backing{close: []func() error{func() error { return os.RemoveAll(folder) }}}
	b.DSN = "sqlite:" + filepath.Join(folder, "rapport.db")
	_, log, err := s.load()
	if err != nil {
		b.Close()
		return nil, err
	}
	i, err := assembleMigrated(ctx, b, now, log)
	if err != nil {
		b.Close()
	}
	return i, err
}

// makeUp fills an empty store with a made-up shop.
func (i *installation) makeUp(ctx context.Context, seed uint64, people int, start time.Time, days int) error {
	shop := sandbox.NewShop(seed, people, start, days)
	stand := sandbox.New(sandbox.Options{Seed: seed, SelfURL: "https://push.example", Now: func() time.Time { return start }})
	return i.fill(ctx, stand, shop)
}

// start is when the days begin: as asked, when a broadcast that comes once goes
// out, or now.
func (s *simulating) start(c *campaigns.Campaign, w *campaigns.Workspace) (time.Time, error) {
	if s.at != "" {
		at, err := instantOf(s.at, w.Reads(c))
		if err != nil {
			return at, fmt.Errorf("--at: %w", err)
		}
		return at, nil
	}
	if c.Trigger.Kind == campaigns.Once {
		if at := w.Occurrences(c, time.Time{}, now().Add(100*366*24*time.Hour)); len(at) > 0 {
			return at[0], nil
		}
	}
	return now().Truncate(time.Minute), nil
}

// runs makes sure that a broadcast goes out within the days.
func runs(c *campaigns.Campaign, w *campaigns.Workspace, start, until time.Time) error {
	if !c.Trigger.Broadcast() || len(w.Occurrences(c, start.Add(-time.Second), until)) > 0 {
		return nil
	}
	days := fmt.Sprintf("%s does not go out from %s to %s", c.ID, stamp(start, w.Reads(c)), stamp(until, w.Reads(c)))
	if all := w.Occurrences(c, time.Time{}, until.Add(100*366*24*time.Hour)); c.Trigger.Kind == campaigns.Once && len(all) > 0 {
		return fmt.Errorf("%s but at %s; leave --at out to begin then", days, stamp(all[0], w.Reads(c)))
	}
	return fmt.Errorf("%s; play more --days, or begin at another time with --at", days)
}

// newcomers reads everybody who may take part, with what the campaign counts of
// their past.
func (i *installation) newcomers(ctx context.Context, c *campaigns.Campaign, w *campaigns.Workspace, start time.Time) iter.Seq2[rehearsal.Newcomer, error] {
	const page = 500
	where, args := "", []any(nil)
	if c.Trigger.Kind == campaigns.Once && c.Audience.Who != nil { // nobody else can come to belong
		where, args = c.Audience.Who.SQL(i.Store.Dialect(), c.AudienceAt(start))
	}
	wanted := w.CountsFor(c)
	if segment := w.Segments[c.Trigger.Segment]; segment != nil && segment.Who != nil {
		wanted = append(wanted, segment.Who.Counts()...)
	}
	return func(yield func(rehearsal.Newcomer, error) bool) {
		var some []*customers.Customer
		give := func() bool {
			ids := make([]string, len(some))
			for n, customer := range some {
				ids[n] = customer.ID
			}
			counts, err := i.Store.Counts(ctx, ids, wanted, start)
			for _, customer := range some {
				if !yield(rehearsal.Newcomer{Customer: customer, Counts: counts[customer.ID]}, err) || err != nil {
					return false
				}
			}
			some = some[:0]
			return true
		}
		for customer, err := range i.Store.Stream(ctx, where, args) {
			if err != nil {
				yield(rehearsal.Newcomer{}, err)
				return
			}
			if some = append(some, customer); len(some) == page && !give() {
				return
			}
		}
		if len(some) > 0 {
			give()
		}
	}
}

// moments spreads customers evenly over the waking hours of the days, which end at the
// time of day at which they begin: each meets what starts the campaign once.
func (s *simulating) moments(start time.Time, zone *time.Location) func(string) time.Time {
	days := max(s.days, 1)
	until := start.Add(time.Duration(days) * 24 * time.Hour)
	return func(customer string) time.Time {
		sum := fnv.New64a()
		sum.Write([]byte(customer))
		lot := rand.New(rand.NewPCG(s.seed, sum.Sum64())) //nolint:gosec // the same again by the same seed
		for {
			day := start.In(zone).AddDate(0, 0, lot.IntN(days+1))
			at := time.Date(day.Year(), day.Month(), day.Day(), 8, lot.IntN(12*60), lot.IntN(60), 0, zone)
			if !at.Before(start) && at.Before(until) {
				return at
			}
		}
	}
}

// readBehaviour lays a file over the usual behaviour.
func readBehaviour(file string) (sandbox.Behaviour, error) {
	behaviour := sandbox.Lifelike()
	if file == "" {
		return behaviour, nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return behaviour, err
	}
	if err := yaml.UnmarshalWithOptions(content, &behaviour, yaml.Strict()); err != nil {
		return behaviour, fmt.Errorf("read behaviour %s: %w", file, err)
	}
	return behaviour, nil
}
