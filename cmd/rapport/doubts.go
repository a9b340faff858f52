package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"rapport/deliveries"
)

// doubtsAtOnce is how many doubts are read, and decided, together.
const doubtsAtOnce = 1000

func doubtsCommand(o *options) *cobra.Command {
	var campaign string
	var older time.Duration
	var again, giveUp bool
	command := &cobra.Command{
		Use:   "doubts",
		Short: "List messages that may or may not have been sent, or decide about them",
		Long: "List the messages that may or may not have been sent: no evidence has come, and their step's policy is to\n" +
			"hold them or has sent them again already. --send-again sends them once more, so that a customer may get one\n" +
			"copy more than the policy allows; --give-up treats them as not sent. What a provider reports later still counts.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if again && giveUp {
				return errors.New("--send-again and --give-up: give one of them")
			}
			open := o.openReading
			if again || giveUp {
				open = o.openWriting
			}
			i, err := open(cmd.Context())
			if err != nil {
				return err
			}
			defer i.Close()
			doubts, err := i.doubts(cmd, campaign, older)
			if err != nil {
				return err
			}
			switch {
			case again:
				return i.decide(cmd, doubts, deliveries.Finding{Status: deliveries.Planned, DueAt: i.Now(), ByHand: true}, "planned once more", o.format)
			case giveUp:
				return i.decide(cmd, doubts, deliveries.Finding{Status: deliveries.Failed, ByHand: true}, "given up", o.format)
			case o.format == "json":
				return printJSON(cmd.OutOrStdout(), append([]deliveries.Delivery{}, doubts...))
			}
			i.printDoubts(cmd, cmd.OutOrStdout(), doubts)
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&campaign, "campaign", "", "only those of this campaign")
	flags.DurationVar(&older, "older", 10*time.Minute, "only those in doubt for at least this long: evidence takes a while")
	flags.BoolVar(&again, "send-again", false, "send them once more")
	flags.BoolVar(&giveUp, "give-up", false, "treat them as not sent")
	return command
}

// doubts lists them, the oldest first.
func (i *installation) doubts(cmd *cobra.Command, campaign string, older time.Duration) ([]deliveries.Delivery, error) {
	all, err := i.Store.Doubtful(cmd.Context(), i.Now().Add(-older), campaign, doubtsAtOnce)
	if len(all) == doubtsAtOnce {
		fmt.Fprintf(cmd.ErrOrStderr(), "these are the oldest %d; there may be more\n", doubtsAtOnce)
	}
	return all, err
}

// decide writes one finding about all of them.
func (i *installation) decide(cmd *cobra.Command, doubts []deliveries.Delivery, finding deliveries.Finding, done, format string) error {
	findings := make([]deliveries.Finding, len(doubts))
	for n, d := range doubts {
		findings[n] = finding
		findings[n].ID = d.ID
	}
	if err := i.Store.Resolve(cmd.Context(), i.Now(), findings); err != nil {
		return err
	}
	if format == "json" {
		return printJSON(cmd.OutOrStdout(), map[string]any{"messages": len(doubts), "status": finding.Status})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", plural(len(doubts), "message"), done)
	return nil
}

func (i *installation) printDoubts(cmd *cobra.Command, w io.Writer, doubts []deliveries.Delivery) {
	zone := i.shopZone(cmd.Context())
	t := newTable(w, "delivery", "campaign", "step", "channel", "provider", "customer", "sent or not at", "why in doubt", "policy")
	for _, d := range doubts {
		policy := string(d.Ambiguous)
		if d.Resent {
			policy = "sent again already"
		}
		t.AppendRow(table.Row{d.ID, d.Campaign, d.Step, d.Channel, d.Provider, d.Customer, stamp(d.TakenAt, zone), d.Reason, policy})
	}
	t.Render()
	if len(doubts) > 0 {
		fmt.Fprintf(w, "times in %s\n", zone)
	}
}
