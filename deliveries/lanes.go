package deliveries

import "rapport/channels"

// Lanes lists the ways out of the ledger: every channel that reaches customers,
// and webhooks. Each has a queue of its own.
func Lanes() []channels.Channel { return append(channels.All(), channels.Webhook) }

// Room is how many more deliveries of each lane may be under way. A lane that is
// left out has none.
type Room map[channels.Channel]int

// RoomFor is the same room in every lane.
func RoomFor(n int) Room {
	room := Room{}
	for _, ch := range Lanes() {
		room[ch] = n
	}
	return room
}
