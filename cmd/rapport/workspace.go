package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"rapport/campaigns"
)

func validateCommand(o *options) *cobra.Command {
	var strict bool
	cmd := &cobra.Command{
		Use:   "validate DIR",
		Short: "Name every mistake in a workspace, and warn of what is probably not meant",
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
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, %s, %s\n",
					workspace.Name, plural(len(workspace.Campaigns), "campaign"), plural(len(workspace.Segments), "segment"), counted(found))
			default:
				fmt.Fprintln(cmd.ErrOrStderr(), counted(found))
			}
			if !sound {
				return errReported
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&strict, "strict", false, "fail on warnings too")
	return cmd
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
	if err := isFolder(folder); err != nil {
		return nil, err
	}
	files, err := campaigns.ReadFolder(os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("read workspace %s: %w", folder, err)
	}
	return files, nil
}

// isFolder refuses what is not there or is a file.
func isFolder(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s", path)
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is a file; name the folder that holds rapport.yaml", path)
	}
	return nil
}
