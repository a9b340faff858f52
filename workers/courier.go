package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/hibiken/asynq"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/telemetry"
)

const (
	// usualWindow is how many messages are in flight at once where their provider
	// answers fast.
	usualWindow = 500
	// usualCall is how long a provider may take to answer.
	usualCall = 10 * time.Second
	// patience is how long one task waits for the rate limit in all. What would
	// take longer waits in the ledger, where it keeps no worker busy.
	patience = 2 * time.Second
	// freshFor is how long a batch is judged by what was read at its beginning.
	// After that the next window is read anew: somebody may have said stop.
	freshFor = time.Second
)

// Courier sends claimed deliveries: judges them, renders them, and hands them
// to the provider window by window.
//
// A window is what is in flight at once. It is committed as Sending before its
// first byte leaves and settled in one write after its last answer, so a crash
// leaves at most one window unconfirmed.
type Courier struct {
	Catalog     *campaigns.Catalog
	Ledger      deliveries.Ledger
	Entries     campaigns.Entries
	News        campaigns.News
	Directory   customers.Directory
	Preferences customers.Preferences
	Mailboxes   customers.Mailboxes
	Senders     map[channels.Channel]channels.Sender
	// Providers are the senders' names, which the ledger keeps.
	Providers map[channels.Channel]string
	Limits    Limiter
	Outlook   *Outlook
	TestMode  TestMode
	Post      *PostOffice
	// Traveller walks on whose messages were settled; nil leaves them to the
	// scheduler.
	Traveller *Traveller
	// Room is shared with whatever else has rows in memory; nil has no bound.
	Room *Room
	// Window is how many messages of a batch are in flight at once where their
	// provider answers fast (see pace); 0 is 500.
	Window int
	// Call is how long a provider may take to answer; 0 is 10 s.
	Call time.Duration
	// Lease is how long claimed deliveries are kept; 0 is UsualLease.
	Lease time.Duration
	// Conditions is how long the database may judge one; 0 is a minute.
	Conditions time.Duration
	// Stopping is closed when the worker is to leave: the window in flight is
	// finished and the rest of a batch goes back to the ledger. Nil is never.
	Stopping <-chan struct{}
	Shown    Shown
	Now      func() time.Time
	Log      *slog.Logger

	pace pace
}

// Limiter spaces sends across all workers.
type Limiter interface {
	// Take says how many of n messages may leave from a sender now. Where none
	// may, again is how soon the next one will.
	Take(ctx context.Context, sender deliveries.Outlet, n int) (granted int, again time.Duration)
	// Line gives n messages a place each behind all that have one already: the
	// first is due after first, the others follow apart from each other.
	Line(ctx context.Context, sender deliveries.Outlet, n int) (first, apart time.Duration)
}

// parcel is a delivery on its way through the courier.
type parcel struct {
	delivery deliveries.Delivery
	campaign *campaigns.Campaign // nil when its version can no longer be read
	words    *campaigns.Edition  // whose templates the campaign's version uses
	journey  campaigns.Traveller
	readAt   time.Time          // when the journey and the campaign were read
	verdict  deliveries.Verdict // of the last gate that judged it
	message  channels.Message
}

// Deliver sends the named deliveries, all of one channel, as far as rules,
// limits and time allow. What it does not get to goes back to the ledger.
func (c *Courier) Deliver(ctx context.Context, ids []int64) (err error) {
	round := &round{Courier: c, patience: patience}
	round.takeRoom(ctx, min(len(ids), c.expects(ctx)))
	defer round.freeRoom()
	now := c.Now()
	round.until = now.Add(leaseOr(c.Lease))
	var claimed []deliveries.Delivery
	if round.fence, claimed, err = c.Ledger.Claim(ctx, ids, now, leaseOr(c.Lease)); err != nil {
		return fmt.Errorf("claim %d deliveries: %w", len(ids), err)
	}
	if len(claimed) == 0 {
		return nil
	}
	entries := make([]int64, len(claimed))
	for i, delivery := range claimed {
		entries[i] = delivery.Entry
	}
	ctx, span := c.Shown.ofEntries(ctx, "deliver", entries)
	defer func() { span.End(err) }()
	round.outlet = outletOf(c.Providers, claimed[0].Channel)
	if c.Senders[round.outlet.Channel] == nil {
		c.Log.Error("no provider is configured; messages wait", "channel", round.outlet.Channel, "messages", len(claimed))
		return round.giveBack(ctx, claimed, deliveries.ProviderUnavailable, c.Now().Add(withoutProvider), 0)
	}
	return round.deliver(ctx, claimed)
}

// expects is how many messages of a task will be read at once, as its queue tells
// before they are claimed.
func (c *Courier) expects(ctx context.Context) int {
	name, _ := asynq.GetQueueName(ctx)
	if queue, is := partOf(name); is {
		return c.readAtOnce(outletOf(c.Providers, channels.Channel(queue)))
	}
	return c.mostInFlight()
}

// readAtOnce is how many messages are worth reading: those of the next window, or
// of the next few small ones.
func (c *Courier) readAtOnce(out deliveries.Outlet) int {
	return max(c.pace.window(out, c.mostInFlight()), firstWindow)
}

// round is one batch under one fence.
type round struct {
	*Courier
	edition  *campaigns.Edition
	fence    deliveries.Fence
	until    time.Time         // when the lease ends
	outlet   deliveries.Outlet // the channel's provider
	patience time.Duration     // what is left of it
	rows     int               // as many are read at once
	release  func()            // gives their room back

	health   map[deliveries.Outlet]deliveries.Health // as last looked at
	lookedAt time.Time
	released bool // what else waited although its outlet is up
}

// takeRoom waits until so many rows may be read, no longer than the task and the
// worker have time. Who waits in vain begins nothing any more.
func (r *round) takeRoom(ctx context.Context, rows int) {
	r.freeRoom()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func(stopping <-chan struct{}) {
		select {
		case <-stopping:
			cancel()
		case <-ctx.Done():
		}
	}(r.Stopping)
	r.rows = rows
	if release, err := r.Room.enter(ctx, rows); err == nil {
		r.release = release
	}
}

func (r *round) freeRoom() {
	if r.release != nil {
		r.release()
		r.release = nil
	}
}

// deliver takes a batch in parts, each read, judged and sent before the next. What no
// longer begins goes back.
func (r *round) deliver(ctx context.Context, batch []deliveries.Delivery) error {
	for len(batch) > 0 && ctx.Err() == nil && !r.stopping() {
		held, err := r.heldAtOnce(ctx, batch)
		if err != nil && ctx.Err() != nil {
			break
		}
		if held || err != nil {
			return err
		}
		parcels := make([]*parcel, min(r.rows, len(batch)))
		for i := range parcels {
			parcels[i] = &parcel{delivery: batch[i]}
		}
		batch = batch[len(parcels):]
		if parcels, err = r.sort(ctx, parcels); err != nil {
			return err
		}
		if err := r.send(ctx, parcels); err != nil {
			return err
		}
		if len(batch) > 0 {
			r.takeRoom(ctx, min(len(batch), r.readAtOnce(r.outlet)))
		}
	}
	return r.giveBack(ctx, batch, "", r.Now(), 0)
}

// heldAtOnce gives a batch back unread where nothing may leave by its provider.
func (r *round) heldAtOnce(ctx context.Context, batch []deliveries.Delivery) (bool, error) {
	if err := r.look(ctx); err != nil {
		return false, err
	}
	if _, a := r.health[r.outlet].Admit(r.Now()); !a.Free && !a.Probe {
		return true, r.hold(ctx, batch, a)
	}
	return false, nil
}

// load reads everything parcels are judged and rendered by, in a few reads for
// all of them.
func (r *round) load(ctx context.Context, parcels []*parcel) error {
	now := r.Now()
	var err error
	if r.edition, err = r.Catalog.Current(ctx); err != nil {
		return err
	}
	entries := make([]int64, len(parcels))
	for i, p := range parcels {
		entries[i] = p.delivery.Entry
	}
	travellers, err := travellersOf(ctx, r.Catalog, r.Entries, r.edition, entries, now)
	if err != nil {
		return fmt.Errorf("load the entries of %d deliveries: %w", len(parcels), err)
	}
	shelf := newShelf(r.Catalog, r.Log)
	journeys := make(map[int64]*campaigns.Traveller, len(travellers))
	for _, group := range byVersion(travellers) {
		campaign, err := shelf.campaign(ctx, group[0].Entry.Campaign, group[0].Entry.Version)
		if err != nil {
			return err
		}
		if campaign == nil {
			continue // the judge holds them
		}
		if err := count(ctx, r.News, campaign.Counts(), group, now); err != nil {
			return err
		}
		for i := range group {
			journeys[group[i].Entry.ID] = &group[i]
		}
	}
	if err := r.loadAddressees(ctx, parcels, now); err != nil {
		return err
	}
	for _, p := range parcels {
		p.readAt = now
		if p.delivery.Direct() {
			continue
		}
		p.journey = campaigns.Traveller{} // gone where nobody has the entry any more
		if journey := journeys[p.delivery.Entry]; journey != nil {
			p.journey = *journey
		}
		if p.campaign, err = shelf.campaign(ctx, p.delivery.Campaign, p.delivery.Version); err != nil {
			return err
		}
		if p.campaign == nil {
			continue // the judge holds it
		}
		if p.words, err = r.Catalog.Edition(ctx, p.delivery.Campaign, p.delivery.Version); err != nil {
			return err
		}
	}
	return nil
}

// loadAddressees reads whom direct messages go to: there is no journey to ask.
func (r *round) loadAddressees(ctx context.Context, parcels []*parcel, now time.Time) error {
	var ids []string
	for _, p := range parcels {
		if p.delivery.Direct() {
			ids = append(ids, p.delivery.Customer)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	people, err := r.Directory.Load(ctx, ids, now)
	if err != nil {
		return fmt.Errorf("load the addressees of %d direct messages: %w", len(ids), err)
	}
	for _, p := range parcels {
		if p.delivery.Direct() {
			p.journey.Customer = people[p.delivery.Customer]
		}
	}
	return nil
}

// sort judges a batch before anything is rendered, writes what is held or
// skipped, and returns the rest.
func (r *round) sort(ctx context.Context, parcels []*parcel) ([]*parcel, error) {
	if err := r.load(ctx, parcels); err != nil {
		return nil, err
	}
	now := r.Now()
	var ready, held []*parcel
	var late []deliveries.Outcome
	for _, p := range parcels {
		if overdue(p.delivery, now) {
			late = append(late, waiting(p.delivery, p.delivery.Reason, now, now))
			continue
		}
		p.verdict = r.judge(p, deliveries.Pressure{}, now)
		if p.verdict.Go {
			ready = append(ready, p)
		} else {
			held = append(held, p)
		}
	}
	if err := r.settle(ctx, late, now); err != nil {
		return nil, err
	}
	_, err := r.begin(ctx, held, now)
	return ready, err
}

func (r *round) judge(p *parcel, pressure deliveries.Pressure, now time.Time) deliveries.Verdict {
	if r.TestMode.skips(p.delivery.Channel, p.journey.Customer) {
		return deliveries.Verdict{Reason: deliveries.TestMode}
	}
	matter := p.matter()
	matter.Pressure = pressure
	return r.edition.Judge(matter, now)
}

// matter is the parcel with what it is judged by, as far as it is known without
// the ledger.
func (p *parcel) matter() campaigns.Matter {
	return campaigns.Matter{
		Campaign: p.campaign, Delivery: p.delivery, Entry: p.journey.Entry, Customer: p.journey.Customer,
		Counts: p.journey.Counts, Content: &p.message.Content,
	}
}

// begin commits the verdicts of parcels and returns those that may leave.
func (r *round) begin(ctx context.Context, parcels []*parcel, now time.Time) ([]*parcel, error) {
	if len(parcels) == 0 {
		return nil, nil
	}
	byID := make(map[int64]*parcel, len(parcels))
	candidates := make([]deliveries.Candidate, len(parcels))
	judgedBy := make([]*campaigns.Campaign, len(parcels))
	for i, p := range parcels {
		judgedBy[i] = p.campaign
		byID[p.delivery.ID] = p
		candidates[i] = deliveries.Candidate{
			Delivery: p.delivery, Provider: r.outlet.Provider, Spends: p.verdict.Go && r.edition.Spends(p.matter()),
		}
		if p.message.Content.Call != nil {
			candidates[i].Content = &p.message.Content
		}
	}
	verdicts, err := r.Ledger.Begin(ctx, r.fence, now, r.edition.Horizon(now, judgedBy...), candidates,
		func(d deliveries.Delivery, pressure deliveries.Pressure) deliveries.Verdict {
			p := byID[d.ID]
			if !p.verdict.Go {
				return p.verdict // held before it was rendered
			}
			return r.judge(p, pressure, now)
		})
	if err != nil {
		return nil, fmt.Errorf("begin a window of %d: %w", len(parcels), err)
	}
	r.Shown.judged(r.outlet.Channel, verdicts)
	var leaving []*parcel
	lost := 0
	for i, verdict := range verdicts {
		switch {
		case verdict.Go:
			p := parcels[i]
			p.delivery, p.verdict = p.delivery.Begun(verdict, now), verdict
			leaving = append(leaving, p)
		case verdict == deliveries.Verdict{}:
			lost++
		}
	}
	if lost > 0 {
		r.Log.Warn("deliveries were taken over before they were sent", "deliveries", lost)
	}
	return leaving, nil
}

// send hands parcels over, window by window, each sender taking its turn. Once
// ctx ends or the worker is to leave no further window begins; the one in flight
// is finished and settled all the same.
func (r *round) send(ctx context.Context, parcels []*parcel) error {
	turns := r.turns(parcels)
	for ctx.Err() == nil && !r.stopping() {
		err := r.look(ctx)
		if err != nil && ctx.Err() != nil {
			break // the task's time is over: what is left goes back at once, not with its lease
		}
		if err != nil {
			return err
		}
		if turns, err = r.admitted(ctx, turns); err != nil {
			return err
		}
		turns = slices.DeleteFunc(turns, func(t *turn) bool { return len(t.parcels) == 0 })
		if len(turns) == 0 {
			return nil
		}
		leaving, again := r.take(ctx, turns)
		switch {
		case len(leaving) > 0:
			if _, err := r.window(ctx, leaving, false); err != nil {
				return err
			}
		case again > r.patience:
			return r.queueUp(ctx, turns)
		default:
			r.patience -= max(again, time.Millisecond)
			sleep(ctx, again)
		}
	}
	var troubles []error
	for _, t := range turns {
		troubles = append(troubles, r.giveBack(ctx, rowsOf(t.parcels), "", r.Now(), 0))
	}
	return errors.Join(troubles...)
}

// stopping reports whether the worker is to leave.
func (c *Courier) stopping() bool {
	select {
	case <-c.Stopping:
		return true
	default:
		return false
	}
}

// mostInFlight bounds a window.
func (c *Courier) mostInFlight() int {
	if c.Window <= 0 {
		return usualWindow
	}
	return c.Window
}

// take takes a window's worth of parcels out of the turns, as many of each as
// its limits let go. Where none may go, again is how soon the next one may.
func (r *round) take(ctx context.Context, turns []*turn) (leaving []*parcel, again time.Duration) {
	room := r.pace.window(r.outlet, r.mostInFlight())
	for _, t := range turns {
		n := min(room, len(t.parcels))
		if n == 0 {
			continue
		}
		granted, wait := r.Limits.Take(ctx, t.sender, n)
		if granted == 0 && (again == 0 || wait < again) {
			again = wait
		}
		leaving = append(leaving, t.parcels[:granted]...)
		t.parcels = t.parcels[granted:]
		room -= granted
	}
	return leaving, again
}

// queueUp gives back what the limits do not let go, each with its place in line.
func (r *round) queueUp(ctx context.Context, turns []*turn) error {
	var troubles []error
	for _, t := range turns {
		first, apart := r.Limits.Line(ctx, t.sender, len(t.parcels))
		troubles = append(troubles, r.giveBack(ctx, rowsOf(t.parcels), deliveries.RateLimit, r.Now().Add(first), apart))
	}
	return errors.Join(troubles...)
}

// window renders parcels, commits them, sends them together and settles
// them. It reports whether the provider was asked for anything.
func (r *round) window(ctx context.Context, parcels []*parcel, probe bool) (asked bool, err error) {
	ctx, span := r.Shown.Traces.Start(ctx, "window")
	span.Outlet(string(r.outlet.Channel), r.outlet.Provider)
	span.Count("messages", len(parcels))
	defer func() { span.End(err) }()
	if r.Now().Sub(parcels[0].readAt) >= freshFor {
		if parcels, err = r.sort(ctx, parcels); err != nil {
			return false, err
		}
	}
	written, unwritable, err := r.Post.Write(ctx, r.edition, parcels)
	if err != nil {
		return false, err
	}
	if err := r.settle(ctx, unwritable, r.Now()); err != nil {
		return false, err
	}
	if len(unwritable) > 0 {
		r.Shown.Metrics.Sent(string(r.outlet.Channel), r.outlet.Provider, map[string]int{"not_rendered": len(unwritable)})
	}
	leaving, err := r.begin(ctx, written, r.Now())
	if err != nil {
		return false, errors.Join(err, r.unsent(ctx, written))
	}
	if len(leaving) == 0 {
		return false, nil
	}
	// Messages that have begun are not torn off by a shutdown: the provider's
	// time-out bounds them.
	inFlight, cancel := r.whole(ctx)
	defer cancel()
	late, cancelLate := context.WithTimeout(inFlight, callOr(r.Call)/2) // for those that wait for their turn
	defer cancelLate()
	sentAt := r.Now()
	results := r.handOver(inFlight, late.Done(), leaving)
	now := r.Now()
	r.pace.took(r.outlet, len(leaving), now.Sub(sentAt), r.mostInFlight())
	outcomes := make([]deliveries.Outcome, len(leaving))
	for i, p := range leaving {
		outcomes[i] = outcome(p.delivery, results[i], now)
		if another(p, results[i]) {
			again(&outcomes[i], p.delivery, now, channels.ReasonGone)
		}
		outcomes[i].Segments, outcomes[i].Cost = r.edition.Billed(p.journey.Customer, p.message.Content, results[i].Receipt.Segments)
		p.message.Content = channels.Content{} // nobody asks for the words any more
	}
	r.lead(leaving, outcomes, now)
	r.logRefusals(ctx, leaving, results)
	r.Shown.settled(r.outlet, leaving, outcomes)
	after, cancelAfter := r.leased(ctx)
	defer cancelAfter()
	// What became of the messages is written whether or not the addresses are.
	blocked, settled := r.blockRefused(after, leaving, results, now), r.settle(after, outcomes, now)
	noted := r.observe(after, leaving, results, probe)
	r.trail(after, leaving, now)
	var walked error
	if settled == nil {
		walked = r.onward(after, leaving, outcomes)
	}
	return true, errors.Join(blocked, settled, noted, walked)
}

// whole is the time of one whole call, also while the worker shuts down.
func (r *round) whole(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), callOr(r.Call))
}

// leased is for writing what nobody else knows: what became of messages. A database
// that is slow or away has until the lease ends, which leaves them in doubt, and in any
// case as long as a condition may keep the one writer of SQLite, and a provider. What
// comes after the lease is taken all the same.
func (r *round) leased(ctx context.Context) (context.Context, context.CancelFunc) {
	busy := conditionOr(r.Conditions) + callOr(r.Call)
	return context.WithTimeout(context.WithoutCancel(ctx), max(r.until.Sub(r.Now()), busy))
}

// unsent gives back parcels of which nobody knows whether they are written down
// as being sent: the database went away before it could say so. Not a byte of them
// has left, and no other may find that out.
func (r *round) unsent(ctx context.Context, parcels []*parcel) error {
	ctx, cancel := r.leased(ctx)
	defer cancel()
	for {
		err := r.giveBack(ctx, rowsOf(parcels), "", r.Now(), 0)
		if err == nil || ctx.Err() != nil {
			return err
		}
		sleep(ctx, time.Second)
	}
}

// another reports whether a notification found a browser gone whose customer has
// another one: the next attempt goes there.
func another(p *parcel, result channels.Result) bool {
	var refused *channels.Refused
	return p.delivery.Channel == channels.Push && errors.As(result.Err, &refused) && refused.Reason == channels.ReasonGone &&
		len(p.journey.Customer.Browsers) > 1
}

// handOver gives the messages to the provider of their channel, as many at once as it
// can be given. Those that have to wait for others begin before it is late.
func (r *round) handOver(ctx context.Context, late <-chan struct{}, parcels []*parcel) []channels.Result {
	sender := r.Senders[r.outlet.Channel]
	calls := r.Shown.Metrics.Calls(ctx, string(r.outlet.Channel), r.outlet.Provider)
	if batch, able := sender.(channels.BatchSender); able {
		messages := make([]channels.Message, len(parcels))
		for i, p := range parcels {
			messages[i] = p.message
		}
		ctx, span := r.Shown.Traces.Start(ctx, "call")
		began := calls.Began()
		results := batch.SendBatch(ctx, late, messages)
		calls.Ended(began)
		span.End(nil)
		return results
	}
	traced := telemetry.Kept(ctx)
	return channels.Abreast(late, len(parcels), func(i int) (channels.Receipt, error) {
		ctx, span := ctx, telemetry.Span{}
		if traced {
			ctx, span = r.Shown.Traces.Start(ctx, "call")
		}
		began := calls.Began()
		receipt, err := sender.Send(ctx, parcels[i].message)
		calls.Ended(began)
		span.End(err)
		return receipt, err
	})
}

// logRefusals logs what a provider did not take, a line for a window.
func (r *round) logRefusals(ctx context.Context, parcels []*parcel, results []channels.Result) {
	var first error
	failed := 0
	for _, result := range results {
		if result.Err != nil {
			failed++
		}
		if first == nil {
			first = result.Err
		}
	}
	if failed > 0 {
		r.Log.WarnContext(ctx, "the provider did not accept messages", "channel", r.outlet.Channel, "messages", failed, "of", len(parcels), "first", first)
	}
}

// trail remembers the trace of a window that is kept, to which what comes back of
// its messages leads.
func (r *round) trail(ctx context.Context, parcels []*parcel, now time.Time) {
	if r.Shown.Trails == nil || !telemetry.Kept(ctx) {
		return
	}
	ids := make([]int64, len(parcels))
	for i, p := range parcels {
		ids[i] = p.delivery.ID
	}
	r.Shown.mark(ctx, deliveries.DeliveryTrail.Of(ids...), now)
}

// blockRefused suppresses the addresses that a provider refuses for good, counts
// the mailboxes that take nothing for now and forgets browsers that unsubscribed.
func (r *round) blockRefused(ctx context.Context, parcels []*parcel, results []channels.Result, now time.Time) error {
	var blocks []customers.Suppression
	var trials []customers.Trial
	var troubles []error
	for i, result := range results {
		var refused *channels.Refused
		if !errors.As(result.Err, &refused) {
			continue
		}
		p := parcels[i]
		switch {
		case p.delivery.Channel == channels.Push && refused.Reason == channels.ReasonGone:
			if err := r.Preferences.Unsubscribe(ctx, p.message.To); err != nil {
				troubles = append(troubles, fmt.Errorf("forget the browser of delivery %d: %w", p.delivery.ID, err))
			}
		case refused.Suppress:
			reason := refused.Reason
			if reason == channels.BounceHard {
				reason = customers.Bounced
			}
			blocks = append(blocks, customers.Suppression{Channel: p.delivery.Channel, Address: p.message.To, Reason: reason, At: now})
		case refused.Reason == channels.BounceSoft:
			trials = append(trials, customers.Trial{
				Address: p.message.To, Message: strconv.FormatInt(p.delivery.ID, 10), At: now,
			})
		}
	}
	if len(blocks) > 0 {
		if err := r.Preferences.Suppress(ctx, blocks); err != nil {
			troubles = append(troubles, fmt.Errorf("suppress %d refused addresses: %w", len(blocks), err))
		}
	}
	if len(trials) > 0 {
		if err := r.Mailboxes.Try(ctx, trials); err != nil {
			troubles = append(troubles, fmt.Errorf("count %d refused mailboxes: %w", len(trials), err))
		}
	}
	return errors.Join(troubles...)
}

func (r *round) settle(ctx context.Context, outcomes []deliveries.Outcome, now time.Time) error {
	if len(outcomes) == 0 {
		return nil
	}
	written, err := r.Ledger.Settle(ctx, r.fence, now, outcomes)
	if err != nil {
		return fmt.Errorf("settle %d deliveries: %w", len(outcomes), err)
	}
	if lost := len(outcomes) - written; lost > 0 {
		r.Log.Warn("deliveries were taken over while they were being sent", "deliveries", lost)
	}
	return nil
}

// giveBack returns deliveries that were not begun to the ledger, the first due at
// a time and the others apart from each other.
func (r *round) giveBack(ctx context.Context, some []deliveries.Delivery, why string, due time.Time, apart time.Duration) error {
	outcomes := make([]deliveries.Outcome, len(some))
	for i, d := range some {
		outcomes[i] = deliveries.Outcome{
			ID: d.ID, Status: deliveries.Planned, Reason: why, DueAt: due.Add(time.Duration(i) * apart),
		}
	}
	return r.settleAfter(ctx, outcomes)
}

func rowsOf(parcels []*parcel) []deliveries.Delivery {
	some := make([]deliveries.Delivery, len(parcels))
	for i, p := range parcels {
		some[i] = p.delivery
	}
	return some
}
