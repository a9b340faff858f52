package workers_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// unseen is news whose reader is killed before it marks what it judged.
type unseen struct{ campaigns.News }

func (unseen) Seen(context.Context, []int64) error { return errKilled }

func TestAnEventStartsAJourneyOnceAlthoughJudgedTwice(t *testing.T) {
	s := open(t, files)
	s.happen("ann", "Texted")
	s.reactor.News = unseen{s.store}
	for range 3 {
		if err := s.reactor.React(s.ctx()); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
	}
	s.travel()
	s.deliver()
	s.travel() // the journey is over
	s.reactor.News = s.store
	ok(t, s.reactor.React(s.ctx()))
	s.travel()
	s.stands(deliveries.Sent, "")
	if pending, err := s.store.Pending(s.ctx(), 10); err != nil || len(pending) != 0 {
		t.Errorf("still pending: %v %v", pending, err)
	}
}

func TestAnExitEndsAJourney(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Delivered", "order", "A1")
	s.happen("ann", "Returned", "order", "A1")
	ok(t, s.reactor.React(s.ctx()))
	s.stands(deliveries.Skipped, string(deliveries.Exited))
	if running := s.runningEntries("ann"); len(running) != 0 {
		t.Errorf("still running: %v", running)
	}
}

// Journeys through one campaign are told apart by their key.
func TestTheKeyTellsJourneysApart(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Delivered", "order", "A1")
	s.plan("ann", "Delivered", "order", "A1")
	s.plan("ann", "Delivered", "order", "A2")
	if all := s.ledger(); len(all) != 2 {
		t.Fatalf("%d questions are planned for two orders", len(all))
	}
	s.happen("ann", "Returned", "order", "A2")
	ok(t, s.reactor.React(s.ctx()))
	if all := s.ledger(); all[0].Status != deliveries.Planned || all[1].Status != deliveries.Skipped {
		t.Errorf("A1 is %s, A2 is %s", all[0].Status, all[1].Status)
	}
}

// Events that are judged together count in the order they came.
func TestEventsJudgedTogetherKeepTheirOrder(t *testing.T) {
	for _, c := range []struct {
		name   string
		events []string
		runs   bool
	}{
		{"begun and ended", []string{"Delivered", "Returned"}, false},
		{"ended before it began", []string{"Returned", "Delivered"}, true},
		{"begun, ended and begun again", []string{"Delivered", "Returned", "Delivered"}, true},
		{"begun twice and ended", []string{"Delivered", "Delivered", "Returned"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, files)
			for _, event := range c.events {
				s.happen("ann", event, "order", "A1")
			}
			s.later(time.Minute)
			s.reactor.News = unseen{s.store}
			_ = s.reactor.React(s.ctx()) // is judged again below
			s.reactor.News = s.store
			ok(t, s.reactor.React(s.ctx()))
			if running := s.runningEntries("ann"); (len(running) == 1) != c.runs {
				t.Errorf("running: %v", running)
			}
		})
	}
}

func TestAnEventOfNobodyIsSeenAndForgotten(t *testing.T) {
	s := open(t, files)
	s.happen("nobody", "Texted")
	s.plan("ann", "Texted")
	if all := s.ledger(); len(all) != 1 || all[0].Customer != "ann" {
		t.Errorf("planned: %+v", all)
	}
	if pending, _ := s.store.Pending(s.ctx(), 10); len(pending) != 0 {
		t.Error("it is still pending")
	}
}

// A journey whose campaign no longer validates stands still; those of other
// campaigns do not notice.
func TestAStaleCampaignHoldsUpNoOther(t *testing.T) {
	s := open(t, files)
	s.catalog.Archive = rotten{s.store.Archive(), "survey"} // seen once its version is no longer the one in force
	s.person("ben")
	s.plan("ann", "Delivered", "order", "A1")
	s.plan("ann", "Texted")
	s.apply(with(map[string]string{"campaigns/survey.yaml": files["campaigns/survey.yaml"] + "priority: 10\n"}))

	s.deliver()
	all := s.ledger()
	if all[0].Status != deliveries.Planned || !all[0].DueAt.After(noon) {
		t.Errorf("what cannot be read is %s (%s), due at %s", all[0].Status, all[0].Reason, all[0].DueAt)
	}
	if all[1].Status != deliveries.Sent {
		t.Errorf("the other is %s (%s)", all[1].Status, all[1].Reason)
	}
	s.happen("ann", "Returned", "order", "A1")
	s.plan("ben", "Texted")
	s.travel()
	if !slices.Equal(s.runningEntries("ben"), []string{"text at 0"}) || slices.Contains(s.runningEntries("ann"), "text at 0") {
		t.Errorf("running: %v %v", s.runningEntries("ann"), s.runningEntries("ben"))
	}
}

// An answer whose question cannot be read at present is read later.
func TestAnAnswerOutlastsAStaleCampaign(t *testing.T) {
	s := open(t, files)
	s.asked()
	s.apply(with(map[string]string{"campaigns/survey.yaml": files["campaigns/survey.yaml"] + "priority: 10\n"}))
	s.catalog = &campaigns.Catalog{Archive: rotten{s.store.Archive(), "survey"}}
	s.wire()
	s.reply(phoneOf("ann"), "5")
	s.stands(deliveries.Sent, "")
	s.catalog = &campaigns.Catalog{Archive: s.store.Archive()}
	s.wire()
	s.later(2 * time.Minute)
	ok(t, s.reader.Read(s.ctx()))
	s.stands(deliveries.Answered, "")
}

// A STOP counts although the message that it answers cannot be read.
func TestAStopDoesNotWaitForAStaleCampaign(t *testing.T) {
	s := open(t, files)
	s.asked()
	s.apply(with(map[string]string{"campaigns/survey.yaml": files["campaigns/survey.yaml"] + "priority: 10\n"}))
	s.catalog = &campaigns.Catalog{Archive: rotten{s.store.Archive(), "survey"}}
	s.wire()
	s.reply(phoneOf("ann"), "STOP")
	if why := s.customer("ann").Suppressed[channels.SMS]; why != channels.ReasonOptedOut {
		t.Errorf("after a STOP she is suppressed for %q", why)
	}
}

// An event that cannot be judged holds up no other.
func TestAnEventThatCannotBeJudgedHoldsUpNoOther(t *testing.T) {
	s := open(t, files)
	s.person("ben")
	s.happen("ann", "Texted")
	s.happen("ben", "Texted")
	s.happen("ann", "Wrote")
	s.reactor.Entries = refusing{s.store, "ann", "text"}
	if err := s.reactor.React(s.ctx()); err == nil {
		t.Error("nobody is told")
	}
	if !slices.Equal(s.runningEntries("ben"), []string{"text at "}) || !slices.Equal(s.runningEntries("ann"), []string{"letter at "}) {
		t.Errorf("running: %v %v", s.runningEntries("ann"), s.runningEntries("ben"))
	}
	s.reactor.Entries = s.store
	ok(t, s.reactor.React(s.ctx()))
	s.wantJourneys("once it can be judged", "text", "ann", 1)
}

// refusing is a ledger that cannot write somebody's entry.
type refusing struct {
	campaigns.Entries
	customer, campaign string
}

func (r refusing) Enter(ctx context.Context, entries []campaigns.Entry, again campaigns.Again) ([]bool, error) {
	for _, e := range entries {
		if e.Customer == r.customer && e.Campaign == r.campaign {
			return nil, errKilled
		}
	}
	return r.Entries.Enter(ctx, entries, again)
}

// rotten is an archive in which the older versions of one campaign have gone
// bad, as when the program's rules became stricter.
type rotten struct {
	campaigns.Archive
	campaign string
}

func (r rotten) At(ctx context.Context, campaign string, version int) (campaigns.Applied, error) {
	applied, err := r.Archive.At(ctx, campaign, version)
	if err == nil && campaign == r.campaign {
		applied.Version = -1
		applied.Files = map[string][]byte{"rapport.yaml": []byte("workspace: [")}
	}
	return applied, err
}

// Entries that cannot be judged do not come before all others again and again.
func TestAStaleCampaignLeavesItsTurnToOthers(t *testing.T) {
	s := open(t, files)
	s.happen("ann", "Delivered", "order", "A1")
	ok(t, s.reactor.React(s.ctx()))
	s.apply(with(map[string]string{"campaigns/survey.yaml": files["campaigns/survey.yaml"] + "priority: 10\n"}))
	s.catalog = &campaigns.Catalog{Archive: rotten{s.store.Archive(), "survey"}}
	s.wire()
	s.travel()
	for minutes, want := range []int{0, 0, 0, 0, 0, 1} {
		awake, err := s.store.Awake(s.ctx(), s.clock(), time.Minute, 10)
		if err != nil || len(awake) != want {
			t.Errorf("%d minutes later %v are awake, %v", minutes, awake, err)
		}
		s.later(time.Minute)
	}
	s.catalog = &campaigns.Catalog{Archive: s.store.Archive()}
	s.wire()
	s.travel()
	s.stands(deliveries.Planned, "")
}

// eventful is a shop in which something happens all the time, for a while.
type eventful struct {
	campaigns.News
	stopping chan struct{} // closed when somebody asks for the first time
	asked    int
}

func (b *eventful) Pending(context.Context, int) ([]customers.Event, error) {
	if b.asked++; b.asked == 1 {
		close(b.stopping)
	}
	if b.asked > 5 {
		return nil, nil
	}
	return []customers.Event{{ID: int64(b.asked), Customer: "nobody", Name: "Texted"}}, nil
}

func TestAReactorThatIsToLeaveJudgesNoMore(t *testing.T) {
	s := open(t, files)
	news := &eventful{News: s.store, stopping: make(chan struct{})}
	s.reactor.News, s.reactor.Stopping = news, news.stopping
	ok(t, s.reactor.React(s.ctx()))
	if news.asked != 1 {
		t.Errorf("%d batches were judged", news.asked)
	}
}
