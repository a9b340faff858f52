package campaigns

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/recordings"
)

// hearCall turns what a provider tells of a call into what it means, which only
// the script knows: a key that asks not to be called again, a message that was
// left.
func (h *hearing) hearCall() {
	r := &h.report
	switch {
	case r.Kind == channels.ReportAnswered && refusesCalls(*r, h.delivery):
		r.Kind, r.Suppress, r.Reason = channels.ReportUnsubscribed, true, channels.ReasonOptedOut
	case r.Kind == channels.ReportAnswered && refusesOthers(*r) != "":
		h.refused = refusesOthers(*r)
	case r.Kind == channels.ReportFailed && r.Reason == channels.ReasonMachine && h.leavesWords():
		// Whoever was left a message is not called again for it. A question waits
		// for an answer that will not come.
		r.Reason, r.Again = channels.ReasonVoicemail, false
		if h.step == nil || h.step.Send.Ask == nil {
			r.Kind = channels.ReportDelivered
		}
	}
}

// refusesCalls reports whether what was pressed or said on a call asks not to be
// called again. The call's own script tells, whichever campaign it is of. A key that
// stops has to be pressed: what sounds like a nine may be a "nein".
func refusesCalls(r channels.Report, d deliveries.Delivery) bool {
	q, known := questionOf(r, d)
	return known && r.Text == "" && q.Stops(r.Answer) || wantsNoCalls(r.Text)
}

// refusesOthers is the channel, not the call's, of which what was said on a call asks for
// no more; "" where it asks for no such thing. The call goes on.
func refusesOthers(r channels.Report) channels.Channel {
	if stops := replytext.ParseWish(r.Text).Stops(r.Channel); stops != channels.Call {
		return stops
	}
	return ""
}

func (h *hearing) leavesWords() bool {
	content := h.delivery.Content
	return content != nil && content.Call != nil && content.Call.Voicemail != ""
}

// question is the question of the call's script that the report answers.
func (h *hearing) question() (channels.CallQuestion, bool) { return questionOf(h.report, h.delivery) }

func questionOf(r channels.Report, d deliveries.Delivery) (channels.CallQuestion, bool) {
	script := scriptOf(d)
	at := slices.IndexFunc(script, func(q channels.CallQuestion) bool { return q.ID == r.Question })
	if at < 0 {
		return channels.CallQuestion{}, false
	}
	return script[at], true
}

// meansNothing reports whether a key or word on a call is no answer to its
// question: it was asked again, and nothing was answered yet.
func (h *hearing) meansNothing() bool {
	q, known := h.question()
	if h.report.Channel != channels.Call || h.report.Kind != channels.ReportAnswered || h.refused != "" || !known || q.Open() {
		return false
	}
	_, understood := h.atCall(q)
	return !understood
}

// misheard is what a timeline shows of a key or words that answer nothing.
func (h *hearing) misheard() map[string]any {
	shown := map[string]any{"heard": h.report.Answer}
	maps.Copy(shown, properties(h.report, h.delivery))
	delete(shown, "answer")
	delete(shown, "text")
	return shown
}

// atCall reads the report as an answer to a question of the call, which takes keys: what
// was said has a text, what was pressed has none.
func (h *hearing) atCall(q channels.CallQuestion) (replytext.Reading, bool) {
	var ask *Ask
	if h.step != nil && h.step.asks(h.delivery, q.ID) {
		ask = h.step.Send.Ask
	}
	if h.report.Text == "" {
		return pressedAt(q, ask, h.report.Answer)
	}
	return hearAt(q, ask, h.report.Answer, scriptLanguage(h.delivery))
}

// furtherQuestion is the id of a question of a call's script that is not the
// step's own; "" when the report answers the step's question. A script that
// does not name the step's question asks it first.
func (h *hearing) furtherQuestion() string {
	question := h.report.Question
	if h.step != nil && (question == h.step.ID || h.step.asks(h.delivery, question)) {
		return ""
	}
	return question
}

// hearFurther keeps the answer to a further question as words, with the number
// as score where one was pressed or said. What was recorded is kept without
// words until somebody writes them down.
func (h *hearing) hearFurther(question string) {
	r := h.report
	heard := replytext.Reading{Text: r.Text}
	q, known := h.question()
	switch {
	case known && !q.Open():
		said, understood := h.atCall(q)
		if !understood {
			return
		}
		heard.Score = said.Score
	case !known: // of a script that is not at hand
		heard.Score = scoreIn(r.Answer)
	}
	if heard.Text == "" {
		heard.Text = r.Answer
	}
	h.keep(question, Text, heard)
}

// scoreIn is the number that an answer is; nil where it is none.
func scoreIn(answer string) *float64 {
	number, whole := replytext.Number(answer)
	if !whole {
		return nil
	}
	score := float64(number)
	return &score
}

// record keeps a recording: fetched from the provider when its time comes.
func (h *hearing) record() {
	r, d := h.report, h.delivery
	if r.Recording == "" || h.customer == nil {
		return
	}
	kind := recordings.Answer
	if r.Question == "" {
		kind = recordings.Conversation
	}
	h.means.Recording = &recordings.Recording{
		ProviderID: r.Recording, Call: r.ProviderID, Customer: h.customer.ID,
		Campaign: d.Campaign, Entry: d.Entry, Delivery: d.ID,
		Kind: kind, Question: r.Question, At: r.At, Lasted: r.Duration, State: recordings.Waiting, DueAt: h.now,
	}
}

// callBackWithin is how soon somebody must have called back who was promised it.
const callBackWithin = time.Hour

// putThrough opens a case for a customer who was put through to a person,
// urgent where nobody took the call: they were promised one.
func (h *hearing) putThrough() {
	var rule CaseRule
	if h.step != nil && h.step.Send.Ask != nil {
		rule = h.step.Send.Ask.Case
	}
	what, usual := "Put through from ", customers.High
	told := "Put through to a person; they talked for " + spokenLength(h.report.Duration) + "."
	if reason := h.report.Reason; reason != "" {
		what, usual, rule.Priority = "Call back at once: nobody took the call from ", customers.Urgent, string(customers.Urgent)
		if rule.Due == 0 || rule.Due > callBackWithin {
			rule.Due = callBackWithin
		}
		told = fmt.Sprintf("Put through, but nobody took the call (%s). We promised to call back.", strings.ReplaceAll(reason, "_", " "))
	}
	h.openCase("transferred", rule, usual, what)
	if c := h.means.Case; c != nil {
		c.Note = strings.TrimSpace(c.Note + "\n" + told)
	}
}

// spokenLength is how long somebody talked, such as 3 min 20 s.
func spokenLength(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
}

// OutsideHours reports whether a call that was sent in time is answered when the
// customer may not be called any more, and when they may be again; a zero time
// is never, or not before the message expires. A phone that rang in time and is
// picked up a little late is no trouble.
func (w *Workspace) OutsideHours(c *Campaign, d deliveries.Delivery, cust *customers.Customer, now time.Time) (next time.Time, outside bool) {
	zones, _ := w.clocksOf(cust)
	rules := w.hoursOf(c, cust, d.Channel)
	if opening, found := nextOpening(rules, zones, now.Add(-answeredLate)); found && !opening.After(now) {
		return time.Time{}, false
	}
	next, found := nextOpening(rules, zones, now)
	if !found || !d.ExpiresAt.IsZero() && !next.Before(d.ExpiresAt) {
		return time.Time{}, true
	}
	return next, true
}

// answeredLate is how long after the end of contact hours a call may be
// answered that was placed before it: as long as a phone rings, and the two
// seconds either side of it.
const answeredLate = 90 * time.Second
