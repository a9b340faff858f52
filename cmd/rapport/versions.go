package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"rapport/campaigns"
)

func versionsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "versions CAMPAIGN [N]",
		Short: "List the versions of a campaign, or print one with the files it was made from",
		Args:  cobra.RangeArgs(1, 2),
		RunE: o.reading(func(cmd *cobra.Command, args []string, i *installation) error {
			if len(args) == 2 {
				return i.printVersion(cmd.Context(), cmd.OutOrStdout(), o.format, args[0], args[1])
			}
			return i.printVersions(cmd.Context(), cmd.OutOrStdout(), o.format, args[0])
		}),
	}
}

// noVersion says which versions a campaign has instead.
func (i *installation) noVersion(ctx context.Context, campaign string, version int) error {
	versions, err := i.Store.Archive().Versions(ctx, campaign)
	switch {
	case err != nil:
		return err
	case len(versions) == 0:
		return neverApplied(campaign)
	case len(versions) == 1:
		return fmt.Errorf("there is no version %d of campaign %s; there is only version 1", version, campaign)
	}
	return fmt.Errorf("there is no version %d of campaign %s; there are versions 1 to %d", version, campaign, versions[0].Version)
}

func neverApplied(campaign string) error {
	return fmt.Errorf("no campaign %s was ever applied", campaign)
}

func (i *installation) printVersions(ctx context.Context, w io.Writer, format, campaign string) error {
	versions, err := i.Store.Archive().Versions(ctx, campaign)
	if err != nil {
		return err
	}
	if len(versions) == 0 {
		return neverApplied(campaign)
	}
	if format == "json" {
		return printJSON(w, versions)
	}
	edition, err := i.Catalog.Current(ctx)
	if err != nil {
		return err
	}
	t := newTable(w, "version", "applied", "state", "under way")
	for _, v := range versions {
		t.AppendRow(table.Row{v.Version, stamp(v.AppliedAt, edition.Zone), v.State, v.Running})
	}
	t.Render()
	return nil
}

// printVersion prints the files of a version as they were. Where the campaign can
// no longer be read nobody can tell which they are: then all are printed.
func (i *installation) printVersion(ctx context.Context, w io.Writer, format, campaign, number string) error {
	version, err := strconv.Atoi(number)
	if err != nil {
		return fmt.Errorf("%q is not a version number; `rapport versions %s` lists them", number, campaign)
	}
	applied, err := i.Store.Archive().At(ctx, campaign, version)
	if errors.Is(err, campaigns.ErrNoWorkspace) {
		return i.noVersion(ctx, campaign, version)
	}
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(applied.Files))
	workspace, _ := campaigns.LoadApplied(applied.Files)
	if files := workspace.FilesOf(campaign); files != nil {
		names = files
	}
	if format == "json" {
		files := make(map[string]string, len(names))
		for _, name := range names {
			files[name] = string(applied.Files[name])
		}
		return printJSON(w, files)
	}
	for _, name := range names {
		fmt.Fprintf(w, "--- %s\n%s\n", name, applied.Files[name])
	}
	return nil
}
