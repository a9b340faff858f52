package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"rapport/channels/email"
)

func dkimCommand(o *options) *cobra.Command {
	var domain, selector, out string
	var short bool
	command := &cobra.Command{
		Use:   "dkim",
		Short: "Make a key that signs e-mail, and print the DNS record that publishes it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if domain == "" {
				return errors.New("name the sender's domain: --domain shop.example")
			}
			record, err := makeKey(out, short)
			if err != nil {
				return err
			}
			name := selector + "._domainkey." + domain
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), map[string]string{"name": name, "type": "TXT", "value": record, "key_file": out})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "the private key is in %s\n\nwrite into DNS:\n\n%s. TXT %q\n\nand into the configuration, below providers: email: smtp:\n\n"+
				"dkim:\n  - {domain: %s, selector: %s, key_file: %s}\n\nthen see with `rapport doctor`.\n", out, name, record, domain, selector, out)
			return nil
		},
	}
	flags := command.Flags()
	flags.StringVar(&domain, "domain", "", "the sender's `domain`")
	flags.StringVar(&selector, "selector", "rapport1", "the key's `name`; choose a new one to rotate keys")
	flags.StringVar(&out, "out", "dkim.pem", "the `file` for the private key; it must not exist yet")
	flags.BoolVar(&short, "ed25519", false, "make an Ed25519 key, to use beside an RSA key: not every receiver knows it")
	return command
}

// makeKey writes a new private key, which only its owner may read, and gives the
// record of the public one.
func makeKey(path string, short bool) (string, error) {
	var key crypto.Signer
	var err error
	if short {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	} else {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("write the key: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("write the key: %w", err)
	}
	err = errors.Join(pem.Encode(file, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), file.Close())
	if err != nil {
		return "", fmt.Errorf("write the key: %w", err)
	}
	return email.Record(key.Public())
}
