package workers

import (
	"context"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/telemetry"
)

// Telemetry tells whoever runs the workers what they do. The zero Telemetry tells
// nothing, and costs nothing. All of it is told by the batch or by the window.
type Telemetry struct {
	Metrics *telemetry.Metrics
	Traces  *telemetry.Traces
	// Trails remember the traces of rows; nil without traces.
	Trails deliveries.Trails
}

// follow begins a span about rows. Where one kept trace set all of them off, as
// that of a single event, it goes on; else the span links the traces of the rows.
// What cannot be read is left out: work does not wait for those who watch it.
func (t Telemetry) follow(ctx context.Context, name string, rows int, marks func(context.Context) (deliveries.Marks, error)) (context.Context, telemetry.Span) {
	if t.Trails == nil {
		return t.Traces.Start(ctx, name)
	}
	found, err := marks(ctx)
	switch {
	case err != nil:
		return t.Traces.Start(ctx, name)
	case len(found.All) == 1 && found.Rows == rows:
		return t.Traces.Follow(ctx, name, found.All[0])
	}
	return t.Traces.Start(ctx, name, found.All...)
}

// ofEntries begins a span about entries.
func (t Telemetry) ofEntries(ctx context.Context, name string, ids []int64) (context.Context, telemetry.Span) {
	ctx, span := t.follow(ctx, name, len(ids), func(ctx context.Context) (deliveries.Marks, error) { return t.Trails.OfEntries(ctx, ids) })
	span.Count("entries", len(ids))
	return ctx, span
}

// of begins a span about subjects.
func (t Telemetry) of(ctx context.Context, name string, subjects []string) (context.Context, telemetry.Span) {
	return t.follow(ctx, name, len(subjects), func(ctx context.Context) (deliveries.Marks, error) { return t.Trails.MarksOf(ctx, subjects) })
}

// returned begins a span about what came back of deliveries.
func (t Telemetry) returned(ctx context.Context, name string, ids []int64) (context.Context, telemetry.Span) {
	if t.Trails == nil || len(ids) == 0 {
		return t.Traces.Start(ctx, name)
	}
	found, err := t.Trails.MarksOf(ctx, deliveries.DeliveryTrail.Of(ids...))
	if err != nil {
		return t.Traces.Start(ctx, name)
	}
	return t.Traces.Return(ctx, name, found.All...)
}

// mark remembers the trace of ctx as that of subjects, if it is kept. What cannot
// be written is left out too.
func (t Telemetry) mark(ctx context.Context, subjects []string, now time.Time) {
	if mark := telemetry.Mark(ctx); t.Trails != nil && mark != "" && len(subjects) > 0 {
		_ = t.Trails.Mark(ctx, subjects, mark, now)
	}
}

// words are how metrics call what became of a message.
var words = map[deliveries.Status]string{
	deliveries.Sent: "sent", deliveries.Planned: "put_off", deliveries.Failed: "failed", deliveries.Unconfirmed: "unconfirmed",
}

// settled tells what became of a window.
func (t Telemetry) settled(out deliveries.Outlet, parcels []*parcel, outcomes []deliveries.Outcome) {
	if t.Metrics == nil {
		return
	}
	became := map[string]int{}
	for _, o := range outcomes {
		became[words[o.Status]]++
	}
	t.Metrics.Sent(string(out.Channel), out.Provider, became)
	if !t.Metrics.TellsCampaigns() {
		return
	}
	byCampaign := map[string]map[string]int{}
	for i, o := range outcomes {
		of := parcels[i].delivery.Campaign
		if byCampaign[of] == nil {
			byCampaign[of] = map[string]int{}
		}
		byCampaign[of][words[o.Status]]++
	}
	for campaign, became := range byCampaign {
		t.Metrics.SentFor(campaign, became)
	}
}

// judged tells why messages may not leave.
func (t Telemetry) judged(ch channels.Channel, verdicts []deliveries.Verdict) {
	if t.Metrics == nil {
		return
	}
	skipped, held := map[string]int{}, map[string]int{}
	for _, v := range verdicts {
		switch {
		case v.Go || v.Reason == "":
		case v.Until.IsZero():
			skipped[string(v.Reason)]++
		default:
			held[string(v.Reason)]++
		}
	}
	t.Metrics.Gates(string(ch), skipped, held)
}

// heard tells which reports were applied, and how long after each happened.
func (t Telemetry) heard(all []told) {
	if t.Metrics == nil {
		return
	}
	type sort struct{ channel, kind string }
	lags := map[sort][]time.Duration{}
	for _, one := range all {
		of := sort{string(one.channel), string(one.kind)}
		lags[of] = append(lags[of], one.lag)
	}
	for of, some := range lags {
		t.Metrics.Heard(of.channel, of.kind, some)
	}
}

// told is what metrics keep of a report.
type told struct {
	channel channels.Channel
	kind    channels.ReportKind
	lag     time.Duration
}
