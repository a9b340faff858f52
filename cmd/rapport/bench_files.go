package main

import (
	"context"
	"fmt"
	"maps"
	"time"

	"rapport/campaigns"
)

// A workspace as large as a chain of shops has: so many campaigns, each for so
// many people.
const (
	manyCampaigns = 500
	peopleOfEach  = 200
)

// files measures a large workspace: reading and checking it, and a plan of all its
// campaigns over the store.
func (b *bench) files(ctx context.Context) ([]figure, error) {
	if err := b.populate(ctx, b.sizes.N); err != nil {
		return nil, err
	}
	files := maps.Clone(benchWords)
	for n := range manyCampaigns {
		files[fmt.Sprintf("campaigns/many-%d.yaml", n)] = []byte(manyCampaign(n))
	}
	began := time.Now()
	workspace, problems := campaigns.Load(files)
	if len(problems) > 0 {
		return nil, fmt.Errorf("the bench's large workspace has a mistake: %s", problems[0])
	}
	validated := measured("campaigns of a large workspace read and checked", manyCampaigns, time.Since(began))
	began = time.Now()
	p := &planning{installation: b.installation, workspace: workspace, doors: lookalikeDoors("https://bench.example")}
	result, err := p.make(ctx, "", "")
	if err != nil {
		return nil, err
	}
	var entered int64
	for _, f := range result.Campaigns {
		entered += f.Enter
	}
	if entered == 0 {
		return nil, fmt.Errorf("the plan of %d campaigns takes nobody in", manyCampaigns)
	}
	planned := measured(fmt.Sprintf("the same planned, %d first contacts", entered), manyCampaigns, time.Since(began))
	return []figure{validated, planned}, nil
}

// manyCampaign is one file of the large workspace: a weekly letter with a
// branch, at a time of its own, for people of its own.
func manyCampaign(n int) string {
	first := n * peopleOfEach
	return fmt.Sprintf(`campaign: many-%d
title: Number %d
owner: bench
topic: service
state: live
trigger: {cron: "%d %d * * MON"}
audience: {where: 'id >= "b%07d" and id < "b%07d" and orders.count == 0'}
entry: {again: after 7d}
exit: [{event: Account Closed}]
goal: {event: Order Completed, within: 14d, value: event.total}
steps:
  - email: bench
    id: letter
  - wait: 2d
  - branch:
      - if: steps.letter.status == "clicked"
        then: [{wait: 1d}, {sms: bench}]
      - else: [{tag: [+quiet]}]
`, n, n, n%60, 8+n/60, first, first+peopleOfEach)
}
