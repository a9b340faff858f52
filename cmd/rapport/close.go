package main

import (
	"context"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
)

func closeCommand(o *options) *cobra.Command {
	var seen int64
	command := &cobra.Command{
		Use:   "close CASE NOTE",
		Short: "Close a case, with a note that says what was done",
		Long: "Close a case, with a note that says what was done. --seen takes the number that `rapport cases CASE` prints: if\n" +
			"more has been said since, the case stays open.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			form := url.Values{"note": {args[1]}}
			var read *int64
			if cmd.Flags().Changed("seen") {
				read = &seen
				form.Set("seen", strconv.FormatInt(seen, 10))
			}
			return o.actOnCase(cmd, args[0], "close", form, "case %d is closed\n", "closed", func(ctx context.Context, i *installation, id int64) error {
				return i.Store.Casebook().Close(ctx, id, agent(), args[1], i.Now(), read)
			})
		},
	}
	command.Flags().Int64Var(&seen, "seen", 0, "how far you have read, the `number` that `rapport cases CASE` prints")
	return command
}
