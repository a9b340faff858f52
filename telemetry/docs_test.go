package telemetry_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"rapport/telemetry"
)

var update = flag.Bool("update", false, "write the table of metrics anew")

const (
	page  = "../docs/operations/observe.md"
	opens = "<!-- metrics: written by the program, held by a test -->\n"
	ends  = "<!-- /metrics -->"
)

func catalogue() *telemetry.Metrics {
	return telemetry.New(telemetry.Options{Version: "test", Now: func() time.Time { return time.Time{} }})
}

func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestTheOperatorsPageListsEveryMetric(t *testing.T) {
	text := read(t, page)
	before, rest, found := strings.Cut(text, opens)
	_, after, closed := strings.Cut(rest, ends)
	if !found || !closed {
		t.Fatalf("%s has lost its marks", page)
	}
	want := before + opens + catalogue().Table() + ends + after
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != want {
		t.Errorf("%s is out of date; run: go test ./telemetry -run Operators -update", page)
	}
}

// name is one of our metrics in an expression.
var name = regexp.MustCompile(`\brapport_[a-z_]+`)

func TestAlertsAndDashboardNameOnlyWhatIsExported(t *testing.T) {
	known := map[string]string{}
	for _, entry := range catalogue().Catalogue() {
		known[entry.Name] = entry.Kind
	}
	for _, file := range []string{"alerts.yaml", "dashboard.json"} {
		text := read(t, filepath.Join("../deploy/observability", file))
		used := name.FindAllString(text, -1)
		if len(used) < 15 {
			t.Errorf("%s names only %d metrics", file, len(used))
		}
		for _, metric := range used {
			if known[metric] != "" {
				continue
			}
			whole := metric
			for _, part := range []string{"_bucket", "_sum", "_count"} {
				whole = strings.TrimSuffix(whole, part)
			}
			if known[whole] != "histogram" {
				t.Errorf("%s names %s, which nobody exports", file, metric)
			}
		}
	}
}

// counted is a counter whose growth an alert waits for, with what it must be labelled.
var (
	counted = regexp.MustCompile(`increase\((rapport_\w+_total)\{([^}]*)\}`)
	matched = regexp.MustCompile(`(\w+)=~?"([^"]*)"`)
)

// The first of a series that was not there before is no increase to Prometheus: what an
// alert waits for is there before it happens.
func TestWhatAlertsWaitForBeginsAtZero(t *testing.T) {
	metrics := catalogue()
	metrics.Begins("email", "x")
	metrics.BeginsTask("deliver")
	answer := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	begun := strings.Split(answer.Body.String(), "\n")
	waited := counted.FindAllStringSubmatch(read(t, "../deploy/observability/alerts.yaml"), -1)
	if len(waited) < 5 {
		t.Errorf("only %d counters are waited for", len(waited))
	}
	for _, counter := range waited {
		for _, label := range matched.FindAllStringSubmatch(counter[2], -1) {
			for value := range strings.SplitSeq(label[2], "|") {
				if want := fmt.Sprintf("%s=%q", label[1], value); !slices.ContainsFunc(begun, func(line string) bool {
					return strings.HasPrefix(line, counter[1]+"{") && strings.Contains(line, want) && strings.HasSuffix(line, "} 0")
				}) {
					t.Errorf("%s{%s} is not there at the beginning", counter[1], want)
				}
			}
		}
	}
}

var runbook = regexp.MustCompile(`runbook_url: docs/operations/runbooks/(\w+)\.md`)

func TestEveryAlertHasItsPage(t *testing.T) {
	alerts := read(t, "../deploy/observability/alerts.yaml")
	var named []string
	for _, match := range runbook.FindAllStringSubmatch(alerts, -1) {
		named = append(named, match[1])
		text := read(t, filepath.Join("../docs/operations/runbooks", match[1]+".md"))
		for _, heading := range []string{"What it means", "What customers feel", "What to look at", "How to mend it", "When to stop worrying"} {
			if !strings.Contains(text, "\n## "+heading+"\n") {
				t.Errorf("%s.md does not tell: %s", match[1], heading)
			}
		}
	}
	if n := strings.Count(alerts, "- alert:"); n != len(named) {
		t.Errorf("%d of %d alerts name a page", len(named), n)
	}
	pages, err := filepath.Glob("../docs/operations/runbooks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range pages {
		if alert := strings.TrimSuffix(filepath.Base(file), ".md"); !slices.Contains(named, alert) {
			t.Errorf("%s is the page of no alert", file)
		}
	}
}
