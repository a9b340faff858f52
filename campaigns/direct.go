package campaigns

import (
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// direct is a message of no campaign, which its key keeps from being planned twice.
func direct(to *customers.Customer, by channels.Channel, about, key string, now time.Time) *deliveries.Delivery {
	return &deliveries.Delivery{
		Customer: to.ID, Channel: by, Template: about, Step: key, Priority: mostUrgent, Ambiguous: deliveries.Hold,
		DueAt: now, PlannedAt: now, ExpiresAt: now.Add(usualPatience),
	}
}

// usualPatience is how long a direct message may be held.
const usualPatience = 3 * 24 * time.Hour

// mostUrgent is the priority of an answer: somebody waits for it.
const mostUrgent = 100

// answerFrom notes which of our addresses the customer wrote to, so that the answer
// comes from the same.
func answerFrom(to string) map[string]any {
	if to == "" {
		return nil
	}
	return map[string]any{"from": to}
}
