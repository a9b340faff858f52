package campaigns

import "rapport/campaigns/expression"

// Counts lists the did() counts that the campaign's conditions ask about, each
// once, so that they can be read for many customers at once.
func (c *Campaign) Counts() []expression.Count { return countsOf(c.programs()...) }

// countsOf lists the counts of programs, each once; those that are nil ask
// about none.
func countsOf(programs ...*expression.Program) []expression.Count {
	seen := map[string]bool{}
	var counts []expression.Count
	for _, program := range present(programs) {
		for _, count := range program.Counts() {
			if key := count.Key(); !seen[key] {
				seen[key] = true
				counts = append(counts, count)
			}
		}
	}
	return counts
}

// programs lists every condition and formula of the campaign.
func (c *Campaign) programs() []*expression.Program {
	all := []*expression.Program{c.Trigger.Where, c.Audience.Who, c.Entry.Key}
	for _, exit := range c.Exits {
		all = append(all, exit.Where, exit.When)
	}
	if c.Goal != nil {
		all = append(all, c.Goal.Where, c.Goal.Value)
	}
	return present(append(all, stepPrograms(c.Steps)...))
}

func stepPrograms(steps []Step) []*expression.Program {
	var all []*expression.Program
	for _, step := range steps {
		if step.Wait != nil {
			all = append(all, step.Wait.Where)
		}
		for _, assignment := range step.Set {
			all = append(all, assignment.Value)
		}
		for _, branch := range step.Branch {
			all = append(append(all, branch.If), stepPrograms(branch.Steps)...)
		}
	}
	return all
}

func present(programs []*expression.Program) []*expression.Program {
	kept := programs[:0]
	for _, program := range programs {
		if program != nil {
			kept = append(kept, program)
		}
	}
	return kept
}
