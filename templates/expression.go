package templates

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// use is one place in an expression where a value is named.
type use struct {
	path       []string
	start, end int // byte offsets in the expression
	// handled says that the expression copes with the value being absent.
	handled bool
	// whole says that the engine needs an integer here, list a list.
	whole, list bool
}

// ask is a value that is compared with blank or empty, which the engine does
// not know: the checker asks a filter of ours instead.
type ask struct {
	start, end int // of the value
	word       lexeme
}

// filterUse is one filter in an expression.
type filterUse struct {
	name string
	at   int
	args int
	last bool // nothing is applied to its result
}

// facts are paths known to hold a value when a condition is true, and when it
// is false.
type facts struct{ yes, no []string }

// expression is what an expression names, applies and tells.
type expression struct {
	uses    []use
	filters []filterUse
	asks    []ask
	facts   facts
	// bare says that the whole is one path without filters or operators.
	bare bool
}

// expressionParser follows the grammar of the engine's own parser, which
// builds closures and keeps nothing of what it read.
type expressionParser struct {
	words []lexeme
	next  int
	depth int
	// ranges allows (a..b), which only loops can take without building it.
	ranges bool
	out    expression
}

// parseWith parses a whole expression by one rule of the grammar.
func parseWith(text string, rule func(p *expressionParser)) (out expression, failed *syntaxError) {
	words, failed := lex(text)
	if failed != nil {
		return expression{}, failed
	}
	p := &expressionParser{words: words}
	defer func() {
		if r := recover(); r != nil {
			mistake, ok := r.(*syntaxError)
			if !ok {
				panic(r)
			}
			failed = mistake
		}
	}()
	rule(p)
	switch next := p.peek(); {
	case next.kind == lexEnd:
	case next.kind == lexSign && next.text == "=":
		p.failMend("write == to compare", "unexpected %s", p.describe())
	case next.kind == lexText || next.kind == lexName:
		p.failMend("join a filter with | and its value with a colon, such as {{ customer.first_name | default: 'friend' }}", "unexpected %s", p.describe())
	default:
		p.fail("unexpected %s", p.describe())
	}
	return p.out, nil
}

// parseOutput reads the inside of {{ }}, and the right side of an assignment.
func parseOutput(text string) (expression, *syntaxError) {
	out, failed := parseWith(text, func(p *expressionParser) { p.whole() })
	if failed == nil && len(out.uses) == 1 && len(out.filters) == 0 {
		out.bare = strings.TrimSpace(text) == text[out.uses[0].start:out.uses[0].end]
	}
	return out, failed
}

// parseCondition reads the condition of an if: whatever it names may be absent.
func parseCondition(text string) (expression, *syntaxError) {
	return parseWith(text, func(p *expressionParser) {
		p.whole()
		p.handle(0)
	})
}

// parseAssign reads name = expression.
func parseAssign(text string) (name string, out expression, failed *syntaxError) {
	out, failed = parseWith(text, func(p *expressionParser) {
		name = p.name("the name to assign to")
		p.expect("=")
		p.whole()
	})
	return name, out, failed
}

// parseWhen reads the values of a when.
func parseWhen(text string) (expression, *syntaxError) {
	return parseWith(text, func(p *expressionParser) {
		p.value()
		for p.take(",") || p.take("or") {
			p.value()
		}
		p.handle(0)
	})
}

// parseCycle reads the strings of a cycle.
func parseCycle(text string) *syntaxError {
	_, failed := parseWith(text, func(p *expressionParser) {
		p.text()
		for p.take(",") {
			p.text()
		}
	})
	return failed
}

// parseLoop reads name in list, and its modifiers.
func parseLoop(text string) (name string, out expression, failed *syntaxError) {
	out, failed = parseWith(text, func(p *expressionParser) {
		name = p.name("the name of the loop's variable")
		p.expect("in")
		p.ranges = true
		ranged := p.peek().text == "(" && p.peek().kind == lexSign
		if p.peek().kind == lexText {
			p.failMend("cut it into a list with split first", "a text in quotes is no list")
		}
		p.filtered()
		if n := len(p.out.uses); n > 0 && !ranged && len(p.out.filters) == 0 {
			p.out.uses[n-1].list = true
		}
		p.ranges = false
		if ranged && len(p.out.filters) > 0 {
			p.failAt(p.out.filters[0].at, "a range cannot be filtered")
		}
		p.modifiers()
	})
	return name, out, failed
}

func (p *expressionParser) modifiers() {
	for {
		word := p.peek()
		switch {
		case word.kind == lexName && word.text == "reversed":
			p.next++
		case word.kind == lexKeyword && (word.text == "limit" || word.text == "offset"):
			p.next++
			from := len(p.out.uses)
			if next := p.peek(); next.kind == lexText || next.text == "continue" {
				p.failMend("write a number", "%s cannot be %s", strings.TrimSuffix(word.text, ":"), p.describe())
			}
			p.value()
			p.integers(from)
		case word.kind == lexName || word.kind == lexKeyword:
			p.failMend(didYouMean(word.text, []string{"limit:", "offset:", "reversed"}), "a loop has no %s", word.text)
		default:
			return
		}
	}
}

// whole reads a condition that is all of the expression.
func (p *expressionParser) whole() { p.out.facts = p.condition() }

func (p *expressionParser) condition() facts {
	known := p.relation()
	joint := ""
	for {
		word := p.peek()
		if word.kind != lexSign || word.text != "and" && word.text != "or" {
			return known
		}
		if joint != "" && joint != word.text {
			p.failMend("put parentheses around what belongs together", "and and or stand side by side, which Liquids read differently")
		}
		joint = word.text
		p.next++
		if other := p.relation(); joint == "and" {
			known = facts{yes: append(known.yes, other.yes...)}
		} else {
			known = facts{no: append(known.no, other.no...)}
		}
	}
}

// relation reads a value, perhaps compared with another.
func (p *expressionParser) relation() facts {
	from, first := len(p.out.uses), p.next
	if p.nothingAhead() {
		return p.nothing(first)
	}
	left, known := p.filtered()
	operator := p.peek()
	if operator.kind != lexSign || !slices.Contains([]string{"==", "!=", ">", "<", ">=", "<=", "contains"}, operator.text) {
		return known
	}
	if left.filtered {
		p.fail("a filtered value cannot be compared without parentheses")
	}
	p.next++
	if p.nothingAhead() {
		return p.askedFor(left, operator, from, first)
	}
	right, _ := p.value()
	p.handle(from)
	return compared(left, operator.text, right)
}

// nothingAhead reports whether the next word is blank or empty.
func (p *expressionParser) nothingAhead() bool {
	word := p.peek()
	return word.kind == lexName && (word.text == "blank" || word.text == "empty")
}

// nothing reads blank == value.
func (p *expressionParser) nothing(first int) facts {
	word := p.advance()
	operator := p.peek()
	if operator.kind != lexSign || operator.text != "==" && operator.text != "!=" || p.words[p.next+1].text == "blank" || p.words[p.next+1].text == "empty" {
		p.next = first
		p.failMend("compare a value with it: == or !=", "%s is no value by itself", word.text)
	}
	p.next++
	from, start := len(p.out.uses), p.peek().start
	value, _ := p.value()
	p.handle(from)
	p.out.asks = append(p.out.asks, ask{start, p.words[p.next-1].end, word})
	return askedFacts(value, operator.text, word.text)
}

// askedFor reads the blank of value == blank.
func (p *expressionParser) askedFor(left operand, operator lexeme, from, first int) facts {
	word := p.advance()
	if operator.text != "==" && operator.text != "!=" {
		p.next--
		p.failMend("use == or !=", "%s can only be equal or not", word.text)
	}
	p.handle(from)
	p.out.asks = append(p.out.asks, ask{p.words[first].start, operator.start, word})
	return askedFacts(left, operator.text, word.text)
}

// askedFacts are what a comparison with blank tells. An absent value is blank,
// but not empty.
func askedFacts(value operand, operator, word string) facts {
	switch {
	case value.path == "" || word == "empty":
		return facts{}
	case operator == "==":
		return facts{no: []string{value.path}}
	}
	return facts{yes: []string{value.path}}
}

// operand is what a comparison can learn from one of its sides.
type operand struct {
	path    string // "" unless it is a plain path
	literal bool
	empty   bool // nil or ""
	// filtered says that filters were applied to it.
	filtered bool
}

// compared tells what a comparison says about a path on its left.
func compared(left operand, operator string, right operand) facts {
	if left.path == "" || !right.literal {
		return facts{}
	}
	here := []string{left.path}
	switch {
	case operator == "==" && right.empty:
		return facts{no: here}
	case operator == "!=" && right.empty, operator != "!=" && !right.empty:
		return facts{yes: here}
	}
	return facts{}
}

// filtered reads a value and the filters it goes through.
func (p *expressionParser) filtered() (operand, facts) {
	from := len(p.out.uses)
	value, known := p.value()
	to := len(p.out.uses)
	for p.take("|") {
		value, known = operand{filtered: true}, facts{}
		word := p.peek()
		if word.kind != lexName && word.kind != lexKeyword {
			p.fail("a filter's name is missing after |")
		}
		p.next++
		f := filterUse{name: word.text, at: word.start}
		if word.kind == lexKeyword {
			f.args = p.filterArgs()
		}
		if meansDefault(f.name) {
			for i := from; i < to; i++ {
				p.out.uses[i].handled = true
			}
		}
		f.last = p.peek().text != "|" && p.depth == 0
		p.out.filters = append(p.out.filters, f)
	}
	return value, known
}

func (p *expressionParser) filterArgs() int {
	count := 0
	for {
		if p.peek().kind == lexKeyword {
			p.next++
		} else {
			count++
		}
		p.value()
		if !p.take(",") {
			return count
		}
	}
}

// value reads a literal, a path, a range or something in parentheses.
func (p *expressionParser) value() (operand, facts) {
	word := p.peek()
	switch {
	case word.kind == lexText || word.kind == lexNumber || word.kind == lexConstant:
		p.next++
		if next := p.peek(); next.kind == lexProperty {
			p.fail("%s has no properties", word.text)
		}
		empty := word.text == "nil" && word.kind == lexConstant || word.text == "" && word.kind == lexText
		return operand{literal: true, empty: empty}, facts{}
	case word.kind == lexName:
		return p.path()
	case word.kind == lexSign && word.text == "(":
		return operand{}, p.parenthesis()
	case word.kind == lexEnd:
		p.fail("a value is missing")
	default:
		p.fail("unexpected %s", p.describe())
	}
	return operand{}, facts{}
}

// path reads customer.first_name, event.items[0].name and the like.
func (p *expressionParser) path() (operand, facts) {
	word := p.advance()
	if mend, ok := reservedWords[word.text]; ok {
		p.next--
		p.failMend(mend, "%s is not known here", word.text)
	}
	u := use{path: []string{word.text}, start: word.start, end: word.end}
	static := true
	for {
		step := p.peek()
		if step.kind == lexProperty {
			p.next++
			if static {
				u.path = append(u.path, step.text)
			}
		} else if step.kind == lexSign && step.text == "[" {
			p.next++
			index := p.peek()
			before := len(p.out.uses)
			p.deeper()
			p.value()
			p.depth--
			p.expect("]")
			static = static && len(p.out.uses) == before && (index.kind == lexText || index.kind == lexNumber)
			if static {
				u.path = append(u.path, index.text)
			}
		} else {
			break
		}
		u.end = p.words[p.next-1].end
	}
	p.out.uses = append(p.out.uses, u)
	if !static {
		return operand{}, facts{}
	}
	name := strings.Join(u.path, ".")
	return operand{path: name}, facts{yes: []string{name}}
}

// parenthesis reads (condition) or (from..to).
func (p *expressionParser) parenthesis() facts {
	open := p.advance()
	p.deeper()
	defer func() { p.depth-- }()
	from, words := len(p.out.uses), p.next
	known := p.condition()
	if p.take("..") {
		if !p.ranges {
			p.failAt(open.start, "a range may only stand in a for")
		}
		p.value()
		p.integers(from)
		p.checkRange(open.start, p.words[words], p.words[p.next-1])
	}
	p.expect(")")
	return known
}

func (p *expressionParser) deeper() {
	if p.depth++; p.depth > maxDepth {
		p.fail("the expression is nested too deep")
	}
}

// checkRange refuses a range that is too long for a message, where both ends
// are written out. Others are stopped by the limit on iterations.
func (p *expressionParser) checkRange(at int, from, to lexeme) {
	low, err1 := strconv.Atoi(from.text)
	high, err2 := strconv.Atoi(to.text)
	if from.kind == lexNumber && to.kind == lexNumber && err1 == nil && err2 == nil && high-low >= maxRange {
		p.failAt(at, "a range of more than %d numbers", maxRange)
	}
}

// handle marks the uses from the given one on as coping with absence.
func (p *expressionParser) handle(from int) {
	for i := from; i < len(p.out.uses); i++ {
		p.out.uses[i].handled = true
	}
}

// integers marks the uses from the given one on as places for integers.
func (p *expressionParser) integers(from int) {
	for i := from; i < len(p.out.uses); i++ {
		p.out.uses[i].whole = true
	}
}

func (p *expressionParser) name(what string) string {
	if p.peek().kind != lexName {
		p.fail("%s is missing", what)
	}
	return p.advance().text
}

func (p *expressionParser) text() {
	if p.peek().kind != lexText {
		p.fail("a string in quotes is missing")
	}
	p.next++
}

func (p *expressionParser) peek() lexeme { return p.words[p.next] }

func (p *expressionParser) advance() lexeme {
	word := p.words[p.next]
	p.next++
	return word
}

// take moves on over a sign, if it is the next word.
func (p *expressionParser) take(sign string) bool {
	if word := p.peek(); word.kind == lexSign && word.text == sign {
		p.next++
		return true
	}
	return false
}

func (p *expressionParser) expect(sign string) {
	if !p.take(sign) {
		p.fail("%s is missing", sign)
	}
}

func (p *expressionParser) describe() string {
	word := p.peek()
	if word.kind == lexEnd {
		return "end"
	}
	return strconv.Quote(word.text)
}

// fail leaves the parser; parseWith turns it into an error.
func (p *expressionParser) fail(format string, args ...any) {
	p.failAt(p.peek().start, format, args...)
}

func (p *expressionParser) failAt(offset int, format string, args ...any) {
	panic(&syntaxError{offset: offset, message: fmt.Sprintf(format, args...)})
}

func (p *expressionParser) failMend(mend, format string, args ...any) {
	panic(&syntaxError{offset: p.peek().start, message: fmt.Sprintf(format, args...), mend: mend})
}

// reservedWords are words of other Liquids that this engine would take for
// variables without a value.
var reservedWords = map[string]string{
	"blank": `compare with it: == blank, != blank`,
	"empty": `compare with it: == empty, != empty`,
	"null":  `write nil`,
}
