package storetest

import (
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
	"rapport/store"
)

func TestJourneysAreCarriedFromWhereTheyStand(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		all := entered(t, s, 5)
		for i, position := range []string{"0", "0", "2.1.0", "1"} {
			move := campaigns.Move{Entry: all[i]}
			move.Entry.Position, move.Entry.WakeAt = position, time.Time{}
			apply(t, s, move)
		}
		leave(t, s, "over", all[1].ID)
		later := journey("c-9", "event:1")
		later.Version = 4
		enter(t, s, always, later)
		standing, err := s.Standing(t.Context(), "welcome", 4)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "standing", standing, []campaigns.Standing{
			{Version: 1, Position: "", Entries: 1},
			{Version: 1, Position: "0", Entries: 1},
			{Version: 1, Position: "1", Entries: 1},
			{Version: 1, Position: "2.1.0", Entries: 1},
		})
		judged := journeyOf(t, s, all[0].ID) // by the older version
		moved, err := s.Carry(t.Context(), noon, "welcome", 4, []campaigns.Standing{standing[0], standing[1], {Version: 1, Position: "3"}, {Version: 2, Position: "1"}}, nil)
		if err != nil || moved != 2 {
			t.Errorf("%d were moved, %v", moved, err)
		}
		for i, want := range []int{4, 1, 1, 1, 4} {
			if got := travellers(t, s, all[i].ID)[0].Entry.Version; got != want {
				t.Errorf("entry %d is in version %d", i, got)
			}
		}
		if !awake(t, s, all[0].ID) || awake(t, s, all[3].ID) {
			t.Error("who was moved is looked at again, and nobody else")
		}
		if before := travellers(t, s, all[4].ID)[0].Entry; !before.WakeAt.Equal(noon) || before.Position != "" {
			t.Errorf("who had not begun is %+v", before)
		}
		judged.Entry.Position = "5"
		apply(t, s, judged)
		if e := travellers(t, s, all[0].ID)[0].Entry; e.Position != "0" {
			t.Errorf("a move judged by the older version took it to %s", e.Position)
		}
	})
}

// Where journeys of several versions come together, the latest version's stage and
// split count, and messages since the version they began with.
func TestStagesAndSplitsAreCarriedWithThoseWhoStandThere(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 3, func(i int, d *deliveries.Delivery) { d.Step = "2.0.0" })
		outside := journey("c-9", "event:1")
		outside.WakeAt = time.Time{}
		enter(t, s, always, outside)
		c := staged(0)
		c.ID = "welcome"
		for _, version := range []int{1, 2} {
			c.Version = version
			if _, err := s.Shares(t.Context(), c, []int64{0}, noon.Add(time.Duration(version)*time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		atSplit(t, s, journeyOf(t, s, d[0].Entry).Entry)
		from := []campaigns.Standing{{Version: 1, Position: ""}, {Version: 1, Position: "2"}, {Version: 2, Position: ""}}
		if moved, err := s.Carry(t.Context(), noon, "welcome", 3, from, nil); err != nil || moved != 2 {
			t.Fatalf("%d were moved, %v", moved, err)
		}
		stage := theStage(t, s)
		if stage.Version != 3 || !stage.OpenedAt.Equal(noon.Add(2*time.Hour)) {
			t.Errorf("the stage is %+v", stage)
		}
		same(t, "splits", undecided(t, s), []campaigns.SplitPoint{
			{Campaign: "welcome", Version: 1, Step: "2", OpenedAt: noon},
			{Campaign: "welcome", Version: 3, Step: "2", OpenedAt: noon},
		})
		paths := []campaigns.SplitPath{{Name: "a", Steps: []string{"2.0.0"}}}
		results, err := s.Splits().Results(t.Context(), campaigns.SplitPoint{Campaign: "welcome", Version: 3, Step: "2"}, paths, deliveries.Clicked, noon.Add(time.Hour))
		if err != nil || results[0].Sent != 3 {
			t.Errorf("the split knows %+v, %v", results, err)
		}
	})
}

func TestTheVersionsOfACampaignAreListed(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		keep(t, s, "one", nil, stamp("welcome", "a"), stamp("other", "a"))
		paused := stamp("welcome", "b")
		paused.State = campaigns.Paused
		keep(t, s, "two", nil, paused)
		entered(t, s, 2)
		versions, err := s.Archive().Versions(t.Context(), "welcome")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "versions", versions, []campaigns.VersionRecord{
			{Version: 2, AppliedAt: noon, State: campaigns.Paused}, {Version: 1, AppliedAt: noon, State: campaigns.Live, Running: 2},
		})
	})
}
