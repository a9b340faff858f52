package campaigns

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// surveyCampaign asks at step 0 and tells at step 1.
func surveyCampaign(scale Scale) *Campaign {
	ask := askStep(channels.SMS)
	low := 2.0
	ask.Send.Ask.Scale, ask.Send.Ask.Threshold = scale, &low
	ask.Send.Ask.Case = CaseRule{Queue: "recovery", Due: 4 * time.Hour}
	return ruleCampaign(ask, smsStep("hello"))
}

func interpret(c *Campaign, r channels.Report, d deliveries.Delivery) Response {
	return ruleShop().Interpret(c, r, d, ann(), noon.Add(time.Hour))
}

func report(kind channels.ReportKind) channels.Report {
	return channels.Report{Channel: channels.SMS, Kind: kind, ProviderID: "P1", At: noon.Add(time.Minute)}
}

func TestAReportIsALineOnTheTimeline(t *testing.T) {
	r := report(channels.ReportFailed)
	r.Key, r.Reason, r.Duration = "SM1/failed", "30003", 90*time.Second
	identified := r
	identified.Delivery = 100
	got := interpret(surveyCampaign(CSAT5), r, sent("0", 0, channels.SMS, deliveries.Sent)).Event
	want := customers.Event{
		Customer: "c1", Name: "sms failed", At: r.At, ReceivedAt: noon.Add(time.Hour),
		Properties:  map[string]any{"template": "hello", "reason": "30003", "seconds": 90.0},
		Key:         "report:" + identified.Meaning(),
		ProviderKey: "sms:SM1/failed", Campaign: "after-delivery", Entry: 7, Delivery: 100,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

// A text whose provider kept it for too long never left: it goes once more when it
// may, at most three times.
func TestATextThatExpiredInAQueueIsPlannedAnew(t *testing.T) {
	r := report(channels.ReportFailed)
	r.Reason, r.Again = channels.ReasonExpired, true
	again := noon.Add(time.Hour)
	for name, c := range map[string]struct {
		spoil func(*deliveries.Delivery)
		want  deliveries.Status
		cost  int64
	}{
		"sent":          {func(*deliveries.Delivery) {}, deliveries.Planned, 0},
		"in doubt":      {func(d *deliveries.Delivery) { d.Status, d.ProviderID = deliveries.Unconfirmed, "" }, deliveries.Planned, 0},
		"the third":     {func(d *deliveries.Delivery) { d.Rung = 2 }, deliveries.Planned, 0},
		"the fourth":    {func(d *deliveries.Delivery) { d.Rung = 3 }, deliveries.Failed, 0},
		"of no use now": {func(d *deliveries.Delivery) { d.ExpiresAt = again }, deliveries.Failed, 0},
		"a second copy": {func(d *deliveries.Delivery) { d.Resent = true }, deliveries.Failed, 8},
		"delivered":     {func(d *deliveries.Delivery) { d.Status = deliveries.Delivered }, deliveries.Failed, 8},
	} {
		d := sent("1", 0, channels.SMS, deliveries.Sent)
		d.Cost = 8
		c.spoil(&d)
		p := interpret(surveyCampaign(CSAT5), r, d).Progress
		after, moved := d.Advanced(*p, again)
		if !moved || after.Status != c.want || after.Reason != "expired" || after.Cost != c.cost || c.want == deliveries.Planned && !after.DueAt.Equal(again) {
			t.Errorf("%s: %+v", name, after)
		}
	}
}

func TestReportsMoveDeliveriesForward(t *testing.T) {
	for kind, want := range map[channels.ReportKind]deliveries.Status{
		channels.ReportSent: deliveries.Sent, channels.ReportDelivered: deliveries.Delivered, channels.ReportOpened: deliveries.Opened,
		channels.ReportClicked: deliveries.Clicked, channels.ReportAnswered: deliveries.Answered, channels.ReportBounced: deliveries.Bounced,
		channels.ReportFailed: deliveries.Failed, channels.ReportComplained: deliveries.Complained,
		channels.ReportUnsubscribed: deliveries.Unsubscribed, channels.ReportDeferred: "", channels.ReportResubscribed: "",
	} {
		r := report(kind)
		r.Reason = "why"
		got := interpret(surveyCampaign(CSAT5), r, sent("1", 0, channels.SMS, deliveries.Sent)).Progress
		switch {
		case want == "" && got != nil:
			t.Errorf("%s moves the delivery to %s", kind, got.Status)
		case want != "" && (got == nil || got.Status != want || got.ID != 100 || got.ProviderID != "P1" || !got.At.Equal(r.At)):
			t.Errorf("%s: %+v, want %s", kind, got, want)
		}
	}
}

func TestABotMovesNothing(t *testing.T) {
	for _, kind := range []channels.ReportKind{channels.ReportOpened, channels.ReportClicked} {
		r := report(kind)
		r.Bot, r.Answer = true, "1"
		got := interpret(surveyCampaign(CSAT5), r, sent("0", 0, channels.SMS, deliveries.Sent))
		if got.Progress != nil || got.Answer != nil || got.Case != nil || got.Machine == 0 || got.Event.Name != "sms "+string(kind)+ByMachine {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

func TestACallThatMetNobodyIsTriedAgain(t *testing.T) {
	busy := channels.Report{Channel: channels.Call, Kind: channels.ReportFailed, ProviderID: "P1", Reason: "busy", Again: true, At: noon}
	for name, c := range map[string]struct {
		change func(*channels.Report, *deliveries.Delivery)
		want   deliveries.Status // "" moves nothing
	}{
		"first attempt":                  {func(*channels.Report, *deliveries.Delivery) {}, deliveries.Planned},
		"last attempt":                   {func(_ *channels.Report, d *deliveries.Delivery) { d.Rung, d.Attempts = 2, 3 }, deliveries.Failed},
		"after refusals by the provider": {func(_ *channels.Report, d *deliveries.Delivery) { d.Attempts = 9 }, deliveries.Planned},
		"a reason not listed":            {func(r *channels.Report, _ *deliveries.Delivery) { r.Reason = "machine" }, deliveries.Failed},
		"hopeless":                       {func(r *channels.Report, _ *deliveries.Delivery) { r.Again = false }, deliveries.Failed},
		"about the attempt before":       {func(r *channels.Report, d *deliveries.Delivery) { r.ProviderID, d.Attempts = "P0", 2 }, ""},
		"under another name":             {func(r *channels.Report, _ *deliveries.Delivery) { r.ProviderID = "other" }, deliveries.Planned},
		"said twice":                     {func(_ *channels.Report, d *deliveries.Delivery) { d.Status = deliveries.Planned }, ""},
		"before it is settled":           {func(_ *channels.Report, d *deliveries.Delivery) { d.Status, d.ProviderID = deliveries.Sending, "" }, deliveries.Planned},
	} {
		d := sent("1", 0, channels.Call, deliveries.Sent)
		d.Retry = deliveries.Retry{On: []string{"busy", "no_answer"}, Every: 4 * time.Hour, AtMost: 2}
		r := busy
		c.change(&r, &d)
		got := interpret(surveyCampaign(CSAT5), r, d).Progress
		switch {
		case c.want == "" && got != nil && got.Status == "": // only what it cost
		case got == nil || got.Status != c.want || got.Reason != r.Reason:
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		case c.want == deliveries.Planned && !got.DueAt.Equal(noon.Add(5*time.Hour)):
			t.Errorf("%s: due %s", name, got.DueAt)
		}
	}
}

func TestWhatIsSuppressed(t *testing.T) {
	for name, c := range map[string]struct {
		report  channels.Report
		reason  string
		address string
	}{
		"complaint":            {channels.Report{Channel: channels.Email, Kind: channels.ReportComplained}, "complained", "ann@shop.example"},
		"hard bounce":          {channels.Report{Channel: channels.Email, Kind: channels.ReportBounced, Reason: "hard"}, "bounced", "ann@shop.example"},
		"bounce of an address": {channels.Report{Channel: channels.Email, Kind: channels.ReportBounced, Suppress: true, From: "Ann@Old.example"}, "bounced", "ann@old.example"},
		"soft bounce":          {channels.Report{Channel: channels.Email, Kind: channels.ReportBounced, Reason: "soft"}, "", ""},
		"opted out at twilio":  {channels.Report{Channel: channels.SMS, Kind: channels.ReportFailed, Suppress: true, Reason: "opted_out"}, "opted_out", "+4915112345678"},
		"not a mobile number":  {channels.Report{Channel: channels.SMS, Kind: channels.ReportFailed, Suppress: true, Reason: "30006"}, "invalid_address", "+4915112345678"},
		"dropped as bounced":   {channels.Report{Channel: channels.Email, Kind: channels.ReportFailed, Suppress: true, Reason: "hard"}, "bounced", "ann@shop.example"},
		"rejected":             {channels.Report{Channel: channels.Email, Kind: channels.ReportFailed, Reason: "rejected"}, "", ""},
		"STOP":                 {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Text: "Stop!", From: "+4917000000000"}, "opted_out", "+4917000000000"},
		"STOP by the provider": {channels.Report{Channel: channels.SMS, Kind: channels.ReportUnsubscribed, Suppress: true, From: "+4917000000000"}, "opted_out", "+4917000000000"},
		"don't stop":           {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Text: "please don't stop"}, "", ""},
		"one click":            {channels.Report{Channel: channels.Email, Kind: channels.ReportUnsubscribed}, "", ""},
	} {
		got := interpret(surveyCampaign(CSAT5), c.report, sent("1", 0, c.report.Channel, deliveries.Sent)).Suppression
		switch {
		case c.reason == "" && got != nil:
			t.Errorf("%s suppresses for %s", name, got.Reason)
		case c.reason != "" && (got == nil || got.Reason != c.reason || got.Address != c.address || got.Channel != c.report.Channel):
			t.Errorf("%s: %+v, want %s", name, got, c.reason)
		}
	}
}

func TestUnsubscribingIsAboutTheTopic(t *testing.T) {
	r := channels.Report{Channel: channels.Email, Kind: channels.ReportUnsubscribed, At: noon}
	got := interpret(surveyCampaign(CSAT5), r, sent("1", 0, channels.Email, deliveries.Delivered))
	want := []customers.Consent{{Customer: "c1", Topic: "service", Channel: channels.Email, At: noon, Source: "one_click"}}
	if diff := cmp.Diff(want, got.Consents); diff != "" {
		t.Errorf("consents (-want +got):\n%s", diff)
	}
	r.Kind = channels.ReportResubscribed
	got = interpret(surveyCampaign(CSAT5), r, sent("1", 0, channels.Email, deliveries.Delivered))
	if len(got.Consents) != 1 || !got.Consents[0].In {
		t.Errorf("resubscribing: %+v", got.Consents)
	}
}

// Words are put before a person: those that answer a question in words, and those that
// stand beside a good score. Thanks are not, nor what a question wants no case of.
func TestWordsBesideAnAnswerOpenACase(t *testing.T) {
	says := func(text string) channels.Report {
		r := report(channels.ReportReplied)
		r.Text, r.From = text, "+4915112345678"
		return r
	}
	page := report(channels.ReportAnswered)
	page.Channel, page.Answer, page.Text = channels.Email, "4", "The door is broken"
	picture := says("4")
	picture.Media = []string{"https://api.twilio.com/ME0"}
	recorded := report(channels.ReportAnswered)
	recorded.Channel, recorded.Question, recorded.Recording = channels.Call, "csat", "RE1"
	const words = "You are thieves. My lawyer will write to you."
	for name, c := range map[string]struct {
		scale  Scale
		report channels.Report
		quiet  bool
		note   string // of a case; "" opens none
		low    bool
	}{
		"a comment":                {CSAT5, says("4, but the door is broken, please call me today"), false, "4, but the door is broken, please call me today", false},
		"a comment nobody wants":   {CSAT5, says("4, but the door is broken"), true, "", false},
		"a comment of a low score": {CSAT5, says("1, the door is broken"), false, "1, the door is broken", true},
		"a comment on the page":    {CSAT5, page, false, "The door is broken", false},
		"a picture":                {CSAT5, picture, false, "4 (with a file)", false},
		"thanks":                   {CSAT5, says("5, thank you very much!"), false, "", false},
		"a score":                  {CSAT5, says("4"), false, "", false},
		"smiles":                   {CSAT5, says("5 👍"), false, "", false},
		"a yes":                    {YesNo, says("yes, but it is broken"), false, "yes, but it is broken", false},
		"an answer in words":       {Text, says(words), false, words, false},
		"an answer nobody reads":   {Text, says(words), true, "", false},
		"all good, in words":       {Text, says("All good, thanks"), false, "", false},
		"nothing":                  {Text, says("No."), false, "", false},
		"an answer that is heard":  {Text, recorded, false, "(a recording)", false},
	} {
		campaign := surveyCampaign(c.scale)
		ask := campaign.Steps[0].Send.Ask
		ask.Quiet = c.quiet
		switch {
		case c.scale == YesNo:
			*ask.Threshold = 0
		case c.quiet || c.scale == Text:
			ask.Threshold = nil
		}
		got := interpret(campaign, c.report, sent("0", 0, c.report.Channel, deliveries.Delivered))
		if got.Answer == nil {
			t.Errorf("%s: no answer", name)
		}
		switch opened := got.Case; {
		case (opened != nil) != (c.note != ""):
			t.Errorf("%s: case %+v", name, opened)
		case opened == nil:
		case opened.Note != c.note || opened.Queue != "recovery" || opened.DueAt != noon.Add(5*time.Hour):
			t.Errorf("%s: case %+v", name, opened)
		case c.low != (opened.Why == "low_score") || c.low != (opened.Priority == customers.High):
			t.Errorf("%s: %s, %s", name, opened.Why, opened.Priority)
		}
	}
}

func TestStopAndStartWords(t *testing.T) {
	stopped := ann()
	stopped.Suppressed = map[channels.Channel]string{channels.SMS: "opted_out"}
	for name, c := range map[string]struct {
		text     string
		customer *customers.Customer
		event    string
		releases bool
		opens    bool
	}{
		"stop":                {"STOP", ann(), "sms unsubscribed", false, false},
		"start":               {"Start", stopped, "sms resubscribed", true, false},
		"yes after a stop":    {"YES", stopped, "sms resubscribed", true, false},
		"yes without a stop":  {"YES", ann(), "sms replied", false, true},
		"help":                {"HELP", ann(), "sms replied", false, false},
		"help after a stop":   {"HELP", stopped, "sms replied", false, true},
		"words":               {"where is my parcel?", ann(), "sms replied", false, true},
		"nothing but a smile": {"🙂 👍🏽!", ann(), "sms replied", false, false},
		"nothing but a frown": {"👎", ann(), "sms replied", false, true},
		"a number":            {"9", ann(), "sms replied", false, true},
		"nothing":             {" \n", ann(), "sms replied", false, false},
	} {
		r := report(channels.ReportReplied)
		r.Text, r.From = c.text, c.customer.Phone
		got := ruleShop().Interpret(surveyCampaign(CSAT5), r, sent("1", 0, channels.SMS, deliveries.Delivered), c.customer, noon)
		if got.Event.Name != c.event || (got.Release != nil) != c.releases || (got.Case != nil) != c.opens {
			t.Errorf("%s: event %q, release %+v, case %+v", name, got.Event.Name, got.Release, got.Case)
		}
		if c.opens && (got.Case.Why != "reply" || got.Case.Note != c.text || got.Case.Title != "Reply to After delivery") {
			t.Errorf("%s: case %+v", name, got.Case)
		}
	}
}

func TestAnswersLandOnTheAsk(t *testing.T) {
	two, nine := 2.0, 9.0
	for name, c := range map[string]struct {
		scale  Scale
		report channels.Report
		answer *Answer
		opens  string
	}{
		"a key":              {CSAT5, channels.Report{Kind: channels.ReportAnswered, Channel: channels.Call, Answer: "2"}, &Answer{Scale: CSAT5, Score: &two}, "low_score"},
		"the ask by name":    {CSAT5, channels.Report{Kind: channels.ReportAnswered, Question: "csat", Answer: "2"}, &Answer{Scale: CSAT5, Score: &two}, "low_score"},
		"a form":             {NPS, channels.Report{Kind: channels.ReportAnswered, Answer: "9", Text: "nice"}, &Answer{Scale: NPS, Score: &nine, Text: "nice"}, ""},
		"a reply":            {NPS, channels.Report{Kind: channels.ReportReplied, Text: "۹"}, &Answer{Scale: NPS, Score: &nine}, ""},
		"a link":             {NPS, channels.Report{Kind: channels.ReportClicked, Link: "https://x.example", Answer: "9"}, &Answer{Scale: NPS, Score: &nine}, ""},
		"a plain click":      {NPS, channels.Report{Kind: channels.ReportClicked, Link: "https://x.example"}, nil, ""},
		"picked up":          {CSAT5, channels.Report{Kind: channels.ReportAnswered, Channel: channels.Call}, nil, ""},
		"out of range":       {CSAT5, channels.Report{Kind: channels.ReportReplied, Text: "7"}, nil, "reply"},
		"a key out of range": {CSAT5, channels.Report{Kind: channels.ReportAnswered, Answer: "9"}, nil, ""},
		"words instead":      {CSAT5, channels.Report{Kind: channels.ReportReplied, Text: "it never came"}, nil, "reply"},
		"another question":   {CSAT5, channels.Report{Kind: channels.ReportAnswered, Question: "comment", Text: "https://rec.example/1"}, &Answer{Ask: "comment", Scale: Text, Text: "https://rec.example/1"}, ""},
		"another key":        {CSAT5, channels.Report{Kind: channels.ReportAnswered, Question: "again", Answer: "2"}, &Answer{Ask: "again", Scale: Text, Score: &two, Text: "2"}, ""},
	} {
		r := c.report
		if r.At = noon; r.Channel == "" {
			r.Channel = channels.SMS
		}
		got := interpret(surveyCampaign(c.scale), r, sent("0", 0, r.Channel, deliveries.Sent))
		if want := c.answer; want != nil {
			want.Entry, want.Customer, want.Delivery, want.Channel, want.At = 7, "c1", 100, r.Channel, noon
			if want.Ask == "" {
				want.Ask = "csat"
			}
		}
		if diff := cmp.Diff(c.answer, got.Answer); diff != "" {
			t.Errorf("%s: answer (-want +got):\n%s", name, diff)
		}
		opened := ""
		if got.Case != nil {
			opened = got.Case.Why
		}
		if opened != c.opens {
			t.Errorf("%s: opens %q, want %q", name, opened, c.opens)
		}
		if got.Answer != nil && (got.Progress == nil || got.Progress.Status != deliveries.Answered) {
			t.Errorf("%s: an answer moves the delivery to %+v", name, got.Progress)
		}
	}
}

// Words answer a message that asks nothing; where something is asked they answer it
// only as far as they are understood.
func TestAReplyAnswersWhatAsksNothing(t *testing.T) {
	claimed, attached := reply("Do you send it to Austria?", ""), reply("", "", "photo.jpg (20 KB)")
	claimed.Letter.Proven = false
	for name, c := range map[string]struct {
		report channels.Report
		step   string
		want   bool
	}{
		"a text":                      {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Text: "what does it cost?"}, "1", true},
		"a letter":                    {reply("Do you send it to Austria?", ""), "1", true},
		"a smile":                     {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Text: "👍"}, "1", true},
		"an empty text":               {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Text: " \n"}, "1", false},
		"an empty letter":             {reply(" \r\n", ""), "1", false},
		"a picture":                   {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Media: []string{"https://media.example/1"}}, "1", true},
		"an empty letter with a file": {attached, "1", true},
		"anybody's letter":            {claimed, "1", false},
		"help":                        {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Text: "HELP"}, "1", false},
		"no more calls":               {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Text: "do not call me"}, "1", false},
		"a machine":                   {channels.Report{Channel: channels.Email, Kind: channels.ReportAutoReplied, Text: "I am away", Letter: &channels.Letter{Proven: true}}, "1", false},
		"words for a score":           {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Text: "it never came"}, "0", false},
		"a step nobody knows":         {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Text: "hello?"}, "9", false},
	} {
		c.report.At, c.report.ProviderID = noon, "IN1"
		d := sent(c.step, 0, c.report.Channel, deliveries.Delivered)
		got := interpret(surveyCampaign(CSAT5), c.report, d)
		if answered := got.Progress != nil && got.Progress.Status == deliveries.Answered; answered != c.want || answered && got.Progress.ProviderID != d.ProviderID {
			t.Errorf("%s: the delivery moves to %+v", name, got.Progress)
		}
	}
}

func TestALowScoreOpensTheCaseOfTheAsk(t *testing.T) {
	r := report(channels.ReportReplied)
	r.Text = "1, it came late"
	got := interpret(surveyCampaign(CSAT5), r, sent("0", 0, channels.SMS, deliveries.Sent)).Case
	want := &customers.Case{
		Customer: "c1", Campaign: "after-delivery", Entry: 7, Queue: "recovery", Priority: "high", Why: "low_score",
		Title: "Score 1 from After delivery", Note: "1, it came late", OpenedAt: noon.Add(time.Hour), DueAt: noon.Add(5 * time.Hour),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("case (-want +got):\n%s", diff)
	}
	r.Text = "3"
	if got := interpret(surveyCampaign(CSAT5), r, sent("0", 0, channels.SMS, deliveries.Sent)).Case; got != nil {
		t.Errorf("a score above the threshold opens %+v", got)
	}
}

// Whoever is unhappy in words waits no longer than whoever is in numbers. Where the
// question has a case of its own, its place and time are theirs; its title and note
// speak of a score.
func TestWordsAreAnsweredInTime(t *testing.T) {
	ofAsk, unscored := surveyCampaign(CSAT5), surveyCampaign(Choice)
	ask := ofAsk.Steps[0].Send.Ask
	ask.Case = CaseRule{Queue: "recovery", Priority: "urgent", Due: time.Hour, Title: "Score {{ answers.csat.score }}", Note: "Call them."}
	unscored.Steps[0].Send.Ask.Threshold = nil
	angry := channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Text: "A disgrace, I call my lawyer", At: noon}
	spam := channels.Report{Channel: channels.Email, Kind: channels.ReportComplained, At: noon}
	disowned := channels.Report{Channel: channels.Email, Kind: channels.ReportDisowned, From: "ann@old.example", At: noon}
	for name, c := range map[string]struct {
		campaign *Campaign
		step     string
		report   channels.Report
		queue    string
		priority customers.Priority
		due      time.Duration // of the rule
		usual    time.Duration // where nothing says when
	}{
		"words on a question":           {ofAsk, "0", angry, "recovery", customers.Urgent, time.Hour, 0},
		"on one that scores nothing":    {unscored, "0", angry, "support", customers.Normal, 0, 4 * time.Hour},
		"words on a message":            {ofAsk, "1", angry, "support", customers.Normal, 0, 4 * time.Hour},
		"words that answer nothing":     {nil, "", angry, "support", customers.Normal, 0, 4 * time.Hour},
		"a complaint about spam":        {ofAsk, "1", spam, "support", customers.High, 0, 4 * time.Hour},
		"a message that was not theirs": {ofAsk, "1", disowned, "support", customers.High, 0, 4 * time.Hour},
	} {
		got := interpret(c.campaign, c.report, sent(c.step, 0, c.report.Channel, deliveries.Delivered)).Case
		if got == nil || got.Queue != c.queue || got.Priority != c.priority {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		for of, due := range map[time.Time]time.Duration{got.DueAt: c.due, got.UsualDueAt: c.usual} {
			if due == 0 && !of.IsZero() || due != 0 && !of.Equal(got.OpenedAt.Add(due)) {
				t.Errorf("%s: due %s, usually %s", name, got.DueAt, got.UsualDueAt)
			}
		}
		if strings.HasPrefix(got.Title, "Score") || got.Note == "Call them." {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAScriptThatDoesNotNameTheAskAsksItFirst(t *testing.T) {
	d := sent("0", 0, channels.Call, deliveries.Sent)
	d.Content = &channels.Content{Call: &channels.CallScript{Questions: []channels.CallQuestion{
		{ID: "q1", Expect: channels.ExpectDigits, Low: 1, High: 5}, {ID: "q2", Expect: channels.ExpectDigits, Low: 1, High: 5},
	}}}
	r := channels.Report{Channel: channels.Call, Kind: channels.ReportAnswered, Question: "q1", Answer: "5", At: noon}
	if got := interpret(surveyCampaign(CSAT5), r, d).Answer; got == nil || got.Ask != "csat" {
		t.Errorf("the first question answers %+v", got)
	}
	r.Question = "q2"
	if got := interpret(surveyCampaign(CSAT5), r, d).Answer; got == nil || got.Ask != "q2" {
		t.Errorf("the second question answers %+v", got)
	}
}

func TestAComplaintOpensACase(t *testing.T) {
	r := channels.Report{Channel: channels.Email, Kind: channels.ReportComplained}
	got := interpret(surveyCampaign(CSAT5), r, sent("1", 0, channels.Email, deliveries.Delivered))
	if got.Case == nil || got.Case.Why != "complaint" || got.Case.Title != "Complaint about After delivery" || got.Case.Priority != customers.High {
		t.Errorf("case %+v", got.Case)
	}
	if !got.Event.At.Equal(noon.Add(time.Hour)) {
		t.Errorf("a report without a time happened at %s, want now", got.Event.At)
	}
}

func TestAForgottenBrowserIsRemoved(t *testing.T) {
	r := channels.Report{Channel: channels.Push, Kind: channels.ReportFailed, Reason: channels.ReasonGone, Suppress: true}
	got := interpret(surveyCampaign(CSAT5), r, sent("1", 0, channels.Push, deliveries.Sent))
	if got.GoneEndpoint != "https://push.example/1" || got.Suppression != nil {
		t.Errorf("%+v", got)
	}
}

// Words about calls stop calls, by whichever channel they come, and words about texts
// texts. The channel they come by goes on, unless it is the one they are about.
func TestAWishIsAboutTheChannelItNames(t *testing.T) {
	const number = "+4915112345678"
	letter := func(text, subject string, proven bool, attachments ...string) channels.Report {
		r := reply(text, subject, attachments...)
		r.Letter.Proven = proven
		return r
	}
	text := channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, From: number, At: noon}
	says := func(words string) channels.Report {
		r := text
		r.Text = words
		return r
	}
	picture := says("Do not call me")
	picture.Media = []string{"https://api.twilio.com/ME0"}
	numberless := ann()
	numberless.Phone = ""
	mailless := ann()
	mailless.Email = ""
	const blocked = "; their number is blocked for them."
	for name, c := range map[string]struct {
		report channels.Report
		who    *customers.Customer
		stops  channels.Channel // "" blocks nothing
		event  string
		answer string // what answers by itself
		note   string // of a case; "" opens none
	}{
		"calls, by text":         {says("Do not call me!"), ann(), channels.Call, "sms replied", deliveries.NoCalls, ""},
		"calls, with a picture":  {picture, ann(), channels.Call, "sms replied", deliveries.NoCalls, "Do not call me (with a file)\nThey want no more calls" + blocked},
		"calls, by mail":         {letter("Stop calling me!", "Re: x", true), ann(), channels.Call, "email replied", "", ""},
		"calls, by its subject":  {letter("", "Rufen Sie mich nicht mehr an", true), ann(), channels.Call, "email replied", "", ""},
		"calls, by anybody":      {letter("Stop calling me!", "", false), ann(), channels.Call, "email replied", "", "Stop calling me!\nThey want no more calls" + blocked + " Nothing but the letter says whom it is from."},
		"calls, and a file":      {letter("no more calls", "", true, "log.txt (1 KB)"), ann(), channels.Call, "email replied", "", "no more calls\n[log.txt (1 KB)]\nThey want no more calls" + blocked},
		"calls, without number":  {letter("Stop calling me!", "", true), numberless, "", "email replied", "", "Stop calling me!\nThey want no more calls, and we know no number of theirs: find out which it is."},
		"mails, by mail":         {letter("Please unsubscribe me, stop emailing me.", "", true), ann(), channels.Email, "email unsubscribed", "", ""},
		"mails, by text":         {says("stop emailing me"), ann(), channels.Email, "sms replied", "", ""},
		"mails, without mailbox": {says("keine E-Mails mehr"), mailless, "", "sms replied", "", "keine E-Mails mehr\nThey want no more e-mails, and we know no mailbox of theirs: find out which it is."},
		"politely, of a text":    {says("Stop bitte"), ann(), channels.SMS, "sms unsubscribed", deliveries.Stopped, ""},
		"writing, by text":       {says("не пишите мне больше"), ann(), channels.SMS, "sms unsubscribed", deliveries.Stopped, ""},
		"writing, by mail":       {letter("не пишите мне больше", "", true), ann(), channels.Email, "email unsubscribed", "", ""},
		"above a name":           {letter("Unsubscribe\n\nJohn", "", true), ann(), channels.Email, "email unsubscribed", "", ""},
		"texts, by mail":         {letter("no more texts", "", true), ann(), channels.SMS, "email replied", "", ""},
		"texts, by text":         {says("Stop texting me"), ann(), channels.SMS, "sms unsubscribed", deliveries.Stopped, ""},
		"everything of a text":   {says("stop"), ann(), channels.SMS, "sms unsubscribed", deliveries.Stopped, ""},
		"everything of a letter": {letter("stop", "", true), ann(), channels.Email, "email unsubscribed", "", ""},
	} {
		got := ruleShop().Interpret(surveyCampaign(Text), c.report, sent("0", 0, c.report.Channel, deliveries.Delivered), c.who, noon)
		switch s := got.Suppression; {
		case (s != nil) != (c.stops != ""):
			t.Errorf("%s: suppression %+v", name, s)
		case s != nil && (s.Channel != c.stops || s.Address != c.who.Address(c.stops) || s.Reason != channels.ReasonOptedOut):
			t.Errorf("%s: suppression %+v", name, s)
		}
		if got.Event.Name != c.event || got.Answer != nil {
			t.Errorf("%s: %s, answer %+v", name, got.Event.Name, got.Answer)
		}
		if own := c.stops == c.report.Channel; !own && (got.Progress != nil || c.stops != "" && got.Event.Properties["stops"] != string(c.stops)) {
			t.Errorf("%s: progress %+v, line %v", name, got.Progress, got.Event.Properties)
		}
		if (got.Reply != nil) != (c.answer != "") || got.Reply != nil && got.Reply.Template != c.answer {
			t.Errorf("%s: answered by %+v", name, got.Reply)
		}
		if (got.Case != nil) != (c.note != "") || got.Case != nil && (got.Case.Note != c.note || got.Case.Why != customers.WhyReply) {
			t.Errorf("%s: case %+v", name, got.Case)
		}
		if !Binding(c.report, deliveries.Delivery{}) {
			t.Errorf("%s: waits for a campaign that cannot be read", name)
		}
	}
}

// Nobody is told twice that they are not called, and nobody who wants no texts by text.
func TestNoCallsAreConfirmedOnceAndToWhomItMayBe(t *testing.T) {
	r := channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, From: "+4915112345678", Text: "do not call me", At: noon}
	for _, ch := range []channels.Channel{channels.Call, channels.SMS} {
		who := ann()
		who.Suppressed = map[channels.Channel]string{ch: channels.ReasonOptedOut}
		got := ruleShop().Interpret(nil, r, deliveries.Delivery{}, who, noon)
		if got.Reply != nil || got.Suppression == nil || got.Suppression.Channel != channels.Call {
			t.Errorf("out of %s: reply %+v, suppression %+v", ch, got.Reply, got.Suppression)
		}
	}
}

// What a stranger says of calls is done with where their number is known, and is for
// a person to read where it is not.
func TestAStrangersWishIsSettledByTheirNumber(t *testing.T) {
	for _, c := range []struct {
		report  channels.Report
		settled bool
	}{
		{channels.Report{Channel: channels.SMS, Text: "STOP"}, true},
		{channels.Report{Channel: channels.SMS, Text: "START"}, true},
		{channels.Report{Channel: channels.SMS, Text: "Do not call me"}, true},
		{channels.Report{Channel: channels.SMS, Text: "stop texting me"}, true},
		{channels.Report{Channel: channels.SMS, Text: "don't write to me"}, true},
		{channels.Report{Channel: channels.SMS, Text: "no more emails"}, false},
		{channels.Report{Channel: channels.SMS, Text: "HELP"}, false},
		{reply("no more emails", ""), true},
		{reply("STOP", ""), true},
		{reply("", "STOP"), true},
		{reply("Stop calling me!", ""), false},
		{reply("", "stop texting me"), false},
		{reply("Hello?", ""), false},
	} {
		if got := OnlyAWish(c.report); got != c.settled {
			t.Errorf("%s %q: settled %v", c.report.Channel, c.report.Text, got)
		}
	}
	r := channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, From: "+4915112340002", Text: "Do not call me", At: noon}
	got := ruleShop().Interpret(nil, r, deliveries.Delivery{}, nil, noon).Suppression
	if got == nil || got.Channel != channels.Call || got.Address != r.From {
		t.Errorf("a stranger's text: %+v", got)
	}
}

func TestATextOutOfTheBlue(t *testing.T) {
	r := channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, From: "+4915112345678", Text: "are you open?", Key: "SM9", At: noon}
	got := ruleShop().Interpret(nil, r, deliveries.Delivery{}, ann(), noon)
	if got.Progress != nil || got.Answer != nil || got.Event.Customer != "c1" || got.Event.ProviderKey != "sms:SM9" {
		t.Errorf("%+v", got)
	}
	if got.Case == nil || got.Case.Title != "Reply to us" || got.Case.Queue != "support" || got.Case.Customer != "c1" {
		t.Errorf("case %+v", got.Case)
	}
	r.Text = "stop"
	got = ruleShop().Interpret(nil, r, deliveries.Delivery{}, nil, noon)
	want := &customers.Suppression{Channel: channels.SMS, Address: "+4915112345678", Reason: "opted_out", At: noon}
	if diff := cmp.Diff(want, got.Suppression, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("suppression (-want +got):\n%s", diff)
	}
}
