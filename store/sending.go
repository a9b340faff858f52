package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// Begin implements deliveries.Ledger. The order of its locks is the order of
// the rows' numbers: deliveries, customers, budgets. A delivery whose
// entry has ended since it was claimed is skipped as exited without a word from
// the judge, unless the entry went to its end and the delivery Outlasts it.
func (s *Store) Begin(ctx context.Context, fence deliveries.Fence, now, horizon time.Time, candidates []deliveries.Candidate,
	judge func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict,
) (verdicts []deliveries.Verdict, err error) {
	defer s.timed("begin")()
	err = s.write(ctx, func(tx *tx) error {
		court, err := openCourt(ctx, tx, fence, now, horizon, candidates)
		if err != nil {
			return err
		}
		if verdicts, err = court.hear(candidates, judge); err != nil {
			return err
		}
		return court.record(ctx, tx, candidates, verdicts)
	})
	if err != nil {
		return nil, fmt.Errorf("begin %d deliveries: %w", len(candidates), err)
	}
	return verdicts, nil
}

// court is what the candidates of one Begin are judged by.
type court struct {
	now      time.Time
	held     map[int64]*deliveries.Delivery
	states   map[int64]campaigns.EntryState
	persons  map[string]string               // by profile, where anything is limited
	contacts map[string][]deliveries.Contact // by person, newest first
	rivals   map[string][]deliveries.Rival   // by person, the soonest due first
	paused   map[string]bool                 // campaigns that stand still
	people   map[string]*customers.Customer  // whom it would go to, as far as addresseesOf reads them
	budget   *budget
}

// openCourt locks the candidates that the fence still holds and, where anything is
// limited, their customers and the budgets, and reads what they are judged by: a stop
// or a pause that came while it waited for a lock is known.
func openCourt(ctx context.Context, tx *tx, fence deliveries.Fence, now, horizon time.Time, candidates []deliveries.Candidate) (*court, error) {
	ids := make([]int64, len(candidates))
	for i, c := range candidates {
		ids[i] = c.Delivery.ID
	}
	held, err := heldBy(ctx, tx, fence, ids)
	if err != nil {
		return nil, err
	}
	var people, answered, running []string
	var entries []int64
	spends := slices.ContainsFunc(candidates, func(c deliveries.Candidate) bool { return c.Spends })
	for id, d := range held {
		if d.Status != deliveries.Queued {
			delete(held, id)
			continue
		}
		people, entries = append(people, d.Customer), append(entries, d.Entry)
		if !d.Direct() {
			running = append(running, d.Campaign)
		}
		if d.Case != 0 {
			answered = append(answered, d.Customer)
		}
	}
	c := &court{now: now, held: held, budget: openBudget(ctx, tx), contacts: map[string][]deliveries.Contact{}}
	if horizon.Before(now) { // else there is no limit that anything sent could count against
		if err := c.readPressure(ctx, tx, distinct(people), horizon); err != nil {
			return nil, err
		}
	} else if err := unlessEmpty(ctx, tx, distinct(answered), lockCustomers); err != nil { // whose case waits again if the answer is skipped
		return nil, err
	}
	if spends {
		if err := tx.alone(ctx, spending); err != nil {
			return nil, err
		}
	}
	if c.states, err = statesOf(ctx, tx, distinct(entries)); err != nil {
		return nil, err
	}
	if c.paused, err = pausedOf(ctx, tx, distinct(running)); err != nil {
		return nil, err
	}
	c.people, err = addresseesOf(ctx, tx, distinct(people))
	return c, err
}

// readPressure keeps other workers from judging the same persons, by any of their
// profiles, and reads what went to them and what waits.
func (c *court) readPressure(ctx context.Context, tx *tx, people []string, horizon time.Time) (err error) {
	if c.persons, err = personsOf(ctx, tx, people, tx.forUpdate("o")); err != nil {
		return err
	}
	c.contacts, c.rivals, err = pressureOf(ctx, tx, c.persons, horizon, c.now)
	return err
}

// person is whose profile a message goes to.
func (c *court) person(d deliveries.Delivery) string {
	return cmp.Or(c.persons[d.Customer], d.Customer)
}

// hear asks the judge about every candidate, in order: what one of them takes
// weighs on the next.
func (c *court) hear(candidates []deliveries.Candidate, judge func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict) ([]deliveries.Verdict, error) {
	verdicts := make([]deliveries.Verdict, len(candidates))
	heard := map[int64]bool{}
	for i, candidate := range candidates {
		held, ours := c.held[candidate.Delivery.ID]
		if !ours || heard[held.ID] {
			continue
		}
		d := *held
		heard[d.ID] = true
		if !c.travels(d) {
			verdicts[i] = deliveries.Verdict{Reason: deliveries.Exited}
			continue
		}
		verdicts[i] = judge(d, c.pressure(d))
		c.take(d, verdicts[i])
		c.place(d, verdicts[i])
	}
	return verdicts, c.budget.err
}

// travels reports whether the delivery's entry still wants it. A direct message has
// none that might not.
func (c *court) travels(d deliveries.Delivery) bool {
	state := c.states[d.Entry]
	return d.Direct() || state == campaigns.Running || state == campaigns.Finished && d.Outlasts()
}

// pressure is what weighs on a delivery. Its own earlier attempts do not, and it
// is no rival of its own.
func (c *court) pressure(d deliveries.Delivery) deliveries.Pressure {
	p := deliveries.Pressure{Spent: c.budget.spent, Paused: !d.Direct() && c.paused[d.Campaign]}
	if who := c.people[d.Customer]; who != nil {
		word, said := who.Word(d.Topic, d.Channel)
		p.Suppressed, p.Refused = who.Suppressed[d.Channel], said && !word.In
	}
	for _, earlier := range c.contacts[c.person(d)] {
		if earlier.Delivery != d.ID {
			p.Contacts = append(p.Contacts, earlier)
		}
	}
	for _, rival := range c.rivals[c.person(d)] {
		if rival.Delivery != d.ID {
			p.Rivals = append(p.Rivals, rival)
		}
	}
	return p
}

// take makes a delivery that goes weigh on those after it.
func (c *court) take(d deliveries.Delivery, v deliveries.Verdict) {
	if !v.Go {
		return
	}
	latest := deliveries.Contact{Delivery: d.ID, Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, At: d.Begun(v, c.now).TakenAt}
	c.contacts[c.person(d)] = slices.Insert(c.contacts[c.person(d)], 0, latest)
	c.budget.taken = append(c.budget.taken, expense{d.Channel, d.Campaign, v.Cost})
}

// place makes a delivery that waits a rival at its new time, and one that does
// not wait any more no rival.
func (c *court) place(d deliveries.Delivery, v deliveries.Verdict) {
	rivals := c.rivals[c.person(d)]
	at := slices.IndexFunc(rivals, func(r deliveries.Rival) bool { return r.Delivery == d.ID })
	switch {
	case at < 0:
	case v.Until.IsZero(), v.Reason == deliveries.PausedCampaign:
		c.rivals[c.person(d)] = slices.Delete(rivals, at, at+1)
	default:
		rivals[at].DueAt = v.Until
	}
}

// record writes the verdicts.
func (c *court) record(ctx context.Context, tx *tx, candidates []deliveries.Candidate, verdicts []deliveries.Verdict) error {
	changes := make([]change, 0, len(verdicts))
	var skipped []deliveries.Delivery
	scripts := newRows("delivery int, content json")
	for i, v := range verdicts {
		before, ours := c.held[candidates[i].Delivery.ID]
		if !ours {
			continue
		}
		delete(c.held, before.ID)
		after := before.Begun(v, c.now)
		if v.Go {
			after.Provider = candidates[i].Provider
		}
		changes = append(changes, change{was: before.Status, after: after})
		if content := candidates[i].Content; v.Go && content != nil {
			scripts.add(after.ID, inJSON(content))
		}
		if after.Status.Settled() {
			skipped = append(skipped, after)
		}
	}
	if err := tellDeliveries(ctx, tx, c.now, skipped); err != nil {
		return err
	}
	if err := moveDeliveries(ctx, tx, c.now, changes); err != nil || scripts.len() == 0 {
		return err
	}
	_, err := tx.execRows(ctx, scripts, "UPDATE deliveries AS d SET content = v.content FROM {rows} AS v WHERE d.id = v.delivery")
	return err
}
