package campaigns

import (
	"slices"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/deliveries"
)

// suspectJourney walks through the steps with what is known at each of them, and
// reports arms and steps that nobody comes to.
func (c *campaignSuspicion) suspectJourney() {
	facts := c.facts()
	if where := c.campaign.Trigger.Where; where != nil {
		if c.never(c.root.at("trigger", "where"), "this trigger never fires", where, expression.Facts{}) {
			return
		}
		if !c.enteredFromElsewhere() {
			facts = facts.Assume(where, true).Later()
		}
	}
	w := way{campaignSuspicion: c, alone: c.facts()}
	w.steps(c.campaign.Steps, c.root.at("steps"), facts)
}

// facts is what the steps themselves say about answers and statuses.
func (c *campaignSuspicion) facts() expression.Facts {
	var facts expression.Facts
	statuses := map[string][]string{}
	everyStep(c.campaign.Steps, func(step *Step) {
		if step.ID == "" || step.Send == nil {
			return
		}
		if ask := step.Send.Ask; ask != nil {
			if span, scored := ranges[ask.Scale]; scored {
				facts = facts.WithScores(step.ID, span[0], span[1])
			}
		}
		statuses[step.ID] = append(statuses[step.ID], step.comesTo()...)
	})
	for id, possible := range statuses {
		facts = facts.WithStatuses(id, possible...)
	}
	return facts
}

// comesTo lists the statuses that steps.<id>.status of a sending step can have.
func (s *Step) comesTo() []string {
	var possible []string
	by := s.channels()
	for _, status := range deliveries.Statuses() {
		switch status {
		case deliveries.Clicked: // links in text messages are not followed
			if !slices.Contains(by, channels.Email) && !slices.Contains(by, channels.Push) {
				continue
			}
		case deliveries.Opened: // a provider may say that a text message was read
			if !slices.Contains(by, channels.Email) && !slices.Contains(by, channels.SMS) {
				continue
			}
		case deliveries.Answered: // a notification is answered by nothing but a question's page
			if s.Send.Ask == nil && slices.Equal(by, []channels.Channel{channels.Push}) {
				continue
			}
		}
		possible = append(possible, string(status))
	}
	if s.Send.Ask != nil {
		possible = append(possible, markUnanswered)
	}
	return possible
}

// enteredFromElsewhere reports whether another campaign hands customers over to
// this one, which then begins without its own trigger.
func (c *campaignSuspicion) enteredFromElsewhere() bool {
	return slices.ContainsFunc(c.handovers, func(h handover) bool { return h.to == c.campaign.ID })
}

// way goes through the steps of one journey.
type way struct {
	*campaignSuspicion
	alone expression.Facts // what is known without the way to a step
}

// steps walks through a list and gives what is known behind it. Nobody comes
// there when that is impossible.
func (w way) steps(steps []Step, list node, facts expression.Facts) expression.Facts {
	places := written(steps, list)
	for i := range steps {
		if _, nobody := facts.Impossible(); nobody {
			if i > 0 && steps[i-1].Kind != StepStop { // behind a stop it is a mistake
				w.warn(places[i], "this step is never reached: every way through the step before it ends the journey", "take it out, or let an arm go on")
			}
			return facts
		}
		facts = w.step(&steps[i], places[i], facts)
	}
	return facts
}

// step gives what is known behind a step. Whatever takes time, or changes the
// customer, leaves only what cannot change.
func (w way) step(step *Step, place node, facts expression.Facts) expression.Facts {
	switch step.Kind {
	case StepStop:
		return facts.Assume(nil, false)
	case StepBranch:
		return w.branch(step, place, facts)
	case StepSplit:
		return w.split(step, place, facts)
	case StepCase, StepWebhook:
		return facts
	}
	if step.Wait != nil && step.Wait.Where != nil { // its event is another one
		w.never(place.at("wait", "where"), "this wait is never ended by its event", step.Wait.Where, w.alone)
	}
	return facts.Later()
}

func (w way) split(step *Step, place node, facts expression.Facts) expression.Facts {
	if step.Winner != nil { // some wait for it
		facts = facts.Later()
	}
	behind := facts.Assume(nil, false)
	for i, path := range step.Branch {
		_, under := below(place, i)
		behind = behind.Or(w.steps(path.Steps, under, facts))
	}
	return behind
}

// branch takes the arms one after the other: into each come those whom no
// earlier one took.
func (w way) branch(step *Step, place node, facts expression.Facts) expression.Facts {
	rest, behind := facts, facts.Assume(nil, false)
	for i, arm := range step.Branch {
		at, under := below(place, i)
		if _, nobody := rest.Impossible(); nobody {
			if arm.If != nil || len(arm.Steps) > 0 {
				w.warn(at, "this arm is never taken: those before it take everybody", "take it out, or mend the conditions before it")
			}
			break
		}
		in := rest.Assume(arm.If, true)
		if why, never := in.Impossible(); never {
			w.neverTaken(at, arm.If, facts, why)
			continue
		}
		behind = behind.Or(w.steps(arm.Steps, under, in))
		rest = rest.Assume(arm.If, false)
	}
	return behind.Or(rest)
}

// neverTaken reports an arm that nobody takes, and whose fault that is: its own,
// that of the way to the branch, or that of the arms before it.
func (w way) neverTaken(at node, condition *expression.Program, here expression.Facts, why string) {
	switch {
	case impossible(w.alone.Assume(condition, true)):
		why, _ = w.alone.Assume(condition, true).Impossible()
		w.warn(at, because("this arm is never taken", why), "mend the condition, or take the arm out")
	case impossible(here.Assume(condition, true)):
		w.warn(at, because("this arm is never taken by those who come here", why), "mend the condition, or take the arm out")
	default:
		w.warn(at, because("this arm is never taken: those before it take everybody whom it is for", why), "put it before them, or take it out")
	}
}

func impossible(f expression.Facts) bool {
	_, impossible := f.Impossible()
	return impossible
}
