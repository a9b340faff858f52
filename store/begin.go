package store

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/channels"
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
	contacts map[string][]deliveries.Contact // by customer, newest first
	rivals   map[string][]deliveries.Rival   // by customer, the soonest due first
	stopped  map[stop]string                 // why addresses are suppressed
	paused   map[string]bool                 // campaigns that stand still
	refused  map[refusal]bool                // what customers said no to
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
	var people, running []string
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
	}
	c := &court{now: now, held: held, budget: openBudget(ctx, tx), contacts: map[string][]deliveries.Contact{}}
	if horizon.Before(now) { // else there is no limit that anything sent could count against
		if err := c.readPressure(ctx, tx, distinct(people), horizon); err != nil {
			return nil, err
		}
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
	if c.stopped, err = stopsOf(ctx, tx, distinct(people)); err != nil {
		return nil, err
	}
	c.refused, err = refusalsOf(ctx, tx, distinct(people))
	return c, err
}

// readPressure keeps other workers from judging the same customers and reads what
// went to them and what waits.
func (c *court) readPressure(ctx context.Context, tx *tx, people []string, horizon time.Time) (err error) {
	if err := lockCustomers(ctx, tx, people); err != nil {
		return err
	}
	c.contacts, c.rivals, err = pressureOf(ctx, tx, people, horizon, c.now)
	return err
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
	p := deliveries.Pressure{
		Spent: c.budget.spent, Suppressed: c.stopped[stop{d.Customer, d.Channel}],
		Refused: c.refused[refusal{d.Customer, d.Topic, d.Channel}], Paused: !d.Direct() && c.paused[d.Campaign],
	}
	for _, earlier := range c.contacts[d.Customer] {
		if earlier.Delivery != d.ID {
			p.Contacts = append(p.Contacts, earlier)
		}
	}
	for _, rival := range c.rivals[d.Customer] {
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
	latest := deliveries.Contact{Delivery: d.ID, Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, At: c.now}
	c.contacts[d.Customer] = slices.Insert(c.contacts[d.Customer], 0, latest)
	c.budget.taken = append(c.budget.taken, expense{d.Channel, d.Campaign, v.Cost})
}

// place makes a delivery that waits a rival at its new time, and one that does
// not wait any more no rival.
func (c *court) place(d deliveries.Delivery, v deliveries.Verdict) {
	rivals := c.rivals[d.Customer]
	at := slices.IndexFunc(rivals, func(r deliveries.Rival) bool { return r.Delivery == d.ID })
	switch {
	case at < 0:
	case v.Until.IsZero(), v.Reason == deliveries.PausedCampaign:
		c.rivals[d.Customer] = slices.Delete(rivals, at, at+1)
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

// lockCustomers keeps other workers from judging the same customers.
func lockCustomers(ctx context.Context, tx *tx, ids []string) error {
	_, err := listRows(ctx, tx, keys(ids), column[string],
		"SELECT c.id FROM customers c WHERE "+tx.among("c.id")+" ORDER BY c.id"+tx.forUpdate("c"))
	return err
}

// statesOf reads where entries stand. They are not kept from ending before this
// transaction does: whoever ends one meanwhile ends it after its message began.
func statesOf(ctx context.Context, tx *tx, ids []int64) (map[int64]campaigns.EntryState, error) {
	type standing struct {
		id    int64
		state campaigns.EntryState
	}
	all, err := listRows(ctx, tx, numbers(ids), func(r record) (s standing, err error) {
		err = r.Scan(&s.id, &s.state)
		return s, err
	}, "SELECT e.id, e.state FROM entries e WHERE "+tx.among("e.id")+" ORDER BY e.id")
	states := make(map[int64]campaigns.EntryState, len(all))
	for _, s := range all {
		states[s.id] = s.state
	}
	return states, err
}

// pausedOf reads which campaigns stand still.
func pausedOf(ctx context.Context, tx *tx, campaigns []string) (map[string]bool, error) {
	still, err := listRows(ctx, tx, keys(campaigns), column[string], "SELECT v.id FROM {rows} AS v WHERE "+standsStill("v.id"))
	paused := make(map[string]bool, len(still))
	for _, campaign := range still {
		paused[campaign] = true
	}
	return paused, err
}

// latestBegin is how long after a message expired it is still looked for. Nothing is
// read of messages that expired longer ago than what is asked for, by an index that
// holds no more: a send that begins later moves the expiry on (moveDeliveries).
const latestBegin = time.Minute

// pressureOf reads the messages that went to customers, or may have, since a moment,
// newest first, and those that wait to be sent to them and had not expired at
// another, no earlier one, the soonest due first. It is one look, so that what another
// worker gives back meanwhile is seen once.
func pressureOf(ctx context.Context, tx *tx, ids []string, since, waiting time.Time) (map[string][]deliveries.Contact, map[string][]deliveries.Rival, error) {
	contacts, rivals := map[string][]deliveries.Contact{}, map[string][]deliveries.Rival{}
	_, err := listRows(ctx, tx, keys(ids), func(r record) (none struct{}, err error) {
		var customer string
		var went, waits bool
		var d deliveries.Delivery
		err = r.Scan(&customer, &d.ID, &d.Channel, &d.Topic, &d.Priority, asTime(&d.TakenAt), asTime(&d.DueAt), &went, &waits)
		if went {
			contacts[customer] = append(contacts[customer], deliveries.Contact{Delivery: d.ID, Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, At: d.TakenAt})
		}
		if waits {
			rivals[customer] = append(rivals[customer], deliveries.Rival{Delivery: d.ID, Channel: d.Channel, Topic: d.Topic, Priority: d.Priority, DueAt: d.DueAt})
		}
		return none, err
	}, `
		SELECT d.customer, d.id, d.channel, d.topic, d.priority, d.taken_at, d.due_at, d.went, d.waits FROM (
			SELECT d.*, d.taken_at IS NOT NULL AND d.taken_at >= $1 AS went,
				d.status IN ('planned', 'queued') AND d.expires_at >= $3 AND d.reason <> 'paused_campaign' AS waits
			FROM deliveries d WHERE `+tx.among("d.customer")+` AND d.expires_at >= $2 AND d.channel <> 'webhook') AS d
		WHERE d.went OR d.waits`, since.UnixMilli(), since.Add(-latestBegin).UnixMilli(), waiting.Add(-latestBegin).UnixMilli())
	for _, all := range contacts {
		slices.SortFunc(all, func(a, b deliveries.Contact) int {
			return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Delivery, a.Delivery))
		})
	}
	for _, all := range rivals {
		slices.SortFunc(all, func(a, b deliveries.Rival) int {
			return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.Delivery, b.Delivery))
		})
	}
	return contacts, rivals, err
}

// stop names a customer's address on a channel.
type stop struct {
	customer string
	channel  channels.Channel
}

// stopsOf reads which addresses of customers are suppressed, and why. A stop that
// was committed before is seen here, whatever was known when the customers were
// read. The endpoints of browsers, which nobody writes STOP to, are left out.
func stopsOf(ctx context.Context, tx *tx, ids []string) (map[stop]string, error) {
	stops := map[stop]string{}
	_, err := listRows(ctx, tx, keys(ids), func(r record) (none struct{}, err error) {
		var s stop
		var reason string
		err = r.Scan(&s.customer, &s.channel, &reason)
		stops[s] = reason
		return none, err
	}, `
		WITH who AS MATERIALIZED (SELECT c.id, c.email, c.phone FROM customers c WHERE `+tx.among("c.id")+`)
		SELECT w.id, s.channel, s.reason FROM who w JOIN suppressions s ON s.channel = 'email' AND s.address = w.email
		UNION ALL SELECT w.id, s.channel, s.reason FROM who w JOIN suppressions s ON s.channel IN ('sms', 'call') AND s.address = w.phone`)
	return stops, err
}

// refusal names a topic on a channel that a customer said no to.
type refusal struct {
	customer, topic string
	channel         channels.Channel
}

// refusalsOf reads what customers said no to, as stopsOf reads their stops.
func refusalsOf(ctx context.Context, tx *tx, ids []string) (map[refusal]bool, error) {
	refused := map[refusal]bool{}
	_, err := listRows(ctx, tx, keys(ids), func(r record) (none struct{}, err error) {
		var no refusal
		err = r.Scan(&no.customer, &no.topic, &no.channel)
		refused[no] = true
		return none, err
	}, "SELECT c.customer, c.topic, c.channel FROM consents c WHERE "+tx.among("c.customer")+" AND c.granted = 0")
	return refused, err
}

// expense is money taken by a delivery that goes.
type expense struct {
	channel  channels.Channel
	campaign string
	amount   int64
}

// question asks what was spent on a channel ("" is all) and by a campaign (""
// is all) since a moment, in milliseconds.
type question struct {
	channel  channels.Channel
	campaign string
	since    int64
}

// budget answers what has been spent.
type budget struct {
	read   func(question) (int64, error)
	before map[question]int64 // what was spent before this transaction
	taken  []expense          // in this transaction
	err    error
}

// openBudget prepares answers. From the first question on, where not from before,
// no other worker takes money until the transaction ends.
func openBudget(ctx context.Context, tx *tx) *budget {
	b := &budget{before: map[question]int64{}}
	b.read = func(q question) (int64, error) {
		if len(b.before) == 0 {
			if err := tx.alone(ctx, spending); err != nil {
				return 0, err
			}
		}
		return readSpent(ctx, tx, q)
	}
	return b
}

// spent is deliveries.Pressure.Spent. After an error everything is spent, and
// the transaction is given up.
func (b *budget) spent(ch channels.Channel, campaign string, since time.Time) int64 {
	q := question{ch, campaign, since.UnixMilli()}
	sum, known := b.before[q]
	if !known && b.err == nil {
		sum, b.err = b.read(q)
		b.before[q] = sum
	}
	if b.err != nil {
		return math.MaxInt64
	}
	for _, t := range b.taken {
		if (ch == "" || t.channel == ch) && (campaign == "" || t.campaign == campaign) {
			sum += t.amount
		}
	}
	return sum
}

func readSpent(ctx context.Context, tx *tx, q question) (int64, error) {
	where, args := "charged_at > $1", []any{q.since}
	if q.channel != "" {
		args = append(args, q.channel)
		where += fmt.Sprintf(" AND channel = $%d", len(args))
	} else {
		where += " AND channel IN (" + quotedLanes() + ")" // the index of what was spent begins with it
	}
	if q.campaign != "" {
		args = append(args, q.campaign)
		where += fmt.Sprintf(" AND campaign = $%d", len(args))
	}
	sum, _, err := first(ctx, tx, column[int64], "SELECT CAST(COALESCE(SUM(cost), 0) AS BIGINT) FROM deliveries WHERE "+where, args...)
	return sum, err
}

// distinct is all different values, in order.
func distinct[T int64 | string](values []T) []T {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
