package workers_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
)

// A journey that was moved goes on by the words of the new version, and one that
// was not by those it began with.
func TestAMovedJourneyGoesOnByItsNewVersion(t *testing.T) {
	tedious := func(steps string) map[string]string {
		return with(map[string]string{"campaigns/tedious.yaml": replace(campaign("tedious", "Began", "{wait: 10d}"), "  - {wait: 10d}\n", steps)})
	}
	s := open(t, tedious("  - wait: 10d\n  - sms: note\n"))
	s.person("ben")
	s.plan("ann", "Began")
	s.apply(tedious("  - wait: 1d\n  - email: note\n"))
	s.plan("ben", "Began")
	moved, err := s.catalog.Migrate(s.ctx(), s.store, s.clock())
	ok(t, err)
	if len(moved) != 1 || moved[0].Moved != 1 || moved[0].Version != 2 || len(moved[0].Stayed) != 0 {
		t.Fatalf("moved: %+v", moved)
	}
	s.travel()
	s.later(24 * time.Hour)
	s.travel()
	for _, d := range s.ledger() {
		if d.Channel != "email" || d.Version != 2 {
			t.Errorf("%s gets %s by version %d", d.Customer, d.Channel, d.Version)
		}
	}
	s.apply(tedious("  - email: note\n  - wait: 3d\n"))
	moved, err = s.catalog.Migrate(s.ctx(), s.store, s.clock())
	ok(t, err)
	if len(moved) != 1 || moved[0].Moved != 0 || len(moved[0].Stayed) != 1 || moved[0].Stayed[0].Why != "step 0 was wait and is email note" {
		t.Errorf("moved: %+v", moved)
	}
	s.deliver()
	s.travel()
	if len(s.runningEntries("ann"))+len(s.runningEntries("ben")) != 0 {
		t.Error("who stayed did not go on")
	}
}

// migrate puts files in force and moves whoever can be moved.
func (s *shop) migrate(files map[string]string) {
	s.t.Helper()
	s.apply(with(files))
	_, err := s.catalog.Migrate(s.ctx(), s.store, s.clock())
	ok(s.t, err)
}

// Who stands outside a rollout when journeys are moved comes in with its next
// stage, which is judged by all that was sent so far.
func TestWhoStandsOutsideIsMovedWithTheStage(t *testing.T) {
	for name, trigger := range map[string]string{"a broadcast": `{cron: "0 14 1 12 *"}`, "by event": "{event: Asked}"} {
		t.Run(name, func(t *testing.T) {
			s := stagedShop(t, trigger)
			for _, id := range append(ids(59), "ann") {
				s.happen(id, "Asked")
			}
			ok(t, s.reactor.React(s.ctx()))
			s.through(5 * time.Hour)
			s.wantSent("the first stage", s.belong(0.25))
			s.migrate(map[string]string{"campaigns/careful.yaml": fmt.Sprintf(careful, trigger) + "  - {tag: +told}\n"})
			s.through(3 * time.Hour)
			s.wantSent("the second", s.belong(0.6))
			s.migrate(map[string]string{"campaigns/careful.yaml": fmt.Sprintf(careful, trigger) + "  - {tag: +heard}\n"})
			if stage := s.stage(); stage.Version != 3 || stage.Share != 0.6 {
				t.Errorf("the stage is %+v", stage)
			}
			s.through(6 * time.Hour)
			s.wantSent("the last", 60)
		})
	}
}

func TestWhoStandsOutsideComesInWhereNoStagesAreLeft(t *testing.T) {
	trigger := `{cron: "0 14 1 12 *"}`
	s := stagedShop(t, trigger)
	s.through(5 * time.Hour)
	_, steps, _ := strings.Cut(careful, "steps:")
	head, _, _ := strings.Cut(careful, "rollout:")
	s.migrate(map[string]string{"campaigns/careful.yaml": fmt.Sprintf(head+"steps:"+steps, trigger)})
	s.through(4 * time.Hour)
	s.wantSent("without stages", 60)
	if stage := s.stage(); stage.State != campaigns.StageOver {
		t.Errorf("the stage is %+v", stage)
	}
}

// A split that journeys were moved with keeps its clock and what it knows.
func TestASplitIsMovedWithThoseWhoStandThere(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/split.yaml": split}))
	s.person("ben")
	s.person("cleo")
	entries := s.standing("ann", "ben", "cleo")
	s.move(entries[0], "0.0.0", []string{"0"}, textAt("0.0.0"))
	s.move(entries[1], "0.1.0", []string{"0"}, textAt("0.1.0"))
	s.move(entries[2], "0", []string{"0"})
	s.deliver()
	ok(t, s.store.Advance(s.ctx(), s.clock(), []deliveries.Progress{{ID: 2, Status: deliveries.Delivered, At: s.clock()}}))
	s.travel() // the two have finished in the older version
	s.later(time.Hour)
	s.migrate(map[string]string{"campaigns/split.yaml": split + "  - {tag: +told}\n"})
	s.travel()
	s.later(3 * time.Hour)
	ok(t, s.decider.Round(s.ctx()))
	travellers, err := s.store.Travellers(s.ctx(), []int64{entries[2].ID}, s.clock())
	ok(t, err)
	if now := travellers[0]; now.Entry.Version != 2 || now.Winners["0"] != "b" {
		t.Errorf("version %d knows %v", now.Entry.Version, now.Winners)
	}
}

// Who waits for a stage of a rollout that is taken out begins by their own clock.
func TestWithoutItsRolloutABroadcastKeepsToEachClock(t *testing.T) {
	own := func(rollout string) map[string]string {
		return map[string]string{"campaigns/own.yaml": "campaign: own\ntopic: service\nowner: growth\nstate: live\ntrigger: {once: \"2026-12-02 10:00\", zone: customer}\n" + rollout + "steps:\n  - email: note\n"}
	}
	s := open(t, with(own("rollout: {stages: [20%, 100%], hold: 24h}\n")))
	for _, id := range ids(19) {
		s.person(id)
	}
	s.later(9 * time.Hour) // ten in the evening
	s.turn()
	s.migrate(own(""))
	s.turn()
	if n := len(s.ledger()); n != 0 {
		t.Errorf("%d messages are planned in the evening", n)
	}
	s.later(12 * time.Hour)
	s.turn()
	if n := len(s.ledger()); n != 20 {
		t.Errorf("%d messages are planned at ten, want 20", n)
	}
}
