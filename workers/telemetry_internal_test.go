package workers

import (
	"context"
	"fmt"
	"testing"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/telemetry"
)

// BenchmarkTelemetry is what it costs to show a window of a hundred messages that are
// sent one by one: beside the millisecond and more that rendering, judging, writing
// and sending them takes.
func BenchmarkTelemetry(b *testing.B) {
	const window = 100
	parcels := make([]*parcel, window)
	outcomes, verdicts := make([]deliveries.Outcome, window), make([]deliveries.Verdict, window)
	for i := range parcels {
		parcels[i] = &parcel{delivery: deliveries.Delivery{ID: int64(i + 1), Campaign: fmt.Sprint("c", i%3)}}
		outcomes[i].Status, verdicts[i].Go = deliveries.Sent, true
	}
	watched := Telemetry{Metrics: telemetry.New(telemetry.Options{Now: time.Now})}
	for _, way := range []struct {
		name  string
		sink  Telemetry
		calls int
	}{
		{"nobody watches", Telemetry{}, window},
		{"one by one", watched, window},
		{"together", watched, 1},
		{"by campaigns", Telemetry{Metrics: telemetry.New(telemetry.Options{Now: time.Now, Campaigns: 10})}, window},
	} {
		sink := way.sink
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ctx, span := sink.Traces.Start(context.Background(), "window")
				sink.judged(channels.Email, verdicts)
				calls := sink.Metrics.Calls(ctx, "email", "p")
				for range way.calls {
					calls.Ended(calls.Began())
				}
				sink.settled(deliveries.Outlet{Channel: channels.Email, Provider: "p"}, parcels, outcomes)
				span.End(nil)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*window), "ns/message")
		})
	}
}
