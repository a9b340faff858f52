package campaigns

import (
	"slices"
	"strings"

	"rapport/channels"
	"rapport/customers"
)

// stepKinds are the words a step begins with.
var stepKinds = []StepKind{
	StepWait, StepEmail, StepSMS, StepCall, StepPush, StepReach, StepAsk, StepBranch, StepSplit, StepCase,
	StepSet, StepTag, StepPoints, StepConsent, StepWebhook, StepEnter, StepStop,
}

// named reports whether the word a step begins with is followed by its id.
func (k StepKind) named() bool { return k == StepAsk || k == StepSplit }

// readSteps reads a list of steps. prefix is the path before their numbers.
func (c *campaignReader) readSteps(n node, prefix string) []Step {
	var steps []Step
	for i, item := range n.items("a list of steps, each on a line that begins with \"- \"") {
		if i > 0 && steps[i-1].Kind == StepStop {
			item.problem("this step is never reached, because the one before it is \"stop\"", "take it out, or move the stop")
		}
		steps = append(steps, c.readStep(item, prefix+itoa(i)))
	}
	return steps
}

func (c *campaignReader) readStep(n node, path string) Step {
	step := Step{Path: path, Line: n.line, Column: n.column}
	if n.kind() == aText {
		n.problem(n.what()+" is not a step", "write a word and what it needs, such as "+quote(asStep(n.raw())))
		return step
	}
	m := n.fields("a step such as {email: welcome}")
	if !m.open() {
		return step
	}
	if step.Kind = stepKind(m); step.Kind == "" {
		return step
	}
	if step.Kind.named() {
		step.ID = m.get(string(step.Kind)).stepID()
		readIDTwice(m, step.Kind)
	} else {
		step.ID = m.get("id").stepID()
	}
	c.readKind(m, &step)
	readPauseInside(m)
	m.end()
	return step
}

// readPauseInside reports a pause that is written into a step, as other programs have
// it.
func readPauseInside(m *mapping) {
	m.entries = slices.DeleteFunc(m.entries, func(p pair) bool {
		if slices.Contains(m.asked, p.key) || otherWords[fold(p.key)] != string(StepWait) {
			return false
		}
		pause := "24h"
		if _, problem := parseDuration(p.value.raw()); problem == nil {
			pause = p.value.raw()
		}
		p.problem("unknown key "+quote(p.key), `a pause is a step of its own: write "- wait: `+pause+`" before this one`)
		return true
	})
}

// readIDTwice reports an id beside the one that such a step begins with.
func readIDTwice(m *mapping, kind StepKind) {
	if p, found := m.pair("id"); found {
		m.get("id")
		p.problem("the id of this step stands after \""+string(kind)+":\"", `remove "id:"`)
	}
}

// asStep guesses the step somebody meant by plain text.
func asStep(text string) string {
	word, rest, _ := strings.Cut(text, " ")
	if !slices.Contains(stepKinds, StepKind(word)) {
		return "email: welcome"
	}
	if rest == "" {
		rest = map[StepKind]string{StepStop: "true", StepWait: "24h"}[StepKind(word)]
	}
	return word + ": " + rest
}

// stepKind finds what a step does: the one key that is a step's. A misspelt one
// is reported and read as what was meant, so that the rest of the step is
// checked.
func stepKind(m *mapping) StepKind {
	var found []StepKind
	for _, p := range m.entries {
		option := p.key == string(StepCase) && m.has(string(StepAsk)) // what a low score opens
		if slices.Contains(stepKinds, StepKind(p.key)) && !option {
			found = append(found, StepKind(p.key))
		}
	}
	switch {
	case len(found) == 1:
		return found[0]
	case len(found) > 1:
		m.problem("a step does one thing, and this does both "+quote(string(found[0]))+" and "+quote(string(found[1])), `begin the second on a line of its own with "- "`)
		return ""
	case len(m.entries) == 0:
		m.problem("this step does nothing", "begin it with "+stepNames())
		return ""
	}
	return misspeltStep(m)
}

func misspeltStep(m *mapping) StepKind {
	names := make([]string, len(stepKinds))
	for i, kind := range stepKinds {
		names[i] = string(kind)
	}
	for i, p := range m.entries {
		if meant := nearest(p.key, names); meant != "" && !m.has(meant) && p.key != "id" {
			p.problem(quote(p.key)+" is not a step", "did you mean "+quote(meant)+"?")
			m.entries[i].key = meant
			return StepKind(meant)
		}
	}
	if m.has("if") {
		m.entries[0].problem("a condition is not a step of its own", `write "- branch:" and below it the arms: "- if: …" with "then: […]", and "- else: […]"`)
		return ""
	}
	m.entries[0].problem(quote(m.entries[0].key)+" is not a step", "begin a step with "+stepNames())
	return ""
}

func stepNames() string {
	names := make([]string, len(stepKinds))
	for i, kind := range stepKinds {
		names[i] = string(kind)
	}
	return "one of " + strings.Join(names, ", ")
}

// readKind reads what belongs to the kind of step.
func (c *campaignReader) readKind(m *mapping, step *Step) {
	what := m.get(string(step.Kind))
	switch step.Kind {
	case StepWait:
		step.Wait = c.readWait(what)
	case StepEmail, StepSMS, StepCall, StepPush:
		step.Send = c.readMessage(m, what, channels.Channel(step.Kind))
	case StepReach:
		step.Send = c.readReach(m, what)
	case StepAsk:
		step.Send = c.readAsk(m, step.ID)
	case StepBranch:
		step.Branch = c.readBranches(what, step.Path)
	case StepSplit:
		c.readSplit(m, step)
	case StepCase:
		rule := c.readCase(what, CaseRule{Priority: string(customers.Normal)})
		step.Case = &rule
	case StepSet:
		step.Set = c.readSet(what)
	case StepTag:
		step.Tag = readTags(what)
	case StepPoints:
		step.Points = small(what, wantPoints, parsePoints)
	case StepConsent:
		step.Consent = c.readConsent(what)
	case StepWebhook:
		step.Webhook = c.readWebhook(what)
	case StepEnter:
		step.Enter = c.readEnter(what)
	case StepStop:
		what.yes("true")
	}
}

// yes reads a key whose only value is true.
func (n node) yes(want string) {
	if n.is(want, aFlag) && n.raw() != "true" {
		n.problem(n.label+" is "+n.raw(), "write true, or remove the key")
	}
}

// readCase reads a follow-up for support; what is not written stays as usual.
func (c *campaignReader) readCase(n node, usual CaseRule) CaseRule {
	m := n.fields("a case as {queue: recovery, priority: high, due: 4h, title: …}")
	rule := usual
	if queue := m.get("queue"); queue.present() {
		rule.Queue = queue.text()
	}
	rule.Priority = string(choice(m.get("priority"), customers.Priority(usual.Priority),
		customers.Urgent, customers.High, customers.Normal, customers.Low))
	if due := m.get("due"); due.present() {
		rule.Due = due.duration()
	}
	rule.Title = c.line(m.get("title"))
	rule.Note = c.line(m.get("note"))
	m.end()
	return rule
}
