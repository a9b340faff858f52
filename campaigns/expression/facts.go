package expression

import "maps"

// Facts is what is known about the values that conditions name, without knowing
// the customer: what a field can be at all, and what follows from conditions
// that hold or do not hold at one moment. The zero value knows only what fields
// can be.
//
// It may know less than could be known, and never more: whatever it calls
// impossible holds for nobody, ever. Facts are values; every method gives new
// ones.
type Facts struct {
	given map[string]domain // what an answer or a step's status can be, by name
	known map[string]fact   // by term
	// impossible says that nobody is in this situation, and why.
	impossible bool
	conflict   string
}

// fact is what is known of one term.
type fact struct {
	domain
	lasting constancy
}

// constancy is whether a fact outlives the moment it was found in.
type constancy int

const (
	fleeting constancy = iota
	settled            // once known, it stays: answers
	fixed              // it never changes: the event that began a journey
)

// WithScores says between which numbers the score of a question lies.
func (f Facts) WithScores(ask string, low, high float64) Facts {
	return f.with(answerPart{id: ask, part: "score"}.name(), between(low, high))
}

// WithStatuses says which statuses a step can have, beside none yet.
func (f Facts) WithStatuses(step string, statuses ...string) Facts {
	return f.with(stepStatus{id: step}.name(), among(statuses))
}

// AtStatus says which status a step has.
func (f Facts) AtStatus(step, status string) Facts {
	return f.with(stepStatus{id: step}.name(), only(status))
}

func (f Facts) with(name string, d domain) Facts {
	f.given = maps.Clone(f.given)
	if f.given == nil {
		f.given = map[string]domain{}
	}
	f.given[name] = d
	return f
}

// Impossible reports whether nobody can be in this situation, with what stands
// against it: "answers.csat.score is 1 to 5, and more than 5 is asked for".
func (f Facts) Impossible() (why string, impossible bool) { return f.conflict, f.impossible }

// Assume adds that a condition holds, or does not. Nil is a condition that
// always holds.
func (f Facts) Assume(p *Program, holds bool) Facts {
	if p == nil {
		if !holds {
			f.impossible = true
		}
		return f
	}
	r := &reasoner{left: maxReasoning}
	condition := asCondition(p.root)
	once := r.assume(condition, holds, f)
	// What the end of a condition says may rule out its beginning.
	return r.assume(condition, holds, once)
}

// Or is what is known in one situation or the other.
func (f Facts) Or(g Facts) Facts {
	switch {
	case f.impossible:
		return g
	case g.impossible:
		return f
	}
	joined := map[string]fact{}
	for term, one := range f.known {
		if other, both := g.known[term]; both {
			joined[term] = fact{one.join(other.domain), one.lasting}
		}
	}
	f.known = joined
	return f
}

// Later is what is still known when time has passed and the customer may have
// changed: the event that began the journey stays, and so does an answer once it
// was given.
func (f Facts) Later() Facts {
	kept := map[string]fact{}
	for term, one := range f.known {
		answered := one.lasting == settled && !one.unknown && !one.no
		if one.lasting == fixed || answered {
			kept[term] = one
		}
	}
	f.known = kept
	return f
}

// maxTerms is how many terms are followed at once.
const maxTerms = 64

// learn narrows what a term may be to d, which may not be empty in a situation
// that is possible.
func (f Facts) learn(n node, d domain, asked string) Facts {
	if f.impossible {
		return f
	}
	if d.empty() {
		f.impossible, f.conflict = true, asked
		return f
	}
	key := term(n)
	if _, followed := f.known[key]; key == "" || !followed && len(f.known) >= maxTerms {
		return f
	}
	f.known = maps.Clone(f.known)
	if f.known == nil {
		f.known = map[string]fact{}
	}
	f.known[key] = fact{d, lastingOf(n)}
	return f
}

// lastingOf tells whether facts about a term last, by what it is made of.
func lastingOf(n node) constancy {
	lasting := fixed
	walk(n, func(part node) {
		if len(part.parts()) > 0 {
			switch part.(type) {
			case elapsed, anniversary: // the clock goes on
				lasting = fleeting
			}
			return
		}
		switch part.(type) {
		case literal, property:
		case answerPart:
			lasting = min(lasting, settled)
		default:
			lasting = fleeting
		}
	})
	return lasting
}
