package deliveries

import "rapport/channels"

// Lanes lists the ways out of the ledger: every channel that reaches customers,
// and webhooks. Each has a queue of its own.
func Lanes() []channels.Channel { return append(channels.All(), channels.Webhook) }
