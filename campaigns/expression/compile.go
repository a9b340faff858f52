package expression

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"
)

// What one expression may be. With its segments unfolded it may hold maxWeight
// values, which keeps the SQL inside what databases take.
const (
	maxSource = 4096 // bytes
	maxDepth  = 64
	maxWeight = 4000
)

// Compile checks a source against a scope. It returns a program, or every
// mistake that can be found, in order: one for a source that cannot be parsed,
// otherwise each unknown name and each type that does not fit.
func Compile(source string, scope Scope) (*Program, []Problem) {
	tree, problem := parse(source)
	if problem != nil {
		return nil, []Problem{*problem}
	}
	c := &checker{source: source, scope: scope}
	root := c.whole(tree)
	if len(c.problems) > 0 {
		return nil, c.inOrder()
	}
	if depth, weight := size(root); depth > maxDepth || weight > maxWeight {
		return nil, []Problem{{
			Message: fmt.Sprintf("the expression is too large: %d levels and %d values, segments included, of at most %d and %d", depth, weight, maxDepth, maxWeight),
			Mend:    "split it into shorter ones",
		}}
	}
	doubts := slices.Concat(c.doubts, unbracketed(source))
	slices.SortStableFunc(doubts, func(a, b Problem) int { return cmp.Compare(a.Offset, b.Offset) })
	return &Program{source: source, root: root, doubts: doubts}, nil
}

// parse gives the tree of a source or the one mistake that kept it from it.
func parse(source string) (ast.Node, *Problem) {
	switch {
	case len(source) > maxSource:
		return nil, &Problem{
			Offset:  maxSource,
			Message: fmt.Sprintf("the expression has %d bytes of at most %d", len(source), maxSource),
			Mend:    "split it into segments",
		}
	case !utf8.ValidString(source):
		return nil, &Problem{Offset: invalidByte(source), Message: "this is not UTF-8"}
	case strings.TrimSpace(source) == "":
		return nil, &Problem{Message: "the expression is empty"}
	}
	tree, err := parser.Parse(source)
	if err != nil {
		return nil, explainSyntax(source, err)
	}
	if !within(tree.Node, maxWeight) {
		return nil, &Problem{Message: fmt.Sprintf("the expression is too large: it stands for more than %d values", maxWeight), Mend: "split it into shorter ones"}
	}
	return tree.Node, nil
}

func invalidByte(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(s)
}

// checker turns a parsed tree into nodes and notes every mistake on the way.
type checker struct {
	source   string
	scope    Scope
	problems []Problem
	doubts   []Problem
}

// mistake notes a problem about n and gives the node to go on with.
func (c *checker) mistake(n ast.Node, mend, format string, args ...any) node {
	c.problems = append(c.problems, Problem{Offset: byteOffset(c.source, start(n)), Message: fmt.Sprintf(format, args...), Mend: mend})
	return broken{}
}

// inOrder sorts the problems by place and drops repetitions: a < b < c is read
// as a < b and b < c, and b is checked twice.
func (c *checker) inOrder() []Problem {
	slices.SortStableFunc(c.problems, func(a, b Problem) int { return cmp.Compare(a.Offset, b.Offset) })
	return slices.Compact(c.problems)
}

func byteOffset(source string, runes int) int {
	for i := range source {
		if runes == 0 {
			return i
		}
		runes--
	}
	return len(source)
}

// whole checks a tree and its type against what is wanted.
func (c *checker) whole(tree ast.Node) node {
	root := c.node(tree)
	want := c.scope.Want
	if isBroken(root) || want == "" || want == Any {
		return root
	}
	if want == Bool {
		return c.condition(tree, root)
	}
	root = c.asWanted(tree, root, want)
	if t := root.kind(); t != want && t != Any && !isNil(root) {
		return c.mistake(tree, "", "%s is %s; %s is expected here", c.name(tree), t.words(), want.words())
	}
	return root
}

// asWanted reads a literal text as a time where one is wanted.
func (c *checker) asWanted(n ast.Node, value node, want Type) node {
	l, ok := value.(literal)
	if !ok || l.typ != String || want != Time {
		return value
	}
	if l.value == nil {
		return literal{typ: Time}
	}
	at, ok := parseInstant(l.value.(string))
	if !ok {
		return c.mistake(n, `write a date such as "2026-12-01"`, "%q is compared with a time and is no date", l.value)
	}
	return literal{typ: Time, value: at}
}

// condition makes a definite node of a checked one, or notes why it is none.
func (c *checker) condition(n ast.Node, value node) node {
	if l, alone := value.(literal); alone && (l.typ == String || l.typ == Number) {
		return c.mistake(n, compareAField(l.typ, c.name(n)), "%s is %s, but a condition is needed here", c.name(n), l.typ.words())
	}
	switch t := value.kind(); t {
	case Bool, Any:
		if isBroken(value) {
			return value
		}
		return asCondition(value)
	case Number:
		return c.noCondition(n, "compare it: %s > 0", t)
	case List:
		return c.noCondition(n, `ask for a member: "vip" in %s`, t)
	case nothing:
		return c.mistake(n, "", "nil is no condition, and one is needed here")
	default:
		return c.noCondition(n, "compare it: %s != nil", t)
	}
}

func (c *checker) noCondition(n ast.Node, mend string, t Type) node {
	name := c.name(n)
	return c.mistake(n, fmt.Sprintf(mend, name), "%s is %s, but a condition is needed here", name, t.words())
}

// name is how a message calls a part of the source.
func (c *checker) name(n ast.Node) string {
	const mostNodes, longest = 20, 60
	if within(n, mostNodes) {
		if s := n.String(); len(s) <= longest {
			return s
		}
	}
	return "this"
}

// node checks one node of the parsed tree.
func (c *checker) node(n ast.Node) node {
	switch n := n.(type) {
	case *ast.NilNode:
		return literal{typ: nothing}
	case *ast.BoolNode:
		return literal{typ: Bool, value: n.Value}
	case *ast.IntegerNode:
		return c.number(n, float64(n.Value))
	case *ast.FloatNode:
		return c.number(n, n.Value)
	case *ast.StringNode:
		return c.text(n)
	case *ast.IdentifierNode, *ast.MemberNode:
		return c.field(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ConditionalNode:
		return c.choice(n)
	case *ast.CallNode:
		return c.call(n, n.Callee, n.Arguments)
	case *ast.BuiltinNode:
		return c.call(n, &ast.IdentifierNode{Value: n.Name}, n.Arguments)
	case *ast.ArrayNode:
		return c.mistake(n, `write x in ["a", "b"]`, "a list stands only after in")
	}
	return c.mistake(n, "", "%s is not part of this language", foreign(n))
}

// foreign names what expr-lang has and conditions have not.
func foreign(n ast.Node) string {
	switch n.(type) {
	case *ast.MapNode:
		return "a map {…}"
	case *ast.VariableDeclaratorNode:
		return "let"
	case *ast.SequenceNode:
		return "a ; between expressions"
	case *ast.SliceNode:
		return "a slice [a:b]"
	case *ast.ChainNode:
		return "?."
	case *ast.BytesNode:
		return "a text of bytes"
	case *ast.PointerNode, *ast.PredicateNode:
		return "a predicate"
	}
	return "this"
}

func (c *checker) number(n ast.Node, x float64) node {
	if number(x) == nil {
		return c.mistake(n, "", "%s is out of range: numbers go from 1e-15 to 1e15", c.name(n))
	}
	return literal{typ: Number, value: x}
}

func (c *checker) text(n *ast.StringNode) node {
	switch {
	case n.Value == "":
		return literal{typ: String} // an empty text is nothing known
	case strings.ContainsRune(n.Value, 0) || !utf8.ValidString(n.Value):
		return c.mistake(n, "", "the text holds bytes that are no text")
	}
	return literal{typ: String, value: n.Value}
}
