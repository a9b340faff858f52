package sandbox

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

// Foreseen is one thing that would come of a message, so long after it went out:
// a report or, where Deed is set, what the campaign is for, done by the customer.
type Foreseen struct {
	After  time.Duration
	Report channels.Report
	Deed   bool
	Value  float64 // of the deed, in major units
}

// Letterbox is a message whose effect is foreseen.
type Letterbox struct {
	// Message is which one of its customer's it is; a second attempt is another.
	Message  string
	Customer string
	Report   channels.Report // its channel and how it is named, for reports about it
	Content  channels.Content
	// Low and High are the scale of the question it asks; equal where it asks
	// none.
	Low, High int
}

// Foresee says what would come of a message, by the same numbers as the
// simulated providers but without a network between: nothing is repeated,
// delayed by retries or read by scanners. The same seed foresees the same.
func (b Behaviour) Foresee(seed uint64, l Letterbox) []Foreseen {
	f := foresight{
		Letterbox: l, who: b.person(chanceOf(seed, "mood", l.Customer)), chance: chanceOf(seed, "foresee", l.Customer, l.Message),
	}
	switch l.Report.Channel {
	case channels.Email:
		f.email(b.Email)
	case channels.SMS:
		f.text(b.SMS)
	case channels.Call:
		f.call(b.Call)
	case channels.Push:
		f.push(b.Push)
	}
	f.deed(b.Goal)
	return f.all
}

// usualEvent is the probability of an event that a journey waits for, where it is
// no purchase and the behaviour does not name it.
const usualEvent = 0.5

// purchases are the names by which shops tell of one.
var purchases = []string{"order completed", "order placed", "order paid", "purchase", "purchased", "checkout completed"}

// Comes is the probability that an event comes which a journey waits for: as
// named, for a purchase as often as customers do what a campaign is for without
// a message, for any other one half.
func (b Behaviour) Comes(event string) float64 {
	if p, named := b.Events[event]; named {
		return p
	}
	if slices.Contains(purchases, strings.ToLower(event)) {
		return b.Goal.Anyway
	}
	return usualEvent
}

// Awaited says whether and when an event comes to a journey that waits for it at
// most so long: evenly spread over that time.
func (b Behaviour) Awaited(seed uint64, wait, event string, atMost time.Duration) (time.Duration, bool) {
	c := chanceOf(seed, "awaited", wait)
	return time.Duration(c.roll("when") * float64(atMost)), c.happens("event", b.Comes(event))
}

// Anyway says whether, so long after entering, and for how much a customer does
// what a campaign is for without being asked. Each of their journeys is another.
func (b Behaviour) Anyway(seed uint64, journey string) (Foreseen, bool) {
	c := chanceOf(seed, "anyway", journey)
	if !c.happens("goal", b.Goal.Anyway) {
		return Foreseen{}, false
	}
	return Foreseen{After: c.wait("goal", b.Goal.Within), Deed: true, Value: c.worth(b.Goal.Value)}, true
}

// worth spreads a value evenly between a half more and a half less.
func (c chance) worth(mean float64) float64 {
	return float64(int(mean*(0.5+c.roll("worth"))*100)) / 100
}

// foresight is one message and what is foreseen of it.
type foresight struct {
	Letterbox
	who                person
	chance             chance
	all                []Foreseen
	delivered, clicked bool
}

func (f *foresight) comes(after time.Duration, kind channels.ReportKind, change func(*channels.Report)) {
	r := f.Report
	r.Kind = kind
	if change != nil {
		change(&r)
	}
	f.delivered = f.delivered || kind == channels.ReportDelivered
	f.clicked = f.clicked || kind == channels.ReportClicked
	f.all = append(f.all, Foreseen{After: after, Report: r})
}

func because(reason string, suppress, again bool) func(*channels.Report) {
	return func(r *channels.Report) { r.Reason, r.Suppress, r.Again = reason, suppress, again }
}

func (f *foresight) answer() string {
	return strconv.Itoa(f.who.score(f.chance, f.Low, f.High))
}

func (f *foresight) email(b EmailBehaviour) {
	c := f.chance
	at := c.wait("delivery", b.Delivery)
	switch {
	case c.happens("hard bounce", b.HardBounce):
		f.comes(at, channels.ReportBounced, because(channels.BounceHard, true, false))
		return
	case c.happens("soft bounce", b.SoftBounce):
		f.comes(at, channels.ReportBounced, because(channels.BounceSoft, false, false))
		return
	case c.happens("block", b.Block):
		f.comes(at, channels.ReportBounced, because(channels.BounceBlocked, false, false))
		return
	}
	f.comes(at, channels.ReportDelivered, nil)
	if c.happens("away", b.Away) {
		f.comes(at+time.Second, channels.ReportAutoReplied, nil)
		return
	}
	if !c.happens("open", b.Open) {
		return
	}
	at += c.wait("reading", b.Reading)
	f.comes(at, channels.ReportOpened, nil)
	then := func(what string) time.Duration {
		at += c.wait(what, b.Reaction)
		return at
	}
	switch {
	case f.High > f.Low && c.happens("answer", b.Answer):
		f.comes(then("answering"), channels.ReportAnswered, func(r *channels.Report) { r.Answer = f.answer() })
	case c.happens("click", b.Click):
		f.comes(then("clicking"), channels.ReportClicked, nil)
	}
	if c.happens("reply", b.Reply) {
		f.comes(then("replying"), channels.ReportReplied, func(r *channels.Report) {
			if r.Text = f.who.comment(c); f.High > f.Low {
				r.Text = f.answer()
			}
		})
	}
	if c.happens("unsubscribe", b.Unsubscribe) {
		f.comes(then("unsubscribing"), channels.ReportUnsubscribed, nil)
	}
	if c.happens("complain", b.Complain) {
		f.comes(then("complaining"), channels.ReportComplained, because(channels.ReasonComplained, true, false))
	}
}

func (f *foresight) text(b SMSBehaviour) {
	c := f.chance
	at := c.wait("delivery", b.Delivery)
	if c.happens("undelivered", b.Undelivered) {
		f.comes(at, channels.ReportFailed, because("unreachable", false, false))
		return
	}
	f.comes(at, channels.ReportDelivered, nil)
	at += c.wait("reaction", b.Reaction)
	says := func(words string) {
		f.comes(at, channels.ReportReplied, func(r *channels.Report) { r.Text = words })
	}
	switch {
	case c.happens("stop", b.Stop):
		says("STOP")
	case f.High > f.Low && c.happens("answer", b.Answer):
		says(f.answer())
	case f.High <= f.Low && f.Content.SMS != nil && strings.Contains(f.Content.SMS.Text, "/") && c.happens("click", b.Click):
		f.comes(at, channels.ReportClicked, nil)
	case c.happens("reply", b.Reply):
		says(f.who.comment(c))
	}
}

func (f *foresight) call(b CallBehaviour) {
	c, luck := f.chance, f.chance.roll("answering")
	below := func(p float64) bool { luck -= p; return luck < 0 }
	ringing := c.wait("ringing", b.Ringing)
	switch {
	case below(b.Fail):
		f.comes(time.Second, channels.ReportFailed, because("failed", false, false))
		return
	case below(b.Busy):
		f.comes(time.Second, channels.ReportFailed, because("busy", false, true))
		return
	case below(b.NoAnswer):
		f.comes(time.Minute, channels.ReportFailed, because("no_answer", false, true))
		return
	case below(b.Machine):
		f.comes(ringing+greeting, channels.ReportFailed, because("machine", false, true))
		return
	}
	at := ringing + f.conversation(b, ringing)
	f.comes(at, channels.ReportDelivered, func(r *channels.Report) { r.Duration = at - ringing })
}

// conversation is what is said on a call, and how long it takes.
func (f *foresight) conversation(b CallBehaviour, began time.Duration) time.Duration {
	script := f.Content.Call
	if script == nil {
		return 0
	}
	spoken := func(words string) time.Duration { return time.Duration(len(strings.Fields(words))) * perWord }
	length := spoken(script.Say)
	for n, question := range script.Questions {
		c := f.chance.nth(n)
		if c.happens("hang up", b.HangUp) {
			return length
		}
		length += spoken(question.Say) + thinking
		if c.happens("silence", b.Silence) || question.Expect != channels.ExpectDigits && question.Expect != channels.ExpectYesNo {
			continue
		}
		low, high := question.Low, question.High
		if question.Expect == channels.ExpectYesNo {
			low, high = 0, 1
		}
		key := f.who.score(c, low, high)
		if question.Expect == channels.ExpectYesNo {
			key = 2 - key // one for yes
		}
		f.comes(began+length, channels.ReportAnswered, func(r *channels.Report) { r.Question, r.Answer = question.ID, strconv.Itoa(key) })
	}
	return length + spoken(script.Bye)
}

func (f *foresight) push(b PushBehaviour) {
	c := f.chance
	at := c.wait("showing", b.Showing)
	if c.happens("expire", b.Expire) {
		f.comes(0, channels.ReportFailed, because(channels.ReasonGone, false, false))
		return
	}
	if !c.happens("show", b.Show) {
		return
	}
	f.comes(at, channels.ReportDelivered, nil)
	if c.happens("click", b.Click) {
		f.comes(at+c.wait("reaction", b.Reaction), channels.ReportClicked, nil)
	}
}

// deed is what the customer does in the shop because of the message.
func (f *foresight) deed(b GoalBehaviour) {
	p := 0.0
	switch {
	case f.clicked:
		p = b.Clicked
	case f.delivered:
		p = b.Delivered
	}
	if !f.chance.happens("goal", p) {
		return
	}
	last := f.all[len(f.all)-1].After
	f.all = append(f.all, Foreseen{After: last + f.chance.wait("goal", b.Within), Deed: true, Value: f.chance.worth(b.Value)})
}
