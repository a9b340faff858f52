package workers

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
)

// sift judges a batch before anything is rendered, writes what is held or
// skipped, and returns the rest.
func (r *round) sift(ctx context.Context, parcels []*parcel) ([]*parcel, error) {
	if err := r.load(ctx, parcels); err != nil {
		return nil, err
	}
	now := r.Now()
	var ready, held []*parcel
	var late []deliveries.Outcome
	for _, p := range parcels {
		switch d := p.delivery; {
		case overdue(d, now):
			late = append(late, waiting(d, d.Reason, now, now))
			continue
		case d.Reason == deliveries.NotJudged && expired(d, now):
			late = append(late, deliveries.Outcome{ID: d.ID, Status: deliveries.Failed, Reason: deliveries.NotJudged})
			continue
		}
		p.verdict = r.judge(p, deliveries.Pressure{}, now)
		if p.verdict.Go {
			ready = append(ready, p)
		} else {
			held = append(held, p)
		}
	}
	if err := r.settle(ctx, late, now); err != nil {
		return nil, err
	}
	_, _, err := r.begin(ctx, held, now)
	return ready, err
}

// unjudgedFor is how long a message leaves its turn to others whose judging panics, until
// it expires.
const unjudgedFor = time.Hour

func (r *round) judge(p *parcel, pressure deliveries.Pressure, now time.Time) (verdict deliveries.Verdict) {
	if r.TestMode.skips(p.delivery.Channel, p.traveller.Customer) {
		return deliveries.Verdict{Reason: deliveries.TestMode}
	}
	matter := p.matter()
	matter.Pressure = pressure
	err := channels.Recovered(func() error {
		verdict = r.edition.Judge(matter, now)
		return nil
	})
	if err != nil {
		r.Log.Error("a delivery cannot be judged and waits", append([]any{
			"delivery", p.delivery.ID, "campaign", p.delivery.Campaign, "error", err,
		}, channels.StackIn(err)...)...)
		verdict = deliveries.Verdict{Until: now.Add(unjudgedFor), Reason: deliveries.NotJudged}
		if expires := p.delivery.ExpiresAt; !expires.IsZero() && expires.Before(verdict.Until) {
			verdict.Until = expires
		}
	}
	return verdict
}

// matter is the parcel with what it is judged by, as far as it is known without
// the ledger.
func (p *parcel) matter() campaigns.Matter {
	return campaigns.Matter{
		Campaign: p.campaign, Delivery: p.delivery, Entry: p.traveller.Entry, Journey: p.traveller.Deliveries, Customer: p.traveller.Customer,
		Counts: p.traveller.Counts, Content: &p.message.Content,
	}
}

// begin commits the verdicts of parcels and returns those that may leave, and when
// they were judged: once the ledger has all locks, for which it may have waited longer
// than contact hours last.
func (r *round) begin(ctx context.Context, parcels []*parcel, now time.Time) (leaving []*parcel, judged time.Time, err error) {
	if len(parcels) == 0 {
		return nil, now, nil
	}
	byID := make(map[int64]*parcel, len(parcels))
	candidates := make([]deliveries.Candidate, len(parcels))
	judgedBy := make([]*campaigns.Campaign, len(parcels))
	for i, p := range parcels {
		judgedBy[i] = p.campaign
		byID[p.delivery.ID] = p
		candidates[i] = deliveries.Candidate{
			Delivery: p.delivery, Provider: r.outlet.Provider, Spends: p.verdict.Go && r.edition.Spends(p.matter()),
		}
		if p.message.Content.Call != nil {
			candidates[i].Content = &p.message.Content
		}
	}
	verdicts, err := r.Ledger.Begin(ctx, r.fence, now, r.edition.Horizon(now, judgedBy...), candidates,
		func(d deliveries.Delivery, pressure deliveries.Pressure) deliveries.Verdict {
			judged = r.Now()
			p := byID[d.ID]
			if !p.verdict.Go {
				return p.verdict // held before it was rendered
			}
			verdict := r.judge(p, pressure, judged)
			verdict.At = judged
			return verdict
		})
	if err != nil {
		return nil, judged, fmt.Errorf("begin a window of %d: %w", len(parcels), err)
	}
	r.Telemetry.judged(r.outlet.Channel, verdicts)
	lost := 0
	for i, verdict := range verdicts {
		switch {
		case verdict.Go:
			p := parcels[i]
			p.delivery, p.verdict = p.delivery.Begun(verdict, now), verdict
			leaving = append(leaving, p)
		case verdict == deliveries.Verdict{}:
			lost++
		}
	}
	if lost > 0 {
		r.Log.Warn("deliveries were taken over before they were sent", "deliveries", lost)
	}
	return leaving, judged, nil
}
