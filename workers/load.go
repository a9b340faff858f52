package workers

import (
	"context"
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
)

// parcel is a delivery on its way through the courier.
type parcel struct {
	delivery  deliveries.Delivery
	campaign  *campaigns.Campaign // nil when its version can no longer be read
	words     *campaigns.Edition  // whose templates the campaign's version uses
	traveller campaigns.Traveller
	readAt    time.Time          // when the traveller and the campaign were read
	verdict   deliveries.Verdict // of the last gate that judged it
	message   channels.Message
}

// load reads everything parcels are judged and rendered by, in a few reads for
// all of them.
func (r *round) load(ctx context.Context, parcels []*parcel) error {
	now := r.Now()
	var err error
	if r.edition, err = r.Catalog.Current(ctx); err != nil {
		return err
	}
	shelf := newShelf(r.Catalog, r.Log)
	travellers, err := r.loadTravellers(ctx, parcels, shelf, now)
	if err != nil {
		return err
	}
	if err := r.loadAddressees(ctx, parcels, now); err != nil {
		return err
	}
	for _, p := range parcels {
		p.readAt = now
		if p.delivery.Direct() {
			continue
		}
		p.traveller = campaigns.Traveller{} // gone where nobody has the entry any more
		if traveller := travellers[p.delivery.Entry]; traveller != nil {
			p.traveller = *traveller
		}
		if p.campaign, err = shelf.campaign(ctx, p.delivery.Campaign, p.delivery.Version); err != nil {
			return err
		}
		if p.campaign == nil {
			continue // the judge holds it
		}
		if p.words, err = r.Catalog.Edition(ctx, p.delivery.Campaign, p.delivery.Version); err != nil {
			return err
		}
	}
	return nil
}

// loadTravellers reads who is on the journeys that parcels belong to, by entry.
func (r *round) loadTravellers(ctx context.Context, parcels []*parcel, shelf *shelf, now time.Time) (map[int64]*campaigns.Traveller, error) {
	entries := pluck(parcels, func(p *parcel) int64 { return p.delivery.Entry })
	travellers, err := travellersOf(ctx, r.Catalog, r.Entries, r.edition, entries, now)
	if err != nil {
		return nil, fmt.Errorf("load the entries of %d deliveries: %w", len(parcels), err)
	}
	byEntry := make(map[int64]*campaigns.Traveller, len(travellers))
	for _, group := range byVersion(travellers) {
		campaign, err := shelf.campaign(ctx, group[0].Entry.Campaign, group[0].Entry.Version)
		if err != nil {
			return nil, err
		}
		if campaign == nil {
			continue // the judge holds them
		}
		if err := fillCounts(ctx, r.News, campaign.Counts(), group, now); err != nil {
			return nil, err
		}
		for i := range group {
			byEntry[group[i].Entry.ID] = &group[i]
		}
	}
	return byEntry, nil
}

// loadAddressees reads whom direct messages go to: there is no journey to ask.
func (r *round) loadAddressees(ctx context.Context, parcels []*parcel, now time.Time) error {
	var ids []string
	for _, p := range parcels {
		if p.delivery.Direct() {
			ids = append(ids, p.delivery.Customer)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	people, err := r.Directory.Load(ctx, ids, now)
	if err != nil {
		return fmt.Errorf("load the addressees of %d direct messages: %w", len(ids), err)
	}
	for _, p := range parcels {
		if p.delivery.Direct() {
			p.traveller.Customer = people[p.delivery.Customer]
		}
	}
	return nil
}
