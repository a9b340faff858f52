package campaigns

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rapport/channels"
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

// Whatever a channel, the ledger or an address may say as its reason, somebody who does
// not know the word is told what it means.
func TestEveryReasonHasAMeaning(t *testing.T) {
	words := map[string]bool{}
	for _, folder := range []string{"../channels", "../deliveries", "../customers"} {
		err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				for _, word := range reasonsIn(n) {
					words[word] = true
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	delete(words, channels.ReasonByPage) // of a choice, by which page it came
	for word := range words {
		if ReasonMeaning(word) == "" {
			t.Errorf("%q has no meaning", word)
		}
	}
	if len(words) < 30 {
		t.Errorf("only %d reasons were found", len(words))
	}
}

// reasonsIn are the texts that a piece of source names as reasons: constants called so,
// fields set to one, and assignments to one.
func reasonsIn(n ast.Node) (words []string) {
	take := func(e ast.Expr) {
		if text, is := e.(*ast.BasicLit); is && text.Kind == token.STRING {
			if word, _ := strconv.Unquote(text.Value); word != "" {
				words = append(words, word)
			}
		}
	}
	switch n := n.(type) {
	case *ast.ValueSpec:
		for i, name := range n.Names {
			kind, _ := n.Type.(*ast.Ident)
			called := strings.HasPrefix(name.Name, "Reason") || strings.HasPrefix(name.Name, "Bounce") ||
				slices.Contains([]string{
					"RateLimit", "ProviderUnavailable", "NotRendered", "NotJudged", "NoAnswerFromProvider", "WorkerLost", "GivenUp", "ProviderDown",
					"SoftBounces", "Bounced", "Erased",
				}, name.Name)
			if i < len(n.Values) && (called || kind != nil && kind.Name == "SkipReason") {
				take(n.Values[i])
			}
		}
	case *ast.KeyValueExpr:
		if key, is := n.Key.(*ast.Ident); is && key.Name == "Reason" {
			take(n.Value)
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if field, is := left.(*ast.SelectorExpr); is && field.Sel.Name == "Reason" && i < len(n.Rhs) {
				take(n.Rhs[i])
			}
		}
	}
	return words
}
