package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
	"rapport/deliveries"
)

// report sums the demo's days up.
func (t *theatre) report(ctx context.Context, o *options, w io.Writer, people, days int, took time.Duration) error {
	standing, zone, err := t.standing(ctx)
	if err != nil {
		return err
	}
	open, err := t.Store.Casebook().Cases(ctx, "", 1000)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return printJSON(w, map[string]any{"campaigns": standing, "open_cases": open})
	}
	var funnels []deliveries.Funnel
	var entered, sent, cases int64
	for _, s := range standing {
		funnels = append(funnels, s.Funnel)
		entered, sent, cases = entered+s.Entered, sent+s.Sent, cases+s.Cases
	}
	fmt.Fprintf(w, "%d days of a shop with %d customers, played in %s: %d journeys, %d messages.\n\n",
		days, people, took.Round(100*time.Millisecond), entered, sent)
	printStanding(w, standing, zone)
	mean, answers := satisfaction(funnels)
	fmt.Fprintf(w, "\nSatisfaction %.2f of 5 from %d answers. Cases opened: %d, still open: %d.\n", mean, answers, cases, len(open))
	voices, err := t.Store.Recordings().KeptBefore(ctx, t.Now(), 10_000)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Recorded answers and talks that agents can listen to: %d.\n", len(voices))
	return t.printSamples(ctx, w)
}

// samples are three customers worth looking at. What is told of one begins shortly
// before the first event of the name given, or else is the latest.
var samples = []struct{ title, where, event string }{
	{"Somebody unhappy, and what followed", "csat.last <= 2 and cases.last_at != nil", customers.CaseOpened},
	{"Somebody who gave the best mark", `csat.last == 5 and "promoter" in tags`, ""},
	{"Somebody who reads from right to left", `locale startsWith "fa" and engagement.email_clicked_at != nil`, ""},
}

const (
	sampleLines = 18 // told of a sample
	leadingUp   = 4  // before the event that a sample is about
)

// excerpt are the lines of a timeline that a sample shows, oldest first.
func excerpt(events []customers.Event, event string) []customers.Event {
	from := max(0, len(events)-sampleLines)
	if at := slices.IndexFunc(events, func(e customers.Event) bool { return event != "" && e.Name == event }); at >= 0 {
		from = max(0, at-leadingUp)
	}
	return events[from:min(len(events), from+sampleLines)]
}

func (t *theatre) printSamples(ctx context.Context, w io.Writer) error {
	edition, err := t.Catalog.Current(ctx)
	if err != nil {
		return err
	}
	for _, sample := range samples {
		condition, problems := expression.Compile(sample.where, expression.Scope{Want: expression.Bool, MoneyScale: 100})
		if len(problems) > 0 {
			return fmt.Errorf("find %s: %s", sample.title, problems[0].Message)
		}
		customer, err := t.first(ctx, condition)
		if err != nil {
			return err
		}
		if customer == nil {
			continue
		}
		events, err := t.Store.Of(ctx, customer.ID, 200)
		if err != nil {
			return err
		}
		zone, _ := edition.ZoneOf(customer)
		fmt.Fprintf(w, "\n%s: %s\n", sample.title, nameOf(customer))
		printTimeline(w, excerpt(events, sample.event), zone)
	}
	return nil
}

// first is the first customer of a condition; nil when there is none.
func (t *theatre) first(ctx context.Context, condition *expression.Program) (*customers.Customer, error) {
	where, args := condition.SQL(t.Store.Dialect(), t.Now())
	for customer, err := range t.Store.Stream(ctx, where, args) {
		return customer, err
	}
	return nil, nil
}
