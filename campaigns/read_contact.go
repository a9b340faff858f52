package campaigns

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

func itoa(n int) string { return strconv.Itoa(n) }

// readContact reads the contact policy of the workspace, or what narrows it in
// a campaign. Hours and days stand for all channels or by channel.
func (r *reader) readContact(n node) ContactRules {
	m := n.fields("contact rules such as {hours: …, days: …, holidays: …, caps: …, countries: …}")
	rules := ContactRules{
		Hours:     byChannel(m.get("hours"), wantHours, readHours),
		Days:      byChannel(m.get("days"), wantDays, readDays),
		Caps:      r.readCaps(m.get("caps")),
		Countries: byChannel(m.get("countries"), "countries such as [DE, AT]", readCountries),
		Holidays:  readHolidays(m.get("holidays")),
	}
	m.end()
	return rules
}

// byChannel reads a rule that stands for all channels, or a map of one for
// each.
func byChannel[T any](n node, want string, read func(node, string) T) map[channels.Channel]T {
	if !n.present() {
		return nil
	}
	rules := map[channels.Channel]T{}
	if n.kind() != aMap {
		rule := read(n, want)
		for _, ch := range channels.All() {
			rules[ch] = rule
		}
		return rules
	}
	m := n.fields(want)
	for _, ch := range channels.All() {
		if rule := m.get(string(ch)); rule.present() {
			rules[ch] = read(rule, want)
		}
	}
	m.end()
	return rules
}

const wantHours = `hours such as ["09:00-12:30", "15:00-19:00"], or any`

// readHours reads windows; any is an empty, non-nil slice.
func readHours(n node, want string) []Window {
	windows := []Window{}
	if n.kind() == aText {
		if n.raw() == "any" {
			return windows
		}
		return append(windows, small(n, want, parseWindow))
	}
	items := n.items(want)
	if n.kind() == aList && len(items) == 0 {
		n.problem(n.label+" is an empty list, which would allow nothing", "write any, or the hours that are allowed")
	}
	for _, item := range items {
		windows = append(windows, small(item, `a window in quotes, such as "09:00-12:30"`, parseWindow))
	}
	return windows
}

// readDays reads a word for days, or a list of them.
func readDays(n node, want string) Days {
	if n.kind() != aList {
		return small(n, want, parseDays)
	}
	var days Days
	items := n.items(want)
	if len(items) == 0 {
		n.problem(n.label+" is an empty list, which would allow nothing", "write any, or the days that are allowed")
	}
	for _, item := range items {
		if item.raw() == "any" {
			item.problem("any stands in a list of days", "write it alone: "+strings.Trim(n.label, `"`)+": any")
		}
		days |= small(item, "a day such as mon", parseDays)
	}
	return days
}

func readCountries(n node, want string) []string {
	countries := []string{}
	for _, item := range n.items(want) {
		if country := small(item, "a country such as DE", parseCountry); country != "" {
			countries = append(countries, country)
		}
	}
	return countries
}

func (r *reader) readCaps(n node) []Cap {
	var caps []Cap
	for _, item := range n.items("caps as a list of {at_most: 4, per: 7d}") {
		m := item.fields("a cap as {at_most: 4, per: 7d, topics: [marketing]}")
		limit := Cap{
			AtMost: m.need("at_most", "write how many messages, such as \"at_most: 4\"").whole(1, 1_000_000, 0),
			Per:    m.need("per", "write in what time, such as \"per: 7d\"").duration(),
		}
		for _, ch := range m.get("channels").items("channels such as [sms, call]") {
			limit.Channels = append(limit.Channels, ch.channel())
		}
		for _, topic := range m.get("topics").items("topics such as [marketing]") {
			limit.Topics = append(limit.Topics, r.topic(topic))
		}
		m.end()
		caps = append(caps, limit)
	}
	return caps
}

// channel reads the name of one channel.
func (n node) channel() channels.Channel {
	return choice(n, "", channels.All()...)
}

// topic reads a topic that rapport.yaml declares.
func (r *reader) topic(n node) string {
	id := n.text()
	known := make([]string, len(r.workspace.Topics))
	for i, topic := range r.workspace.Topics {
		known[i] = topic.ID
	}
	if id == "" || slices.Contains(known, id) {
		return id
	}
	if !r.settled {
		r.silenced++
		return id
	}
	otherwise := "rapport.yaml has " + strings.Join(known, ", ")
	if len(known) == 0 {
		otherwise = "rapport.yaml has none yet; write it there: topics: [{id: " + slug(id) + ", default: out}]"
	}
	n.problem("there is no topic "+quote(id), didYouMean(id, known, otherwise))
	return id
}

func (n node) duration() time.Duration {
	return small(n, wantDuration, parseDuration)
}

// readBudgets reads the workspace's budgets, one for each channel.
func (r *reader) readBudgets(n node) []Budget {
	var budgets []Budget
	m := n.fields("budgets by channel, such as {sms: 200 EUR per 1d}")
	for _, ch := range channels.All() {
		amount := m.get(string(ch))
		if amount.present() {
			budget := small(amount, wantBudget, parseBudget(r.workspace.Currency))
			budget.Channel = ch
			budgets = append(budgets, budget)
		}
	}
	m.end()
	return budgets
}
