package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

// staged is the weekly broadcast, let in by stages.
func staged(holdout float64) *campaigns.Campaign {
	c := weekly("never", holdout)
	c.Owner = "growth"
	c.Rollout = &campaigns.Rollout{Stages: []float64{0.1, 0.5, 1}, Hold: 6 * time.Hour}
	return c
}

// inside counts the running entries that may begin, by whether they are of the
// holdout.
func inside(t *testing.T, s *store.Store, people []customers.Customer) (begin, held map[string]bool) {
	t.Helper()
	begin, held = map[string]bool{}, map[string]bool{}
	for _, e := range running(t, s, ids(people)...) {
		switch {
		case e.Holdout:
			held[e.Customer] = true
		case !e.WakeAt.IsZero():
			begin[e.Customer] = true
		}
	}
	return begin, held
}

func theStage(t *testing.T, s *store.Store) campaigns.Stage {
	t.Helper()
	all, err := s.AllStages(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatalf("the stages are %+v, %v", all, err)
	}
	return all[0]
}

func turn(t *testing.T, s *store.Store, before, after campaigns.Stage) bool {
	t.Helper()
	turned, err := s.Turn(t.Context(), before, after, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return turned
}

func TestAStageLetsExactlyItsPeopleIn(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		people := crowd(t, s, 300)
		c := staged(0.1)
		run := occur(t, s, 4, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})[0]
		if n := takeIn(t, s, campaigns.Intake{Campaign: c}, noon); n != 300 {
			t.Errorf("%d entered", n)
		}
		stage := theStage(t, s)
		if stage.Run != run.ID || stage.Share != 0.1 || stage.State != campaigns.StageWatching || !stage.JudgeAt.Equal(noon.Add(6*time.Hour)) || !stage.Occurred.Equal(noon) {
			t.Fatalf("the first stage is %+v", stage)
		}
		check := func(share float64) {
			t.Helper()
			begin, held := inside(t, s, people)
			for _, p := range people {
				person := customers.Person(p)
				wantHeld := campaigns.InHoldout("weekly", person, 0.1)
				if held[p.ID] != wantHeld || begin[p.ID] != (!wantHeld && campaigns.InStage("weekly", person, share)) {
					t.Fatalf("at %.0f%%: %s begins %v, is held out %v", 100*share, p.ID, begin[p.ID], held[p.ID])
				}
			}
		}
		check(0.1)
		for _, share := range []float64{0.5, 1} {
			next := c.Rollout.Next(stage, noon.Add(7*time.Hour))
			if !turn(t, s, stage, next) || turn(t, s, stage, next) {
				t.Fatal("a stage is opened once")
			}
			stage = theStage(t, s)
			for after := int64(0); ; {
				last, _, err := s.LetIn(t.Context(), stage, after, 40, func(*customers.Customer) time.Time { return noon.Add(7 * time.Hour) })
				if err != nil {
					t.Fatal(err)
				}
				if after = last; last == 0 {
					break
				}
			}
			check(share)
			if _, woken, err := s.LetIn(t.Context(), stage, 0, 1000, func(*customers.Customer) time.Time { return noon }); woken != 0 || err != nil {
				t.Errorf("%d are let in twice, %v", woken, err)
			}
		}
	})
}

// Entering a shard may take longer than anything else. The stage that is opened
// meanwhile waits for those who are kept out of it.
func TestAStageThatOpensWhileAShardIsEnteredLeavesNobodyOutside(t *testing.T) {
	dsn := Postgres(t) // SQLite has one writer
	s := Open(t, dsn)
	crowd(t, s, 60)
	c := staged(0)
	run := occur(t, s, 1, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})[0]
	if _, err := s.Shares(t.Context(), c, []int64{run.ID}, noon); err != nil {
		t.Fatal(err)
	}
	slow, err := beside(t, dsn).BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.ExecContext(t.Context(), "UPDATE runs SET entered = entered WHERE id = $1", run.ID); err != nil {
		t.Fatal(err)
	}
	const ours = "pg_backend_pid() = ANY (pg_blocking_pids(l.pid))"
	var woken int
	var opened atomic.Bool
	together(t, 2, func(i int) error {
		if i == 0 {
			_, err := s.Runs().EnterShard(t.Context(), pending(t, s)[0], campaigns.Intake{Campaign: c}, noon)
			return err
		}
		awaited(t, slow, ours)
		var stager sync.WaitGroup
		stager.Go(func() {
			defer opened.Store(true)
			stage := theStage(t, s)
			stage.Share = 1
			_, err := s.Turn(t.Context(), theStage(t, s), stage, nil, nil)
			if err == nil {
				_, woken, err = s.LetIn(t.Context(), stage, 0, 1000, func(*customers.Customer) time.Time { return noon })
			}
			if err != nil {
				t.Error(err)
			}
		})
		for !opened.Load() && !holds(t, slow, "NOT "+ours) {
		}
		err := slow.Commit()
		stager.Wait()
		return err
	})
	if woken < 30 { // the first stage takes a tenth
		t.Errorf("%d who stood outside were let in", woken)
	}
}

func TestSharesOpenTheFirstStageOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		together(t, 6, func(int) error {
			shares, err := s.Shares(t.Context(), staged(0), []int64{0, 7}, noon)
			if err == nil && (shares[0] != 0.1 || shares[7] != 0.1) {
				err = fmt.Errorf("the shares are %v", shares)
			}
			return err
		})
		all, err := s.AllStages(t.Context())
		if err != nil || len(all) != 2 {
			t.Errorf("opened %+v, %v", all, err)
		}
	})
}

func TestTheResponseIsThatOfTheRun(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		people := crowd(t, s, 6)
		c := staged(0)
		runs := occur(t, s, 1, campaigns.Run{Campaign: "weekly", Version: 1, At: noon}, campaigns.Run{Campaign: "weekly", Version: 1, At: noon.Add(time.Hour)})
		c.Entry.Again.Mode = "always"
		takeIn(t, s, campaigns.Intake{Campaign: c}, noon)
		for i, e := range running(t, s, ids(people)...) {
			move := campaigns.Move{Entry: e, Plan: []deliveries.Delivery{message(channels.Email)}}
			move.Entry.Position = "0"
			apply(t, s, move)
			fence, claimed := claim(t, s)
			begin(t, s, fence, claimed, pass(0))
			d := deliveriesOf(t, s, e.ID)[0]
			settle(t, s, fence, deliveries.Outcome{ID: d.ID, Status: deliveries.Sent, ProviderID: fmt.Sprint("m", i)})
			advance(t, s, deliveries.Progress{ID: d.ID, Status: []deliveries.Status{deliveries.Bounced, deliveries.Complained, deliveries.Unsubscribed, deliveries.Clicked, deliveries.Delivered, deliveries.Failed}[i], Reason: "x"})
		}
		stage := campaigns.Stage{Campaign: "weekly", Version: 1, Run: runs[0].ID}
		seen, err := s.Response(t.Context(), stage)
		if err != nil {
			t.Fatal(err)
		}
		if seen.Sent != 6 || seen.Bounced != 1 || seen.Complained != 1 || seen.Unsubscribed != 1 || seen.Clicked != 1 || seen.Lost != 1 || seen.Delivered != 4 {
			t.Errorf("the response is %+v", seen)
		}
		stage.Run = runs[1].ID
		if seen, err = s.Response(t.Context(), stage); err != nil || seen.Sent != 0 {
			t.Errorf("another run's is %+v, %v", seen, err)
		}
		if stage.Run = 0; seen.Waits {
			t.Error("everybody was let in, and somebody is said to wait")
		}
		if seen, err = s.Response(t.Context(), stage); err != nil || !seen.Waits {
			t.Errorf("others may come where there is no run, and nobody is said to wait: %v", err)
		}
	})
}

// A stage waits for those who were let in and have not begun, and for their messages;
// it neither waits for the holdout nor counts from a message before it opened.
func TestTheResponseTellsWhatIsToCome(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		people := crowd(t, s, 2)
		c := &campaigns.Campaign{ID: "weekly", Version: 1, Rollout: &campaigns.Rollout{Stages: []float64{1}, Hold: time.Hour}}
		run := occur(t, s, 1, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})[0]
		stage := campaigns.Stage{Campaign: "weekly", Version: 1, Run: run.ID, OpenedAt: noon}
		tells := func(when string, first time.Time, coming bool) {
			t.Helper()
			seen, err := s.Response(t.Context(), stage)
			if err != nil || !seen.First.Equal(first) || seen.Coming != coming {
				t.Errorf("%s: %+v, %v", when, seen, err)
			}
		}
		tells("while people enter", time.Time{}, true)
		takeIn(t, s, campaigns.Intake{Campaign: c}, noon)
		tells("all have entered", time.Time{}, true)
		all := running(t, s, ids(people)...)
		heldOut := campaigns.Move{Entry: all[0]}
		heldOut.Entry.Holdout = true
		planned := campaigns.Move{Entry: all[1], Plan: []deliveries.Delivery{message(channels.Email)}}
		planned.Entry.Position = "0"
		apply(t, s, heldOut, planned)
		tells("a message waits", time.Time{}, true)
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, pass(0))
		settle(t, s, fence, deliveries.Outcome{ID: claimed[0].ID, Status: deliveries.Sent, ProviderID: "m"})
		tells("it was sent", noon, false)
		stage.OpenedAt = noon.Add(time.Millisecond)
		tells("to the stage after", time.Time{}, false)
	})
}

func TestAPausedCampaignStandsStillUntilItIsResumed(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		crowd(t, s, 10)
		c := staged(0)
		occur(t, s, 2, campaigns.Run{Campaign: "weekly", Version: 1, At: noon})
		first := pending(t, s)[0]
		if _, err := s.Runs().EnterShard(t.Context(), first, campaigns.Intake{Campaign: c}, noon); err != nil {
			t.Fatal(err)
		}
		stage := theStage(t, s)
		stopped := stage
		stopped.State = campaigns.StageStopped
		stopped.Judgement = campaigns.Judgement{Verdict: campaigns.StopRollout, Why: "bounced 9%", Sent: 60}
		var turned atomic.Int64
		together(t, 4, func(int) error {
			done, err := s.Turn(t.Context(), stage, stopped, &campaigns.Pause{Campaign: "weekly", Why: "bounced 9%", Source: "rollout", At: noon},
				&customers.Case{Campaign: "weekly", Queue: "growth", Priority: customers.High, Title: "weekly is paused", Why: "rollout", OpenedAt: noon})
			if done {
				turned.Add(1)
			}
			return err
		})
		open := cases(t, s, "growth", 10)
		if turned.Load() != 1 || len(open) != 1 || open[0].Customer != "" || open[0].Campaign != "weekly" {
			t.Errorf("stopped %d times with the cases %+v", turned.Load(), open)
		}
		same(t, "the judgement", theStage(t, s).Judgement, stopped.Judgement)
		if _, paused, err := s.Archive().Latest(t.Context()); err != nil || len(paused) != 1 || paused[0] != "weekly" {
			t.Errorf("paused are %v, %v", paused, err)
		}
		if left, b := pending(t, s), backlog(t, s, noon); len(left) != 0 || b.Shards != 0 {
			t.Errorf("%d shards are to enter, the backlog has %d", len(left), b.Shards)
		}
		if due, err := s.Stages(t.Context(), noon.Add(24*time.Hour)); err != nil || len(due) != 0 {
			t.Errorf("judged while paused: %+v, %v", due, err)
		}
		if err := s.Casebook().Close(t.Context(), open[0].ID, "ann", "looked at it", noon, nil); err != nil {
			t.Errorf("a case without a customer is closed: %v", err)
		}
		later := noon.Add(3 * time.Hour)
		for n, want := range []bool{true, false} {
			if was, err := s.Resume(t.Context(), "weekly", later); err != nil || was != want {
				t.Errorf("resume %d: %v, %v", n+1, was, err)
			}
		}
		due, err := s.Stages(t.Context(), later)
		if err != nil || len(due) != 1 || due[0].State != campaigns.StageReleased {
			t.Errorf("after the word of a person: %+v, %v", due, err)
		}
		if left := pending(t, s); len(left) != 1 {
			t.Errorf("%d shards are to enter", len(left))
		}
		if fact, err := s.Fact(t.Context(), campaigns.ScheduledSince("weekly")); err != nil || fact != later.Format(time.RFC3339Nano) {
			t.Errorf("occurrences count since %q, %v", fact, err)
		}
	})
}

// What a pause held goes when it ends; the time of a stage does not run meanwhile.
func TestThePausedGoesOnWhereItStood(t *testing.T) {
	file := func(t *testing.T, s *store.Store, digest string, state campaigns.State, at time.Time) {
		t.Helper()
		stamp := campaigns.Stamp{Campaign: "welcome", Digest: "w", State: state}
		if _, err := s.Archive().Keep(t.Context(), nil, digest, []campaigns.Stamp{stamp}, at); err != nil {
			t.Fatal(err)
		}
	}
	for name, by := range map[string]struct {
		pause, resume func(*testing.T, *store.Store, time.Time)
	}{
		"beside its file": {
			func(t *testing.T, s *store.Store, at time.Time) {
				if _, err := s.Pause(t.Context(), campaigns.Pause{Campaign: "welcome", Source: "cli", At: at}); err != nil {
					t.Fatal(err)
				}
			},
			func(t *testing.T, s *store.Store, at time.Time) {
				if _, err := s.Resume(t.Context(), "welcome", at); err != nil {
					t.Fatal(err)
				}
			},
		},
		"by its file": {
			func(t *testing.T, s *store.Store, at time.Time) {
				file(t, s, "1", campaigns.Live, noon)
				file(t, s, "2", campaigns.Paused, at)
				file(t, s, "3", campaigns.Paused, at.Add(time.Minute)) // another file changed
			},
			func(t *testing.T, s *store.Store, at time.Time) { file(t, s, "4", campaigns.Live, at) },
		},
		"as a draft": {
			func(t *testing.T, s *store.Store, at time.Time) {
				file(t, s, "1", campaigns.Live, noon)
				file(t, s, "2", campaigns.Paused, at)
				file(t, s, "3", campaigns.Draft, at.Add(time.Minute))
			},
			func(t *testing.T, s *store.Store, at time.Time) { file(t, s, "4", campaigns.Live, at) },
		},
	} {
		t.Run(name, func(t *testing.T) { goesOn(t, by.pause, by.resume) })
	}
}

func goesOn(t *testing.T, pause, resume func(*testing.T, *store.Store, time.Time)) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 2, nil)
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, func(d deliveries.Delivery, _ deliveries.Pressure) deliveries.Verdict {
			if d.ID == planned[0].ID {
				return deliveries.Verdict{Until: noon.Add(time.Hour), Reason: deliveries.PausedCampaign}
			}
			return deliveries.Verdict{Until: noon.Add(time.Hour), Reason: deliveries.Capped}
		})
		c := staged(0)
		c.ID = "welcome"
		if _, err := s.Shares(t.Context(), c, []int64{0}, noon); err != nil {
			t.Fatal(err)
		}
		pause(t, s, noon.Add(time.Minute))
		later := noon.Add(31 * time.Minute)
		resume(t, s, later)
		same(t, "due", due(t, s, later), []int64{planned[0].ID})
		if at := theStage(t, s).JudgeAt; !at.Equal(noon.Add(6*time.Hour + 30*time.Minute)) {
			t.Errorf("judged at %s", at)
		}
	})
}

// A message that was judged while its campaign stood still is written as held after
// what waited was let go.
func TestWhatIsHeldForAPauseThatIsOverIsLetGo(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		plan(t, s, 2, nil)
		fence, claimed := claim(t, s)
		held := func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict {
			return deliveries.Verdict{Until: noon.Add(time.Hour), Reason: deliveries.PausedCampaign}
		}
		pause := func(at time.Time) {
			if _, err := s.Pause(t.Context(), campaigns.Pause{Campaign: "welcome", Source: "cli", At: at}); err != nil {
				t.Fatal(err)
			}
		}
		unhold := func(at, since time.Time, want int) {
			t.Helper()
			if freed, err := s.Unhold(t.Context(), at, since); err != nil || freed != want {
				t.Errorf("at %s %d are let go, %v; want %d", at, freed, err, want)
			}
		}
		later := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
		pause(noon)
		if _, err := s.Resume(t.Context(), "welcome", later(1)); err != nil {
			t.Fatal(err)
		}
		begin(t, s, fence, claimed[:1], held)
		pause(later(2))
		unhold(later(2), noon, 0)
		if _, err := s.Resume(t.Context(), "welcome", later(3)); err != nil {
			t.Fatal(err)
		}
		same(t, "due", due(t, s, later(3)), []int64{claimed[0].ID})

		begin(t, s, fence, claimed[1:], held)
		unhold(later(9), later(4), 0) // of one that went on long before
		unhold(later(4), noon, 1)
		unhold(later(5), noon, 0)
		same(t, "due", due(t, s, later(4)), []int64{claimed[1].ID})
	})
}

func TestACampaignWentOnSinceAMomentToTheFractionOfASecond(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		planned := plan(t, s, 1, nil)
		if _, err := s.Pause(t.Context(), campaigns.Pause{Campaign: "welcome", Source: "cli", At: noon}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Resume(t.Context(), "welcome", noon.Add(1500*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		fence, claimed := claim(t, s)
		begin(t, s, fence, claimed, func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict {
			return deliveries.Verdict{Until: noon.Add(time.Hour), Reason: deliveries.PausedCampaign}
		})
		now := noon.Add(time.Minute)
		if freed, err := s.Unhold(t.Context(), now, noon.Add(1501*time.Millisecond)); err != nil || freed != 0 {
			t.Errorf("of one that went on before %d are let go, %v", freed, err)
		}
		if freed, err := s.Unhold(t.Context(), now, noon.Add(time.Second)); err != nil || freed != 1 {
			t.Errorf("of one that went on since %d are let go, %v", freed, err)
		}
		same(t, "due", due(t, s, now), []int64{planned[0].ID})
	})
}
