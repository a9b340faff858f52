package campaigns

import (
	"slices"
	"strings"

	"rapport/campaigns/expression"
	"rapport/deliveries"
)

// eachCondition visits the conditions that a journey asks of itself, with their
// places: those of arms and of exits.
func (c *campaignSuspicion) eachCondition(visit func(node, *expression.Program)) {
	exits := c.root.at("exit").list()
	for i, exit := range c.campaign.Exits {
		if exit.When != nil && i < len(exits) {
			visit(exits[i].at("when"), exit.When)
		}
	}
	eachStep(c.campaign.Steps, c.root.at("steps"), func(step *Step, place node) {
		for i, arm := range step.Branch {
			if arm.If != nil {
				at, _ := below(place, i)
				visit(at, arm.If)
			}
		}
	})
}

// stages are the statuses of a message that its customer has and minds, each with
// further ones behind it.
var stages = []string{
	string(deliveries.Sent), string(deliveries.Delivered), string(deliveries.Opened), string(deliveries.Clicked), string(deliveries.Answered),
}

// suspectStages reports comparisons with one stage of a message that has later ones:
// a status is the furthest it has come.
func (c *campaignSuspicion) suspectStages() {
	comes := map[string][]string{}
	everyStep(c.campaign.Steps, func(step *Step) {
		if step.ID != "" && step.Send != nil {
			comes[step.ID] = append(comes[step.ID], step.comesTo()...)
		}
	})
	c.eachCondition(func(at node, condition *expression.Program) {
		for _, field := range condition.Fields() {
			step, isStatus := strings.CutPrefix(strings.TrimSuffix(field, ".status"), "steps.")
			if !isStatus {
				continue
			}
			for _, e := range condition.Equalities(field) {
				c.suspectStage(at, field, e, comes[step])
			}
		}
	})
}

func (c *campaignSuspicion) suspectStage(at node, field string, e expression.Equality, possible []string) {
	from := slices.Index(stages, e.Text)
	if from < 0 || !slices.Contains(possible, e.Text) {
		return
	}
	on := []string{quote(e.Text)}
	for _, later := range stages[from+1:] {
		if slices.Contains(possible, later) {
			on = append(on, quote(later))
		}
	}
	if len(on) == 1 {
		return
	}
	op, holds, not := " == ", " does not hold any more", ""
	if e.Negated {
		op, holds, not = " != ", " holds again", " not"
	}
	c.warn(at, field+op+quote(e.Text)+holds+" once the message is "+strings.Join(on[1:], " or "),
		"write "+field+not+" in ["+strings.Join(on, ", ")+"]; where that stage alone is meant,"+not+" in ["+on[0]+"]")
}

// suspectScores reports comparisons of scores that the scale of their question
// decides alone. An arm that nobody takes is reported already.
func (c *campaignSuspicion) suspectScores() {
	facts := c.facts()
	c.eachCondition(func(at node, condition *expression.Program) {
		for _, d := range facts.Decided(condition) {
			switch {
			case d.Holds:
				c.warn(at, d.Comparison+" holds for every answer: the scale goes from "+d.Scale, "compare with a score within the scale; whoever answered at all is "+d.Score+" != nil")
			case !impossible(facts.Assume(condition, true)):
				c.warn(at, d.Comparison+" holds for no answer: the scale goes from "+d.Scale, "compare with a score within the scale")
			}
		}
	})
}
