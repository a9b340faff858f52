package workers

import (
	"slices"
	"strings"

	"rapport/channels"
	"rapport/customers"
)

// TestMode lets messages leave to test addresses only: an installation that is
// tried out beside true customers writes to none of them.
type TestMode struct {
	On        bool
	Addresses []string // mailboxes and E.164 numbers
}

// skips reports whether a message must not leave. A notification may where the
// customer's mailbox or number is listed. Webhooks reach other systems, which
// know of no test: none leaves.
func (t TestMode) skips(ch channels.Channel, customer *customers.Customer) bool {
	switch {
	case !t.On:
		return false
	case ch == channels.Webhook || customer == nil:
		return true
	case ch == channels.Push:
		return !t.Lists(customer.Email) && !t.Lists(customer.Phone)
	}
	return !t.Lists(customer.Address(ch))
}

// Lists reports whether an address is a test address.
func (t TestMode) Lists(address string) bool {
	return address != "" && slices.ContainsFunc(t.Addresses, func(listed string) bool {
		return strings.EqualFold(strings.TrimSpace(listed), address)
	})
}
