package expression

import "github.com/expr-lang/expr/ast"

// in checks x in [a, b], x in tags and x in event.list.
func (c *checker) in(n *ast.BinaryNode) node {
	operand := c.node(n.Left)
	if list, ok := n.Right.(*ast.ArrayNode); ok {
		return c.inLiterals(n, list, operand)
	}
	list := c.node(n.Right)
	switch {
	case isBroken(operand) || isBroken(list):
		return broken{}
	case list.kind() != List && list.kind() != Any:
		return c.mistake(n.Right, "write in [\"a\", \"b\"], or contains to look inside a text", "%s is %s; in takes a list", c.name(n.Right), list.kind().words())
	}
	return c.member(n.Left, operand, list)
}

// member is one text in a list.
func (c *checker) member(at ast.Node, operand, list node) node {
	if t := operand.kind(); t != String && t != Any {
		return c.mistake(at, "", "%s is %s; the list holds strings", c.name(at), t.words())
	}
	return inList{operand: operand, list: list}
}

func (c *checker) inLiterals(n *ast.BinaryNode, list *ast.ArrayNode, operand node) node {
	before := len(c.problems)
	if len(list.Nodes) == 0 {
		c.mistake(list, "", "the list is empty: nothing is in it")
	}
	values := make([]literal, 0, len(list.Nodes))
	for _, item := range list.Nodes {
		if l, ok := c.item(n, item, operand); ok {
			values = append(values, l)
		}
	}
	if t := operand.kind(); !isBroken(operand) && (t == List || t == nothing) {
		c.mistake(n.Left, `write "vip" in tags`, "%s is %s and cannot be in a list", c.name(n.Left), t.words())
	}
	if isBroken(operand) || len(c.problems) > before {
		return broken{}
	}
	return oneOf{operand: operand, values: values}
}

// item checks one member of a list of literals against what is looked for in it.
func (c *checker) item(n *ast.BinaryNode, item ast.Node, operand node) (literal, bool) {
	value := c.node(item)
	if !isBroken(value) && !isBroken(operand) {
		value = c.asWanted(item, value, operand.kind())
	}
	l, isLiteral := value.(literal)
	t := operand.kind()
	switch {
	case isBroken(value):
		return l, false
	case !isLiteral:
		c.mistake(item, "compare with ==", "%s is no literal; a list holds texts, numbers, dates, true and false", c.name(item))
	case l.value == nil:
		c.mistake(item, "write or "+c.name(n.Left)+" == nil", "nil does not stand in a list")
	case t != Any && t != List && t != nothing && l.typ != t:
		c.mistake(item, "", "%s is %s and is compared with %s", c.name(n.Left), t.words(), l.typ.words())
	default:
		return l, c.inValues(item, operand, l)
	}
	return l, false
}

// textual checks contains, startsWith and endsWith, and contains on a list.
func (c *checker) textual(n *ast.BinaryNode) node {
	left, right, ok := c.sides(n)
	switch {
	case !ok:
		return broken{}
	case left.kind() == List && n.Operator == "contains":
		return c.member(n.Right, right, left)
	case !c.isText(n, n.Left, left) || !c.isText(n, n.Right, right):
		return broken{}
	case !plain(right):
		return c.mistake(n.Right, "", "%s takes a text or a field on its right, and %s is computed", n.Operator, c.name(n.Right))
	}
	return textual{op: n.Operator, left: left, right: right}
}

func (c *checker) isText(n *ast.BinaryNode, at ast.Node, value node) bool {
	if isNil(value) {
		c.mistake(at, "compare with == nil", "%s takes a text, and this one is empty", n.Operator)
		return false
	}
	if t := value.kind(); t == String || t == Any {
		return true
	}
	c.mistake(at, "", "%s is %s; %s takes a text", c.name(at), value.kind().words(), n.Operator)
	return false
}

func (c *checker) matches(n *ast.BinaryNode) node {
	left := c.node(n.Left)
	fits := !isBroken(left) && c.isText(n, n.Left, left)
	source, ok := n.Right.(*ast.StringNode)
	if !ok || source.Value == "" {
		return c.mistake(n.Right, `write matches "^[A-Z]"`, "matches takes a pattern in quotes")
	}
	pattern, words, why := translate(source.Value)
	if why != "" {
		return c.mistake(n.Right, "", "the pattern %s", why)
	}
	if !fits {
		return broken{}
	}
	return match{operand: left, pattern: pattern, postgres: words}
}
