package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rapport/config"
)

// benchSizes are how much of everything is measured.
type benchSizes struct {
	N         int   // messages by each way of sending
	People    int   // customers imported, and entered
	Events    int   // callbacks in batches
	Singles   int   // callbacks one by one
	Audiences []int // of the worker whose memory is looked at
}

var (
	usualSizes = benchSizes{N: 10_000, People: 100_000, Events: 50_000, Singles: 5_000, Audiences: []int{20_000, 60_000}}
	fullSizes  = benchSizes{N: 100_000, People: 1_000_000, Events: 200_000, Singles: 20_000, Audiences: []int{100_000, 400_000}}
)

// benchRow is one part of the benchmark, by the name that --only knows.
type benchRow struct {
	name    string
	measure func(*bench, context.Context) ([]figure, error)
}

// benchRows are all parts, in the order in which they are measured: those that
// send first, before what the larger ones leave behind.
var benchRows = []benchRow{
	{"import", (*bench).imports},
	{"ledger", (*bench).ledger},
	{"smtp", (*bench).smtp},
	{"sendgrid", (*bench).sendgrid},
	{"personalised", (*bench).personalised},
	{"sms", (*bench).sms},
	{"push", (*bench).push},
	{"callbacks", (*bench).callbacks},
	{"memory", (*bench).memory},
	{"enter", (*bench).enter},
	{"files", (*bench).files},
}

func benchCommand(o *options) *cobra.Command {
	sizes, full := usualSizes, false
	var only, stores []string
	var profiles string
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine: each kind of work compared with a bare program that does the same",
		Long: "Measure this machine: each kind of work and a bare counterpart in the same run, on SQLite with a Redis inside\n" +
			"the process and, where RAPPORT_TEST_POSTGRES and RAPPORT_TEST_REDIS name servers, on PostgreSQL and Redis.\n\n" +
			"Messages go to a sink, a program of its own on this machine. A bare client sends the same bytes into the same\n" +
			"sink over as many connections. The sending stage lasts from due deliveries until they are sent and on the\n" +
			"timeline; the whole way begins with the audience and ends with the journeys. The sink is also flooded by itself,\n" +
			"to show that it does not set the limit. Whatever else runs on this machine changes the rates: compare ratios.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if full {
				sizes = sizes.orFull(cmd)
			}
			rows, err := rowsNamed(only)
			if err != nil {
				return err
			}
			var figures []figure
			for _, c := range benchBackings(cmd, stores) {
				found, err := benchmark(cmd.Context(), c, sizes, rows, profiles, func(f figure) { fmt.Fprintln(cmd.ErrOrStderr(), f.line()) })
				figures = append(figures, found...)
				if err != nil {
					return fmt.Errorf("on %s: %w", storeName(c), err)
				}
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), figures)
			}
			printBench(cmd.OutOrStdout(), figures)
			fmt.Fprintf(cmd.OutOrStdout(), "%d processors, %s, %s\n", runtime.NumCPU(), runtime.Version(), now().Format(time.DateOnly))
			return nil
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&only, "only", nil, "measure only these: "+strings.Join(rowNames(), ", "))
	flags.StringSliceVar(&stores, "store", []string{"sqlite", "postgres"}, "the `databases` to measure on")
	flags.StringVar(&profiles, "profiles", "", "write a processor profile of each part into this `folder`, for go tool pprof")
	flags.BoolVar(&full, "full", false, "measure 100,000 messages and 1,000,000 customers")
	flags.IntVar(&sizes.N, "n", sizes.N, "messages for each way of sending")
	flags.IntVar(&sizes.People, "people", sizes.People, "customers that are imported and enter a campaign")
	flags.IntVar(&sizes.Events, "events", sizes.Events, "callbacks that come in batches")
	flags.IntVar(&sizes.Singles, "singles", sizes.Singles, "callbacks that come one by one")
	flags.IntSliceVar(&sizes.Audiences, "audiences", sizes.Audiences, "sizes of audience for which a worker's memory is measured")
	return command
}

// orFull is the full form, but for the sizes that were named.
func (s benchSizes) orFull(cmd *cobra.Command) benchSizes {
	all := fullSizes
	for _, size := range []struct {
		flag        string
		named, full *int
	}{
		{"n", &s.N, &all.N}, {"people", &s.People, &all.People}, {"events", &s.Events, &all.Events}, {"singles", &s.Singles, &all.Singles},
	} {
		if cmd.Flags().Changed(size.flag) {
			*size.full = *size.named
		}
	}
	if cmd.Flags().Changed("audiences") {
		all.Audiences = s.Audiences
	}
	return all
}

func rowNames() []string {
	names := make([]string, len(benchRows))
	for i, row := range benchRows {
		names[i] = row.name
	}
	return names
}

func rowsNamed(only []string) ([]benchRow, error) {
	if len(only) == 0 {
		return benchRows, nil
	}
	for _, name := range only {
		if !slices.Contains(rowNames(), name) {
			return nil, fmt.Errorf("--only: there is no %q; there are %s", name, strings.Join(rowNames(), ", "))
		}
	}
	return slices.DeleteFunc(slices.Clone(benchRows), func(row benchRow) bool { return !slices.Contains(only, row.name) }), nil
}

// benchBackings are the databases and queues to measure on.
func benchBackings(cmd *cobra.Command, stores []string) []config.Config {
	var all []config.Config
	if slices.Contains(stores, "sqlite") {
		all = append(all, config.Defaults())
	}
	if !slices.Contains(stores, "postgres") {
		return all
	}
	c := config.Defaults()
	c.Store, c.Redis = config.Secret(os.Getenv("RAPPORT_TEST_POSTGRES")), config.Redis{URL: config.Secret(os.Getenv("RAPPORT_TEST_REDIS"))}
	if c.Store == "" || !c.Redis.Set() {
		fmt.Fprintln(cmd.ErrOrStderr(), "PostgreSQL and Redis are left out: RAPPORT_TEST_POSTGRES and RAPPORT_TEST_REDIS are not set")
		return all
	}
	return append(all, c)
}

func storeName(c config.Config) string {
	if c.Store == "" {
		return "SQLite"
	}
	return "PostgreSQL"
}

// profiled writes where this process spent its time into a file of a folder; "" is
// none.
func profiled(folder, name string, measure func() ([]figure, error)) ([]figure, error) {
	if folder == "" {
		return measure()
	}
	file, err := os.Create(filepath.Join(folder, name+".pprof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	figures, err := measure()
	pprof.StopCPUProfile()
	return figures, errors.Join(err, file.Close())
}

// benchmark measures rows on one installation and tells each figure as it is had.
func benchmark(ctx context.Context, c config.Config, sizes benchSizes, rows []benchRow, profiles string, tell func(figure)) ([]figure, error) {
	folder, err := os.MkdirTemp("", "rapport-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder) // a temporary folder
	b, err := openBench(ctx, c, folder, sizes)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	var all []figure
	for _, row := range rows {
		figures, err := profiled(profiles, storeName(c)+"-"+row.name, func() ([]figure, error) { return row.measure(b, ctx) })
		for _, f := range figures {
			f.Store = storeName(c)
			all = append(all, f)
			tell(f)
		}
		if err != nil {
			return all, fmt.Errorf("measure %s: %w", row.name, err)
		}
	}
	return all, nil
}

// line is a figure as it is told while others are still measured.
func (f figure) line() string {
	text := fmt.Sprintf("%s: %s: %d in %.2f s, %.0f/s", f.Store, f.Work, f.N, f.Seconds, f.Rate)
	switch {
	case f.Million > 0:
		text = fmt.Sprintf("%s: %s: %.0f a million", f.Store, f.Work, f.Million)
	case f.Memory > 0:
		text = fmt.Sprintf("%s: %s: %.1f MiB", f.Store, f.Work, f.Memory)
	}
	if f.BareRate > 0 {
		text += fmt.Sprintf(", %.2f of %s (%.0f/s)", f.ratio(), f.Bare, f.BareRate)
	}
	return text
}
