package expression_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
)

var noon = time.Date(2026, time.June, 15, 12, 0, 0, 0, time.UTC)

// ada bought, answered and was contacted; nobody knows her tier or her city.
func ada() *customers.Customer {
	return &customers.Customer{
		ID: "ada", Email: "ada@shop.example", Phone: "+4915112345678", FirstName: "Ada", Country: "DE", Kind: "consumer",
		BornOn: time.Date(1990, 6, 15, 0, 0, 0, 0, time.UTC), CreatedAt: noon.Add(-100 * 24 * time.Hour),
		Tags:       []string{"vip", "early"},
		Traits:     map[string]any{"birthday_club": true, "shoe_size": 38.5, "favourite": "tea", "renewed_on": time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)},
		Orders:     customers.OrderTotals{Count: 3, Total: 9990, Returned: 1, FirstAt: noon.Add(-30 * 24 * time.Hour), LastAt: noon.Add(-36 * time.Hour)},
		RFM:        customers.RFM{Recency: 5, Frequency: 3},
		Pyramid:    "big",
		Points:     120,
		NPS:        customers.Score{Last: 8, Sum: 17, Count: 2},
		CSAT:       customers.Score{Last: 2, Sum: 7, Count: 2},
		Cases:      customers.CaseTotals{Open: 1, LastAt: noon.Add(-time.Hour)},
		Contacted:  customers.Contacted{LastAt: noon.Add(-25 * time.Hour), Last7d: 2},
		Engagement: customers.Engagement{EmailOpenedAt: noon.Add(-time.Minute)},
		Consents:   []customers.Consent{{Topic: "marketing", Channel: channels.SMS, In: true}, {Topic: "service", Channel: channels.Call, In: false}},
		Suppressed: map[channels.Channel]string{channels.Call: "opted_out"},
	}
}

func moment() expression.Moment {
	score := 2.0
	return expression.Moment{
		Now: noon, Customer: ada(),
		Event: map[string]any{
			"total": 50.0, "order_id": "A1", "gift": true, "items": []any{"tea", "cup"}, "at": "2026-06-14T12:00:00Z",
			"Order ID": "A-1", "address": map[string]any{"city": "Berlin"}, "none": nil, "huge": math.Inf(1), "exact": json.Number("7"), "count": 3,
		},
		Answers: map[string]expression.Answer{"csat": {Score: &score, Text: "slow"}},
		Steps:   map[string]string{"csat": "answered"},
		Counts: map[string]int64{
			expression.Count{Event: "Order Completed"}.Key():                             3,
			expression.Count{Event: "Order Completed", Within: 7 * 24 * time.Hour}.Key(): 1,
		},
	}
}

func TestConditionsThatHold(t *testing.T) {
	for _, source := range []string{
		// The profile.
		`id == "ada" and email endsWith "@shop.example" and phone startsWith "+49" and kind == "consumer"`,
		`first_name matches "^A" and first_name < "B" and first_name > "AZ"`,
		`born_on == "1990-06-15" and created_at < "2026-06-01" and days_since(created_at) == 100`,
		`"vip" in tags and tags contains "early" and "gold" not in tags`,
		`traits.birthday_club and traits.shoe_size == 38.5 and traits.favourite in ["tea", "coffee"] and traits.renewed_on < now()`,
		// Orders: money in major units, periods rounded down.
		`orders.count == 3 and orders.total == 99.9 and orders.average == 33.3 and orders.returned == 1`,
		`days_to_anniversary(born_on) == 0 and days_to_anniversary(traits.renewed_on) == 320`,
		`orders.days_between == 14.25 and days_since(orders.last_at) == 1 and hours_since(orders.last_at) == 36`,
		`days_since("2026-06-15 11:59") == 0 and days_since("2026-06-15 12:01") == -1`,
		// Scores and pressure.
		`rfm.recency == 5 and rfm.monetary == nil and pyramid == "big"`,
		`nps.score == 8 and nps.group == "passive" and csat.last == 2 and csat.average == 3.5 and cases.open == 1`,
		`points.balance % 50 == 20 and -points.balance % 50 == -20`,
		`contacted.last_7d == 2 and hours_since(contacted.last_at) == 25 and engagement.email_opened_at > "2026-06-15"`,
		// May be and can be contacted.
		`consent("marketing", "sms") and not consent("marketing", "email") and consent("service", "email") and not consent("service", "call")`,
		`reachable("email") and reachable("sms") and not reachable("call") and not reachable("push")`,
		`did("Order Completed") == 3 and did("Order Completed", "7d") == 1 and did("Order Completed", "2023-01-01", "2024-01-01") == 0`,
		`in_segment("gold")`,
		// What is not known.
		`tier == nil and tier == "" and tier != "gold" and not (tier == "gold")`,
		`not (tier < "x") and not (tier >= "x") and not (tier contains "x") and not (tier matches ".") and tier not in ["gold"]`,
		`orders.count / 0 == nil and not (orders.count / 0 > 1) and not (orders.count / 0 < 1) and orders.count % 0 == nil`,
		`days_since(engagement.sms_replied_at) == nil and not (days_since(engagement.sms_replied_at) > 3)`,
		`nil == nil and (tier == nil ? "none" : tier) == "none" and (tier == "x" ? 1 : nil) == nil`,
		// The event, the answers, the steps.
		`event.total >= 20 and event["Order ID"] == "A-1" and event.address.city == "Berlin" and event.gift`,
		`"tea" in event.items and event.items contains "cup" and event.order_id in ["A1", "A2"] and event.order_id startsWith "A"`,
		`event.exact == 7 and event.count * 2 == 6 and event.count % 2 == 1 and event.total / 4 == 12.5`,
		`event.at < now() and days_since(event.at) == 1 and event.at >= created_at`,
		`event.missing == nil and event.none == nil and event.huge == nil and event.address == nil and event.total.deeper == nil`,
		`event.total != "50" and not (event.total == "50") and not (event.total > "1") and not event.total and not (event.gift >= event.gift)`,
		`answers.csat.score <= 2 and answers.csat.text == "slow" and answers.csat.choice == nil and answers.comment.score == nil`,
		`steps.csat.status == "answered" and steps["follow-up"].status == nil`,
		// Operators.
		`1 < orders.count < 5 and orders.count in [1, 2, 3] and orders.count not in [4]`,
		`true and not false or false`, `!false && (false || true)`, `(orders.count > 2) == true`, `1 + 2 * 3 - 4 / 2 == 5 and 0.1 + 0.2 != 0.3`,
		`traits.birthday_club in [true] and created_at in ["2026-03-07 12:00"]`,
	} {
		p := compile(t, source, journey())
		if !p.Holds(moment()) {
			t.Errorf("does not hold: %s", source)
		}
		if expression.Not(p).Holds(moment()) {
			t.Errorf("its opposite holds too: %s", source)
		}
	}
}

// A moment without a customer is one about whom nothing is known.
func TestNobodyIsKnown(t *testing.T) {
	for source, want := range map[string]bool{
		`orders.count == nil and tier == nil and traits.shoe_size == nil and event.total == nil`: true,
		`reachable("sms")`: false, `consent("service", "sms")`: true, `consent("marketing", "sms")`: false,
		`traits.birthday_club`: false, `contacted.last_7d == nil`: true, `now() == nil`: true, `"vip" in tags`: false,
	} {
		if got := compile(t, source, journey()).Holds(expression.Moment{}); got != want {
			t.Errorf("%s: %v", source, got)
		}
	}
}

func TestEvalGivesPlainValues(t *testing.T) {
	scope := journey()
	scope.Want = expression.Any
	for source, want := range map[string]any{
		`event.total * 2`:                    100.0,
		`event.order_id`:                     "A1",
		`event.gift`:                         true,
		`event.address`:                      nil,
		`orders.total`:                       99.9,
		`born_on`:                            time.Date(1990, 6, 15, 0, 0, 0, 0, time.UTC),
		`now()`:                              noon,
		`tier`:                               nil,
		`orders.count > 2 ? "many" : "few"`:  "many",
		`traits.birthday_club`:               true,
		`- orders.count`:                     -3.0,
		`orders.count > 2 ? event.total : 1`: 50.0,
	} {
		if got := compile(t, source, scope).Eval(moment()); got != want {
			t.Errorf("%s is %v (%T), want %v", source, got, got, want)
		}
	}
}

// Databases hold milliseconds: a finer time in memory must not differ from them.
func TestTimesHaveMilliseconds(t *testing.T) {
	m := moment()
	m.Customer.CreatedAt = time.Date(2026, 5, 1, 0, 0, 0, 999, time.UTC)
	if !compile(t, `created_at == "2026-05-01"`, journey()).Holds(m) {
		t.Error("nanoseconds tell two times apart")
	}
}
