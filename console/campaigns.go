package console

import (
	"slices"
	"strings"

	"rapport/campaigns"
	"rapport/deliveries"
)

// campaignRow is a campaign as the overview lists it.
type campaignRow struct {
	deliveries.Funnel
	Title string
	// State is "" where the workspace in force does not have the campaign.
	State campaigns.State
	// Pause is nil where the campaign is not paused beside its file.
	Pause *campaigns.Pause
}

// Pausable reports whether the campaign can be stopped here.
func (r campaignRow) Pausable() bool { return r.State == campaigns.Live }

// Resumable reports whether the campaign can go on from here: one that its file
// paused goes on by its file.
func (r campaignRow) Resumable() bool { return r.State == campaigns.Paused && r.Pause != nil }

// campaignRows are the campaigns that were ever entered and all of the workspace in
// force, by id; edition is nil before the first. The funnels stay as they are: others
// are shown them too.
func campaignRows(funnels []deliveries.Funnel, edition *campaigns.Edition, pauses map[string]campaigns.Pause) []campaignRow {
	var rows []campaignRow
	entered := map[string]bool{}
	for _, f := range funnels {
		entered[f.Campaign] = true
		rows = append(rows, campaignRow{Funnel: f})
	}
	if edition == nil {
		return rows
	}
	for id := range edition.Campaigns {
		if !entered[id] {
			rows = append(rows, campaignRow{Funnel: deliveries.Funnel{Campaign: id}})
		}
	}
	for n := range rows {
		row := &rows[n]
		if c := edition.Campaigns[row.Campaign]; c != nil {
			row.Title, row.State = c.Title, c.State
		}
		if pause, paused := pauses[row.Campaign]; paused {
			row.Pause = &pause
		}
	}
	slices.SortStableFunc(rows, func(a, b campaignRow) int { return strings.Compare(a.Campaign, b.Campaign) })
	return rows
}
