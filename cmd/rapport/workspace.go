package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"rapport/campaigns"
)

func validateCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "validate DIR",
		Short: "Name every mistake in a workspace, with its file, line and column",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := readWorkspace(args[0])
			if err != nil {
				return err
			}
			workspace, problems := campaigns.Load(files)
			if len(problems) > 0 || o.format != "text" {
				if err := campaigns.WriteProblems(cmd.OutOrStdout(), problems, o.format); err != nil {
					return err
				}
			}
			if len(problems) > 0 {
				if o.format == "text" {
					fmt.Fprintln(cmd.ErrOrStderr(), mistakes(len(problems)))
				}
				return errReported
			}
			if o.format == "text" {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %d campaigns, %d segments, no mistakes\n",
					workspace.Name, len(workspace.Campaigns), len(workspace.Segments))
			}
			return nil
		},
	}
}

func applyCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "apply DIR",
		Short: "Put a workspace in force; entries under way keep the version they began with",
		Args:  cobra.ExactArgs(1),
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
			return nil
		},
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
		fmt.Fprintf(cmd.ErrOrStderr(), "%s; nothing was applied\n", mistakes(len(problems)))
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
	fmt.Fprintln(cmd.ErrOrStderr(), mistakes(len(problems)))
	return nil, errReported
}

func mistakes(n int) string {
	if n == 1 {
		return "1 mistake"
	}
	return fmt.Sprintf("%d mistakes", n)
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
