package workers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
)

const winner = "campaign: winner\ntitle: Winner\nowner: support\ntopic: service\nstate: live\ntrigger: {event: Asked}\n" +
	"entry: {again: always}\nexit: [{event: Left us}]\n" +
	"goal: {event: Order Completed, where: event.total >= 20, within: 14d, value: event.total}\nholdout: 50%\nsteps:\n  - {sms: note}\n"

// goal is what came of a campaign.
func (s *shop) goal(campaign string) deliveries.GoalFunnel {
	s.t.Helper()
	funnels, err := s.store.Summary().Funnels(s.ctx(), s.clock())
	ok(s.t, err)
	for _, f := range funnels {
		if f.Campaign == campaign && f.Goal != nil {
			return *f.Goal
		}
	}
	return deliveries.GoalFunnel{}
}

func TestGoalEventsCountOnceForEveryOpenEntry(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/winner.yaml": winner}))
	asked := func(who string) {
		s.happen(who, "Asked")
		s.happen(who, "Order Completed", "total", 9.0) // too little
		s.happen(who, "Order Completed", "total", 30.0)
	}
	asked("ann") // ann is in one half
	ok(t, s.reactor.React(s.ctx()))
	s.person("p3")
	s.happen("p3", "Order Completed", "total", 100.0) // before she was asked
	s.later(time.Second)
	asked("p3")
	ok(t, s.reactor.React(s.ctx()))
	s.happen("ann", "Left us")
	ok(t, s.reactor.React(s.ctx()))
	s.later(10 * 24 * time.Hour)
	s.happen("ann", "Order Completed", "total", 20.5) // she left, and the time is not over
	ok(t, s.reactor.React(s.ctx()))
	s.apply(files) // the campaign is gone; what it brought is not
	s.later(3 * 24 * time.Hour)
	s.happen("ann", "Order Completed", "total", 49.5)
	s.later(2 * 24 * time.Hour)
	s.happen("ann", "Order Completed", "total", 1000.0) // too late
	ok(t, s.reactor.React(s.ctx()))
	got := s.goal("winner")
	sides := []deliveries.Side{got.Contacted, got.Holdout}
	if sides[0].Conversions < sides[1].Conversions {
		sides[0], sides[1] = sides[1], sides[0]
	}
	if sides[0] != (deliveries.Side{Entered: 1, People: 1, Converted: 1, Conversions: 3, Value: 10000}) ||
		sides[1] != (deliveries.Side{Entered: 1, People: 1, Converted: 1, Conversions: 1, Value: 3000}) {
		t.Errorf("counted %+v", got)
	}
}

// An event that began a journey is not what the journey was for, also when it is
// judged again because its judge died before saying so.
func TestTheEventThatBeganAJourneyIsNotItsGoal(t *testing.T) {
	again := replace(replace(winner, "trigger: {event: Asked}", "trigger: {event: Order Completed}"), "holdout: 50%\n", "")
	s := open(t, with(map[string]string{"campaigns/winner.yaml": again}))
	s.happen("ann", "Order Completed", "total", 30.0)
	dying := *s.reactor
	dying.News = mute{s.store}
	if err := dying.React(s.ctx()); err == nil {
		t.Fatal("it did not die")
	}
	ok(t, s.reactor.React(s.ctx()))
	if got := s.goal("winner").Contacted; got != (deliveries.Side{Entered: 1, People: 1, Within: 1}) {
		t.Errorf("counted %+v", got)
	}
}

// mute dies before it says what it has seen.
type mute struct{ campaigns.News }

func (mute) Seen(context.Context, []int64) error { return errors.New("killed") }

// People buy whether or not their stage has come, the holdout as often as the others.
func TestWaitingForAStageChangesNoComparison(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/careful.yaml": "campaign: careful\ntopic: service\nstate: live\ntrigger: {once: \"2026-12-01 14:00\"}\n" +
		"holdout: 30%\ngoal: {event: Order Completed, within: 3d}\nrollout: {stages: [10%, 100%], hold: 24h}\nsteps:\n  - {email: note}\n"}))
	for _, id := range ids(39) {
		s.person(id)
	}
	s.through(90 * time.Minute)
	for _, id := range append(ids(39), "ann") {
		s.happen(id, "Order Completed")
	}
	ok(t, s.reactor.React(s.ctx()))
	for _, wait := range []time.Duration{0, 30 * time.Hour} {
		s.through(wait)
		g := s.goal("careful")
		if g.Contacted.Entered+g.Holdout.Entered != 40 || g.Contacted.Conversions != g.Contacted.Entered || g.Holdout.Conversions != g.Holdout.Entered {
			t.Errorf("after %s: contacted %+v, held out %+v", wait, g.Contacted, g.Holdout)
		}
	}
}

// Whoever is in a campaign twice within the time of its goal bought once.
func TestAnEventCountsForTheLatestOfAPersonsEntries(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/winner.yaml": replace(winner, "holdout: 50%\n", "")}))
	s.happen("ann", "Asked")
	ok(t, s.reactor.React(s.ctx()))
	s.later(time.Hour)
	s.happen("ann", "Left us") // and comes again, within the time
	ok(t, s.reactor.React(s.ctx()))
	s.later(time.Hour)
	s.happen("ann", "Asked")
	ok(t, s.reactor.React(s.ctx()))
	s.later(time.Hour)
	s.happen("ann", "Order Completed", "total", 30.0)
	ok(t, s.reactor.React(s.ctx()))
	if got := s.goal("winner").Contacted; got != (deliveries.Side{Entered: 2, People: 1, Within: 1, Conversions: 1, Value: 3000}) {
		t.Errorf("counted %+v", got)
	}
}
