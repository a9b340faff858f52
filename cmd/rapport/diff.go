package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rapport/campaigns"
)

func diffCommand(o *options) *cobra.Command {
	var exitCode bool
	command := &cobra.Command{
		Use:   "diff DIR",
		Short: "Show what applying a workspace would change, by meaning and not by lines",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			workspace, err := o.loadWorkspace(cmd, args[0])
			if err != nil {
				return err
			}
			i, err := o.openReading(cmd.Context())
			if err != nil {
				return err
			}
			defer i.Close()
			d, err := i.applier().Changes(cmd.Context(), workspace)
			if err != nil {
				return err
			}
			if o.format == "json" {
				err = printJSON(cmd.OutOrStdout(), d)
			} else {
				printDifference(cmd.OutOrStdout(), d)
			}
			if err == nil && exitCode && !d.None() {
				return errReported
			}
			return err
		},
	}
	command.Flags().BoolVar(&exitCode, "exit-code", false, "exit with 1 if anything would change")
	return command
}

// printDifference writes what changed: a line for each thing, and below it each
// part of it.
func printDifference(w io.Writer, d campaigns.Difference) {
	if d.None() {
		fmt.Fprintln(w, "nothing is different")
		return
	}
	if len(d.Settings) > 0 {
		fmt.Fprintln(w, "~ rapport.yaml")
		printChanges(w, d.Settings)
	}
	printRevisions(w, "segment", d.Segments)
	printRevisions(w, "campaign", d.Campaigns)
	if len(d.Templates) > 0 {
		fmt.Fprintln(w, "~ templates")
		printChanges(w, d.Templates)
	}
	printRevisions(w, "test", d.Tests)
}

var revisionSigns = map[campaigns.RevisionKind]string{campaigns.Added: "+", campaigns.Removed: "-", campaigns.Changed: "~", campaigns.Relies: "="}

func printRevisions(w io.Writer, what string, revisions []campaigns.Revision) {
	for _, r := range revisions {
		fmt.Fprintf(w, "%s %s %s", revisionSigns[r.Kind], what, r.ID)
		if r.Title != "" {
			fmt.Fprintf(w, ": %s", r.Title)
		}
		fmt.Fprintln(w)
		printChanges(w, r.Changes)
		for _, file := range r.Templates {
			fmt.Fprintf(w, "    words of %s\n", file)
		}
		if a := r.Audience; a != nil {
			if len(r.Changes) == 0 {
				fmt.Fprintln(w, "    its audience changes with a segment it names")
			}
			fmt.Fprintf(w, "    of today's customers %d enter it and %d leave it\n", a.Enter, a.Leave)
		}
		if words := underWay(r); words != "" {
			fmt.Fprintf(w, "    %s\n", words)
		}
	}
}

// underWay says what becomes of the journeys that run.
func underWay(r campaigns.Revision) string {
	switch {
	case r.Kind == campaigns.Removed && r.Running > 0:
		return plural(int(r.Running), "journey") + " under way will send nothing more"
	case r.NewVersion && r.Running > 0:
		return plural(int(r.Running), "journey") + " under way keep the version they began with"
	case r.Kind == campaigns.Relies:
		return "a new version, because what it leans on changed"
	}
	return ""
}

func printChanges(w io.Writer, changes []campaigns.Change) {
	for _, c := range changes {
		switch {
		case c.Before == "":
			fmt.Fprintf(w, "    %s: %s\n", c.Part, clip(oneLine(c.After), 160))
		case c.After == "":
			fmt.Fprintf(w, "    %s: no longer %s\n", c.Part, clip(oneLine(c.Before), 160))
		default:
			fmt.Fprintf(w, "    %s: %s → %s\n", c.Part, clip(oneLine(c.Before), 160), clip(oneLine(c.After), 160))
		}
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// summary is a difference in one line.
func summary(d campaigns.Difference) string {
	if d.None() {
		return "nothing is different"
	}
	var parts []string
	count := func(what string, revisions []campaigns.Revision) {
		kinds := map[campaigns.RevisionKind]int{}
		for _, r := range revisions {
			kinds[r.Kind]++
		}
		for _, kind := range []campaigns.RevisionKind{campaigns.Added, campaigns.Changed, campaigns.Removed} {
			if kinds[kind] > 0 {
				parts = append(parts, fmt.Sprintf("%s %s", plural(kinds[kind], what), kind))
			}
		}
	}
	count("campaign", d.Campaigns)
	count("segment", d.Segments)
	count("test", d.Tests)
	for _, other := range []struct {
		what string
		n    int
	}{{"template", len(d.Templates)}, {"setting", len(d.Settings)}} {
		if other.n > 0 {
			parts = append(parts, plural(other.n, other.what)+" changed")
		}
	}
	if len(parts) == 0 {
		return "nothing but new versions of what leans on others"
	}
	return strings.Join(parts, ", ")
}
