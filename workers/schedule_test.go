package workers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
	"rapport/workers"
)

const daily = "campaign: daily\ntitle: Daily\nowner: support\ntopic: service\nstate: live\n" +
	"trigger: {cron: \"0 14 * * *\", zone: Europe/Berlin%s}\naudience: {where: email != nil}\nsteps:\n  - {email: note}\n"

// broadcaster is a shop with a daily broadcast at 13:00 UTC.
func broadcaster(t *testing.T, misfire string) *shop {
	t.Helper()
	return open(t, with(map[string]string{"campaigns/daily.yaml": fmt.Sprintf(daily, misfire)}))
}

// runs lists when runs were recorded, those with shards to enter first.
func (s *shop) entering() []time.Time {
	s.t.Helper()
	shards, err := s.store.Runs().Pending(s.ctx(), s.clock(), 1000)
	ok(s.t, err)
	var at []time.Time
	for _, shard := range shards {
		if shard.Number == 0 {
			at = append(at, shard.At)
		}
	}
	return at
}

// enter lets everybody in whom pending shards name.
func (s *shop) enter() {
	s.t.Helper()
	shards, err := s.store.Runs().Pending(s.ctx(), s.clock(), 1000)
	ok(s.t, err)
	for _, shard := range shards {
		ok(s.t, s.entrance.Enter(s.ctx(), shard))
		ok(s.t, s.entrance.Enter(s.ctx(), shard)) // a task that came twice
	}
}

func TestABroadcastReachesItsAudience(t *testing.T) {
	s := broadcaster(t, "")
	s.person("ben")
	ok(t, s.schedule.Round(s.ctx()))
	if at := s.entering(); len(at) != 0 {
		t.Fatalf("it runs before its time: %v", at)
	}
	s.later(time.Hour)
	ok(t, s.schedule.Round(s.ctx()))
	s.enter()
	s.travel()
	s.deliver()
	if all := s.ledger(); len(all) != 2 || all[0].Status != deliveries.Sent || all[1].Status != deliveries.Sent {
		t.Errorf("got %+v", all)
	}
}

// What is known of one campaign and cannot be read stops no other's broadcast.
func TestOneScheduleThatCannotBeFollowedStopsNoOther(t *testing.T) {
	all := map[string]string{}
	for _, id := range []string{"a", "b", "c", "daily", "e", "f"} {
		all["campaigns/"+id+".yaml"] = strings.Replace(fmt.Sprintf(daily, ""), "campaign: daily", "campaign: "+id, 1)
	}
	s := open(t, with(all))
	ok(t, s.schedule.Round(s.ctx()))
	ok(t, s.store.SetFact(s.ctx(), campaigns.ScheduledSince("daily"), "long ago"))
	s.later(time.Hour)
	if err := s.schedule.Round(s.ctx()); err == nil || !strings.Contains(err.Error(), "daily") {
		t.Errorf("nobody is told: %v", err)
	}
	if at := s.entering(); len(at) != len(all)-1 {
		t.Errorf("recorded: %v", at)
	}
}

func TestTwoSchedulersRecordAnOccurrenceOnce(t *testing.T) {
	s := broadcaster(t, "")
	ok(t, s.schedule.Round(s.ctx()))
	s.later(time.Hour)
	var schedulers sync.WaitGroup
	for range 4 {
		schedulers.Go(func() {
			twin := &workers.Schedule{Catalog: &campaigns.Catalog{Archive: s.store.Archive()}, Runs: s.store.Runs(), Facts: s.store, Now: s.clock, Log: s.log}
			if err := twin.Round(s.ctx()); err != nil {
				t.Error(err)
			}
		})
	}
	schedulers.Wait()
	if at := s.entering(); len(at) != 1 || !at[0].Equal(noon.Add(time.Hour)) {
		t.Errorf("recorded: %v", at)
	}
}

func TestOccurrencesMissedWhileTheProgramWasDown(t *testing.T) {
	for _, c := range []struct {
		name, misfire string
		down          time.Duration
		runs          []time.Duration // after noon
	}{
		{"a day and a half late, the latest is caught up with", "", 61 * time.Hour, []time.Duration{49 * time.Hour}},
		{"a minute late, it was not missed", ", misfire: skip", time.Hour + time.Minute, []time.Duration{time.Hour}},
		{"skipped", ", misfire: skip", 61 * time.Hour, nil},
		{"on the minute after others were missed", "", 49 * time.Hour, []time.Duration{49 * time.Hour}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := broadcaster(t, c.misfire)
			ok(t, s.schedule.Round(s.ctx())) // sees it live
			s.later(c.down)
			for range 3 {
				ok(t, s.schedule.Round(s.ctx()))
			}
			at := s.entering()
			if len(at) != len(c.runs) {
				t.Fatalf("runs at %v, want %v after noon", at, c.runs)
			}
			for i, after := range c.runs {
				if !at[i].Equal(noon.Add(after)) {
					t.Errorf("runs at %s, want %s", at[i], noon.Add(after))
				}
			}
			last, err := s.store.Runs().Last(s.ctx(), "daily")
			ok(t, err)
			if latest := noon.Add(c.down).Truncate(24 * time.Hour).Add(13 * time.Hour); last.After(latest) || last.IsZero() {
				t.Errorf("the last that stands on record is %s", last)
			}
		})
	}
}

// A campaign that goes live does not make up for what came before.
func TestABroadcastDoesNotBeginInThePast(t *testing.T) {
	s := open(t, with(nil))
	s.later(3 * time.Hour)
	s.apply(with(map[string]string{"campaigns/daily.yaml": fmt.Sprintf(daily, "")}))
	ok(t, s.schedule.Round(s.ctx()))
	if at := s.entering(); len(at) != 0 {
		t.Errorf("it runs at %v", at)
	}
}

// A broadcast counts from when it was applied, whenever a schedule first looks.
func TestTheFirstOccurrenceIsNotLostWhereNobodyLooked(t *testing.T) {
	file := map[string]string{"campaigns/daily.yaml": fmt.Sprintf(daily, "")}
	draft := map[string]string{"campaigns/daily.yaml": replace(file["campaigns/daily.yaml"], "state: live", "state: draft")}
	for name, before := range map[string]map[string]string{"a new one": nil, "one that was a draft": draft} {
		t.Run(name, func(t *testing.T) {
			s := open(t, with(before))
			ok(t, s.schedule.Round(s.ctx()))
			s.later(time.Hour - 30*time.Second)
			s.apply(with(file))
			s.later(35 * time.Second)
			for range 2 {
				ok(t, s.schedule.Round(s.ctx()))
			}
			if at := s.entering(); len(at) != 1 || !at[0].Equal(noon.Add(time.Hour)) {
				t.Errorf("it runs at %v", at)
			}
		})
	}
}

func TestOneAppliedOnTheMinuteStillGoesOut(t *testing.T) {
	s := open(t, with(nil))
	s.later(time.Hour)
	s.apply(with(map[string]string{"campaigns/daily.yaml": fmt.Sprintf(daily, "")}))
	ok(t, s.schedule.Round(s.ctx()))
	if at := s.entering(); len(at) != 1 {
		t.Errorf("it runs at %v", at)
	}
}

// A schedule that is edited counts from then: what it would have said before is not
// caught up with.
func TestAnEditedScheduleDoesNotRunInThePast(t *testing.T) {
	timed := func(trigger string) map[string]string {
		return with(map[string]string{"campaigns/timed.yaml": "campaign: timed\ntopic: service\nstate: live\ntrigger: " + trigger + "\nsteps: [{email: note}]\n"})
	}
	elsewhere := timed(`{cron: "0 14 * * *"}`)
	elsewhere["rapport.yaml"] = replace(elsewhere["rapport.yaml"], "Europe/Berlin", "Europe/London")
	for name, c := range map[string]struct{ before, after map[string]string }{
		"another time":           {timed(`{cron: "0 12 * * *"}`), timed(`{cron: "0 14 * * *"}`)},
		"the trigger's zone":     {timed(`{cron: "0 14 * * *"}`), timed(`{cron: "0 14 * * *", zone: Europe/London}`)},
		"the workspace's zone":   {timed(`{cron: "0 14 * * *"}`), elsewhere},
		"a moment that is past":  {timed(`{once: "2026-12-20 10:00"}`), timed(`{once: "2026-12-01 14:00"}`)},
		"a moment, now repeated": {timed(`{once: "2026-12-20 10:00"}`), timed(`{cron: "0 14 * * *"}`)},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, c.before)
			s.later(2*time.Hour + 30*time.Minute) // 15:30 in Berlin, 14:30 in London
			ok(t, s.schedule.Round(s.ctx()))
			s.enter()
			s.apply(c.after)
			s.later(5 * time.Second)
			ok(t, s.schedule.Round(s.ctx()))
			if at := s.entering(); len(at) != 0 {
				t.Errorf("it runs at %v", at)
			}
		})
	}
}

func TestABroadcastThatWasRemovedBeginsAnew(t *testing.T) {
	s := broadcaster(t, "")
	s.apply(with(nil))
	s.later(3*24*time.Hour + 2*time.Hour)
	s.apply(with(map[string]string{"campaigns/daily.yaml": fmt.Sprintf(daily, "")}))
	ok(t, s.schedule.Round(s.ctx()))
	if at := s.entering(); len(at) != 0 {
		t.Errorf("it runs at %v", at)
	}
}

// What was missed is caught up with although the workspace was edited meanwhile, as
// long as the time is the same.
func TestAnEditBesideTheScheduleKeepsWhatWasMissed(t *testing.T) {
	s := broadcaster(t, "")
	ok(t, s.schedule.Round(s.ctx()))
	s.later(3 * time.Hour)
	s.apply(with(map[string]string{"campaigns/daily.yaml": replace(fmt.Sprintf(daily, ", misfire: run_once"), "Daily", "Each day")}))
	ok(t, s.schedule.Round(s.ctx()))
	if at := s.entering(); len(at) != 1 || !at[0].Equal(noon.Add(time.Hour)) {
		t.Errorf("it runs at %v", at)
	}
}

// From one occurrence to the next, whatever sending takes and clocks do.
func TestAWeeklyBroadcastMayComeEverySevenDays(t *testing.T) {
	file := "campaign: weekly\ntopic: service\nstate: live\ntrigger: {cron: \"30 13 * * TUE\"}\nentry: {again: after 7d}\nsteps:\n  - email: note\n"
	s := open(t, with(nil))
	s.setClock(time.Date(2027, 3, 16, 12, 0, 0, 0, time.UTC)) // clocks go forward on the 28th
	s.apply(with(map[string]string{"campaigns/weekly.yaml": file}))
	for week, at := range []time.Time{
		time.Date(2027, 3, 16, 12, 30, 2, 0, time.UTC), time.Date(2027, 3, 23, 12, 30, 1, 0, time.UTC),
		time.Date(2027, 3, 30, 11, 30, 0, 0, time.UTC), time.Date(2027, 4, 6, 11, 30, 0, 0, time.UTC),
	} {
		s.setClock(at)
		ok(t, s.schedule.Round(s.ctx()))
		s.enter()
		s.travel()
		s.later(time.Minute)
		s.deliver()
		s.travel()
		if n := len(s.ledger()); n != week+1 {
			t.Errorf("%d messages by week %d", n, week+1)
		}
	}
}
