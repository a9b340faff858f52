package campaigns

import (
	"strings"
	"testing"

	"rapport/channels"
	"rapport/deliveries"
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
		"stop":                {reply("Unsubscribe", "Re: x"), nil, "", "", "email unsubscribed"},
		"a subject alone":     {reply("", "STOP"), nil, "", "", "email unsubscribed"},
		"a call for help":     {reply("Help!", "Re: x"), nil, "reply", "Help!", "email replied"},
		"a subject with more": {reply("my order A1 please", "cancel"), nil, "reply", "my order A1 please", "email replied"},
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
		if means.Answer == nil || means.Answer.Text != said || means.Reply != nil || means.Case != nil {
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
