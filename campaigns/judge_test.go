package campaigns

import (
	"math"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// plea is one delivery before the judge, which a case of a table may spoil.
type plea struct {
	shop      *Workspace
	campaign  *Campaign
	delivery  deliveries.Delivery
	entry     Entry
	journey   []deliveries.Delivery
	customer  *customers.Customer
	pressure  deliveries.Pressure
	content   *channels.Content
	spendings []spending // what pressure.Spent sums up, where it was drawn
	now       time.Time
}

func smsPlea() *plea {
	return &plea{
		shop: ruleShop(), campaign: ruleCampaign(), delivery: sent("0", 0, channels.SMS, deliveries.Planned),
		entry: ruleEntry(), customer: ann(), now: noon,
	}
}

func (p *plea) judge() deliveries.Verdict {
	return p.shop.Judge(Matter{
		Campaign: p.campaign, Delivery: p.delivery, Entry: p.entry, Journey: p.journey, Customer: p.customer, Pressure: p.pressure,
		Content: p.content,
	}, p.now)
}

func (p *plea) contacts(ago ...time.Duration) {
	for _, d := range ago {
		p.pressure.Contacts = append(p.pressure.Contacts, deliveries.Contact{Channel: channels.SMS, Topic: "service", At: p.now.Add(-d)})
	}
}

func TestAMessageThatNothingHoldsGoes(t *testing.T) {
	got := smsPlea().judge()
	want := deliveries.Verdict{Go: true, Cost: 8, Zone: "Europe/Berlin", ZoneFrom: "profile"}
	if got != want {
		t.Errorf("verdict %+v, want %+v", got, want)
	}
}

func TestAGateThatIsShutSaysWhyAndForHowLong(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*plea)
		reason deliveries.SkipReason
		until  string // "": skipped
	}{
		"campaign archived":  {func(p *plea) { p.campaign.State = Archived }, deliveries.Exited, ""},
		"campaign paused":    {func(p *plea) { p.campaign.State = Paused }, deliveries.PausedCampaign, "2026-12-01T12:00:00Z"},
		"campaign not known": {func(p *plea) { p.campaign = nil }, deliveries.PausedCampaign, "2026-12-01T12:00:00Z"},
		"entry is over":      {func(p *plea) { p.entry.State = Finished }, deliveries.Exited, ""},
		"a retry, but left":  {func(p *plea) { p.entry.State, p.delivery.Attempts = Left, 1 }, deliveries.Exited, ""},
		"everything is spent": {func(p *plea) {
			p.shop.Budgets = []Budget{{Amount: 100, Per: 24 * time.Hour, Channel: channels.SMS}}
			p.spent(math.MaxInt64)
		}, deliveries.OverBudget, "2026-12-01T12:00:00Z"},
		"entry has left":            {func(p *plea) { p.entry.State = Left }, deliveries.Exited, ""},
		"an exit holds":             {func(p *plea) { p.campaign.Exits = []Exit{{When: when(t, `country == "DE"`)}} }, deliveries.Exited, ""},
		"holdout":                   {func(p *plea) { p.entry.Holdout = true }, deliveries.Holdout, ""},
		"customer is gone":          {func(p *plea) { p.customer = nil }, deliveries.NoAddress, ""},
		"no address":                {func(p *plea) { p.customer.Phone = "" }, deliveries.NoAddress, ""},
		"invalid address":           {func(p *plea) { p.customer.Phone = "030 123" }, deliveries.InvalidAddress, ""},
		"suppressed":                {func(p *plea) { p.customer.Suppressed = map[channels.Channel]string{channels.SMS: "opted_out"} }, deliveries.Suppressed, ""},
		"out by default":            {func(p *plea) { p.delivery.Topic, p.customer.Consents = "marketing", nil }, deliveries.NoConsent, ""},
		"out of a topic that is in": {func(p *plea) { p.customer.Consents = []customers.Consent{{Topic: "service", Channel: channels.SMS}} }, deliveries.NoConsent, ""},
		"a topic nobody knows":      {func(p *plea) { p.delivery.Topic = "jokes" }, deliveries.NoConsent, ""},
		"country":                   {func(p *plea) { p.customer.Phone = "+33612345678" }, deliveries.CountryNotAllowed, ""},
		"the campaign's countries":  {func(p *plea) { p.campaign.Contact.Countries = map[channels.Channel][]string{channels.SMS: {"AT"}} }, deliveries.CountryNotAllowed, ""},
		"no country is listed":      {func(p *plea) { p.shop.Contact.Countries = nil }, deliveries.CountryNotAllowed, ""},
		"night":                     {func(p *plea) { p.now = utc("2026-12-01T22:00:00Z") }, deliveries.QuietHoursExpired, "2026-12-02T08:00:00Z"},
		"the campaign's hours": {func(p *plea) {
			p.campaign.Contact.Hours = map[channels.Channel][]Window{channels.SMS: {clockWindow("15:00", "19:00")}}
		}, deliveries.QuietHoursExpired, "2026-12-01T14:00:00Z"},
		"the campaign's days": {func(p *plea) { p.campaign.Contact.Days = map[channels.Channel]Days{channels.SMS: 1 << time.Thursday} }, deliveries.QuietHoursExpired, "2026-12-03T08:00:00Z"},
		"days too far off":    {func(p *plea) { p.campaign.Contact.Days = map[channels.Channel]Days{channels.SMS: 1 << time.Monday} }, deliveries.QuietHoursExpired, ""},
		"hours that never open": {func(p *plea) {
			p.campaign.Contact.Hours = map[channels.Channel][]Window{channels.SMS: {clockWindow("21:00", "22:00")}}
		}, deliveries.QuietHoursExpired, ""},
		"capped": {func(p *plea) {
			p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 26 * time.Hour}}
			p.contacts(4 * time.Hour)
		}, deliveries.Capped, "2026-12-02T09:00:00Z"},
		"capped, then night": {func(p *plea) { p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 14 * time.Hour}}; p.contacts(time.Hour) }, deliveries.Capped, "2026-12-02T08:00:00Z"},
		"night outlasts the cap": {func(p *plea) {
			p.now = utc("2026-12-01T22:00:00Z")
			p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 2 * time.Hour}}
			p.contacts(time.Hour)
		}, deliveries.QuietHoursExpired, "2026-12-02T08:00:00Z"},
		"capped for a week": {func(p *plea) {
			p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 7 * 24 * time.Hour}}
			p.contacts(time.Hour)
		}, deliveries.Capped, ""},
		"the campaign's own cap": {func(p *plea) {
			p.campaign.Contact.Caps = []Cap{{AtMost: 1, Per: 26 * time.Hour}}
			p.contacts(4 * time.Hour)
		}, deliveries.Capped, "2026-12-02T09:00:00Z"},
		"a cap of none": {func(p *plea) { p.shop.Contact.Caps = []Cap{{Per: time.Hour}} }, deliveries.Capped, ""},
		"over budget": {func(p *plea) {
			p.shop.Budgets = []Budget{{Amount: 100, Per: 24 * time.Hour, Channel: channels.SMS}}
			p.spent(93)
		}, deliveries.OverBudget, "2026-12-01T12:00:00Z"},
		"the campaign's budget":  {func(p *plea) { p.campaign.Budget = []Budget{{Amount: 100, Per: 30 * time.Minute}}; p.spent(93) }, deliveries.OverBudget, "2026-12-01T11:30:00Z"},
		"dearer than the budget": {func(p *plea) { p.shop.Budgets = []Budget{{Amount: 7, Per: 24 * time.Hour, Channel: channels.SMS}} }, deliveries.OverBudget, ""},
	} {
		p := smsPlea()
		c.spoil(p)
		got := p.judge()
		until := ""
		if !got.Until.IsZero() {
			until = got.Until.UTC().Format(time.RFC3339)
		}
		if got.Go || got.Reason != c.reason || until != c.until {
			t.Errorf("%s: go %v, %s until %q; want %s until %q", name, got.Go, got.Reason, until, c.reason, c.until)
		}
	}
}

func (p *plea) spent(amount int64) {
	p.pressure.Spent = func(channels.Channel, string, time.Time) int64 { return amount }
}

func TestGatesThatLetThrough(t *testing.T) {
	for name, spoil := range map[string]func(*plea){
		"an old contact":     func(p *plea) { p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: time.Hour}}; p.contacts(time.Hour) },
		"room under the cap": func(p *plea) { p.shop.Contact.Caps = []Cap{{AtMost: 2, Per: 24 * time.Hour}}; p.contacts(time.Hour) },
		"a cap on another topic": func(p *plea) {
			p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 24 * time.Hour, Topics: []string{"marketing"}}}
			p.contacts(time.Hour)
		},
		"a cap on another channel": func(p *plea) {
			p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 24 * time.Hour, Channels: []channels.Channel{channels.Call}}}
			p.contacts(time.Hour)
		},
		"the last of the budget": func(p *plea) {
			p.shop.Budgets = []Budget{{Amount: 100, Per: time.Hour, Channel: channels.SMS}}
			p.spent(92)
		},
		"another channel's budget": func(p *plea) { p.shop.Budgets = []Budget{{Amount: 1, Per: time.Hour, Channel: channels.Call}} },
		"before pressure is known": func(p *plea) { p.shop.Budgets = []Budget{{Amount: 100, Per: time.Hour, Channel: channels.SMS}} },
		"e-mail without a country": func(p *plea) { p.delivery.Channel, p.customer.Country = channels.Email, "" },
		"push without hours":       func(p *plea) { p.delivery.Channel = channels.Push },
		"a retry behind the end":   func(p *plea) { p.entry.State, p.delivery.Attempts = Finished, 1 },
		"an exit about answers":    func(p *plea) { p.campaign.Exits = []Exit{{When: when(t, `steps.csat.status != "answered"`)}} },
		"a number made up":         func(p *plea) { p.customer.Phone, p.customer.Country = "+15550001234", "US" },
		"late, but never held":     func(p *plea) { p.delivery.ExpiresAt = noon.Add(-time.Hour) },
		"a retry after the expiry": func(p *plea) { p.delivery.ExpiresAt, p.delivery.Reason = noon.Add(-time.Hour), "busy" },
	} {
		p := smsPlea()
		spoil(p)
		if got := p.judge(); !got.Go {
			t.Errorf("%s: %s until %s", name, got.Reason, got.Until)
		}
	}
}

// Whoever said no to one message of a journey gets none of the others that need to
// have been asked for, by whatever channel.
func TestANoIsHeardByTheRestOfItsJourney(t *testing.T) {
	letter := func(status deliveries.Status) []deliveries.Delivery {
		d := sent("0", 0, channels.Email, status)
		d.ID, d.Topic = 42, "marketing"
		return []deliveries.Delivery{d}
	}
	out := func(p *plea) {
		p.customer.Consents = append(p.customer.Consents[1:], customers.Consent{Topic: "marketing", Channel: channels.Email, At: noon})
	}
	for name, c := range map[string]struct {
		spoil  func(*plea)
		reason deliveries.SkipReason
	}{
		"complained":   {func(p *plea) { p.journey = letter(deliveries.Complained) }, deliveries.SaidNo},
		"unsubscribed": {func(p *plea) { p.journey = letter(deliveries.Unsubscribed); out(p) }, deliveries.SaidNo},
		"stopped at the provider": {func(p *plea) {
			p.journey = letter(deliveries.Unsubscribed)
			p.customer.Suppressed = map[channels.Channel]string{channels.Email: "opted_out"}
		}, deliveries.SaidNo},
		"stopped, and reported it too": {func(p *plea) {
			p.journey = letter(deliveries.Unsubscribed)
			p.customer.Suppressed = map[channels.Channel]string{channels.Email: "complained"}
		}, deliveries.SaidNo},
		"took it back, and bounced later": {func(p *plea) {
			p.journey = letter(deliveries.Unsubscribed)
			p.customer.Consents = []customers.Consent{
				{Topic: "marketing", Channel: channels.Email, In: true, At: noon.Add(time.Minute)}, {Topic: "marketing", Channel: channels.SMS, In: true},
			}
			p.customer.Suppressed = map[channels.Channel]string{channels.Email: customers.Bounced}
		}, ""},
		"bounced, and stopped at the provider": {func(p *plea) {
			p.journey = letter(deliveries.Unsubscribed)
			p.customer.Suppressed = map[channels.Channel]string{channels.Email: customers.Bounced}
		}, deliveries.SaidNo},
		"took it back":               {func(p *plea) { p.journey = letter(deliveries.Unsubscribed) }, ""},
		"clicked":                    {func(p *plea) { p.journey = letter(deliveries.Clicked); out(p) }, ""},
		"bounced":                    {func(p *plea) { p.journey = letter(deliveries.Bounced) }, ""},
		"the message itself":         {func(p *plea) { p.journey = letter(deliveries.Complained); p.delivery.ID = 42 }, ""},
		"what nobody has to ask for": {func(p *plea) { p.journey = letter(deliveries.Complained); p.delivery.Topic = "service" }, ""},
	} {
		p := smsPlea()
		p.delivery.Topic = "marketing"
		c.spoil(p)
		if got := p.judge(); got.Reason != c.reason || got.Go != (c.reason == "") || !got.Until.IsZero() {
			t.Errorf("%s: go %v, %s until %s; want %q", name, got.Go, got.Reason, got.Until, c.reason)
		}
	}
}

func TestRefusalsComeInOrder(t *testing.T) {
	spoil := []func(*plea){
		func(p *plea) { p.customer.Phone = "+33612345678" },
		func(p *plea) { p.delivery.Topic, p.customer.Consents = "marketing", nil },
		func(p *plea) { p.customer.Suppressed = map[channels.Channel]string{channels.SMS: "opted_out"} },
		func(p *plea) { p.customer.Phone = "nonsense" },
		func(p *plea) { p.customer.Phone = "" },
		func(p *plea) { p.entry.Holdout = true },
		func(p *plea) { p.entry.State = Finished },
		func(p *plea) { p.campaign.State = Paused },
	}
	reasons := []deliveries.SkipReason{
		deliveries.CountryNotAllowed, deliveries.NoConsent, deliveries.Suppressed, deliveries.InvalidAddress,
		deliveries.NoAddress, deliveries.Holdout, deliveries.Exited, deliveries.PausedCampaign,
	}
	p := smsPlea()
	p.now = utc("2026-12-01T23:00:00Z") // and it is night
	for i, one := range spoil {
		one(p)
		if got := p.judge(); got.Reason != reasons[i] {
			t.Errorf("%s comes before %s", got.Reason, reasons[i])
		}
	}
}

// What another system is told depends on the campaign and the journey alone.
func TestWebhooksAreJudgedByCampaignAndJourneyAlone(t *testing.T) {
	hook := func() *plea {
		p := smsPlea()
		p.delivery.Channel, p.now = channels.Webhook, utc("2026-12-01T23:00:00Z")
		p.customer.Phone, p.customer.Email, p.customer.Consents = "", "", nil
		p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 24 * time.Hour}}
		p.shop.Contact.Holidays = []Holiday{{Month: time.December, Day: 2}}
		p.contacts(time.Hour)
		return p
	}
	for name, c := range map[string]struct {
		spoil  func(*plea)
		reason deliveries.SkipReason // "": it goes
		waits  bool
	}{
		"at night, capped, on a holiday, to nobody who can be reached": {func(*plea) {}, "", false},
		"behind the journey's end":                                     {func(p *plea) { p.entry.State = Finished }, "", false},
		"an exit that holds":                                           {func(p *plea) { p.campaign.Exits = []Exit{{When: when(t, `country == "DE"`)}} }, "", false},
		"the customer is gone":                                         {func(p *plea) { p.customer = nil }, "", false},
		"the journey was left":                                         {func(p *plea) { p.entry.State = Left }, deliveries.Exited, false},
		"the campaign is archived":                                     {func(p *plea) { p.campaign.State = Archived }, deliveries.Exited, false},
		"the campaign is paused":                                       {func(p *plea) { p.campaign.State = Paused }, deliveries.PausedCampaign, true},
		"the customer is held out":                                     {func(p *plea) { p.entry.Holdout = true }, deliveries.Holdout, false},
		"the campaign is not at hand":                                  {func(p *plea) { p.campaign = nil }, deliveries.PausedCampaign, true},
	} {
		p := hook()
		c.spoil(p)
		got := p.judge()
		if got.Go != (c.reason == "") || got.Reason != c.reason || got.Until.IsZero() == c.waits || got.Cost != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestWebhooksAreNoContacts(t *testing.T) {
	p := smsPlea()
	p.shop.Contact.Caps = []Cap{{AtMost: 1, Per: 24 * time.Hour}}
	p.contacts(time.Hour)
	p.pressure.Contacts[0].Channel = channels.Webhook
	if got := p.judge(); !got.Go {
		t.Errorf("a webhook counts: %+v", got)
	}
}

func TestAHeldMessageIsGivenUpWithTheReasonThatHeldItLast(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*plea)
		reason deliveries.SkipReason
	}{
		"held by hours, still closed": {func(p *plea) { p.delivery.Reason, p.now = "quiet_hours_expired", utc("2026-12-01T22:00:00Z") }, deliveries.QuietHoursExpired},
		"held by a cap, now night":    {func(p *plea) { p.delivery.Reason, p.now = "capped", utc("2026-12-01T22:00:00Z") }, deliveries.Capped},
		"held, and now it could go":   {func(p *plea) { p.delivery.Reason = "over_budget" }, deliveries.OverBudget},
		"paused to the end":           {func(p *plea) { p.campaign.State = Paused }, deliveries.PausedCampaign},
	} {
		p := smsPlea()
		c.spoil(p)
		p.delivery.ExpiresAt = p.now
		if got := p.judge(); got.Go || !got.Until.IsZero() || got.Reason != c.reason {
			t.Errorf("%s: %+v, want skipped for %s", name, got, c.reason)
		}
	}
}

func TestAPausedMessageIsLookedAtUntilItExpires(t *testing.T) {
	p := smsPlea()
	p.campaign.State, p.delivery.ExpiresAt = Paused, noon.Add(20*time.Minute)
	if got := p.judge(); !got.Until.Equal(p.delivery.ExpiresAt) {
		t.Errorf("looked at again at %s, want at its expiry", got.Until)
	}
}

func TestHorizonIsTheLongestWindow(t *testing.T) {
	w := ruleShop()
	if got := w.Horizon(noon); !got.Equal(noon) {
		t.Errorf("without limits %s", got)
	}
	w.Contact.Caps = []Cap{{AtMost: 1, Per: 24 * time.Hour}}
	w.Budgets = []Budget{{Per: 48 * time.Hour}}
	narrow := ruleCampaign()
	narrow.Contact.Caps = []Cap{{AtMost: 9, Per: 30 * 24 * time.Hour}}
	w.Campaigns = map[string]*Campaign{narrow.ID: narrow}
	if got := noon.Sub(w.Horizon(noon)); got != 30*24*time.Hour {
		t.Errorf("looks back %s", got)
	}
	older := ruleCampaign()
	older.Contact.Caps = []Cap{{AtMost: 9, Per: 60 * 24 * time.Hour}}
	if got := noon.Sub(w.Horizon(noon, nil, older)); got != 60*24*time.Hour {
		t.Errorf("with a campaign of an older version it looks back %s", got)
	}
}
