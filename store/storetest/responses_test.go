package storetest

import (
	"fmt"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
)

func respond(t *testing.T, s *store.Store, all ...campaigns.Response) {
	t.Helper()
	if err := s.Responses().Apply(t.Context(), noon, all); err != nil {
		t.Fatal(err)
	}
}

// lineOf is a report's line on the timeline of a delivery's customer.
func lineOf(d deliveries.Delivery, name, key string) customers.Event {
	return customers.Event{
		Customer: d.Customer, Name: name, At: noon, ReceivedAt: noon, Key: key,
		Campaign: d.Campaign, Entry: d.Entry, Delivery: d.ID,
	}
}

func answer(d deliveries.Delivery, ask string, scale campaigns.Scale, score float64, at time.Time) *campaigns.Answer {
	return &campaigns.Answer{
		Entry: d.Entry, Customer: d.Customer, Delivery: d.ID, Ask: ask, Scale: scale, Score: &score, Text: "words", Channel: d.Channel, At: at,
	}
}

func TestAResponseIsAppliedInWhole(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, nil)[0]
		if err := s.Subscribe(t.Context(), d.Customer, channels.PushSubscription{Endpoint: "https://push.example/1"}, noon); err != nil {
			t.Fatal(err)
		}
		asleep := journeyOf(t, s, d.Entry)
		asleep.Entry.WakeAt = time.Time{}
		apply(t, s, asleep)
		address := loaded(t, s, d.Customer).Email
		respond(t, s, campaigns.Response{
			Event:        lineOf(d, "email answered", "k1"),
			Progress:     &deliveries.Progress{ID: d.ID, Status: deliveries.Answered, At: noon},
			Answer:       answer(d, "csat", campaigns.CSAT5, 2, noon),
			Suppression:  &customers.Suppression{Channel: channels.Email, Address: address, Reason: "complained", At: noon},
			Consents:     []customers.Consent{{Customer: d.Customer, Topic: "marketing", Channel: channels.Email, In: false, At: noon, Source: "one_click"}},
			Case:         &customers.Case{Customer: d.Customer, Campaign: d.Campaign, Entry: d.Entry, Queue: "recovery", Priority: customers.High, Title: "Unhappy", Why: "low_score", OpenedAt: noon},
			GoneEndpoint: "https://push.example/1",
		})
		traveller := travellers(t, s, d.Entry)[0]
		c := traveller.Customer
		if traveller.Deliveries[0].Status != deliveries.Answered || len(traveller.Answers) != 1 || *traveller.Answers[0].Score != 2 {
			t.Errorf("the journey knows %+v", traveller)
		}
		same(t, "score", c.CSAT, customers.Score{Last: 2, Sum: 2, Count: 1})
		if c.Suppressed[channels.Email] != "complained" || c.Consented("marketing", channels.Email, true) || c.Cases.Open != 1 || len(c.Browsers) != 0 {
			t.Errorf("the customer is %+v", c)
		}
		if !awake(t, s, d.Entry) {
			t.Error("the entry does not know")
		}
		same(t, "timeline", names(t, s, d.Customer), []string{"email sent", "email answered", "case opened"})
	})
}

// Providers repeat themselves: with the same key, with another key and the same
// meaning, in one request and in many.
func TestARepeatedReportHasNoEffect(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, nil)[0]
		first := campaigns.Response{Event: lineOf(d, "email answered", "k1"), Answer: answer(d, "csat", campaigns.CSAT5, 5, noon)}
		first.Event.ProviderKey = "p1"
		otherKey, otherProvider := first, first
		otherKey.Event.Key, otherProvider.Event.ProviderKey = "k2", "p2"
		respond(t, s, first, first, otherKey)
		respond(t, s, otherProvider)
		respond(t, s, otherKey)
		same(t, "score", loaded(t, s, d.Customer).CSAT, customers.Score{Last: 5, Sum: 5, Count: 1})
		same(t, "timeline", names(t, s, d.Customer), []string{"email sent", "email answered"})
	})
}

// What a report makes of a message and that it came is one piece of news.
func TestAReportWakesItsJourneyOnce(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 2, nil)
		for i, r := range []campaigns.Response{
			{Event: lineOf(d[0], "email delivered", "1"), Progress: &deliveries.Progress{ID: d[0].ID, Status: deliveries.Delivered, At: noon}},
			{Event: lineOf(d[0], "email delivered", "2"), Progress: &deliveries.Progress{ID: d[0].ID, Status: deliveries.Delivered, At: noon}},
			{Event: lineOf(d[0], "email opened", "3")},
		} {
			for _, one := range d {
				asleep := journeyOf(t, s, one.Entry)
				asleep.Entry.WakeAt = time.Time{}
				apply(t, s, asleep)
			}
			before := journeyOf(t, s, d[0].Entry).Entry
			respond(t, s, r, campaigns.Response{Event: lineOf(d[1], "email opened", fmt.Sprint("other ", i))})
			after := journeyOf(t, s, d[0].Entry).Entry
			if after.Revision != before.Revision+1 || !after.WakeAt.Equal(noon) {
				t.Errorf("report %d takes the journey from revision %d to %d, awake at %s", i+1, before.Revision, after.Revision, after.WakeAt)
			}
			if !awake(t, s, d[1].Entry) {
				t.Errorf("report %d: another journey sleeps on", i+1)
			}
		}
	})
}

func TestTheFirstAnswerCounts(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, nil)[0]
		respond(t, s,
			campaigns.Response{Event: lineOf(d, "email answered", "k1"), Answer: answer(d, "csat", campaigns.CSAT5, 4, noon)},
			campaigns.Response{Event: lineOf(d, "email answered", "k2"), Answer: answer(d, "csat", campaigns.CSAT5, 1, noon)})
		respond(t, s, campaigns.Response{Event: lineOf(d, "email answered", "k3"), Answer: answer(d, "csat", campaigns.CSAT5, 2, noon)})
		answers := travellers(t, s, d.Entry)[0].Answers
		if len(answers) != 1 || *answers[0].Score != 4 {
			t.Errorf("the journey knows %+v", answers)
		}
		same(t, "score", loaded(t, s, d.Customer).CSAT, customers.Score{Last: 4, Sum: 4, Count: 1})
		if n := len(names(t, s, d.Customer)); n != 4 {
			t.Errorf("%d lines on the timeline", n)
		}
	})
}

func TestScoresAddUpByScale(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, nil)[0]
		respond(t, s,
			campaigns.Response{Event: lineOf(d, "email answered", "k1"), Answer: answer(d, "late", campaigns.CSAT5, 5, noon.Add(time.Minute))},
			campaigns.Response{Event: lineOf(d, "email answered", "k2"), Answer: answer(d, "early", campaigns.CSAT5, 3, noon)},
			campaigns.Response{Event: lineOf(d, "email answered", "k3"), Answer: answer(d, "nps", campaigns.NPS, 0, noon)},
			campaigns.Response{Event: lineOf(d, "email answered", "k4"), Answer: answer(d, "yes", campaigns.YesNo, 1, noon)})
		c := loaded(t, s, d.Customer)
		same(t, "csat", c.CSAT, customers.Score{Last: 5, Sum: 8, Count: 2})
		same(t, "nps", c.NPS, customers.Score{Last: 0, Sum: 0, Count: 1})
	})
}

func TestEngagementIsAPersonsLatestSign(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, nil)[0]
		sign := func(name, key string, at time.Time, bot bool) campaigns.Response {
			e := lineOf(d, name, key)
			e.At = at
			if bot {
				e.Name += campaigns.ByMachine
			}
			return campaigns.Response{Event: e}
		}
		later := noon.Add(time.Hour)
		respond(t, s,
			sign("email opened", "1", later, false), sign("email opened", "2", noon, false),
			sign("email clicked", "3", noon, false), sign("email clicked", "4", later, true),
			sign("sms replied", "5", noon, false), sign("sms answered", "6", later, false),
			sign("push clicked", "7", noon, false), sign("push delivered", "8", later, false))
		respond(t, s, sign("email opened", "9", noon.Add(-time.Hour), false))
		same(t, "engagement", loaded(t, s, d.Customer).Engagement, customers.Engagement{
			EmailOpenedAt: later, EmailClickedAt: noon, SMSRepliedAt: later, PushClickedAt: noon, WroteAt: noon,
		})
	})
}

func TestStartLiftsAnOptOut(t *testing.T) {
	Each(t, func(t *testing.T, s *store.Store) {
		d := sent(t, s, 1, nil)[0]
		phone := loaded(t, s, d.Customer).Phone
		block := customers.Suppression{Channel: channels.SMS, Address: phone, Reason: channels.ReasonOptedOut, At: noon}
		respond(t, s, campaigns.Response{Event: lineOf(d, "sms unsubscribed", "1"), Suppression: &block})
		if loaded(t, s, d.Customer).Suppressed[channels.SMS] == "" {
			t.Fatal("the opt-out was not kept")
		}
		respond(t, s, campaigns.Response{Event: lineOf(d, "sms resubscribed", "2"), Release: &block})
		if got := loaded(t, s, d.Customer).Suppressed; len(got) != 0 {
			t.Errorf("still suppressed: %v", got)
		}
		respond(t, s, campaigns.Response{Event: lineOf(d, "sms unsubscribed", "1"), Suppression: &block})
		if got := loaded(t, s, d.Customer).Suppressed; len(got) != 0 {
			t.Errorf("an old opt-out told twice suppressed again: %v", got)
		}
	})
}
