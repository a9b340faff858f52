package channels

// Channel is one way of reaching a customer.
type Channel string

// The channels, in the order reports and summaries list them.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
	Call  Channel = "call"
	Push  Channel = "push"
)

// Webhook is how other systems are told. It goes through the ledger like a
// message and reaches no customer: All and Valid leave it out.
const Webhook Channel = "webhook"

// All lists every channel in display order.
func All() []Channel { return []Channel{Email, SMS, Call, Push} }

// Valid reports whether c is a known channel.
func (c Channel) Valid() bool {
	switch c {
	case Email, SMS, Call, Push:
		return true
	}
	return false
}
