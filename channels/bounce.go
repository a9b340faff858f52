package channels

// Classes of a message that a mailbox did not take. They are the reason of a
// ReportBounced, whoever tells of it.
const (
	// BounceHard is an address that takes no mail and will not.
	BounceHard = "hard"
	// BounceSoft is a mailbox that takes none for now: full, away, too slow.
	BounceSoft = "soft"
	// BounceBlocked is a server that does not want the sender or the message.
	// It says nothing about the address.
	BounceBlocked = "blocked"
)
