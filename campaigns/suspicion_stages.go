package campaigns

import (
	"slices"
	"strings"

	"rapport/campaigns/expression"
	"rapport/deliveries"
)

// asking is a condition that a journey asks of itself, and those it stands among.
type asking struct {
	at     node
	asks   *expression.Program
	before []*expression.Program // of the exits, of the arms it stands in and of those before it
	behind []*expression.Program // of the arms after it, or of all exits for one of them
}

// eachAsking visits the conditions of exits and of arms.
func (c *campaignSuspicion) eachAsking(visit func(asking)) {
	exits := c.root.at("exit").list()
	var all []*expression.Program
	for _, exit := range c.campaign.Exits {
		if exit.When != nil {
			all = append(all, exit.When)
		}
	}
	for i, exit := range c.campaign.Exits {
		if exit.When != nil && i < len(exits) {
			visit(asking{at: exits[i].at("when"), asks: exit.When, behind: all})
		}
	}
	eachArm(c.campaign.Steps, c.root.at("steps"), all, visit)
}

func eachArm(steps []Step, list node, before []*expression.Program, visit func(asking)) {
	places := written(steps, list)
	for i := range steps {
		var conditions []*expression.Program
		for _, arm := range steps[i].Branch {
			if arm.If != nil {
				conditions = append(conditions, arm.If)
			}
		}
		asked := 0
		for b, arm := range steps[i].Branch {
			at, under := below(places[i], b)
			if arm.If != nil {
				visit(asking{at, arm.If, slices.Concat(before, conditions[:asked]), conditions[asked+1:]})
				asked++
			}
			eachArm(arm.Steps, under, slices.Concat(before, conditions[:asked]), visit)
		}
	}
}

// stages are the statuses of a message that its customer has and minds, each with
// further ones behind it.
var stages = []string{
	string(deliveries.Sent), string(deliveries.Delivered), string(deliveries.Opened), string(deliveries.Clicked), string(deliveries.Answered),
}

// suspectStages reports comparisons with one stage of a message that has later ones
// which nobody seems to have thought of: a status is the furthest it has come.
func (c *campaignSuspicion) suspectStages() {
	comes := map[string][]string{}
	everyStep(c.campaign.Steps, func(step *Step) {
		if step.ID != "" && step.Send != nil {
			comes[step.ID] = append(comes[step.ID], step.comesTo()...)
		}
	})
	c.eachAsking(func(a asking) {
		for _, field := range a.asks.Fields() {
			step, isStatus := strings.CutPrefix(strings.TrimSuffix(field, ".status"), "steps.")
			if !isStatus {
				continue
			}
			for _, e := range a.asks.Equalities(field) {
				if slices.Contains(stages, e.Text) && slices.Contains(comes[step], e.Text) {
					c.suspectStage(a, step, e, comes[step])
				}
			}
		}
	})
}

func (c *campaignSuspicion) suspectStage(a asking, step string, e expression.Equality, possible []string) {
	field := "steps." + step + ".status"
	var forgotten []string
	for _, later := range a.unnamed(field, e) {
		if slices.Contains(possible, later) && c.forgets(a.asks, step, e, later) {
			forgotten = append(forgotten, quote(later))
		}
	}
	if len(forgotten) == 0 {
		return
	}
	op, holds, not := " == ", " does not hold any more", ""
	if e.Negated {
		op, holds, not = " != ", " holds again", " not"
	}
	c.warn(a.at, field+op+quote(e.Text)+holds+" once the message is "+strings.Join(forgotten, " or "),
		"write "+field+not+" in ["+strings.Join(append([]string{quote(e.Text)}, forgotten...), ", ")+"]; where that stage alone is meant,"+not+" in ["+quote(e.Text)+"]")
}

// unnamed lists the stages behind the one of a comparison, up to the next that this
// condition names too, or one before it: whoever names it has thought of it. An arm
// behind counts where the comparison leaves that stage to it.
func (a asking) unnamed(field string, e expression.Equality) []string {
	conditions := append(slices.Clone(a.before), a.asks)
	if !e.Negated {
		conditions = append(conditions, a.behind...)
	}
	var named []string
	for _, condition := range conditions {
		named = append(named, condition.Compared(field)...)
	}
	behind := stages[slices.Index(stages, e.Text)+1:]
	if next := slices.IndexFunc(behind, func(stage string) bool { return slices.Contains(named, stage) }); next >= 0 {
		return behind[:next]
	}
	return behind
}

// forgets reports whether a condition loses at a later stage whom it has at the one
// of its comparison, or has there again whom it left out.
func (c *campaignSuspicion) forgets(p *expression.Program, step string, e expression.Equality, later string) bool {
	here := impossible(c.facts().AtStatus(step, e.Text).Assume(p, true))
	then := impossible(c.facts().AtStatus(step, later).Assume(p, true))
	return here != then || e.Negated && !then
}

// suspectScores reports comparisons of scores that the scale of their question
// decides alone. An arm that nobody takes is reported already.
func (c *campaignSuspicion) suspectScores() {
	facts := c.facts()
	c.eachAsking(func(a asking) {
		for _, d := range facts.Decided(a.asks, a.before...) {
			switch {
			case d.Holds:
				c.warn(a.at, d.Comparison+" holds for every answer: the scale goes from "+d.Scale, "compare with a score within the scale; whoever answered at all is "+d.Score+" != nil")
			case !impossible(facts.Assume(a.asks, true)):
				c.warn(a.at, d.Comparison+" holds for no answer: the scale goes from "+d.Scale, "compare with a score within the scale")
			}
		}
	})
}
