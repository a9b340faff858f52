package workers

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"rapport/channels"
	"rapport/deliveries"
)

// Alarm tells an operator's webhook that a provider is down or up again.
type Alarm struct {
	Herald channels.Herald
	URL    string
	Log    *slog.Logger
}

const (
	alarmTries   = 2
	alarmTimeout = 5 * time.Second
)

// alarm is what the webhook is told.
type alarm struct {
	Type      string            `json:"type"` // provider.down or provider.up
	Timestamp time.Time         `json:"timestamp"`
	Data      deliveries.Health `json:"data"`
	// DownSince is when the outage that is over began.
	DownSince time.Time `json:"down_since,omitzero"`
}

// tell tells of one change, once: a second try carries the same id.
func (a *Alarm) tell(ctx context.Context, before, after deliveries.Health) {
	if a == nil {
		return
	}
	said := alarm{Type: "provider.down", Timestamp: after.Since, Data: after}
	if !after.Down {
		said.Type, said.DownSince = "provider.up", before.Since
	}
	body, err := json.Marshal(said)
	id := fmt.Sprintf("%s %s %d", said.Type, after.Outlet, after.Since.UnixMilli())
	if err == nil {
		err = a.try(ctx, id, body)
	}
	if err != nil {
		a.Log.Error("the operator's webhook was not told", "about", after.String(), "error", err)
	}
}

// try tells until the webhook has heard it, or has refused to.
func (a *Alarm) try(ctx context.Context, id string, body []byte) (err error) {
	for range alarmTries {
		once, cancel := context.WithTimeout(context.WithoutCancel(ctx), alarmTimeout)
		err = a.Herald.Tell(once, id, channels.WebhookContent{URL: a.URL, Body: body})
		cancel()
		if err == nil || channels.Classify(err) == channels.KnownRefused {
			break
		}
	}
	return err
}
