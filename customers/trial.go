package customers

import (
	"context"
	"time"
)

// Bounced is the reason of a suppression after a hard bounce.
const Bounced = "bounced"

// SoftBounces is the reason of a suppression after so many soft bounces that
// the mailbox must be taken for dead. Any other reason takes its place, and a
// message that arrives after all lifts it.
const SoftBounces = "soft_bounces"

// SoftBounceLimit is how many messages a mailbox may send back for now, without
// taking one in between, before it is suppressed.
const SoftBounceLimit = 5

// Trial is what one message learned of a mailbox: it was taken, or came back for
// now.
type Trial struct {
	// Address is the mailbox, normalised.
	Address string
	// Message names what was sent; one message counts once.
	Message string
	At      time.Time
	// Taken says that the mailbox took the message.
	Taken bool
}

// Mailboxes keeps count of what messages learned.
type Mailboxes interface {
	// Try records trials, each message once. A mailbox that has sent back
	// SoftBounceLimit messages since it last took one is suppressed.
	Try(ctx context.Context, trials []Trial) error
}
