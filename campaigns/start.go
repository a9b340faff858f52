package campaigns

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// Starter starts manual campaigns for one customer: how support begins a
// satisfaction follow-up.
type Starter struct {
	Catalog *Catalog
	Entries Entries
	News    News
	// NewID names a start, so that asking twice starts twice only if `again`
	// allows it.
	NewID func() string
	// Started is told what causes an entry before it is made; nil is told nothing.
	Started func(ctx context.Context, cause string)
	Now     func() time.Time
}

// Start enters a customer into a manual campaign. properties are what the
// campaign sees as event.<name>. Who is outside its audience or was in it too
// lately is refused with the reason, and so is a start without what the campaign's
// key names.
func (s Starter) Start(ctx context.Context, campaign string, customer *customers.Customer, properties map[string]any) (Entry, error) {
	edition, err := s.Catalog.Current(ctx)
	if err != nil {
		return Entry{}, err
	}
	c := edition.Campaigns[campaign]
	switch {
	case c == nil:
		return Entry{}, fmt.Errorf("there is no campaign %q", campaign)
	case c.Trigger.Kind != Manual:
		return Entry{}, fmt.Errorf("campaign %s starts by itself (%s); only one with `manual: true` is started by hand", campaign, c.Trigger.Kind)
	case c.State != Live:
		return Entry{}, fmt.Errorf("campaign %s is %s", campaign, c.State)
	}
	belongs, err := s.Belongs(ctx, c, customer)
	if err != nil {
		return Entry{}, err
	}
	if !belongs {
		return Entry{}, fmt.Errorf("%s is not in the audience of %s (not_in_audience)", customer.ID, campaign)
	}
	entry := c.Begin(customer, "manual:"+s.NewID(), properties, s.Now())
	if c.LacksKey(entry) {
		return Entry{}, fmt.Errorf("start %s for %s: %w", campaign, customer.ID, c.keyless())
	}
	if s.Started != nil {
		s.Started(ctx, entry.Trigger)
	}
	added, err := s.Entries.Enter(ctx, []Entry{entry}, c.Entry.Again)
	if err != nil {
		return Entry{}, fmt.Errorf("start %s for %s: %w", campaign, customer.ID, err)
	}
	if !added[0] {
		return Entry{}, fmt.Errorf("%s is in %s already, or was in it too lately", customer.ID, campaign)
	}
	return entry, nil
}

// StartWritten is Start with properties as somebody writes them.
func (s Starter) StartWritten(ctx context.Context, campaign string, customer *customers.Customer, written map[string]string) (Entry, error) {
	edition, err := s.Catalog.Current(ctx)
	if err != nil {
		return Entry{}, err
	}
	var properties map[string]any
	if c := edition.Campaigns[campaign]; c != nil {
		properties = c.Properties(written)
	}
	return s.Start(ctx, campaign, customer, properties)
}

// Properties reads what somebody wrote for event.<name> by the types in which the
// campaign's conditions take it: a number or true and false where none takes it for a
// text, and a text everywhere else, so that 00123 stays what it is.
func (c *Campaign) Properties(written map[string]string) map[string]any {
	properties := make(map[string]any, len(written))
	for name, text := range written {
		properties[name] = text
		var types []expression.Type
		for _, program := range c.programs() {
			types = append(types, program.Takes("event."+name)...)
		}
		switch {
		case slices.Contains(types, expression.String):
		case slices.Contains(types, expression.Number):
			if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) {
				properties[name] = n
			}
		case slices.Contains(types, expression.Bool) && (text == "true" || text == "false"):
			properties[name] = text == "true"
		}
	}
	return properties
}

// LacksField says that a start by hand lacks what tells the campaign's journeys apart.
type LacksField struct{ Campaign, Field string }

func (l *LacksField) Error() string { return "campaign " + l.Campaign + " needs " + l.Field }

// keyless says what a start lacks to have a key.
func (c *Campaign) keyless() error {
	key := c.Entry.Key.String()
	if fields := assurable.FindAllString(key, -1); len(fields) > 0 {
		return &LacksField{Campaign: c.ID, Field: strings.TrimPrefix(fields[0], "event.")}
	}
	return fmt.Errorf("its journeys are told apart by %s, which is not known of this customer", key)
}

// Belongs reports whether a customer is in a campaign's audience now.
func (s Starter) Belongs(ctx context.Context, c *Campaign, customer *customers.Customer) (bool, error) {
	counts, err := s.News.Counts(ctx, []string{customer.ID}, c.Counts(), s.Now())
	if err != nil {
		return false, fmt.Errorf("count the events of %s: %w", customer.ID, err)
	}
	return c.Belongs(customer, counts[customer.ID], s.Now()), nil
}
