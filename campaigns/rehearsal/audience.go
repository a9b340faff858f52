package rehearsal

import (
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Audience is the other side: the networks and the people behind them.
type Audience interface {
	// Receive says what comes of a message that has just gone out.
	Receive(Message) []Reaction
}

// Message is a delivery at the moment it goes out.
type Message struct {
	deliveries.Delivery
	Step     *campaigns.Step
	Customer *customers.Customer
	Content  channels.Content
}

// Reaction is one thing that comes of a message, so long after it went out: a
// report, or something the customer does in the shop.
type Reaction struct {
	After  time.Duration
	Report channels.Report
	// Event is the name of a live event; then there is no report.
	Event      string
	Properties map[string]any
}

// Report is a report about the message, as its provider or our own links word
// it.
func (m Message) Report(kind channels.ReportKind) channels.Report {
	return channels.Report{Channel: m.Channel, Delivery: m.ID, ProviderID: m.ProviderID, Kind: kind}
}
