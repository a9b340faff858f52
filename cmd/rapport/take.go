package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"rapport/store"
)

func takeCommand(o *options) *cobra.Command {
	return o.caseCommand("take", "Take an open case: everybody sees that you are working on it", "case %d is yours\n", "taken", func(ctx context.Context, i *installation, id int64) error {
		return i.Store.Casebook().Take(ctx, id, agent())
	})
}

func reopenCommand(o *options) *cobra.Command {
	return o.caseCommand("reopen", "Open a closed case again", "case %d is open\n", "open", func(ctx context.Context, i *installation, id int64) error {
		open, err := i.Store.Casebook().Reopen(ctx, id, agent(), i.Now())
		if err == nil && open != id {
			return fmt.Errorf("case %d goes on in case %d, which is open", id, open)
		}
		return err
	})
}

// caseCommand does something to a case, in the store or, while an embedded
// installation runs on it, through that one's console.
func (o *options) caseCommand(name, short, told, state string, do func(context.Context, *installation, int64) error) *cobra.Command {
	return &cobra.Command{
		Use:   name + " CASE",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.actOnCase(cmd, args[0], name, nil, told, state, do)
		},
	}
}

// actOnCase does what caseCommand says to the case of a number, by a form where the
// console is asked.
func (o *options) actOnCase(cmd *cobra.Command, number, name string, form url.Values, told, state string, do func(context.Context, *installation, int64) error) error {
	id, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return fmt.Errorf("CASE is a number that `rapport cases` shows, not %q", number)
	}
	i, err := o.openWriting(cmd.Context())
	switch {
	case errors.Is(err, store.ErrInUse):
		asked := url.Values{"who": {agent()}}
		maps.Copy(asked, form)
		err = o.askConsole(cmd.Context(), "/cases/"+strconv.FormatInt(id, 10)+"/"+name, asked)
	case err == nil:
		defer i.Close()
		err = do(cmd.Context(), i, id)
	}
	if err != nil {
		return err
	}
	if o.format == "json" {
		return printJSON(cmd.OutOrStdout(), map[string]any{"case": id, "state": state})
	}
	fmt.Fprintf(cmd.OutOrStdout(), told, id)
	return nil
}
