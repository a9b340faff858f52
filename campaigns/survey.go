package campaigns

import (
	"slices"

	"rapport/channels"
)

// survey walks the steps before they are read, for what conditions and
// templates may name: the ids of asks and steps, and the questions that call
// scripts ask. It reports ids that stand for two things; everything else that
// is wrong with a step is reported when it is read.
func (c *campaignReader) survey(steps node) {
	for _, step := range steps.maps() {
		c.surveyStep(step)
		if branches, found := step.pair(string(StepBranch)); found {
			for _, arm := range branches.value.maps() {
				c.surveyUnder(arm, "then", "else")
			}
		}
		for _, path := range pathsOf(step) {
			if path.value.kind() == aMap {
				c.surveyUnder(path.value.fields(""), "steps")
			}
		}
	}
}

// surveyUnder surveys the steps below keys of an arm or a path.
func (c *campaignReader) surveyUnder(m *mapping, keys ...string) {
	for _, key := range keys {
		if steps, found := m.pair(key); found {
			c.survey(steps.value)
		}
	}
}

// maps lists the maps of a list, without a word about what else stands there.
func (n node) maps() []*mapping {
	if n.kind() != aList {
		return nil
	}
	var maps []*mapping
	for _, item := range n.items("") {
		if item.kind() == aMap {
			maps = append(maps, item.fields(""))
		}
	}
	return maps
}

// pathsOf lists the paths of a split.
func pathsOf(step *mapping) []pair {
	paths, found := step.pair("paths")
	if !found || paths.value.kind() != aMap {
		return nil
	}
	return paths.value.pairs("")
}

func (c *campaignReader) surveyStep(step *mapping) {
	ask, asks := step.pair(string(StepAsk))
	for _, ch := range channels.All() {
		c.sends = c.sends || asks || step.has(string(ch)) || step.has(string(StepReach))
	}
	if asks {
		c.surveyAsk(step, ask.value)
		return
	}
	id, found := step.pair(string(StepSplit))
	if !found {
		id, found = step.pair("id")
	}
	if !found || id.value.kind() != aText {
		return
	}
	if first, twice := c.steps[id.value.raw()]; twice {
		c.idTwice(id.value, first)
		return
	}
	c.knowStep(id.value, step)
}

// knowStep notes a step that conditions may name, and what its status may be.
func (c *campaignReader) knowStep(id node, step *mapping) {
	c.steps[id.raw()] = id
	if statuses := statusesOf(step); statuses != nil {
		c.statuses[id.raw()] = statuses
	}
}

// surveyAsk notes a question. The same question may be asked again in another
// branch, by another channel: its answers are one answer.
func (c *campaignReader) surveyAsk(step *mapping, id node) {
	if id.kind() != aText {
		return
	}
	scale := CSAT5
	if written, found := step.pair("scale"); found && written.value.kind() == aText {
		scale = Scale(written.value.raw())
	}
	first, known := c.steps[id.raw()]
	before, asked := c.asks[id.raw()]
	switch {
	case known && !asked:
		c.idTwice(id, first)
	case asked && before != scale:
		id.problem("the question "+quote(id.raw())+" has the scale "+string(before)+" in line "+itoa(first.line)+" and "+string(scale)+" here",
			"give it the same scale, or another id")
	case !known:
		c.asks[id.raw()] = scale
		c.knowStep(id, step)
	}
	if template, found := step.pair("template"); found && c.asksByCall(step) {
		for _, script := range c.scripts(template.value.raw()) {
			c.questions = append(c.questions, script.ids()...)
		}
	}
}

func (c *campaignReader) idTwice(id, first node) {
	id.problem("there is another step "+quote(id.raw())+" in line "+itoa(first.line), "give one of them another id")
}

func (c *campaignReader) asksByCall(step *mapping) bool {
	by, _ := step.pair("by")
	if by.value.kind() != aList {
		return by.value.raw() == string(channels.Call)
	}
	return slices.ContainsFunc(by.value.items(""), func(item node) bool { return item.raw() == string(channels.Call) })
}
