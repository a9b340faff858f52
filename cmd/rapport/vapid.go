package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"rapport/channels"
	"rapport/channels/webpush"
)

func vapidCommand(o *options) *cobra.Command {
	var subject string
	command := &cobra.Command{
		Use:   "vapid",
		Short: "Make the key pair that web push needs, and print the configuration for it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if subject == "" {
				return errors.New("name where push services reach you: --subject mailto:ops@shop.example, or an https: address")
			}
			public, private, err := webpush.GenerateVAPIDKeys()
			if err != nil {
				return err
			}
			settings := webpush.VAPID{PublicKey: public, PrivateKey: channels.Secret(private), Subject: subject, Now: time.Now}
			if _, err := settings.Open(); err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), map[string]string{"public_key": public, "private_key": private, "subject": subject})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "keep the private key where your secrets are, and nowhere else:\n\nVAPID_PRIVATE_KEY=%s\n\n"+
				"into the configuration, below providers:\n\npush:\n  vapid:\n    public_key: %q\n    private_key: ${VAPID_PRIVATE_KEY}\n    subject: %q\n\n"+
				"once browsers have subscribed, keep this pair: a new one strands every subscription.\n", private, public, subject)
			return nil
		},
	}
	command.Flags().StringVar(&subject, "subject", "", "where push services reach you: a `mailto:` or https: address")
	return command
}
