package main

import (
	"context"
	"time"

	"rapport/config"
	"rapport/telemetry"
	"rapport/workers"
)

// openTelemetry prepares what operators see of a process. There are no traces where
// nobody takes them.
func openTelemetry(ctx context.Context, c config.Telemetry, role string) (*telemetry.Metrics, *telemetry.Traces, error) {
	metrics := telemetry.New(telemetry.Options{Version: version, Role: role, Campaigns: c.Campaigns, Now: time.Now})
	if c.OTLP == "" {
		return metrics, nil, nil
	}
	traces, err := telemetry.OpenTraces(ctx, telemetry.TraceOptions{Endpoint: c.OTLP, Sample: c.Sample, Version: version, Role: role})
	return metrics, traces, err
}

// watch shows what the installation does. It is called before the parts are made.
func (i *installation) watch(m *telemetry.Metrics, t *telemetry.Traces) {
	i.Metrics, i.Traces = m, t
	i.Store.Timed = m.Database
	m.Pools(i.Store.Pools())
	for ch, provider := range i.Names {
		m.Begins(string(ch), provider)
	}
}

// workerTelemetry is what the workers tell of what they do, and whom.
func (i *installation) workerTelemetry() workers.Telemetry {
	t := workers.Telemetry{Metrics: i.Metrics, Traces: i.Traces}
	if i.Traces != nil {
		t.Trails = i.Store
	}
	return t
}

// queue puts tasks into Redis.
func (i *installation) queue() *workers.Queue {
	queue := workers.OpenQueue(i.Redis)
	queue.Metrics = i.Metrics
	return queue
}

// gauges look at what waits while this process leads.
func (i *installation) gauges() *workers.Gauges {
	return &workers.Gauges{
		Gauge: i.Store, Queue: i.queue(), Outlets: i.Store.Outlets(), Providers: i.Names,
		Recordings: i.Vault != nil && i.recorder() != nil, Metrics: i.Metrics, Now: i.Now,
	}
}

// started remembers the trace that a journey was started by hand in.
func (i *installation) started(ctx context.Context, cause string) {
	if mark := telemetry.Mark(ctx); i.Traces != nil && mark != "" {
		_ = i.Store.Mark(ctx, []string{cause}, mark, i.Now()) // the journey is more than its trace
	}
}
