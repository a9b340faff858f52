package workers_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// patient is a shop with one campaign more, whose journeys wait for a day and end
// as soon as a condition holds.
func patient(t *testing.T, exit string) *shop {
	t.Helper()
	return open(t, with(map[string]string{
		"campaigns/patient.yaml": campaign("patient", "Waited", "wait: 24h") + "  - {sms: note}\nexit: [{when: '" + exit + "'}]\n",
	}))
}

// ended checks that the one journey of ann is over, and why.
func (s *shop) ended(why string) {
	s.t.Helper()
	if running := s.runningEntries("ann"); len(running) != 0 {
		s.t.Fatalf("still running: %v", running)
	}
	travellers, err := s.store.Travellers(s.ctx(), []int64{1}, s.clock())
	ok(s.t, err)
	if e := travellers[0].Entry; e.Why != why || e.State != "left" {
		s.t.Errorf("it is %s (%s), want %s", e.State, e.Why, why)
	}
}

// Whatever the customer does, an exit that holds by now ends the journey, also
// one that has not begun.
func TestAnyEventBringsAnExitAbout(t *testing.T) {
	for _, begun := range []bool{true, false} {
		t.Run(fmt.Sprint("begun ", begun), func(t *testing.T) {
			s := patient(t, `did("Looked around") >= 2`)
			s.happen("ann", "Waited")
			ok(t, s.reactor.React(s.ctx()))
			if begun {
				s.travel()
			}
			s.happen("ann", "Looked around")
			ok(t, s.reactor.React(s.ctx()))
			if running := s.runningEntries("ann"); len(running) != 1 {
				t.Fatalf("running: %v", running)
			}
			s.happen("ann", "Looked around")
			ok(t, s.reactor.React(s.ctx()))
			s.ended(`when did("Looked around") >= 2`)
		})
	}
}

// A word of the customer ends a journey in the middle of a wait.
func TestAWordEndsAJourneyInTheMiddleOfAWait(t *testing.T) {
	for name, say := range map[string]func(s *shop) error{
		"a number that is blocked": func(s *shop) error {
			return s.store.Suppress(s.ctx(), []customers.Suppression{{Channel: channels.SMS, Address: phoneOf("ann"), Reason: "opted_out", At: s.clock()}})
		},
		"a text that says stop": func(s *shop) error {
			s.reply(phoneOf("ann"), "STOP")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := patient(t, `not reachable("sms")`)
			s.plan("ann", "Waited")
			ok(t, say(s))
			s.travel()
			s.ended(`when not reachable("sms")`)
		})
	}
}

// An exit that asks about an answer is judged where the answers are.
func TestAnExitByAnAnswerIsJudgedAtOnce(t *testing.T) {
	s := open(t, with(map[string]string{
		"campaigns/survey.yaml": replace(files["campaigns/survey.yaml"], "exit: [{event: Returned}]", `exit: [{when: "answers.csat.score <= 2"}]`),
	}))
	s.plan("ann", "Delivered", "order", "A1")
	s.deliver()
	s.travel()
	s.reply(phoneOf("ann"), "1")
	s.travel()
	s.ended("when answers.csat.score <= 2")
}

// What nobody tells of is found by the sweep, once a minute, and what the journey
// still plans is given up.
func TestASweepFindsWhatNobodyTold(t *testing.T) {
	s := open(t, with(map[string]string{
		"campaigns/text.yaml": files["campaigns/text.yaml"] + "exit: [{when: 'tier == \"gold\"'}]\n",
		"campaigns/idle.yaml": replace(campaign("idle", "Texted", "{sms: note}"), "state: live", "state: paused") + "exit: [{when: 'tier == \"gold\"'}]\n",
	}))
	s.person("ben")
	s.plan("ann", "Texted")
	s.plan("ben", "Texted")
	sweep := func() { ok(t, s.sweeper.Round(s.ctx())) }
	sweep()
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "ann", Tier: "gold"}})
	ok(t, err)
	s.later(time.Minute - time.Second)
	sweep()
	if running := s.runningEntries("ann"); len(running) != 1 {
		t.Fatalf("swept before its time: %v", running)
	}
	s.later(time.Second)
	sweep()
	s.ended(`when tier == "gold"`)
	all := s.ledger()
	if all[0].Status != deliveries.Skipped || all[0].Reason != string(deliveries.Exited) || all[1].Status != deliveries.Planned {
		t.Errorf("ann's is %s (%s), ben's %s", all[0].Status, all[0].Reason, all[1].Status)
	}
}

// slowExodus takes its time to judge.
type slowExodus struct {
	campaigns.Exodus
	s     *shop
	looks int
}

func (e *slowExodus) LeaveWhere(ctx context.Context, now time.Time, of campaigns.Underway, sweep campaigns.Sweep, after int64, limit int) (int, int64, error) {
	e.looks++
	e.s.later(time.Second)
	return e.Exodus.LeaveWhere(ctx, now, of, sweep, after, limit)
}

// A sweep whose looks take long makes one a round, and holds up nothing else.
func TestASweepThatTakesLongLeavesTheRestToTheNextRound(t *testing.T) {
	gold, silver := "exit: [{when: 'tier == \"gold\"'}]\n", "exit: [{when: 'tier == \"silver\"'}]\n"
	s := open(t, with(map[string]string{
		"campaigns/text.yaml": files["campaigns/text.yaml"] + gold, "campaigns/letter.yaml": files["campaigns/letter.yaml"] + silver,
	}))
	s.plan("ann", "Texted")
	s.plan("ann", "Wrote")
	slow := &slowExodus{Exodus: s.store, s: s}
	s.sweeper.Exodus = slow
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{ID: "ann", Tier: "silver"}})
	ok(t, err)
	for round := range 3 {
		before := slow.looks
		ok(t, s.sweeper.Round(s.ctx()))
		if looks := slow.looks - before; looks > 1 {
			t.Errorf("round %d makes %d looks", round+1, looks)
		}
	}
	if running := s.runningEntries("ann"); len(running) != 1 || slow.looks < 2 {
		t.Errorf("after %d looks %v run", slow.looks, running)
	}
}

// A sweep of many takes several rounds and leaves out nobody.
func TestASweepGoesOnWhereItStopped(t *testing.T) {
	const many = 11_000
	s := open(t, with(map[string]string{
		"campaigns/text.yaml": files["campaigns/text.yaml"] + "exit: [{when: 'tier == \"gold\"'}]\n",
	}))
	people := make([]customers.Customer, many)
	events := make([]customers.Event, many)
	for i := range people {
		id := fmt.Sprintf("p%05d", i)
		people[i] = customers.Customer{ID: id, Tier: "gold"}
		events[i] = customers.Event{Customer: id, Name: "Texted", At: noon, ReceivedAt: noon, Key: id, Live: true}
	}
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), people)
	ok(t, err)
	_, err = s.store.Append(s.ctx(), events)
	ok(t, err)
	ok(t, s.reactor.React(s.ctx()))
	running := func() int {
		funnels, err := s.store.Summary().Funnels(s.ctx(), s.clock())
		ok(t, err)
		return int(funnels[0].Running)
	}
	var after []int
	for range 3 {
		ok(t, s.sweeper.Round(s.ctx()))
		after = append(after, running())
	}
	if !slices.Equal(after, []int{1000, 0, 0}) {
		t.Errorf("after each round %v run", after)
	}
}
