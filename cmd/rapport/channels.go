package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/config"
	"rapport/deliveries"
)

// trafficOf is how far back the channels command counts.
const trafficOf = 5 * time.Minute

func channelsCommand(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "channels",
		Short: "Show the health of each channel's provider: up, paused or down, since when and why",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, _, err := o.load()
			if err != nil {
				return err
			}
			i, err := o.openReading(cmd.Context())
			if err != nil {
				return err
			}
			defer i.Close()
			shown, err := i.showOutlets(cmd.Context(), c)
			if err != nil {
				return err
			}
			if o.format == "json" {
				return printJSON(cmd.OutOrStdout(), map[string]any{"test_mode": c.TestMode, "outlets": shown})
			}
			zone := time.UTC
			if edition, err := i.Catalog.Current(cmd.Context()); err == nil {
				zone = edition.Zone
			}
			if c.TestMode {
				fmt.Fprintln(cmd.OutOrStdout(), testModeWarning(c))
			}
			printOutlets(cmd.OutOrStdout(), shown, i.Now(), zone)
			return nil
		},
	}
}

// outletShown is one line of the channels command.
type outletShown struct {
	deliveries.Health
	State   string              `json:"state"`
	Meaning string              `json:"meaning,omitempty"`
	Limit   string              `json:"limit,omitempty"`
	Traffic *deliveries.Traffic `json:"traffic,omitempty"` // of the last five minutes
}

// showOutlets lists the provider of each channel, and the senders and hosts that
// are not well.
func (i *installation) showOutlets(ctx context.Context, c config.Config) ([]outletShown, error) {
	now := i.Now()
	known, err := i.Store.Outlets().Health(ctx, "")
	if err != nil {
		return nil, err
	}
	lately, err := i.Store.Outlets().Traffic(ctx, now.Add(-trafficOf))
	if err != nil {
		return nil, err
	}
	health := map[deliveries.Outlet]deliveries.Health{}
	for ch, name := range providerNames(c) {
		out := deliveries.Outlet{Channel: ch, Provider: name}
		health[out] = deliveries.Health{Outlet: out}
	}
	for _, h := range known {
		if h.WorthTelling(now) {
			health[h.Outlet] = h
		}
	}
	order := deliveries.Lanes()
	outs := slices.SortedFunc(maps.Keys(health), func(a, b deliveries.Outlet) int {
		if byChannel := slices.Index(order, a.Channel) - slices.Index(order, b.Channel); byChannel != 0 {
			return byChannel
		}
		return strings.Compare(a.String(), b.String())
	})
	shown := make([]outletShown, len(outs))
	for n, out := range outs {
		h := health[out]
		shown[n] = outletShown{Health: h, State: h.State(now), Meaning: campaigns.ReasonMeaning(h.Why), Limit: limitWords(c.Limits[string(out.Channel)])}
		for _, t := range lately {
			if t.Channel == out.Channel && t.Provider == out.Provider && out.Via == "" {
				shown[n].Traffic = &t
			}
		}
	}
	return shown, nil
}

// providerNames are the providers a configuration opens, by channel.
func providerNames(c config.Config) map[channels.Channel]string {
	names := map[channels.Channel]string{}
	if c.Store == "" { // embedded: the sandbox stands in where nothing is configured
		maps.Copy(names, standIns)
	}
	for ch, sections := range c.Providers {
		for name := range sections {
			names[channels.Channel(ch)] = name
		}
	}
	return names
}

func limitWords(l config.Limit) string {
	var words []string
	if l.PerSecond > 0 {
		words = append(words, fmt.Sprintf("%d/s", l.PerSecond))
	}
	if l.PerSender > 0 {
		words = append(words, fmt.Sprintf("%d/s each sender", l.PerSender))
	}
	return strings.Join(words, ", ")
}

// printOutlets writes a line an outlet, then why some are down.
func printOutlets(w io.Writer, all []outletShown, now time.Time, zone *time.Location) {
	t := newTable(w, "channel", "provider", "state", "since", "next probe", "paused until", "limit", "sent 5 min", "failed", "unconfirmed", "put off")
	second := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return at.In(zone).Format("Mon 15:04:05")
	}
	for _, o := range all {
		provider := o.Provider
		if o.Via != "" {
			provider += " via " + o.Via
		}
		row := table.Row{o.Channel, provider, o.State, second(o.Since), "", "", o.Limit}
		if o.Down {
			row[4] = second(o.NextProbe)
		}
		if now.Before(o.PausedUntil) {
			row[5] = second(o.PausedUntil)
		}
		if o.Via != "" {
			row = append(row, "", "", "", "")
		} else {
			traffic := deliveries.Traffic{}
			if o.Traffic != nil {
				traffic = *o.Traffic
			}
			row = append(row, traffic.Sent, traffic.Failed, traffic.Unconfirmed, traffic.PutOff)
		}
		t.AppendRow(row)
	}
	t.Render()
	for _, o := range all {
		if o.Down {
			fmt.Fprintf(w, "\n%s is down: %s (%s). Its messages wait; they leave when it is up again.\n", o.Outlet, o.Meaning, o.Detail)
		}
	}
}
