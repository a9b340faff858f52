package rehearsal_test

import (
	"slices"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/rehearsal"
	"rapport/customers"
)

// What a person does once counts once, for the latest of their journeys that it may be
// for, whichever profile it comes by.
func TestAGoalEventCountsOnce(t *testing.T) {
	w, problems := campaigns.Load(map[string][]byte{
		"rapport.yaml": []byte("workspace: w\nbrand: {name: W, url: \"https://w.example\"}\nlocale: en\nzone: UTC\ncurrency: EUR\ntopics: [{id: news, title: News, default: in}]\nsenders: {email: {from: \"W <hello@w.example>\"}}\n"),
		"campaigns/weekly.yaml": []byte("campaign: weekly\nowner: m\ntopic: news\nstate: live\ntrigger: {cron: \"0 10 * * MON\"}\nentry: {again: always}\n" +
			"goal: {event: Order Completed, within: 30d, value: event.total}\nsteps:\n  - email: hello\n"),
		"templates/email/hello.liquid": []byte("---\nsubject: Hello\n---\n<mj-text>Hello</mj-text>\n"),
	})
	for _, p := range problems {
		t.Fatal(p)
	}
	start := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	test := campaigns.Test{
		Title: "four Mondays", Start: start, Until: start.AddDate(0, 0, 28), Zone: time.UTC, Campaigns: []string{"weekly"},
		Customers: []customers.Customer{
			{ID: "a1", Email: "ann@home.example", CreatedAt: start}, {ID: "a2", Email: "ann@home.example", CreatedAt: start}, {ID: "b1", Email: "bob@home.example", CreatedAt: start},
		},
	}
	order := func(id string, days int, total float64) {
		test.Script = append(test.Script, campaigns.Scene{At: start.AddDate(0, 0, days), Customer: id, Event: "Order Completed", With: map[string]any{"total": total}})
	}
	order("a1", 1, 10)
	order("a2", 22, 19.99)
	var worth []float64
	var on []int
	for _, l := range rehearsal.Rehearse(w, test).Lines {
		if l.Kind == rehearsal.GoalReached {
			total, _ := l.Value.(float64)
			worth, on = append(worth, total), append(on, l.Journey.EnteredAt.YearDay()-start.YearDay())
		}
	}
	if !slices.Equal(worth, []float64{10, 19.99}) || !slices.Equal(on, []int{0, 21}) {
		t.Errorf("the goal is reached with %v by the journeys of days %v", worth, on)
	}
	figures, err := rehearsal.Simulate(rehearsal.Simulation{
		Workspace: w, Campaign: "weekly", Start: test.Start, Until: test.Until, Audience: rehearsal.Scripted(test),
		Life: func(e campaigns.Entry) []campaigns.Scene {
			if e.Customer != "a1" || !e.EnteredAt.After(start.AddDate(0, 0, 20)) {
				return nil
			}
			return []campaigns.Scene{{At: e.EnteredAt.Add(time.Hour), Customer: "a1", Event: "Order Completed", With: map[string]any{"total": 45.0}}}
		},
	}, func(yield func(rehearsal.Newcomer, error) bool) {
		for _, c := range test.Customers {
			if !yield(rehearsal.Newcomer{Customer: &c}, nil) {
				return
			}
		}
	})
	if want := (rehearsal.GoalFigures{Contacted: 2, Reached: 1, Value: 45}); err != nil || *figures.Goal != want {
		t.Errorf("%v, the figures are %+v, want %+v", err, *figures.Goal, want)
	}
}
