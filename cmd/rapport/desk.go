package main

import (
	"context"
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

// patience is how long a case of the demo waits for the simulated agent.
const patience = 3 * time.Hour

// attend lets the demo's support agent work: in office hours, a case that has
// waited for a while is settled, and the customer is asked how that went.
func (t *theatre) attend(ctx context.Context, now time.Time) error {
	edition, err := t.Catalog.Current(ctx)
	if err != nil {
		return err
	}
	local := now.In(edition.Zone)
	if local.Hour() < 9 || local.Hour() >= 18 || local.Weekday() == time.Sunday {
		return nil
	}
	open, err := t.Store.Casebook().Cases(ctx, "", 100)
	if err != nil {
		return err
	}
	for _, c := range open {
		if now.Sub(c.OpenedAt) < patience || c.Customer == "" {
			continue
		}
		done := "Rang back, apologised, sent a replacement."
		if c.Why == customers.WhyReply {
			if done, err = t.writeBack(ctx, c); err != nil {
				return err
			}
		}
		if err := t.Store.Casebook().Close(ctx, c.ID, "agent", done, now, nil); err != nil {
			return err
		}
		if err := t.followUp(ctx, edition, c.Customer, now); err != nil {
			return err
		}
	}
	return nil
}

// writeBack answers a customer's own words, the way they came, and says what was done.
// Who has said stop meanwhile is left alone.
func (t *theatre) writeBack(ctx context.Context, c customers.Case) (done string, err error) {
	_, err = t.replier().Reply(ctx, campaigns.Reply{
		Case: c.ID, Who: "agent", Text: "Thank you for writing. We have looked into it and put it right. If anything is left, just answer this message.",
	})
	if err != nil {
		return "Could not be answered: " + err.Error(), nil
	}
	t.Bell.Ring(ctx)
	return "Wrote back.", nil
}

// followUp asks a customer whether the matter is settled, unless they were
// asked lately.
func (t *theatre) followUp(ctx context.Context, edition *campaigns.Edition, customer string, now time.Time) error {
	people, err := t.Store.Load(ctx, []string{customer}, now)
	if err != nil {
		return err
	}
	c := edition.Campaigns["follow-up"]
	entry := c.Begin(people[customer], "manual:"+customer+":"+now.Format(time.RFC3339), nil, now)
	_, err = t.Store.Enter(ctx, []campaigns.Entry{entry}, c.Entry.Again)
	return err
}
