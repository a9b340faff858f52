package campaigns

import (
	"maps"
	"slices"
	"strings"
	"time"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
)

// profileEdit is what a test says about a profile, key by key.
type profileEdit []func(*customers.Customer)

func (e *profileEdit) add(edit func(*customers.Customer)) { *e = append(*e, edit) }

func (e profileEdit) apply(c *customers.Customer) {
	for _, edit := range e {
		edit(c)
	}
}

// readCustomers reads who takes part: one customer, or several.
func (t *testReader) readCustomers(m *mapping) {
	people := []node{m.get("customer")}
	if several := m.get("customers"); several.present() {
		if people[0].present() {
			several.problem(`this test has both "customer" and "customers"`, `put all of them under "customers"`)
		}
		people = several.items("a list of customers, each as {id: c1, email: …}")
	} else if !people[0].present() {
		m.need("customer", `write who takes part: "customer: {id: c1, email: anna@home.example}"`)
	}
	for _, n := range people {
		t.readCustomer(n)
	}
}

func (t *testReader) readCustomer(n node) {
	m := n.fields("a customer as {id: c1, email: anna@home.example}")
	if !m.open() {
		return
	}
	c := customers.Customer{ID: "c1", Kind: "consumer", CreatedAt: t.test.Start}
	if id := m.get("id"); id.present() {
		c.ID = id.text()
	}
	if slices.ContainsFunc(t.test.Customers, func(other customers.Customer) bool { return other.ID == c.ID }) {
		n.problem("there is another customer "+quote(c.ID), "give one of them another id")
	}
	t.readProfile(m).apply(&c)
	t.test.Customers = append(t.test.Customers, c)
	for _, item := range m.get("history").items("a list of events, such as [{event: Order Completed, at: 2026-11-01}]") {
		t.readPast(item, c.ID)
	}
	m.end()
}

// readPast reads what stands on a timeline before the test begins.
func (t *testReader) readPast(n node, customer string) {
	m := n.fields("an event as {event: Order Completed, at: 2026-11-01, with: {total: 50}}")
	event := customers.Event{
		Customer: customer, Name: m.need("event", "name what happened").text(),
		At: t.instant(m.need("at", "write when it happened, such as 2026-11-01")), Properties: values(m.get("with")),
	}
	m.end()
	if event.At.After(t.test.Start) {
		n.problem("this happens after the test has begun", "write it in the script")
	}
	t.test.History = append(t.test.History, event)
}

// textFields are the profile fields that are plain text.
var textFields = map[string]func(*customers.Customer) *string{
	"first_name": func(c *customers.Customer) *string { return &c.FirstName },
	"last_name":  func(c *customers.Customer) *string { return &c.LastName },
	"city":       func(c *customers.Customer) *string { return &c.City },
	"kind":       func(c *customers.Customer) *string { return &c.Kind },
	"tier":       func(c *customers.Customer) *string { return &c.Tier },
}

// readProfile reads the fields of a profile, all of which may be left out.
func (t *testReader) readProfile(m *mapping) profileEdit {
	var edit profileEdit
	for _, name := range slices.Sorted(maps.Keys(textFields)) {
		if n := m.get(name); n.present() {
			text, field := n.text(), textFields[name]
			edit.add(func(c *customers.Customer) { *field(c) = text })
		}
	}
	t.readAddresses(m, &edit)
	t.readStanding(m, &edit)
	t.readScores(m, &edit)
	t.readAgreements(m, &edit)
	return edit
}

// readAddresses reads where a customer is and how to reach them.
func (t *testReader) readAddresses(m *mapping, edit *profileEdit) {
	if n := m.get("email"); n.present() {
		email := small(n, "an e-mail address", parseEmail)
		edit.add(func(c *customers.Customer) { c.Email = email })
	}
	if n := m.get("phone"); n.present() {
		phone := n.phone()
		edit.add(func(c *customers.Customer) { c.Phone, c.PhoneZone = phone, customers.PhoneZone(phone) })
	}
	if n := m.get("country"); n.present() {
		country := small(n, "a country such as DE", parseCountry)
		edit.add(func(c *customers.Customer) { c.Country = country })
	}
	if n := m.get("zone"); n.present() {
		if zone := n.zone(); zone != nil {
			edit.add(func(c *customers.Customer) { c.Zone = zone.String() })
		}
	}
	if n := m.get("locale"); n.present() {
		locale := n.locale()
		edit.add(func(c *customers.Customer) { c.Locale = locale })
	}
	if n := m.get("push"); n.is("true or false", aFlag) {
		allows := n.raw() == "true"
		edit.add(func(c *customers.Customer) { c.Browsers = browsersOf(c.ID, allows) })
	}
}

func parseEmail(text string) (string, *mistake) {
	email, err := customers.NormalEmail(text)
	if err != nil {
		return "", wrong(quote(text)+" is not an e-mail address", "write one such as anna@home.example")
	}
	return email, nil
}

// browsersOf is the browser of a customer who allows notifications. Its keys
// open nothing.
func browsersOf(id string, allows bool) []channels.PushSubscription {
	if !allows {
		return nil
	}
	return []channels.PushSubscription{{Endpoint: "https://push.example/" + id, P256dh: "none", Auth: "none"}}
}

// readStanding reads what a shop knows of a customer's past.
func (t *testReader) readStanding(m *mapping, edit *profileEdit) {
	if n := m.get("born_on"); n.present() {
		day := dateOf(t.instant(n), t.test.Zone)
		edit.add(func(c *customers.Customer) { c.BornOn = day })
	}
	if n := m.get("created_at"); n.present() {
		at := t.instant(n)
		edit.add(func(c *customers.Customer) { c.CreatedAt = at })
	}
	if n := m.get("tags"); n.present() {
		var tags []string
		for _, item := range n.items("tags such as [vip, promoter]") {
			tags = append(tags, item.id())
		}
		edit.add(func(c *customers.Customer) { c.Tags = tags })
	}
	if n := m.get("traits"); n.present() {
		traits := t.readTraitValues(n)
		edit.add(func(c *customers.Customer) { c.Traits = merged(c.Traits, traits) })
	}
	if n := m.get("orders"); n.present() {
		t.readOrders(n, edit)
	}
	if n := m.get("points"); n.present() {
		points := int64(n.whole(0, 1_000_000_000, 0))
		edit.add(func(c *customers.Customer) { c.Points = points })
	}
	if n := m.get("cases"); n.present() {
		r := n.fields("open complaints as {open: 1}")
		cases := customers.CaseTotals{Open: int64(r.get("open").whole(0, 1000, 0)), LastAt: t.instant(r.get("last_at"))}
		r.end()
		edit.add(func(c *customers.Customer) { c.Cases = cases })
	}
	if n := m.get("pyramid"); n.present() {
		pyramid := choice(n, "", "top", "big", "medium", "small", "inactive")
		edit.add(func(c *customers.Customer) { c.Pyramid = pyramid })
	}
	if n := m.get("rfm"); n.present() {
		r := n.fields("the three ranks as {recency: 5, frequency: 4, monetary: 3}")
		rfm := customers.RFM{
			Recency: int64(r.get("recency").whole(1, 5, 0)), Frequency: int64(r.get("frequency").whole(1, 5, 0)), Monetary: int64(r.get("monetary").whole(1, 5, 0)),
		}
		r.end()
		edit.add(func(c *customers.Customer) { c.RFM = rfm })
	}
}

// dateOf is the day of an instant, as profiles keep dates.
func dateOf(at time.Time, zone *time.Location) time.Time {
	if at.IsZero() {
		return at
	}
	day := at.In(zone)
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
}

// readTraitValues reads traits as rapport.yaml declares them.
func (t *testReader) readTraitValues(n node) map[string]any {
	traits := map[string]any{}
	for _, p := range n.pairs("traits such as {favourite: coffee}") {
		declared, known := t.workspace.Traits[p.key]
		switch {
		case !known && t.settled:
			p.problem("there is no trait "+quote(p.key), didYouMean(p.key, slices.Sorted(maps.Keys(t.workspace.Traits)), "declare it under traits in rapport.yaml"))
		case declared == expression.Time:
			traits[p.key] = dateOf(t.instant(p.value), t.test.Zone)
		case p.value.is(traitWords[declared], traitKinds[declared]):
			traits[p.key] = p.value.plain()
		}
	}
	return traits
}

var (
	traitKinds = map[expression.Type]kind{expression.Bool: aFlag, expression.Number: aNumber, expression.String: aText}
	traitWords = map[expression.Type]string{expression.Bool: "true or false", expression.Number: "a number", expression.String: "text"}
)

// readOrders reads the totals of completed orders, money in the major unit.
func (t *testReader) readOrders(n node, edit *profileEdit) {
	m := n.fields("totals of orders as {count: 3, total: 150, last_at: 2026-11-01}")
	count, returned := m.get("count"), m.get("returned")
	orders := customers.OrderTotals{
		Count: int64(count.whole(0, 1_000_000, 0)), Returned: int64(returned.whole(0, 1_000_000, 0)),
		FirstAt: t.instant(m.get("first_at")), LastAt: t.instant(m.get("last_at")),
	}
	if total := m.get("total"); total.is("an amount such as 150", aNumber) {
		amount, problem := parseDecimal(total.raw())
		total.report(problem)
		orders.Total = t.workspace.MinorUnits(amount)
	}
	m.end()
	edit.add(func(c *customers.Customer) { c.Orders = orders })
}

// readScores reads the last answer on each scale.
func (t *testReader) readScores(m *mapping, edit *profileEdit) {
	if n := m.get("csat"); n.present() {
		score := float64(n.whole(1, 5, 1))
		edit.add(func(c *customers.Customer) { c.CSAT = customers.Score{Last: score, Sum: score, Count: 1} })
	}
	if n := m.get("nps"); n.present() {
		score := float64(n.whole(0, 10, 0))
		edit.add(func(c *customers.Customer) { c.NPS = customers.Score{Last: score, Sum: score, Count: 1} })
	}
}

// readAgreements reads what a customer has agreed to and what was blocked.
func (t *testReader) readAgreements(m *mapping, edit *profileEdit) {
	for _, item := range m.get("consents").items("consents such as [service/call, -marketing/sms]") {
		word, fine := t.readConsent(item)
		if fine {
			edit.add(func(c *customers.Customer) { c.Consents = withConsent(c.Consents, word) })
		}
	}
	for _, item := range m.get("suppressed").items("channels such as [sms]") {
		if ch := item.channel(); ch != "" {
			edit.add(func(c *customers.Customer) {
				blocked := maps.Clone(c.Suppressed)
				if blocked == nil {
					blocked = map[channels.Channel]string{}
				}
				blocked[ch] = channels.ReasonOptedOut
				c.Suppressed = blocked
			})
		}
	}
}

// readConsent reads topic/channel, with a minus where the customer said no.
func (t *testReader) readConsent(n node) (word customers.Consent, fine bool) {
	text := n.textAs("a topic and a channel such as marketing/email")
	if text == "" {
		return word, false
	}
	positive, no := strings.CutPrefix(text, "-")
	topic, channel, both := strings.Cut(positive, "/")
	word = customers.Consent{Topic: topic, Channel: channels.Channel(channel), In: !no, Source: "test"}
	_, known := t.workspace.Topic(topic)
	switch {
	case !both:
		n.problem(quote(text)+" does not say by which channel", "write a topic and a channel, such as "+topic+"/email")
	case !word.Channel.Valid():
		names := []string{}
		for _, ch := range channels.All() {
			names = append(names, string(ch))
		}
		n.problem("there is no channel "+quote(channel), didYouMean(channel, names, ""))
	case t.settled && !known:
		var names []string
		for _, other := range t.workspace.Topics {
			names = append(names, other.ID)
		}
		n.problem("there is no topic "+quote(topic), didYouMean(topic, names, "name one of rapport.yaml's topics"))
	default:
		return word, true
	}
	return word, false
}

// withConsent puts a newer word in the place of an older one.
func withConsent(words []customers.Consent, word customers.Consent) []customers.Consent {
	kept := slices.DeleteFunc(slices.Clone(words), func(w customers.Consent) bool {
		return w.Topic == word.Topic && w.Channel == word.Channel
	})
	return append(kept, word)
}

// values reads plain data under names.
func values(n node) map[string]any {
	if !n.present() || !n.is("values such as {order_id: A1, total: 50}", aMap) {
		return nil
	}
	plain, _ := n.plain().(map[string]any)
	return plain
}
