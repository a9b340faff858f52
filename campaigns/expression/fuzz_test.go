package expression_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"rapport/campaigns/expression"
	"rapport/trust/bounds"
)

// FuzzCompile shows that no source makes the compiler panic, that each is either
// a program or has mistakes that lie inside it, and that programs can be judged
// and written for both databases.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`tier == "gold" and orders.count >= 5 and days_since(orders.last_at) > 120`,
		`did("Order Completed", "2023-01-01", "2024-01-01") >= 2 and not in_segment("gold")`,
		`event["a b"].c in ["x", 'y', ` + "`z`" + `] ? answers.csat.score : nil`,
		`traits.favourite matches "(?i)^[a-zé]{1,3}\\d$" or "vip" not in tags`,
		`1 < orders.count <= 5 or -points.balance % 3 == 0x1F`,
		`filter(tags, {# == "x"})[0:1] | len() ?? {a: [1]} ; let x = if true {1} else {2}; x`,
		`steps.wait-1.status == "sent`, "((((", `"\u{10FFFF}"`, "b'\\xff' == nil", "tier == \xff", "/* */ true // x",
	} {
		f.Add(seed)
	}
	scope := journey()
	scope.Segments["gold"] = compile(f, `did("X") > 0`, scope)
	scope.Want = expression.Any
	f.Fuzz(func(t *testing.T, source string) {
		defer bounds.Watch(t)()
		p, problems := expression.Compile(source, scope)
		if (p == nil) == (len(problems) == 0) {
			t.Fatalf("a program and %d problems", len(problems))
		}
		for _, problem := range problems {
			if problem.Offset < 0 || problem.Offset > len(source) || problem.Message == "" || !utf8.ValidString(problem.Message) {
				t.Fatalf("problem %+v", problem)
			}
		}
		if p == nil {
			return
		}
		p.Eval(moment())
		p.Holds(expression.Moment{})
		if why, never := (expression.Facts{}).Assume(p, p.Holds(moment())).Impossible(); never {
			t.Fatalf("ada does what is called impossible: %s", why)
		}
		for _, d := range []expression.Dialect{expression.SQLite, expression.Postgres} {
			where, args := p.SQL(d, noon)
			if strings.Contains(where, "$"+strconv.Itoa(len(args)+1)) || len(args) > 0 && !strings.Contains(where, "$"+strconv.Itoa(len(args))) {
				t.Fatalf("%d values for %s", len(args), where)
			}
		}
	})
}
