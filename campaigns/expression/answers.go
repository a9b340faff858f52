package expression

import "strings"

// Decided is a comparison of a score that the question's scale decides alone.
type Decided struct {
	Comparison string // as it would be written: answers.csat.score <= 6
	Score      string // answers.csat.score
	Holds      bool   // for every answer; else for none
	Scale      string // 1 to 5
}

// Decided lists the comparisons of scores in a program, apart from its segments, that
// hold for every answer on the scales that are known, or for none.
func (f Facts) Decided(p *Program) (found []Decided) {
	var visit func(n node)
	visit = func(n node) {
		if _, apart := n.(segment); apart {
			return
		}
		if score, words := comparedScore(n); words != "" {
			if scale, known := f.given[score.name()]; known {
				answered := Facts{given: f.given}.learn(score, scale.known(), "")
				always := nobody(answered, n, false)
				if always || nobody(answered, n, true) {
					found = append(found, Decided{Comparison: words, Score: score.name(), Holds: always, Scale: scale.known().words(Number)})
				}
			}
			return
		}
		for _, part := range n.parts() {
			visit(part)
		}
	}
	visit(p.root)
	return found
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
