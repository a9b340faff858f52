package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/store"
)

func pauseCommand(o *options) *cobra.Command {
	var why string
	command := &cobra.Command{
		Use:   "pause CAMPAIGN",
		Short: "Stop a campaign at once: nobody enters and nothing is sent until it is resumed",
		Long: "Stop a campaign at once, whatever its file says: nobody enters and nothing is sent until `rapport resume`.\n" +
			"Customers who are in it stay at their step. Applying files does not end the pause.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.turn(cmd, args[0], "paused", url.Values{"why": {why}, "who": {agent()}}, func(p campaigns.Pauser) error {
				return p.Pause(cmd.Context(), args[0], why, agent())
			})
		},
	}
	command.Flags().StringVar(&why, "why", "", "the reason, shown to anybody who asks why the campaign is paused")
	return command
}

func resumeCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "resume CAMPAIGN",
		Short: "Let a paused campaign go on where it stopped, past the rollout stage that stopped it if one did",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.turn(cmd, args[0], "resumed", url.Values{}, func(p campaigns.Pauser) error {
				return p.Resume(cmd.Context(), args[0])
			})
		},
	}
}

// turn pauses or resumes a campaign in the store or, while an embedded
// installation runs on it, through that one's console.
func (o *options) turn(cmd *cobra.Command, campaign, outcome string, form url.Values, act func(campaigns.Pauser) error) error {
	if err := o.turnHere(cmd.Context(), act); errors.Is(err, store.ErrInUse) {
		if err := o.askConsole(cmd.Context(), "/campaigns/"+url.PathEscape(campaign)+"/"+outcome, form); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if o.format == "json" {
		return printJSON(cmd.OutOrStdout(), map[string]string{"campaign": campaign, "state": outcome})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s is %s; `rapport status` tells how it stands\n", campaign, outcome)
	return nil
}

func (o *options) turnHere(ctx context.Context, act func(campaigns.Pauser) error) error {
	i, err := o.openWriting(ctx)
	if err != nil {
		return err
	}
	defer i.Close()
	return act(i.pauser())
}
