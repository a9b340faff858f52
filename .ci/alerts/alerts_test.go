//go:build prometheus

package alerts

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

const project = "../.."

func rules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, problems := rulefmt.ParseFile(filepath.Join(project, "deploy/observability/alerts.yaml"), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, problem := range problems {
		t.Error(problem)
	}
	if groups == nil {
		t.Fatal("the rules cannot be read")
	}
	var all []rulefmt.Rule
	for _, group := range groups.Groups {
		all = append(all, group.Rules...)
	}
	return all
}

func TestPrometheusReadsEveryRule(t *testing.T) {
	for _, rule := range rules(t) {
		if rule.Alert == "" || rule.Labels["severity"] == "" || rule.Annotations["summary"] == "" || rule.Annotations["runbook_url"] == "" {
			t.Errorf("%q: an alert has a severity, a summary and a runbook", rule.Alert)
		}
	}
}

// variable is one of Grafana's.
var variable = regexp.MustCompile(`\$__rate_interval|\$__interval`)

func TestPrometheusReadsEveryExpressionOfTheDashboard(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(project, "deploy/observability/dashboard.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(raw, &dashboard); err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			expression := strings.ReplaceAll(variable.ReplaceAllString(target.Expr, "5m"), "$instance", ".*")
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(expression); err != nil {
				t.Errorf("%s: %v", panel.Title, err)
			}
			read++
		}
	}
	if read < 20 {
		t.Errorf("only %d expressions were found", read)
	}
}

// TestAlertsFireWhenTheyShould plays series and looks which alerts fire at which
// minute. testdata/NAME.txt begins with series in Prometheus' own notation; lines
// "fires AT" and "silent AT" say what is to be seen.
func TestAlertsFireWhenTheyShould(t *testing.T) {
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{})})
	for _, rule := range rules(t) {
		t.Run(rule.Alert, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("testdata", rule.Alert+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			var series bytes.Buffer
			type look struct {
				at    time.Duration
				fires bool
			}
			var looks []look
			for line := range strings.Lines(string(raw)) {
				word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
				if word != "fires" && word != "silent" {
					series.WriteString(line)
					continue
				}
				at, err := time.ParseDuration(rest)
				if err != nil {
					t.Fatal(err)
				}
				looks = append(looks, look{at, word == "fires"})
			}
			storage := promqltest.LoadedStorage(t, series.String())
			defer storage.Close()
			seen := map[bool]bool{}
			for _, look := range looks {
				seen[look.fires] = true
				fires := true
				for back := time.Duration(0); back <= time.Duration(rule.For); back += 15 * time.Second {
					query, err := engine.NewInstantQuery(t.Context(), storage, nil, rule.Expr, time.Unix(0, 0).Add(look.at-back))
					if err != nil {
						t.Fatal(err)
					}
					result := query.Exec(t.Context())
					if result.Err != nil {
						t.Fatal(result.Err)
					}
					vector, err := result.Vector()
					if err != nil {
						t.Fatal(err)
					}
					fires = fires && len(vector) > 0
				}
				if fires != look.fires {
					t.Errorf("at %s it fires: %t, want %t", look.at, fires, look.fires)
				}
			}
			if !seen[true] || !seen[false] {
				t.Error("a test shows when an alert fires and when it does not")
			}
		})
	}
}
