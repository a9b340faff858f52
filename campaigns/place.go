package campaigns

import (
	"slices"
	"strconv"
	"strings"
)

// place is where a journey stands in the tree of steps: the step's list and
// index on every level, the outermost first. Behind the last step it is empty.
type place []level

type level struct {
	steps []Step
	index int
}

// begin is the place of the first step.
func (c *Campaign) begin() place {
	if len(c.Steps) == 0 {
		return nil
	}
	return place{{c.Steps, 0}}
}

// placeOf finds a step by its path: step, branch, step, branch, …, step.
func (c *Campaign) placeOf(path string) (place, bool) {
	var found place
	steps := c.Steps
	numbers := strings.Split(path, ".")
	for i := 0; i < len(numbers); i += 2 {
		n, err := strconv.Atoi(numbers[i])
		if err != nil || n < 0 || n >= len(steps) {
			return nil, false
		}
		found = append(found, level{steps, n})
		if i == len(numbers)-1 {
			return found, true
		}
		branches := steps[n].Branch
		b, err := strconv.Atoi(numbers[i+1])
		if err != nil || b < 0 || b >= len(branches) {
			return nil, false
		}
		steps = branches[b].Steps
	}
	return nil, false
}

// StepAt is the step of a path; nil when the campaign has none there.
func (c *Campaign) StepAt(path string) *Step {
	if c == nil {
		return nil
	}
	at, found := c.placeOf(path)
	if !found {
		return nil
	}
	return at.step()
}

// Awaits is the event that a running entry stands still for, at a step that
// waits for one.
func (c *Campaign) Awaits(e Entry) (event string, waits bool) {
	if e.State != Running {
		return "", false
	}
	step := c.StepAt(e.Position)
	if step == nil || step.Wait == nil || step.Wait.Event == "" {
		return "", false
	}
	return step.Wait.Event, true
}

// step is the step at the place; nil behind the last one.
func (p place) step() *Step {
	if len(p) == 0 {
		return nil
	}
	innermost := p[len(p)-1]
	return &innermost.steps[innermost.index]
}

// next is the place behind the step: the following one or, after the last of a
// branch, the one behind the branch.
func (p place) next() place {
	for last := len(p) - 1; last >= 0; last-- {
		if at := p[last]; at.index+1 < len(at.steps) {
			return append(p[:last:last], level{at.steps, at.index + 1})
		}
	}
	return nil
}

// Closing reports whether an entry waits for the message of its last step, and no
// exit asks about the customer meanwhile: once that message is settled, whatever
// became of it, the journey is over.
func (c *Campaign) Closing(e Entry) bool {
	asks := func(exit Exit) bool { return exit.When != nil }
	at, found := c.placeOf(e.Position)
	if !found || at.next() != nil || slices.ContainsFunc(c.Exits, asks) {
		return false
	}
	switch at.step().Kind {
	case StepEmail, StepSMS, StepCall, StepPush:
		return true
	}
	return false
}

// into is the place of the first step of a branch, or behind the branch when
// it is empty.
func (p place) into(branch int) place {
	steps := p.step().Branch[branch].Steps
	if len(steps) == 0 {
		return p.next()
	}
	return append(p[:len(p):len(p)], level{steps, 0})
}

// everyStep visits the steps in the order of the file, those of branches after
// their branch step. A journey meets them in this order.
func everyStep(steps []Step, visit func(*Step)) {
	for i := range steps {
		visit(&steps[i])
		for _, branch := range steps[i].Branch {
			everyStep(branch.Steps, visit)
		}
	}
}
