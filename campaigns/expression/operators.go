package expression

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

func (c *checker) unary(n *ast.UnaryNode) node {
	operand := c.node(n.Node)
	if isBroken(operand) {
		return operand
	}
	switch n.Operator {
	case "not", "!":
		if t := operand.kind(); t != Bool && t != Any {
			name := c.name(n.Node)
			if t == Number {
				return c.mistake(n, "write "+name+" == 0", "not takes %s alone, which is a number and no condition", name)
			}
			return c.mistake(n, "put parentheses around what it negates: not ("+name+" == …)", "not takes %s alone, which is %s and no condition", name, t.words())
		}
		return negation{asCondition(operand)}
	case "-", "+":
		if t := operand.kind(); t != Number && t != Any {
			return c.mistake(n.Node, "", "%s is %s; %s takes a number", c.name(n.Node), t.words(), n.Operator)
		}
		return signed(n.Operator, operand)
	}
	return c.mistake(n, "", "%s is not part of this language", n.Operator)
}

func signed(op string, operand node) node {
	l, isLiteral := operand.(literal)
	switch {
	case op == "+":
		return operand
	case isLiteral:
		return literal{typ: Number, value: -l.value.(float64)}
	}
	return minus{operand}
}

func (c *checker) binary(n *ast.BinaryNode) node {
	switch n.Operator {
	case "and", "&&":
		return c.logic(n, "and", "&&")
	case "or", "||":
		return c.logic(n, "or", "||")
	case "==", "!=":
		return c.equality(n)
	case "<", "<=", ">", ">=":
		return c.order(n)
	case "in":
		return c.in(n)
	case "contains", "startsWith", "endsWith":
		return c.textual(n)
	case "matches":
		return c.matches(n)
	case "+", "-", "*", "/", "%":
		return c.arithmetic(n)
	}
	return c.mistake(n, "", "%s is not part of this language", n.Operator)
}

// logic flattens a chain of one operator, so that a long one is not deep.
func (c *checker) logic(n *ast.BinaryNode, spellings ...string) node {
	var parts []ast.Node
	var gather func(ast.Node)
	gather = func(part ast.Node) {
		if b, ok := part.(*ast.BinaryNode); ok && slices.Contains(spellings, b.Operator) {
			gather(b.Left)
			gather(b.Right)
			return
		}
		parts = append(parts, part)
	}
	gather(n)
	operands := make([]node, len(parts))
	for i, part := range parts {
		value := c.node(part)
		if l, alone := value.(literal); alone && (l.typ == String || l.typ == Number) {
			operands[i] = c.bare(parts, i, l)
			continue
		}
		operands[i] = c.condition(part, value)
		c.doubt(part, operands[i])
	}
	if slices.ContainsFunc(operands, isBroken) {
		return broken{}
	}
	return logic{op: spellings[0], operands: operands}
}

// sides checks both operands; ok is false when one was mistaken.
func (c *checker) sides(n *ast.BinaryNode) (left, right node, ok bool) {
	left, right = c.node(n.Left), c.node(n.Right)
	return left, right, !isBroken(left) && !isBroken(right)
}

func (c *checker) equality(n *ast.BinaryNode) node {
	left, right, ok := c.sides(n)
	if ok {
		left, right, ok = c.comparable(n, left, right)
	}
	if !ok || !c.inValues(n.Right, left, right) || !c.inValues(n.Left, right, left) {
		return broken{}
	}
	if isNil(left) {
		left, right = right, left
	}
	return equality{negated: n.Operator == "!=", left: left, right: right}
}

func (c *checker) order(n *ast.BinaryNode) node {
	left, right, ok := c.sides(n)
	if ok {
		left, right, ok = c.comparable(n, left, right)
	}
	switch {
	case !ok:
		return broken{}
	case isNil(left) || isNil(right):
		return c.mistake(n, "compare with == or !=", "nothing is less or more than nil")
	case left.kind() == Bool || right.kind() == Bool:
		return c.mistake(n, "compare with == or !=", "true and false have no order")
	}
	c.doubtNumeral(n, left, right)
	return order{op: n.Operator, left: left, right: right}
}

// comparable brings two sides to one type, or notes that they have none.
func (c *checker) comparable(n *ast.BinaryNode, left, right node) (_, _ node, ok bool) {
	left = c.asWanted(n.Left, left, right.kind())
	right = c.asWanted(n.Right, right, left.kind())
	l, r := left.kind(), right.kind()
	switch {
	case isBroken(left) || isBroken(right):
		return left, right, false
	case l == List || r == List:
		list := n.Left
		if r == List {
			list = n.Right
		}
		c.mistake(list, `write "vip" in `+c.name(list), "%s is a list and is compared with %s", c.name(list), n.Operator)
		return left, right, false
	case l == r || l == Any || r == Any || l == nothing || r == nothing:
		return left, right, true
	}
	c.mistake(n, c.mendTypes(n, l, r), "%s is %s and is compared with %s", c.name(n.Left), l.words(), r.words())
	return left, right, false
}

// mendTypes proposes how two sides of different types can be compared.
func (c *checker) mendTypes(n *ast.BinaryNode, l, r Type) string {
	left := c.name(n.Left)
	switch {
	case l == Number && r == String:
		return mendNumber(n.Right, left)
	case l == String && r == Number:
		if _, text := n.Left.(*ast.StringNode); text {
			return mendNumber(n.Left, c.name(n.Right))
		}
		if right := c.name(n.Right); digits.MatchString(right) {
			return `put it in quotes: "` + right + `"`
		}
	case l == Time && r == Number:
		return "count the days: days_since(" + left + ") " + n.Operator + " " + c.name(n.Right)
	case l == Bool && n.Operator == "==":
		return "write " + left + " alone, or not " + left
	}
	return ""
}

var (
	digits   = regexp.MustCompile(`^[0-9.]+$`)
	dayCount = regexp.MustCompile(`^([0-9.]+) ?(d|days?)?$`)
)

// mendNumber takes the number out of a text that is compared with one.
func mendNumber(text ast.Node, other string) string {
	if s, ok := text.(*ast.StringNode); ok {
		if count := dayCount.FindStringSubmatch(s.Value); count != nil {
			return "write " + count[1] + " without quotes"
		}
	}
	return "compare it with a number: " + other + " > 3"
}

// inValues notes a literal that a field with a closed list of values never has.
func (c *checker) inValues(at ast.Node, n, other node) bool {
	l, ok := other.(literal)
	values := valuesOf(n)
	if !ok || l.value == nil || values == nil {
		return true
	}
	value, _ := l.value.(string)
	if slices.Contains(values, value) {
		return true
	}
	mend := "it is one of " + strings.Join(values, ", ")
	near := nearest(value, values)
	for _, v := range values { // "short" for "path short"
		if strings.HasSuffix(v, " "+value) {
			near = v
		}
	}
	if near != "" {
		mend = `write "` + near + `"; ` + mend
	}
	c.mistake(at, mend, "%s is never %q", n.(named).name(), value)
	return false
}

func valuesOf(n node) []string {
	switch n := n.(type) {
	case fieldValue:
		return n.values
	case stepStatus:
		return n.statuses
	}
	return nil
}

func (c *checker) arithmetic(n *ast.BinaryNode) node {
	left, right, ok := c.sides(n)
	if !ok {
		return broken{}
	}
	fits := c.operand(n, n.Left, left)
	if !c.operand(n, n.Right, right) || !fits {
		return broken{}
	}
	a := arithmetic{op: n.Operator, left: left, right: right}
	if !reachOf(a).sound() {
		return c.mistake(n, "multiply and divide less", "the result may leave the range of numbers")
	}
	if n.Operator == "%" {
		return c.wholeSides(n, a)
	}
	return a
}

func (c *checker) operand(n *ast.BinaryNode, at ast.Node, value node) bool {
	t := value.kind()
	if t == Number || t == Any {
		return true
	}
	mend := ""
	if t == Time {
		mend = "count the days: days_since(" + c.name(at) + ")"
	}
	c.mistake(at, mend, "%s is %s; %s takes numbers", c.name(at), t.words(), n.Operator)
	return false
}

// wholeSides lets % have sides that are whole numbers, or an event's property, which
// is judged when it is there.
func (c *checker) wholeSides(n *ast.BinaryNode, a arithmetic) node {
	for _, side := range []struct {
		at    ast.Node
		value node
	}{{n.Left, a.left}, {n.Right, a.right}} {
		r := reachOf(side.value)
		if side.value.kind() != Any && (!r.whole || r.high > exactPower) {
			return c.mistake(side.at, "", "%s may have a fraction; %% takes whole numbers", c.name(side.at))
		}
	}
	return a
}

func (c *checker) choice(n *ast.ConditionalNode) node {
	condition := c.condition(n.Cond, c.node(n.Cond))
	then, otherwise := c.node(n.Exp1), c.node(n.Exp2)
	if isBroken(condition) || isBroken(then) || isBroken(otherwise) {
		return broken{}
	}
	then = c.asWanted(n.Exp1, then, otherwise.kind())
	otherwise = c.asWanted(n.Exp2, otherwise, then.kind())
	typ := then.kind()
	switch other := otherwise.kind(); {
	case isBroken(then) || isBroken(otherwise):
		return broken{}
	case typ == nothing:
		typ, then = other, literal{typ: other}
	case other == nothing:
		otherwise = literal{typ: typ}
	case typ == Any || other == Any:
		typ = Any
	case typ != other:
		return c.mistake(n, "", "the outcomes differ: %s is %s and %s is %s", c.name(n.Exp1), typ.words(), c.name(n.Exp2), other.words())
	}
	return choice{condition: condition, then: then, otherwise: otherwise, typ: typ}
}
