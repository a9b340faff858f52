package main

import (
	"fmt"
	"io"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/campaigns/rehearsal"
)

// rehearsing is what `rapport test` was asked for.
type rehearsing struct {
	*options
	junit   string
	pattern string
	verbose bool
}

func testCommand(o *options) *cobra.Command {
	asked := &rehearsing{options: o}
	command := &cobra.Command{
		Use:   "test DIR [NAME…]",
		Short: "Play a workspace's campaign tests on a virtual clock",
		Long: "Play the tests of a workspace's tests/*.yaml on a virtual clock: nothing is sent and nothing is written.\n" +
			"A NAME is a campaign, a file of tests/ or a test's title; without one, every test is played.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return asked.run(cmd, args[0], args[1:]) },
	}
	flags := command.Flags()
	flags.StringVar(&asked.junit, "junit", "", "also write the results to this `file`, as JUnit XML")
	flags.StringVar(&asked.pattern, "run", "", "play only tests whose title matches this `pattern`, a regular expression")
	flags.BoolVarP(&asked.verbose, "verbose", "v", false, "also show the days of tests that pass")
	return command
}

func (t *rehearsing) run(cmd *cobra.Command, folder string, names []string) error {
	workspace, err := t.loadWorkspace(cmd, folder)
	if err != nil {
		return err
	}
	chosen, err := choose(workspace.Tests, names, t.pattern)
	if err != nil {
		return err
	}
	began := now()
	played := playAll(workspace, chosen)
	took := now().Sub(began)
	if err := t.write(cmd.OutOrStdout(), workspace, played, took); err != nil {
		return err
	}
	if slices.ContainsFunc(played, func(p performance) bool { return !p.Passed() }) {
		return errReported
	}
	return nil
}

// choose picks the tests that are named and whose titles match.
func choose(tests []campaigns.Test, names []string, pattern string) ([]campaigns.Test, error) {
	matches, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("read --run: %w", err)
	}
	known := make([]bool, len(names))
	chosen := slices.DeleteFunc(slices.Clone(tests), func(test campaigns.Test) bool {
		named := len(names) == 0
		for i, name := range names {
			if isNamed(test, name) {
				named, known[i] = true, true
			}
		}
		return !named || !matches.MatchString(test.Title)
	})
	if i := slices.Index(known, false); i >= 0 {
		return nil, fmt.Errorf("no test is named %q: name a campaign, a file of tests/ or a test's title", names[i])
	}
	if pattern != "" && len(chosen) == 0 {
		return nil, fmt.Errorf("no test of those asked for has a title that matches --run %q", pattern)
	}
	return chosen, nil
}

func isNamed(test campaigns.Test, name string) bool {
	file := path.Base(test.File)
	return test.Title == name || test.Campaigns[0] == name || test.File == name || file == name || strings.TrimSuffix(file, ".yaml") == name
}

// performance is one test, played.
type performance struct {
	rehearsal.Outcome
	took time.Duration
}

// playAll plays tests on all cores and returns them in their order.
func playAll(w *campaigns.Workspace, tests []campaigns.Test) []performance {
	played := make([]performance, len(tests))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(tests)) {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(tests)); i = next.Add(1) - 1 {
				began := now()
				played[i] = performance{Outcome: rehearsal.Rehearse(w, tests[i])}
				played[i].took = now().Sub(began)
			}
		})
	}
	wait.Wait()
	return played
}

func (t *rehearsing) write(out io.Writer, w *campaigns.Workspace, played []performance, took time.Duration) error {
	if t.junit != "" {
		if err := writeJUnit(t.junit, w, played, took); err != nil {
			return err
		}
	}
	if t.format == "json" {
		return printJSON(out, results(w, played))
	}
	failed := 0
	for _, p := range played {
		if !p.Passed() {
			failed++
			printFailure(out, p, t.format)
		}
		if t.format == "text" && (t.verbose || !p.Passed()) {
			printDays(out, w, p)
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed, in %s\n", len(played)-failed, failed, took.Round(time.Millisecond))
	return nil
}

// printFailure writes the one line that says what went another way.
func printFailure(out io.Writer, p performance, format string) {
	u := p.Unmet
	said := p.Test.Title + ": expected " + u.Expected + ", but " + u.Instead
	if u.Expected == "" {
		said = p.Test.Title + ": " + u.Instead
	}
	if format == "github" {
		_ = campaigns.WriteProblems(out, []campaigns.Problem{{File: p.Test.File, Line: u.Line, Column: u.Column, Message: said}}, format)
		return
	}
	fmt.Fprintf(out, "%s:%d:%d: %s\n", p.Test.File, u.Line, u.Column, said)
}

// printDays writes what happened, in the customer's zone, each day named once.
// The line in which things went another way is marked.
func printDays(out io.Writer, w *campaigns.Workspace, p performance) {
	zone := p.Zone(w)
	if p.Passed() {
		fmt.Fprintf(out, "%s:%d: %s: passed\n", p.Test.File, p.Test.Line, p.Test.Title)
	}
	if zone.String() != p.Test.Zone.String() {
		fmt.Fprintf(out, "  as the customer's clock shows it (%s); the test is written by %s\n", zone, p.Test.Zone)
	}
	day := ""
	for i, line := range p.Lines {
		marked := p.Unmet != nil && p.Unmet.At == i
		if !marked && !line.Tells() {
			continue
		}
		at := line.At.In(zone)
		date := at.Format("Mon 2006-01-02")
		if date == day {
			date = strings.Repeat(" ", len(date))
		} else {
			day = date
		}
		mark, who := "  ", ""
		if marked {
			mark = "> "
		}
		if len(p.Test.Customers) > 1 {
			who = line.Customer + "  "
		}
		fmt.Fprintf(out, "%s%s  %s  %s%s\n", mark, date, at.Format("15:04:05"), who, line.Words(zone))
	}
	if p.Unmet != nil && p.Unmet.At < 0 {
		fmt.Fprintf(out, "> the days ended without it\n")
	}
	fmt.Fprintln(out)
}

// result is a test for other programs.
type result struct {
	Test     string      `json:"test"`
	Campaign string      `json:"campaign"`
	File     string      `json:"file"`
	Line     int         `json:"line"`
	Passed   bool        `json:"passed"`
	Expected string      `json:"expected,omitempty"`
	Instead  string      `json:"instead,omitempty"`
	Days     []happening `json:"days"`
}

type happening struct {
	At       time.Time `json:"at"`
	Customer string    `json:"customer"`
	What     string    `json:"what"`
	Differs  bool      `json:"differs,omitempty"`
}

func results(w *campaigns.Workspace, played []performance) []result {
	all := make([]result, len(played))
	for i, p := range played {
		all[i] = result{Test: p.Test.Title, Campaign: p.Test.Campaigns[0], File: p.Test.File, Line: p.Test.Line, Passed: p.Passed()}
		if p.Unmet != nil {
			all[i].Line, all[i].Expected, all[i].Instead = p.Unmet.Line, p.Unmet.Expected, p.Unmet.Instead
		}
		for n, line := range p.Lines {
			differs := p.Unmet != nil && p.Unmet.At == n
			if line.Tells() || differs {
				all[i].Days = append(all[i].Days, happening{line.At.In(p.Zone(w)), line.Customer, line.Words(p.Zone(w)), differs})
			}
		}
	}
	return all
}
