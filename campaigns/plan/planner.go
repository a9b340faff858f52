package plan

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// page is how many customers are loaded at once.
const page = 1000

// Planner makes forecasts. One is good for one set of campaigns that run
// together; what the first of them takes weighs on the next.
type Planner struct {
	Workspace *campaigns.Workspace
	Source    Source
	// Addresses write the links in messages, whose length may have a price.
	Addresses deliveries.Addresses
	// Each is told about every customer, as soon as it is known what becomes of them;
	// may be nil.
	Each func(Fate) error
	// Since leaves out for whom a run by each customer's own clock would have begun
	// before (see campaigns.Run); zero: nobody.
	Since time.Time

	taken   map[expense]int64
	company map[string][]*visit // of campaigns that run together, by person
	planned int64               // messages so far
	spent   map[question]int64
	trouble error // of reading what was spent, inside a rule
}

// expense is money taken at a moment.
type expense struct {
	channel  channels.Channel
	campaign string
	at       time.Time
}

// question asks what was spent since a moment.
type question struct {
	channel  channels.Channel
	campaign string
	since    int64
}

// Run plans broadcasts that run at one instant. One alone is walked page by page;
// of several all journeys are kept in memory, under three kilobytes each without their
// customers, because every message weighs on those of the same customer and,
// through budgets, on all.
func (p *Planner) Run(ctx context.Context, group []*campaigns.Campaign, at time.Time) ([]Forecast, error) {
	group = slices.Clone(group)
	slices.SortFunc(group, byPriority)
	tallies := make([]*tally, len(group))
	var visits []*visit
	for i, c := range group {
		tallies[i] = newTally(p.Workspace, c, OfRun, at)
		for _, other := range group {
			if other.ID != c.ID {
				tallies[i].forecast.Beside = append(tallies[i].forecast.Beside, other.ID)
			}
		}
		each := func(v *visit) error { return v.walk(ctx) }
		if len(group) > 1 {
			each = func(v *visit) error {
				visits = append(visits, v)
				return v.rest()
			}
		}
		if err := p.plan(ctx, c, tallies[i], at, each); err != nil {
			return nil, err
		}
	}
	if err := p.together(ctx, visits); err != nil {
		return nil, err
	}
	forecasts := make([]Forecast, len(group))
	for i, t := range tallies {
		forecasts[i] = t.done()
	}
	return forecasts, nil
}

// Over is the forecast of a broadcast whose moment is past.
func (p *Planner) Over(c *campaigns.Campaign) Forecast {
	tally := newTally(p.Workspace, c, OfRun, p.Workspace.Moment(c))
	tally.forecast.Over = true
	return tally.done()
}

// Audience plans for a campaign that customers enter one by one: for everybody
// who belongs, as if what begins it came at the instant; where a segment begins it,
// for those of them who are in the segment. What is event.… then is not known, and
// nobody is held: caps and budgets of the day it comes decide.
func (p *Planner) Audience(ctx context.Context, c *campaigns.Campaign, at time.Time) (Forecast, error) {
	tally := newTally(p.Workspace, c, OfAudience, at)
	whenever, workspace := *c, *p.Workspace
	whenever.Contact, whenever.Budget = timeless(c.Contact), nil
	if segment := p.Workspace.Segments[c.Trigger.Segment]; segment != nil {
		whenever.Audience.Who = expression.And(c.Audience.Who, segment.Who)
	}
	workspace.Contact, workspace.Budgets = timeless(workspace.Contact), nil
	alone := &Planner{Workspace: &workspace, Source: p.Source, Addresses: p.Addresses, Each: p.Each}
	if err := alone.plan(ctx, &whenever, tally, at, func(v *visit) error { return v.walk(ctx) }); err != nil {
		return Forecast{}, err
	}
	return tally.done(), nil
}

// timeless are contact rules without what only holds a message for a time.
func timeless(rules campaigns.ContactRules) campaigns.ContactRules {
	return campaigns.ContactRules{Countries: rules.Countries}
}

// plan meets everybody in a campaign's audience, part by part as a run does: each
// is given the journeys of those who enter, the others are told at once.
func (p *Planner) plan(ctx context.Context, written *campaigns.Campaign, tally *tally, at time.Time, each func(*visit) error) error {
	c := *written
	c.State = campaigns.Live // a draft is planned as it will run
	for part := range campaigns.ShardsPerRun {
		candidates, err := p.Source.Candidates(ctx, &c, part, campaigns.ShardsPerRun, at)
		if err != nil {
			return err
		}
		for chunk := range slices.Chunk(candidates, page) {
			if err := p.meet(ctx, &c, chunk, tally, at, each); err != nil {
				return fmt.Errorf("plan %s: %w", c.ID, err)
			}
		}
	}
	return nil
}

// meet loads some candidates.
func (p *Planner) meet(ctx context.Context, c *campaigns.Campaign, candidates []Candidate, tally *tally, at time.Time, each func(*visit) error) error {
	var ids []string
	for i, candidate := range candidates {
		if tally.forecast.Kind == OfAudience {
			candidates[i].Standing = Enters // as often as it is begun
		}
		if candidates[i].Standing == Enters {
			ids = append(ids, candidate.Customer)
		}
	}
	known, err := p.read(ctx, c, ids, at)
	if err != nil {
		return err
	}
	for _, candidate := range candidates {
		if person := known.people[candidate.Customer]; person != nil && p.Workspace.StartFor(c, at, person).Before(p.Since) {
			candidate.Standing = TooLate
		}
		if candidate.Standing != Enters {
			err = p.tell(tally, Fate{Campaign: c.ID, Customer: candidate.Customer, Standing: candidate.Standing})
		} else {
			err = each(p.visit(c, tally, known, candidate.Customer, at))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tell notes what becomes of a customer.
func (p *Planner) tell(t *tally, f Fate) error {
	t.add(f)
	if p.Each == nil {
		return nil
	}
	return p.Each(f)
}

// acquaintance is what is known of some customers.
type acquaintance struct {
	people   map[string]*customers.Customer
	counts   map[string]map[string]int64
	pressure map[string]deliveries.Pressure
}

func (p *Planner) read(ctx context.Context, c *campaigns.Campaign, ids []string, at time.Time) (known acquaintance, err error) {
	if known.people, err = p.Source.People(ctx, ids, at); err != nil {
		return known, fmt.Errorf("load %d customers: %w", len(ids), err)
	}
	var counts []expression.Count
	if counts = c.Counts(); len(counts) > 0 {
		if known.counts, err = p.Source.Counts(ctx, ids, counts, at); err != nil {
			return known, fmt.Errorf("count events of %d customers: %w", len(ids), err)
		}
	}
	if known.pressure, err = p.Source.Pressure(ctx, ids, p.Workspace.Horizon(at)); err != nil {
		return known, fmt.Errorf("read what was sent to %d customers: %w", len(ids), err)
	}
	return known, nil
}

// spentSince is deliveries.Pressure.Spent: what the store holds, and what this
// plan took up to now.
func (p *Planner) spentSince(ctx context.Context, now time.Time) func(channels.Channel, string, time.Time) int64 {
	return func(ch channels.Channel, campaign string, since time.Time) int64 {
		q := question{ch, campaign, since.UnixMilli()}
		sum, asked := p.spent[q]
		if !asked {
			var err error
			if sum, err = p.Source.Spent(ctx, ch, campaign, since); err != nil {
				p.trouble = fmt.Errorf("sum up what was spent: %w", err)
			}
			if p.spent == nil {
				p.spent = map[question]int64{}
			}
			p.spent[q] = sum
		}
		for e, amount := range p.taken {
			if (ch == "" || e.channel == ch) && (campaign == "" || e.campaign == campaign) && e.at.After(since) && !e.at.After(now) {
				sum += amount
			}
		}
		return sum
	}
}

// byPriority is the order in which campaigns that run together are served.
func byPriority(a, b *campaigns.Campaign) int {
	if a.Priority != b.Priority {
		return b.Priority - a.Priority
	}
	if a.ID < b.ID {
		return -1
	}
	return 1
}
