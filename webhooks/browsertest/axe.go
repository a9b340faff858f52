package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// violation is what axe-core finds wrong with a page.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

// Axe judges the page by every rule of axe-core, best practices included, and
// fails the test by what it finds. The judge is put in by the debugger, so that
// the page's own policy may forbid scripts; the page must not have been opened
// with NoScripts.
func Axe(t testing.TB, p *Page) {
	t.Helper()
	script := axe(t)
	var found []violation
	p.Do(
		chromedp.Evaluate(script, nil),
		chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations)`, &found,
			func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }),
	)
	for _, v := range found {
		var text strings.Builder
		for _, node := range v.Nodes {
			fmt.Fprintf(&text, "\n  %s\n    %s", node.HTML, strings.ReplaceAll(node.FailureSummary, "\n", "\n    "))
		}
		t.Errorf("axe: %s (%s): %s%s", v.ID, v.Impact, v.Help, text.String())
	}
}

// axe is the judge's script, where .ci/run has installed it.
func axe(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if script, err := os.ReadFile(filepath.Join(dir, ".ci", "tools", "node_modules", "axe-core", "axe.min.js")); err == nil {
			return string(script)
		}
		if dir == filepath.Dir(dir) {
			t.Skip("axe-core is not installed here: npm ci --prefix .ci/tools")
		}
	}
}
