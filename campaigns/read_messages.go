package campaigns

import (
	"slices"
	"time"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// readMessage reads a step that sends a template by one channel.
func (c *campaignReader) readMessage(m *mapping, template node, ch channels.Channel) *Send {
	send := &Send{By: []channels.Channel{ch}}
	c.readSending(m, send)
	send.Template = template.textAs("the name of a template, such as welcome")
	c.sender(template, ch)
	c.template(template, ch, use{step: template, vars: send.Vars})
	return send
}

// readSending reads the options that all steps have that send.
func (c *campaignReader) readSending(m *mapping, send *Send) {
	if vars := m.get("vars"); vars.is("values for the template, such as {colour: green}", aMap) {
		send.Vars, _ = vars.plain().(map[string]any)
	}
	send.Retry = readRetry(m.get("retry"), send.By)
	send.Ambiguous = choice(m.get("ambiguous"), "", deliveries.Hold, deliveries.Resend)
	send.Expires = m.get("expires").duration()
}

// usualFallback is how long one channel has to deliver before the next is taken.
const usualFallback = 2 * time.Hour

// readReach reads a message by whichever channel gets through.
func (c *campaignReader) readReach(m *mapping, template node) *Send {
	send := &Send{
		By:            readBy(m.need("by", "write the channels to try, such as \"by: [push, sms, email]\"")),
		FallbackAfter: usualFallback,
	}
	if after := m.get("fallback_after"); after.present() {
		send.FallbackAfter = after.duration()
	}
	c.readSending(m, send)
	send.Template = template.textAs("the name of a template, such as welcome")
	for _, ch := range send.By {
		c.sender(template, ch)
		c.template(template, ch, use{step: template, vars: send.Vars})
	}
	return send
}

// What repeats a call when a step says only that it is to be repeated.
const (
	usualRetryEvery  = 4 * time.Hour
	usualRetryAtMost = 2
)

// retryReasons are the ends of a call that a later attempt may mend.
var retryReasons = []string{"busy", "no_answer", "machine"}

// readRetry reads how calls that reached nobody are repeated.
func readRetry(n node, by []channels.Channel) deliveries.Retry {
	m := n.fields("when to call again, such as {on: [busy, no_answer], every: 4h, at_most: 2}")
	if !m.open() {
		return deliveries.Retry{}
	}
	if len(by) > 0 && !slices.Contains(by, channels.Call) {
		n.problem(`"retry" repeats calls that met `+"busy, no_answer or machine"+", and this is "+string(by[0]), "take it out; what a provider refuses for a while is sent again without it")
	}
	retry := deliveries.Retry{Every: usualRetryEvery, On: retryReasons}
	if on := m.get("on"); on.present() {
		retry.On = nil
		for _, item := range on.items("a list such as [busy, no_answer, machine]") {
			retry.On = append(retry.On, choice(item, "", retryReasons...))
		}
	}
	if every := m.get("every"); every.present() {
		retry.Every = every.duration()
	}
	retry.AtMost = m.get("at_most").whole(1, 20, usualRetryAtMost)
	m.end()
	return retry
}

// readAsk reads a question.
func (c *campaignReader) readAsk(m *mapping, id string) *Send {
	send := &Send{By: readBy(m.need("by", "write the channels to ask by, such as \"by: sms\" or \"by: [call, sms]\""))}
	c.readSending(m, send)
	template := m.need("template", "write the template that asks, such as \"template: satisfaction\"")
	send.Template = template.textAs("the name of a template, such as welcome")
	send.Ask = c.readQuestion(m)
	for _, ch := range send.By {
		c.sender(template, ch)
		c.template(template, ch, use{step: template, vars: send.Vars, ask: true})
		if ch == channels.Call {
			c.scriptAsks(template, id, send.Ask)
		}
	}
	return send
}

// readBy reads channels in order of preference.
func readBy(n node) []channels.Channel {
	if n.kind() == aText {
		if ch := n.channel(); ch != "" {
			return []channels.Channel{ch}
		}
		return nil
	}
	var by []channels.Channel
	items := n.items("a channel, or channels in order such as [call, sms]")
	if n.kind() == aList && len(items) == 0 {
		n.problem(n.label+" is an empty list", "write at least one of email, sms, call, push")
	}
	for _, item := range items {
		ch := item.channel()
		switch {
		case slices.Contains(by, ch):
			item.problem(quote(string(ch))+" appears twice in this list", "remove one")
		case ch != "":
			by = append(by, ch)
		}
	}
	return by
}

// usualThresholds are the scores at or below which an answer opens a case,
// unless the step says otherwise.
var usualThresholds = map[Scale]float64{CSAT5: 2, NPS: 6, YesNo: 0}

// ranges are the scores of the scales that have any.
var ranges = map[Scale][2]float64{CSAT5: {1, 5}, NPS: {0, 10}, YesNo: {0, 1}}

// readQuestion reads how an answer is taken.
func (c *campaignReader) readQuestion(m *mapping) *Ask {
	ask := &Ask{
		Scale:        choice(m.get("scale"), CSAT5, CSAT5, NPS, YesNo, Choice, Text),
		AnswerWithin: defaultAnswerWithin,
	}
	ask.Choices = readChoices(m, ask.Scale)
	if within := m.get("answer_within"); within.present() {
		ask.AnswerWithin = within.duration()
	}
	threshold := m.get("threshold")
	ask.Threshold, ask.Quiet = readThreshold(threshold, ask.Scale), saysNone(threshold)
	usual := CaseRule{Queue: "recovery", Priority: string(customers.High), Due: usualDue}
	if ask.Scale == Text {
		usual.Queue, usual.Priority = "", string(customers.Normal)
	}
	ask.Case = c.readCase(m.get("case"), usual)
	switch opens, found := m.pair("case"); {
	case found && ask.Scale == Text && ask.Quiet:
		opens.problem(`"case" says what an answer opens, and here none does`, "take out \"threshold: none\", or the case")
	case found && ask.Scale != Text && ask.Threshold == nil:
		opens.problem(`"case" says what a low score opens, and here no score does`, "write a threshold, or remove it")
	}
	return ask
}

// readChoices reads what may be answered on the scale choice.
func readChoices(m *mapping, scale Scale) []string {
	const want = "the answers to choose from, such as [bread, coffee]"
	written := m.get("choices")
	switch {
	case scale != Choice && written.present():
		written.problem(`"choices" belongs to the scale choice, and this is `+string(scale), "take it out, or write scale: choice")
		return nil
	case scale != Choice:
		return nil
	case !written.present():
		m.need("choices", "write "+want)
		return nil
	}
	var choices []string
	items := written.items(want)
	if written.kind() == aList && len(items) < 2 {
		written.problem("there is nothing to choose from", "write at least two, such as [bread, coffee]")
	}
	for _, item := range items {
		text := item.textAs("an answer, such as bread")
		if text == "" {
			continue
		}
		if twice, known := replytext.Chosen(text, choices); known {
			item.problem(quote(text)+" cannot be told from "+quote(twice), "give one of them another name")
			continue
		}
		choices = append(choices, text)
	}
	return choices
}

// saysNone reports whether a threshold is none.
func saysNone(n node) bool { return n.present() && n.kind() == aText && n.raw() == "none" }

// readThreshold reads the score that opens a case: a number, or none.
func readThreshold(n node, scale Scale) *float64 {
	usual, scored := usualThresholds[scale]
	switch {
	case !n.present() && scored:
		return &usual
	case !n.present(), saysNone(n):
		return nil
	}
	if !n.is("a score, or none", aNumber) {
		return nil
	}
	threshold, problem := parseDecimal(n.raw())
	n.report(problem)
	span, scored := ranges[scale]
	switch {
	case problem != nil:
		return nil
	case !scored:
		n.problem("an answer on the scale "+string(scale)+" has no score", "remove the threshold, or choose csat5, nps or yesno")
	case threshold < span[0] || threshold > span[1]:
		n.problem(n.raw()+" is not a score of "+string(scale), "write one from "+decimal(span[0])+" to "+decimal(span[1])+", or none")
	}
	return &threshold
}
