package workers_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/deliveries"
)

// split is a campaign that finds out which of two texts is answered more.
const split = "campaign: split\ntitle: Split\nowner: support\ntopic: service\nstate: live\ntrigger: {event: Split}\nsteps:\n" +
	"  - split: words\n    paths:\n      a: {share: 20%, steps: [{sms: note}]}\n      b: {share: 20%, steps: [{sms: rate}]}\n" +
	"    winner: {by: delivered, after: 4h, min_sample: 1}\n"

// standing puts the entries of customers at the split, as their journeys would.
func (s *shop) standing(ids ...string) []campaigns.Entry {
	s.t.Helper()
	for _, id := range ids {
		s.happen(id, "Split")
	}
	ok(s.t, s.reactor.React(s.ctx()))
	all, err := s.store.RunningOf(s.ctx(), ids)
	ok(s.t, err)
	return all
}

// move takes an entry to a place and, where a message is named, plans it there.
func (s *shop) move(e campaigns.Entry, position string, splits []string, plan ...deliveries.Delivery) {
	s.t.Helper()
	e.Position, e.ArrivedAt, e.WakeAt = position, s.clock(), time.Time{}
	ok(s.t, s.store.Apply(s.ctx(), s.clock(), []campaigns.Move{{Entry: e, Plan: plan, Splits: splits}}))
}

func textAt(step string) deliveries.Delivery {
	return deliveries.Delivery{
		Step: step, Channel: "sms", Topic: "service", Template: "note", DueAt: noon, ExpiresAt: noon.Add(72 * time.Hour),
		Ambiguous: deliveries.Hold, PlannedAt: noon,
	}
}

func TestASplitIsDecidedWhenItsTimeIsOver(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/split.yaml": split}))
	for _, id := range []string{"ben", "cleo"} {
		s.person(id)
	}
	entries := s.standing("ann", "ben", "cleo")
	s.move(entries[0], "0.0.0", []string{"0"}, textAt("0.0.0"))
	s.move(entries[1], "0.1.0", []string{"0"}, textAt("0.1.0"))
	s.move(entries[2], "0", []string{"0"})
	s.deliver()
	ok(t, s.store.Advance(s.ctx(), s.clock(), []deliveries.Progress{{ID: 2, Status: deliveries.Delivered, At: s.clock()}}))

	decide := func() map[string]string {
		ok(t, s.decider.Round(s.ctx()))
		travellers, err := s.store.Travellers(s.ctx(), []int64{entries[2].ID}, s.clock())
		ok(t, err)
		return travellers[0].Winners
	}
	s.later(4*time.Hour - time.Second)
	if winners := decide(); len(winners) != 0 {
		t.Errorf("decided before its time: %v", winners)
	}
	s.later(time.Second)
	if winners := decide(); winners["0"] != "b" {
		t.Errorf("the winner is %v", winners)
	}
	if again := decide(); s.told("split decided") != 1 || again["0"] != "b" {
		t.Errorf("decided %d times", s.told("split decided"))
	}
	ids, err := s.store.Awake(s.ctx(), s.clock(), time.Minute, 10)
	ok(t, err)
	if len(ids) == 0 || ids[len(ids)-1] != entries[2].ID {
		t.Errorf("awake are %v; who waited for the winner is %d", ids, entries[2].ID)
	}
}

// Through the whole of it: some take their path at once, the rest waits and takes
// the one that did better.
func TestTheRestTakesTheWinningPath(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/split.yaml": split}))
	for n := range 40 {
		s.person("p" + strconv.Itoa(n))
		s.happen("p"+strconv.Itoa(n), "Split")
	}
	ok(t, s.reactor.React(s.ctx()))
	s.travel()
	early := s.templates()
	if early["note"] == 0 || early["rate"] == 0 || early["note"]+early["rate"] == 40 {
		t.Fatalf("at first go out %v", early)
	}
	s.deliver()
	var heard []deliveries.Progress
	for _, d := range s.ledger() {
		if d.Template == "rate" {
			heard = append(heard, deliveries.Progress{ID: d.ID, Status: deliveries.Delivered, At: s.clock()})
		}
	}
	ok(t, s.store.Advance(s.ctx(), s.clock(), heard))
	s.later(4 * time.Hour)
	ok(t, s.decider.Round(s.ctx()))
	s.travel()
	if all := s.templates(); all["note"] != early["note"] || all["rate"] != 40-early["note"] {
		t.Errorf("in the end go out %v, at first %v", all, early)
	}
	s.person("late")
	s.plan("late", "Split")
	if all := s.templates(); all["note"]+all["rate"] != 41 {
		t.Errorf("who comes after the decision gets nothing: %v", all)
	}
}

// templates counts the deliveries by what they say.
func (s *shop) templates() map[string]int {
	counts := map[string]int{}
	for _, d := range s.ledger() {
		counts[d.Template]++
	}
	return counts
}

// The clock starts with the first customer, whose own clock may be far ahead of
// the others': their message alone decides nothing.
func TestASplitWaitsForMessagesThatHadTheirTime(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/split.yaml": split}))
	s.person("ben")
	entries := s.standing("ann", "ben")
	s.move(entries[0], "0.0.0", []string{"0"}, textAt("0.0.0"))
	s.deliver()
	decided := func() int {
		ok(t, s.decider.Round(s.ctx()))
		return s.told("split decided")
	}
	s.later(4 * time.Hour)
	s.move(entries[1], "0.1.0", []string{"0"}, textAt("0.1.0"))
	s.deliver()
	ok(t, s.store.Advance(s.ctx(), s.clock(), []deliveries.Progress{{ID: 2, Status: deliveries.Delivered, At: s.clock()}}))
	if decided() != 0 {
		t.Error("decided though the second message went out just now")
	}
	s.later(4*time.Hour - time.Second)
	if decided() != 0 {
		t.Error("decided before the second message had its time")
	}
	s.later(time.Second)
	if decided() != 1 {
		t.Error("not decided though both messages had their time")
	}
}

func TestASplitIsDecidedAtTheLatestByWhatIsKnown(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/split.yaml": strings.Replace(split, "min_sample: 1", "min_sample: 2", 1)}))
	entries := s.standing("ann")
	s.move(entries[0], "0", []string{"0"})
	s.later(12*time.Hour - time.Second)
	ok(t, s.decider.Round(s.ctx()))
	early := s.told("split decided")
	s.later(time.Second)
	ok(t, s.decider.Round(s.ctx()))
	travellers, err := s.store.Travellers(s.ctx(), []int64{entries[0].ID}, s.clock())
	ok(t, err)
	if early != 0 || travellers[0].Winners["0"] != "a" {
		t.Errorf("decided early %d times, in the end for %v", early, travellers[0].Winners)
	}
}

// Neither a pause nor the hours in which nobody is contacted are time in which
// messages could have done what counts.
func TestASplitWaitsForMessagesThatMayNotGo(t *testing.T) {
	patient := strings.Replace(split, "min_sample: 1", "min_sample: 2", 1)
	for name, c := range map[string]struct {
		file   string
		before func(*shop) (after func())
	}{
		"a pause": {patient, func(s *shop) func() {
			pauser := campaigns.Pauser{Catalog: s.catalog, Brake: s.store, Now: s.clock}
			ok(t, pauser.Pause(s.ctx(), "split", "", "cli"))
			return func() { ok(t, pauser.Resume(s.ctx(), "split")) }
		}},
		"hours": {patient + "contact: {hours: [\"09:00-12:00\"]}\n", func(*shop) func() { return func() {} }}, // it is 13:00
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, with(map[string]string{"campaigns/split.yaml": c.file}))
			s.move(s.standing("ann")[0], "0.0.0", []string{"0"}, textAt("0.0.0"))
			after := c.before(s)
			decides := func(want int) {
				t.Helper()
				s.deliver()
				ok(t, s.decider.Round(s.ctx()))
				if s.told("split decided") != want {
					t.Errorf("at %s it is decided %d times, want %d", s.clock(), s.told("split decided"), want)
				}
			}
			for range 20 {
				s.later(time.Hour)
				decides(0)
			}
			after()
			s.deliver()
			s.stands(deliveries.Sent, "")
			s.later(12*time.Hour - time.Second)
			decides(0)
			s.later(time.Second)
			decides(1)
		})
	}
}

// By their own clocks a few come a day before the others.
func TestTheFirstClockDecidesForNobody(t *testing.T) {
	_, steps, _ := strings.Cut(strings.ReplaceAll(strings.ReplaceAll(split, "sms:", "email:"), "rate", "note"), "steps:\n")
	s := open(t, with(nil))
	s.setClock(time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC))
	s.apply(with(map[string]string{
		"campaigns/sale.yaml": strings.Replace(saleAtTen, "  - {email: note}\n", strings.Replace(steps, "min_sample: 1", "min_sample: 12", 1), 1),
	}))
	for n := range 40 {
		s.live("p"+strconv.Itoa(n), "Europe/Berlin", "", "DE")
		s.live("k"+strconv.Itoa(n), "Pacific/Auckland", "", "NZ")
	}
	decided := func() (at time.Time) {
		points, err := s.store.Splits().Latest(s.ctx())
		ok(t, err)
		return points[0].DecidedAt
	}
	for range 4 * 48 {
		ok(t, s.schedule.Round(s.ctx()))
		s.enter()
		s.travel()
		s.deliver()
		ok(t, s.decider.Round(s.ctx()))
		s.later(15 * time.Minute)
	}
	if want := time.Date(2026, 10, 25, 13, 0, 0, 0, time.UTC); !decided().Equal(want) { // Berlin's letters at nine, UTC
		t.Errorf("decided at %s, want %s", decided(), want)
	}
}

// slowSplits take their time to count.
type slowSplits struct {
	campaigns.Splits
	s      *shop
	takes  time.Duration
	looked []string
}

func (c *slowSplits) Results(ctx context.Context, at campaigns.SplitPoint, paths []campaigns.SplitPath, by deliveries.Status, taken time.Time) ([]campaigns.PathResult, error) {
	c.looked = append(c.looked, at.Step)
	c.s.later(c.takes)
	return c.Splits.Results(ctx, at, paths, by, taken)
}

// Counting the messages of splits may take long. No round goes on with it, and no
// split is counted again before long.
func TestSplitsThatTakeLongToCountHoldUpNothing(t *testing.T) {
	patient := strings.Replace(split, "min_sample: 1", "min_sample: 100", 1)
	_, again, _ := strings.Cut(patient, "steps:\n")
	s := open(t, with(map[string]string{"campaigns/split.yaml": patient + strings.Replace(again, "words", "again", 1)}))
	s.move(s.standing("ann")[0], "0", []string{"0", "1"})
	slow := &slowSplits{Splits: s.store.Splits(), s: s, takes: 10 * time.Second}
	s.decider.Splits = slow
	s.later(4 * time.Hour)
	round := func(later time.Duration, want ...string) {
		t.Helper()
		s.later(later)
		slow.looked = nil
		ok(t, s.decider.Round(s.ctx()))
		if !slices.Equal(slow.looked, want) {
			t.Errorf("looked at %v, want %v", slow.looked, want)
		}
	}
	round(0, "0")
	round(time.Second, "1")
	round(time.Second)
	round(200*time.Second, "0")
	round(time.Second, "1")
}

// Splits that cannot be decided, however many and old, keep no other from it.
func TestNoSplitWaitsForOthers(t *testing.T) {
	s := open(t, with(map[string]string{"campaigns/split.yaml": split}))
	entry := s.standing("ann")[0]
	var gone []string
	for n := range 150 {
		gone = append(gone, strconv.Itoa(1+n))
	}
	s.move(entry, "0", gone)
	s.later(time.Hour)
	running, err := s.store.RunningOf(s.ctx(), []string{"ann"})
	ok(t, err)
	s.move(running[0], "0", []string{"0"})
	s.later(12 * time.Hour)
	ok(t, s.decider.Round(s.ctx()))
	if s.told("split decided") != 1 {
		t.Error("the split was not decided")
	}
}
