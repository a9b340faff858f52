package workers_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/webhooks"
)

const mailDomain = "reply.shop.example"

// asksByMail is the shop with a question by e-mail.
var asksByMail = with(map[string]string{
	"campaigns/often.yaml":        campaign("often", "Wrote often", "{email: note}") + "entry: {again: always}\n",
	"campaigns/poll.yaml":         campaign("poll", "Polled", "{ask: csat, by: email, template: poll, answer_within: 2d}"),
	"templates/email/poll.liquid": "---\nsubject: How was it?\nlayout: base\nformat: mjml\n---\n<mj-text>From 1 to 5? <a href=\"{{ links.unsubscribe }}\">Stop</a></mj-text>\n",
})

// openMail is a shop that mail reaches.
func openMail(t *testing.T) *shop {
	s := open(t, asksByMail)
	s.doors.Mail = mailDomain
	s.wire()
	return s
}

// mailed sends ann one e-mail and gives the request that its provider got.
func (s *shop) mailed(event string) (d deliveries.Delivery, request string) {
	s.t.Helper()
	s.plan("ann", event)
	s.deliver()
	all := s.provider.requests()
	return s.only(), all[len(all)-1].body
}

// letter brings a raw message to an address.
func (s *shop) letter(to, message string) {
	s.t.Helper()
	body := channels.Traced("ann@home.example", []string{to}, []byte(strings.ReplaceAll(message, "\n", "\r\n")))
	s.receive(webhooks.Letter, "smtp://"+mailDomain, string(body))
}

func (s *shop) cases() []customers.Case {
	s.t.Helper()
	all, err := s.store.Casebook().Cases(s.ctx(), "", 10)
	ok(s.t, err)
	return all
}

func TestEMailTellsWhereAnswersGo(t *testing.T) {
	s := openMail(t)
	d, request := s.mailed("Wrote")
	var sent struct {
		ReplyTo struct{ Name, Email string } `json:"reply_to"`
		Headers map[string]string
	}
	ok(t, json.Unmarshal([]byte(request), &sent))
	if sent.ReplyTo.Name != "Shop" || sent.ReplyTo.Email != s.doors.Box(channels.MailReply, d.ID) {
		t.Errorf("answers go to %+v", sent.ReplyTo)
	}
	ways := "<" + s.doors.Unsubscribe(d.ID) + ">, <mailto:" + s.doors.Box(channels.MailStop, d.ID) + "?subject=unsubscribe>"
	if sent.Headers["List-Unsubscribe"] != ways || s.doors.DeliveryOf(sent.Headers["Message-ID"]) != d.ID {
		t.Errorf("headers %v, want the ways out %s", sent.Headers, ways)
	}
	quiet := open(t, files)
	_, request = quiet.mailed("Wrote")
	if strings.Contains(request, "mailto:") || strings.Contains(request, "reply_to") {
		t.Errorf("where no mail comes in: %s", request)
	}
}

// What customers write back is heard, whichever way it finds to their message.
func TestAReplyByMailAnswersTheQuestion(t *testing.T) {
	for name, header := range map[string]func(*shop, deliveries.Delivery) (to, header string){
		"by the address": func(s *shop, d deliveries.Delivery) (string, string) {
			return strings.ToUpper(s.doors.Box(channels.MailReply, d.ID)), ""
		},
		"by the message": func(s *shop, d deliveries.Delivery) (string, string) {
			return "hello@" + mailDomain, "In-Reply-To: <" + s.doors.MessageID(d.ID) + ">\n"
		},
		"by the provider's id": func(_ *shop, d deliveries.Delivery) (string, string) {
			return "hello@" + mailDomain, "In-Reply-To: <" + d.ProviderID + "@ismtpd-555>\n"
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openMail(t)
			d, _ := s.mailed("Polled")
			to, more := header(s, d)
			s.letter(to, "From: Ann <ann@home.example>\nSubject: Re: How was it?\n"+more+"\nчетыре\n\nOn Tue, 1 Dec 2026 at 13:00, Shop wrote:\n> From 1 to 5?\n")
			s.stands(deliveries.Answered, "")
			if ann := s.customer("ann"); ann.CSAT.Last != 4 || len(s.cases()) != 0 {
				t.Errorf("score %+v, cases %+v", ann.CSAT, s.cases())
			}
		})
	}
}

func TestWordsByMailOpenACaseAndAMachinesDoNot(t *testing.T) {
	s := openMail(t)
	d, _ := s.mailed("Wrote")
	to := s.doors.Box(channels.MailReply, d.ID)
	s.letter(to, "From: ann@home.example\nSubject: Automatic reply: Hello\nAuto-Submitted: auto-replied\nMessage-ID: <1@home.example>\n\nI am away, 5 days")
	if len(s.cases()) != 0 || !slices.Contains(s.timeline("ann"), "email auto_replied") {
		t.Errorf("an absence: cases %+v, timeline %v", s.cases(), s.timeline("ann"))
	}
	for n, words := range []string{"It arrived broken.", "And nobody calls back."} {
		for range 2 { // by two ways
			s.letter(to, fmt.Sprintf("From: ann@home.example\nSubject: Re: Hello\nMessage-ID: <w%d@home.example>\n\n%s\n> Sale\n", n, words))
		}
	}
	open := s.cases()
	if len(open) != 1 || open[0].Why != customers.WhyReply || open[0].Note != "And nobody calls back." {
		t.Errorf("cases %+v", open)
	}
	lines := s.timeline("ann")
	if n := len(slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return line != "email replied" })); n != 2 {
		t.Errorf("%d replies on the timeline: %v", n, lines)
	}
	s.letter("hello@"+mailDomain, "From: ANN@home.example\nSubject: Opening hours\n\nAre you open on Sunday?")
	if all := s.cases(); len(all) != 1 || !strings.Contains(all[0].Note, "Opening hours") {
		t.Errorf("a letter out of the blue: %+v", all)
	}
}

func TestALetterThatIsAllSubjectOpensACase(t *testing.T) {
	s := openMail(t)
	for _, from := range []string{"ann@home.example", "zoe@elsewhere.example"} {
		s.letter("hello@"+mailDomain, "From: "+from+"\nSubject: My parcel never arrived, please call\n\n\n")
	}
	open := s.cases()
	if len(open) != 2 || open[0].Note != "My parcel never arrived, please call" || open[1].Note != open[0].Note {
		t.Errorf("cases %+v", open)
	}
}

func TestStopsByMail(t *testing.T) {
	s := openMail(t)
	d, _ := s.mailed("Wrote")
	s.letter(s.doors.Box(channels.MailStop, d.ID), "From: ann@other.example\nSubject: unsubscribe\n\n\n")
	s.stands(deliveries.Unsubscribed, "")
	ann := s.customer("ann")
	if ann.Consented("service", channels.Email, true) || len(ann.Suppressed) != 0 {
		t.Errorf("mail to the stop address: consents %+v, suppressed %v", ann.Consents, ann.Suppressed)
	}
	s = openMail(t)
	d, _ = s.mailed("Wrote")
	s.letter(s.doors.Box(channels.MailReply, d.ID), "From: ann@home.example\nSubject: Re: Hello\n\nUnsubscribe!\n-- \nAnn")
	if got := s.customer("ann").Suppressed[channels.Email]; got != channels.ReasonOptedOut || len(s.cases()) != 0 {
		t.Errorf("a stop as a reply: suppressed for %q, cases %+v", got, s.cases())
	}
}

// People are heard whatever their mailbox puts on their letters and below their words.
func TestPeopleAreHeardFromEveryMailbox(t *testing.T) {
	for name, c := range map[string]struct {
		header, body string
		stops        bool
		score        float64
		note         string
	}{
		"a score from Proton":      {"Subject: Re: How was it?\nFeedback-ID: 26957704:user:proton\n", "4\n\nSent with Proton Mail secure email.\n", false, 4, ""},
		"words from Fastmail":      {"Subject: Re: How was it?\nFeedback-ID: i1972:Fastmail\n", "Where is my money?\n", false, 0, "Where is my money?"},
		"a stop from Gmail":        {"Subject: Re: How was it?\n", "СТОП\n\nвт, 1 дек. 2026 г. в 13:00, Shop <hello@shop.example>:\n\n> From 1 to 5?\n", true, 0, ""},
		"a stop that seems a list": {"Subject: Re: How was it?\nPrecedence: bulk\n", "STOP\n", true, 0, ""},
		"a stop in a subject":      {"Subject: RE: unsubscribe\n", "\n> From 1 to 5?\n", true, 0, ""},
		"words in a subject":       {"Subject: It never came\n", "\n> From 1 to 5?\n", false, 0, "It never came"},
		"our own subject":          {"Subject: AW: How was it?\n", "\n> From 1 to 5?\n", false, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := openMail(t)
			d, _ := s.mailed("Polled")
			s.letter(s.doors.Box(channels.MailReply, d.ID), "From: ann@home.example\nContent-Type: text/plain; charset=utf-8\n"+c.header+"\n"+c.body)
			ann, notes := s.customer("ann"), ""
			for _, open := range s.cases() {
				notes += open.Note
			}
			if (ann.Suppressed[channels.Email] == channels.ReasonOptedOut) != c.stops || ann.CSAT.Last != c.score || notes != c.note {
				t.Errorf("suppressed %v, score %v, cases %q", ann.Suppressed, ann.CSAT.Last, notes)
			}
		})
	}
}

// A letter about calls stops calls to its customer's number. Where none is known a
// person looks for it.
func TestNoCallsByMail(t *testing.T) {
	s := openMail(t)
	d, _ := s.mailed("Wrote")
	s.letter(s.doors.Box(channels.MailReply, d.ID), "From: ann@home.example\nSubject: Re: Hello\n\nStop calling me!\n-- \nAnn")
	if got := s.customer("ann").Suppressed; len(got) != 1 || got[channels.Call] != channels.ReasonOptedOut || len(s.cases()) != 0 {
		t.Errorf("suppressed %v, cases %+v", got, s.cases())
	}
	s.letter("hello@"+mailDomain, "From: zoe@elsewhere.example\nSubject: Stop calling me!\n\n\n")
	if open := s.cases(); len(open) != 1 || !strings.Contains(open[0].Note, "Stop calling me!\nThey want no more calls, and we know no number") {
		t.Errorf("cases %+v", open)
	}
}

func TestFailuresAndComplaintsByMail(t *testing.T) {
	report := func(kind, part string) string {
		return "From: MAILER-DAEMON@mx.example\nSubject: x\nContent-Type: multipart/report; report-type=" + kind + "; boundary=B\n\n--B\n\nhello\n" + part + "--B--\n"
	}
	failed := report("delivery-status", "--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; ann@home.example\nAction: failed\nStatus: STATUS\n\n")
	for status, want := range map[string][2]string{"5.1.1": {"hard", customers.Bounced}, "5.2.2": {"soft", ""}, "5.7.1": {"blocked", ""}} {
		s := openMail(t)
		d, _ := s.mailed("Wrote")
		s.letter(s.doors.Box(channels.MailBounce, d.ID), strings.ReplaceAll(failed, "STATUS", status))
		s.stands(deliveries.Bounced, want[0])
		if got := s.customer("ann").Suppressed[channels.Email]; got != want[1] {
			t.Errorf("%s suppresses for %q", status, got)
		}
	}
	s := openMail(t)
	d, _ := s.mailed("Wrote")
	s.letter("fbl@"+mailDomain, report("feedback-report", "--B\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n--B\nContent-Type: message/rfc822\n\nMessage-ID: <"+s.doors.MessageID(d.ID)+">\n\nSale\n"))
	s.stands(deliveries.Complained, "")
	if got := s.customer("ann").Suppressed[channels.Email]; got != "complained" {
		t.Errorf("a complaint suppresses for %q", got)
	}
}

// Whoever had a message of ours can write a failure or a complaint about it that names
// anybody. Where its customer was erased nobody is left whom it could be about.
func TestALetterAboutSomebodyErasedSuppressesNobody(t *testing.T) {
	report := func(kind, part string) string {
		return "From: MAILER-DAEMON@mx.example\nSubject: x\nContent-Type: multipart/report; report-type=" + kind + "; boundary=B\n\n--B\n\nhello\n" + part + "--B--\n"
	}
	s := openMail(t)
	s.store.ErasureKeys = [][]byte{[]byte("kept for ever")}
	s.person("eve")
	d, _ := s.mailed("Wrote")
	_, err := s.store.Erase(s.ctx(), "ann", customers.Alias("x"), s.clock())
	ok(t, err)
	s.letter(s.doors.Box(channels.MailBounce, d.ID), report("delivery-status",
		"--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; eve@home.example\nAction: failed\nStatus: 5.1.1\n\n"))
	s.letter("fbl@"+mailDomain, report("feedback-report", "--B\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nOriginal-Rcpt-To: eve@home.example\n\n"+
		"--B\nContent-Type: message/rfc822\n\nMessage-ID: <"+s.doors.MessageID(d.ID)+">\n\nSale\n"))
	if got := s.customer("eve").Suppressed; len(got) != 0 {
		t.Errorf("somebody else is suppressed: %v", got)
	}
	s.letter(s.doors.Box(channels.MailReply, d.ID), "From: eve@home.example\nSubject: Re: x\n\nSTOP\n") // which counts whoever says it
	if got := s.customer("eve").Suppressed[channels.Email]; got != channels.ReasonOptedOut {
		t.Errorf("who writes STOP is suppressed for %q", got)
	}
}

// What a provider refuses or reports after its customer was erased leaves no address of
// theirs on the suppression list. Others who have it are not written to there again.
func TestALateFailureTellsNothingOfSomebodyErased(t *testing.T) {
	erase := func(s *shop) {
		_, err := s.store.Erase(s.ctx(), "ann", customers.Alias("x"), s.clock())
		ok(s.t, err)
	}
	bounce := func(s *shop) {
		s.receive(mailOut.String(), publicURL+mailHook, fmt.Sprintf(
			`[{"event":"bounce","type":"bounce","status":"5.1.1","reason":"550","email":"ann@home.example","timestamp":%d,"delivery":"%d","sg_event_id":"e1"}]`,
			s.clock().Unix(), s.only().ID))
	}
	for what, test := range map[string]struct {
		event string
		after func(s *shop) // the message was sent, if not by its provider's answer
	}{
		"a bounce": {"Wrote", func(s *shop) { erase(s); bounce(s) }},
		"a bounce of a mailbox they had left": {"Wrote", func(s *shop) {
			_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "ann", Email: "ann@new.example"}})
			ok(s.t, err)
			erase(s)
			bounce(s)
		}},
		"a text that did not arrive": {"Texted", func(s *shop) {
			erase(s)
			s.receive(textOut.String(), publicURL+textHook, form("MessageSid", s.only().ProviderID, "MessageStatus", "undelivered", "To", phoneOf("ann"), "ErrorCode", "30006"))
		}},
		"a refusal in flight": {"Texted", nil},
	} {
		for _, shared := range []bool{false, true} {
			s := open(t, files)
			s.store.ErasureKeys = [][]byte{[]byte("kept for ever")}
			if shared {
				_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "ann too", Email: "ann@home.example", Phone: phoneOf("ann")}})
				ok(t, err)
			}
			if test.after == nil {
				s.provider.does(func(w http.ResponseWriter, _ request) bool {
					erase(s)
					w.Header().Set("Content-Type", "application/json")
					w.WriteHeader(http.StatusBadRequest)
					fmt.Fprint(w, `{"code": 21610, "message": "unsubscribed recipient", "status": 400}`)
					return true
				})
			}
			s.plan("ann", test.event)
			s.deliver()
			if test.after != nil {
				test.after(s)
			}
			s.store.ErasureKeys = [][]byte{[]byte("by which nobody is known again")}
			_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "finder", Email: "ann@home.example", Phone: phoneOf("ann")}})
			ok(t, err)
			if got := s.customer("finder").Suppressed; (len(got) > 0) != shared {
				t.Errorf("%s, shared with somebody: %v: the list holds %v", what, shared, got)
			}
		}
	}
}

func TestFiveSoftBouncesByMailSuppress(t *testing.T) {
	s := openMail(t)
	for n := 1; n <= customers.SoftBounceLimit; n++ {
		if got := s.customer("ann").Suppressed[channels.Email]; got != "" {
			t.Fatalf("after %d soft bounces suppressed for %q", n-1, got)
		}
		s.plan("ann", "Wrote often")
		s.deliver()
		ledger := s.ledger()
		d := ledger[len(ledger)-1]
		for _, id := range []string{"one", "two"} { // the provider repeats itself under another id
			s.receive(mailOut.String(), publicURL+mailHook, fmt.Sprintf(
				`[{"event":"bounce","type":"bounce","status":"5.2.2","reason":"552 full","email":"ann@home.example","timestamp":%d,"sg_event_id":"%s%d","delivery":"%d"}]`,
				s.clock().Unix(), id, n, d.ID))
		}
		s.travel() // the journey ends
		s.later(8 * 24 * time.Hour)
	}
	if got := s.customer("ann").Suppressed[channels.Email]; got != customers.SoftBounces {
		t.Errorf("suppressed for %q", got)
	}
}

// Every type of SendGrid's events has its effect, from the recorded body to the
// ledger, the timeline and what may be sent.
func TestEveryEventOfSendGridHasItsEffect(t *testing.T) {
	raw, err := os.ReadFile("../../shared/vectors/sendgrid/event_webhook_all_types_sendgrid_nodejs.json")
	if err != nil {
		t.Skip("the vectors are not here: ", err)
	}
	var events []map[string]any
	ok(t, json.Unmarshal(raw, &events))
	for _, want := range []struct {
		event      string
		status     deliveries.Status
		line       string
		suppressed string
		consented  bool
	}{
		{"processed", deliveries.Sent, "email sent", "", true},
		{"deferred", deliveries.Sent, "email deferred", "", true},
		{"delivered", deliveries.Delivered, "email delivered", "", true},
		{"open", deliveries.Sent, "email opened", "", true}, // our own picture tells it
		{"click", deliveries.Clicked, "email clicked", "", true},
		{"bounce", deliveries.Bounced, "email bounced", customers.Bounced, true},
		{"dropped", deliveries.Failed, "email failed", customers.Bounced, true},
		{"spamreport", deliveries.Complained, "email complained", "complained", true},
		{"unsubscribe", deliveries.Unsubscribed, "email unsubscribed", channels.ReasonOptedOut, true},
		{"group_unsubscribe", deliveries.Unsubscribed, "email unsubscribed", "", false},
		{"group_resubscribe", deliveries.Sent, "email resubscribed", "", true},
	} {
		t.Run(want.event, func(t *testing.T) {
			s := open(t, files)
			s.plan("ann", "Wrote")
			s.deliver()
			i := slices.IndexFunc(events, func(e map[string]any) bool { return e["event"] == want.event })
			event := events[i]
			event["email"], event["sg_message_id"] = "ann@home.example", s.only().ProviderID+".filter0001.16648.5515E0B88.0"
			event["timestamp"] = s.clock().Unix() + 60
			body, err := json.Marshal([]any{event, event})
			ok(t, err)
			for range 2 {
				s.receive(mailOut.String(), publicURL+mailHook, string(body))
			}
			if got := s.only().Status; got != want.status {
				t.Errorf("the message is %s, want %s", got, want.status)
			}
			lines := s.timeline("ann")
			if n := len(slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return !strings.HasPrefix(line, want.line) })); n != 1 && want.event != "open" {
				t.Errorf("%d lines %q: %v", n, want.line, lines)
			}
			ann := s.customer("ann")
			if ann.Suppressed[channels.Email] != want.suppressed || ann.Consented("service", channels.Email, true) != want.consented {
				t.Errorf("suppressed for %q, consents %+v", ann.Suppressed[channels.Email], ann.Consents)
			}
		})
	}
}
