package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"rapport/deliveries"
	"rapport/workers"
)

func restoredCommand(o *options) *cobra.Command {
	var backupOf string
	var dry bool
	command := &cobra.Command{
		Use:   "restored --backup-of TIME",
		Short: "Go on from a restored backup of the database: what may have been sent since is unconfirmed, not sent again",
		Long: "Go on from a backup of the database that was put back. Stop all processes first. What may have been sent since\n" +
			"TIME becomes unconfirmed: evidence from the providers settles it, and it is not sent again. Broadcasts and journeys\n" +
			"since then are in doubt in the same way. New rows get numbers that no lost row had. See docs/operations/restore.md.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := time.Parse(time.RFC3339, backupOf)
			if err != nil {
				return fmt.Errorf("--backup-of: must be when the backup was begun, such as 2027-03-01T14:05:00Z, not %q", backupOf)
			}
			gap := deliveries.Gap{BackupOf: at, Until: now()}
			if !gap.BackupOf.Before(gap.Until) {
				return fmt.Errorf("--backup-of: %s is still to come", backupOf)
			}
			c, _, err := o.load()
			if err != nil {
				return err
			}
			if err := o.namedExpressly(c); err != nil {
				return err
			}
			open := o.openWriting
			if dry {
				open = o.openTrying
			}
			i, err := open(cmd.Context())
			if err != nil {
				return err
			}
			defer i.Close()
			restorer := workers.Restorer{Catalog: i.Catalog, Runs: i.Store.Runs(), Facts: i.Store, Ledger: i.Store, Log: i.Log}
			r, err := restorer.Restore(cmd.Context(), gap, dry)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), r)
			}
			printRestoration(cmd.OutOrStdout(), gap, r, dry)
			return nil
		},
	}
	command.Flags().StringVar(&backupOf, "backup-of", "", "when the backup was begun, with its zone (RFC 3339)")
	command.Flags().BoolVar(&dry, "dry-run", false, "only show what would be done")
	_ = command.MarkFlagRequired("backup-of") // it is there
	return command
}

func printRestoration(w io.Writer, gap deliveries.Gap, r deliveries.Restoration, dry bool) {
	fmt.Fprintf(w, "Between %s and %s (%s) the ledger knows nothing:\n", gap.BackupOf.Format(time.RFC3339), gap.Until.Format(time.RFC3339),
		gap.Until.Sub(gap.BackupOf).Round(time.Second))
	fmt.Fprintf(w, "  %6d messages may have gone out and are unconfirmed; nobody is sent them again\n", r.Unconfirmed)
	fmt.Fprintf(w, "  %6d journeys may have moved on; what they would send next in that time is unconfirmed too\n", r.Journeys)
	fmt.Fprintf(w, "  %6d broadcasts fell into it, or were entering; so are their messages\n", r.Runs)
	fmt.Fprintf(w, "  %6d events had come and nobody had reacted; they begin no journey\n", r.Events)
	if dry {
		fmt.Fprintln(w, "Nothing was changed.")
		return
	}
	fmt.Fprintln(w, "New rows get numbers that no lost row had. Apply the workspace again if it changed meanwhile, take in the stops and consents\nof that time (docs/operations/restore.md), and then start the processes.")
}
