package expression

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// children are the parts of a parsed node, in the order of the source.
func children(n ast.Node) []ast.Node {
	switch n := n.(type) {
	case *ast.UnaryNode:
		return []ast.Node{n.Node}
	case *ast.BinaryNode:
		return []ast.Node{n.Left, n.Right}
	case *ast.ConditionalNode:
		return []ast.Node{n.Cond, n.Exp1, n.Exp2}
	case *ast.MemberNode:
		return []ast.Node{n.Node, n.Property}
	case *ast.ChainNode:
		return []ast.Node{n.Node}
	case *ast.SliceNode:
		return given([]ast.Node{n.Node, n.From, n.To})
	case *ast.CallNode:
		return append([]ast.Node{n.Callee}, n.Arguments...)
	case *ast.BuiltinNode:
		return n.Arguments
	case *ast.PredicateNode:
		return []ast.Node{n.Node}
	case *ast.VariableDeclaratorNode:
		return []ast.Node{n.Value, n.Expr}
	case *ast.SequenceNode:
		return n.Nodes
	case *ast.ArrayNode:
		return n.Nodes
	case *ast.MapNode:
		return n.Pairs
	case *ast.PairNode:
		return []ast.Node{n.Key, n.Value}
	}
	return nil
}

func given(nodes []ast.Node) []ast.Node {
	return slices.DeleteFunc(nodes, func(n ast.Node) bool { return n == nil })
}

// within reports whether a tree has at most so many nodes. The parser uses a
// part twice where it stands for two: b in a < b < c. Nested, such parts make a
// tree far larger than its source, so nothing may walk one before it was asked.
func within(n ast.Node, most int) bool {
	var count func(ast.Node) bool
	count = func(n ast.Node) bool {
		most--
		if most < 0 {
			return false
		}
		return !slices.ContainsFunc(children(n), func(child ast.Node) bool { return !count(child) })
	}
	return count(n)
}

// start is the place of a tree's first character, in runes. The parser gives the
// place of the operator for an operation.
func start(n ast.Node) int {
	from := n.Location().From
	switch n.(type) {
	case *ast.BinaryNode, *ast.UnaryNode, *ast.MemberNode, *ast.ChainNode, *ast.SliceNode, *ast.ConditionalNode, *ast.CallNode:
		return min(from, start(children(n)[0]))
	}
	return from
}
