package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"rapport/store"
)

func followUpCommand(o *options) *cobra.Command {
	var set []string
	command := &cobra.Command{
		Use:   "follow-up CAMPAIGN WHO",
		Short: "Start a manual campaign for one customer, such as a satisfaction call",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			properties, err := assignments("--set", set)
			if err != nil {
				return err
			}
			err = o.startFollowUp(cmd.Context(), args[0], args[1], properties)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), map[string]string{"campaign": args[0], "customer": args[1], "state": "running"})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is started for %s; `rapport explain %s %s` tells how it goes\n", args[0], args[1], args[0], args[1])
			return nil
		},
	}
	command.Flags().StringArrayVar(&set, "set", nil, "a value that the campaign sees as event.`name=value`; may be repeated")
	return command
}

// startFollowUp starts a manual campaign in the store or, while an embedded
// installation runs on it, through that one's console.
func (o *options) startFollowUp(ctx context.Context, campaign, who string, properties map[string]string) error {
	i, err := o.openWriting(ctx)
	running := errors.Is(err, store.ErrInUse)
	if running {
		i, err = o.openReading(ctx)
	}
	if err != nil {
		return err
	}
	defer i.Close()
	customer, err := i.find(ctx, who)
	if err != nil {
		return err
	}
	if running {
		form := url.Values{"campaign": {campaign}}
		for name, value := range properties {
			form.Set(name, value)
		}
		return o.askConsole(ctx, "/customers/"+url.PathEscape(customer.ID)+"/follow-ups", form)
	}
	_, err = i.starter().StartWritten(ctx, campaign, customer, properties)
	return err
}

// assignments reads the name=value pairs of a flag.
func assignments(flag string, pairs []string) (map[string]string, error) {
	values := make(map[string]string, len(pairs))
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("%s wants name=value, not %q", flag, pair)
		}
		if name = strings.TrimPrefix(name, "event."); strings.Contains(name, ".") {
			return nil, fmt.Errorf("%s gives values of the event, such as total=80 for event.total, and %s is none", flag, name)
		}
		values[name] = value
	}
	return values, nil
}
