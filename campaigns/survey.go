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
	if steps.kind() != aList {
		return
	}
	for _, item := range steps.items("") {
		if item.kind() != aMap {
			continue
		}
		step := item.fields("")
		c.surveyStep(step)
		if branches, found := step.pair(string(StepBranch)); found {
			c.surveyBranches(branches.value)
		}
	}
}

func (c *campaignReader) surveyBranches(branches node) {
	if branches.kind() != aList {
		return
	}
	for _, item := range branches.items("") {
		if item.kind() != aMap {
			continue
		}
		for _, key := range []string{"then", "else"} {
			if arm, found := item.fields("").pair(key); found {
				c.survey(arm.value)
			}
		}
	}
}

func (c *campaignReader) surveyStep(step *mapping) {
	ask, asks := step.pair(string(StepAsk))
	for _, ch := range channels.All() {
		c.sends = c.sends || asks || step.has(string(ch))
	}
	if asks {
		c.surveyAsk(step, ask.value)
		return
	}
	id, found := step.pair("id")
	if !found || id.value.kind() != aText {
		return
	}
	if first, twice := c.steps[id.value.raw()]; twice {
		c.idTwice(id.value, first)
		return
	}
	c.steps[id.value.raw()] = id.value
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
		c.steps[id.raw()], c.asks[id.raw()] = id, scale
	}
	if template, found := step.pair("template"); found && c.asksByCall(step) {
		for _, script := range c.scripts(template.value.raw()) {
			c.questions = append(c.questions, script.questions...)
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
