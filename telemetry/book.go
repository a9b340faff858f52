package telemetry

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Metric describes one metric for people.
type Metric struct {
	Name   string
	Kind   string // counter, gauge, histogram
	Labels []string
	Help   string
}

// book registers metrics and keeps what is written about them.
type book struct {
	registry *prometheus.Registry
	entries  []Metric
}

func (b *book) note(kind, name, help string, labels []string) {
	b.entries = append(b.entries, Metric{Name: name, Kind: kind, Labels: labels, Help: help})
}

func (b *book) counter(name, help string, labels ...string) *prometheus.CounterVec {
	b.note("counter", name, help, labels)
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	b.registry.MustRegister(vec)
	return vec
}

func (b *book) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	b.note("gauge", name, help, labels)
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	b.registry.MustRegister(vec)
	return vec
}

func (b *book) histogram(buckets []float64, name, help string, labels ...string) *prometheus.HistogramVec {
	b.note("histogram", name, help, labels)
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	b.registry.MustRegister(vec)
	return vec
}

// described adds what a collector of another kind exports.
func (b *book) described(entries ...Metric) {
	b.entries = append(b.entries, entries...)
}

// Catalogue lists every metric of ours by name. Those of the Go runtime and of the
// process come from Prometheus' own library.
func (m *Metrics) Catalogue() []Metric {
	entries := slices.Clone(m.book.entries)
	slices.SortFunc(entries, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) })
	return entries
}

// Table is the catalogue as a table of Markdown.
func (m *Metrics) Table() string {
	var b strings.Builder
	b.WriteString("| metric | kind | labels | what it tells |\n|---|---|---|---|\n")
	for _, e := range m.Catalogue() {
		b.WriteString("| `" + e.Name + "` | " + e.Kind + " | " + strings.Join(e.Labels, ", ") + " | " + e.Help + " |\n")
	}
	return b.String()
}
