package workers_test

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"rapport/campaigns"
	"rapport/customers"
	"rapport/workers"
)

const (
	lapsed       = "segment: lapsed\nwhere: points.balance < 10 and tier != \"gold\"\n---\nsegment: staff\nwhere: kind == \"staff\"\n"
	comeBack     = "campaign: come-back\ntitle: Come back\nowner: support\ntopic: service\nstate: live\ntrigger: {segment: lapsed, delay: 1h}\naudience: {except: [staff]}\nsteps:\n  - {email: note}\n"
	goodbye      = "campaign: glad\ntitle: Glad\nowner: support\ntopic: service\nstate: live\ntrigger: {segment: lapsed, on: leave}\nentry: {again: always}\nsteps:\n  - {sms: note}\n"
	watchedFiles = "segments/s.yaml"
)

func watchShop(t *testing.T) *shop {
	t.Helper()
	s := open(t, with(map[string]string{watchedFiles: lapsed, "campaigns/back.yaml": comeBack, "campaigns/glad.yaml": goodbye}))
	s.balance("ann", 50)
	return s
}

func (s *shop) balance(id string, points int64) {
	s.t.Helper()
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: id, Points: points, Kind: "consumer"}})
	ok(s.t, err)
}

// sweep looks at every part of a watched segment, each twice: tasks may repeat.
func (s *shop) sweep(segment string) {
	s.t.Helper()
	s.later(time.Minute)
	for number := range campaigns.SegmentParts {
		for range 2 {
			ok(s.t, s.watcher.Compare(s.ctx(), campaigns.SegmentPart{Segment: segment, Number: number}))
		}
	}
}

// However many segments are watched, few looks stand before whoever says stop.
func TestLooksDoNotFillTheQueue(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		s.apply(with(map[string]string{watchedFiles: lapsed, "campaigns/back.yaml": comeBack, "campaigns/glad.yaml": goodbye}))
		inspector := asynq.NewInspectorFromRedisClient(s.redis)
		looked := map[string]int{}
		for range campaigns.SegmentParts { // more rounds than are needed
			ok(t, s.watcher.Round(s.ctx()))
			ok(t, s.watcher.HandOver(s.ctx()))
			_, payloads := s.queued("journey")
			if len(payloads) > 4 {
				t.Fatalf("%d looks wait at once", len(payloads))
			}
			for _, payload := range payloads {
				looked[payload]++
				ok(t, s.redis.Del(s.ctx(), "rapport:task:watch:"+payload).Err()) // as at its end
			}
			_, _ = inspector.DeleteAllPendingTasks("journey") // there may be none
		}
		if len(looked) != campaigns.SegmentParts {
			t.Errorf("looked at %d parts", len(looked))
		}
		for payload, times := range looked {
			if times != 1 {
				t.Errorf("%s is looked at %d times within a minute", payload, times)
			}
		}
		s.later(time.Minute)
		ok(t, s.watcher.Round(s.ctx()))
		if _, payloads := s.queued("journey"); len(payloads) != 4 {
			t.Errorf("a minute later %d looks wait", len(payloads))
		}
	})
}

// journeys counts a customer's journeys through a campaign.
func (s *shop) journeys(campaign, who string) int {
	s.t.Helper()
	ids, err := s.store.EntriesOf(s.ctx(), campaign, who)
	ok(s.t, err)
	return len(ids)
}

func (s *shop) wantJourneys(what, campaign, who string, want int) {
	s.t.Helper()
	if n := s.journeys(campaign, who); n != want {
		s.t.Errorf("%s: %d journeys through %s, want %d", what, n, campaign, want)
	}
}

func TestComingIntoASegmentBeginsAJourney(t *testing.T) {
	s := watchShop(t)
	s.person("old")
	s.sweep("lapsed") // old is a member already
	s.balance("ann", 5)
	s.person("new")
	s.sweep("lapsed")
	s.wantJourneys("a member from the first", "come-back", "old", 0)
	s.wantJourneys("one who came in", "come-back", "ann", 1)
	s.wantJourneys("one who came new", "come-back", "new", 1)
	s.travel()
	if n := len(s.ledger()); n != 0 {
		t.Errorf("%d messages are planned before the delay is over", n)
	}
	s.later(time.Hour)
	s.travel()
	if n := len(s.ledger()); n != 2 {
		t.Errorf("%d messages are planned", n)
	}
	for n := range 2 { // out and in again, twice
		s.balance("ann", 50)
		s.sweep("lapsed")
		s.wantJourneys("left", "glad", "ann", n+1)
		s.later(time.Hour)
		s.travel()
		s.deliver()
		s.travel()
		s.balance("ann", 5)
		s.sweep("lapsed")
	}
	s.wantJourneys("again is never", "come-back", "ann", 1)
}

func TestTheAudienceNarrowsASegmentTrigger(t *testing.T) {
	s := watchShop(t)
	s.sweep("lapsed")
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "clerk", Email: "clerk@shop.example", Kind: "staff"}})
	ok(t, err)
	s.sweep("lapsed")
	s.wantJourneys("outside the audience", "come-back", "clerk", 0)
}

// Words change nobody: whoever a new condition takes in was not brought by what
// they did.
func TestAnAppliedConditionEntersNobody(t *testing.T) {
	s := watchShop(t)
	s.sweep("lapsed")
	wider := replace(lapsed, "< 10", "< 100")
	s.apply(with(map[string]string{watchedFiles: wider, "campaigns/back.yaml": comeBack, "campaigns/glad.yaml": goodbye}))
	s.sweep("lapsed")
	s.wantJourneys("after the words changed", "come-back", "ann", 0)
	s.balance("ann", 500)
	s.sweep("lapsed")
	s.balance("ann", 50)
	s.sweep("lapsed")
	s.wantJourneys("by what she did", "come-back", "ann", 1)
}

// Who comes while a campaign is paused is not a newcomer when it goes on.
func TestAPausedCampaignWatchesAndEntersNobody(t *testing.T) {
	s := watchShop(t)
	s.sweep("lapsed")
	pauser := campaigns.Pauser{Catalog: s.catalog, Brake: s.store, Now: s.clock}
	ok(t, pauser.Pause(s.ctx(), "come-back", "checking", "cli"))
	s.balance("ann", 5)
	s.sweep("lapsed")
	ok(t, pauser.Resume(s.ctx(), "come-back"))
	s.sweep("lapsed")
	s.wantJourneys("during the pause", "come-back", "ann", 0)
	s.balance("ann", 50)
	s.sweep("lapsed")
	s.balance("ann", 5)
	s.sweep("lapsed")
	s.wantJourneys("after it", "come-back", "ann", 1)
}

// From the change to the journey through Redis, started by the scheduler.
func TestTheSchedulerStartsLooks(t *testing.T) {
	eachRedis(t, func(t *testing.T, s *shop) {
		s.apply(with(map[string]string{watchedFiles: lapsed, "campaigns/back.yaml": comeBack}))
		s.balance("ann", 50)
		s.sweep("lapsed")
		s.balance("ann", 5)
		server := workers.NewServer(s.redis, workers.ServerOptions{Poll: 5 * time.Millisecond, Log: s.log})
		s.worker().Serve(server)
		ok(t, server.Start())
		defer server.Stop()
		running(t, leading(s.scheduler("one")))
		eventually(t, "she is in", func() bool { return s.journeys("come-back", "ann") == 1 })
	})
}
