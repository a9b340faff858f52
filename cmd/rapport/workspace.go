package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"rapport/campaigns"
)

func validateCommand(o *options) *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "validate DIR",
		Short: "Name every mistake in a workspace, and what is hardly meant as it is written",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := readWorkspace(args[0])
			if err != nil {
				return err
			}
			workspace, mistakes := campaigns.Load(files)
			found := campaigns.InOrder(mistakes, workspace.Warnings)
			if err := campaigns.WriteProblems(cmd.OutOrStdout(), found, o.format); err != nil {
				return err
			}
			sound := len(mistakes) == 0 && (!strict || len(found) == 0)
			switch {
			case o.format != "text":
			case sound:
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d campaigns, %d segments, %s\n",
					workspace.Name, len(workspace.Campaigns), len(workspace.Segments), counted(found))
			default:
				fmt.Fprintln(cmd.ErrOrStderr(), counted(found))
			}
			if !sound {
				return errReported
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "let warnings fail too")
	return cmd
}

func applyCommand(o *options) *cobra.Command {
	var migrate bool
	command := &cobra.Command{
		Use:   "apply DIR",
		Short: "Put a workspace in force; entries under way keep the version they began with",
		Long: "Put a workspace in force. Entries under way keep the version they began with; with --migrate those go on\n" +
			"in the new one for whom every step they have passed, and the one they stand at, is the same in both.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			i, err := o.openWriting(cmd.Context())
			if err != nil {
				return err
			}
			defer i.Close()
			edition, err := i.apply(cmd, o, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: workspace %d is in force, %d campaigns\n", edition.Name, edition.Number, len(edition.Campaigns))
			if err := campaigns.WriteProblems(cmd.ErrOrStderr(), edition.Warnings, o.format); err != nil {
				return err
			}
			if !migrate {
				return nil
			}
			moved, err := i.Catalog.Migrate(cmd.Context(), i.Store, i.Now())
			if err != nil {
				return err
			}
			printMigrations(cmd.OutOrStdout(), moved)
			return nil
		},
	}
	command.Flags().BoolVar(&migrate, "migrate", false, "move entries under way to the new versions, as far as they can go on there")
	return command
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

// apply puts a folder in force, or prints its mistakes and changes nothing.
func (i *installation) apply(cmd *cobra.Command, o *options, folder string) (*campaigns.Edition, error) {
	files, err := readWorkspace(folder)
	if err != nil {
		return nil, err
	}
	edition, problems, err := i.Catalog.Apply(cmd.Context(), files, i.Now())
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		if err := campaigns.WriteProblems(cmd.ErrOrStderr(), problems, o.format); err != nil {
			return nil, err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "%s; nothing was applied\n", counted(problems))
		return nil, errReported
	}
	return edition, nil
}

// loadWorkspace reads and checks a folder that need not be in force, or prints its
// mistakes.
func (o *options) loadWorkspace(cmd *cobra.Command, folder string) (*campaigns.Workspace, error) {
	files, err := readWorkspace(folder)
	if err != nil {
		return nil, err
	}
	workspace, problems := campaigns.Load(files)
	if len(problems) == 0 {
		return workspace, nil
	}
	if err := campaigns.WriteProblems(cmd.ErrOrStderr(), problems, o.format); err != nil {
		return nil, err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), counted(problems))
	return nil, errReported
}

// counted says how many problems of each kind there are.
func counted(problems []campaigns.Problem) string {
	mistakes, warnings := campaigns.CountProblems(problems)
	switch {
	case warnings == 0 && mistakes == 0:
		return "no mistakes"
	case warnings == 0:
		return plural(mistakes, "mistake")
	case mistakes == 0:
		return "no mistakes, " + plural(warnings, "warning")
	}
	return plural(mistakes, "mistake") + ", " + plural(warnings, "warning")
}

func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func readWorkspace(folder string) (map[string][]byte, error) {
	if _, err := os.Stat(folder); err != nil {
		return nil, err
	}
	files, err := campaigns.ReadFolder(os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("read workspace %s: %w", folder, err)
	}
	return files, nil
}
