package expression

import (
	"slices"
	"strings"
)

// Decided is a comparison of a score that the question's scale decides alone.
type Decided struct {
	Comparison string // as it would be written: answers.csat.score <= 6
	Score      string // answers.csat.score
	Holds      bool   // for every answer; else for none
	Scale      string // 1 to 5
}

// Decided lists the comparisons of scores in a program, apart from its segments, that
// hold for every answer on the scales that are known, or for none. The end of a band
// is none of them: it holds for every answer, names a score on the scale, and stands
// together with a comparison of the same score that is not decided, or behind one in a
// condition that was asked before.
func (f Facts) Decided(p *Program, before ...*Program) []Decided {
	d := decisions{facts: f}
	for _, earlier := range before {
		d.before = append(d.before, d.undecided(earlier.root)...)
	}
	d.visit(p.root, true, d.before)
	return d.found
}

// decisions is the search for comparisons that a scale decides.
type decisions struct {
	facts  Facts
	before []string // scores that an earlier condition bounds
	found  []Decided
}

// visit looks at a node that is to hold, or not to, together with comparisons of the
// scores that are bounded.
func (d *decisions) visit(n node, holds bool, bounded []string) {
	switch n := n.(type) {
	case segment:
		return
	case truth:
		d.visit(n.operand, holds, bounded)
		return
	case negation:
		d.visit(n.operand, !holds, bounded)
		return
	case logic:
		d.logic(n, holds, bounded)
		return
	}
	if score, words := comparedScore(n); words != "" {
		scale, decided, always := d.decided(n, score)
		if decided && (always != holds || !onScale(n, scale) || !slices.Contains(bounded, score.name())) {
			d.found = append(d.found, Decided{Comparison: words, Score: score.name(), Holds: always, Scale: scale.words(Number)})
		}
		return
	}
	for _, part := range n.parts() {
		d.visit(part, holds, d.before)
	}
}

// logic binds the operands by each other, where all must agree.
func (d *decisions) logic(n logic, holds bool, bounded []string) {
	if (n.op == "and") != holds {
		bounded = d.before
	} else {
		for _, operand := range n.operands {
			bounded = append(slices.Clip(bounded), d.undecided(operand)...)
		}
	}
	for _, operand := range n.operands {
		d.visit(operand, holds, bounded)
	}
}

// undecided lists the scores that a node compares so that answers differ.
func (d *decisions) undecided(n node) (scores []string) {
	if _, apart := n.(segment); apart {
		return nil
	}
	if score, words := comparedScore(n); words != "" {
		if _, decided, _ := d.decided(n, score); !decided {
			scores = append(scores, score.name())
		}
		return scores
	}
	for _, part := range n.parts() {
		scores = append(scores, d.undecided(part)...)
	}
	return scores
}

// decided reports whether the scale of a score decides a comparison of it alone, and
// whether it always holds.
func (d *decisions) decided(n node, score answerPart) (scale domain, decided, always bool) {
	scale, known := d.facts.given[score.name()]
	if !known {
		return scale, false, false
	}
	scale = scale.known()
	answered := Facts{given: d.facts.given}.learn(score, scale, "")
	always = nobody(answered, n, false)
	return scale, always || nobody(answered, n, true), always
}

// onScale reports whether the numbers of a comparison lie on a scale.
func onScale(n node, scale domain) bool {
	numbers := n.parts()
	if one, listed := n.(oneOf); listed {
		numbers = nil
		for _, value := range one.values {
			numbers = append(numbers, value)
		}
	}
	return !slices.ContainsFunc(numbers, func(part node) bool {
		number, isLiteral := part.(literal)
		return isLiteral && len(meetSpans(only(number.value).numbers, scale.numbers)) == 0
	})
}

// nobody reports whether a condition holds for nobody in a situation, or fails for none.
func nobody(f Facts, n node, holds bool) bool {
	one := &reasoner{left: maxReasoning}
	return one.assume(n, holds, f).impossible
}

// comparedScore is the score that a node compares with literals, and the comparison in
// words; "" where it does something else.
func comparedScore(n node) (score answerPart, words string) {
	switch n := n.(type) {
	case order:
		if score, is := scoreOf(n.left, n.right); is {
			return score, score.name() + " " + n.op + " " + only(n.right.(literal).value).words(Number)
		}
		if score, is := scoreOf(n.right, n.left); is {
			return score, score.name() + " " + turned[n.op] + " " + only(n.left.(literal).value).words(Number)
		}
	case equality:
		op := map[bool]string{false: " == ", true: " != "}[n.negated]
		if score, is := scoreOf(n.left, n.right); is {
			return score, score.name() + op + only(n.right.(literal).value).words(Number)
		}
		if score, is := scoreOf(n.right, n.left); is {
			return score, score.name() + op + only(n.left.(literal).value).words(Number)
		}
	case oneOf:
		if score, is := n.operand.(answerPart); is && score.part == "score" {
			values := make([]string, len(n.values))
			for i, value := range n.values {
				values[i] = only(value.value).words(Number)
			}
			return score, score.name() + " in [" + strings.Join(values, ", ") + "]"
		}
	}
	return score, ""
}

func scoreOf(field, value node) (answerPart, bool) {
	score, isAnswer := field.(answerPart)
	number, isLiteral := value.(literal)
	return score, isAnswer && score.part == "score" && isLiteral && number.typ == Number && number.value != nil
}

// Equality is a comparison of a field with a text by == or !=.
type Equality struct {
	Text    string
	Negated bool
}

// Equalities lists how a program compares a field with texts by == and !=.
func (p *Program) Equalities(field string) (found []Equality) {
	walk(p.root, func(n node) {
		e, is := n.(equality)
		if !is {
			return
		}
		for _, sides := range [][2]node{{e.left, e.right}, {e.right, e.left}} {
			f, isField := sides[0].(named)
			text, isLiteral := sides[1].(literal)
			if !isField || f.name() != field || !isLiteral || text.typ != String || text.value == nil {
				continue
			}
			found = append(found, Equality{text.value.(string), e.negated})
		}
	})
	return found
}
