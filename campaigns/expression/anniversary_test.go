package expression_test

import (
	"testing"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

func TestDaysToAnAnniversary(t *testing.T) {
	program, problems := expression.Compile("days_to_anniversary(born_on)", expression.Scope{})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	date := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct {
		born, today string
		want        float64
	}{
		{"1990-06-15", "2026-06-15", 0},
		{"1990-06-16", "2026-06-15", 1},
		{"1990-06-14", "2026-06-15", 364},
		{"1990-01-01", "2026-12-31", 1},
		{"1990-12-31", "2026-01-01", 364},
		{"1992-02-29", "2024-02-29", 0},
		{"1992-02-29", "2026-02-28", 1},
		{"1992-02-29", "2026-03-01", 0},
		{"1992-02-29", "2026-03-02", 364}, // to 1 March 2027
		{"1992-02-29", "2027-03-02", 364}, // to 29 February 2028
		{"1992-03-01", "2024-02-28", 2},
		{"2030-05-05", "2026-05-04", 1}, // dates ahead have anniversaries too
	} {
		for _, offset := range []time.Duration{0, -12 * time.Hour, 14 * time.Hour} { // what the clock there shows counts
			now := date(c.today).Add(15*time.Hour - offset).In(time.FixedZone("", int(offset.Seconds())))
			got := program.Eval(expression.Moment{Now: now, Customer: &customers.Customer{BornOn: date(c.born)}})
			if got != c.want {
				t.Errorf("born on %s, on %s: %v days, want %v", c.born, now, got, c.want)
			}
		}
	}
}
