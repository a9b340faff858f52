package campaigns

import (
	"cmp"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/templates"
)

// reply is a letter of ann's in answer to a message of ours.
func reply(text, subject string, attachments ...string) channels.Report {
	return channels.Report{
		Channel: channels.Email, Kind: channels.ReportReplied, From: "ann@shop.example", Text: text, At: noon,
		Letter: &channels.Letter{Subject: subject, Attachments: attachments, Proven: true},
	}
}

func TestALetterIsHeardLikeAnyReply(t *testing.T) {
	four, two := 4.0, 2.0
	for name, c := range map[string]struct {
		report channels.Report
		score  *float64
		opens  string
		note   string
		event  string
	}{
		"a number":            {reply("4", "Re: x"), &four, "", "", "email replied"},
		"a word":              {reply("четыре", "Re: x"), &four, "", "", "email replied"},
		"a number and a name": {reply("2\n\nBest regards\nAnn", "Re: x"), &two, "low_score", "2\n\nBest regards\nAnn", "email replied"},
		"words":               {reply("It never came", "Re: x"), nil, "reply", "It never came", "email replied"},
		"a picture":           {reply("", "Re: x", "box.jpg (3 KB)"), nil, "reply", "[box.jpg (3 KB)]", "email replied"},
		"a word and a file":   {reply("broken", "Re: x", "box.jpg (3 KB)"), nil, "reply", "broken\n[box.jpg (3 KB)]", "email replied"},
		"nothing":             {reply("", "Re: x"), nil, "", "", "email replied"},
		"a dot":               {reply(".", "Re: x"), nil, "", "", "email replied"},
		"stars":               {reply("⭐⭐⭐⭐", "Re: x"), &four, "", "", "email replied"},
		"few of five stars":   {reply("★★☆☆☆", "Re: x"), &two, "low_score", "★★☆☆☆", "email replied"},
		"stars and words":     {reply("⭐️⭐️ late", "Re: x"), &two, "low_score", "⭐️⭐️ late", "email replied"},
		"six stars":           {reply("⭐⭐⭐⭐⭐⭐", "Re: x"), nil, "", "", "email replied"},
		"good but angry":      {reply("4 😡", "Re: x"), &four, "reply", "4 😡", "email replied"},
		"good and a thumb":    {reply("4 👎🏽", "Re: x"), &four, "reply", "4 👎🏽", "email replied"},
		"good and sad":        {reply("4 :(", "Re: x"), &four, "reply", "4 :(", "email replied"},
		"good and glad":       {reply("4 :)", "Re: x"), &four, "", "", "email replied"},
		"bad and angry":       {reply("2 😡", "Re: x"), &two, "low_score", "2 😡", "email replied"},
		"a day":               {reply("4. Dezember 2026 wäre besser", "Re: x"), nil, "reply", "4. Dezember 2026 wäre besser", "email replied"},
		"stop":                {reply("Unsubscribe", "Re: x"), nil, "", "", "email unsubscribed"},
		"a subject alone":     {reply("", "STOP"), nil, "", "", "email unsubscribed"},
		"as an answer":        {reply("", "AW: RE: Unsubscribe"), nil, "", "", "email unsubscribed"},
		"a call for help":     {reply("Help!", "Re: x"), nil, "reply", "Help!", "email replied"},
		"a subject with more": {reply("my order A1 please", "cancel"), nil, "reply", "cancel\nmy order A1 please", "email replied"},
	} {
		got := interpret(surveyCampaign(CSAT5), c.report, sent("0", 0, channels.Email, deliveries.Delivered))
		switch {
		case got.Event.Name != c.event:
			t.Errorf("%s: %s", name, got.Event.Name)
		case (got.Answer != nil) != (c.score != nil) || got.Answer != nil && *got.Answer.Score != *c.score:
			t.Errorf("%s: answer %+v", name, got.Answer)
		case (got.Case != nil) != (c.opens != "") || got.Case != nil && (got.Case.Why != c.opens || got.Case.Note != c.note):
			t.Errorf("%s: case %+v", name, got.Case)
		case (got.Suppression != nil) != (c.event == "email unsubscribed"):
			t.Errorf("%s: suppression %+v", name, got.Suppression)
		}
	}
}

func TestDotsSayNothing(t *testing.T) {
	asks := map[string]*Campaign{"words": surveyCampaign(Text), "a score": surveyCampaign(CSAT5), "nothing": ruleCampaign(smsStep("hello"))}
	for name, campaign := range asks {
		for _, text := range []string{".", "...", "…", " - "} {
			got := interpret(campaign, reply(text, "Re: x"), sent("0", 0, channels.Email, deliveries.Delivered))
			if got.Answer != nil || got.Case != nil || got.Progress != nil {
				t.Errorf("%q where %s is asked: %+v", text, name, got)
			}
		}
		if got := interpret(campaign, reply("?", "Re: x"), sent("0", 0, channels.Email, deliveries.Delivered)); got.Case == nil {
			t.Errorf("a question mark where %s is asked: %+v", name, got)
		}
	}
}

// What stands in or below another letter that is not quoted may be either's: a
// person reads it, and nothing is concluded from it.
func TestWhatMayBeOurOwnLetterIsNobodysWord(t *testing.T) {
	below := func(subject string) channels.Report {
		r := reply("", subject)
		r.Letter.Below = "From: Shop\n\n4\n\nIt never came"
		return r
	}
	for _, scale := range []Scale{CSAT5, Text} {
		got := interpret(surveyCampaign(scale), below("Re: How was it?"), sent("0", 0, channels.Email, deliveries.Delivered))
		if got.Answer != nil || got.Suppression != nil || got.Case == nil || !strings.HasSuffix(got.Case.Note, "It never came") {
			t.Errorf("%s: %+v", scale, got)
		}
		stop := interpret(surveyCampaign(scale), below("STOP"), sent("0", 0, channels.Email, deliveries.Delivered))
		if stop.Suppression == nil || stop.Answer != nil {
			t.Errorf("%s, stop: %+v", scale, stop)
		}
	}
}

// A letter out of the blue may say all in its subject.
func TestASubjectIsReadWhereItIsTheCustomersOwn(t *testing.T) {
	for name, c := range map[string]struct {
		text, subject string
		ours          bool // it answers a message of ours
		note          string
	}{
		"all of it":          {"", "My parcel never arrived, please call", false, "My parcel never arrived, please call"},
		"with a sign":        {"🙏", "My parcel never arrived", false, "My parcel never arrived\n🙏"},
		"for help":           {"", "Hilfe", false, "Hilfe"},
		"none":               {"", " ", false, ""},
		"a smile":            {"", "👍", false, ""},
		"of what it answers": {"", "Re: How was it?", true, ""},
	} {
		c0, d := (*Campaign)(nil), deliveries.Delivery{}
		if c.ours {
			c0, d = surveyCampaign(CSAT5), sent("0", 0, channels.Email, deliveries.Delivered)
		}
		got := interpret(c0, reply(c.text, c.subject), d).Case
		if (got != nil) != (c.note != "") || got != nil && got.Note != c.note {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// wroteCampaign is a survey by mail whose letter has a subject.
func wroteCampaign(t *testing.T, subject string) (*Workspace, *Campaign) {
	t.Helper()
	library, problems := templates.Load(map[string][]byte{
		"templates/email/how.liquid":    []byte("---\nsubject: \"" + subject + "\"\nformat: html\n---\n<p>From 1 to 5? <a href=\"{{ links.unsubscribe }}\">Stop</a></p>"),
		"templates/email/how.de.liquid": []byte("---\nsubject: Wie war es?\nformat: html\n---\n<p>Von 1 bis 5? <a href=\"{{ links.unsubscribe }}\">Stop</a></p>"),
	}, "en")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	w := ruleShop()
	w.Templates = library
	return w, surveyCampaign(CSAT5)
}

// What stands in the place of our own subject is the customer's, whatever their program
// put before it.
func TestASubjectThatIsNotOursIsTheCustomers(t *testing.T) {
	for name, c := range map[string]struct{ ours, text, subject, note string }{
		"ours":                 {"How was it?", "", "Re: How was it?", ""},
		"in another language":  {"How was it?", "", "AW: WG: Wie war es?", ""},
		"without a mark":       {"How was it?", "", "How  was it?", ""},
		"counted":              {"How was it?", "", "Re[2]: how was it?", ""},
		"tagged":               {"How was it?", "", "[EXTERNAL] Re: [EXT] How was it?", ""},
		"with a smile":         {"How was it?", "👍", "Re: How was it?", ""},
		"nothing but a mark":   {"How was it?", "", "Re: ", ""},
		"theirs":               {"How was it?", "", "It never came, call me!", "It never came, call me!"},
		"theirs as an answer":  {"How was it?", "", "RE: It never came", "It never came"},
		"ours with more":       {"How was it?", "", "Re: How was it? Terrible", "How was it? Terrible"},
		"theirs and a smile":   {"How was it?", "🙏", "Re: please call", "please call\n🙏"},
		"beside words":         {"How was it?", "It is broken", "Order A1", "Order A1\nIt is broken"},
		"answered with words":  {"How was it?", "It is broken", "Re: Order A1", "It is broken"},
		"ours with a value":    {"How was order {{ event.order }}?", "", "Re: How was order A-12?", ""},
		"more than a value":    {"How was order {{ event.order }}?", "", "Re: Where is order A-12?", "Where is order A-12?"},
		"ours with a choice":   {"{% if customer.first_name %}{{ customer.first_name }}, how{% else %}How{% endif %} was it?", "", "Re: Ann, how was it?", ""},
		"theirs with a choice": {"{% if customer.first_name %}{{ customer.first_name }}, how{% else %}How{% endif %} was it?", "", "Re: It was bad", "It was bad"},
		"nothing but a value":  {"{{ event.title | default: 'x' }}", "", "Re: whatever", ""},
		"a wish, maybe":        {"{{ event.title | default: 'x' }}", "", "Re: please unsubscribe me", "please unsubscribe me"},
		"a wish below words":   {"{{ event.title | default: 'x' }}", "It is broken", "Re: please unsubscribe me", "It is broken"},
		"a wish that is ours":  {"No more e-mails?", "", "Re: No more e-mails?", ""},
	} {
		w, campaign := wroteCampaign(t, c.ours)
		d := sent("0", 0, channels.Email, deliveries.Delivered)
		d.Template = "how"
		got := w.Interpret(campaign, reply(c.text, c.subject), d, ann(), noon).Case
		if (got != nil) != (c.note != "") || got != nil && got.Note != c.note {
			t.Errorf("%s: %+v, want %q", name, got, c.note)
		}
	}
}

// A title of ours that sounds like an opt-out is nobody's word: whoever answers with a
// picture, with nothing or by a machine goes on having mail.
func TestATitleOfOursUnsubscribesNobody(t *testing.T) {
	for _, c := range []struct {
		ours, subject string // "" is a letter that cannot be compared
		stops         channels.Channel
	}{
		{"No more e-mails?", "Re: No more e-mails?", ""},
		{"No more e-mails?", "No more e-mails?", ""},
		{"Basta!", "[EXTERNAL] AW: Re: Basta!", ""},
		{"Stop", "Re: Stop", ""},
		{"Stop calling us?", "Re: Stop calling us?", ""},
		{"Basta!", "Re: No more e-mails", channels.Email},
		{"No more e-mails?", "Re: Basta", channels.Email},
		{"No more e-mails?", "Unsubscribe me", channels.Email},
		{"No more e-mails?", "Re: stop calling me", channels.Call},
		{"{{ event.title | default: 'x' }}", "Re: Unsubscribe", channels.Email},
		{"{{ event.title | default: 'x' }}", "Re: Basta!", ""},
		{"", "Re: STOP!", channels.Email},
		{"", "Re: Отписаться", channels.Email},
		{"", "Re: Basta!", ""},
		{"", "Re: Cancel", ""},
		{"", "Re: No more e-mails?", ""},
		{"", "No more e-mails", channels.Email},
	} {
		w, campaign := wroteCampaign(t, cmp.Or(c.ours, "x"))
		d := sent("0", 0, channels.Email, deliveries.Delivered)
		if c.ours != "" {
			d.Template = "how"
		}
		for _, kind := range []channels.ReportKind{channels.ReportReplied, channels.ReportAutoReplied} {
			stops := c.stops
			if kind == channels.ReportAutoReplied && stops != channels.Email {
				stops = ""
			}
			r := reply("", c.subject)
			r.Kind = kind
			got := w.Interpret(campaign, r, d, ann(), noon)
			if (got.Suppression != nil) != (stops != "") || stops != "" && got.Suppression.Channel != stops {
				t.Errorf("%q, %s %q: %+v", c.ours, kind, c.subject, got.Suppression)
			}
		}
		photo := w.Interpret(campaign, reply("", c.subject, "box.jpg (3 KB)"), d, ann(), noon)
		if (photo.Suppression != nil) != (c.stops != "") {
			t.Errorf("%q, a picture as %q: %+v", c.ours, c.subject, photo.Suppression)
		}
	}
}

// Where our message cannot be read, the subject of an answer to it counts in one word
// that is nothing but an opt-out; what asks for less waits until it can.
func TestTheSubjectOfAnAnswerBindsInOneStrongWord(t *testing.T) {
	d := sent("0", 0, channels.Email, deliveries.Delivered)
	for subject, binds := range map[string]bool{
		"Re: STOP": true, "AW: RE: Unsubscribe": true, "Re: abmelden!": true, "STOP": true, "no more e-mails": true, "Basta": true,
		"Re: Basta!": false, "Re: No more e-mails?": false, "Re: cancel": false, "Re: unsubscribe me": false, "Re: start": false, "Re: ": false,
	} {
		for _, kind := range []channels.ReportKind{channels.ReportReplied, channels.ReportAutoReplied} {
			r := reply("", subject)
			r.Kind = kind
			if got := Binding(r, d); got != binds {
				t.Errorf("%s %q binds: %t", kind, subject, got)
			}
		}
	}
}

// What an agent wrote has a subject of its own.
func TestTheSubjectOfAnAgentsLetterIsOurs(t *testing.T) {
	d := deliveries.Delivery{ID: 100, Customer: "c1", Channel: channels.Email, Template: deliveries.Reply, Content: &channels.Content{Email: &channels.EmailContent{Subject: "Re: Your order"}}}
	d.Content.Email.Subject = "No more calls?"
	if got := interpret(nil, reply("", "Re: No more calls?"), d); got.Suppression != nil {
		t.Errorf("a subject of an agent's stops: %+v", got.Suppression)
	}
	d.Content.Email.Subject = "Re: Your order"
	for subject, note := range map[string]string{"RE: Your order": "", "Your order": "", "Re: still broken": "still broken"} {
		got := interpret(nil, reply("", subject), d).Case
		if (got != nil) != (note != "") || got != nil && got.Note != note {
			t.Errorf("%s: %+v", subject, got)
		}
	}
}

// Our own subject may look like an absence: it says nothing of who answers it.
func TestOurOwnSubjectMakesNobodyAMachine(t *testing.T) {
	w, campaign := wroteCampaign(t, "On holiday: how was it?")
	d := sent("0", 0, channels.Email, deliveries.Delivered)
	d.Template = "how"
	for _, c := range []struct {
		subject   string
		bySubject bool
		heard     bool
	}{
		{"Re: On holiday: how was it?", true, true},
		{"Re: On holiday: how was it?", false, false},
		{"On holiday: until Monday", true, false},
	} {
		r := reply("4", c.subject)
		r.Kind, r.Letter.BySubject = channels.ReportAutoReplied, c.bySubject
		if got := w.Interpret(campaign, r, d, ann(), noon); (got.Answer != nil) != c.heard {
			t.Errorf("%s, by its subject: %t: %+v", c.subject, c.bySubject, got)
		}
	}
}

// HELP is answered by itself by text only, and once a day: by mail, on the page of a
// survey, or when it is said once more, a person reads it.
func TestHelpIsReadWhereNothingAnswersIt(t *testing.T) {
	for name, c := range map[string]struct {
		report channels.Report
		opens  bool
	}{
		"a text":           {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, From: "+4915112345678"}, false},
		"of another phone": {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, From: "+4915112340009"}, true},
		"answered for us":  {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Answered: true}, false},
		"a letter":         {reply("", ""), true},
		"a page by mail":   {channels.Report{Channel: channels.Email, Kind: channels.ReportAnswered}, true},
		"a page by text":   {channels.Report{Channel: channels.SMS, Kind: channels.ReportAnswered}, true},
		"a word on a call": {channels.Report{Channel: channels.Call, Kind: channels.ReportAnswered}, false},
	} {
		for _, word := range []string{"Help!", "Hilfe", "info"} {
			c.report.Text, c.report.At = word, noon
			means := interpret(surveyCampaign(CSAT5), c.report, sent("0", 0, c.report.Channel, deliveries.Delivered))
			got := means.Case
			if (got != nil) != c.opens || got != nil && got.Note != word {
				t.Errorf("%s says %q: %+v", name, word, got)
			}
			if (means.Unanswered != nil) != (means.Reply != nil) || means.Reply != nil && means.Unanswered.Note != word {
				t.Errorf("%s says %q once more: %+v", name, word, means.Unanswered)
			}
		}
	}
}

// A question that is asked in words is not answered by HELP: the answer may still come.
func TestHelpAnswersNoOpenQuestion(t *testing.T) {
	text := channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, From: "+4915112345678"}
	for name, c := range map[string]struct {
		report        channels.Report
		helped, opens bool
	}{
		"a text":          {text, true, false},
		"answered for us": {channels.Report{Channel: channels.SMS, Kind: channels.ReportReplied, Answered: true}, false, false},
		"a letter":        {reply("", ""), false, true},
		"a page by text":  {channels.Report{Channel: channels.SMS, Kind: channels.ReportAnswered}, false, true},
	} {
		for _, word := range []string{"HELP", "Info.", "Hilfe!", "aide", "Ayuda", "pomoc", "Помощь", "допомога", "yardım", "کمک", "مساعدة", "עזרה", "मदद", "帮助"} {
			c.report.Text, c.report.At = word, noon
			means := interpret(surveyCampaign(Text), c.report, sent("0", 0, c.report.Channel, deliveries.Delivered))
			answered := means.Progress != nil && c.report.Kind == channels.ReportReplied
			if means.Answer != nil || answered || (means.Reply != nil) != c.helped || (means.Case != nil) != c.opens {
				t.Errorf("%s says %q: answer %+v, answered %t, helped %t, case %+v", name, word, means.Answer, answered, means.Reply != nil, means.Case)
			}
		}
	}
	for _, said := range []string{"No help was needed", "start late", "Hilfe kam schnell"} {
		text.Text, text.At = said, noon
		means := interpret(surveyCampaign(Text), text, sent("0", 0, channels.SMS, deliveries.Delivered))
		if means.Answer == nil || means.Answer.Text != said || means.Reply != nil || means.Case == nil {
			t.Errorf("%q: %+v", said, means)
		}
	}
	// What is to be chosen by its name is chosen.
	named := surveyCampaign(Choice)
	named.StepAt("0").Send.Ask.Choices = []string{"info", "price"}
	text.Text = "Info"
	if got := interpret(named, text, sent("0", 0, channels.SMS, deliveries.Delivered)).Answer; got == nil || got.Choice != "info" {
		t.Errorf("a choice named info: %+v", got)
	}
}

func TestAMachinesReplyAnswersNothing(t *testing.T) {
	r := reply("5", "Automatic reply")
	r.Kind = channels.ReportAutoReplied
	got := interpret(surveyCampaign(CSAT5), r, sent("0", 0, channels.Email, deliveries.Delivered))
	if got.Answer != nil || got.Case != nil || got.Progress != nil || got.Event.Name != "email auto_replied" {
		t.Errorf("%+v", got)
	}
}

// STOP counts whoever looks like a machine, and nobody answers it.
func TestAStopIsHeardInWhatLooksAutomatic(t *testing.T) {
	d := sent("0", 0, channels.Email, deliveries.Delivered)
	for text, stops := range map[string]bool{"STOP": true, "Unsubscribe": true, "stop calling me": false, "start": false, "I am away, stop": false} {
		r := reply(text, "Re: x")
		r.Kind = channels.ReportAutoReplied
		got := interpret(surveyCampaign(CSAT5), r, d)
		if (got.Suppression != nil) != stops || got.Release != nil || got.Reply != nil || got.Case != nil || Binding(r, d) != stops {
			t.Errorf("%s: %+v, binding %t", text, got, Binding(r, d))
		}
	}
}

// Anybody can write a letter in anybody's name: it may stop mail to its customer,
// and nothing else.
func TestALetterSpeaksOfItsCustomerOnly(t *testing.T) {
	d := sent("1", 0, channels.Email, deliveries.Delivered)
	stop := reply("stop", "")
	stop.From = "victim@elsewhere.example"
	if got := interpret(surveyCampaign(CSAT5), stop, d).Suppression; got == nil || got.Address != "ann@shop.example" {
		t.Errorf("a stop from elsewhere: %+v", got)
	}
	failure := channels.Report{Channel: channels.Email, Kind: channels.ReportBounced, Reason: channels.BounceHard, Suppress: true, Letter: &channels.Letter{Proven: true}, At: noon}
	for names, address := range map[string]string{"": "ann@shop.example", "Ann@Shop.example": "ann@shop.example", "victim@elsewhere.example": ""} {
		failure.From = names
		got := interpret(surveyCampaign(CSAT5), failure, d)
		if (got.Suppression != nil) != (address != "") || got.Suppression != nil && got.Suppression.Address != address {
			t.Errorf("a failure of %q: %+v", names, got.Suppression)
		}
		if got.Progress == nil || got.Progress.Status != deliveries.Bounced {
			t.Errorf("a failure of %q leaves the message at %+v", names, got.Progress)
		}
	}
	stopped := ann()
	stopped.Suppressed = map[channels.Channel]string{channels.Email: channels.ReasonOptedOut}
	for _, proven := range []bool{true, false} {
		start := reply("start", "")
		start.Letter.Proven = proven
		got := ruleShop().Interpret(surveyCampaign(CSAT5), start, d, stopped, noon)
		if (got.Release != nil) != proven || (got.Event.Properties["claimed"] == true) == proven {
			t.Errorf("a start that is proven %v: %+v, %v", proven, got.Release, got.Event.Properties)
		}
	}
}

func TestMailToStopIsAboutTheTopic(t *testing.T) {
	r := channels.Report{Channel: channels.Email, Kind: channels.ReportUnsubscribed, Letter: &channels.Letter{Proven: true}, At: noon}
	got := interpret(surveyCampaign(CSAT5), r, sent("1", 0, channels.Email, deliveries.Delivered))
	if got.Suppression != nil || len(got.Consents) != 1 || got.Consents[0].In || got.Consents[0].Source != "email" {
		t.Errorf("%+v", got)
	}
}

func TestSoftBouncesAreTrialsAndBlocksAreNone(t *testing.T) {
	d := sent("1", 0, channels.Email, deliveries.Sent)
	for _, c := range []struct {
		kind   channels.ReportKind
		reason string
		trial  bool
		taken  bool
	}{
		{channels.ReportBounced, channels.BounceSoft, true, false},
		{channels.ReportBounced, channels.BounceBlocked, false, false},
		{channels.ReportBounced, channels.BounceHard, false, false},
		{channels.ReportDelivered, "", true, true},
		{channels.ReportOpened, "", true, true},
		{channels.ReportClicked, "", true, true},
		{channels.ReportDeferred, "", false, false},
	} {
		got := interpret(surveyCampaign(CSAT5), channels.Report{Channel: channels.Email, Kind: c.kind, Reason: c.reason, At: noon}, d)
		if (got.Trial != nil) != c.trial || c.trial && (got.Trial.Taken != c.taken || got.Trial.Address != "ann@shop.example" || got.Trial.Message != "100") {
			t.Errorf("%s %s: %+v", c.kind, c.reason, got.Trial)
		}
		if c.reason == channels.BounceBlocked && got.Suppression != nil {
			t.Errorf("a block suppresses: %+v", got.Suppression)
		}
	}
}
