package campaigns

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"
)

// The list of skip reasons is closed: a new one comes with words for those who
// do not know it.
func TestEveryReasonIsExplained(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../deliveries/status.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared, explained []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, is := n.(*ast.ValueSpec)
		if !is {
			return true
		}
		if name, is := spec.Type.(*ast.Ident); is && name.Name == "SkipReason" {
			word, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			declared = append(declared, word)
		}
		return true
	})
	for _, reason := range append(SkipReasons(), FailureReasons()...) {
		if reason.Meaning == "" || reason.Advice == "" {
			t.Errorf("%s is not explained", reason.Word)
		}
	}
	for _, reason := range SkipReasons() {
		explained = append(explained, reason.Word)
	}
	slices.Sort(declared)
	slices.Sort(explained)
	same(t, "skip reasons", declared, explained)
}
