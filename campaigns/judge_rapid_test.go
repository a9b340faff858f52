package campaigns

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// drawCase is a workspace, a campaign, a customer and a message, each of which
// may or may not let it go.
func drawCase(t *rapid.T) *plea {
	p := smsPlea()
	ch := rapid.SampledFrom(channels.All()).Draw(t, "channel")
	p.delivery = sent("0", 0, ch, deliveries.Planned)
	p.delivery.Priority = rapid.IntRange(0, 100).Draw(t, "priority")
	p.delivery.Topic = rapid.SampledFrom([]string{"service", "service", "service", "marketing", "unknown"}).Draw(t, "topic")
	p.delivery.Attempts = rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "attempts")
	p.delivery.Reason = rapid.SampledFrom([]string{"", "", "busy", "capped", "quiet_hours_expired"}).Draw(t, "held by")
	p.now = noon.Add(time.Duration(rapid.IntRange(0, 14*24*60).Draw(t, "minute")) * time.Minute)
	p.delivery.ExpiresAt = p.now.Add(time.Duration(rapid.IntRange(-5, 100).Draw(t, "expires")) * time.Hour)
	drawPolicy(t, p)
	drawWho(t, p)
	drawPressure(t, p)
	return p
}

func mostly(t *rapid.T, label string) bool { return rapid.IntRange(0, 7).Draw(t, label) > 0 }

func drawPolicy(t *rapid.T, p *plea) {
	ch, c := p.delivery.Channel, p.campaign
	if !mostly(t, "live") {
		c.State = rapid.SampledFrom([]State{Draft, Paused, Archived}).Draw(t, "state")
	}
	p.shop.Contact = ContactRules{
		Hours: map[channels.Channel][]Window{}, Days: map[channels.Channel]Days{},
		Countries: map[channels.Channel][]string{channels.SMS: {"DE", "US"}, channels.Call: {"DE", "US"}},
	}
	if rapid.Bool().Draw(t, "hours") {
		p.shop.Contact.Hours[ch] = drawWindows(t, "windows")
		c.Contact.Days = map[channels.Channel]Days{ch: Days(rapid.IntRange(0, 127).Draw(t, "days"))}
	}
	for range rapid.IntRange(0, 2).Draw(t, "holidays") {
		p.shop.Contact.Holidays = append(p.shop.Contact.Holidays, Holiday{
			Country: rapid.SampledFrom([]string{"", "DE", "US"}).Draw(t, "holiday of"), Month: time.December, Day: rapid.IntRange(1, 15).Draw(t, "holiday"),
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "caps") {
		limit := Cap{AtMost: rapid.IntRange(1, 3).Draw(t, "at most"), Per: time.Duration(rapid.IntRange(1, 48).Draw(t, "per")) * time.Hour}
		if rapid.Bool().Draw(t, "one topic") {
			limit.Topics = []string{"service"}
		}
		p.shop.Contact.Caps = append(p.shop.Contact.Caps, limit)
	}
	if rapid.Bool().Draw(t, "budget") {
		p.shop.Budgets = []Budget{{Amount: int64(rapid.IntRange(1, 60).Draw(t, "amount")), Per: time.Duration(rapid.IntRange(1, 24).Draw(t, "hours")) * time.Hour, Channel: ch}}
	}
}

func drawWho(t *rapid.T, p *plea) {
	c := p.customer
	c.Zone = rapid.SampledFrom([]string{"Europe/Berlin", "Asia/Tokyo", "America/New_York", ""}).Draw(t, "zone")
	c.Country = rapid.SampledFrom([]string{"DE", "US", "FR", ""}).Draw(t, "country")
	c.Phone = rapid.SampledFrom([]string{"+4915112345678", "+4915112345678", "+12125550123", "+12125550123", "+33612345678", "0151", ""}).Draw(t, "phone")
	if !mostly(t, "e-mail") {
		c.Email = rapid.SampledFrom([]string{"", "nobody"}).Draw(t, "no e-mail")
	}
	c.Consents = nil
	if rapid.Bool().Draw(t, "said something") {
		c.Consents = []customers.Consent{{Topic: p.delivery.Topic, Channel: p.delivery.Channel, In: mostly(t, "in")}}
	}
	if !mostly(t, "not suppressed") {
		c.Suppressed = map[channels.Channel]string{rapid.SampledFrom(channels.All()).Draw(t, "suppressed"): "opted_out"}
	}
	p.entry.State = rapid.SampledFrom([]EntryState{Running, Running, Running, Running, Running, Finished, Left}).Draw(t, "entry")
	if !mostly(t, "no word of this journey's") {
		p.journey = []deliveries.Delivery{sent("1", 0, channels.Push, rapid.SampledFrom([]deliveries.Status{deliveries.Clicked, deliveries.Unsubscribed, deliveries.Complained}).Draw(t, "said"))}
		p.journey[0].ID, p.journey[0].Topic = 42, p.delivery.Topic
	}
	p.entry.Holdout = !mostly(t, "not held out")
	p.content = &channels.Content{}
	if p.delivery.Channel == channels.SMS {
		p.content.SMS = &channels.SMSContent{Text: strings.Repeat("ж", rapid.IntRange(1, 200).Draw(t, "letters"))}
	}
}

// spending is money that was taken at a time.
type spending struct {
	at     time.Time
	amount int64
}

func drawPressure(t *rapid.T, p *plea) {
	for range rapid.IntRange(0, 3).Draw(t, "contacts") {
		p.contacts(time.Duration(rapid.IntRange(0, 60*60).Draw(t, "minutes ago")) * time.Minute)
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "rivals") {
		p.pressure.Rivals = append(p.pressure.Rivals, deliveries.Rival{
			Delivery: int64(200 + i), Channel: channels.Email, Topic: "service",
			Priority: rapid.IntRange(0, 100).Draw(t, "rival"), DueAt: p.now.Add(time.Duration(rapid.IntRange(-1, 50).Draw(t, "due")) * time.Hour),
		})
	}
	for range rapid.IntRange(0, 3).Draw(t, "spent") {
		p.spendings = append(p.spendings, spending{
			p.now.Add(-time.Duration(rapid.IntRange(0, 30*60).Draw(t, "minutes ago")) * time.Minute), int64(rapid.IntRange(1, 30).Draw(t, "money")),
		})
	}
	p.pressure.Spent = p.spentSince
}

func (p *plea) spentSince(_ channels.Channel, _ string, since time.Time) (sum int64) {
	for _, s := range p.spendings {
		if s.at.After(since) {
			sum += s.amount
		}
	}
	return sum
}

// violations are the promises that sending a message now would break, each in
// words of its own.
func (p *plea) violations(cost int64) (broken []string) {
	claim := func(kept bool, promise string) {
		if !kept {
			broken = append(broken, promise)
		}
	}
	d, c, ch := p.delivery, p.customer, p.delivery.Channel
	claim(p.campaign.State == Live, "only live campaigns send")
	claim(p.entry.State == Running || p.entry.State == Finished && d.Attempts > 0, "only who is in is written to")
	claim(!p.entry.Holdout, "the holdout is never contacted")
	claim(c.Suppressed[ch] == "", "nothing overrides a suppression")
	said, in := false, d.Topic == "service"
	for _, word := range c.Consents {
		if word.Topic == d.Topic && word.Channel == ch {
			said, in = true, word.In
		}
	}
	claim(in && (d.Topic != "unknown" || said), "nobody is contacted without consent")
	for _, d := range p.journey {
		takenBack := ch == channels.Push && in
		no := d.Status == deliveries.Unsubscribed && !takenBack || d.Status == deliveries.Complained
		claim(!no || d.Topic == "service", "a no is heard by the rest of its journey")
	}
	paid := ch == channels.SMS || ch == channels.Call
	claim(ch != channels.Email || strings.Contains(c.Email, "@"), "an e-mail needs an address")
	claim(!paid || strings.HasPrefix(c.Phone, "+49") || strings.HasPrefix(c.Phone, "+1"), "nothing is sent where nothing is listed")
	for _, zone := range p.possibleClocks() {
		local := p.now.In(zone)
		claim(openByTheMinute(p.shop.Contact.Hours[ch], p.campaign.Contact.Days[ch], p.now, zone), "nobody is contacted outside their hours in "+zone.String())
		for _, holiday := range p.shop.Contact.Holidays {
			keeps := holiday.Country == "" || holiday.Country == p.home()
			claim(ch == channels.Email || !keeps || local.Month() != holiday.Month || local.Day() != holiday.Day, "nobody is disturbed on a holiday")
		}
	}
	for _, limit := range p.shop.Contact.Caps {
		if !covered(limit, d.Topic) {
			continue
		}
		n := 1
		for _, contact := range p.pressure.Contacts {
			if covered(limit, contact.Topic) && p.now.Sub(contact.At) < limit.Per {
				n++
			}
		}
		claim(n <= limit.AtMost, "never more than a cap allows")
		for _, rival := range p.pressure.Rivals {
			waits := rival.Priority > d.Priority && covered(limit, rival.Topic) && rival.DueAt.Sub(p.now) <= 0
			claim(!waits || n < limit.AtMost, "the last place belongs to whom priority gives it")
		}
	}
	for _, budget := range p.shop.Budgets {
		claim(cost == 0 || cost+p.pressure.Spent(ch, "", p.now.Add(-budget.Per)) <= budget.Amount, "never more than a budget holds")
	}
	waited := d.Reason == "capped" || d.Reason == "quiet_hours_expired"
	claim(!waited || p.now.Before(d.ExpiresAt), "what was held is given up in time")
	return broken
}

// home is the country of the customer, or else of their number.
func (p *plea) home() string {
	if p.customer.Country != "" {
		return p.customer.Country
	}
	return map[string]string{"+4": "DE", "+1": "US", "+3": "FR"}[(p.customer.Phone + "  ")[:2]]
}

// possibleClocks are all that the customer's wall may show.
func (p *plea) possibleClocks() (clocks []*time.Location) {
	if p.customer.Zone != "" {
		return []*time.Location{zoneFor(p.customer.Zone)}
	}
	for prefix, theirs := range map[string][2]string{"+49": {"DE", "Europe/Berlin"}, "+33": {"FR", "Europe/Paris"}} { // of +1 there are many
		if strings.HasPrefix(p.customer.Phone, prefix) && p.home() != theirs[0] {
			clocks = append(clocks, zoneFor(theirs[1]))
		}
	}
	switch p.home() {
	case "US":
		for _, name := range []string{
			"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix",
			"America/Los_Angeles", "America/Anchorage", "America/Adak", "Pacific/Honolulu",
		} {
			clocks = append(clocks, zoneFor(name))
		}
		return clocks
	case "FR":
		return append(clocks, zoneFor("Europe/Paris"))
	}
	return append(clocks, zoneFor("Europe/Berlin"))
}

// price is what the message costs, reckoned apart from the program.
func (p *plea) price() int64 {
	german, american := strings.HasPrefix(p.customer.Phone, "+49"), strings.HasPrefix(p.customer.Phone, "+1")
	switch {
	case p.delivery.Channel == channels.Call && german:
		return 5
	case p.delivery.Channel != channels.SMS:
		return 0
	}
	letters := len([]rune(p.content.SMS.Text))
	segments := 1
	if letters > 70 {
		segments = (letters + 66) / 67
	}
	switch {
	case german:
		return int64(math.Ceil(7.5 * float64(segments)))
	case american:
		return int64(7 * segments)
	}
	return 0
}

// TestNoVerdictBreaksAPromise draws cases: what goes breaks no promise, what is
// held waits for a later moment in time, and what is skipped says why.
func TestNoVerdictBreaksAPromise(t *testing.T) {
	goes, cases := 0, 0
	for range 40 { // rapid draws a hundred cases each time
		rapid.Check(t, func(t *rapid.T) {
			p := drawCase(t)
			v := p.judge()
			cases++
			if v.Go {
				goes++
			}
			p.check(t, v)
		})
	}
	if goes < cases/20 || goes == cases {
		t.Errorf("%d of %d cases go: too little was tried", goes, cases)
	}
}

func (p *plea) check(t *rapid.T, v deliveries.Verdict) {
	switch {
	case v.Go && v.Cost != p.price():
		t.Fatalf("it costs %d, want %d", v.Cost, p.price())
	case v.Go:
		if broken := p.violations(v.Cost); len(broken) > 0 {
			t.Fatalf("it goes at %s although: %s", p.now, strings.Join(broken, "; "))
		}
	case v.Reason == "":
		t.Fatal("it does not go and nobody knows why")
	case !v.Until.IsZero() && (!v.Until.After(p.now) || v.Until.After(p.delivery.ExpiresAt)):
		t.Fatalf("held at %s until %s; it expires at %s", p.now, v.Until, p.delivery.ExpiresAt)
	case len(p.violations(p.price())) == 0 && !p.yields():
		t.Fatalf("%s until %s although nothing speaks against it", v.Reason, v.Until)
	}
}

// yields reports whether some rival may be the reason to wait, of which the
// promise about priority judges only those that are due.
func (p *plea) yields() bool { return len(p.pressure.Rivals) > 0 && len(p.shop.Contact.Caps) > 0 }
