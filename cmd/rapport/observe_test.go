package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"rapport/channels"
	"rapport/channels/call"
	"rapport/channels/twilio"
	"rapport/customers"
	"rapport/recordings"
	"rapport/sandbox"
	"rapport/store/storetest"
	"rapport/telemetry"
)

// Recordings wait for something only where there is a provider that gives them out.
func TestRecordingsAreWatchedWhereTheyAreFetched(t *testing.T) {
	twilios, err := call.Twilio{Account: twilio.Account{AccountSID: "AC1", AuthToken: "secret"}}.Open()
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(&redis.Options{})
	defer client.Close()
	s := storetest.Open(t, storetest.SQLite(t))
	for _, vault := range []recordings.Vault{nil, recordings.Folder{Path: t.TempDir()}} {
		for _, senders := range []map[channels.Channel]channels.Sender{nil, {channels.Call: twilios}} {
			i := &installation{backing: &backing{Redis: client, Vault: vault, opened: opened{Senders: senders}}, Store: s}
			if got, want := i.gauges().Recordings, vault != nil && senders != nil; got != want {
				t.Errorf("vault %v, providers %v: watched %v", vault, senders, got)
			}
		}
	}
}

// receiver takes spans as a collector does: OTLP over HTTP, protobuf.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	all   []*tracepb.Span
	words strings.Builder // everything that came, as JSON
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		var export collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(body, &export)
		}
		if err != nil || req.URL.Path != "/v1/traces" {
			t.Errorf("a collector was sent %s: %v", req.URL.Path, err)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, resource := range export.ResourceSpans {
			r.words.WriteString(protojson.Format(resource))
			for _, scope := range resource.ScopeSpans {
				r.all = append(r.all, scope.Spans...)
			}
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	return r
}

// named lists the spans of a trace ("" is all) by their name.
func (r *receiver) named(trace []byte, name string) (found []*tracepb.Span) {
	for _, span := range r.all {
		if span.Name == name && (trace == nil || bytes.Equal(span.TraceId, trace)) {
			found = append(found, span)
		}
	}
	return found
}

// lines keep what is logged.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// scrape reads the metrics over HTTP, with exemplars.
func scrape(t *testing.T, m *telemetry.Metrics) string {
	t.Helper()
	port := httptest.NewServer((&ops{Metrics: m.Handler()}).routes())
	defer port.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, port.URL+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	answer, err := port.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() // read to its end
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("scraped %d: %v", answer.StatusCode, err)
	}
	return string(text)
}

// sum adds the samples of a metric whose labels contain all of some.
func sum(t *testing.T, metrics, name string, some ...string) (total float64) {
	t.Helper()
	for line := range strings.Lines(metrics) {
		labels, rest, _ := strings.Cut(strings.TrimPrefix(line, name), "} ")
		if !strings.HasPrefix(line, name+"{") {
			if labels, rest, _ = "", strings.TrimPrefix(line, name+" "), true; rest == line {
				continue
			}
		}
		matches := true
		for _, one := range some {
			matches = matches && strings.Contains(labels, one)
		}
		if !matches {
			continue
		}
		value, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		total += n
	}
	return total
}

// watchedPlay is the sample shop with everybody watching at once.
type watchedPlay struct {
	*theatre
	metrics  *telemetry.Metrics
	traces   *telemetry.Traces
	receiver *receiver
	log      *lines
	people   []customers.Customer
}

func watched(t *testing.T, people, days int) *watchedPlay {
	t.Helper()
	p := &watchedPlay{receiver: receive(t), log: &lines{}}
	p.metrics = telemetry.New(telemetry.Options{Version: "test", Now: time.Now, Campaigns: 3})
	var err error
	p.traces, err = telemetry.OpenTraces(t.Context(), telemetry.TraceOptions{Endpoint: p.receiver.URL, Sample: 1, Version: "test", Role: "all"})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(telemetry.WithTraces(slog.NewJSONHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	o, clock := &options{data: t.TempDir()}, &virtualClock{now: demoStart}
	if p.theatre, err = stage(t.Context(), o, clock, 7, log, p.metrics, p.traces); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	shop := sandbox.NewShop(7, people, demoStart, days)
	p.people = shop.People
	if err := p.open(t.Context(), shop); err != nil {
		t.Fatal(err)
	}
	if err := p.through(t.Context(), shop.Life, demoStart.Add(time.Duration(days)*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	p.signUp(t, 10)
	if err := p.through(t.Context(), nil, demoStart.Add(time.Duration(days+4)*24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := p.scheduler.Gauges.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.traces.Close(); err != nil {
		t.Fatal(err)
	}
	p.receiver.mu.Lock() // nothing more comes
	return p
}

// signUp lets people sign up, and get something, in one request at our doors.
func (p *watchedPlay) signUp(t *testing.T, n int) {
	t.Helper()
	var batch []map[string]any
	for i, person := range p.people[:n] {
		for _, event := range []string{"Signed Up", "Order Delivered"} {
			batch = append(batch, map[string]any{
				"type": "track", "userId": person.ID, "event": event, "messageId": fmt.Sprintf("%s %d", event, i),
				"properties": map[string]any{"order_id": fmt.Sprintf("A%d", i), "total": 80},
			})
		}
	}
	body, err := json.Marshal(map[string]any{"batch": batch})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.Addresses.Base+"/v1/batch", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(p.WriteKeys[0], "")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("signing up was answered %d", answer.StatusCode)
	}
}

func TestWhoWatchesSeesWhatHappenedAndNobodyOfTheCustomers(t *testing.T) {
	p := watched(t, 80, 8)
	metrics := scrape(t, p.metrics)

	t.Run("sends are those the providers have", func(t *testing.T) {
		accepted := map[channels.Channel]float64{}
		raw, err := os.ReadFile(filepath.Join(filepath.Dir(strings.TrimPrefix(p.DSN, "sqlite:")), "accepted.ndjson"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(raw) {
			var one sandbox.Accepted
			if err := json.Unmarshal(line, &one); err != nil {
				t.Fatal(err)
			}
			accepted[one.Channel]++
		}
		for _, ch := range []channels.Channel{channels.Email, channels.SMS, channels.Call, channels.Push} {
			sent := sum(t, metrics, "rapport_sends_total", fmt.Sprintf(`channel=%q`, ch), `outcome="sent"`)
			if sent == 0 || sent != accepted[ch] {
				t.Errorf("%s: the metrics tell of %v messages, the provider has %v", ch, sent, accepted[ch])
			}
		}
	})
	t.Run("everything else is told", func(t *testing.T) {
		for _, one := range []struct{ name, label string }{
			{"rapport_skips_total", `reason="`},
			{"rapport_holds_total", `reason="`},
			{"rapport_send_duration_seconds_count", `channel="email"`},
			{"rapport_reports_total", `kind="delivered"`},
			{"rapport_callback_lag_seconds_count", `channel="email"`},
			{"rapport_entries_walked_total", ""},
			{"rapport_journey_lag_seconds_count", ""},
			{"rapport_occurrences_total", `state="entering"`},
			{"rapport_occurrence_lag_seconds_count", ""},
			{"rapport_tasks_total", `kind="deliver",result="done"`},
			{"rapport_db_duration_seconds_count", `operation="settle"`},
			{"rapport_redis_duration_seconds_count", `operation="enqueue"`},
			{"rapport_http_requests_total", `code="200",route="POST /v1/batch"`},
			{"rapport_http_requests_total", `route="POST /hooks/{channel}/{provider}"`},
			{"rapport_ingested_messages_total", `result="taken"`},
			{"rapport_campaign_sends_total", `campaign="other"`},
			{"rapport_open_cases", ""},
			{"rapport_count_limit", ""},
			{"rapport_standing_timestamp_seconds", ""},
			{"rapport_build_info", ""},
			{"go_goroutines", ""},
		} {
			if sum(t, metrics, one.name, one.label) == 0 {
				t.Errorf("%s{%s} tells nothing", one.name, one.label)
			}
		}
		if taken := sum(t, metrics, "rapport_ingested_messages_total", `result="taken"`); taken != 20 {
			t.Errorf("20 events came, and %v were taken", taken)
		}
		if failed := sum(t, metrics, "rapport_tasks_total", `result="failed"`); failed != 0 {
			t.Errorf("%v tasks failed", failed)
		}
	})
	t.Run("labels are few", func(t *testing.T) {
		series := strings.Count(regexp.MustCompile(`(?m)^rapport_.*_(total|count)\b`).ReplaceAllString(metrics, "#\n"), "#\n")
		if series > 250 {
			t.Errorf("%d counters and histograms", series)
		}
		if n := len(regexp.MustCompile(`rapport_campaign_sends_total\{campaign="[^o]`).FindAllString(metrics, -1)); n > 3*5 {
			t.Errorf("%d series of campaigns, of which 3 may be told apart", n)
		}
	})
	t.Run("a trace leads from an event to its messages, and from what came back to them", func(t *testing.T) { p.traced(t, metrics) })
	t.Run("nobody is seen", func(t *testing.T) { p.seesNobody(t, metrics) })
}

// traced follows the one request by which people signed up.
func (p *watchedPlay) traced(t *testing.T, metrics string) {
	begins := p.receiver.named(nil, "POST /v1/batch")
	if len(begins) != 1 {
		t.Fatalf("%d traces begin with the request", len(begins))
	}
	trace := begins[0].TraceId
	for _, name := range []string{"react", "travel", "deliver", "window", "call"} {
		if len(p.receiver.named(trace, name)) == 0 {
			t.Errorf("the trace of the request has no span %q", name)
		}
	}
	if tasks := p.receiver.named(nil, "task deliver"); len(tasks) == 0 || len(tasks[0].ParentSpanId) == 0 {
		t.Error("tasks do not go on with the trace of who put them")
	}
	windows := map[string]bool{}
	for _, window := range p.receiver.named(trace, "window") {
		windows[string(window.SpanId)] = true
	}
	back := false
	for _, read := range p.receiver.named(nil, "read") {
		for _, link := range read.Links {
			back = back || bytes.Equal(link.TraceId, trace) && windows[string(link.SpanId)]
		}
	}
	if !back {
		t.Error("no report leads back to the window that sent its message")
	}
	if id := regexp.MustCompile(`rapport_send_duration_seconds_bucket.*# \{trace_id="([0-9a-f]{32})"\}`).FindStringSubmatch(metrics); id == nil {
		t.Error("no exemplar names a trace")
	} else if raw, _ := hex.DecodeString(id[1]); len(p.receiver.named(raw, "window")) == 0 {
		t.Error("an exemplar names a trace in which nothing is sent")
	}
	for _, of := range []string{"task", "http_request"} {
		if !regexp.MustCompile(`rapport_` + of + `_duration_seconds_bucket.*# \{trace_id="[0-9a-f]{32}"\}`).MatchString(metrics) {
			t.Errorf("no exemplar of a %s names a trace", of)
		}
	}
}

// seesNobody looks for everybody in all that is seen.
func (p *watchedPlay) seesNobody(t *testing.T, metrics string) {
	ids := make([]string, len(p.people))
	for i, person := range p.people {
		ids[i] = person.ID
	}
	known, err := p.Store.Load(t.Context(), ids, p.Now())
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{"log": p.log.String(), "metrics": metrics, "spans": p.receiver.words.String()}
	for where, text := range seen {
		if len(text) < 1000 {
			t.Fatalf("the %s hold only %q", where, text)
		}
	}
	browsers := 0
	for _, person := range known {
		secrets := []string{person.Email, person.Phone, strings.TrimPrefix(person.Phone, "+"), person.FirstName + " " + person.LastName, person.LastName}
		for _, browser := range person.Browsers {
			browsers++
			secrets = append(secrets, browser.Endpoint, browser.Endpoint[strings.LastIndex(browser.Endpoint, "/")+1:], browser.Auth)
		}
		for where, text := range seen {
			for _, secret := range secrets {
				if len(secret) >= 4 && strings.Contains(text, secret) {
					t.Errorf("the %s tell %q of customer %s", where, secret, person.ID)
				}
			}
		}
	}
	if len(known) < 80 || browsers == 0 {
		t.Errorf("only %d people and %d browsers were looked for", len(known), browsers)
	}
}

func TestRolesTellWhatTheyDoInProduction(t *testing.T) {
	r := newRig(t, storetest.Postgres(t), sandbox.Behaviour{})
	r.useRedis()
	r.fill(mixed, 20, "Go")
	spans := receive(t)
	t.Setenv("RAPPORT_TELEMETRY_OTLP", spans.URL)
	t.Setenv("RAPPORT_TELEMETRY_SAMPLE", "1")
	first := r.operate("scheduler")
	tells := func(o *operated, name string, labels ...string) float64 {
		_, text := o.ask("/metrics")
		return sum(t, text, name, labels...)
	}
	eventually(t, 30*time.Second, "the first scheduler leads", func() bool { return tells(first, "rapport_scheduler_leads") == 1 })
	second, worker := r.operate("scheduler"), r.operate("worker")
	eventually(t, 60*time.Second, "the worker tells of all messages", func() bool {
		return tells(worker, "rapport_sends_total", `outcome="sent"`) == 80
	})
	for operation, role := range map[string]*operated{"settle": worker, "due": first, "levels": first} {
		if tells(role, "rapport_db_duration_seconds_count", `operation="`+operation+`"`) == 0 {
			t.Errorf("nothing tells how long %s takes", operation)
		}
	}
	if skew := tells(worker, "rapport_clock_skew_seconds"); skew < -1 || skew > 1 {
		t.Errorf("on one machine the clocks are %v s apart", skew)
	}
	if _, text := second.ask("/metrics"); sum(t, text, "rapport_scheduler_leads") != 0 || strings.Contains(text, "rapport_due_entries ") {
		t.Error("who does not lead tells what waits")
	}
	first.signal(syscall.SIGTERM)
	eventually(t, 30*time.Second, "the second scheduler leads and tells what waits", func() bool {
		return tells(second, "rapport_scheduler_leads") == 1 && tells(second, "rapport_standing_timestamp_seconds") > 0
	})
	worker.signal(syscall.SIGTERM)
	spans.mu.Lock()
	defer spans.mu.Unlock()
	pumps := spans.named(nil, "pump")
	for _, window := range spans.named(nil, "window") {
		for _, pump := range pumps {
			if bytes.Equal(pump.TraceId, window.TraceId) {
				return // across Redis, from one process to another
			}
		}
	}
	t.Errorf("of %d spans none shows the way from a scheduler to a worker", len(spans.all))
}

// RoleGone asks for roles by the names of the commands that run them.
func TestAProcessTellsItsRole(t *testing.T) {
	rules, err := os.ReadFile("../../deploy/observability/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, "", sandbox.Behaviour{})
	tells := func(command string) {
		t.Helper()
		var page string
		process := r.operate(command)
		eventually(t, 30*time.Second, command+" tells of its program", func() bool {
			_, page = process.ask("/metrics")
			return sum(t, page, "rapport_build_info") == 1
		})
		process.signal(syscall.SIGKILL)
		if sum(t, page, "rapport_build_info", fmt.Sprintf("role=%q", command)) != 1 {
			t.Errorf("%s does not tell its role", command)
		}
	}
	tells("up")
	// A role tells it while it waits for its servers.
	t.Setenv("RAPPORT_STORE", "postgres://rapport@127.0.0.1:"+freePort(t)+"/rapport")
	t.Setenv("RAPPORT_REDIS", "redis://127.0.0.1:"+freePort(t)+"/0")
	for _, role := range []string{"web", "scheduler", "worker"} {
		tells(role)
		if asked := fmt.Sprintf(`role=~"%s|up"`, role); !strings.Contains(string(rules), asked) {
			t.Errorf("no alert asks for %s", asked)
		}
	}
}
