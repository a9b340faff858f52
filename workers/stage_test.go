package workers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
	"rapport/workers"
)

const careful = "campaign: careful\ntitle: Careful\nowner: growth\ntopic: service\nstate: live\ntrigger: %s\n" +
	"rollout: {stages: [25%%, 60%%, 100%%], hold: 6h, continue_if: [failed < 10%%], min_sample: 5}\nsteps:\n  - {sms: note}\n"

// stagedShop is a shop of many people and a campaign that lets them in by stages.
func stagedShop(t *testing.T, trigger string) *shop {
	t.Helper()
	s := open(t, with(map[string]string{"campaigns/careful.yaml": fmt.Sprintf(careful, trigger)}))
	for n := range 59 {
		s.person(fmt.Sprintf("p%02d", n))
	}
	return s
}

// turn does all there is to do at this moment.
func (s *shop) turn() {
	s.t.Helper()
	ok(s.t, s.schedule.Round(s.ctx()))
	s.enter()
	due, err := s.store.Stages(s.ctx(), s.clock())
	ok(s.t, err)
	for range due {
		s.step(s.stager)
	}
	s.travel()
	s.deliver()
	s.travel()
}

// step does what is due in rollouts, each twice: tasks may repeat.
func (s *shop) step(stager *workers.Stager) {
	s.t.Helper()
	for range 2 {
		ok(s.t, stager.Due(s.ctx()))
	}
}

// through lets time pass in which everything is done that falls due.
func (s *shop) through(d time.Duration) {
	s.t.Helper()
	for range int(d / (30 * time.Minute)) {
		s.turn()
		s.later(30 * time.Minute)
	}
}

func (s *shop) stage() campaigns.Stage {
	s.t.Helper()
	all, err := s.store.AllStages(s.ctx())
	ok(s.t, err)
	if len(all) != 1 {
		s.t.Fatalf("there are %d rollouts", len(all))
	}
	return all[0]
}

// belong counts the people of a share.
func (s *shop) belong(share float64) (n int) {
	for _, id := range append([]string{"ann"}, ids(59)...) {
		if campaigns.InStage("careful", id+"@home.example", share) {
			n++
		}
	}
	return n
}

func ids(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("p%02d", i))
	}
	return all
}

func (s *shop) wantSent(when string, want int) {
	s.t.Helper()
	if n := s.sent(); n != want {
		s.t.Errorf("%s: %d are sent, want %d", when, n, want)
	}
}

func TestStagesOpenWhileTheResponseIsGood(t *testing.T) {
	for name, trigger := range map[string]string{"a broadcast": `{cron: "0 14 1 12 *"}`, "by event": "{event: Asked}"} {
		t.Run(name, func(t *testing.T) {
			s := stagedShop(t, trigger)
			if name == "by event" {
				for _, id := range append(ids(59), "ann") {
					s.happen(id, "Asked")
				}
				ok(t, s.reactor.React(s.ctx()))
			}
			s.through(5 * time.Hour)
			s.wantSent("the first stage", s.belong(0.25))
			s.through(5 * time.Hour)
			s.wantSent("the second", s.belong(0.6))
			s.through(6 * time.Hour)
			s.wantSent("the last", 60)
			if stage := s.stage(); stage.State != campaigns.StageOver || stage.Number != 2 {
				t.Errorf("ends as %+v", stage)
			}
		})
	}
}

func TestABadResponseStopsTheCampaignAndTellsItsOwner(t *testing.T) {
	s := stagedShop(t, `{cron: "0 14 1 12 *"}`)
	s.through(3 * time.Hour)
	for _, d := range s.ledger()[:4] {
		ok(t, s.store.Advance(s.ctx(), s.clock(), []deliveries.Progress{{ID: d.ID, Status: deliveries.Failed, Reason: "carrier", At: s.clock()}}))
	}
	s.through(20 * time.Hour)
	all := len(s.ledger())
	if all != s.belong(0.25) {
		t.Errorf("%d messages, want those of the first stage, %d", all, s.belong(0.25))
	}
	edition, err := s.catalog.Current(s.ctx())
	ok(t, err)
	if c := edition.Campaigns["careful"]; c.State != campaigns.Paused {
		t.Errorf("the campaign is %s", c.State)
	}
	cases, err := s.store.Casebook().Cases(s.ctx(), "growth", 10)
	ok(t, err)
	if len(cases) != 1 || cases[0].Customer != "" || !strings.Contains(cases[0].Note, "failed < 10%") || !strings.Contains(cases[0].Note, "95% interval ") {
		t.Errorf("the owner is told by %+v", cases)
	}
	if s.told("verdict=stop") != 1 {
		t.Error("the log does not say it once")
	}
	pauser := campaigns.Pauser{Catalog: s.catalog, Brake: s.store, Now: s.clock}
	ok(t, pauser.Resume(s.ctx(), "careful"))
	s.through(2 * time.Hour)
	if n := len(s.ledger()); n != s.belong(0.6) {
		t.Errorf("after resume there are %d messages, want %d", n, s.belong(0.6))
	}
}

func TestTooLittleIsNoJudgement(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/careful.yaml": fmt.Sprintf(careful, `{cron: "0 14 1 12 *"}`)}))
	s.through(25 * time.Hour)
	if stage := s.stage(); stage.State != campaigns.StageWatching || stage.Holds != 3 || stage.Number != 0 {
		t.Errorf("after three holds: %+v", stage)
	}
	s.through(6 * time.Hour)
	if stage := s.stage(); stage.State != campaigns.StageAsking {
		t.Errorf("after four: %+v", stage)
	}
	cases, err := s.store.Casebook().Cases(s.ctx(), "growth", 10)
	ok(t, err)
	if len(cases) != 1 || !strings.Contains(cases[0].Title, "rapport resume careful") {
		t.Errorf("the owner is asked by %+v", cases)
	}
	pauser := campaigns.Pauser{Catalog: s.catalog, Brake: s.store, Now: s.clock}
	ok(t, pauser.Resume(s.ctx(), "careful"))
	s.through(2 * time.Hour)
	if stage := s.stage(); stage.Number != 1 {
		t.Errorf("after resume: %+v", stage)
	}
}

// A traveller that read the share before it grew writes down that its entry
// waits after everybody was let in. It is found.
func TestNobodyIsLeftOutsideByAnOldShare(t *testing.T) {
	s := stagedShop(t, "{event: Asked}")
	for _, id := range ids(59) {
		s.happen(id, "Asked")
	}
	ok(t, s.reactor.React(s.ctx()))
	s.travel()
	stage := s.stage()
	campaign, err := s.catalog.Campaign(s.ctx(), "careful", 1)
	ok(t, err)
	slow := &oldShares{Rollouts: s.store, share: 0.25}
	walker := *s.walker
	walker.Rollouts = slow
	s.happen("ann", "Asked")
	ok(t, s.reactor.React(s.ctx()))
	last := campaign.Rollout.Next(campaign.Rollout.Next(stage, s.clock()), s.clock())
	turned, err := s.store.Turn(s.ctx(), stage, last, nil, nil)
	ok(t, err)
	if !turned {
		t.Fatal("the last stage is not open")
	}
	s.step(s.stager)
	awake, err := s.store.Awake(s.ctx(), s.clock(), time.Minute, 1000)
	ok(t, err)
	ok(t, walker.Walk(s.ctx(), awake))
	s.later(time.Minute)
	s.step(s.stager)
	s.travel()
	s.later(time.Minute)
	s.travel()
	if n := len(s.ledger()); n != 60 {
		t.Errorf("%d of 60 came in", n)
	}
}

// oldShares remembers what was so before.
type oldShares struct {
	campaigns.Rollouts
	share float64
}

func (o *oldShares) Shares(_ context.Context, _ *campaigns.Campaign, runs []int64, _ time.Time) (map[int64]float64, error) {
	return map[int64]float64{runs[0]: o.share}, nil
}

// unread puts a campaign into the archive that cannot be read any more.
func (s *shop) unread(id string, files map[string]string) {
	s.t.Helper()
	_, err := s.store.Archive().Keep(s.ctx(), map[string][]byte{"rapport.yaml": []byte("an older language")}, "unread",
		[]campaigns.Stamp{{Campaign: id, Digest: "unread", State: campaigns.Live}}, s.clock())
	ok(s.t, err)
	s.apply(with(files))
}

func TestNoRolloutWaitsForOthers(t *testing.T) {
	files := map[string]string{"campaigns/careful.yaml": fmt.Sprintf(careful, "{event: Asked}")}
	s := open(t, with(files))
	s.unread("ancient", map[string]string{"campaigns/careful.yaml": fmt.Sprintf(careful, "{event: Asked}"), "campaigns/ancient.yaml": campaign("ancient", "Began", "{wait: 10d}")})
	rollout := &campaigns.Rollout{Stages: []float64{0.5, 1}, Hold: time.Hour}
	for _, c := range []campaigns.Campaign{{ID: "ancient", Version: 1}, {ID: "careful", Version: 1}} {
		c.Rollout = rollout
		_, err := s.store.Shares(s.ctx(), &c, []int64{0}, s.clock())
		ok(t, err)
	}
	s.later(time.Hour)
	s.step(s.stager)
	all, err := s.store.AllStages(s.ctx())
	ok(t, err)
	if len(all) != 2 || all[0].Holds != 0 || all[1].Holds == 0 {
		t.Errorf("the stages are %+v", all)
	}
}

func TestTheRolloutOfAnArchivedCampaignIsOver(t *testing.T) {
	s := stagedShop(t, `{cron: "0 14 1 12 *"}`)
	s.through(3 * time.Hour)
	s.apply(with(nil)) // the file is gone
	s.through(6 * time.Hour)
	if due, err := s.store.Stages(s.ctx(), s.clock()); err != nil || len(due) != 0 {
		t.Errorf("due for ever: %+v, %v", due, err)
	}
}
