package workers

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// Reactor lets live events start and end journeys.
type Reactor struct {
	Catalog   *campaigns.Catalog
	Entries   campaigns.Entries
	News      campaigns.News
	Arrivals  campaigns.Arrivals
	Goals     campaigns.Goals
	Directory customers.Directory
	// Stopping is closed when the worker is to leave: the batch in hand is judged and
	// the rest waits. Nil is never.
	Stopping  <-chan struct{}
	Telemetry Telemetry
	Now       func() time.Time
	Log       *slog.Logger
}

// React judges every live event that was not judged yet, until the worker is to leave. An
// event is marked as seen only after everything it caused is written; until then it is
// judged again, which adds nothing: an entry is unique on the event that caused it. One
// that cannot be judged waits, and keeps no other waiting.
func (r *Reactor) React(ctx context.Context) error {
	_, err := r.reactAll(ctx)
	return err
}

// reactAll does what React does, and says whether any event was there to be judged.
func (r *Reactor) reactAll(ctx context.Context) (some bool, err error) {
	for !isClosed(r.Stopping) {
		events, err := r.News.Pending(ctx, batchSize)
		if err != nil {
			return some, fmt.Errorf("read pending events: %w", err)
		}
		if len(events) == 0 {
			return some, nil
		}
		some = true
		if err := isolateFailures(ctx, events, r.react); err != nil {
			return some, err
		}
	}
	return some, nil
}

func (r *Reactor) react(ctx context.Context, events []customers.Event) (err error) {
	now := r.Now()
	ids := pluck(events, func(e customers.Event) int64 { return e.ID })
	ctx, span := r.Telemetry.of(ctx, "react", deliveries.EventTrail.Of(ids...))
	span.Count("events", len(events))
	defer func() { span.End(err) }()
	edition, err := r.Catalog.Current(ctx)
	if err != nil {
		return err
	}
	people, err := r.Directory.Load(ctx, customersOfEvents(events), now)
	if err != nil {
		return fmt.Errorf("load the customers of %d events: %w", len(events), err)
	}
	shelf := newShelf(r.Catalog, r.Log)
	known := slices.DeleteFunc(slices.Clone(events), func(e customers.Event) bool { return people[e.Customer] == nil })
	for _, wave := range waves(known) {
		if err := r.convert(ctx, edition, shelf, wave, people, now); err != nil {
			return err
		}
		if err := r.leave(ctx, shelf, wave, people, now); err != nil {
			return err
		}
		if err := r.enter(ctx, edition, wave, people, now); err != nil {
			return err
		}
	}
	return r.News.Seen(ctx, ids)
}

// waves sorts events so that each holds at most one of every customer, in the
// order they came: what one event begins the next may end.
func waves(events []customers.Event) [][]customers.Event {
	var sorted [][]customers.Event
	seen := map[string]int{}
	for _, event := range events {
		n := seen[event.Customer]
		seen[event.Customer]++
		if n == len(sorted) {
			sorted = append(sorted, nil)
		}
		sorted[n] = append(sorted[n], event)
	}
	return sorted
}

// customersOfEvents lists the customers of events, each once.
func customersOfEvents(events []customers.Event) []string {
	ids := pluck(events, func(e customers.Event) string { return e.Customer })
	slices.Sort(ids)
	return slices.Compact(ids)
}

// enter starts a journey for every event that triggers a live campaign.
func (r *Reactor) enter(ctx context.Context, edition *campaigns.Edition, events []customers.Event, people map[string]*customers.Customer, now time.Time) error {
	for _, campaign := range edition.Campaigns {
		if campaign.State != campaigns.Live || campaign.Trigger.Kind != campaigns.OnEvent {
			continue
		}
		named := slices.DeleteFunc(slices.Clone(events), func(e customers.Event) bool {
			return e.Name != campaign.Trigger.Event
		})
		if len(named) == 0 {
			continue
		}
		counts, err := countsFor(ctx, r.News, campaign.Counts(), customersOfEvents(named), now)
		if err != nil {
			return err
		}
		var entries []campaigns.Entry
		for _, event := range named {
			entry, belongs := edition.EntryByEvent(campaign, event, people[event.Customer], counts[event.Customer], now)
			if belongs {
				entries = append(entries, entry)
			}
		}
		if len(entries) == 0 {
			continue
		}
		if _, err := r.Entries.Enter(ctx, entries, campaign.Entry.Again); err != nil {
			return fmt.Errorf("enter %d customers into %s: %w", len(entries), campaign.ID, err)
		}
	}
	return nil
}

// leave ends the running journeys whose campaign names one of the events as an
// exit or has an exit that holds by now, and wakes those that may wait for one of
// the events or whose exits ask for more than is at hand.
func (r *Reactor) leave(ctx context.Context, shelf *shelf, events []customers.Event, people map[string]*customers.Customer, now time.Time) error {
	running, err := r.News.RunningOf(ctx, customersOfEvents(events))
	if err != nil {
		return fmt.Errorf("find running journeys: %w", err)
	}
	told := partings{leaving: map[string][]int64{}}
	for _, group := range grouped(running, versionOf) {
		campaign, err := shelf.campaign(ctx, group[0].Campaign, group[0].Version)
		if err != nil {
			return err
		}
		if campaign == nil || !heedsOneOf(campaign, events) {
			continue
		}
		counts, err := countsFor(ctx, r.News, campaign.Counts(), pluck(group, func(e campaigns.Entry) string { return e.Customer }), now)
		if err != nil {
			return err
		}
		for _, entry := range group {
			about := slices.DeleteFunc(slices.Clone(events), func(e customers.Event) bool {
				return e.Customer != entry.Customer || entry.BeganAfter(e)
			})
			told.judge(campaign, entry, about, people[entry.Customer], counts[entry.Customer], now)
		}
	}
	return r.part(ctx, told, now)
}

// partings are the entries that events end, by why, and those that they wake.
type partings struct {
	leaving map[string][]int64
	waking  []int64
}

// judge says what events of its customer mean to an entry.
func (p *partings) judge(c *campaigns.Campaign, entry campaigns.Entry, events []customers.Event, customer *customers.Customer, counts map[string]int64, now time.Time) {
	why, leaves := leaves(c, entry, events, customer, counts, now)
	switch {
	case leaves:
		p.leaving[why] = append(p.leaving[why], entry.ID)
	case stirs(c, events):
		p.waking = append(p.waking, entry.ID)
	}
}

func (r *Reactor) part(ctx context.Context, told partings, now time.Time) error {
	for why, ids := range told.leaving {
		if err := r.Entries.Leave(ctx, now, ids, why); err != nil {
			return fmt.Errorf("end %d journeys: %w", len(ids), err)
		}
	}
	if len(told.waking) == 0 {
		return nil
	}
	if err := r.Arrivals.Wake(ctx, now, told.waking); err != nil {
		return fmt.Errorf("wake %d journeys: %w", len(told.waking), err)
	}
	return nil
}

// leaves reports whether one of the events ends an entry, or an exit that holds
// whatever happened.
func leaves(c *campaigns.Campaign, entry campaigns.Entry, events []customers.Event, customer *customers.Customer, counts map[string]int64, now time.Time) (why string, leaves bool) {
	for _, event := range events {
		if why, leaves := c.Leaves(entry, event, customer, counts, now); leaves {
			return why, true
		}
	}
	return c.LeavesNow(entry, customer, counts, now)
}

// stirs reports whether Advance should look at an entry because of events: its
// campaign waits for one of them, or has an exit that only Advance can judge.
func stirs(c *campaigns.Campaign, events []customers.Event) bool {
	names := c.AwaitedEvents()
	return c.ExitsAskJourney() || slices.ContainsFunc(events, func(e customers.Event) bool { return slices.Contains(names, e.Name) })
}

// heedsOneOf reports whether one of the events matters to journeys through a
// campaign.
func heedsOneOf(c *campaigns.Campaign, events []customers.Event) bool {
	return slices.ContainsFunc(events, func(e customers.Event) bool { return c.Heeds(e.Name) })
}
