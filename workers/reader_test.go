package workers_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/telemetry"
	"rapport/webhooks"
)

// asked plans and sends the survey's question and gives the URL that Twilio
// reports to.
func (s *shop) asked() string {
	s.t.Helper()
	s.plan("ann", "Delivered", "order", "A1")
	s.deliver()
	s.travel()
	all := s.provider.requests()
	sent, err := url.ParseQuery(all[len(all)-1].body)
	ok(s.t, err)
	return sent.Get("StatusCallback")
}

func TestATextAnswersTheQuestion(t *testing.T) {
	s := open(t, files)
	s.asked()
	s.reply(phoneOf("ann"), "4")
	s.stands(deliveries.Answered, "")
	s.travel()
	ann := s.customer("ann")
	if ann.CSAT != (customers.Score{Last: 4, Sum: 4, Count: 1}) || !slices.Contains(ann.Tags, "happy") {
		t.Errorf("score %+v, tags %v", ann.CSAT, ann.Tags)
	}
	if running := s.runningEntries("ann"); len(running) != 0 {
		t.Errorf("still running: %v", running)
	}
}

// What asks nothing does not take the answer to what asked before it, while that waits.
func TestAScoreAnswersTheTextThatAsked(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		later    time.Duration
		before   string // said before the second text
		answered string // the template that is; "" is neither
		csat     int
	}{
		"a score":            {"1", time.Minute, "", "rate", 1},
		"a score of a scale": {"2/5", time.Minute, "", "rate", 2},
		"words":              {"does it come in blue?", time.Minute, "", "note", 0},
		"too late":           {"1", 30 * 24 * time.Hour, "", "note", 0},
		"answered before":    {"1", time.Minute, "4", "note", 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, files)
			s.asked()
			s.later(10 * time.Minute)
			if c.before != "" {
				s.reply(phoneOf("ann"), c.before)
			}
			s.plan("ann", "Texted")
			s.deliver()
			s.later(c.later)
			s.reply(phoneOf("ann"), c.text)
			for _, d := range s.ledger() {
				before := c.before != "" && d.Template == "rate"
				if d.Channel == channels.SMS && d.Entry != 0 && (d.Status == deliveries.Answered) != (d.Template == c.answered || before) {
					t.Errorf("%s is %s", d.Template, d.Status)
				}
			}
			if got := s.customer("ann").CSAT.Last; int(got) != c.csat {
				t.Errorf("the score is %v", got)
			}
		})
	}
}

func TestALowScoreOpensOneCaseAndWakesTheJourney(t *testing.T) {
	s := open(t, files)
	s.asked()
	s.reply(phoneOf("ann"), "2")
	s.reply(phoneOf("ann"), "1")
	s.travel()
	cases, err := s.store.Casebook().Cases(s.ctx(), "", 10)
	ok(t, err)
	if len(cases) != 1 || cases[0].Queue != "recovery" || cases[0].Why != "low_score" || cases[0].Customer != "ann" {
		t.Errorf("cases: %+v", cases)
	}
	if ann := s.customer("ann"); ann.CSAT.Last != 2 || ann.CSAT.Count != 1 {
		t.Errorf("the second answer counts too: %+v", ann.CSAT)
	}
	if running := s.runningEntries("ann"); len(running) != 0 {
		t.Errorf("the journey sleeps on: %v", running)
	}
}

func TestAStopCountsWhoeverSaysIt(t *testing.T) {
	s := open(t, files)
	const stranger = "+4915112340000"
	s.reply(stranger, "Stop!")
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "new", Phone: stranger, Country: "DE"}})
	ok(t, err)
	if got := s.customer("new").Suppressed[channels.SMS]; got != "opted_out" {
		t.Errorf("whoever has the number later is suppressed for %q", got)
	}

	const another = "+4915112340001"
	s.reply(another, "STOP")
	s.reply(another, "START")
	_, err = s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "back", Phone: another, Country: "DE"}})
	ok(t, err)
	if got := s.customer("back").Suppressed[channels.SMS]; got != "" {
		t.Errorf("a stop that was taken back holds: %q", got)
	}
	s.reply("+4915112340002", "who is this?") // nobody, and no harm done
}

// While a new configuration comes into force here and there, a callback may be read
// by a process that does not know its provider yet. It waits for one that does.
func TestACallbackWaitsForAProcessThatKnowsItsProvider(t *testing.T) {
	s := open(t, files)
	status := s.asked()
	known := s.reader.Listeners[textOut.String()]
	delete(s.reader.Listeners, textOut.String())
	s.receive(textOut.String(), status, form("MessageSid", "SM1", "MessageStatus", "delivered", "To", phoneOf("ann")))
	s.stands(deliveries.Sent, "")
	if !strings.Contains(s.said.String(), "wait for one that does") {
		t.Errorf("the log says\n%s", s.said.String())
	}
	s.reader.Listeners[textOut.String()] = known
	s.later(time.Minute)
	ok(t, s.reader.Read(s.ctx()))
	s.stands(deliveries.Delivered, "")
}

// A provider that is gone for good leaves callbacks that nobody will ever know.
func TestACallbackWaitsForItsProviderNoLongerThanHours(t *testing.T) {
	s := open(t, files)
	delete(s.reader.Listeners, textOut.String())
	s.receive(textOut.String(), publicURL+textHook, form("MessageSid", "SM1", "MessageStatus", "delivered"))
	s.later(6 * time.Hour)
	m := telemetry.New(telemetry.Options{Now: s.clock})
	s.reader.Telemetry.Metrics = m
	wantSeries(t, m, map[string]string{"rapport_callbacks_set_aside_total": "0"})
	ok(t, s.reader.Read(s.ctx()))
	wantSeries(t, m, map[string]string{"rapport_callbacks_set_aside_total": "1"})
	if left := s.inbox(24 * time.Hour); len(left) != 0 || !strings.Contains(s.said.String(), "set aside") {
		t.Errorf("still waiting: %v; the log says\n%s", left, s.said.String())
	}
}

// inbox leases what waits after a while.
func (s *shop) inbox(after time.Duration) []deliveries.Received {
	s.t.Helper()
	left, err := s.store.Waiting(s.ctx(), s.clock().Add(after), time.Minute, 10)
	ok(s.t, err)
	return left
}

// A short code may read like a customer's id or an order. Who has that is not who
// wrote.
func TestATextIsItsSendersWhateverTheNumberReadsLike(t *testing.T) {
	s := open(t, files)
	const code = "12345"
	s.person(code)
	s.plan(code, "Texted")
	s.deliver()
	before := len(s.timeline(code))
	s.reply(code, "your parcel is here")
	s.reply(code, "STOP")
	if after := s.timeline(code); len(after) != before {
		t.Errorf("what others wrote stands on the timeline: %v", after[before:])
	}
}

// Of several customers who share a number, a text is whose who was last asked there.
func TestATextIsTheirsWhoWereAskedOnASharedNumber(t *testing.T) {
	s := open(t, files)
	s.later(time.Minute)
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{
		ID: "bob", Email: "bob@office.example", Phone: phoneOf("ann"), Country: "DE", Zone: "Europe/Berlin",
	}})
	ok(t, err)
	s.reply(phoneOf("ann"), "Hello?") // nobody was asked anything
	if said := s.timeline("ann"); !slices.Contains(said, "sms replied") {
		t.Errorf("words out of the blue are not the oldest profile's: %v", said)
	}
	ask := func(who string) {
		t.Helper()
		s.later(time.Minute)
		s.plan(who, "Delivered", "order", s.clock().String())
		s.deliver()
	}
	ask("ann")
	ask("bob")
	s.reply(phoneOf("ann"), "1")
	if bob, ann := s.customer("bob").CSAT, s.customer("ann").CSAT; bob.Last != 1 || ann.Count != 0 {
		t.Errorf("bob was asked last: bob has %+v, ann %+v", bob, ann)
	}
	ask("ann")
	s.reply(phoneOf("ann"), "5")
	if bob, ann := s.customer("bob").CSAT, s.customer("ann").CSAT; bob.Count != 1 || ann.Last != 5 {
		t.Errorf("ann was asked last: bob has %+v, ann %+v", bob, ann)
	}
}

func TestABrokenCallbackIsSetAside(t *testing.T) {
	s := open(t, files)
	status := s.asked()
	for _, broken := range []struct{ provider, url, body string }{
		{mailOut.String(), publicURL + mailHook, "not JSON"},
	} {
		_, err := s.store.Receive(s.ctx(), broken.provider, callback(broken.url, broken.body, s.clock()))
		ok(t, err)
	}
	s.receive(textOut.String(), status, form("MessageSid", "SM1", "MessageStatus", "delivered", "To", phoneOf("ann")))
	s.stands(deliveries.Delivered, "")
	waiting, err := s.store.Summary().Backlog(s.ctx(), s.clock())
	ok(t, err)
	if waiting.Inbox != 0 {
		t.Errorf("%d callbacks still wait", waiting.Inbox)
	}
	for _, reason := range []string{"sendgrid events: the body is not a JSON array"} {
		if !strings.Contains(s.said.String(), reason) {
			t.Errorf("the log does not say %s", reason)
		}
	}
}

// forgotten is an inbox whose reader is killed before it marks what it read.
type forgotten struct{ deliveries.Inbox }

func (forgotten) Done(context.Context, []int64) error { return errKilled }

// In whatever order callbacks come, and however often they are read, what they
// say is true once.
func TestCallbacksTwiceAndInAnyOrder(t *testing.T) {
	type state struct {
		Status     deliveries.Status
		Tags       []string
		CSAT       customers.Score
		Suppressed string
		Events     []string
		Cases      int
	}
	play := func(t *testing.T, shuffle *rand.Rand) state {
		s := open(t, files)
		status := s.asked()
		phone := phoneOf("ann")
		inbound := publicURL + textHook
		bodies := [][2]string{
			{status, form("MessageSid", "SM1", "MessageStatus", "sent", "To", phone)},
			{status, form("MessageSid", "SM1", "MessageStatus", "delivered", "To", phone)},
			{inbound, form("MessageSid", "IN1", "From", phone, "Body", "2")},
			{inbound, form("MessageSid", "IN2", "From", phone, "To", "+493012345678", "Body", "STOP")},
		}
		if shuffle != nil {
			bodies = append(bodies, bodies...)
			shuffle.Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
			s.reader.Inbox = forgotten{s.store} // everything is read twice
		}
		for _, body := range bodies {
			_, err := s.store.Receive(s.ctx(), textOut.String(), callback(body[0], body[1], s.clock()))
			ok(t, err)
			if err := s.reader.Read(s.ctx()); err != nil && shuffle == nil {
				t.Fatal(err)
			}
		}
		s.later(2 * time.Minute)
		s.reader.Inbox = s.store
		ok(t, s.reader.Read(s.ctx()))
		s.travel()
		cases, err := s.store.Casebook().Cases(s.ctx(), "", 10)
		ok(t, err)
		ann := s.customer("ann")
		events := s.timeline("ann")
		slices.Sort(events)
		return state{s.only().Status, ann.Tags, ann.CSAT, ann.Suppressed[channels.SMS], events, len(cases)}
	}
	want := play(t, nil)
	if want.Status != deliveries.Unsubscribed || want.CSAT.Count != 1 || want.Suppressed != "opted_out" || want.Cases != 1 {
		t.Fatalf("in order: %+v", want)
	}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			if diff := cmp.Diff(want, play(t, rand.New(rand.NewPCG(seed, 1)))); diff != "" {
				t.Errorf("in order (-), shuffled and repeated (+):\n%s", diff)
			}
		})
	}
}

// A provider may report on messages that others sent through the same account.
// They say something about the address and nothing about ours.
func TestAReportOnAMessageOfOthersMovesNoneOfOurs(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Wrote")
	s.deliver()
	s.receive(mailOut.String(), publicURL+mailHook,
		`[{"event": "open", "email": "ann@home.example", "timestamp": 1796126400, "sg_event_id": "e1", "sg_message_id": "else.filter1"},
		  {"event": "bounce", "type": "bounce", "status": "5.1.1", "email": "ann@home.example", "timestamp": 1796126401, "sg_event_id": "e2", "sg_message_id": "else.filter1"}]`)
	s.stands(deliveries.Sent, "")
	if got := s.customer("ann").Suppressed[channels.Email]; got != "bounced" {
		t.Errorf("the address that does not exist is suppressed for %q", got)
	}
	if line := s.timeline("ann"); !slices.Contains(line, "email bounced") {
		t.Errorf("the timeline lacks it: %v", line)
	}
}

// One callback may hold more reports than fit into one transaction.
func TestACallbackMayHoldThousandsOfReports(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Wrote")
	s.deliver()
	events := make([]string, 1200)
	for i := range events {
		events[i] = fmt.Sprintf(`{"event": "click", "url": "https://shop.example/%d", "email": "ann@home.example", "timestamp": %d, "delivery": "1"}`, i, noon.Unix()+int64(i))
	}
	s.receive(mailOut.String(), publicURL+mailHook, "["+strings.Join(events, ",")+"]")
	s.stands(deliveries.Clicked, "")
	clicks, err := s.store.Of(s.ctx(), "ann", 2000)
	ok(t, err)
	n := 0
	for _, line := range clicks {
		if line.Name == "email clicked" {
			n++
		}
	}
	if n != 1200 {
		t.Errorf("%d clicks on the timeline, want 1200", n)
	}
}

// stuck is a book of responses that cannot be written.
type stuck struct{ campaigns.Responses }

func (stuck) Apply(context.Context, time.Time, []campaigns.Response) error { return errKilled }

func TestACallbackStaysUntilWhatItSaysIsApplied(t *testing.T) {
	s := open(t, files)
	status := s.asked()
	s.reader.Responses = stuck{}
	_, err := s.store.Receive(s.ctx(), textOut.String(), callback(status, form("MessageSid", "SM1", "MessageStatus", "delivered", "To", phoneOf("ann")), noon))
	ok(t, err)
	if err := s.reader.Read(s.ctx()); err == nil {
		t.Fatal("nobody is told")
	}
	s.stands(deliveries.Sent, "")
	s.reader.Responses = s.store.Responses()
	ok(t, s.reader.Read(s.ctx())) // leased still
	s.stands(deliveries.Sent, "")
	s.later(2 * time.Minute)
	ok(t, s.reader.Read(s.ctx()))
	s.stands(deliveries.Delivered, "")
}

// mistaken is a listener that has a mistake, which shows by one body.
type mistaken struct{ channels.Listener }

func (mistaken) Reports(c channels.Callback) ([]channels.Report, error) {
	var none []int
	if string(c.Body) == "letter 3" {
		_ = none[3]
	}
	return nil, nil
}

// A callback on which the program panics is set aside like any that cannot be read, and
// those around it are heard.
func TestACallbackThatPanicsIsSetAside(t *testing.T) {
	s := open(t, files)
	s.reader.Listeners[webhooks.Letter] = mistaken{}
	for n := range 20 {
		_, err := s.store.Receive(s.ctx(), webhooks.Letter, channels.Callback{
			Method: "POST", URL: fmt.Sprint("smtp://x/", n), Body: []byte(fmt.Sprint("letter ", n)), ReceivedAt: s.clock(),
		})
		ok(t, err)
	}
	ok(t, s.reader.Read(s.ctx()))
	s.later(time.Hour)
	left, err := s.store.Waiting(s.ctx(), s.clock(), time.Minute, 500)
	ok(t, err)
	if len(left) > 0 {
		t.Errorf("%d callbacks still wait", len(left))
	}
	ok(t, s.reader.Heed(s.ctx(), webhooks.Letter, channels.Callback{Body: []byte("letter 4")}))
	if err := s.reader.Heed(s.ctx(), webhooks.Letter, channels.Callback{Body: []byte("letter 3")}); err == nil {
		t.Error("nobody is told that it was not heeded")
	}
}

// flood is an inbox that fills up as fast as it is read, for a while.
type flood struct {
	deliveries.Inbox
	stopping chan struct{} // closed when somebody reads for the first time
	reads    int
}

func (f *flood) Waiting(context.Context, time.Time, time.Duration, int) ([]deliveries.Received, error) {
	if f.reads++; f.reads == 1 {
		close(f.stopping)
	}
	if f.reads > 5 {
		return nil, nil
	}
	return []deliveries.Received{{ID: int64(f.reads), Provider: webhooks.Letter, Callback: channels.Callback{Body: []byte("x")}}}, nil
}

func TestAReaderThatIsToLeaveReadsNoMore(t *testing.T) {
	s := open(t, files)
	inbox := &flood{Inbox: s.store, stopping: make(chan struct{})}
	s.reader.Inbox, s.reader.Stopping = inbox, inbox.stopping
	s.reader.Listeners[webhooks.Letter] = mistaken{}
	ok(t, s.reader.Read(s.ctx()))
	if inbox.reads != 1 {
		t.Errorf("%d batches were read", inbox.reads)
	}
}
