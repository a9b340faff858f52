package campaigns

import (
	"slices"
	"strings"
	"time"

	"rapport/channels"
	"rapport/customers"
)

// expectationKeys are the words an expectation may begin with, in the order in
// which they are looked for.
var expectationKeys = []string{
	"never", "skipped", "failed", "case", "tag", "set", "trait", "points", "consent", "goal", "event", "enter", "status",
	"ask", "email", "sms", "call", "push", "webhook",
}

// readExpectation reads one line of what is to come of a test.
func (t *testReader) readExpectation(n node) Expectation {
	e := Expectation{Line: n.line, Column: n.column, Words: n.asWritten()}
	m := n.fields("an expectation such as {sms: apology} or {never: email}")
	if !m.open() {
		return e
	}
	if m.has("never") {
		e = t.readNever(m, e)
	} else {
		t.readKindOf(m, &e)
		t.readBounds(m, &e)
	}
	m.end()
	return e
}

// asWritten is the line in which the value begins, without the dash before it.
func (n node) asWritten() string {
	if n.line < 1 || n.line > len(n.src.lines) {
		return ""
	}
	return strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(n.src.lines[n.line-1]), "- "))
}

// readNever reads what may not happen at all: a channel, a template, "case",
// "message", or an expectation.
func (t *testReader) readNever(m *mapping, e Expectation) Expectation {
	n := m.get("never")
	if n.kind() == aMap {
		inner := n.fields("")
		t.readKindOf(inner, &e)
		t.readBounds(inner, &e)
		inner.end()
		e.Never = true
		return e
	}
	e.Never, e.Kind = true, ExpectSent
	e.Customer = t.anyone(m.get("customer"))
	switch word := n.textAs("a channel, a template, case or message"); {
	case word == "", word == "message":
	case word == "case":
		e.Kind = ExpectCase
	case channels.Channel(word).Valid():
		e.Message.Channel = channels.Channel(word)
	default:
		e.Message.Template = word
		t.checkTemplateSent(n, word)
	}
	return e
}

// checkTemplateSent checks that the test's campaigns send a template by some
// channel.
func (t *testReader) checkTemplateSent(n node, name string) {
	known := append(channelNames(), "case", "message")
	for _, sent := range t.messages {
		if sent.Template == name {
			return
		}
		known = append(known, sent.Template)
	}
	if !t.incomplete() {
		n.problem("campaign "+strings.Join(t.test.Campaigns, ", ")+" never sends "+quote(name), didYouMean(name, known, "write a channel, a template of the campaign, case or message"))
	}
}

// readKindOf reads what the expectation speaks of.
func (t *testReader) readKindOf(m *mapping, e *Expectation) {
	i := slices.IndexFunc(expectationKeys, m.has)
	if i < 0 {
		t.misspelt(m)
		return
	}
	key := expectationKeys[i]
	switch key {
	case "skipped", "failed":
		t.readUnsent(m, e, key)
	case "case":
		t.readExpectedCase(m, e)
	case "points":
		e.Kind, e.Value = ExpectPoints, small(m.get(key), wantPoints, parsePoints)
	case "tag":
		change := small(m.get(key), "a tag such as vip or -lapsed", parseExpectedTag)
		e.Kind, e.Name, e.Value = ExpectTag, change.Tag, change.Add
	case "set":
		e.Kind, e.Name = ExpectSet, m.get(key).textAs("a field such as traits.vip")
		if to := m.get("to"); to.present() {
			e.Value = to.plain()
		}
	case "trait":
		e.Kind, e.Name = ExpectSet, "traits."+m.get(key).text()
		if is := m.get("is"); is.present() {
			e.Value = is.plain()
		}
	case "consent":
		t.readExpectedConsent(m, e)
	case "goal":
		t.readExpectedGoal(m, e)
	case "event":
		e.Kind, e.Name = ExpectEvent, m.get(key).textAs("the name of an event, or any")
	case "enter":
		t.readExpectedEntry(m, e)
	case "status":
		t.readStatus(m, e)
	default:
		e.Kind, e.Message = ExpectSent, t.readMessageOf(m, "ask", "webhook")
		if by := m.get("by"); by.present() {
			e.Message.Channel = by.channel()
		}
		e.Says = m.get("says").text()
	}
}

func (t *testReader) misspelt(m *mapping) {
	if len(m.entries) == 0 {
		m.problem("nothing is expected in this line", "write something such as {sms: apology}")
		return
	}
	for _, p := range m.entries {
		if meant := nearest(p.key, expectationKeys); meant != "" {
			p.problem(quote(p.key)+" is nothing that can be expected", "did you mean "+quote(meant)+"?")
			m.asked = append(m.asked, p.key)
			return
		}
	}
	m.problem("this does not say what is expected", "name a message, case, tag or the like, such as {sms: apology}")
}

// readUnsent reads a message that did not reach the customer, and why.
func (t *testReader) readUnsent(m *mapping, e *Expectation, key string) {
	n := m.get(key)
	e.Kind = ExpectationKind(key)
	switch word := n.textAs("a channel or a template"); {
	case word == "", word == "any":
	case channels.Channel(word).Valid():
		e.Message.Channel = channels.Channel(word)
		t.checkSends(n, e.Message)
	default:
		e.Message.Template = word
		t.checkTemplateSent(n, word)
	}
	reason := m.get("reason")
	if !reason.present() {
		return
	}
	e.Reason = reason.text()
	if key == "skipped" {
		var known []string
		for _, r := range SkipReasons() {
			known = append(known, r.Word)
		}
		if !slices.Contains(known, e.Reason) {
			reason.problem(quote(e.Reason)+" is not a reason to skip a message", didYouMean(e.Reason, known, ""))
		}
	}
}

func (t *testReader) readExpectedCase(m *mapping, e *Expectation) {
	e.Kind = ExpectCase
	if e.Name = m.get("case").textAs("a queue, or any"); e.Name == "any" {
		e.Name = ""
	}
	e.Priority = string(choice(m.get("priority"), "", customers.Urgent, customers.High, customers.Normal, customers.Low))
	e.Says = m.get("title").text()
}

// parseExpectedTag reads vip, +vip or -vip.
func parseExpectedTag(text string) (TagChange, *mistake) {
	if !strings.HasPrefix(text, "+") && !strings.HasPrefix(text, "-") {
		text = "+" + text
	}
	return parseTag(text)
}

func (t *testReader) readExpectedConsent(m *mapping, e *Expectation) {
	e.Kind = ExpectConsent
	if word, fine := t.readConsent(m.get("consent")); fine {
		e.Name, e.Message.Channel = word.Topic, word.Channel
		e.Value = word.In
	}
	if to := m.get("to"); to.present() {
		e.Value = choice(to, "in", "in", "out") == "in"
	}
}

func (t *testReader) readExpectedGoal(m *mapping, e *Expectation) {
	e.Kind = ExpectGoal
	n := m.get("goal")
	if n.kind() != aFlag && choice(n, "reached", "reached", "missed") == "missed" || n.raw() == "false" {
		e.Never = true
	}
	if c := t.about(); c != nil && c.Goal == nil {
		n.problem("campaign "+c.ID+" has no goal", "write one in its file, or take this line out")
	}
	if value := m.get("value"); value.is("what it is worth, such as 80", aNumber) {
		amount, problem := parseDecimal(value.raw())
		value.report(problem)
		e.Value = amount
	}
}

// about is the campaign that is tested; nil where it could not be read.
func (t *testReader) about() *Campaign {
	if t.incomplete() {
		return nil
	}
	return t.workspace.Campaigns[t.test.Campaigns[0]]
}

// readExpectedEntry reads that a journey begins.
func (t *testReader) readExpectedEntry(m *mapping, e *Expectation) {
	e.Kind = ExpectEntry
	n := m.get("enter")
	if e.Name = n.textAs("a campaign, or any"); e.Name == "any" {
		e.Name = ""
	} else if e.Name != "" {
		t.checkCampaign(n, e.Name, "")
	}
}

// entryStates are the words for where a journey stands.
var entryStates = []string{string(Running), string(Finished), string(Left)}

// readStatus reads where the journey stands when the test ends, "entry left", or
// one of its steps, "steps.csat unanswered".
func (t *testReader) readStatus(m *mapping, e *Expectation) {
	e.Kind = ExpectStatus
	n := m.get("status")
	text := n.textAs("where something stands, such as entry finished or steps.csat unanswered")
	e.Reason = m.get("why").text()
	what, status, both := strings.Cut(text, " ")
	if !both {
		what, status = "entry", text
	}
	e.Value = status
	id, isStep := strings.CutPrefix(what, "steps.")
	switch {
	case text == "":
	case isStep:
		e.Name = strings.TrimSuffix(id, ".status")
		t.checkStep(n, e.Name, status)
	case what != "entry":
		n.problem(quote(text)+" does not say what stands so", "write entry and where the journey stands, or a step and its status, such as steps.csat unanswered")
	case !slices.Contains(entryStates, status):
		n.problem(quote(status)+" is not where a journey can stand", didYouMean(status, entryStates, "write entry "+strings.Join(entryStates, ", entry ")+", or name a step, such as steps.csat "+status))
	}
}

// checkStep checks that the campaign that is tested has a step, and that it can
// stand so.
func (t *testReader) checkStep(n node, id, status string) {
	c := t.about()
	if c == nil {
		return
	}
	var ids []string
	everyStep(c.Steps, func(s *Step) {
		if s.ID != "" {
			ids = append(ids, s.ID)
		}
	})
	if !slices.Contains(ids, id) {
		n.problem("campaign "+c.ID+" has no step "+quote(id), didYouMean(id, ids, "give the step an id"))
		return
	}
	if possible, known := t.campaigns[c.ID].statuses[id]; known && !slices.Contains(possible, status) {
		n.problem("steps."+id+" is never "+quote(status), didYouMean(status, possible, ""))
	}
}

// readBounds reads when it is to happen, and to whom.
func (t *testReader) readBounds(m *mapping, e *Expectation) {
	e.Customer = t.anyone(m.get("customer"))
	if at := m.get("at"); at.present() {
		e.From, e.Until = t.span(at)
	}
	if after := m.get("after"); after.present() {
		if e.Later = durationOrZero(after); e.Later == 0 {
			e.From = t.instant(after)
		}
	}
	if before := m.get("before"); before.present() {
		e.Until = t.instant(before)
	}
	if within := m.get("within"); within.present() {
		e.Within = within.duration()
	}
	if e.Kind == ExpectStatus {
		for _, key := range []string{"at", "after", "before", "within"} {
			if p, written := m.pair(key); written {
				p.problem("a status is where things stand at the end of the test, at no other time", "remove it, or end the test earlier with until:")
			}
		}
	}
}

// durationOrZero reads a duration where one is written, without a word about
// what is none.
func durationOrZero(n node) time.Duration {
	long, problem := parseDuration(n.raw())
	if problem != nil {
		return 0
	}
	return long
}
