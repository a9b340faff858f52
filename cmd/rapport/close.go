package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"rapport/store"
)

func closeCommand(o *options) *cobra.Command {
	var seen int64
	command := &cobra.Command{
		Use:   "close CASE NOTE",
		Short: "Close a case, with a note that says what was done",
		Long: "Close a case, with a note that says what was done. With --seen, which `rapport cases CASE` prints, it stays open where\n" +
			"more has been said since.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("CASE is a number that `rapport cases` shows, not %q", args[0])
			}
			form := url.Values{"note": {args[1]}, "who": {agent()}}
			var read *int64
			if cmd.Flags().Changed("seen") {
				read = &seen
				form.Set("seen", strconv.FormatInt(seen, 10))
			}
			err = o.closeHere(cmd.Context(), id, args[1], read)
			if errors.Is(err, store.ErrInUse) {
				err = o.askConsole(cmd.Context(), "/cases/"+strconv.FormatInt(id, 10)+"/close", form)
			}
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), map[string]any{"case": id, "state": "closed"})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "case %d is closed\n", id)
			return nil
		},
	}
	command.Flags().Int64Var(&seen, "seen", 0, "how far you have read, the `number` that `rapport cases CASE` prints")
	return command
}

func (o *options) closeHere(ctx context.Context, id int64, note string, seen *int64) error {
	i, err := o.openWriting(ctx)
	if err != nil {
		return err
	}
	defer i.Close()
	return i.Store.Casebook().Close(ctx, id, agent(), note, i.Now(), seen)
}
