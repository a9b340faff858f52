package workers

import (
	"context"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
)

// planOnward says in outcomes how the journeys go on that wait for these messages. One
// that stood at its last step ends in the transaction that settles its message, by
// what is at hand: should anything have happened to it since that was read, its
// revision is another, and it is woken instead. The others are left to this
// courier, which spares them the way through the scheduler and the queue.
func (r *round) planOnward(parcels []*parcel, outcomes []deliveries.Outcome, now time.Time) {
	if r.Walker == nil {
		return
	}
	met := map[int64]bool{}
	for i, p := range parcels {
		o := &outcomes[i]
		if p.delivery.Direct() || p.delivery.Channel == channels.Webhook || o.Status == deliveries.Planned {
			continue // no journey waits for it, or waits on
		}
		err := channels.Recovered(func() error {
			o.Ends = r.ending(p, *o, now)
			return nil
		})
		if err != nil { // the walker finds it out, and what was sent is settled first
			continue
		}
		if o.Ends == nil || met[p.delivery.Entry] {
			o.Ends, o.Onward = nil, now.Add(controlLease(r.Lease))
		}
		met[p.delivery.Entry] = true
	}
}

// ending is how a journey ends by an outcome of its message; nil where it goes on,
// or where more than its own row is to be written.
func (r *round) ending(p *parcel, o deliveries.Outcome, now time.Time) *deliveries.Ending {
	if !p.campaign.Closing(p.traveller.Entry) {
		return nil
	}
	traveller := p.traveller
	traveller.Deliveries = make([]deliveries.Delivery, len(p.traveller.Deliveries))
	for i, d := range p.traveller.Deliveries {
		if d.ID == p.delivery.ID {
			d, _ = p.delivery.After(o, now)
		}
		if !d.Status.Settled() {
			return nil
		}
		traveller.Deliveries[i] = d
	}
	move := r.edition.Advance(p.campaign, traveller, now)
	if move.Entry.State != campaigns.Finished {
		return nil
	}
	return &deliveries.Ending{Revision: p.traveller.Entry.Revision, State: string(move.Entry.State), Why: move.Entry.Why}
}

// onward walks the journeys that were left to this courier.
func (r *round) onward(ctx context.Context, parcels []*parcel, outcomes []deliveries.Outcome) error {
	var entries []int64
	for i, o := range outcomes {
		if !o.Onward.IsZero() {
			entries = append(entries, parcels[i].delivery.Entry)
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return channels.Recovered(func() error { return r.Walker.walk(ctx, entries) })
}
