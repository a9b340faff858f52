package campaigns

import (
	"strconv"
	"strings"
	"time"

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

// hearWish turns a reply that is an opt-out or opt-in word into what it means. A
// provider takes every YES for an opt-in; from somebody who never opted out it is
// an answer.
func (h *hearing) hearWish() {
	if h.report.Kind == channels.ReportResubscribed && ParseWish(h.report.Text) == WishYes && !h.optedOut() {
		h.report.Kind, h.report.Answered = channels.ReportReplied, false
		return
	}
	if h.report.Kind != channels.ReportReplied {
		return
	}
	wish, saidOn := wishOf(h.report), h.report.Channel
	switch stops := wish.stops(saidOn); {
	case stops != "" && stops != saidOn:
		h.refused = stops
	case stops != "":
		h.wish = true
		h.report.Kind, h.report.Suppress, h.report.Reason = channels.ReportUnsubscribed, true, channels.ReasonOptedOut
	case h.claimed(): // who wants more must have had a message of ours
	case wish == WishStart, wish == WishYes && h.optedOut():
		h.wish = true
		h.report.Kind = channels.ReportResubscribed
	}
}

// Binding reports whether a report on a delivery says what its customer wants from
// now on, or that an address must not be used any more. That counts whether or not
// the campaign that wrote to them can be read.
func Binding(r channels.Report, d deliveries.Delivery) bool {
	switch wish := wishOf(r); r.Kind {
	case channels.ReportUnsubscribed, channels.ReportPreferred, channels.ReportDisowned, channels.ReportComplained:
		return true
	case channels.ReportResubscribed:
		return wish != WishYes // which may be an answer
	case channels.ReportReplied:
		return wish.stops(r.Channel) != "" || wish == WishStart && (r.Letter == nil || r.Letter.Proven)
	case channels.ReportAnswered:
		return r.Suppress || r.Channel == channels.Call && (refusesCalls(r, d) || refusesTexts(r))
	}
	return r.Suppress
}

func (h *hearing) optedOut() bool {
	return h.customer != nil && h.customer.Suppressed[h.report.Channel] == channels.ReasonOptedOut
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
	}
	h.means.Progress = p
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

// stop is an opt-out: of the address on the channel where the customer told the
// channel itself (a reply, the provider's list), else of the message's topic.
func (h *hearing) stop() {
	if h.report.Suppress || h.delivery.Topic == "" {
		h.suppress(channels.ReasonOptedOut)
		return
	}
	h.consent(false)
}

// start lifts an opt-out. An e-mail group's resubscription is the counterpart
// of a consent.
func (h *hearing) start() {
	if address := h.address(); address != "" {
		h.means.Release = &customers.Suppression{
			Channel: h.report.Channel, Address: address, Reason: channels.ReasonOptedOut, At: h.report.At,
		}
	}
	if h.report.Channel == channels.Email && h.delivery.Topic != "" && h.report.Reason != channels.ReasonByPage {
		h.consent(true)
	}
}

func (h *hearing) consent(in bool) {
	source := customers.ByOneClick
	switch {
	case h.report.Letter != nil:
		source = customers.ByEmail
	case h.report.Channel == channels.SMS && h.report.Text != "":
		source = customers.BySMS
	case h.report.Reason == channels.ReasonByPage:
		source = customers.ByForm
	}
	h.means.Consents = append(h.means.Consents, customers.Consent{
		Customer: h.delivery.Customer, Topic: h.delivery.Topic, Channel: h.delivery.Channel,
		In: in, At: h.report.At, Source: source,
	})
}

func (h *hearing) suppress(reason string) {
	h.block(h.report.Channel, h.address(), reason)
}

// block suppresses an address on a channel, if there is one.
func (h *hearing) block(ch channels.Channel, address, reason string) {
	if address != "" {
		h.means.Suppression = &customers.Suppression{Channel: ch, Address: address, Reason: reason, At: h.report.At}
	}
}

// refuse stops a channel that the customer speaks of on another. A person looks too
// where no number is known, where nothing but a letter says whom it is from, and where
// something came along with the words.
func (h *hearing) refuse() {
	h.block(h.refused, h.number(), channels.ReasonOptedOut)
	what := map[channels.Channel]string{channels.Call: "calls", channels.SMS: "text messages"}[h.refused]
	told := "They want no more " + what + "; their number is blocked for them."
	switch {
	case h.means.Suppression == nil:
		told = "They want no more " + what + ", and we know no number of theirs: find out which it is."
	case h.claimed():
		told += " Nothing but the letter says whom it is from."
	case !h.attached() && len(h.report.Media) == 0:
		return
	}
	h.openReply()
	if c := h.means.Case; c != nil {
		c.Note = strings.TrimSpace(c.Note + "\n" + told)
	}
}

// number is the number of whoever speaks: the one they text from or are on the phone
// at, else the customer's.
func (h *hearing) number() string {
	switch r := h.report; {
	case r.From != "" && (r.Channel == channels.SMS || r.Channel == channels.Call):
		return r.From
	case h.customer != nil:
		return h.customer.Phone
	}
	return ""
}

// address is whom the report speaks of: who wrote, else the customer's. A letter that
// is about no customer speaks of its writer where they say STOP or START, and else of
// nobody: whoever had a message of ours once can write a failure about anybody.
func (h *hearing) address() string {
	switch {
	case h.report.Letter != nil && h.customer != nil:
		return h.letterAddress()
	case h.report.Letter != nil && !h.wish:
		return ""
	case h.report.From != "" && h.report.Channel == channels.Email:
		return customers.Person(customers.Customer{Email: h.report.From})
	case h.report.From != "":
		return h.report.From
	case h.customer != nil:
		return h.customer.Address(h.report.Channel)
	}
	return ""
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
		h.unasked()
		return
	}
	ask := h.step.Send.Ask
	read := ask.read
	if r.Channel == channels.Call {
		read = func(said string) (reading, bool) { return aloud(ask.read, said) }
	}
	heard, understood := read(said)
	if !understood && ask.Scale == Text && r.Recording != "" {
		understood = true // the words follow when they are written down
	}
	if !understood {
		h.unasked() // a person reads it better than a guess
		return
	}
	if heard.text == "" && r.Answer != "" && r.Text != r.Answer {
		heard.text = r.Text
	}
	h.keep(h.step.ID, ask.Scale, heard)
	if r.Kind == channels.ReportReplied || r.Kind == channels.ReportClicked {
		h.answered()
	}
	if ask.Threshold != nil && heard.score != nil && *heard.score <= *ask.Threshold {
		title := "Score " + strconv.FormatFloat(*heard.score, 'f', -1, 64) + " from "
		h.openCase("low_score", ask.Case, customers.High, title)
	}
}

func (h *hearing) keep(ask string, scale Scale, heard reading) {
	d := h.delivery
	if d.ID == 0 {
		return
	}
	h.means.Answer = &Answer{
		Entry: d.Entry, Customer: d.Customer, Delivery: d.ID, Ask: ask, Scale: scale,
		Score: heard.score, Choice: heard.choice, Text: heard.text, Channel: h.report.Channel, At: h.report.At,
	}
}

// answered lifts the delivery by an answer that came as a reply or a link.
func (h *hearing) answered() {
	h.means.Progress = &deliveries.Progress{
		ID: h.delivery.ID, Status: deliveries.Answered, ProviderID: h.delivery.ProviderID, At: h.report.At,
	}
}

// unasked opens a case for words that no question awaits, so that a person reads
// them: a reply, or what was written on the survey's page in the place of an
// answer. A call's words are a machine's hearing.
func (h *hearing) unasked() {
	r := h.report
	written := r.Kind == channels.ReportReplied || r.Kind == channels.ReportAnswered && r.Channel != channels.Call
	helped := r.Channel == channels.SMS && r.Kind == channels.ReportReplied && ParseWish(r.Text) == WishHelp // which is answered by itself
	if !written || helped || h.saysNothing() {
		return
	}
	h.openReply()
}

// openReply opens a case about what somebody wrote or said.
func (h *hearing) openReply() {
	what := "Reply to "
	if h.customer != nil && h.customer.Kind == Stranger {
		what = "Somebody we do not know writes to "
	}
	h.openCase(customers.WhyReply, CaseRule{}, customers.Normal, what)
}

// openCase files a case by a rule, titled by what happened and the campaign
// where the rule names no title.
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
