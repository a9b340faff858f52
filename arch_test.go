package rapport_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// arrows lists whom each part of the house may import of ours. A part that is
// not listed may not exist.
var arrows = map[string][]string{
	"channels":                            {},
	"channels/twilio":                     {"channels"},
	"channels/channeltest":                {"channels"},
	"channels/email":                      {"channels"},
	"channels/inbound":                    {"channels", "channels/email"},
	"channels/email/domain":               {"channels", "channels/email"},
	"channels/sms":                        {"channels", "channels/twilio"},
	"channels/call":                       {"channels", "channels/twilio"},
	"channels/webpush":                    {"channels"},
	"channels/webhook":                    {"channels"},
	"config":                              {"campaigns/spelling"},
	"telemetry":                           {},
	"customers":                           {"channels"},
	"customers/intake":                    {"channels", "customers"},
	"templates":                           {"channels", "campaigns/spelling"},
	"deliveries":                          {"channels", "customers"},
	"recordings":                          {},
	"campaigns/spelling":                  {},
	"campaigns/replytext":                 {"channels"},
	"campaigns/zones":                     {},
	"campaigns/expression":                {"channels", "customers", "campaigns/spelling"},
	"campaigns/expression/expressiontest": {"channels", "customers", "campaigns/expression"},
	"campaigns/examples":                  {},
	"campaigns":                           {"campaigns/spelling", "campaigns/replytext", "campaigns/zones", "channels", "customers", "deliveries", "templates", "campaigns/expression", "recordings"},
	"campaigns/plan":                      {"channels", "customers", "deliveries", "templates", "campaigns/expression", "campaigns/zones", "campaigns"},
	"campaigns/rehearsal":                 {"channels", "customers", "deliveries", "templates", "campaigns/expression", "campaigns"},
	"campaigns/grammar":                   {"channels", "customers", "deliveries", "campaigns", "campaigns/expression", "campaigns/examples"},
	"store/storetest/fresh":               {},
	"accounts":                            {},
	"store":                               {"accounts", "channels", "customers", "deliveries", "templates", "campaigns/expression", "campaigns/zones", "campaigns", "campaigns/plan", "store/storetest/fresh", "recordings"},
	"store/storetest":                     {"accounts", "channels", "customers", "deliveries", "templates", "campaigns/expression", "campaigns", "campaigns/plan", "store", "store/storetest/fresh", "recordings"},
	"workers":                             {"channels", "customers", "deliveries", "templates", "campaigns/expression", "campaigns", "recordings", "telemetry"},
	"webhooks/browsertest":                {},
	"webhooks":                            {"channels", "customers", "deliveries", "templates", "campaigns/expression", "campaigns/zones", "campaigns", "telemetry"},
	"console":                             {"accounts", "channels", "customers", "deliveries", "templates", "campaigns/expression", "campaigns", "recordings"},
	"sandbox":                             {"channels", "customers"},
	"sandbox/sink":                        {},
	"trust":                               {},
	"trust/bounds":                        {},
	"deploy/check":                        {},
	"cmd/testbed":                         {},
	"cmd/reference":                       {"*"},
	"cmd/rapport":                         {"*"},
}

// keepers lists the libraries that one part of the house keeps for itself.
var keepers = map[string]string{
	"github.com/hibiken/asynq":     "workers",
	"github.com/minio/minio-go/v7": "recordings",
	"modernc.org/sqlite":           "store",
	"modernc.org/sqlite/lib":       "store",
	"github.com/jackc/pgx/v5":      "store",
	"github.com/pressly/goose/v3":  "store",

	"github.com/prometheus/client_golang/prometheus": "telemetry",
	"go.opentelemetry.io/otel/trace":                 "telemetry",
	"go.opentelemetry.io/otel/sdk/trace":             "telemetry",
}

func TestImportsFollowTheArrows(t *testing.T) {
	for dir, files := range goFiles(t) {
		allowed, listed := arrows[dir]
		if !listed {
			t.Errorf("%s is in no place of the house: list it in arrows, or move it", dir)
			continue
		}
		for name, file := range files {
			if strings.HasSuffix(name, "_test.go") && strings.HasSuffix(file.Name.Name, "_test") {
				continue // an external test may lean on whatever it tests with
			}
			for _, spec := range file.Imports {
				imported := strings.Trim(spec.Path.Value, `"`)
				ours, internal := strings.CutPrefix(imported, "rapport/")
				if ours == "trust/bounds" && strings.HasSuffix(name, "_test.go") {
					continue // holds the fuzz targets of all
				}
				if internal && ours != dir && !slices.Contains(allowed, ours) && !slices.Contains(allowed, "*") {
					t.Errorf("%s imports %s, against the arrows", name, ours)
				}
				if keeper, kept := keepers[imported]; kept && keeper != dir && !strings.HasPrefix(dir, keeper+"/") {
					t.Errorf("%s imports %s, which only %s may", name, imported, keeper)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	for dir, files := range goFiles(t) {
		said := ""
		for name, file := range files {
			if !strings.HasSuffix(name, "_test.go") && file.Doc != nil {
				said += file.Doc.Text()
			}
		}
		if len(said) < 80 {
			t.Errorf("%s has no package comment that says what it owns", dir)
		}
	}
}

// setsDeadline reports whether a call gives a connection its deadline.
func setsDeadline(call *ast.CallExpr) bool {
	method, is := call.Fun.(*ast.SelectorExpr)
	return is && strings.HasSuffix(method.Sel.Name, "Deadline")
}

func TestOnlyCommandsReadTheClock(t *testing.T) {
	for dir, files := range goFiles(t) {
		if strings.HasPrefix(dir, "cmd/") {
			continue
		}
		for name, file := range files {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(dir, "test") {
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if call, is := n.(*ast.CallExpr); is && setsDeadline(call) {
					return false // a connection knows no other clock
				}
				if selector, is := n.(*ast.SelectorExpr); is && selector.Sel.Name == "Now" {
					if pkg, is := selector.X.(*ast.Ident); is && pkg.Name == "time" && pkg.Obj == nil {
						t.Errorf("%s names time.Now; take a clock instead", name)
					}
				}
				return true
			})
		}
	}
}

// TestOnlyTheRegistryNamesAProvider keeps a new provider from touching what stands
// between it and the ledger. The sandbox's accounts have names, and the benchmark
// plays the part of providers that call back.
func TestOnlyTheRegistryNamesAProvider(t *testing.T) {
	may := map[string]bool{
		"cmd/rapport/providers.go": true, "cmd/rapport/embedded.go": true, "cmd/rapport/keys.go": true, "cmd/rapport/sandbox.go": true,
		"cmd/rapport/bench_callbacks.go": true, "cmd/rapport/bench_sending.go": true, "cmd/rapport/bench_memory.go": true, "cmd/rapport/bench.go": true,
	}
	files := goFiles(t)
	for _, dir := range []string{"deliveries", "workers", "webhooks", "campaigns", "cmd/rapport"} {
		for name, file := range files[dir] {
			if may[name] || strings.HasSuffix(name, "_test.go") {
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				said := ""
				switch n := n.(type) {
				case *ast.Ident:
					said = n.Name
				case *ast.BasicLit:
					said = n.Value
				}
				if said = strings.ToLower(said); strings.Contains(said, "twilio") || strings.Contains(said, "sendgrid") {
					t.Errorf("%s says %s, which is for cmd/rapport/providers.go to say", name, said)
				}
				return true
			})
		}
	}
}

// TestReadmeShowsTheTree holds the README's table of folders to what is there.
func TestReadmeShowsTheTree(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(readme)) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			if name := strings.Trim(strings.TrimSpace(cells[1]), "`"); strings.HasSuffix(name, "/") {
				listed[strings.TrimSuffix(name, "/")] = true
			}
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() || strings.HasPrefix(name, ".") || name == "bin" || name == "rapport-data" {
			continue
		}
		if !listed[name] {
			t.Errorf("README.md does not list %s/", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("README.md lists %s/, which is not there", name)
	}
}

// TestEveryDecisionStandsInTheIndex holds the index of decisions to the pages that are
// there, and their headings to one form.
func TestEveryDecisionStandsInTheIndex(t *testing.T) {
	index, err := os.ReadFile("docs/decisions/README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("docs/decisions/[0-9]*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no decision was found: %v", err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(page)
		digits, _, _ := strings.Cut(name, "-")
		number := strings.TrimLeft(digits, "0")
		if !strings.HasPrefix(string(text), "# "+number+". ") {
			t.Errorf("%s does not begin with %q", page, "# "+number+". ")
		}
		if strings.Count(string(index), "\n| ["+number+"]("+name+") | ") != 1 {
			t.Errorf("docs/decisions/README.md does not list %s once", name)
		}
	}
	if lines := strings.Count(string(index), "\n| ["); lines != len(pages) {
		t.Errorf("docs/decisions/README.md has %d lines for %d decisions", lines, len(pages))
	}
}

// goFiles parses every Go file of the project, by folder and path.
func goFiles(t *testing.T) map[string]map[string]*ast.File {
	t.Helper()
	found := map[string]map[string]*ast.File{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && name != "." || entry.Name() == "testdata") {
			return filepath.SkipDir
		}
		dir := path.Dir(filepath.ToSlash(name))
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || dir == "." {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		if found[dir] == nil {
			found[dir] = map[string]*ast.File{}
		}
		found[dir][name] = file
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 10 {
		t.Fatalf("only %d packages found; is this the project's root?", len(found))
	}
	return found
}
