package expression_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"rapport/campaigns/expression"
	"rapport/campaigns/expression/expressiontest"
)

// agree checks that every part of a trace follows from its own parts, and gives
// the result.
func agree(t interface{ Fatalf(string, ...any) }, trace expression.Trace) bool {
	joined := trace.Join == "and"
	for _, part := range trace.Parts {
		holds := agree(t, part)
		switch trace.Join {
		case "and":
			joined = joined && holds
		case "or":
			joined = joined || holds
		case "not":
			joined = !holds
		default: // a segment
			joined = holds
		}
	}
	if len(trace.Parts) > 0 && joined != trace.Holds {
		t.Fatalf("%s is %v, its parts make %v", trace.Condition, trace.Holds, joined)
	}
	return trace.Holds
}

// A trace says what Holds says, its parts make the whole, and what it writes
// compiles to a condition that holds for the same customers.
func TestATraceAgreesWithTheCondition(t *testing.T) {
	scope := expressiontest.Scope()
	rapid.Check(t, func(t *rapid.T) {
		p := compile(t, expressiontest.Conditions().Draw(t, "condition"), scope)
		for _, person := range expressiontest.People(1, 5).Draw(t, "people") {
			m := momentOf(person)
			trace := p.Trace(m)
			if agree(t, trace) != p.Holds(m) {
				t.Fatalf("%s holds: %v, its trace says %v", p, p.Holds(m), trace.Holds)
			}
			if len(trace.Condition) > 4000 {
				continue // longer than a source may be
			}
			if again := compile(t, trace.Condition, scope); again.Holds(m) != trace.Holds {
				t.Fatalf("%s is written as %s, which is another condition", p, trace.Condition)
			}
		}
	})
}

// words is a trace in one line.
func words(trace expression.Trace) string {
	text := trace.Condition
	if len(trace.Parts) > 0 {
		text = trace.Join + "("
		for i, part := range trace.Parts {
			if i > 0 {
				text += ", "
			}
			text += words(part)
		}
		text += ")"
	}
	for _, s := range trace.Values {
		text += fmt.Sprintf(" [%s = %v]", s.Name, s.Value)
	}
	return fmt.Sprintf("%s: %v", text, trace.Holds)
}

func TestATraceTellsTheValues(t *testing.T) {
	scope := expressiontest.Scope()
	scope.Traits["birthday_club"] = expression.Bool
	scope.Event, scope.Answers, scope.Steps = true, []string{"csat"}, []string{"letter"}
	m := moment()
	for source, want := range map[string]string{
		"orders.count >= 5":                        "orders.count >= 5 [orders.count = 3]: false",
		`tier == "gold" or orders.count > 2`:       `or(tier == "gold" [tier = <nil>]: false, orders.count > 2 [orders.count = 3]: true): true`,
		"days_since(orders.last_at) < 2":           "days_since(orders.last_at) < 2 [days_since(orders.last_at) = 1]: true",
		`not consent("marketing", "sms")`:          `not(consent("marketing", "sms") [consent("marketing", "sms") = true]: true): false`,
		`reachable("call")`:                        `reachable("call") [reachable("call") = false]: false`,
		`in_segment("buyers")`:                     `buyers(orders.count > 0 [orders.count = 3]: true): true`,
		"traits.birthday_club":                     "traits.birthday_club [traits.birthday_club = true]: true",
		`"vip" in tags`:                            `"vip" in tags [tags = [vip early]]: true`,
		`country in ["DE", "AT"]`:                  `country in ["DE", "AT"] [country = DE]: true`,
		`did("Order Completed", "90d") >= 2`:       `did("Order Completed", "90d") >= 2 [did("Order Completed", "90d") = 0]: false`,
		"orders.total / orders.count > 30":         "(orders.total / orders.count) > 30 [orders.total = 99.9] [orders.count = 3]: true",
		`first_name matches "^A"`:                  `first_name matches "^A" [first_name = Ada]: true`,
		"created_at < now()":                       "created_at < now() [created_at = 2026-03-07 12:00:00 +0000 UTC] [now() = 2026-06-15 12:00:00 +0000 UTC]: true",
		`answers.csat.score <= 2`:                  "answers.csat.score <= 2 [answers.csat.score = 2]: true",
		`event["odd name"] == nil`:                 `event["odd name"] == nil [event["odd name"] = <nil>]: true`,
		`orders.last_at >= "2026-06-01"`:           `orders.last_at >= "2026-06-01" [orders.last_at = 2026-06-14 00:00:00 +0000 UTC]: true`,
		`(tier == nil ? points.balance : 0) > 100`: `(tier == nil ? points.balance : 0) > 100 [tier = <nil>] [points.balance = 120]: true`,
	} {
		p := compile(t, source, scope)
		if got := words(p.Trace(m)); got != want {
			t.Errorf("%s:\n got %s\nwant %s", source, got, want)
		}
	}
}
