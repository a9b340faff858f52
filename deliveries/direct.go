package deliveries

import "time"

// What direct messages say, in the place of a template's name.
const (
	Reply   = "reply"    // what an agent answers from a case
	Stopped = "stopped"  // confirms an opt-out
	Started = "started"  // confirms that an opt-out was taken back
	NoCalls = "no_calls" // confirms an opt-out from calls, by text
	Help    = "help"     // who we are, for somebody who asks
)

// Direct reports whether the message belongs to no campaign: it answers somebody
// who wrote to us. No entry waits for it; its Step is the key that keeps it from
// being planned twice, and its words stand in Content.
func (d Delivery) Direct() bool { return d.Entry == 0 && d.Campaign == "" }

// Automatic reports whether a direct message was written by nobody. What a
// customer says next is no answer to it.
func (d Delivery) Automatic() bool { return d.Direct() && d.Template != Reply }

// AutomaticEvery is how far apart two automatic answers of one kind to one customer
// are at least: somebody who writes STOP all day, or a machine that answers ours,
// costs one message.
const AutomaticEvery = 24 * time.Hour
