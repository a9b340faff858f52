package campaigns

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

func (p *plea) gates() []Gate {
	return p.shop.Gates(Matter{
		Campaign: p.campaign, Delivery: p.delivery, Entry: p.entry, Journey: p.journey, Customer: p.customer, Pressure: p.pressure, Content: p.content,
	}, p.now)
}

// A message goes when, and only when, every gate lets it pass.
func TestGatesAgreeWithTheJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawCase(t)
		gates := p.gates()
		if len(gates) == 0 {
			return // nobody to ask about
		}
		stopped := slices.ContainsFunc(gates, func(g Gate) bool { return !g.Passes })
		if v := p.judge(); v.Go == stopped {
			t.Fatalf("go %v (%s), and the gates say %+v", v.Go, v.Reason, gates)
		}
	})
}

func TestGatesTellTheValuesThatDecide(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*plea)
		gate  string
		want  string
	}{
		"consent": {func(p *plea) {
			p.customer.Consents = []customers.Consent{{Topic: "service", Channel: channels.SMS, Source: "form", At: noon.Add(-time.Hour)}}
		}, "consent", "service by sms: out (form, Tue 2026-12-01 11:00)"},
		"no word":     {func(p *plea) { p.customer.Consents = nil }, "consent", "by the topic's default, the customer never said"},
		"suppression": {func(p *plea) { p.customer.Suppressed = map[channels.Channel]string{channels.SMS: "opted_out"} }, "suppression", "suppressed: opted_out"},
		"hours":       {func(p *plea) { p.now = utc("2026-12-01T22:00:00Z") }, "hours", "closed until Wed 2026-12-02 09:00, Tue 23:00 there (Europe/Berlin, known from profile)"},
		"cap": {func(p *plea) {
			p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 26 * time.Hour}}
			p.contacts(4 * time.Hour)
		}, "cap", "at most 1 per 1d2h: 1 in that time (sms Tue 2026-12-01 08:00), room at Wed 2026-12-02 10:00"},
		"budget": {func(p *plea) {
			p.shop.Currency = "EUR"
			p.shop.Budgets = []Budget{{Amount: 100, Per: 24 * time.Hour, Channel: channels.SMS}}
			p.spent(93)
		}, "budget", "sms 1.00 EUR per 1d: 0.93 EUR spent, one costs 0.08 EUR"},
		"a no": {func(p *plea) {
			p.delivery.Topic = "marketing"
			p.journey = []deliveries.Delivery{{ID: 42, Step: "0", Channel: channels.Email, Topic: "marketing", Status: deliveries.Complained}}
		}, "no", "the customer reported the email of step 0 as spam"},
		"country": {func(p *plea) { p.customer.Phone = "+33612345678" }, "country", "it goes to FR, allowed are"},
	} {
		p := smsPlea()
		c.spoil(p)
		if !slices.ContainsFunc(p.gates(), func(g Gate) bool { return g.Name == c.gate && strings.Contains(g.Tells, c.want) }) {
			t.Errorf("%s: no gate %s tells %q: %+v", name, c.gate, c.want, p.gates())
		}
	}
}

// What was decided is looked back at: the clock and the messages of then, without
// the message itself and whatever came later.
func TestGatesLookBackAtADecision(t *testing.T) {
	p := smsPlea()
	p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 24 * time.Hour}}
	p.contacts(time.Hour, 5*time.Hour, 20*time.Hour)
	p.delivery.Status, p.delivery.Reason, p.delivery.SettledAt = deliveries.Skipped, string(deliveries.Capped), noon.Add(-5*time.Hour)
	for _, g := range p.gates() {
		switch g.Name {
		case "cap":
			if g.Passes || !g.Then || !g.Decided || !strings.Contains(g.Tells, "1 in that time (sms Mon 2026-11-30 16:00)") {
				t.Errorf("the cap: %+v", g)
			}
		case "consent":
			if g.Then || g.Decided || !g.At.Equal(noon) {
				t.Errorf("consent: %+v", g)
			}
		}
	}
}

func TestBelongingTellsWhyNobodyEnters(t *testing.T) {
	w, c := ruleShop(), ruleCampaign()
	c.Audience.Who, c.Holdout = when(t, `country == "AT"`), 0.1
	c.Entry.Again = Again{Mode: "after", After: 48 * time.Hour}
	earlier := []Entry{{State: Finished, EnteredAt: noon.Add(-72 * time.Hour), EndedAt: noon.Add(-24 * time.Hour)}}
	b := w.Belonging(c, ann(), nil, earlier, nil, noon)
	if b.Belongs || b.Audience == nil || b.Audience.Holds || b.Audience.Values[0].Value != "DE" {
		t.Errorf("audience: %+v", b)
	}
	if b.Again || !strings.Contains(b.AgainTells, "from Wed 2026-12-02 12:00 on") {
		t.Errorf("again: %v %q", b.Again, b.AgainTells)
	}
	if b.Holdout != InHoldout(c.ID, customers.Person(*ann()), 0.1) || !strings.Contains(b.HoldoutTells, "whoever draws less than 0.1") {
		t.Errorf("holdout: %v %q", b.Holdout, b.HoldoutTells)
	}
	drawn, other := b.Holdout, !b.Holdout
	if b := w.Belonging(c, ann(), nil, earlier, &other, noon); b.Holdout != other || b.HoldoutTells != "on that side since an earlier entry" {
		t.Errorf("a side that is kept: %v %q", b.Holdout, b.HoldoutTells)
	}
	if b := w.Belonging(c, ann(), nil, earlier, &drawn, noon); b.Holdout != drawn || !strings.Contains(b.HoldoutTells, "whoever draws less than 0.1") {
		t.Errorf("a side that is kept and would be drawn: %v %q", b.Holdout, b.HoldoutTells)
	}
	weekly := &Campaign{Trigger: Trigger{Kind: Cron}, Entry: EntryRule{Again: Again{Mode: "after", After: 7 * 24 * time.Hour}}}
	lastWeek := []Entry{{State: Finished, EnteredAt: noon.Add(-7*24*time.Hour + time.Minute), EndedAt: noon.Add(-7*24*time.Hour + time.Hour)}}
	if in, why := w.letsIn(weekly, lastWeek, noon); !in {
		t.Errorf("a week after the run before: %s", why)
	}
	if in, _ := w.letsIn(weekly, lastWeek, noon.Add(-24*time.Hour)); in {
		t.Error("it lets in six days after the run before")
	}
	for mode, in := range map[string]bool{"always": true, "never": false, "after": true} {
		rule := &Campaign{Entry: EntryRule{Again: Again{Mode: mode, After: time.Hour}}}
		if got, why := w.letsIn(rule, earlier, noon); got != in {
			t.Errorf("%s: %v (%s)", mode, got, why)
		}
		if got, _ := w.letsIn(rule, nil, noon); !got {
			t.Errorf("%s keeps out who never was in it", mode)
		}
		if got, _ := w.letsIn(rule, []Entry{{State: Running}}, noon); got {
			t.Errorf("%s lets in who is in it", mode)
		}
	}
}
