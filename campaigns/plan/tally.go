package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
)

const (
	sampleIDs      = 5 // customers named with each group
	sampleMessages = 2 // rendered for each template and locale
)

// tally adds fates up to a forecast.
type tally struct {
	forecast  Forecast
	zone      *time.Location
	kept      groups
	contacts  groups
	refused   groups
	waits     groups
	fallbacks map[Fallback]int64
	priced    map[channels.Channel]int64 // contacts that go
	messages  map[Sample][]Sample        // by what they share
}

func newTally(w *campaigns.Workspace, c *campaigns.Campaign, kind Kind, at time.Time) *tally {
	zone := w.Zone
	if zone == nil {
		zone = time.UTC
	}
	return &tally{
		zone: zone, kept: groups{}, contacts: groups{}, refused: groups{}, waits: groups{},
		fallbacks: map[Fallback]int64{}, priced: map[channels.Channel]int64{}, messages: map[Sample][]Sample{},
		forecast: Forecast{
			Campaign: c.ID, Title: c.Title, State: string(c.State), Trigger: string(c.Trigger.Kind), Kind: kind, At: at,
			Outcomes:  map[Outcome]int64{},
			ByChannel: map[channels.Channel]int64{}, ByLocale: map[string]int64{}, ByCountry: map[string]int64{},
			ByCustomerHour: map[string]int64{}, ByWorkspaceHour: map[string]int64{},
			CostByChannel: map[channels.Channel]int64{}, CostOfOne: map[channels.Channel]float64{}, Currency: w.Currency,
		},
	}
}

// add counts one customer.
func (t *tally) add(f Fate) {
	all := &t.forecast
	all.Belong++
	switch f.Standing {
	case Enters:
	case Twin:
		all.Twins++
		t.refused.add(Group{Reason: string(Twin)}, f.Customer)
		return
	default:
		t.kept.add(Group{Reason: string(f.Standing)}, f.Customer)
		return
	}
	all.Enter++
	all.Outcomes[f.Outcome]++
	for _, d := range f.Refused {
		t.refused.add(Group{Reason: d.Reason, Channel: d.Channel}, f.Customer)
	}
	switch {
	case f.Contact != nil:
		t.contact(f)
	case f.Stands != "":
		t.waits.add(Group{Outcome: f.Outcome, Reason: f.Stands}, f.Customer)
	}
}

var standingMeanings = map[Standing]string{
	Again:   "they were in it before, and `again` does not let them in once more",
	Running: "they are in it now",
}

// contact counts a customer's first contact.
func (t *tally) contact(f Fate) {
	all, d := &t.forecast, f.Contact
	group := Group{Outcome: f.Outcome, Reason: f.Reason, Channel: d.Channel}
	if all.Kind == OfRun {
		group.At = f.At.UTC().Truncate(time.Minute)
	}
	t.contacts.add(group, f.Customer)
	all.ByChannel[d.Channel]++
	all.ByLocale[f.locale]++
	all.ByCountry[f.country]++
	if all.Kind == OfRun {
		all.ByCustomerHour[f.At.In(f.clock).Format("15")]++
		all.ByWorkspaceHour[f.At.In(t.zone).Format("15")]++
	}
	if f.locale != f.wanted {
		t.fallbacks[Fallback{Channel: d.Channel, Template: d.Template, Wanted: f.wanted, Used: f.locale}]++
	}
	if d.Status == deliveries.Sending {
		all.Cost += d.Cost
		all.CostByChannel[d.Channel] += d.Cost
		t.priced[d.Channel]++
	}
}

// sample keeps the first few messages that each step sends in each locale.
func (t *tally) sample(s Sample, render func() (channels.Content, bool)) {
	shared := Sample{Step: s.Step, Channel: s.Channel, Template: s.Template, Locale: s.Locale}
	if len(t.messages[shared]) >= sampleMessages {
		return
	}
	content, rendered := render()
	if rendered {
		s.Content = content
		t.messages[shared] = append(t.messages[shared], s)
	}
}

// done is the forecast of everything that was added.
func (t *tally) done() Forecast {
	f := t.forecast
	f.KeptOut, f.Contacts, f.Refused, f.Waits = t.kept.sorted(), t.contacts.sorted(), t.refused.sorted(), t.waits.sorted()
	for ch, n := range t.priced {
		f.CostOfOne[ch] = float64(f.CostByChannel[ch]) / float64(n)
	}
	f.Fallbacks = []Fallback{}
	for fallback, n := range t.fallbacks {
		fallback.Count = n
		f.Fallbacks = append(f.Fallbacks, fallback)
	}
	slices.SortFunc(f.Fallbacks, func(a, b Fallback) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Template, b.Template), cmp.Compare(a.Wanted, b.Wanted))
	})
	f.Messages = []Sample{}
	for _, samples := range t.messages {
		f.Messages = append(f.Messages, samples...)
	}
	slices.SortStableFunc(f.Messages, func(a, b Sample) int {
		return cmp.Or(cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Template, b.Template), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Locale, b.Locale))
	})
	return f
}

// groups counts customers by what is said of them.
type groups map[string]*Group

func (g groups) add(said Group, customer string) {
	key := fmt.Sprint(said.Outcome, "\x00", said.Reason, "\x00", said.Channel, "\x00", said.At.Unix())
	group := g[key]
	if group == nil {
		said.Samples = []string{}
		group = &said
		g[key] = group
	}
	group.Count++
	named := len(group.Samples) // the same customer comes in a row, once for each message
	if named < sampleIDs && (named == 0 || group.Samples[named-1] != customer) {
		group.Samples = append(group.Samples, customer)
	}
}

// sorted lists the groups: by outcome, then the largest first.
func (g groups) sorted() []Group {
	list := []Group{}
	for _, key := range slices.Sorted(maps.Keys(g)) {
		group := *g[key]
		group.Meaning = cmp.Or(standingMeanings[Standing(group.Reason)], campaigns.ReasonMeaning(group.Reason))
		list = append(list, group)
	}
	slices.SortStableFunc(list, func(a, b Group) int {
		return cmp.Or(cmp.Compare(order[a.Outcome], order[b.Outcome]), cmp.Compare(b.Count, a.Count), a.At.Compare(b.At))
	})
	return list
}

// order is how outcomes are listed.
var order = map[Outcome]int{Now: 1, Later: 2, Held: 3, Skipped: 4, Waiting: 5, Ended: 6}
