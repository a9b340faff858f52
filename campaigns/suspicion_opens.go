package campaigns

import (
	"slices"
	"strings"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/deliveries"
)

const whyNotOpens = "mail programs open by themselves what nobody reads"

// suspectOpens reports what is decided by opens alone.
func (c *campaignSuspicion) suspectOpens() {
	eachStep(c.campaign.Steps, c.root.at("steps"), func(step *Step, place node) {
		if step.Winner != nil && step.Winner.By == deliveries.Opened {
			c.warn(place.at("winner", "by"), "the path that wins is found by opens alone, and "+whyNotOpens, "choose by: clicked")
		}
		for i, arm := range step.Branch {
			if arm.If != nil && c.restsOnOpens(arm.If) {
				at, _ := below(place, i)
				c.warn(at, "this arm rests on opens alone, and "+whyNotOpens, `ask for a click, such as steps.<id>.status in ["clicked", "answered"]`)
			}
		}
	})
	exits := c.root.at("exit").list()
	for i, exit := range c.campaign.Exits {
		if exit.When != nil && i < len(exits) && c.restsOnOpens(exit.When) {
			c.warn(exits[i].at("when"), "this exit rests on opens alone, and "+whyNotOpens, "ask for a click")
		}
	}
	rollout := c.campaign.Rollout
	if rollout != nil && len(rollout.ContinueIf) > 0 && !slices.ContainsFunc(rollout.ContinueIf, func(r Criterion) bool { return r.Metric != ShareOpened }) {
		c.warn(c.root.at("rollout", "continue_if"), "the rollout goes on by opens alone, and "+whyNotOpens, "add a bound on complaints, unsubscribes or clicks")
	}
}

// restsOnOpens reports whether an open alone decides a condition: it asks for
// nothing else, or turns round when a message goes from delivered to opened.
func (c *campaignSuspicion) restsOnOpens(p *expression.Program) bool {
	fields := p.Fields()
	if slices.Equal(fields, []string{"engagement.email_opened_at"}) {
		return true
	}
	return slices.ContainsFunc(fields, func(field string) bool {
		step, isStatus := strings.CutPrefix(field, "steps.")
		if !isStatus {
			return false
		}
		step = strings.TrimSuffix(step, ".status")
		if !slices.Contains(c.by(step), channels.Email) {
			return false
		}
		delivered := c.facts().AtStatus(step, string(deliveries.Delivered))
		opened := c.facts().AtStatus(step, string(deliveries.Opened))
		return turns(p, delivered, opened) || turns(p, opened, delivered)
	})
}

// by lists the channels of the steps of one name.
func (c *campaignSuspicion) by(id string) (all []channels.Channel) {
	everyStep(c.campaign.Steps, func(step *Step) {
		if step.ID == id && step.Send != nil {
			all = append(all, step.channels()...)
		}
	})
	return all
}

// turns reports whether a condition never holds before and always after.
func turns(p *expression.Program, before, after expression.Facts) bool {
	return impossible(before.Assume(p, true)) && impossible(after.Assume(p, false))
}
