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
	if d.Reason != "" {
		properties["reason"] = d.Reason
	}
	return customers.Event{
		Customer:   d.Customer,
		Name:       fmt.Sprintf("%s %s", d.Channel, d.Status),
		At:         now,
		ReceivedAt: now,
		Properties: properties,
		Key:        fmt.Sprintf("delivery:%d:%s:%d", d.ID, d.Status, d.Attempts),
		Campaign:   d.Campaign,
		Entry:      d.Entry,
		Delivery:   d.ID,
	}
}
