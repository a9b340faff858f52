package main

import (
	"fmt"
	"net"
	"os"

	"github.com/spf13/cobra"

	"rapport/config"
	"rapport/sandbox"
)

func sandboxCommand(o *options) *cobra.Command {
	var listen, public, list string
	var seed uint64
	command := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve only the simulated providers and customers",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			k, err := loadKeys(o.data)
			if err != nil {
				return err
			}
			accepted, err := os.OpenFile(list, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				return fmt.Errorf("open the list of accepted messages: %w", err)
			}
			defer accepted.Close() // every line was written before its answer
			listener, err := net.Listen("tcp", listen)
			if err != nil {
				return fmt.Errorf("listen on %s: %w", listen, err)
			}
			log := newLog(os.Stderr, config.Defaults().Log)
			s := sandbox.New(sandboxOptions(k, "http://"+listener.Addr().String(), public, seed, accepted))
			if err := s.Check(); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "the sandbox is up at http://%s; what it accepts goes into %s\n\ninto the configuration, as its providers (the accounts are simulated):\n\n%s",
				listener.Addr(), list, sandboxProviders(k, "http://"+listener.Addr().String(), s.SendGridPublicKey()))
			go func() {
				if err := s.Run(cmd.Context()); err != nil && cmd.Context().Err() == nil {
					log.Error("the simulated customers stopped", "error", err)
				}
			}()
			return serveHTTP(cmd.Context(), listener, s.Handler(), 0, log)
		},
	}
	flags := command.Flags()
	flags.StringVar(&listen, "listen", "127.0.0.1:8090", "`address` to serve on")
	flags.StringVar(&public, "public-url", "http://127.0.0.1:8080", "the URL that callbacks go to")
	flags.StringVar(&list, "accepted", "accepted.ndjson", "`file` to which every accepted message is appended")
	flags.Uint64Var(&seed, "seed", 1, "seed of what is drawn at random: the same seed behaves the same")
	return command
}

// sandboxProviders is the part of the configuration by which messages go to a
// sandbox.
func sandboxProviders(k keys, self, sendGridKey string) string {
	account := fmt.Sprintf("{account_sid: %s, auth_token: %s, base_url: %q}", twilioAccount, k.Twilio, self)
	return fmt.Sprintf(`providers:
  email:
    sendgrid: {api_key: %s, base_url: %q, webhook_public_keys: [%q]}
  sms:
    twilio: %s
  call:
    twilio: %s
  push:
    vapid: {public_key: %s, private_key: %s, subject: "mailto:operator@localhost.example", base_url: %q}
  webhook:
    standard: {secrets: [%s], base_url: %q}
`, k.SendGrid, self, sendGridKey, account, account, k.PushPublic, k.PushPrivate, self, k.Webhook, self+sandbox.Webhooks)
}
