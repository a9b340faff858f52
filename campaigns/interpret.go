package campaigns

import (
	"strconv"
	"strings"
	"time"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Interpret says what a report means: the line on the customer's timeline and
// what follows from it. c is the campaign in the delivery's version. d is zero
// and c nil where the report concerns no message of ours (a text out of the
// blue).
func (w *Workspace) Interpret(c *Campaign, r channels.Report, d deliveries.Delivery, cust *customers.Customer, now time.Time) Response {
	if r.At.IsZero() {
		r.At = now
	}
	if r.Delivery == 0 {
		r.Delivery = d.ID
	}
	h := hearing{workspace: w, campaign: c, report: r, delivery: d, customer: cust, now: now}
	if step := c.StepAt(d.Step); step != nil && step.Send != nil {
		h.step = step
	}
	return h.response()
}

// hearing is one report before its meaning is known.
type hearing struct {
	workspace *Workspace
	campaign  *Campaign
	step      *Step // that sent the delivery; nil when not known
	report    channels.Report
	delivery  deliveries.Delivery
	customer  *customers.Customer
	now       time.Time
	wish      bool // the writer's own words are a STOP or a START
	// refused is another channel than the report's by which the customer wants nothing
	// more; "" where they say no such thing.
	refused channels.Channel

	means Response
}

func (h *hearing) response() Response {
	h.hearWish()
	if h.report.Channel == channels.Call {
		h.hearCall()
	}
	h.means.Reply = h.repliesTo()
	h.means.Event = h.event()
	h.progress()
	h.trial()
	switch h.report.Kind {
	case channels.ReportAnswered, channels.ReportReplied, channels.ReportClicked:
		h.hearAnswer()
	case channels.ReportComplained:
		h.suppress(channels.ReasonComplained)
		h.openCase("complaint", CaseRule{}, customers.High, "Complaint about ")
	case channels.ReportBounced, channels.ReportFailed:
		h.undeliverable()
	case channels.ReportUnsubscribed:
		h.stop()
	case channels.ReportResubscribed:
		h.start()
	case channels.ReportTransferred:
		h.putThrough()
	case channels.ReportPreferred:
		h.prefer()
	case channels.ReportDisowned:
		h.disown()
	}
	h.record()
	return h.means
}

func (h *hearing) event() customers.Event {
	r, d := h.report, h.delivery
	event := customers.Event{
		Customer: d.Customer, Name: noteOf(r), At: r.At, ReceivedAt: h.now,
		Properties: properties(r, d), Key: "report:" + r.Meaning(),
		Campaign: d.Campaign, Entry: d.Entry, Delivery: d.ID,
	}
	if h.customer != nil {
		event.Customer = h.customer.ID
	}
	if r.Kind == channels.ReportPreferred {
		event.Name = "preferences changed" // on several channels at once
	}
	if h.refused != "" {
		event.Properties["stops"] = string(h.refused) // beside the words that say so
	}
	if h.meansNothing() {
		event.Name, event.Properties = customers.CallMisunderstood, h.misheard()
	}
	if r.Kind == channels.ReportSent && d.ID != 0 {
		// The ledger says so too, in the same line whoever comes first; and a call is
		// queued, rings and is in progress: all of that is one sending.
		d.Status, d.Reason = deliveries.Sent, ""
		line := d.Event(h.now)
		event.Key, event.Properties = line.Key, line.Properties
		return event
	}
	if r.Key != "" {
		event.ProviderKey = string(r.Channel) + ":" + r.Key
	}
	return event
}

// ByMachine ends the name of an event that is unlikely to be a person's doing:
// whoever counts opens and clicks counts people.
const ByMachine = " by a machine"

// noteOf is what the report is called on a timeline.
func noteOf(r channels.Report) string {
	name := string(r.Channel) + " " + string(r.Kind)
	if r.Bot {
		name += ByMachine
	}
	return name
}

// properties is what a timeline shows of a report.
func properties(r channels.Report, d deliveries.Delivery) map[string]any {
	all := map[string]any{}
	for name, text := range map[string]string{
		"template": d.Template, "link": r.Link, "action": r.Action, "question": r.Question, "answer": r.Answer,
		"text": r.Text, "reason": r.Reason, "to": r.To,
	} {
		if text != "" {
			all[name] = text
		}
	}
	if len(r.Media) > 0 {
		all["media"] = r.Media
	}
	for _, c := range r.Choices {
		about, word, _ := strings.Cut(c.String(), ": ")
		all[about] = word
	}
	if r.Duration > 0 {
		all["seconds"] = r.Duration.Seconds()
	}
	showLetter(r.Letter, all)
	if r.Recording != "" {
		all["recording"] = true
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// progressOf is the status a kind of report lifts a delivery to.
var progressOf = map[channels.ReportKind]deliveries.Status{
	channels.ReportSent:         deliveries.Sent,
	channels.ReportDelivered:    deliveries.Delivered,
	channels.ReportOpened:       deliveries.Opened,
	channels.ReportClicked:      deliveries.Clicked,
	channels.ReportAnswered:     deliveries.Answered,
	channels.ReportBounced:      deliveries.Bounced,
	channels.ReportFailed:       deliveries.Failed,
	channels.ReportComplained:   deliveries.Complained,
	channels.ReportUnsubscribed: deliveries.Unsubscribed,
	channels.ReportDisowned:     deliveries.Bounced, // it did not reach the customer
}

// progress moves the delivery, where the report says something about a person
// or the message itself.
func (h *hearing) progress() {
	r, d := h.report, h.delivery
	status, moves := progressOf[r.Kind]
	if !moves || d.ID == 0 || h.meansNothing() || h.refused != "" {
		return
	}
	if r.Bot {
		h.means.Machine = deliveries.MachineDid(status)
		return
	}
	p := &deliveries.Progress{
		ID: d.ID, Status: status, ProviderID: r.ProviderID, At: r.At,
		Cost: h.workspace.afterwards(h.customer, d, r),
	}
	if status == deliveries.Failed || status == deliveries.Bounced {
		if h.earlierAttempt() || r.PickedUp() && d.Status == deliveries.Answered { // no machine answers
			if p.Cost != 0 { // the money counts for whichever attempt
				h.means.Progress = &deliveries.Progress{ID: d.ID, Cost: p.Cost}
			}
			return
		}
		p.Reason = r.Reason
		if r.Again && d.Retry.Wants(r.Reason, d.Rung) {
			p.Status, p.DueAt = deliveries.Planned, h.now.Add(d.Retry.Every)
		}
		if h.neverLeft() {
			p.Cost = -d.Cost
			if d.Rung < mostExpiries && h.now.Before(d.ExpiresAt) {
				p.Status, p.DueAt = deliveries.Planned, h.now // the judge waits for contact hours
			}
		}
	}
	h.means.Progress = p
}

// mostExpiries is how often a text that expired in its provider's queue goes again.
const mostExpiries = 3

// neverLeft reports whether the provider kept the only text there is of the delivery
// for as long as it was valid (ArriveBy), so that nothing of it reaches anybody.
func (h *hearing) neverLeft() bool {
	r, d := h.report, h.delivery
	return r.Channel == channels.SMS && r.Reason == channels.ReasonExpired && !d.Resent && d.Status.Rank() <= deliveries.Sent.Rank()
}

// earlierAttempt reports whether a failure is about an attempt that a later one
// has followed already, or is about to: it must not end or repeat that one.
func (h *hearing) earlierAttempt() bool {
	r, d := h.report, h.delivery
	superseded := d.Attempts > 1 && r.ProviderID != "" && d.ProviderID != "" && r.ProviderID != d.ProviderID
	waiting := d.Attempts > 0 && d.Status.Rank() < deliveries.Sending.Rank()
	return superseded || waiting
}

// undeliverable draws the consequence for the address.
func (h *hearing) undeliverable() {
	r := h.report
	if r.Channel == channels.Push {
		if r.Reason == channels.ReasonGone {
			h.means.GoneEndpoint = h.address()
		}
		return
	}
	switch {
	case r.Reason == channels.ReasonOptedOut, r.Reason == channels.ReasonComplained, r.Reason == channels.ReasonInvalidAddress:
		if r.Suppress {
			h.suppress(r.Reason)
		}
	case r.Suppress && r.Kind == channels.ReportFailed && r.Reason != channels.BounceHard:
		h.suppress(channels.ReasonInvalidAddress)
	case r.Suppress, r.Kind == channels.ReportBounced && r.Reason == channels.BounceHard:
		h.suppress(customers.Bounced)
	}
}

// trial is what an e-mail learned of its mailbox. Whoever opens or follows it, a
// person or a scanner, has it.
func (h *hearing) trial() {
	r := h.report
	taken := r.Kind == channels.ReportDelivered || r.Kind == channels.ReportOpened || r.Kind == channels.ReportClicked
	returned := r.Kind == channels.ReportBounced && r.Reason == channels.BounceSoft
	address := h.address()
	if r.Channel != channels.Email || !taken && !returned || address == "" {
		return
	}
	message := r.ProviderID
	if h.delivery.ID != 0 {
		message = strconv.FormatInt(h.delivery.ID, 10)
	}
	h.means.Trial = &customers.Trial{Address: address, Message: message, At: r.At, Taken: taken}
}

// hearAnswer keeps an answer and opens a case where a person should look: a
// score at or below the threshold, or words nobody asked for.
func (h *hearing) hearAnswer() {
	r := h.report
	if r.Bot {
		return
	}
	if h.refused != "" {
		h.refuse()
		return
	}
	if question := h.furtherQuestion(); question != "" {
		h.hearFurther(question)
		return
	}
	said := r.Answer
	if said == "" && r.Kind != channels.ReportClicked {
		said = r.Text
	}
	if h.step == nil || h.step.Send.Ask == nil {
		if h.step != nil && r.Kind == channels.ReportReplied && !h.claimed() && !h.blank() && !h.callsForHelp() {
			h.answered()
		}
		h.unasked()
		return
	}
	ask := h.step.Send.Ask
	heard, understood := h.readAnswer(ask, said)
	if !understood && ask.Scale == Text && r.Recording != "" {
		understood = true // the words follow when they are written down
	}
	if !understood || ask.Scale == Text && h.callsForHelp() {
		h.unasked() // a person reads it better than a guess
		return
	}
	if heard.Text == "" && r.Answer != "" && r.Text != r.Answer {
		heard.Text = r.Text
	}
	h.keep(h.step.ID, ask.Scale, heard)
	if r.Kind == channels.ReportReplied || r.Kind == channels.ReportClicked {
		h.answered()
	}
	if ask.Threshold != nil && heard.Score != nil && *heard.Score <= *ask.Threshold {
		title := "Score " + strconv.FormatFloat(*heard.Score, 'f', -1, 64) + " from "
		h.openCase("low_score", ask.Case, customers.High, title)
		return
	}
	h.openWords(ask, heard)
}

// readAnswer reads what answers the step's question: on a call as the call does, else in
// the customer's language or the workspace's.
func (h *hearing) readAnswer(ask *Ask, said string) (replytext.Reading, bool) {
	q, known := h.question()
	switch {
	case h.report.Channel != channels.Call:
		return ask.read(said, h.workspace.understands(h.customer))
	case known && !q.Open():
		return h.atCall(q)
	}
	return ask.hear(said, scriptLanguage(h.delivery))
}

func (h *hearing) keep(ask string, scale Scale, heard replytext.Reading) {
	d := h.delivery
	if d.ID == 0 {
		return
	}
	h.means.Answer = &Answer{
		Entry: d.Entry, Customer: d.Customer, Delivery: d.ID, Ask: ask, Scale: scale,
		Score: heard.Score, Choice: heard.Choice, Text: heard.Text, Channel: h.report.Channel, At: h.report.At,
	}
}

// answered lifts the delivery by an answer that came as a reply or a link: to a
// question what it understands, to what asks nothing any words.
func (h *hearing) answered() {
	h.means.Progress = &deliveries.Progress{
		ID: h.delivery.ID, Status: deliveries.Answered, ProviderID: h.delivery.ProviderID, At: h.report.At,
	}
}

// openCase files a case by a rule, titled by what happened and the campaign
// where the rule names no title, and due in the usual time where it names none.
func (h *hearing) openCase(why string, rule CaseRule, usual customers.Priority, what string) {
	about := "us"
	if h.campaign != nil {
		about = h.campaign.title()
	}
	see := h.workspace.Bindings(h.campaign, h.traveller())
	opened := customers.Case{
		ID: h.delivery.Case, Customer: h.delivery.Customer, Campaign: h.delivery.Campaign, Entry: h.delivery.Entry, Why: why,
		Title: words(rule.Title, see, what+about), Note: words(rule.Note, see, h.told()),
	}
	if h.customer != nil {
		opened.Customer = h.customer.ID
	}
	if opened.Customer == "" {
		return
	}
	opened = rule.file(opened, h.campaign, usual, h.now)
	if rule.Due == 0 {
		opened.UsualDueAt = h.now.Add(usualDue)
	}
	h.means.Case = &opened
}

// traveller is as much of the journey as a report tells.
func (h *hearing) traveller() Traveller {
	t := Traveller{Customer: h.customer}
	if h.means.Answer != nil {
		t.Answers = []Answer{*h.means.Answer}
	}
	return t
}
