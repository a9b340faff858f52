package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

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
	command.Flags().StringArrayVar(&set, "set", nil, "a value the campaign sees as event.`name=value`; may be repeated")
	return command
}

// startFollowUp starts a manual campaign in the store or, while an embedded
// installation runs on it, through that one's console.
func (o *options) startFollowUp(ctx context.Context, campaign, who string, properties map[string]any) error {
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
			form.Set(name, fmt.Sprint(value))
		}
		return o.askConsole(ctx, "/customers/"+url.PathEscape(customer.ID)+"/follow-ups", form)
	}
	_, err = i.starter().Start(ctx, campaign, customer, properties)
	return err
}

// askConsole sends one of the forms of a running program's console.
func (o *options) askConsole(ctx context.Context, path string, form url.Values) error {
	c, _, err := o.load()
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, consoleURL(c)+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "text/plain")
	client := &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the running rapport at %s: %w", consoleURL(c), err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusSeeOther {
		return nil
	}
	why, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return err
	}
	return errors.New(strings.TrimSpace(string(why)))
}

// assignments reads the name=value pairs of a flag.
func assignments(flag string, pairs []string) (map[string]any, error) {
	values := make(map[string]any, len(pairs))
	for _, pair := range pairs {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("%s wants name=value, not %q", flag, pair)
		}
		values[name] = value
	}
	return values, nil
}
