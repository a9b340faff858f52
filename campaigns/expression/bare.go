package expression

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// bare notes a value that stands in a chain of conditions and is none, such as "AT"
// in country == "DE" or "AT".
func (c *checker) bare(parts []ast.Node, at int, value literal) node {
	n := parts[at]
	mend := c.mendBare(parts, at, value)
	return c.mistake(n, mend, "%s is %s, but a condition is needed here", c.name(n), value.typ.words())
}

// mendBare offers what the comparison before it, or else behind it, was to say.
func (c *checker) mendBare(parts []ast.Node, at int, value literal) string {
	for i := at - 1; i >= 0; i-- {
		if mend := c.continued(parts, i, at, value.typ); mend != "" {
			return mend
		}
	}
	for i := at + 1; i < len(parts); i++ {
		if mend := c.continued(parts, i, at, value.typ); mend != "" {
			return mend
		}
	}
	return compareAField(value.typ, c.name(parts[at]))
}

// compareAField offers a comparison for a value that stands alone.
func compareAField(t Type, value string) string {
	if t == Number {
		return "compare a field with it, such as orders.count > " + value
	}
	return "compare a field with it, such as city == " + value
}

// continued is the comparison at i with all values of its chain that stand alone;
// "" where there is none, or one with something else.
func (c *checker) continued(parts []ast.Node, i, at int, t Type) string {
	compared, negated := parts[i], false
	if not, is := compared.(*ast.UnaryNode); is && not.Operator == "not" {
		compared, negated = not.Node, true
	}
	b, is := compared.(*ast.BinaryNode)
	if !is || sourceOf(b.Left, t) != "" {
		return ""
	}
	field := c.name(b.Left)
	var values []string
	switch b.Operator {
	case "==", "!=":
		values, negated = []string{sourceOf(b.Right, t)}, b.Operator == "!="
	case "in":
		list, isList := b.Right.(*ast.ArrayNode)
		if !isList {
			return ""
		}
		for _, value := range list.Nodes {
			values = append(values, sourceOf(value, t))
		}
	case "<", "<=", ">", ">=", "contains", "startsWith", "endsWith":
		if sourceOf(b.Right, t) == "" {
			return ""
		}
		return "write " + field + " " + b.Operator + " " + sourceOf(parts[at], t)
	default:
		return ""
	}
	for _, part := range parts {
		if value := sourceOf(part, t); value != "" {
			values = append(values, value)
		}
	}
	if slices.Contains(values, "") {
		return ""
	}
	if negated {
		field += " not"
	}
	return "write " + field + " in [" + strings.Join(values, ", ") + "]"
}

// sourceOf is a literal of a type as a source has it; "" for anything else.
func sourceOf(n ast.Node, t Type) string {
	switch n := n.(type) {
	case *ast.StringNode:
		if t == String {
			return strconv.Quote(n.Value)
		}
	case *ast.IntegerNode, *ast.FloatNode:
		if t == Number {
			return n.String()
		}
	}
	return ""
}
