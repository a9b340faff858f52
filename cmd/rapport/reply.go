package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/user"
	"strconv"

	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/store"
)

func replyCommand(o *options) *cobra.Command {
	var reply campaigns.Reply
	command := &cobra.Command{
		Use:   "reply CASE TEXT",
		Short: "Answer the customer of a case, by text message or e-mail",
		Long: "Answer the customer of a case, by text message or e-mail. It goes out like any message, with its status on the\n" +
			"timeline: at once if the customer wrote within the last day, otherwise within contact hours. The same text answers a\n" +
			"case only once; --key sends it again.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return fmt.Errorf("CASE is a number that `rapport cases` shows, not %q", args[0])
			}
			reply.Case, reply.Text, reply.Who = id, args[1], agent()
			if err := o.answer(cmd.Context(), reply); err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), map[string]any{"case": id, "state": "planned"})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "case %d is answered; `rapport cases %d` shows what became of it\n", id, id)
			return nil
		},
	}
	command.Flags().StringVar((*string)(&reply.By), "by", "", "`sms or email`; without it, the way the customer wrote last")
	command.Flags().StringVar(&reply.Key, "key", "", "a `word` that makes this reply differ from an earlier one with the same text")
	return command
}

// answer plans a reply in the store or, while an embedded installation runs on it,
// through that one's console.
func (o *options) answer(ctx context.Context, reply campaigns.Reply) error {
	i, err := o.openWriting(ctx)
	if errors.Is(err, store.ErrInUse) {
		return o.askConsole(ctx, "/cases/"+strconv.FormatInt(reply.Case, 10)+"/replies", url.Values{
			"by": {string(reply.By)}, "text": {reply.Text}, "key": {reply.Key}, "who": {reply.Who},
		})
	}
	if err != nil {
		return err
	}
	defer i.Close()
	_, err = i.replier().Reply(ctx, reply)
	return err
}

// agent is who is at this keyboard.
func agent() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "cli"
}
