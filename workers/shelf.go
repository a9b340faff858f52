package workers

import (
	"context"
	"errors"
	"log/slog"

	"rapport/campaigns"
)

// version is one version of one campaign.
type version struct {
	campaign string
	number   int
}

// shelf holds the campaigns one task has to do with, so that each is looked up
// once however many rows name it.
type shelf struct {
	catalog *campaigns.Catalog
	log     *slog.Logger
	held    map[version]*campaigns.Campaign
}

func newShelf(catalog *campaigns.Catalog, log *slog.Logger) *shelf {
	return &shelf{catalog: catalog, log: log, held: map[version]*campaigns.Campaign{}}
}

// campaign is a version of a campaign; nil, and a line in the log, when it was
// applied once and no longer validates. Its journeys stand still, and no others
// with them.
func (s *shelf) campaign(ctx context.Context, id string, number int) (*campaigns.Campaign, error) {
	v := version{id, number}
	if campaign, held := s.held[v]; held {
		return campaign, nil
	}
	campaign, err := s.catalog.Campaign(ctx, id, number)
	if errors.Is(err, campaigns.ErrStale) {
		s.log.Error("journeys stand still: their campaign cannot be read", "campaign", id, "version", number, "error", err)
		err = nil
	}
	if err != nil {
		return nil, err
	}
	s.held[v] = campaign
	return campaign, nil
}
