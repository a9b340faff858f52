package storetest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
	"rapport/store"
)

// atSplit moves entries to the split "2", where they wait for a winner.
func atSplit(t *testing.T, s *store.Store, entries ...campaigns.Entry) {
	t.Helper()
	moves := make([]campaigns.Move, len(entries))
	for i, e := range entries {
		e.Position, e.WakeAt = "2", time.Time{}
		moves[i] = campaigns.Move{Entry: e, Splits: []string{"2"}}
	}
	apply(t, s, moves...)
}

func undecided(t *testing.T, s *store.Store) []campaigns.SplitPoint {
	t.Helper()
	open, err := s.Splits().Undecided(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return open
}

func decide(t *testing.T, s *store.Store, p campaigns.SplitPoint, winner string) bool {
	t.Helper()
	p.Winner = winner
	first, err := s.Splits().Decide(t.Context(), noon, p)
	if err != nil {
		t.Fatal(err)
	}
	return first
}

func TestTheFirstWhoComesOpensASplit(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		all := entered(t, s, 3)
		atSplit(t, s, all[0])
		move := campaigns.Move{Entry: all[1], Splits: []string{"2", "5"}}
		move.Entry.Position, move.Entry.WakeAt = "5", time.Time{}
		if err := s.Apply(t.Context(), noon.Add(time.Hour), []campaigns.Move{move}); err != nil {
			t.Fatal(err)
		}
		same(t, "open", undecided(t, s), []campaigns.SplitPoint{
			{Campaign: "welcome", Version: 1, Step: "2", OpenedAt: noon},
			{Campaign: "welcome", Version: 1, Step: "5", OpenedAt: noon.Add(time.Hour)},
		})
	})
}

func TestADecisionWakesWhoStandsThereAndNobodyElse(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		all := entered(t, s, 3)
		atSplit(t, s, all[0], all[1])
		elsewhere := campaigns.Move{Entry: all[2]}
		elsewhere.Entry.Position, elsewhere.Entry.WakeAt = "3", time.Time{}
		apply(t, s, elsewhere)
		if !decide(t, s, undecided(t, s)[0], "b") {
			t.Error("the first decision was none")
		}
		if decide(t, s, campaigns.SplitPoint{Campaign: "welcome", Version: 1, Step: "2"}, "a") {
			t.Error("it was decided twice")
		}
		for i, want := range []bool{true, true, false} {
			if awake(t, s, all[i].ID) != want {
				t.Errorf("entry %d is awake: %t", i, !want)
			}
		}
		same(t, "they know", travellers(t, s, all[0].ID)[0].Winners, map[string]string{"2": "b"})
		same(t, "left to decide", undecided(t, s), nil)
	})
}

// Each run and each version has a winner of its own.
func TestWinnersBelongToTheirRun(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		first, second := journey("c-1", "run:1"), journey("c-2", "run:2")
		first.Run, second.Run = 1, 2
		enter(t, s, always, first, second)
		all := running(t, s, "c-1", "c-2")
		atSplit(t, s, all...)
		open := undecided(t, s)
		if len(open) != 2 {
			t.Fatalf("open are %+v", open)
		}
		decide(t, s, open[1], "b")
		same(t, "the first run", travellers(t, s, all[0].ID)[0].Winners, nil)
		same(t, "the second run", travellers(t, s, all[1].ID)[0].Winners, map[string]string{"2": "b"})
		latest, err := s.Splits().Latest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the latest", latest, []campaigns.SplitPoint{
			{Campaign: "welcome", Version: 1, Run: 2, Step: "2", OpenedAt: noon, DecidedAt: noon, Winner: "b"},
		})
	})
}

// Whoever comes to a split while it is decided does not sleep for ever.
func TestNobodyMissesADecision(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		all := entered(t, s, 2)
		atSplit(t, s, all[0])
		open := undecided(t, s)[0]
		var decisions atomic.Int64
		late := all[1]
		together(t, 5, func(i int) error {
			if i == 0 {
				late.Position, late.WakeAt = "2", time.Time{}
				return s.Apply(t.Context(), noon, []campaigns.Move{{Entry: late, Splits: []string{"2"}}})
			}
			decided := open
			decided.Winner = fmt.Sprint(i)
			first, err := s.Splits().Decide(t.Context(), noon, decided)
			if first {
				decisions.Add(1)
			}
			return err
		})
		if decisions.Load() != 1 {
			t.Errorf("decided %d times", decisions.Load())
		}
		for i, e := range all {
			if !awake(t, s, e.ID) {
				t.Errorf("entry %d sleeps at a split that was decided", i)
			}
		}
	})
}

func TestAWinnerIsChosenByTheMessagesOfItsPath(t *testing.T) {
	paths := []campaigns.SplitPath{{Name: "a", Steps: []string{"2.0.0", "2.0.1"}}, {Name: "b", Steps: []string{"2.1.0"}}, {Name: "c", Steps: []string{"2.2.0"}}}
	steps := []string{"2.0.0", "2.0.0", "2.0.1", "2.1.0", "2.1.0", "7", "2.2.0"}
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, len(steps), func(i int, d *deliveries.Delivery) {
			if d.Step = steps[i]; d.Step == "2.2.0" { // who answers a text has not clicked
				d.Channel = channels.SMS
			}
		})
		for i, status := range []deliveries.Status{deliveries.Clicked, deliveries.Opened, deliveries.Answered, deliveries.Delivered, deliveries.Complained, deliveries.Clicked, deliveries.Answered} {
			advance(t, s, deliveries.Progress{ID: d[i].ID, Status: status, At: noon})
		}
		for by, want := range map[deliveries.Status][]campaigns.PathResult{
			deliveries.Clicked:   {{Path: "a", Sent: 3, Reached: 2}, {Path: "b", Sent: 2}, {Path: "c", Sent: 1}},
			deliveries.Opened:    {{Path: "a", Sent: 3, Reached: 3}, {Path: "b", Sent: 2}, {Path: "c", Sent: 1}},
			deliveries.Answered:  {{Path: "a", Sent: 3, Reached: 1}, {Path: "b", Sent: 2}, {Path: "c", Sent: 1, Reached: 1}},
			deliveries.Delivered: {{Path: "a", Sent: 3, Reached: 3}, {Path: "b", Sent: 2, Reached: 2}, {Path: "c", Sent: 1, Reached: 1}},
		} {
			got, err := s.Splits().Results(t.Context(), campaigns.SplitPoint{Campaign: "welcome", Version: 1, Step: "2"}, paths, by, noon)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "by "+string(by), got, want)
		}
		other, err := s.Splits().Results(t.Context(), campaigns.SplitPoint{Campaign: "welcome", Version: 1, Run: 3, Step: "2"}, paths, deliveries.Clicked, noon)
		if err != nil {
			t.Fatal(err)
		}
		earlier, err := s.Splits().Results(t.Context(), campaigns.SplitPoint{Campaign: "welcome", Version: 1, Step: "2"}, paths, deliveries.Clicked, noon.Add(-time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "before they were taken", earlier, []campaigns.PathResult{{Path: "a"}, {Path: "b"}, {Path: "c"}})
		same(t, "another run", other, []campaigns.PathResult{{Path: "a"}, {Path: "b"}, {Path: "c"}})
	})
}

func TestASampleIsWhatHasGoneAndWhatIsToCome(t *testing.T) {
	paths := []campaigns.SplitPath{{Name: "a", Steps: []string{"2.0.0"}}, {Name: "b"}}
	Each(t, func(t *testing.T, s *store.Store) {
		at := campaigns.SplitPoint{Campaign: "welcome", Version: 1, Step: "2"}
		sample := func(at campaigns.SplitPoint, want campaigns.Sample) {
			t.Helper()
			got, err := s.Splits().Sample(t.Context(), at, paths)
			if err != nil {
				t.Fatal(err)
			}
			same(t, "the sample", got, want)
		}
		sample(at, campaigns.Sample{})
		sent(t, s, 2, func(i int, d *deliveries.Delivery) { d.Step = []string{"2.0.0", "7"}[i] })
		sample(at, campaigns.Sample{First: noon, Last: noon})
		enter(t, s, always, journey("c-9", "event:9"))
		waits := message(channels.Email)
		waits.Step = "2.0.0"
		apply(t, s, campaigns.Move{Entry: running(t, s, "c-9")[0], Plan: []deliveries.Delivery{waits}})
		sample(at, campaigns.Sample{First: noon, Last: noon, Coming: true})

		at.Run = 7
		sample(at, campaigns.Sample{})
		ahead := journey("c-10", "run:7")
		ahead.Run, ahead.WakeAt = 7, noon.Add(time.Hour)
		enter(t, s, always, ahead)
		sample(at, campaigns.Sample{Coming: true})
	})
}

// The time of a split stands still with its campaign, from whichever came later.
func TestAPauseIsNoTimeOfASplit(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		all := entered(t, s, 2)
		atSplit(t, s, all[0])
		if _, err := s.Pause(t.Context(), campaigns.Pause{Campaign: "welcome", Source: "cli", At: noon.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		during := campaigns.Move{Entry: all[1], Splits: []string{"5"}}
		during.Entry.Position, during.Entry.WakeAt = "5", time.Time{}
		if err := s.Apply(t.Context(), noon.Add(2*time.Hour), []campaigns.Move{during}); err != nil {
			t.Fatal(err)
		}
		same(t, "to decide", undecided(t, s), nil)
		if _, err := s.Resume(t.Context(), "welcome", noon.Add(5*time.Hour)); err != nil {
			t.Fatal(err)
		}
		same(t, "to decide", undecided(t, s), []campaigns.SplitPoint{
			{Campaign: "welcome", Version: 1, Step: "2", OpenedAt: noon.Add(4 * time.Hour)},
			{Campaign: "welcome", Version: 1, Step: "5", OpenedAt: noon.Add(5 * time.Hour)},
		})
	})
}
