package plan

import (
	"context"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Source is what a plan reads, all of it as the store stands at one moment.
type Source interface {
	// Candidates lists everybody in one of so many parts of the customers whom a
	// campaign's audience selects at a moment, in order of id, with how a run
	// would let them in.
	Candidates(ctx context.Context, c *campaigns.Campaign, part, parts int, now time.Time) ([]Candidate, error)
	// People loads customers as customers.Directory does.
	People(ctx context.Context, ids []string, now time.Time) (map[string]*customers.Customer, error)
	// Counts gives did() counts, by customer and expression.Count.Key.
	Counts(ctx context.Context, ids []string, counts []expression.Count, now time.Time) (map[string]map[string]int64, error)
	// Pressure is what was sent, and what waits to be sent, to customers; without
	// Spent. Customers without any are left out.
	Pressure(ctx context.Context, ids []string, since time.Time) (map[string]deliveries.Pressure, error)
	// Spent is the money taken since a moment; "" is every channel or campaign.
	Spent(ctx context.Context, ch channels.Channel, campaign string, since time.Time) (int64, error)
}

// Candidate is a customer whom an audience selects.
type Candidate struct {
	Customer string
	Standing Standing
}

// Standing is how a run would take a customer of its audience.
type Standing string

// The standings. The zero one enters.
const (
	Enters  Standing = ""
	Again   Standing = "again"            // was in it before, and the campaign's `again` keeps them out
	Running Standing = "running"          // is in it now
	Twin    Standing = "duplicate_person" // another profile of the same person enters
	TooLate Standing = "too_late"         // their own clock has shown the run's reading
)
