package expression_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rapport/campaigns/expression"
	"rapport/campaigns/expression/expressiontest"
)

// known is what a journey knows of its one question and its one message.
func known() expression.Facts {
	return expression.Facts{}.WithScores("csat", 1, 5).WithStatuses("csat", "sent", "failed", "answered", "unanswered")
}

func TestWhatCannotHold(t *testing.T) {
	for source, why := range map[string]string{
		`answers.csat.score > 5`:                                               `answers.csat.score is 1 to 5 or not known, and more than 5 is asked for`,
		`answers.csat.score == 0`:                                              `answers.csat.score is 1 to 5 or not known, and 0 is asked for`,
		`answers.csat.score in [0, 6]`:                                         `answers.csat.score is 1 to 5 or not known, and 0 or 6 is asked for`,
		`steps.csat.status == "clicked"`:                                       `steps.csat.status is "answered", "failed", "sent", "unanswered" or not known, and "clicked" is asked for`,
		`orders.count > 5 and orders.count < 3`:                                `orders.count is at least 6, and less than 3 is asked for`,
		`orders.count > 5 and orders.count < 6`:                                `orders.count is at least 6, and less than 6 is asked for`,
		`tier == "gold" and tier == "silver"`:                                  `tier is "gold", and "silver" is asked for`,
		`tier == "gold" and (tier == "silver" or tier == nil)`:                 `tier is "gold", and "silver" is asked for`,
		`tier in ["gold", "silver"] and tier not in ["silver", "gold"]`:        `tier is "gold", "silver", and anything but "gold", "silver" is asked for`,
		`rfm.recency == 6`:                                                     `rfm.recency is 1 to 5 or not known, and 6 is asked for`,
		`nps.score == 11`:                                                      `nps.score is 0 to 10 or not known, and 11 is asked for`,
		`did("X") < 0`:                                                         `did("X", …) is at least 0, and less than 0 is asked for`,
		`orders.total > 50 and orders.total < 20`:                              `orders.total is more than 50, and less than 20 is asked for`,
		`days_since(orders.last_at) < 30 and days_since(orders.last_at) > 120`: `days_since(orders.last_at) is at most 29, and more than 120 is asked for`,
		`created_at < "2026-01-01" and created_at > "2026-02-01 10:00"`:        `created_at is less than 2026-01-01, and more than 2026-02-01 10:00 is asked for`,
		`reachable("sms") and not reachable("sms")`:                            `reachable("sms") holds, and the opposite is asked for`,
		`orders.last_at == nil and days_since(orders.last_at) > 3`:             `days_since(orders.last_at) is not known, and more than 3 is asked for`,
		`days_since(orders.last_at) > 3 and orders.last_at == nil`:             `days_since(orders.last_at) cannot be what is asked for`,
		`event.total > 20 and event.total == "20"`:                             ``,
		`not (tier == nil or tier != nil)`:                                     ``,
		`event.total > 20 and event.total <= 20`:                               `event.total is more than 20, and at most 20 is asked for`,
		`traits.birthday_club and traits.birthday_club == false`:               ``,
		`orders.count == nil`:                                                  `orders.count is at least 0, and not known is asked for`,
		`orders.count * 2 < -1`:                                                ``,
		`5 < rfm.recency`:                                                      ``,
		`"vip" in tags and "vip" not in tags`:                                  ``,
		`tier contains "g" and not (tier contains "g")`:                        ``,
		`false`:                                ``,
		`(tier == "a" ? orders.count : 7) < 0`: ``,
		`days_to_anniversary(born_on) > 366`:   ``,
	} {
		got, impossible := known().Assume(compile(t, source, journey()), true).Impossible()
		if !impossible || why != "" && got != why {
			t.Errorf("%s\nimpossible: %v, %q\nwant %q", source, impossible, got, why)
		}
	}
}

func TestWhatAlwaysHolds(t *testing.T) {
	for _, source := range []string{
		`true`, `orders.count >= 0`, `tier == nil or tier != nil`, `orders.count > 3 or orders.count <= 3`,
		`not (answers.csat.score > 5)`, `reachable("sms") or not reachable("sms")`, `steps.csat.status != "clicked"`,
		`nps.score == nil or nps.score <= 10`, `rfm.recency < 3 or rfm.recency >= 3 or rfm.recency == nil`,
	} {
		if _, impossible := known().Assume(compile(t, source, journey()), false).Impossible(); !impossible {
			t.Errorf("%s always holds, and that was not found", source)
		}
	}
}

// What may hold for somebody is not called impossible, however odd.
func TestWhatMayHold(t *testing.T) {
	for _, source := range []string{
		`answers.csat.score > 4.5`, `tier == nil and tier != "gold"`, `orders.total < 0`, `points.balance < 0`, `not (tier < "a") and not (tier >= "a")`,
		`event.at < now() and event.at == "2026-01-01"`, `event.total != 20 and event.total != "20"`, `event.total == "2026-01-01" and event.total < now()`,
		`orders.total / orders.count > 1 and orders.count == 0 or orders.total / orders.count == nil`, `days_since(created_at) < 0`,
		`answers.comment.score > 5`, `event.tags contains "a" and event.tags != "a"`, `event.a > 1 and event.b < 1`, `tier > "b" and tier < "a"`,
	} {
		p := compile(t, source, journey())
		if why, impossible := known().Assume(p, true).Impossible(); impossible {
			t.Errorf("%s: %s", source, why)
		}
		if _, always := known().Assume(p, false).Impossible(); always {
			t.Errorf("%s: called certain", source)
		}
	}
}

// What is called impossible holds for none of the generated customers, and what
// follows from conditions that hold for one is true of that one.
func TestFactsAreTrueOfEverybody(t *testing.T) {
	scope := expressiontest.Scope()
	conditions := rapid.OneOf(expressiontest.Conditions(), narrow())
	impossibles := 0
	rapid.Check(t, func(t *rapid.T) {
		var programs []*expression.Program
		for _, source := range rapid.SliceOfN(conditions, 1, 4).Draw(t, "conditions") {
			programs = append(programs, compile(t, source, scope))
		}
		for _, person := range expressiontest.People(1, 8).Draw(t, "people") {
			m := momentOf(person)
			m.Counts = countsOf(person, programs)
			facts := expression.Facts{}
			for _, p := range programs {
				if why, impossible := facts.Assume(p, !p.Holds(m)).Impossible(); impossible {
					impossibles++
				} else if why != "" {
					t.Fatalf("a reason without a finding: %s", why)
				}
				facts = facts.Assume(p, p.Holds(m))
				if why, impossible := facts.Impossible(); impossible {
					t.Fatalf("%s: %v, which was called impossible: %s", p, p.Holds(m), why)
				}
			}
			either := facts.Or(expression.Facts{}.Assume(programs[0], !programs[0].Holds(m)))
			for _, p := range programs {
				if why, impossible := either.Assume(p, p.Holds(m)).Impossible(); impossible {
					t.Fatalf("one or the other: %s: %v, which was called impossible: %s", p, p.Holds(m), why)
				}
			}
		}
	})
	if impossibles == 0 {
		t.Error("no impossible situation was met; the test shows nothing")
	}
}

// countsOf counts what happened as a store would.
func countsOf(p expressiontest.Person, programs []*expression.Program) map[string]int64 {
	counts := map[string]int64{}
	for _, program := range programs {
		for _, k := range program.Counts() {
			from, until := k.Span(expressiontest.Now)
			n := int64(0)
			for _, e := range p.Events {
				if e.Name == k.Event && !e.At.Before(from) && (until.IsZero() || e.At.Before(until)) {
					n++
				}
			}
			counts[k.Key()] = n
		}
	}
	return counts
}

// narrow generates conditions about few fields, which contradict each other
// often.
func narrow() *rapid.Generator[string] {
	comparison := rapid.Custom(func(t *rapid.T) string {
		op := rapid.SampledFrom([]string{"==", "!=", "<", "<=", ">", ">="}).Draw(t, "op")
		equal := rapid.SampledFrom([]string{"==", "!="}).Draw(t, "equal")
		word := rapid.SampledFrom([]string{`"gold"`, `"silver"`, "nil"}).Draw(t, "word")
		number := rapid.SampledFrom([]string{"orders.count", "nps.score", "csat.last", "rfm.recency", "orders.total", "(orders.total / 2)", "days_since(created_at)", "(1 - orders.count)", `did("it's")`, "(tier == nil ? nps.score : rfm.recency)"}).Draw(t, "number")
		return rapid.SampledFrom([]string{
			fmt.Sprintf("%s %s %d", number, op, rapid.IntRange(-1, 6).Draw(t, "n")),
			fmt.Sprintf("%d %s %s", rapid.IntRange(-1, 6).Draw(t, "m"), op, number),
			fmt.Sprintf("%s %s nil", number, equal),
			fmt.Sprintf("tier %s %s", equal, word), `tier in ["gold", "old"]`, fmt.Sprintf("%s in [1, 5, 9]", number),
			fmt.Sprintf("created_at %s %q", op, "2026-05-01"), fmt.Sprintf("created_at %s orders.last_at", op), "traits.club", "tier == city",
		}).Draw(t, "comparison")
	})
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(comparison, 1, 3).Draw(t, "parts")
		source := "(" + strings.Join(parts, rapid.SampledFrom([]string{" and ", " or "}).Draw(t, "joined")) + ")"
		if rapid.Bool().Draw(t, "turned") {
			return "not " + source
		}
		return source
	})
}

// An event and an answer that was given stay what they are; everything else may
// have changed by the time the next step comes.
func TestWhatTimeLeaves(t *testing.T) {
	for source, left := range map[string]bool{
		`event.total > 20`: true, `event.total > 20 and orders.count > 3`: false, `event.name == nil`: true, `not (event.total > 3)`: true,
		`answers.csat.score <= 2`: true, `answers.csat.text contains "slow"`: true,
		`not (answers.csat.score <= 2)`: false, `answers.csat.score == nil`: false, `not (answers.csat.text contains "slow")`: false,
		`orders.count > 3`: false, `days_since(event.at) < 3`: false, `steps.csat.status == "sent"`: false, `reachable("sms")`: false,
		`event.total > orders.count`: false, `now() > "2026-01-01"`: false,
	} {
		p := compile(t, source, journey())
		_, impossible := known().Assume(p, true).Later().Assume(p, false).Impossible()
		if impossible != left {
			t.Errorf("%s: still known later: %v, want %v", source, impossible, left)
		}
	}
}

// However a condition is built, learning from it ends.
func TestLearningIsBounded(t *testing.T) {
	deep := "tier == nil"
	for range 25 {
		deep = "(" + deep + ` ? orders.count > 1 : nps.score > 1)`
	}
	var wide []string
	for i := range 130 {
		wide = append(wide, fmt.Sprintf("orders.total != %d", i))
	}
	long := make([]string, 100)
	for i := range long {
		long[i] = fmt.Sprintf("(event.a%d > 1 or tier == nil)", i)
	}
	for _, source := range []string{deep, strings.Join(wide, " and "), strings.Join(long, " and ")} {
		p := compile(t, source, journey())
		known().Assume(p, true)
		known().Assume(p, false)
	}
}
