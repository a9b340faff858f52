package campaigns

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTemplatesSeeTheWholeProfileAndMajorUnits(t *testing.T) {
	who := traveller()
	who.Customer.Orders.Count, who.Customer.Orders.Total = 2, 1999
	who.Customer.Traits = map[string]any{"favourite": "tea"}
	score := 4.0
	who.Answers = []Answer{{Ask: "csat", Score: &score, Text: "fine"}}
	got := ruleShop().Bindings(ruleCampaign(), who)

	customer := got["customer"].(map[string]any)
	for field, want := range map[string]any{"first_name": "Ann", "last_name": nil, "born_on": nil, "country": "DE", "pyramid": nil} {
		if value, named := customer[field]; !named || value != want {
			t.Errorf("customer.%s is %v (%v), want %v", field, value, named, want)
		}
	}
	orders := customer["orders"].(map[string]any)
	if orders["total"] != 19.99 || orders["average"] != 9.995 {
		t.Errorf("orders %v", orders)
	}
	if diff := cmp.Diff(map[string]any{"favourite": "tea", "visits": nil}, customer["traits"]); diff != "" {
		t.Errorf("traits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"csat": map[string]any{"score": 4.0, "choice": nil, "text": "fine"}}, got["answers"]); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if got["event"].(map[string]any)["order_id"] != "A1" || got["brand"].(map[string]any)["name"] != "Shop" || got["vars"] == nil {
		t.Errorf("bindings %v", got)
	}
}

func TestMoneyFollowsTheCurrency(t *testing.T) {
	for code, want := range map[string]float64{"EUR": 12.34, "JPY": 1234, "KWD": 1.234} {
		w := ruleShop()
		w.Currency = code
		if got := w.majorUnits(1234); got != want {
			t.Errorf("1234 minor units of %s are %v", code, got)
		}
		if got := w.MinorUnits(want); got != 1234 {
			t.Errorf("%v %s are %d minor units", want, code, got)
		}
	}
}
