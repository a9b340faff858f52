package telemetry

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are the numbers of one process. Its methods may be called by many at a
// time, and on nil.
type Metrics struct {
	book book
	now  func() time.Time

	sends     *prometheus.CounterVec
	sendTime  *prometheus.HistogramVec
	campaigns *names // nil: campaigns are not told apart
	byName    *prometheus.CounterVec
	skips     *prometheus.CounterVec
	holds     *prometheus.CounterVec
	outlets   *prometheus.CounterVec

	reports     *prometheus.CounterVec
	aside       *prometheus.CounterVec
	callbackLag *prometheus.HistogramVec
	ingested    *prometheus.CounterVec
	requests    *prometheus.CounterVec
	requestTime *prometheus.HistogramVec

	walked        *prometheus.CounterVec
	journeyLag    *prometheus.HistogramVec
	occurrences   *prometheus.CounterVec
	occurrenceLag *prometheus.HistogramVec
	tasks         *prometheus.CounterVec
	taskTime      *prometheus.HistogramVec
	ended         *prometheus.CounterVec

	leads    *prometheus.GaugeVec
	turned   *prometheus.GaugeVec
	troubled *prometheus.GaugeVec
	standing standing

	dbTime    *prometheus.HistogramVec
	redisTime *prometheus.HistogramVec
	redisBad  *prometheus.CounterVec
	up        *prometheus.GaugeVec
	skew      *prometheus.GaugeVec
}

// Options set metrics up.
type Options struct {
	Version string
	// Role is the command that runs: web, worker, scheduler, console, up.
	Role string
	// Now is the clock by which durations are measured: the real one.
	Now func() time.Time
	// Campaigns is how many campaigns may be told apart; those beyond are counted
	// together as "other". 0 tells none apart.
	Campaigns int
}

// Buckets in seconds. Each histogram is a dozen series for every combination of
// its labels, so there are as few as answer the questions of the alerts.
var (
	quick = []float64{.0005, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}     // database, Redis
	calls = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}           // providers, doors
	waits = []float64{.1, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 86400} // lags
)

// New makes the metrics of a process.
func New(o Options) *Metrics {
	m := &Metrics{book: book{registry: prometheus.NewRegistry()}, now: o.Now}
	b := &m.book
	b.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	b.gauge("rapport_build_info", "Always 1; the labels tell the version that runs, and as which role: web, worker, scheduler, console, or up, which is all of them.", "version", "goversion", "role").
		WithLabelValues(o.Version, runtime.Version(), o.Role).Set(1)
	m.sending(b, o.Campaigns)
	m.hearing(b)
	m.working(b)
	m.leading(b)
	m.leaning(b)
	m.begin()
	return m
}

// begin shows what alerts wait for at 0, because the first of a series that was not
// there before is no increase to Prometheus.
func (m *Metrics) begin() {
	for _, state := range []string{"entering", "missed"} {
		m.occurrences.WithLabelValues(state)
	}
	for _, became := range []string{"planned", "unconfirmed"} {
		m.ended.WithLabelValues(became)
	}
	for _, result := range []string{"taken", "refused", "failed"} {
		m.ingested.WithLabelValues(result)
	}
	m.reports.WithLabelValues("email", "complained")
	m.aside.WithLabelValues()
}

// BeginsTask tells that tasks of a kind are taken, whose failures begin at 0.
func (m *Metrics) BeginsTask(kind string) {
	if m == nil {
		return
	}
	for _, result := range []string{"failed", "unreadable"} {
		m.tasks.WithLabelValues(kind, result)
	}
}

// Begins tells which providers there are, whose counters begin at 0.
func (m *Metrics) Begins(channel, provider string) {
	if m == nil {
		return
	}
	for _, outcome := range []string{"sent", "put_off", "failed", "unconfirmed", "not_rendered"} {
		m.sends.WithLabelValues(channel, provider, outcome)
	}
}

// sending is what leaves.
func (m *Metrics) sending(b *book, campaigns int) {
	m.sends = b.counter("rapport_sends_total",
		"Messages handed to a provider, by what became of them: sent, put_off (certainly not sent, tried again), failed, unconfirmed; "+
			"not_rendered never left. Attempts: a call tried three times counts three, where `rapport status` counts one message.", "channel", "provider", "outcome")
	m.sendTime = b.histogram(calls, "rapport_send_duration_seconds",
		"How long a provider took to answer a message, or a window of messages where it takes them together. "+
			"Exemplars carry the trace id.", "channel", "provider")
	m.byName = b.counter("rapport_campaign_sends_total",
		"rapport_sends_total by campaign. Empty unless telemetry.campaigns says how many campaigns are told apart; the rest are \"other\".",
		"campaign", "outcome")
	if campaigns > 0 {
		m.campaigns = &names{room: campaigns}
	}
	m.skips = b.counter("rapport_skips_total", "Messages that a gate skipped for good, by its reason.", "channel", "reason")
	m.holds = b.counter("rapport_holds_total", "Times that a gate put a message off, by its reason.", "channel", "reason")
	m.outlets = b.counter("rapport_outlet_changes_total", "Times that a provider was found down, or up again.", "channel", "provider", "to")
}

// hearing is what comes in.
func (m *Metrics) hearing(b *book) {
	m.reports = b.counter("rapport_reports_total", "What providers and customers told of messages, once it is applied.", "channel", "kind")
	m.callbackLag = b.histogram(waits, "rapport_callback_lag_seconds",
		"Time from what happened, by the provider's clock, until it was read and applied. Providers repeat events for a day.", "channel")
	m.aside = b.counter("rapport_callbacks_set_aside_total", "Callbacks that could not be read and were set aside, unheard. `rapport doctor` tells how many are kept, and why.")
	m.ingested = b.counter("rapport_ingested_messages_total", "Messages of shops at /v1: taken, refused, or failed where they could not be stored.", "result")
	m.requests = b.counter("rapport_http_requests_total", "Requests by the route's pattern.", "route", "code")
	m.requestTime = b.histogram(calls, "rapport_http_request_duration_seconds", "How long requests took, by the route's pattern.", "route")
}

// working is what is done in between.
func (m *Metrics) working(b *book) {
	m.walked = b.counter("rapport_entries_walked_total", "Entries whose journey was looked at.")
	m.journeyLag = b.histogram(waits, "rapport_journey_lag_seconds",
		"How late entries were walked: of each task, that of the entry that had waited longest.")
	m.occurrences = b.counter("rapport_occurrences_total", "Occurrences of broadcasts that were recorded: entering, or missed.", "state")
	m.occurrenceLag = b.histogram(waits, "rapport_occurrence_lag_seconds", "How late occurrences that are not missed were recorded.")
	m.tasks = b.counter("rapport_tasks_total", "Tasks by kind: done, failed (the ledger takes them up again), unreadable.", "kind", "result")
	m.taskTime = b.histogram(calls, "rapport_task_duration_seconds", "How long tasks took.", "kind")
	m.ended = b.counter("rapport_leases_ended_total",
		"Deliveries whose worker fell silent, by what became of them: planned again, or unconfirmed where they were being sent.", "became")
}

// leaning is what the process leans on.
func (m *Metrics) leaning(b *book) {
	m.dbTime = b.histogram(quick, "rapport_db_duration_seconds", "How long the database took for what is done most, transactions as a whole.", "operation")
	m.redisTime = b.histogram(quick, "rapport_redis_duration_seconds", "How long Redis took: enqueue, limit, ping.", "operation")
	m.redisBad = b.counter("rapport_redis_errors_total", "Times that Redis did not do it.", "operation")
	m.up = b.gauge("rapport_dependency_up", "1 where this process reached it at its last look, else 0: database, redis.", "dependency")
	b.described(pooledEntries...)
	m.skew = b.gauge("rapport_clock_skew_seconds", "How far the clock of the database or of Redis is ahead of this machine's, negative where it is behind.", "dependency")
}

// Handler serves the metrics in Prometheus' formats, with exemplars where they are
// asked for.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.book.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}
