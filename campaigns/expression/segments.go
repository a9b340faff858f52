package expression

import (
	"cmp"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// SegmentName is a place in a source that names a segment.
type SegmentName struct {
	ID     string
	Offset int // in bytes
}

// Segments lists the segments that a source names with in_segment, however it is
// spaced and quoted, in the order in which they stand, known or not. A source
// that cannot be read names none.
func Segments(source string) []SegmentName {
	tree, problem := parse(source)
	if problem != nil {
		return nil
	}
	var named []SegmentName
	var look func(ast.Node)
	look = func(n ast.Node) {
		if call, ok := n.(*ast.CallNode); ok {
			if name, ok := call.Callee.(*ast.IdentifierNode); ok && name.Value == "in_segment" {
				if ids, ok := quoted(call.Arguments); ok && len(ids) == 1 {
					named = append(named, SegmentName{ids[0], byteOffset(source, start(call.Arguments[0]))})
				}
			}
		}
		for _, child := range children(n) {
			look(child)
		}
	}
	look(tree)
	slices.SortStableFunc(named, func(a, b SegmentName) int { return cmp.Compare(a.Offset, b.Offset) })
	return slices.Compact(named) // b in a < b < c stands twice in the tree
}

// Segments lists the segments that the program names itself, in the order in
// which they stand; those that these name are not among them.
func (p *Program) Segments() []string {
	var ids []string
	var look func(node)
	look = func(n node) {
		if s, ok := n.(segment); ok {
			ids = append(ids, s.id)
			return
		}
		for _, part := range n.parts() {
			look(part)
		}
	}
	look(p.root)
	return ids
}
