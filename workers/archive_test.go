package workers_test

import (
	"testing"
	"time"

	"rapport/deliveries"
)

const gift = "campaign: gift\ntitle: Gift\nowner: support\ntopic: service\nstate: live\ntrigger: {event: Ordered}\nsteps:\n" +
	"  - {wait: 1h}\n  - {points: +7}\n  - {tag: [+given]}\n  - {sms: note}\n"

// overs are the ways in which a campaign comes to its end by its files.
func overs(file, text string) map[string]map[string]string {
	return map[string]map[string]string{
		"archived": with(map[string]string{file: replace(text, "state: live", "state: archived")}),
		"removed":  with(map[string]string{file: ""}),
	}
}

// What a campaign has not done before it is over it does to nobody, whoever comes
// to a journey first: its own time or the sweep.
func TestACampaignThatIsOverActsOnNobody(t *testing.T) {
	const file = "campaigns/gift.yaml"
	for name, after := range overs(file, gift) {
		for how, end := range map[string]func(*shop){
			"by its time":  func(s *shop) { s.travel() },
			"by the sweep": func(s *shop) { ok(s.t, s.sweeper.Round(s.ctx())) },
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				s := open(t, with(map[string]string{file: gift}))
				s.plan("ann", "Ordered")
				s.apply(after)
				s.later(time.Hour)
				end(s)
				s.ended("archived")
				if ann := s.customer("ann"); ann.Points != 0 || len(ann.Tags) != 0 || len(s.ledger()) != 0 {
					t.Errorf("ann has %d points and %v, planned are %v", ann.Points, ann.Tags, s.ledger())
				}
			})
		}
	}
}

// Also a journey that has not begun ends, and what is planned is given up.
func TestASweepEndsWhatHasNotBegunOfACampaignThatIsOver(t *testing.T) {
	s := open(t, files)
	s.happen("ann", "Texted")
	ok(t, s.reactor.React(s.ctx()))
	s.person("ben")
	s.happen("ben", "Wrote")
	ok(t, s.reactor.React(s.ctx()))
	ids, err := s.store.EntriesOf(s.ctx(), "letter", "ben")
	ok(t, err)
	ok(t, s.walker.Walk(s.ctx(), ids))
	s.apply(with(map[string]string{"campaigns/text.yaml": "", "campaigns/letter.yaml": ""}))
	ok(t, s.sweeper.Round(s.ctx()))
	s.ended("archived")
	if running := s.runningEntries("ben"); len(running) != 0 {
		t.Errorf("ben is under way: %v", running)
	}
	s.stands(deliveries.Skipped, string(deliveries.Exited))
}

// The rest of a broadcast's audience does not enter, and its shards do not stay.
func TestABroadcastThatIsOverEntersNobody(t *testing.T) {
	const file = "campaigns/daily.yaml"
	text := replace(daily, "%s", "")
	for name, after := range overs(file, text) {
		t.Run(name, func(t *testing.T) {
			s := broadcaster(t, "")
			ok(t, s.schedule.Round(s.ctx()))
			s.later(time.Hour)
			ok(t, s.schedule.Round(s.ctx()))
			s.apply(after)
			s.enter()
			s.wantJourneys("when it is over", "daily", "ann", 0)
			if at := s.entering(); len(at) != 0 {
				t.Errorf("still to enter: %v", at)
			}
		})
	}
}

// A broadcast that is a draft again waits like one that is paused.
func TestABroadcastThatIsADraftAgainWaits(t *testing.T) {
	text := replace(daily, "%s", "")
	s := broadcaster(t, "")
	ok(t, s.schedule.Round(s.ctx()))
	s.later(time.Hour)
	ok(t, s.schedule.Round(s.ctx()))
	shards := s.shardsOf("daily")
	s.apply(with(map[string]string{"campaigns/daily.yaml": replace(text, "state: live", "state: draft")}))
	if at := s.entering(); len(at) != 0 {
		t.Errorf("a draft is to enter: %v", at)
	}
	for _, shard := range shards { // tasks from before
		ok(t, s.entrance.Enter(s.ctx(), shard))
	}
	s.wantJourneys("as a draft", "daily", "ann", 0)
	s.apply(with(map[string]string{"campaigns/daily.yaml": text}))
	s.enter()
	s.wantJourneys("live again", "daily", "ann", 1)
}
