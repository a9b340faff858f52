package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/store"
)

func applyCommand(o *options) *cobra.Command {
	var order campaigns.ApplyOptions
	var server string
	command := &cobra.Command{
		Use:   "apply DIR",
		Short: "Put a workspace in force; customers who are in a campaign keep the version they began with",
		Long: "Put a workspace in force: all of it or, if there is a mistake, nothing. Customers who are in a campaign keep the\n" +
			"version they began with. With --migrate a customer goes on in the new version if every step they may have passed,\n" +
			"and the step they are at, has the same path, kind, id and template in both versions. Anything else in a step may\n" +
			"differ: a wait that became shorter or longer is counted anew from when they came to it.\n\n" +
			"While `rapport up` runs on the same folder, it is asked to do the work. --server asks another one: its console\n" +
			"answers only the machine it runs on, so run this command there or through a tunnel.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := readWorkspace(args[0])
			if err != nil {
				return err
			}
			done, problems, err := o.apply(cmd.Context(), files, server, order)
			if err != nil {
				return err
			}
			if len(problems) > 0 {
				return o.refuseToApply(cmd, problems)
			}
			return o.printApplication(cmd, done)
		},
	}
	command.Flags().BoolVar(&order.DryRun, "dry-run", false, "change nothing; show what would change")
	command.Flags().BoolVar(&order.Migrate, "migrate", false, "move customers who are in a campaign to its new version, where they can go on there")
	command.Flags().StringVar(&server, "server", "", "`URL` of a running rapport whose console is asked to apply the workspace")
	return command
}

// apply puts files in force: through the console of a server, in the store, or
// through the console of the program that has the store.
func (o *options) apply(ctx context.Context, files map[string][]byte, server string, order campaigns.ApplyOptions) (campaigns.Application, []campaigns.Problem, error) {
	if server != "" {
		return askToApply(ctx, server, "", files, order)
	}
	open := o.openOrMake
	if order.DryRun {
		open = o.openReading
	}
	i, err := open(ctx)
	if errors.Is(err, store.ErrInUse) {
		holder, err := o.holder()
		if err != nil {
			return campaigns.Application{}, nil, err
		}
		return askToApply(ctx, holder.Console, holder.Word, files, order)
	}
	if err != nil {
		return campaigns.Application{}, nil, err
	}
	defer i.Close()
	return i.applier().Apply(ctx, files, order)
}

// refuseToApply prints the mistakes for which nothing was applied.
func (o *options) refuseToApply(cmd *cobra.Command, problems []campaigns.Problem) error {
	if err := campaigns.WriteProblems(cmd.ErrOrStderr(), problems, o.format); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s; nothing was applied\n", counted(problems))
	return errReported
}

func (o *options) printApplication(cmd *cobra.Command, done campaigns.Application) error {
	out := cmd.OutOrStdout()
	if o.format == "json" {
		return printJSON(out, done)
	}
	if done.Applied {
		fmt.Fprintf(out, "%s: workspace %d is in force, %s (%s)\n", done.Name, done.Workspace, plural(done.Campaigns, "campaign"), summary(done.Changes))
	} else {
		printDifference(out, done.Changes)
		fmt.Fprintf(out, "%s: nothing was applied (%s)\n", done.Name, summary(done.Changes))
	}
	if err := campaigns.WriteProblems(cmd.ErrOrStderr(), done.Warnings, o.format); err != nil {
		return err
	}
	if done.Migrations != nil {
		printMigrations(out, done.Migrations)
	}
	return nil
}

// printMigrations tells which journeys go on in a new version, and what keeps the
// others in theirs.
func printMigrations(w io.Writer, all []campaigns.Migration) {
	if len(all) == 0 {
		fmt.Fprintln(w, "no entries are under way in older versions")
	}
	for _, m := range all {
		var stayed int64
		for _, stay := range m.Stayed {
			stayed += stay.Entries
		}
		fmt.Fprintf(w, "%s: %d moved to version %d, %d stay\n", m.Campaign, m.Moved, m.Version, stayed)
		for _, stay := range m.Stayed {
			fmt.Fprintf(w, "  %d at step %s of version %d: %s\n", stay.Entries, stay.Position, stay.Version, stay.Why)
		}
	}
}
