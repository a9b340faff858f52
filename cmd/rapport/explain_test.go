package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/customers"
)

func TestExplainTellsTheValuesThatDecide(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	address := "127.0.0.1:" + freePort(t)
	startUp(t, data, address)
	t.Setenv("RAPPORT_LISTEN", address)
	if _, errOut, code := rapport(t, "follow-up", "follow-up", "c00001", "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	if _, errOut, code := rapport(t, "pause", "advent-sale", "--why", "not yet", "--data", data); code != 0 {
		t.Fatal(errOut)
	}
	out, errOut, code := rapport(t, "explain", "advent-sale", "c00001", "--data", data)
	for _, want := range []string{
		"advent-sale: ", "Before a journey begins, with the values of today", "orders.count >= 1 (", "cases.open > 0 (0): no", "yes: never was in it",
		"holdout    ", "advent-sale: paused since ", ": not yet",
	} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, the account lacks %q:\n%s%s", code, want, out, errOut)
		}
	}
	out, _, _ = rapport(t, "explain", "follow-up", "c00001", "--format", "json", "--data", data)
	var told explanation
	if err := json.Unmarshal([]byte(out), &told); err != nil || len(told.Journeys) != 1 || told.Today == nil || told.Today.Again {
		t.Fatalf("as JSON: %v: %s", err, out)
	}
}

// An event that stands on the timeline and has begun nothing is told with why.
func TestExplainTellsWhyAnEventBeganNothing(t *testing.T) {
	data, draft := filepath.Join(t.TempDir(), "data"), t.TempDir()
	if err := os.CopyFS(draft, os.DirFS(shopFolder)); err != nil {
		t.Fatal(err)
	}
	orders := filepath.Join(t.TempDir(), "orders.csv")
	people := filepath.Join(t.TempDir(), "people.csv")
	thanks := filepath.Join(draft, "campaigns/thanks.yaml")
	for path, content := range map[string]string{
		people: "id,email\nc1,c1@home.example\nc2,c2@home.example\n",
		orders: "id,customer,at,total\nA1,c1,2026-03-01,80\n",
		thanks: strings.Replace(tried, "campaign: tried", "campaign: thanks", 1) +
			"trigger: {event: Order Completed, where: event.total > 50}\nentry: {key: event.order_id}\nsteps:\n  - email: welcome\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"apply", draft}, {"import", "customers", people}, {"import", "orders", orders}} {
		if out, errOut, code := rapport(t, append(args, "--data", data)...); code != 0 {
			t.Fatal(out, errOut)
		}
	}
	for who, want := range map[string]string{
		"c1": `never entered: "Order Completed" has come as history only (an import, or /v1/history), which begins nothing`,
		"c2": `never entered: no event "Order Completed" has come`,
	} {
		if out, errOut, code := rapport(t, "explain", "thanks", who, "--data", data); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d, no %q in %s%s", who, code, want, out, errOut)
		}
	}
	files, err := campaigns.ReadFolder(os.DirFS(draft))
	if err != nil {
		t.Fatal(err)
	}
	workspace, problems := campaigns.Load(files)
	campaign, now := workspace.Campaigns["thanks"], time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	if campaign == nil {
		t.Fatal(problems)
	}
	today := expression.Moment{Now: now, Customer: &customers.Customer{ID: "c1"}}
	event := func(name string, live bool, properties map[string]any) customers.Event {
		return customers.Event{Name: name, At: now, Live: live, Properties: properties}
	}
	for want, e := range map[string]customers.Event{
		`no event "Order Completed" has come; "order completed", which has, is another`: event("order completed", true, nil),
		`has come as history only`: event("Order Completed", false, map[string]any{"order_id": "A1", "total": 80.0}),
		`no event "Order Completed" that satisfies its trigger has come (where: event.total > 50)`: event("Order Completed", true, map[string]any{"order_id": "A1"}),
		`has come without what tells its journeys apart (key: event.order_id)`:                     event("Order Completed", true, map[string]any{"total": 80.0}),
		`has come, while the campaign was not live`:                                                event("Order Completed", true, map[string]any{"order_id": "A1", "total": 80.0}),
	} {
		if why := whyNoneBegan(campaign, today, []customers.Event{e}); !strings.Contains(why, want) {
			t.Errorf("%+v: %s, want %s", e, why, want)
		}
	}
}
