package expression_test

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rapport/campaigns/expression"
	"rapport/campaigns/expression/expressiontest"
)

// compile is Compile for sources that must be sound.
func compile(t interface{ Fatalf(string, ...any) }, source string, scope expression.Scope) *expression.Program {
	p, problems := expression.Compile(source, scope)
	if len(problems) > 0 {
		t.Fatalf("%s\n%v", source, problems)
	}
	return p
}

func momentOf(p expressiontest.Person) expression.Moment {
	counts := map[string]int64{}
	for _, e := range p.Events {
		counts[expression.Count{Event: e.Name}.Key()]++
	}
	return expression.Moment{Now: expressiontest.Now, Customer: &p.Customer, Counts: counts}
}

// Two-valued logic: of a condition and its opposite exactly one holds for
// everybody, whatever is not known about them.
func TestEveryConditionHoldsOrNot(t *testing.T) {
	scope := expressiontest.Scope()
	rapid.Check(t, func(t *rapid.T) {
		p := compile(t, expressiontest.Conditions().Draw(t, "condition"), scope)
		q := compile(t, expressiontest.Conditions().Draw(t, "another"), scope)
		for _, person := range expressiontest.People(1, 5).Draw(t, "people") {
			m := momentOf(person)
			if expression.Not(p).Holds(m) == p.Holds(m) {
				t.Fatal("a condition and its opposite agree")
			}
			if expression.And(p, nil, q).Holds(m) != (p.Holds(m) && q.Holds(m)) {
				t.Fatal("And is not and")
			}
			if _, isBool := p.Eval(m).(bool); !isBool && p.Eval(m) != nil {
				t.Fatalf("a condition gives %T", p.Eval(m))
			}
		}
	})
}

// The source of a program made by And and Not compiles to the same condition.
func TestStringIsTheSource(t *testing.T) {
	scope := expressiontest.Scope()
	rapid.Check(t, func(t *rapid.T) {
		p := compile(t, expressiontest.Conditions().Draw(t, "condition"), scope)
		q := compile(t, expressiontest.Conditions().Filter(func(s string) bool { return len(s) < 900 }).Draw(t, "another"), scope)
		both := expression.And(p, expression.Not(q))
		if again := compile(t, both.String(), scope); !reflect.DeepEqual(again.Fields(), both.Fields()) || !reflect.DeepEqual(again.Counts(), both.Counts()) {
			t.Fatalf("%s compiles to another condition", both)
		}
	})
}

// Values have the type their program says, or are not known.
func TestValuesHaveTheirType(t *testing.T) {
	scope := expressiontest.Scope()
	scope.Want = expression.Any
	rapid.Check(t, func(t *rapid.T) {
		p := compile(t, expressiontest.Values().Draw(t, "value"), scope)
		for _, person := range expressiontest.People(1, 5).Draw(t, "people") {
			value := p.Eval(momentOf(person))
			if value == nil {
				continue
			}
			if got := reflect.TypeOf(value).String(); got != map[expression.Type]string{
				expression.Number: "float64", expression.String: "string", expression.Time: "time.Time",
			}[p.Type()] {
				t.Fatalf("%s is %s and gives %s", p, p.Type(), got)
			}
		}
	})
}

// Nothing a marketer writes stands in the SQL: every text is bound.
func TestSQLHoldsNoWordOfTheSource(t *testing.T) {
	scope := expressiontest.Scope()
	const poison = `'; DROP TABLE customers; --`
	scope.Topics[poison], scope.Segments[poison], scope.Traits[poison] = true, nil, expression.String
	sources := []string{
		"tier == %q", "tier in [%q, \"a\"]", "did(%q) > 0", "did(%q, \"3d\") > 0", "%q in tags", "email contains %q", "email endsWith %q",
		"email matches %q", "consent(%q, \"sms\")", "in_segment(%q)", "traits[%q] == \"x\"", "(tier == nil ? %q : tier) == kind",
	}
	for _, source := range sources {
		p := compile(t, strings.Replace(source, "%q", "`"+poison+"`", 1), scope)
		for _, d := range []expression.Dialect{expression.SQLite, expression.Postgres} {
			where, args := p.SQL(d, expressiontest.Now)
			if strings.Contains(where, "DROP") {
				t.Errorf("%s on %s: %s", p, d, where)
			}
			if strings.Contains(source, "in_segment") {
				continue
			}
			if len(args) == 0 {
				t.Errorf("%s on %s binds nothing", p, d)
			}
		}
	}
}
