package campaigns

import (
	"slices"

	"rapport/customers"
)

// pathOf is the path of a split that the customer takes; not decided while the
// customer belongs to the rest that waits for the winner.
func (j *journey) pathOf(step *Step) (arm int, decided bool) {
	if step.Winner != nil {
		j.move.Splits = append(j.move.Splits, step.Path)
	}
	arm, decided = j.campaign.drawnPath(step, customers.Person(*j.traveller.Customer))
	if decided {
		return arm, true
	}
	name, decided := j.traveller.Winners[step.Path]
	if woken := j.traveller.Entry; woken.Position == step.Path {
		j.doneAt(woken.WakeAt) // by the decision
	}
	arm = slices.IndexFunc(step.Branch, func(path Branch) bool { return path.Name == name })
	return max(0, arm), decided
}

// drawnPath is the path of a split that a person (customers.Person) takes by lot,
// always the same; none for the rest that takes the path that wins.
func (c *Campaign) drawnPath(step *Step, person string) (arm int, drawn bool) {
	lot := draw(c.ID+"\x00split\x00"+step.ID, person)
	for i, path := range step.Branch {
		if lot < path.Share {
			return i, true
		}
		lot -= path.Share
	}
	last := len(step.Branch) - 1 // shares that make 100% may add up to a little less
	return last, step.Winner == nil
}

// letIn reports whether the rollout has come to the customer. The holdout is not
// kept back: nothing happens to it that could go wrong.
func (j *journey) letIn() bool {
	if j.campaign.Rollout == nil || j.move.Entry.Holdout {
		return true
	}
	return InStage(j.campaign.ID, customers.Person(*j.traveller.Customer), j.traveller.Share)
}
