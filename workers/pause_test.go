package workers_test

import (
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
)

func TestAPausedBroadcastDoesNotCatchUp(t *testing.T) {
	for name, pauses := range map[string]func(*shop) (resume func()){
		"beside its file": func(s *shop) func() {
			pauser := campaigns.Pauser{Catalog: s.catalog, Brake: s.store, Now: s.clock}
			ok(s.t, pauser.Pause(s.ctx(), "daily", "", "cli"))
			if err := pauser.Pause(s.ctx(), "daily", "", "cli"); err == nil {
				s.t.Error("it is paused twice")
			}
			return func() { ok(s.t, pauser.Resume(s.ctx(), "daily")) }
		},
		"by its file": func(s *shop) func() {
			live := replace(daily, "%s", "")
			s.apply(with(map[string]string{"campaigns/daily.yaml": replace(live, "state: live", "state: paused")}))
			return func() { s.apply(with(map[string]string{"campaigns/daily.yaml": live})) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := broadcaster(t, "")
			ok(t, s.schedule.Round(s.ctx()))
			s.later(time.Hour)
			ok(t, s.schedule.Round(s.ctx()))
			s.enter() // the first occurrence, before the pause
			s.later(time.Hour)
			resume := pauses(s)
			ok(t, s.schedule.Round(s.ctx()))
			s.later(24 * time.Hour) // past the second
			ok(t, s.schedule.Round(s.ctx()))
			resume()
			ok(t, s.schedule.Round(s.ctx()))
			if at := s.entering(); len(at) != 0 {
				t.Errorf("it catches up with %v", at)
			}
			s.later(24 * time.Hour)
			ok(t, s.schedule.Round(s.ctx()))
			if at := s.entering(); len(at) != 1 || !at[0].Equal(noon.Add(49*time.Hour)) {
				t.Errorf("afterwards it runs at %v", at)
			}
		})
	}
}

func TestAPauseStopsWhatIsUnderWayAndResumeTakesItUp(t *testing.T) {
	s := broadcaster(t, "")
	s.plan("ann", "Texted")
	s.later(time.Hour)
	ok(t, s.schedule.Round(s.ctx()))
	pauser := campaigns.Pauser{Catalog: s.catalog, Brake: s.store, Now: s.clock}
	ok(t, pauser.Pause(s.ctx(), "text", "the offer is over", "cli"))
	ok(t, pauser.Pause(s.ctx(), "daily", "", "cli"))
	s.deliver()
	s.stands(deliveries.Planned, "paused_campaign")
	s.happen("ann", "Texted")
	ok(t, s.reactor.React(s.ctx()))
	s.wantJourneys("while paused", "text", "ann", 1)
	for _, shard := range s.shardsOf("daily") { // a task from before the pause
		ok(t, s.entrance.Enter(s.ctx(), shard))
	}
	s.wantJourneys("while paused", "daily", "ann", 0)
	ok(t, pauser.Resume(s.ctx(), "text"))
	ok(t, pauser.Resume(s.ctx(), "daily"))
	s.deliver()
	s.stands(deliveries.Sent, "")
	s.enter()
	s.wantJourneys("gone on", "daily", "ann", 1)
	if err := pauser.Resume(s.ctx(), "text"); err == nil {
		t.Error("what runs is resumed")
	}
	if err := pauser.Pause(s.ctx(), "txet", "", "cli"); err == nil {
		t.Error("a campaign nobody knows is paused")
	}
}

// shardsOf are the shards a campaign's first run has, whatever holds them.
func (s *shop) shardsOf(id string) []campaigns.Shard {
	shards := make([]campaigns.Shard, 16)
	for n := range shards {
		shards[n] = campaigns.Shard{Run: 1, Number: n, Of: 16, Campaign: id, Version: 1, At: noon.Add(time.Hour)}
	}
	return shards
}
