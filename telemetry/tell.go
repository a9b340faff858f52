package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
)

// Sent tells what became of messages that leave by a channel's provider, by
// outcome.
func (m *Metrics) Sent(channel, provider string, outcomes map[string]int) {
	if m == nil {
		return
	}
	for outcome, n := range outcomes {
		m.sends.WithLabelValues(channel, provider, outcome).Add(float64(n))
	}
}

// TellsCampaigns reports whether SentFor keeps anything.
func (m *Metrics) TellsCampaigns() bool { return m != nil && m.campaigns != nil }

// SentFor tells what became of a campaign's messages.
func (m *Metrics) SentFor(campaign string, outcomes map[string]int) {
	if !m.TellsCampaigns() {
		return
	}
	campaign = m.campaigns.bounded(campaign)
	for outcome, n := range outcomes {
		m.byName.WithLabelValues(campaign, outcome).Add(float64(n))
	}
}

// names lets so many different values of a label through.
type names struct {
	room  int
	mu    sync.Mutex
	known map[string]bool
}

func (n *names) bounded(name string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.known[name]:
		return name
	case len(n.known) >= n.room:
		return "other"
	case n.known == nil:
		n.known = map[string]bool{}
	}
	n.known[name] = true
	return name
}

// Calls measures a provider's answers.
type Calls struct {
	m        *Metrics
	observer prometheus.Observer
	trace    prometheus.Labels // nil without a trace that is kept
}

// Calls prepares to measure what goes to a provider under ctx, whose trace its
// exemplars name.
func (m *Metrics) Calls(ctx context.Context, channel, provider string) Calls {
	if m == nil {
		return Calls{}
	}
	return Calls{m: m, observer: m.sendTime.WithLabelValues(channel, provider), trace: keptTrace(ctx)}
}

// keptTrace is what an exemplar says of the trace that ctx belongs to; nil where that
// is not kept.
func keptTrace(ctx context.Context) prometheus.Labels {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsSampled() {
		return nil
	}
	return prometheus.Labels{"trace_id": span.TraceID().String()}
}

// observe notes how long something took, with its trace for an example where there is one.
func observe(in prometheus.Observer, took time.Duration, example prometheus.Labels) {
	if able, is := in.(prometheus.ExemplarObserver); is && example != nil {
		able.ObserveWithExemplar(took.Seconds(), example)
		return
	}
	in.Observe(took.Seconds())
}

// Began gives the moment that Ended wants.
func (c Calls) Began() (at time.Time) {
	if c.m != nil {
		at = c.m.now()
	}
	return at
}

// Ended measures one call. Many may end at a time.
func (c Calls) Ended(began time.Time) {
	if c.m == nil {
		return
	}
	observe(c.observer, c.m.now().Sub(began), c.trace)
}

// Gates tells why messages of a channel were skipped and put off, by reason.
func (m *Metrics) Gates(channel string, skipped, held map[string]int) {
	if m == nil {
		return
	}
	for reason, n := range skipped {
		m.skips.WithLabelValues(channel, reason).Add(float64(n))
	}
	for reason, n := range held {
		m.holds.WithLabelValues(channel, reason).Add(float64(n))
	}
}

// Outlet tells that a provider was found down, or up again.
func (m *Metrics) Outlet(channel, provider string, down bool) {
	if m == nil {
		return
	}
	to := "up"
	if down {
		to = "down"
	}
	m.outlets.WithLabelValues(channel, provider, to).Inc()
}

// Heard tells that reports of a kind were applied, and how long after each
// happened.
func (m *Metrics) Heard(channel, kind string, lags []time.Duration) {
	if m == nil {
		return
	}
	m.reports.WithLabelValues(channel, kind).Add(float64(len(lags)))
	observer := m.callbackLag.WithLabelValues(channel)
	for _, lag := range lags {
		observer.Observe(max(lag, 0).Seconds())
	}
}

// SetAside tells that a callback could not be read.
func (m *Metrics) SetAside() {
	if m != nil {
		m.aside.WithLabelValues().Inc()
	}
}

// Ingested tells what became of a request's messages.
func (m *Metrics) Ingested(taken, refused, failed int) {
	if m == nil {
		return
	}
	m.ingested.WithLabelValues("taken").Add(float64(taken))
	m.ingested.WithLabelValues("refused").Add(float64(refused))
	m.ingested.WithLabelValues("failed").Add(float64(failed))
}

// Walked tells that a task walked entries, the latest of them so late.
func (m *Metrics) Walked(entries int, late time.Duration) {
	if m == nil {
		return
	}
	m.walked.WithLabelValues().Add(float64(entries))
	m.journeyLag.WithLabelValues().Observe(max(late, 0).Seconds())
}

// Occurred tells that an occurrence was recorded, and how late.
func (m *Metrics) Occurred(state string, missed bool, late time.Duration) {
	if m == nil {
		return
	}
	m.occurrences.WithLabelValues(state).Inc()
	if !missed {
		m.occurrenceLag.WithLabelValues().Observe(max(late, 0).Seconds())
	}
}

// Task begins to measure a task of a kind under ctx, whose trace its exemplar names;
// the call it returns ends it with done, failed or unreadable.
func (m *Metrics) Task(ctx context.Context, kind string) (ended func(result string)) {
	if m == nil {
		return func(string) {}
	}
	began := m.now()
	return func(result string) {
		m.tasks.WithLabelValues(kind, result).Inc()
		observe(m.taskTime.WithLabelValues(kind), m.now().Sub(began), keptTrace(ctx))
	}
}

// LeasesEnded tells what became of deliveries whose worker fell silent.
func (m *Metrics) LeasesEnded(planned, unconfirmed int) {
	if m == nil {
		return
	}
	m.ended.WithLabelValues("planned").Add(float64(planned))
	m.ended.WithLabelValues("unconfirmed").Add(float64(unconfirmed))
}

// Database begins to measure an operation of the store.
func (m *Metrics) Database(operation string) (ended func()) {
	if m == nil {
		return func() {}
	}
	began := m.now()
	return func() { m.dbTime.WithLabelValues(operation).Observe(m.now().Sub(began).Seconds()) }
}

// Redis begins to measure an operation of Redis.
func (m *Metrics) Redis(operation string) (ended func(error)) {
	if m == nil {
		return func(error) {}
	}
	began := m.now()
	return func(err error) {
		m.redisTime.WithLabelValues(operation).Observe(m.now().Sub(began).Seconds())
		if err != nil {
			m.redisBad.WithLabelValues(operation).Inc()
		}
	}
}

// Reached tells whether a dependency answered.
func (m *Metrics) Reached(dependency string, up bool) {
	if m != nil {
		m.up.WithLabelValues(dependency).Set(oneIf(up))
	}
}

// Skewed tells how far a dependency's clock is ahead of ours.
func (m *Metrics) Skewed(dependency string, ahead time.Duration) {
	if m != nil {
		m.skew.WithLabelValues(dependency).Set(ahead.Seconds())
	}
}
