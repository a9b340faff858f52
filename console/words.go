package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
)

// share is a part of a whole in per cent, "" of nothing.
func share(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f%%", 100*float64(part)/float64(whole))
}

// reasons says in one line how often each reason held, and what it means.
func reasons[K ~string](counts map[K]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		word := string(name)
		if meaning := campaigns.ReasonMeaning(word); meaning != "" {
			word += " (" + meaning + ")"
		}
		parts = append(parts, fmt.Sprintf("%d %s", counts[name], word))
	}
	return strings.Join(parts, ", ")
}

// details is what is worth knowing of an event beside its name and its case.
func details(e customers.Event) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(e.Properties)) {
		value := e.Properties[name]
		if word, ok := value.(string); ok && name == "reason" && e.Delivery != 0 {
			value = campaigns.ReasonWords(word)
		}
		if value == nil || value == "" || name == "case" && caseOf(e) != 0 {
			continue
		}
		parts = append(parts, strings.ReplaceAll(name, "_", " ")+": "+customers.Told(value))
	}
	return strings.Join(parts, " · ")
}

// caseOf is the number of the case that an event of ours is about; 0 where it is about
// none.
func caseOf(e customers.Event) int64 {
	if number, ok := e.Properties["case"].(float64); ok && strings.HasPrefix(e.Name, "case ") {
		return int64(number)
	}
	return 0
}

// standing is how a message of ours stands, in words.
func standing(l customers.Line, now time.Time, zone *time.Location) string {
	return campaigns.StandingWords(l, now, func(at time.Time) string { return stamp(at, zone) })
}

// zoneOf is the clock by which pages tell moments: the shop's, which agents share.
func zoneOf(edition *campaigns.Edition) *time.Location {
	if edition == nil {
		return time.UTC
	}
	return edition.Zone
}

// theirClock is what a customer's clock shows now; "" where it shows the shop's time.
func theirClock(edition *campaigns.Edition, customer *customers.Customer, now time.Time) string {
	if edition == nil {
		return ""
	}
	zone, _ := edition.ZoneOf(customer)
	shown := now.In(zone).Format("15:04")
	if shown == now.In(edition.Zone).Format("15:04") {
		return ""
	}
	return shown
}

// stamp is a moment by a clock.
func stamp(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2 Jan 2006, 15:04")
}

// channelWords is what people call a channel.
func channelWords(ch channels.Channel) string {
	switch ch {
	case channels.SMS:
		return "text message"
	case channels.Email:
		return "e-mail"
	}
	return string(ch)
}

// nameOf is what a customer is called; "" of one who gave no name, or is not known.
func nameOf(c *customers.Customer) string {
	if c == nil {
		return ""
	}
	return c.FullName()
}

// addressHint is as much of a mailbox or a number as tells whose it is to whoever has it
// before them: "a…@shop.example", "…5678".
func addressHint(address string) string {
	if name, host, is := strings.Cut(address, "@"); is {
		return string([]rune(name + "…")[:1]) + "…@" + host
	}
	if len(address) <= 8 {
		return ""
	}
	return "…" + address[len(address)-4:]
}

func newestFirst(events []customers.Event) []customers.Event {
	events = slices.Clone(events)
	slices.Reverse(events)
	return events
}
