package workers_test

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// replier answers for the shop's agents.
func (s *shop) replier() campaigns.Replier {
	return campaigns.Replier{
		Catalog: s.catalog, Casebook: s.store.Casebook(), Directory: s.store, Timeline: s.store, Letters: s.store.Replies(), Now: s.clock,
	}
}

func (s *shop) openCases() []customers.Case {
	s.t.Helper()
	open, err := s.store.Casebook().Cases(s.ctx(), "", 100)
	ok(s.t, err)
	return open
}

// onlyCase is the one case there is.
func (s *shop) onlyCase() customers.Case {
	s.t.Helper()
	open := s.openCases()
	if len(open) != 1 {
		s.t.Fatalf("there are %d cases, one was meant", len(open))
	}
	return open[0]
}

// texted lists what texts said since place, and where they went and came from.
func (s *shop) texted(place int) (bodies []string, forms []url.Values) {
	s.t.Helper()
	for _, r := range s.provider.requests()[place:] {
		if !strings.HasSuffix(r.URL.Path, "/Messages.json") {
			continue
		}
		fields, err := url.ParseQuery(r.body)
		ok(s.t, err)
		bodies, forms = append(bodies, fields.Get("Body")), append(forms, fields)
	}
	return bodies, forms
}

// writes lets somebody text one of our numbers.
func (s *shop) writes(from, to, text string) {
	s.t.Helper()
	s.events++
	s.receive(textOut.String(), publicURL+textHook,
		form("MessageSid", "IN-W"+time.Duration(s.events).String(), "From", from, "To", to, "Body", text))
}

func TestAnAgentAnswersByText(t *testing.T) {
	s := open(t, files)
	s.writes(phoneOf("ann"), "+493099999999", "Where is my parcel?")
	c := s.onlyCase()
	if c.Why != customers.WhyReply || c.Note != "Where is my parcel?" || !c.Waiting || c.Customer != "ann" {
		t.Fatalf("case %+v", c)
	}
	reply := campaigns.Reply{Case: c.ID, Text: "It comes tomorrow.\nSorry!", Who: "bea", Key: "form-1"}
	for range 2 { // pressed twice
		_, err := s.replier().Reply(s.ctx(), reply)
		ok(t, err)
	}
	s.deliver()
	bodies, forms := s.texted(0)
	if !slices.Equal(bodies, []string{"It comes tomorrow.\nSorry!"}) || forms[0].Get("To") != phoneOf("ann") || forms[0].Get("From") != "+493099999999" {
		t.Fatalf("sent %v", forms)
	}
	d := s.stands(deliveries.Sent, "")
	if d.Case != c.ID || d.Segments != 1 || !d.Direct() || d.Automatic() {
		t.Errorf("delivery %+v", d)
	}
	s.receive(textOut.String(), forms[0].Get("StatusCallback"), form("MessageSid", d.ProviderID, "MessageStatus", "delivered", "To", phoneOf("ann")))
	s.stands(deliveries.Delivered, "")
	if c := s.onlyCase(); c.Waiting || !c.AnsweredAt.Equal(s.clock()) || c.Overdue(s.clock().AddDate(1, 0, 0)) {
		t.Errorf("the clock was not stopped: %+v", c)
	}

	s.later(time.Minute)
	s.reply(phoneOf("ann"), "4") // the answer to the agent, not to a question
	c = s.onlyCase()
	if !c.Waiting || c.Note != "4" {
		t.Errorf("the case does not go on: %+v", c)
	}
	events, err := s.store.Of(s.ctx(), "ann", 100)
	ok(t, err)
	var said []string
	for _, line := range customers.Conversation(events) {
		said = append(said, strings.Join([]string{line.Who, line.Channel, line.Text, line.Status}, "|"))
	}
	want := []string{"|sms|Where is my parcel?|", "bea|sms|It comes tomorrow.\nSorry!|delivered", "|sms|4|"}
	if !slices.Equal(said, want) {
		t.Errorf("said %q", said)
	}
}

func TestAnAgentAnswersByMail(t *testing.T) {
	s := open(t, files)
	ok(t, s.store.Casebook().Open(s.ctx(), []customers.Case{{
		Customer: "ann", Queue: "support", Priority: customers.Normal, Title: "A lost parcel", Why: "complaint", OpenedAt: s.clock(),
	}}))
	_, err := s.replier().Reply(s.ctx(), campaigns.Reply{Case: s.onlyCase().ID, By: channels.Email, Text: "We <found> it.\n\nSee https://shop.example/sale", Who: "bea"})
	ok(t, err)
	s.deliver()
	s.stands(deliveries.Sent, "")
	all := s.provider.requests()
	mail := all[len(all)-1].body
	for _, wanted := range []string{`"subject":"Re: A lost parcel"`, `We &lt;found&gt; it.`, "ann@home.example"} {
		if !strings.Contains(mail, wanted) {
			t.Errorf("%s is not in %s", wanted, mail)
		}
	}
	for _, unwanted := range []string{deliveries.PathClick, deliveries.PathOpen, "List-Unsubscribe"} {
		if strings.Contains(mail, publicURL+unwanted) || strings.Contains(mail, "List-Unsubscribe") {
			t.Errorf("a letter between two people holds %s", unwanted)
		}
	}
}

func TestAReplyByMailStandsBelowTheLetterItAnswers(t *testing.T) {
	s := open(t, files)
	ok(t, s.store.Casebook().Open(s.ctx(), []customers.Case{{
		Customer: "ann", Queue: "support", Priority: customers.Normal, Title: "A letter", Why: customers.WhyReply, OpenedAt: s.clock(),
	}}))
	_, err := s.store.Append(s.ctx(), []customers.Event{{
		Customer: "ann", Name: "email replied", At: s.clock(), ReceivedAt: s.clock(), Key: "letter",
		Properties: map[string]any{"text": "Where is it?", "subject": "My parcel", "message_id": "abc@home.example"},
	}})
	ok(t, err)
	_, err = s.replier().Reply(s.ctx(), campaigns.Reply{Case: s.onlyCase().ID, Text: "Here."}) // by mail, since it came by mail
	ok(t, err)
	s.deliver()
	d := s.stands(deliveries.Sent, "")
	all := s.provider.requests()
	mail := all[len(all)-1].body
	for _, wanted := range []string{`"subject":"Re: My parcel"`, "In-Reply-To", "abc@home.example", s.doors.MessageID(d.ID)} {
		if !strings.Contains(mail, wanted) {
			t.Errorf("%s is not in %s", wanted, mail)
		}
	}
}

// A reply never stands in the thread of another matter.
func TestAReplyByMailStandsBelowNoLetterOfAnotherMatter(t *testing.T) {
	s := openMail(t)
	s.letter("hello@"+mailDomain, "From: ann@home.example\nSubject: Invoice copy please\nMessage-ID: <invoice@home.example>\n\nFor A1.")
	invoice := s.onlyCase().ID
	s.later(time.Minute)
	ok(t, s.store.Casebook().Open(s.ctx(), []customers.Case{{
		Customer: "ann", Queue: "recovery", Priority: customers.High, Title: "Score 1 from Survey", Why: "low_score", OpenedAt: s.clock(),
	}}))
	score := s.openCases()[0].ID
	answers := func(id int64, subject, letter string) deliveries.Delivery {
		t.Helper()
		s.later(time.Minute)
		d, err := s.replier().Reply(s.ctx(), campaigns.Reply{Case: id, Text: "We look into it.", Key: s.clock().String()})
		ok(t, err)
		s.deliver()
		all := s.provider.requests()
		mail := all[len(all)-1].body
		if !strings.Contains(mail, `"subject":"`+subject+`"`) || strings.Contains(mail, "In-Reply-To") != (letter != "") || !strings.Contains(mail, letter) {
			t.Errorf("case %d is not answered as %q below %q: %s", id, subject, letter, mail)
		}
		return d
	}
	d := answers(score, "Re: Score 1 from Survey", "")
	answers(invoice, "Re: Invoice copy please", "invoice@home.example")
	s.letter(s.doors.Box(channels.MailReply, d.ID), "From: ann@home.example\nSubject: Re: Too late\nMessage-ID: <late@home.example>\n\nToo late.")
	answers(invoice, "Re: Invoice copy please", "invoice@home.example")
	answers(score, "Re: Too late", "late@home.example")
}

func TestStopStartAndHelpAreAnsweredOnceADay(t *testing.T) {
	s := open(t, files)
	ann := phoneOf("ann")
	step := func(text string, want ...string) {
		t.Helper()
		before := len(s.provider.requests())
		s.reply(ann, text)
		s.deliver()
		if bodies, _ := s.texted(before); !slices.Equal(bodies, want) {
			t.Errorf("%q is answered by %q, want %q", text, bodies, want)
		}
		s.later(time.Minute)
	}
	const stopped = "Shop: you will get no more text messages from us. Reply START to get them again."
	const help = "Shop. We are here to help: https://shop.example Reply STOP to get no more texts."
	step("Stopp!", stopped)
	step("STOP")
	if got := s.customer("ann").Suppressed[channels.SMS]; got != "opted_out" {
		t.Fatalf("suppressed for %q", got)
	}
	waits := func(words string) {
		t.Helper()
		if c := s.onlyCase(); c.Note != words || !c.Overdue(s.clock().Add(4*time.Hour)) {
			t.Errorf("%q is for a person: %+v", words, c)
		}
	}
	step("HELP") // after a stop nothing leaves but its confirmation
	waits("HELP")
	step("START", "Shop: you will get our text messages again. Reply STOP to stop them.")
	if got := s.customer("ann").Suppressed[channels.SMS]; got != "" {
		t.Fatalf("suppressed for %q", got)
	}
	step("Hilfe", help)
	waits("HELP")
	step("help") // answered today
	waits("help")
	step("stop") // confirmed today
	step("yes")
	s.later(25 * time.Hour)
	step("info?", help)
	step("STOP", stopped)
	waits("help")
}

// Who texts that they want no calls gets none, is told so, and goes on getting texts.
// A START is about texts.
func TestNoCallsByTextStopCalls(t *testing.T) {
	s := open(t, files)
	ann := phoneOf("ann")
	s.reply(ann, "Do not call me!")
	s.deliver()
	if bodies, _ := s.texted(0); !slices.Equal(bodies, []string{"Shop: we will not call you any more. Reply STOP to get no text messages either."}) {
		t.Errorf("answered by %q", bodies)
	}
	s.reply(ann, "START")
	s.plan("ann", "Rang")
	s.plan("ann", "Texted")
	s.deliver()
	stand := map[channels.Channel]deliveries.Status{}
	for _, d := range s.ledger() {
		stand[d.Channel] = d.Status
	}
	if got := s.customer("ann").Suppressed; len(got) != 1 || got[channels.Call] != channels.ReasonOptedOut {
		t.Errorf("suppressed: %v", got)
	}
	if stand[channels.Call] != deliveries.Skipped || stand[channels.SMS] != deliveries.Sent {
		t.Errorf("messages stand at %v", stand)
	}
	const stranger = "+4915112340002"
	s.reply(stranger, "Больше не звоните")
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "zoe", Phone: stranger}})
	ok(t, err)
	if got := s.customer("zoe").Suppressed; len(got) != 1 || got[channels.Call] != channels.ReasonOptedOut || len(s.openCases()) != 0 {
		t.Errorf("a number nobody had: suppressed %v, cases %+v", got, s.openCases())
	}
}

// TestWhatTwilioAnsweredIsNotAnsweredAgain: one confirmation, whoever sends it.
func TestWhatTwilioAnsweredIsNotAnsweredAgain(t *testing.T) {
	s := open(t, files)
	for _, text := range []string{"STOP", "HELP", "start"} {
		s.writes(phoneOf("ann"), "+493012345678", text)
	}
	s.receive(textOut.String(), publicURL+textHook,
		form("MessageSid", "IN-O", "From", phoneOf("ann"), "To", "12345", "Body", "no more", "OptOutType", "STOP"))
	if all := s.ledger(); len(all) != 0 {
		t.Errorf("planned: %+v", all)
	}
	if got := s.customer("ann").Suppressed[channels.SMS]; got != "opted_out" {
		t.Errorf("suppressed for %q", got)
	}
}

func TestRepliesSpeakTheCustomersLanguage(t *testing.T) {
	for locale, want := range map[string]string{
		"de-AT": "Unser Haus: nichts mehr.", "fr": "Shop : vous ne recevrez plus", "fa-IR": "Shop: دیگر", "xx": "No more.", "": "No more.",
	} {
		s := open(t, with(map[string]string{
			"rapport.yaml": files["rapport.yaml"] + "replies: {stopped: {de: \"Unser Haus: nichts mehr.\", en: No more.}}\n",
		}))
		_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "ann", Locale: locale}})
		ok(t, err)
		if locale == "fr" || locale == "fa-IR" {
			s.apply(files)
		}
		s.reply(phoneOf("ann"), "STOP")
		s.deliver()
		if bodies, _ := s.texted(0); len(bodies) != 1 || !strings.HasPrefix(bodies[0], want) {
			t.Errorf("%q: %q, want %q", locale, bodies, want)
		}
	}
}

// racing is a ledger in front of which somebody says stop, after everything was
// read and rendered, before the first byte.
type racing struct {
	deliveries.Ledger
	stop func()
}

func (r racing) Begin(ctx context.Context, f deliveries.Fence, now, horizon time.Time, all []deliveries.Candidate, judge func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict) ([]deliveries.Verdict, error) {
	if len(all) > 0 {
		r.stop()
	}
	return r.Ledger.Begin(ctx, f, now, horizon, all, judge)
}

func TestNothingLeavesAfterAStop(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted")
	s.courier.Ledger = racing{s.store, func() { s.writes(phoneOf("ann"), "+493012345678", "STOP") }}
	s.deliver()
	s.stands(deliveries.Skipped, "suppressed")
	if all := s.provider.requests(); len(all) != 0 {
		t.Errorf("%d messages left", len(all))
	}
}

func TestAStopHoldsAnAgentsReplyToo(t *testing.T) {
	s := open(t, files)
	s.reply(phoneOf("ann"), "Where is it?")
	id := s.onlyCase().ID
	_, err := s.replier().Reply(s.ctx(), campaigns.Reply{Case: id, Text: "On its way."})
	ok(t, err)
	s.writes(phoneOf("ann"), "+493012345678", "STOP")
	s.deliver()
	s.stands(deliveries.Skipped, "suppressed")
	_, err = s.replier().Reply(s.ctx(), campaigns.Reply{Case: id, Text: "Are you there?"})
	if err == nil || !strings.Contains(err.Error(), "suppressed") {
		t.Errorf("an agent learns %v", err)
	}
	s.stands(deliveries.Skipped, "suppressed") // nothing else was planned
}

func TestContactHoursAndTheConversation(t *testing.T) {
	late := with(map[string]string{"rapport.yaml": replace(files["rapport.yaml"], "contact:\n", "contact:\n  hours: {sms: [\"09:00-20:00\"]}\n")})
	t.Run("within a conversation", func(t *testing.T) {
		s := open(t, late)
		s.reply(phoneOf("ann"), "Where is it?")
		s.later(10 * time.Hour) // 23:00 there
		_, err := s.replier().Reply(s.ctx(), campaigns.Reply{Case: s.onlyCase().ID, Text: "On its way."})
		ok(t, err)
		s.deliver()
		s.stands(deliveries.Sent, "")
	})
	t.Run("days later", func(t *testing.T) {
		s := open(t, late)
		s.reply(phoneOf("ann"), "Where is it?")
		s.later(34 * time.Hour)
		_, err := s.replier().Reply(s.ctx(), campaigns.Reply{Case: s.onlyCase().ID, Text: "On its way."})
		ok(t, err)
		s.deliver()
		if d := s.stands(deliveries.Planned, "quiet_hours_expired"); !d.DueAt.Equal(time.Date(2026, 12, 3, 8, 0, 0, 0, time.UTC)) {
			t.Errorf("due at %s", d.DueAt)
		}
		events, err := s.store.Conversation(s.ctx(), "ann", 100)
		ok(t, err)
		lines := customers.Conversation(events)
		ok(t, deliveries.Follow(s.ctx(), s.store, lines))
		if line := lines[len(lines)-1]; line.Status != "planned" || line.Reason != "quiet_hours_expired" || line.Until.Hour() != 8 {
			t.Errorf("the case shows %+v", line)
		}
		s.later(10 * time.Hour)
		s.deliver()
		s.stands(deliveries.Sent, "")
	})
}

func TestSomebodyUnknownIsHeard(t *testing.T) {
	s := open(t, files)
	const stranger = "+4915112340002"
	s.reply(stranger, "You charged me twice!")
	s.reply(stranger, "Hello?")
	c := s.onlyCase()
	if c.Title != "Somebody we do not know writes to us" || c.Note != "Hello?" {
		t.Errorf("case %+v", c)
	}
	who, err := s.store.Find(s.ctx(), stranger)
	ok(t, err)
	if who.ID != c.Customer || who.Kind != campaigns.Stranger || who.Consented("service", channels.SMS, true) || who.Consented("service", channels.Call, true) {
		t.Errorf("profile %+v", who)
	}
	_, err = s.replier().Reply(s.ctx(), campaigns.Reply{Case: c.ID, Text: "We look into it."})
	ok(t, err)
	s.deliver()
	s.stands(deliveries.Sent, "")
	s.reply("+12025550122", "HELP") // from a country that nothing is sent to
	s.deliver()
	if all := s.ledger(); all[1].Status != deliveries.Skipped || all[1].Reason != "country_not_allowed" {
		t.Errorf("%+v", all[1])
	}
}

func TestAPictureIsAMessage(t *testing.T) {
	s := open(t, files)
	s.receive(textOut.String(), publicURL+textHook,
		form("MessageSid", "MM1", "From", phoneOf("ann"), "To", "+4930", "Body", "", "NumMedia", "1", "MediaUrl0", "https://api.twilio.com/ME0"))
	if c := s.onlyCase(); c.Note != "(with a file)" {
		t.Errorf("note %q", c.Note)
	}
	events, err := s.store.Of(s.ctx(), "ann", 10)
	ok(t, err)
	if lines := customers.Conversation(events); len(lines) != 1 || !slices.Equal(lines[0].Media, []string{"https://api.twilio.com/ME0"}) {
		t.Errorf("said %+v", lines)
	}
}

func TestRepliesThatCannotBe(t *testing.T) {
	s := open(t, files)
	ok(t, s.store.Casebook().Open(s.ctx(), []customers.Case{
		{Customer: "ann", Queue: "support", Priority: customers.Normal, Title: "A parcel", Why: "complaint", OpenedAt: s.clock()},
		{Campaign: "letter", Queue: "support", Priority: customers.Normal, Title: "A rollout", Why: "rollout", OpenedAt: s.clock()},
		{Customer: "ann", Queue: "support", Priority: customers.Normal, Title: "Done", Why: "complaint", OpenedAt: s.clock()},
	}))
	ok(t, s.store.Casebook().Close(s.ctx(), 3, "bea", "done", s.clock(), nil))
	for name, c := range map[string]struct {
		reply campaigns.Reply
		want  string
	}{
		"no words":     {campaigns.Reply{Case: 1, Text: " \n"}, "a reply needs words"},
		"no case":      {campaigns.Reply{Case: 9, Text: "Hi"}, "no such case"},
		"a campaign's": {campaigns.Reply{Case: 2, Text: "Hi"}, "about a campaign"},
		"closed":       {campaigns.Reply{Case: 3, Text: "Hi"}, "the case is closed"},
		"by pigeon":    {campaigns.Reply{Case: 1, By: "pigeon", Text: "Hi"}, "by sms or by email"},
		"too long":     {campaigns.Reply{Case: 1, By: channels.SMS, Text: strings.Repeat("x", 1601)}, "1600 characters"},
	} {
		if _, err := s.replier().Reply(s.ctx(), c.reply); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all := s.ledger(); len(all) != 0 {
		t.Errorf("planned %+v", all)
	}
}
