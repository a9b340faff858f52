package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"rapport/customers"
	"rapport/store"
)

func eraseCommand(o *options) *cobra.Command {
	var sure bool
	command := &cobra.Command{
		Use:   "erase WHO",
		Short: "Erase a customer's data for good (GDPR Article 17): profile, timeline, orders, recordings",
		Long: "Erase a customer's data for good: profile, consents, timeline, orders, answers, browsers and recordings. What\n" +
			"was still to be sent is not sent. What was sent still counts in the figures, without words and without a name. The\n" +
			"addresses stay suppressed in a form that cannot be read: if they are imported again, they are not written to.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.erase(cmd, args[0], sure)
		},
	}
	command.Flags().BoolVar(&sure, "yes", false, "erase; without it, only show who is meant")
	return command
}

func (o *options) erase(cmd *cobra.Command, who string, sure bool) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	customer, err := o.whoIs(ctx, who)
	switch {
	case errors.Is(err, customers.ErrUnknown) && sure:
		customer = &customers.Customer{ID: who} // of whom older versions may have left something without a profile
	case err != nil:
		return err
	}
	id := customer.ID
	if !sure {
		if o.format == "text" {
			fmt.Fprintln(out, strings.Join(slices.DeleteFunc([]string{nameOf(customer), customer.Email, customer.Phone}, func(s string) bool { return s == "" }), ", "))
		}
		return fmt.Errorf("nothing was done: this is the customer %s; add --yes to erase what is known of them, for ever", id)
	}
	gone, err := o.eraseHere(ctx, id)
	if errors.Is(err, store.ErrInUse) { // by the running program, which tells no figures
		if err := o.askConsole(ctx, "/customers/"+url.PathEscape(id)+"/erasure", url.Values{"confirm": {id}}); err != nil {
			return err
		}
		if o.format == "json" {
			return printJSON(out, map[string]any{"customer": id, "erased": map[string]any{}})
		}
		fmt.Fprintf(out, "%s is erased\n", id)
		return nil
	}
	if errors.Is(err, customers.ErrUnknown) {
		return &nobody{who}
	}
	if err != nil {
		return err
	}
	if o.format == "json" {
		return printJSON(out, map[string]any{"customer": id, "erased": gone})
	}
	printErasure(out, id, gone)
	return nil
}

// whoIs is the customer who is meant.
func (o *options) whoIs(ctx context.Context, who string) (*customers.Customer, error) {
	i, err := o.openReading(ctx)
	if err != nil {
		return nil, err
	}
	defer i.Close()
	return i.find(ctx, who)
}

func (o *options) eraseHere(ctx context.Context, id string) (customers.Erasure, error) {
	i, err := o.openWriting(ctx)
	if err != nil {
		return customers.Erasure{}, err
	}
	defer i.Close()
	return i.Store.Erase(ctx, id, customers.Alias(uuid.NewString()), i.Now())
}

func printErasure(out io.Writer, id string, gone customers.Erasure) {
	fmt.Fprintf(out, "%s is erased: %d timeline lines, %d orders, %d browsers are gone; %d messages in %d journeys are counted on without a name\n",
		id, gone.Events, gone.Orders, gone.Subscriptions, gone.Messages, gone.Journeys)
	if gone.Stopped > 0 {
		fmt.Fprintf(out, "%d messages that were still to be sent are stopped\n", gone.Stopped)
	}
	if gone.Recordings > 0 {
		fmt.Fprintf(out, "%d recordings are deleted by the workers within moments\n", gone.Recordings)
	}
	if len(gone.Twins) > 0 {
		fmt.Fprintf(out, "other profiles have the same address or number and are still there: %s\n", strings.Join(gone.Twins, ", "))
	}
}
