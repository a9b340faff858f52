package telemetry_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rapport/telemetry"
)

// traces keep a share of all, and send them to somebody who takes anything.
func traces(t *testing.T, share float64) *telemetry.Traces {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	all, err := telemetry.OpenTraces(t.Context(), telemetry.TraceOptions{Endpoint: server.URL + "/", Sample: share})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = all.Close(); server.Close() })
	return all
}

func TestWhoBeginsATraceDecidesForAllWhoFollow(t *testing.T) {
	none, all := traces(t, 0), traces(t, 1)
	kept, begin := all.Start(t.Context(), "begin")
	defer begin.End(nil)
	mark := telemetry.Mark(kept)
	if mark == "" {
		t.Fatal("with a share of 1 a trace is not kept")
	}
	dropped, span := none.Start(t.Context(), "begin")
	span.End(nil)
	if telemetry.Kept(dropped) || telemetry.Mark(dropped) != "" {
		t.Error("with a share of 0 a trace is kept")
	}
	if ctx, _ := all.Start(telemetry.FromHeaders(t.Context(), telemetry.Headers(dropped)), "task"); telemetry.Kept(ctx) {
		t.Error("a task is kept although its trace is not")
	}
	if ctx, _ := none.Start(telemetry.FromHeaders(t.Context(), telemetry.Headers(kept)), "task"); !telemetry.Kept(ctx) {
		t.Error("a task is not kept although its trace is")
	}
	if ctx, _ := none.Follow(dropped, "deliver", mark); !telemetry.Kept(ctx) || !strings.HasPrefix(telemetry.Mark(ctx), mark[:35]) {
		t.Error("a batch does not go on with the trace that set it off")
	}
	if ctx, _ := none.Start(dropped, "deliver", mark); telemetry.Kept(ctx) {
		t.Error("a batch is kept for the sake of a link")
	}
	if ctx, _ := none.Return(dropped, "read", mark); !telemetry.Kept(ctx) {
		t.Error("what came back of a kept message is not kept")
	}
}

func TestNilTellsNothing(t *testing.T) {
	var m *telemetry.Metrics
	var all *telemetry.Traces
	ctx, span := all.Start(t.Context(), "x")
	span.Outlet("email", "p")
	span.End(nil)
	if telemetry.Headers(ctx) != nil || telemetry.Mark(ctx) != "" {
		t.Error("without traces there is one")
	}
	m.Sent("email", "p", map[string]int{"sent": 1})
	m.Task(ctx, "deliver")("done")
	m.Redis("ping")(nil)
	calls := m.Calls(ctx, "email", "p")
	calls.Ended(calls.Began())
	if m.TellsCampaigns() || all.Close() != nil {
		t.Error("nobody tells something")
	}
}

func TestALineNamesItsTrace(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(telemetry.WithTraces(slog.NewJSONHandler(&out, nil))).With("role", "worker").WithGroup("task")
	ctx, span := traces(t, 1).Start(t.Context(), "task")
	defer span.End(nil)
	log.WarnContext(ctx, "late", "kind", "deliver")
	log.Warn("outside")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if id := telemetry.Mark(ctx)[3:35]; !strings.Contains(lines[0], `"trace_id":"`+id+`"`) || strings.Contains(lines[1], "trace_id") {
		t.Errorf("of trace %s the log says %s", id, out.String())
	}
}
