package workers

import (
	"context"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/telemetry"
)

// Shown shows the workers' doings to whoever runs them. The zero Shown shows
// nothing, and costs nothing. All of it is told by the batch or by the window.
type Shown struct {
	Metrics *telemetry.Metrics
	Traces  *telemetry.Traces
	// Trails remember the traces of rows; nil without traces.
	Trails deliveries.Trails
}

// follow begins a span about rows. Where one kept trace set all of them off, as
// that of a single event, it goes on; else the span links the traces of the rows.
// What cannot be read is left out: work does not wait for those who watch it.
func (s Shown) follow(ctx context.Context, name string, rows int, marks func(context.Context) (deliveries.Marks, error)) (context.Context, telemetry.Span) {
	if s.Trails == nil {
		return s.Traces.Start(ctx, name)
	}
	found, err := marks(ctx)
	switch {
	case err != nil:
		return s.Traces.Start(ctx, name)
	case len(found.All) == 1 && found.Rows == rows:
		return s.Traces.Follow(ctx, name, found.All[0])
	}
	return s.Traces.Start(ctx, name, found.All...)
}

// ofEntries begins a span about entries.
func (s Shown) ofEntries(ctx context.Context, name string, ids []int64) (context.Context, telemetry.Span) {
	ctx, span := s.follow(ctx, name, len(ids), func(ctx context.Context) (deliveries.Marks, error) { return s.Trails.OfEntries(ctx, ids) })
	span.Count("entries", len(ids))
	return ctx, span
}

// of begins a span about subjects.
func (s Shown) of(ctx context.Context, name string, subjects []string) (context.Context, telemetry.Span) {
	return s.follow(ctx, name, len(subjects), func(ctx context.Context) (deliveries.Marks, error) { return s.Trails.MarksOf(ctx, subjects) })
}

// returned begins a span about what came back of deliveries.
func (s Shown) returned(ctx context.Context, name string, ids []int64) (context.Context, telemetry.Span) {
	if s.Trails == nil || len(ids) == 0 {
		return s.Traces.Start(ctx, name)
	}
	found, err := s.Trails.MarksOf(ctx, deliveries.DeliveryTrail.Of(ids...))
	if err != nil {
		return s.Traces.Start(ctx, name)
	}
	return s.Traces.Return(ctx, name, found.All...)
}

// mark remembers the trace of ctx as that of subjects, if it is kept. What cannot
// be written is left out too.
func (s Shown) mark(ctx context.Context, subjects []string, now time.Time) {
	if mark := telemetry.Mark(ctx); s.Trails != nil && mark != "" && len(subjects) > 0 {
		_ = s.Trails.Mark(ctx, subjects, mark, now)
	}
}

// words are how metrics call what became of a message.
var words = map[deliveries.Status]string{
	deliveries.Sent: "sent", deliveries.Planned: "put_off", deliveries.Failed: "failed", deliveries.Unconfirmed: "unconfirmed",
}

// settled tells what became of a window.
func (s Shown) settled(out deliveries.Outlet, parcels []*parcel, outcomes []deliveries.Outcome) {
	if s.Metrics == nil {
		return
	}
	became := map[string]int{}
	for _, o := range outcomes {
		became[words[o.Status]]++
	}
	s.Metrics.Sent(string(out.Channel), out.Provider, became)
	if !s.Metrics.TellsCampaigns() {
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
		s.Metrics.SentFor(campaign, became)
	}
}

// judged tells why messages may not leave.
func (s Shown) judged(ch channels.Channel, verdicts []deliveries.Verdict) {
	if s.Metrics == nil {
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
	s.Metrics.Gates(string(ch), skipped, held)
}

// heard tells which reports were applied, and how long after each happened.
func (s Shown) heard(all []told) {
	if s.Metrics == nil {
		return
	}
	type sort struct{ channel, kind string }
	lags := map[sort][]time.Duration{}
	for _, one := range all {
		of := sort{string(one.channel), string(one.kind)}
		lags[of] = append(lags[of], one.lag)
	}
	for of, some := range lags {
		s.Metrics.Heard(of.channel, of.kind, some)
	}
}

// told is what metrics keep of a report.
type told struct {
	channel channels.Channel
	kind    channels.ReportKind
	lag     time.Duration
}
