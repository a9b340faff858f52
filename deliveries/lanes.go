package deliveries

import "rapport/channels"

// Lanes lists the ways out of the ledger: every channel that reaches customers,
// and webhooks. Each has a queue of its own.
func Lanes() []channels.Channel { return append(channels.All(), channels.Webhook) }

// Quota is how many more deliveries of each lane may be under way. A lane that is
// left out has none.
type Quota map[channels.Channel]int

// QuotaFor is the same room in every lane.
func QuotaFor(n int) Quota {
	room := Quota{}
	for _, ch := range Lanes() {
		room[ch] = n
	}
	return room
}
