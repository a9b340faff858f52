package campaigns

import (
	"maps"
	"slices"
	"strings"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
)

// stepKinds are the words a step begins with.
var stepKinds = []StepKind{
	StepWait, StepEmail, StepSMS, StepCall, StepPush, StepAsk, StepBranch, StepCase, StepSet, StepTag, StepStop,
}

// laterSteps are words of the language that this version cannot do.
var laterSteps = []string{"reach", "split", "points", "consent", "webhook", "enter"}

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
	if step.Kind == StepAsk {
		step.ID = m.get(string(StepAsk)).stepID()
	} else {
		step.ID = m.get("id").stepID()
	}
	c.readKind(m, &step)
	m.end()
	return step
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
		if slices.Contains(laterSteps, p.key) {
			p.notSupported()
			return ""
		}
		if meant := nearest(p.key, names); meant != "" && !m.has(meant) && p.key != "id" {
			p.problem(quote(p.key)+" is not a step", "did you mean "+quote(meant)+"?")
			m.entries[i].key = meant
			return StepKind(meant)
		}
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
		step.Wait = readWait(what)
	case StepEmail, StepSMS, StepCall, StepPush:
		step.Send = c.readMessage(m, what, channels.Channel(step.Kind))
	case StepAsk:
		step.Send = c.readAsk(m, step.ID)
	case StepBranch:
		step.Branch = c.readBranches(what, step.Path)
	case StepCase:
		rule := c.readCase(what, CaseRule{Priority: string(customers.Normal)})
		step.Case = &rule
	case StepSet:
		step.Set = c.readSet(what)
	case StepTag:
		step.Tag = readTags(what)
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

// readWait reads a pause, or the next moment of a kind.
func readWait(n node) *Wait {
	if n.kind() != aMap {
		return &Wait{For: n.duration()}
	}
	m := n.fields("")
	wait := &Wait{}
	if p, found := m.pair("for"); found {
		p.problem("waiting for an event is not supported by this version", "it belongs to the language and will come; take it out for now")
		return wait
	}
	if until := m.need("until", `write the time of day to wait for, such as until: "10:00"`); until.present() {
		clock := small(until, "a time of day such as \"10:00\"", parseClock)
		wait.Until = &clock
	}
	if days := m.get("days"); days.present() {
		wait.Days = readDays(days, wantDays)
	}
	if zone := m.get("zone"); zone.raw() != "customer" {
		wait.Zone = zone.zone()
	}
	m.end()
	return wait
}

// readBranches reads the arms of a branch; each goes on with its own steps.
func (c *campaignReader) readBranches(n node, path string) []Branch {
	const want = `a list of arms, such as "- if: …" with "then:" below it`
	items := n.items(want)
	if n.kind() == aList && len(items) == 0 {
		n.problem(`"branch" has no arms`, "write "+want)
	}
	var branches []Branch
	for i, item := range items {
		m := item.fields(`an arm with "if:" and "then:", or with "else:"`)
		prefix := path + "." + itoa(i) + "."
		if m.has("else") {
			branches = append(branches, c.readElse(m, prefix, i == len(items)-1))
		} else {
			branches = append(branches, c.readArm(m, prefix))
		}
		m.end()
	}
	return branches
}

func (c *campaignReader) readArm(m *mapping, prefix string) Branch {
	condition := m.need("if", `write when this arm is taken, or "else:" for all others`)
	arm := Branch{If: c.expression(condition, wantCondition, c.inside())}
	outside := len(c.assured)
	c.assured = append(c.assured, assures(condition)...)
	arm.Steps = c.readSteps(m.need("then", "write the steps of this arm; [] for none"), prefix)
	c.assured = c.assured[:outside]
	return arm
}

func (c *campaignReader) readElse(m *mapping, prefix string, last bool) Branch {
	p, _ := m.pair("else")
	if !last {
		p.problem(`"else" is not the last arm, so those after it are never taken`, "move it to the end")
	}
	if condition, found := m.pair("if"); found {
		condition.problem(`an arm has "if" or "else", not both`, `begin the second on a line of its own with "- "`)
		m.get("if")
		c.readSteps(m.get("then"), prefix)
	}
	return Branch{Steps: c.readSteps(m.get("else"), prefix)}
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

// settable are the profile fields a campaign may change, beside traits.
var settable = map[string]expression.Type{
	"first_name": expression.String, "last_name": expression.String, "locale": expression.String,
	"country": expression.String, "city": expression.String, "zone": expression.String,
	"kind": expression.String, "tier": expression.String,
}

// readSet reads formulas for traits and profile fields.
func (c *campaignReader) readSet(n node) []Assignment {
	var set []Assignment
	for _, p := range n.pairs("what to change, such as {traits.vip: true}") {
		scope := c.inside()
		scope.Want = c.settableType(p)
		value := p.value
		if value.kind() == aBlank {
			p.problem(quote(p.key)+" has no value", `write a formula; nil forgets what is known`)
			continue
		}
		set = append(set, Assignment{p.key, c.expression(value, "a formula; text in it stands in quotes of its own, such as '\"gold\"'", scope)})
	}
	return set
}

// settableType is the type of a field that may be set; other fields are
// reported.
func (c *campaignReader) settableType(p pair) expression.Type {
	if trait, isTrait := traitName(p.key); isTrait {
		if declared, known := c.workspace.Traits[trait]; known {
			return declared
		}
		if c.settled {
			p.problem("there is no trait "+quote(trait), didYouMean(trait, slices.Collect(maps.Keys(c.workspace.Traits)), "declare it under traits in rapport.yaml"))
		}
		return expression.Any
	}
	if declared, known := settable[p.key]; known {
		return declared
	}
	known := slices.Sorted(maps.Keys(settable))
	p.problem(quote(p.key)+" cannot be set", didYouMean(p.key, known, "set traits.<name>, or one of "+strings.Join(known, ", ")))
	return expression.Any
}

// readTags reads +vip and -lapsed, alone or in a list.
func readTags(n node) []TagChange {
	const want = "tags such as [+vip, -lapsed]"
	if n.kind() != aList {
		return []TagChange{small(n, want, parseTag)}
	}
	var changes []TagChange
	for _, item := range n.items(want) {
		changes = append(changes, small(item, "a tag such as +vip", parseTag))
	}
	return changes
}

func parseTag(text string) (TagChange, *mistake) {
	tag, add := strings.CutPrefix(text, "+")
	if !add {
		var remove bool
		if tag, remove = strings.CutPrefix(text, "-"); !remove {
			return TagChange{}, wrong(quote(text)+" does not say whether the tag is put on or taken off", "write +"+text+" or -"+text)
		}
	}
	if !identifier.MatchString(tag) {
		return TagChange{}, wrong(quote(tag)+" cannot be a tag", "use small letters, digits and hyphens, such as +"+slug(tag))
	}
	return TagChange{Tag: tag, Add: add}, nil
}
