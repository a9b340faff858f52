package deliveries

import (
	"fmt"
	"time"

	"rapport/customers"
)

// Event is the line a delivery's present status puts on the timeline, such as
// "email sent", once for each attempt.
func (d Delivery) Event(now time.Time) customers.Event {
	properties := map[string]any{"campaign": d.Campaign, "template": d.Template, "step": d.Step}
	if d.Direct() {
		properties = map[string]any{"about": d.Template}
	}
	if d.Case != 0 {
		properties["case"] = d.Case
	}
	if d.Reason != "" {
		properties["reason"] = d.Reason
	}
	if d.Segments > 0 && d.Status == Sent {
		properties["segments"] = d.Segments
	}
	if d.Provider != "" && d.Status != Skipped {
		properties["provider"] = d.Provider
	}
	return customers.Event{
		Customer:   d.Customer,
		Name:       fmt.Sprintf("%s %s", d.Channel, d.Status),
		At:         now,
		ReceivedAt: now,
		Properties: properties,
		Key:        d.eventKey(d.Status),
		Campaign:   d.Campaign,
		Entry:      d.Entry,
		Delivery:   d.ID,
	}
}

// eventKey identifies the line that a status of the delivery's present attempt
// puts on the timeline, whoever says it first: the courier or the provider.
func (d Delivery) eventKey(s Status) string {
	return fmt.Sprintf("delivery:%d:%s:%d", d.ID, s, d.Attempts)
}
