package campaigns

import (
	"slices"
	"strings"
	"time"

	"rapport/channels"
)

// readScript reads what happens, line by line. A line without a time of its own
// happens when the one above it has.
func (t *testReader) readScript(n node) {
	for _, item := range n.items("what happens, each on a line that begins with \"- \", such as \"- event: Order Delivered\"") {
		t.readLine(item)
	}
}

// lineKinds are the words a line of a script begins with.
var lineKinds = []string{"event", "start", "wait", "customer", "when"}

func (t *testReader) readLine(n node) {
	m := n.fields(`a line such as "event: Order Delivered" or "when: {call: satisfaction}"`)
	if !m.open() {
		return
	}
	t.waits = m.has("wait")
	switch {
	case m.has("when"):
		t.readCue(m)
	case m.has("event"):
		t.readScene(m, func(scene *Scene) { scene.Event = t.readHappening(m.get("event")) })
	case m.has("start"):
		t.readScene(m, func(scene *Scene) { scene.Starts, scene.With = t.readStarts(m.get("start")) })
	case m.has("wait"):
		t.clock = t.clock.Add(m.get("wait").duration())
	case m.has("customer"):
		t.readChange(m)
	case len(m.entries) == 0:
		n.problem("nothing happens in this line", "begin it with "+strings.Join(lineKinds, ", "))
		return
	default:
		first := m.entries[0]
		first.problem(quote(first.key)+" does not begin a line of a script", didYouMean(first.key, lineKinds, ""))
		return
	}
	m.end()
}

// readScene reads a line that happens at its own time.
func (t *testReader) readScene(m *mapping, what func(*Scene)) {
	t.readClock(m)
	scene := Scene{At: t.clock}
	what(&scene)
	if with := m.get("with"); with.present() {
		scene.With = values(with)
	}
	scene.Customer = t.whose(m.get("customer"))
	t.test.Script = append(t.test.Script, scene)
}

// readHappening reads the name of an event that the test lets happen.
func (t *testReader) readHappening(n node) string {
	name := n.text()
	if name != "" {
		t.scripted = append(t.scripted, mention{name, n, true})
	}
	return name
}

// readClock moves the script's clock to a line's time.
func (t *testReader) readClock(m *mapping) {
	after, at := m.get("after"), m.get("at")
	if after.present() && at.present() {
		at.problem(`this line has both "after" and "at"`, "keep one of them")
	}
	if after.present() {
		t.clock = t.clock.Add(after.duration())
	}
	if !at.present() {
		return
	}
	moment := t.instant(at)
	if !moment.IsZero() && moment.Before(t.clock) {
		at.problem("this is before the line above it", "put the lines in the order of time")
		return
	}
	t.clock = moment
}

// readStarts reads that support begins a manual campaign: "manual", its name, or
// what it is begun with.
func (t *testReader) readStarts(n node) (id string, with map[string]any) {
	if len(t.test.Campaigns) == 0 || !n.is("manual, or what it is begun with such as {order_id: A1}", aText, aFlag, aMap) {
		return "", nil
	}
	id = t.test.Campaigns[0]
	if n.kind() == aMap {
		with = values(n)
	} else if text := n.raw(); text != "manual" && text != "true" {
		id = text
	}
	if !slices.Contains(t.test.Campaigns, id) {
		n.problem("the campaign "+quote(id)+" has no part in this test", didYouMean(id, t.test.Campaigns, "write manual"))
		return "", nil
	}
	if c := t.workspace.Campaigns[id]; c != nil && c.Trigger.Kind != Manual {
		n.problem("campaign "+id+" starts by itself ("+string(c.Trigger.Kind)+")", "let happen what starts it, or test one with manual: true")
	}
	return id, with
}

// readChange reads a line that changes a customer: what their profile says from
// now on, and what they agree to.
func (t *testReader) readChange(m *mapping) {
	t.readClock(m)
	profile := m.get("customer").fields("what becomes of the customer, such as {city: Berlin, consents: [-marketing/sms]}")
	if !profile.open() {
		return
	}
	scene := Scene{At: t.clock, Customer: t.whose(profile.get("id"))}
	scene.Change = t.readProfile(profile).apply
	profile.end()
	t.test.Script = append(t.test.Script, scene)
}

// readCue reads what a customer does when a message goes out.
func (t *testReader) readCue(m *mapping) {
	when := m.get("when").fields("a message such as {call: satisfaction}")
	cue := Cue{Line: m.line, Customer: t.anyone(m.get("customer")), After: m.get("after").duration()}
	if when.open() {
		cue.On = t.readMessageOf(when, "ask")
		when.end()
	}
	cue.Acts = t.readActs(m, cue.On)
	t.test.Cues = append(t.test.Cues, cue)
}

// readMessageOf reads which message is meant: {call: satisfaction}, {email:
// any} or {ask: csat}. further are the keys beside the channels that name one.
func (t *testReader) readMessageOf(m *mapping, further ...string) (message Message) {
	var named []string
	for _, key := range append(channelNames(), further...) {
		n := m.get(key)
		if !n.present() {
			continue
		}
		named = append(named, key)
		what := n.textAs("the name of a template or question, or any")
		if what == "any" {
			what = ""
		}
		if key == "ask" {
			message.Ask = what
		} else {
			message.Channel, message.Template = channels.Channel(key), what
		}
		t.checkSends(n, message)
	}
	if len(named) != 1 {
		m.problem("this does not name one message", "write one such as {call: satisfaction} or {ask: csat}")
	}
	return message
}

func channelNames() []string {
	var names []string
	for _, ch := range channels.All() {
		names = append(names, string(ch))
	}
	return names
}

// checkSends checks that the test's campaigns may send such a message.
func (t *testReader) checkSends(n node, wanted Message) {
	if t.incomplete() {
		return
	}
	var names []string
	for _, sent := range t.messages {
		fits := (wanted.Channel == "" || wanted.Channel == sent.Channel) && (wanted.Template == "" || wanted.Template == sent.Template) &&
			(wanted.Ask == "" || wanted.Ask == sent.Ask)
		if fits {
			return
		}
		if wanted.Ask != "" && sent.Ask != "" {
			names = append(names, sent.Ask)
		} else if wanted.Ask == "" && wanted.Channel == sent.Channel {
			names = append(names, sent.Template)
		}
	}
	campaigns := strings.Join(t.test.Campaigns, ", ")
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case wanted.Ask != "":
		n.problem("campaign "+campaigns+" asks no question "+quote(wanted.Ask), didYouMean(wanted.Ask, names, ""))
	case len(names) == 0:
		n.problem("campaign "+campaigns+" sends nothing by "+string(wanted.Channel), "write another channel, or take this line out")
	default:
		n.problem("campaign "+campaigns+" sends no "+string(wanted.Channel)+" "+quote(wanted.Template), didYouMean(wanted.Template, names, ""))
	}
}

// incomplete reports whether one of the test's campaigns could not be read, so
// that nobody knows what it sends.
func (t *testReader) incomplete() bool {
	return len(t.test.Campaigns) == 0 ||
		slices.ContainsFunc(t.test.Campaigns, func(id string) bool { return t.workspace.Campaigns[id] == nil })
}

// actsBy lists, for acts that not every channel knows, those that do.
var actsBy = map[ActKind][]channels.Channel{
	ActOpen: {channels.Email}, ActClick: {channels.Email, channels.SMS, channels.Push},
	ActReply: {channels.Email, channels.SMS}, ActComplain: {channels.Email},
	ActNoAnswer: {channels.Call}, ActBusy: {channels.Call}, ActMachine: {channels.Call},
}

var actKinds = []ActKind{
	ActDeliver, ActIgnore, ActOpen, ActClick, ActReply, ActAnswer, ActBounce, ActComplain, ActUnsubscribe,
	ActNoAnswer, ActBusy, ActMachine, ActEvent,
}

// readActs reads what is done, in the order of the list above.
func (t *testReader) readActs(m *mapping, on Message) []Act {
	var acts []Act
	for _, kind := range actKinds {
		n := m.get(string(kind))
		if !n.present() {
			continue
		}
		if by, some := actsBy[kind]; some && on.Channel != "" && !slices.Contains(by, on.Channel) {
			n.problem(quote(string(kind))+" does not happen to "+string(on.Channel), "write what a customer can do with one, such as deliver: true")
		}
		acts = append(acts, t.readAct(m, n, kind)...)
	}
	if len(acts) == 0 {
		m.problem("nothing is done about the message", "write what the customer does, such as answer: {score: 1}, click: true or no_answer: true")
	}
	return acts
}

func (t *testReader) readAct(m *mapping, n node, kind ActKind) []Act {
	act := Act{Kind: kind}
	switch kind {
	case ActAnswer:
		return t.readAnswers(n)
	case ActReply:
		act.Text = n.text()
	case ActClick:
		if n.kind() != aFlag {
			act.Link = n.textAs("true, or the address that is clicked")
		} else {
			n.yes("true")
		}
	case ActBounce:
		act.Hard = n.kind() == aFlag || choice(n, "hard", "hard", "soft") == "hard"
	case ActEvent:
		act.Event, act.With = t.readHappening(n), values(m.get("with"))
	default:
		n.yes("true")
	}
	return []Act{act}
}

// readAnswers reads one answer, or a list of them: {score: 1, text: late} or
// yes, or {question: comment, text: late} to a further question of a script.
func (t *testReader) readAnswers(n node) []Act {
	if n.kind() == aList {
		var acts []Act
		for _, item := range n.items("answers") {
			acts = append(acts, t.readAnswers(item)...)
		}
		return acts
	}
	act := Act{Kind: ActAnswer}
	if n.kind() != aMap {
		if n.is("an answer such as {score: 1} or yes", aNumber, aText, aFlag) {
			act.Answer = answerWord(n)
		}
		return []Act{act}
	}
	return []Act{readAnswerMap(n.fields(""))}
}

// readAnswerMap reads a score or a choice, with words beside it, or words alone.
func readAnswerMap(m *mapping) Act {
	act := Act{Kind: ActAnswer}
	switch {
	case m.has("score"):
		act.Answer = answerIn(m.get("score"))
	case m.has("choice"):
		act.Answer = answerIn(m.get("choice"))
	default:
		m.need("text", "write what is answered: {score: 1}, {choice: red}, {text: late} or yes")
	}
	if text := m.get("text"); text.present() {
		act.Text = text.text()
	}
	if question := m.get("question"); question.present() {
		act.Question = question.text()
	}
	m.end()
	return act
}

func answerIn(n node) string {
	if !n.is("an answer", aNumber, aText) {
		return ""
	}
	return n.raw()
}

// answerWord is an answer that is written as a word or a number: true is yes.
func answerWord(n node) string {
	switch n.raw() {
	case "true":
		return "yes"
	case "false":
		return "no"
	}
	return n.raw()
}

// span is the stretch of time that a moment in an expectation means: its
// minute, or its whole day where it names no time of day.
func (t *testReader) span(n node) (from, until time.Time) {
	from = t.instant(n)
	if from.IsZero() {
		return from, from
	}
	if strings.ContainsAny(n.raw(), ": ") {
		return from, from.Add(time.Minute)
	}
	local, _ := parseInstant(n.raw())
	local.Day++
	return from, local.In(t.test.Zone)
}
