package main

import (
	"errors"
	"fmt"
	"time"

	"rapport/channels"
	"rapport/config"
	"rapport/deliveries"
	"rapport/workers"
)

// production is a backing of servers that are run elsewhere: the configured
// store, Redis and providers. It asks none of them anything yet.
func production(c config.Config, clock func() time.Time) (*backing, error) {
	var missing []error
	for _, of := range []struct {
		name  string
		empty bool
	}{{"store", c.Store == ""}, {"redis", !c.Redis.Set()}, {"link_keys", len(c.LinkKeys) == 0}} {
		if of.empty {
			missing = append(missing, errors.New(of.name+" is not set; see config/example.yaml"))
		}
	}
	if len(missing) > 0 {
		return nil, errors.Join(missing...)
	}
	r, err := openRedis(c.Redis)
	if err != nil {
		return nil, err
	}
	b := &backing{DSN: c.Store.Reveal(), Redis: r, close: []func() error{r.Close}}
	if b.opened, err = openProviders(c, clock); err != nil {
		b.Close()
		return nil, err
	}
	if b.Vault, err = openVault(c.Recordings); err != nil {
		b.Close()
		return nil, err
	}
	b.configure(c)
	if err := b.openInbound(c.Inbound); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

// configure takes over the settings that mean the same everywhere.
func (b *backing) configure(c config.Config) {
	b.Addresses = deliveries.Addresses{Base: c.PublicURL, Signer: deliveries.NewSigner(keysOf(c.LinkKeys)...)}
	b.ErasureKeys = keysOf(c.ErasureKeys)
	for _, key := range c.WriteKeys {
		b.WriteKeys = append(b.WriteKeys, key.Reveal())
	}
	b.Limits = map[channels.Channel]workers.Limit{}
	for ch, limit := range c.Limits {
		b.Limits[channels.Channel(ch)] = workers.Limit(limit)
	}
	b.TestMode = workers.TestMode{On: c.TestMode, Addresses: c.TestAddresses}
	b.AlertURL, b.Retention = c.Alerts.Webhook.Reveal(), c.Retention
	b.Worker, b.Conditions, b.MoveRecordings = c.Worker, c.ConditionTimeout, c.Recordings.Move
}

// keysOf are secrets as keys.
func keysOf(secrets []config.Secret) [][]byte {
	keys := make([][]byte, len(secrets))
	for i, secret := range secrets {
		keys[i] = []byte(secret.Reveal())
	}
	return keys
}

// testModeWarning says aloud that hardly anything leaves.
func testModeWarning(c config.Config) string {
	return fmt.Sprintf("TEST MODE: messages leave only to the %d test addresses of the configuration; all others, and all webhooks, are skipped", len(c.TestAddresses))
}
