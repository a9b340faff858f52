package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// probeCommand asks a process's operations port, where nothing else in its
// container could.
func probeCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "probe alive|ready",
		Short: "Ask the process beside this one whether it is alive or ready",
		Long: "Ask the process beside this one, at ops.listen, whether it is alive or ready: for a container that has nothing else\n" +
			"to ask with. Exits with 1 if it is not.",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"alive", "ready"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, _, err := o.load()
			if err != nil {
				return err
			}
			if c.Ops.Listen == "" {
				return errors.New("ops.listen is not set, so nobody can be asked")
			}
			path := map[string]string{"alive": "/healthz", "ready": "/readyz"}[args[0]]
			ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
			defer cancel()
			return probe(ctx, c.Ops.Listen, path, cmd.OutOrStdout())
		},
	}
}

// probe prints the answer, and fails where it is not a good one.
func probe(ctx context.Context, listen, path string, w io.Writer) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("ops.listen: %w", err)
	}
	if address := net.ParseIP(host); host == "" || address != nil && address.IsUnspecified() {
		host = "127.0.0.1"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{}} // without a proxy
	answer, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask the process at %s: %w", listen, err)
	}
	defer answer.Body.Close() // all that is wanted has been read
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("read the answer of the process at %s: %w", listen, err)
	}
	fmt.Fprintln(w, strings.TrimSpace(string(text)))
	if answer.StatusCode != http.StatusOK {
		return errReported
	}
	return nil
}
