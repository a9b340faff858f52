package trust_test

import (
	"bytes"
	"fmt"
	"go/ast"
	gobuild "go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBreakagesCompile holds the list to the code it breaks: what no longer stands
// there, or compiles no more without it, would break nothing. Types are checked and
// nothing is built.
func TestBreakagesCompile(t *testing.T) {
	c := newCompiler(t)
	for _, b := range breakages {
		text, err := b.broken()
		if err == nil && filepath.Ext(b.file) == ".go" {
			err = c.check(b.file, text)
		}
		if err != nil {
			t.Errorf("%s: %v", b.name, err)
		}
	}
}

// A file that does not compile is noticed.
func TestWhatDoesNotCompileIsNoticed(t *testing.T) {
	c := newCompiler(t)
	for text, says := range map[string]string{
		"package deliveries\n\nimport \"time\"\n": "imported and not used", "package deliveries\n\nvar x = nothing\n": "undefined: nothing", "package {": "expected",
	} {
		if err := c.check("deliveries/broken.go", text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

// compiler checks packages of which one file is another.
type compiler struct {
	files  *token.FileSet
	others types.Importer
}

// newCompiler knows what everything exports that the program is made of.
func newCompiler(t *testing.T) *compiler {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "rapport/cmd/rapport")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list what the program is made of: %v\n%s", err, stderr.Bytes())
	}
	exports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		pkg, export, _ := strings.Cut(strings.TrimSpace(line), " ")
		exports[pkg] = export
	}
	files := token.NewFileSet()
	return &compiler{files: files, others: importer.ForCompiler(files, "gc", func(pkg string) (io.ReadCloser, error) {
		if exports[pkg] == "" {
			return nil, fmt.Errorf("the program has no package %s", pkg)
		}
		return os.Open(exports[pkg])
	})}
}

// check checks the package of a file that says something else now.
func (c *compiler) check(file, text string) error {
	dir := filepath.Dir(file)
	pkg, err := gobuild.ImportDir(filepath.Join("..", dir), 0)
	if err != nil {
		return err
	}
	changed, err := parser.ParseFile(c.files, file, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	all := []*ast.File{changed}
	for _, name := range pkg.GoFiles {
		if name == filepath.Base(file) {
			continue
		}
		other, err := parser.ParseFile(c.files, filepath.Join("..", dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, other)
	}
	_, err = (&types.Config{Importer: c.others}).Check("rapport/"+dir, c.files, all, nil)
	return err
}
