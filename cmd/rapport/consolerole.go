package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"rapport/accounts"
	"rapport/config"
	"rapport/console"
)

func consoleCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "console",
		Short: "Serve the console over the network, to people with an account",
		Args:  cobra.NoArgs,
		RunE: o.role(asHint, func(ctx context.Context, i *installation, c config.Config) error {
			entrance, err := i.entrance(c.Console)
			if err != nil {
				return err
			}
			listener, err := net.Listen("tcp", c.Console.Listen)
			if err != nil {
				return noPort("console.listen", c.Console.Listen, err)
			}
			pages := i.console()
			pages.Entrance = entrance
			mux := http.NewServeMux()
			pages.Mount(mux)
			return serveHTTP(ctx, listener, mux, drainOf(c), i.Log)
		}),
	}
}

// entrance lets people with an account in.
func (i *installation) entrance(c config.Console) (*console.Entrance, error) {
	if c.URL == "" {
		return nil, errors.New("console: listen and url are not set; see config/example.yaml")
	}
	at, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("console.url cannot be read")
	}
	kept := i.Store.Accounts()
	return &console.Entrance{
		Host: at.Host, Porter: accounts.Porter{Directory: kept, Hasher: accounts.NewHasher()}, Sessions: kept, Audit: kept,
	}, nil
}
