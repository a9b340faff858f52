package campaigns

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/deliveries"
)

// asWritten compares conditions by their words and zones by their names.
var asWritten = []cmp.Option{
	cmp.Transformer("source", func(p *expression.Program) string {
		if p == nil {
			return ""
		}
		return p.String()
	}),
	cmp.Transformer("zone", func(l *time.Location) string {
		if l == nil {
			return ""
		}
		return l.String()
	}),
	cmpopts.IgnoreUnexported(Campaign{}),
}

func goodWorkspace(t *testing.T) *Workspace {
	t.Helper()
	w, problems := Load(folderOf(t, "testdata/good"))
	for _, p := range problems {
		t.Error(p)
	}
	return w
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, asWritten...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestSettingsAreRead(t *testing.T) {
	w := goodWorkspace(t)
	same(t, "name", "shop", w.Name)
	same(t, "brand", Brand{Name: "Shop", URL: "https://shop.example", Address: "1 High Street, Berlin", SupportPhone: "+493012345678"}, w.Brand)
	same(t, "locale, zone and currency", []string{"en", "Europe/Berlin", "EUR"}, []string{w.Locale, w.Zone.String(), w.Currency})
	same(t, "traits", map[string]expression.Type{
		"birthday_club": expression.Bool, "shoe_size": expression.Number, "favourite": expression.String, "renewed_on": expression.Time,
	}, w.Traits)
	same(t, "topics", []Topic{{ID: "service", Title: "About your orders", In: true}, {ID: "marketing", Title: "Offers and news"}}, w.Topics)
	same(t, "replies", Replies{
		Help: map[string]string{"en": "Shop. Ring us.", "de-AT": "Shop. Rufen Sie an."}, Stopped: map[string]string{"en": "No more texts."},
	}, w.Replies)
	same(t, "senders", map[channels.Channel]SenderRule{
		"email": {From: "Shop <hello@shop.example>", ReplyTo: "hello@shop.example"},
		"sms": {From: "+493012345678", ByCountry: map[string]string{
			"AT": "Shop", "GB": "62226", "US": "MG0123456789abcdef0123456789abcdef",
		}},
		"call": {From: "+493012345678", Voice: map[string]string{"en": "Polly.Joanna", "ru": "Polly.Tatyana"}},
	}, w.Senders)
	same(t, "contact", ContactRules{
		Hours: map[channels.Channel][]Window{"call": {{540, 750}, {870, 1140}}, "sms": {{540, 1200}}, "push": {{1320, 120}}, "email": {}},
		Days:  map[channels.Channel]Days{"call": 0b1111110, "sms": 0b0111110},
		Caps: []Cap{
			{AtMost: 1, Per: 24 * time.Hour, Channels: []channels.Channel{"sms", "call", "push"}, Topics: []string{"marketing"}},
			{AtMost: 4, Per: 7 * 24 * time.Hour},
		},
		Countries: map[channels.Channel][]string{"sms": {"DE", "AT"}, "call": {"DE"}},
		Holidays:  []Holiday{{Month: time.January, Day: 1}},
	}, w.Contact)
	same(t, "events", []string{"Order Delivered", "Order Completed", "Order Returned"}, w.Events)
	same(t, "budgets", []Budget{{20000, 24 * time.Hour, "sms"}, {9950, 14 * 24 * time.Hour, "call"}}, w.Budgets)
	same(t, "prices", map[channels.Channel]map[string]float64{"sms": {"DE": 8, "AT": 7}, "call": {"DE": 5}}, w.Prices)
}

func TestSegmentsAreRead(t *testing.T) {
	w := goodWorkspace(t)
	gold := w.Segments["lapsed-gold"]
	same(t, "title", "Gold customers who stopped buying", gold.Title)
	same(t, "condition", `tier == "gold" and orders.count >= 5 and days_since(orders.last_at) > 120`, gold.Where.String())
	same(t, "exceptions", []string{"open-complaint"}, gold.Except)
	same(t, "place", []any{"segments/all.yaml", 1}, []any{gold.File, gold.Line})
	same(t, "fields of all of it", []string{"cases.open", "orders.count", "orders.last_at", "tier"}, gold.Who.Fields())
	same(t, "fields through in_segment", []string{"cases.open", "orders.count", "orders.last_at", "tier", "traits.shoe_size"}, w.Segments["winnable"].Who.Fields())
}

func TestCampaignIsRead(t *testing.T) {
	got := goodWorkspace(t).Campaigns["after-delivery"]
	who := got.Audience.Who
	got.Audience.Who, got.Steps = nil, nil
	every := []Window{{600, 750}, {900, 1140}}
	same(t, "campaign", &Campaign{
		ID: "after-delivery", Title: "Ask how the order went", Owner: "support", Topic: "service", State: Live, Priority: 80,
		Trigger:  Trigger{Kind: OnEvent, Event: "Order Delivered", Where: compiled(t, "event.total >= 20"), Delay: 36 * time.Hour, Misfire: "run_once"},
		Audience: Audience{Segment: "winnable", Where: compiled(t, `reachable("call")`), Except: []string{"open-complaint"}},
		Entry:    EntryRule{Key: compiled(t, "event.order_id"), Again: Again{"after", 30 * 24 * time.Hour}},
		Exits: []Exit{
			{Event: "Order Returned", Where: compiled(t, "event.total > 0")},
			{When: compiled(t, `not reachable("call")`)},
		},
		Contact: ContactRules{
			Hours: map[channels.Channel][]Window{"email": every, "sms": every, "call": every, "push": every},
			Days:  map[channels.Channel]Days{"email": 0b0111110, "sms": 0b0111110, "call": 0b0111110, "push": 0b0111110},
		},
		Budget: []Budget{{Amount: 5000, Per: 24 * time.Hour}}, Holdout: 0.05,
		File: "campaigns/after-delivery.yaml", Line: 1,
	}, got)
	same(t, "audience with its segments", []string{"cases.open", "orders.count", "orders.last_at", "reachable", "tier", "traits.shoe_size"}, who.Fields())
}

func compiled(t *testing.T, source string) *expression.Program {
	t.Helper()
	scope := expression.Scope{Event: true, Answers: []string{"csat"}, Steps: []string{"csat"}, Traits: map[string]expression.Type{"birthday_club": expression.Bool}}
	program, problems := expression.Compile(source, scope)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return program
}

func TestStepsAreRead(t *testing.T) {
	got := goodWorkspace(t).Campaigns["after-delivery"].Steps
	two, three, ten := 2.0, 3.0, ClockTime(600)
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	recovery := CaseRule{Queue: "recovery", Priority: "high", Due: 4 * time.Hour}
	want := []Step{
		{Kind: StepWait, Path: "0", Line: 28, Column: 5, Wait: &Wait{For: 24 * time.Hour}},
		{
			Kind: StepAsk, ID: "csat", Path: "1", Line: 29, Column: 5,
			Send: &Send{
				By: []channels.Channel{"call"}, Template: "satisfaction",
				Retry: deliveries.Retry{On: []string{"busy", "no_answer"}, Every: 4 * time.Hour, AtMost: 2},
				Ask:   &Ask{Scale: CSAT5, AnswerWithin: 48 * time.Hour, Threshold: &two, Case: recovery},
			},
		},
		{Kind: StepBranch, Path: "2", Line: 34, Column: 5, Branch: []Branch{
			{If: compiled(t, "answers.csat.score <= 2"), Steps: []Step{
				{
					Kind: StepCase, Path: "2.0.0", Line: 37, Column: 13,
					Case: &CaseRule{Queue: "recovery", Priority: "high", Due: 4 * time.Hour, Title: "Unhappy with {{ event.order_id }}"},
				},
				{
					Kind: StepSMS, ID: "sorry", Path: "2.0.1", Line: 38, Column: 13,
					Send: &Send{
						By: []channels.Channel{"sms"}, Template: "apology", Expires: 12 * time.Hour,
						Vars: map[string]any{"gift": true, "percent": 10.0, "colours": []any{"red", "green"}},
					},
				},
			}},
			{If: compiled(t, "answers.csat.score >= 5"), Steps: []Step{
				{Kind: StepWait, Path: "2.1.0", Line: 44, Column: 13, Wait: &Wait{Until: &ten, Days: 0b0111110, Zone: london}},
				{
					Kind: StepEmail, Path: "2.1.1", Line: 45, Column: 13,
					Send: &Send{By: []channels.Channel{"email"}, Template: "refer-a-friend", Ambiguous: deliveries.Hold},
				},
			}},
			{If: compiled(t, `steps.csat.status == "unanswered"`), Steps: []Step{{
				Kind: StepAsk, ID: "csat", Path: "2.2.0", Line: 49, Column: 13,
				Send: &Send{
					By: []channels.Channel{"sms", "email"}, Template: "satisfaction-link",
					Ask: &Ask{
						Scale: CSAT5, AnswerWithin: 72 * time.Hour, Threshold: &three,
						Case: CaseRule{Queue: "vip", Priority: "urgent", Due: 30 * time.Minute, Note: "{{ answers.comment.text | default: '-' }}"},
					},
				},
			}}},
			{},
		}},
		{Kind: StepPush, Path: "3", Line: 55, Column: 5, Send: &Send{By: []channels.Channel{"push"}, Template: "thanks"}},
		{Kind: StepSet, Path: "4", Line: 56, Column: 5, Set: []Assignment{
			{"traits.renewed_on", compiled(t, "now()")}, {"city", compiled(t, `"Berlin"`)}, {"traits.birthday_club", compiled(t, "true")},
		}},
		{Kind: StepTag, Path: "5", Line: 57, Column: 5, Tag: []TagChange{{"vip", true}, {"lapsed", false}}},
		{Kind: StepStop, Path: "6", Line: 58, Column: 5},
	}
	same(t, "steps", want, got)
}

func TestTheSecondHalfOfTheLanguageIsRead(t *testing.T) {
	got := goodWorkspace(t).Campaigns["win-back"]
	same(t, "trigger", Trigger{Kind: OnSegment, Segment: "lapsed-gold", On: Leaving, Delay: time.Hour, Misfire: "run_once"}, got.Trigger)
	same(t, "again", "never", got.Entry.Again.Mode)
	same(t, "goal", &Goal{
		Event: "Order Completed", Where: compiled(t, "event.total >= 20"), Within: 14 * 24 * time.Hour, Value: compiled(t, "event.revenue"),
	}, got.Goal)
	same(t, "holidays", []Holiday{
		{Year: 2026, Month: time.December, Day: 24},
		{Month: time.December, Day: 25},
		{Country: "DE", Month: time.October, Day: 3},
		{Country: "AT", Month: time.October, Day: 26},
	}, got.Contact.Holidays)
	same(t, "rollout", &Rollout{
		Stages: []float64{0.05, 0.25, 1}, Hold: 6 * time.Hour, MinSample: 200,
		ContinueIf: []Criterion{
			{ShareBounced, "<", 0.03}, {ShareComplained, "<=", 0.001}, {ShareClicked, ">=", 0.01}, {MeanCSAT, ">=", 3.5},
		},
	}, got.Rollout)
}

func TestTheStepsOfTheSecondHalfAreRead(t *testing.T) {
	steps := goodWorkspace(t).Campaigns["win-back"].Steps
	refer := func(path string, line int) Step {
		return Step{Kind: StepEmail, Path: path, Line: line, Column: 13, Send: &Send{By: []channels.Channel{"email"}, Template: "refer-a-friend"}}
	}
	same(t, "reach", Step{
		Kind: StepReach, ID: "hello", Path: "0", Line: 15, Column: 5,
		Send: &Send{By: []channels.Channel{"push", "sms"}, Template: "news", FallbackAfter: 30 * time.Minute, Expires: 24 * time.Hour},
	}, steps[0])
	same(t, "split", Step{
		Kind: StepSplit, ID: "offer", Path: "1", Line: 20, Column: 5, Winner: &Winner{By: deliveries.Clicked, After: 4 * time.Hour, MinSample: 20},
		Branch: []Branch{
			{Name: "plain", Share: 0.2, Steps: []Step{
				refer("1.0.0", 25),
				{Kind: StepWait, ID: "bought", Path: "1.0.1", Line: 26, Column: 13, Wait: &Wait{
					Event: "Order Completed", Where: compiled(t, "event.total > 10 and orders.count > 1"), AtMost: 72 * time.Hour,
				}},
			}},
			{Name: "points", Share: 0.2, Steps: []Step{
				{Kind: StepPoints, Path: "1.1.0", Line: 31, Column: 13, Points: 100},
				refer("1.1.1", 32),
			}},
		},
	}, steps[1])
	same(t, "points that are taken", int64(-50), steps[3].Branch[0].Steps[0].Points)
	same(t, "consent", &ConsentChange{Topic: "marketing", Channels: []channels.Channel{"sms", "email"}}, steps[3].Branch[1].Steps[0].Consent)
	same(t, "webhook", &Webhook{
		URL:  "https://crm.example/hook",
		Body: map[string]any{"customer": "{{ customer.id }}", "path": []any{1.0, true, "{{ customer.tier | default: 'none' }}"}},
	}, steps[4].Webhook)
	same(t, "enter", "follow-up", steps[5].Enter)
}

// What a file leaves out is what its readers would expect.
func TestWhatIsLeftOut(t *testing.T) {
	w := goodWorkspace(t)
	spring, weekly, followUp := w.Campaigns["spring"], w.Campaigns["weekly"], w.Campaigns["follow-up"]
	same(t, "state", []State{Draft, Paused, Draft}, []State{spring.State, weekly.State, followUp.State})
	same(t, "priority", 50, spring.Priority)
	same(t, "again", []string{"never", "always", "always"}, []string{spring.Entry.Again.Mode, weekly.Entry.Again.Mode, followUp.Entry.Again.Mode})
	same(t, "a date without a time is its midnight", LocalTime{Year: 2026, Month: 12, Day: 1}, spring.Trigger.Once)
	same(t, "zone of a trigger", []string{"Asia/Tehran"}, []string{spring.Trigger.Zone.String()})
	same(t, "misfire", []string{"skip", "run_once"}, []string{spring.Trigger.Misfire, weekly.Trigger.Misfire})
	if weekly.Trigger.Zone != nil || spring.Audience.Who != nil || weekly.Audience.Who == nil || spring.Contact.Hours != nil {
		t.Error("a zone, an audience or hours that nobody wrote")
	}
	same(t, "hours for one channel", map[channels.Channel][]Window{"sms": {}}, weekly.Contact.Hours)
	newYear := w.Campaigns["new-year"]
	if !newYear.Trigger.OwnClock || newYear.Trigger.Zone != nil || newYear.Rollout.MinSample != 50 {
		t.Errorf("trigger %+v and rollout %+v of new-year", newYear.Trigger, newYear.Rollout)
	}
	nps, why := weekly.Steps[0].Send.Ask, weekly.Steps[1].Send.Ask
	if nps.Threshold == nil || *nps.Threshold != 6 || why.Threshold != nil {
		t.Errorf("thresholds %v and %v, want 6 and none", nps.Threshold, why.Threshold)
	}
	silent := weekly.Steps[2].Send.Ask
	if nps.Quiet || why.Quiet || !silent.Quiet {
		t.Errorf("quiet are %v, %v and %v, want the last", nps.Quiet, why.Quiet, silent.Quiet)
	}
	same(t, "case of words", CaseRule{Priority: "normal", Due: 4 * time.Hour}, why.Case)
	same(t, "case of a score", CaseRule{Queue: "recovery", Priority: "high", Due: 4 * time.Hour}, nps.Case)
	if wait := followUp.Steps[1].Wait; wait.Days != 0 || wait.Zone != nil || *wait.Until != 570 {
		t.Errorf("wait %+v, want half past nine on any day by the customer's clock", wait)
	}
}
