package telemetry

import (
	"database/sql"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Pools shows the connections to a database, by the pool's name.
func (m *Metrics) Pools(pools map[string]func() sql.DBStats) {
	if m != nil {
		m.book.registry.MustRegister(pooled{pools})
	}
}

// pooled reads pools when it is asked, which costs nothing.
type pooled struct{ pools map[string]func() sql.DBStats }

var (
	connections = prometheus.NewDesc("rapport_db_connections", "Connections to the database, in use and idle.", []string{"pool", "state"}, nil)
	mostOpen    = prometheus.NewDesc("rapport_db_connections_max", "How many connections to the database there may be.", []string{"pool"}, nil)
	poolWaits   = prometheus.NewDesc("rapport_db_connection_waits_total", "Times that a connection had to be waited for.", []string{"pool"}, nil)
	poolWaited  = prometheus.NewDesc("rapport_db_connection_wait_seconds_total", "How long connections were waited for in all.", []string{"pool"}, nil)
)

// pooledEntries describe them.
var pooledEntries = []Metric{
	{"rapport_db_connections", "gauge", []string{"pool", "state"}, "Connections to the database, in use and idle."},
	{"rapport_db_connections_max", "gauge", []string{"pool"}, "How many connections to the database there may be."},
	{"rapport_db_connection_waits_total", "counter", []string{"pool"}, "Times that a connection had to be waited for."},
	{"rapport_db_connection_wait_seconds_total", "counter", []string{"pool"}, "How long connections were waited for in all."},
}

// Describe implements prometheus.Collector.
func (p pooled) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{connections, mostOpen, poolWaits, poolWaited} {
		to <- desc
	}
}

// Collect implements prometheus.Collector.
func (p pooled) Collect(to chan<- prometheus.Metric) {
	for name, stats := range p.pools {
		s := stats()
		to <- prometheus.MustNewConstMetric(connections, prometheus.GaugeValue, float64(s.InUse), name, "used")
		to <- prometheus.MustNewConstMetric(connections, prometheus.GaugeValue, float64(s.Idle), name, "idle")
		to <- prometheus.MustNewConstMetric(mostOpen, prometheus.GaugeValue, float64(s.MaxOpenConnections), name)
		to <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(s.WaitCount), name)
		to <- prometheus.MustNewConstMetric(poolWaited, prometheus.CounterValue, float64(s.WaitDuration)/float64(time.Second), name)
	}
}
