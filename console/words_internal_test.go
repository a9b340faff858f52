package console

import (
	"testing"
	"time"

	"rapport/customers"
)

func TestReasonsAreToldInWords(t *testing.T) {
	if got := reasons(map[string]int64{"hard": 2, "30007": 1}); got != "1 30007, 2 hard (the mailbox does not exist)" {
		t.Errorf("the overview says %q", got)
	}
	reason := map[string]any{"reason": "hard"}
	for want, e := range map[string]customers.Event{
		"reason: hard: the mailbox does not exist": {Name: "email bounced", Delivery: 7, Properties: reason},
		"reason: hard": {Name: "Order Cancelled", Properties: reason}, // the shop's own word
	} {
		if got := details(e); got != want {
			t.Errorf("%s is told as %q, want %q", e.Name, got, want)
		}
	}
}

// A shop's event may have a property of that name too, and a case a large number.
// Numbers are told as they were sent, and what holds others as JSON.
func TestValuesAreToldAsTheyWereSent(t *testing.T) {
	e := customers.Event{Name: "Order Completed", Properties: map[string]any{
		"order_id": 100234567.0, "total": 1500000.0, "part": 0.1, "gift": true,
		"products": []any{map[string]any{"price": 40.0, "name": "a <b> & c"}},
	}}
	want := `gift: true · order id: 100234567 · part: 0.1 · products: [{"name":"a <b> & c","price":40}] · total: 1500000`
	if got := details(e); got != want {
		t.Errorf("told as %s", got)
	}
}

func TestWhatAHeldMessageWaitsFor(t *testing.T) {
	line := customers.Line{Status: "planned", Reason: "quiet_hours_expired", Until: time.Date(2026, 5, 3, 7, 0, 0, 0, time.UTC)}
	berlin := time.FixedZone("CEST", 2*3600)
	for reason, want := range map[string]string{
		"quiet_hours_expired": "waits until Sun 3 May 2026, 09:00: contact hours",
		"over_budget":         "waits until Sun 3 May 2026, 09:00: the budget is used up",
		"":                    "waits until Sun 3 May 2026, 09:00",
	} {
		line.Reason = reason
		if got := standing(line, line.Until.Add(-time.Hour), berlin); got != want {
			t.Errorf("%q: %q", reason, got)
		}
	}
	if got := standing(line, line.Until, berlin); got != "leaves now" {
		t.Error(got)
	}
	if got := standing(customers.Line{Status: "failed", Reason: "21610"}, line.Until, berlin); got != "failed (21610)" {
		t.Error(got)
	}
}

func TestWhichCaseAnEventIsAbout(t *testing.T) {
	for want, e := range map[int64]customers.Event{
		2_000_000: {Name: "case opened", Properties: map[string]any{"case": 2e6}},
		0:         {Name: "Order Placed", Properties: map[string]any{"case": 7.0}},
	} {
		if got := caseOf(e); got != want {
			t.Errorf("%s is about case %d, want %d", e.Name, got, want)
		}
	}
}
