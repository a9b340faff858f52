package expression_test

import (
	"slices"
	"testing"
	"time"

	"rapport/campaigns/expression"
)

func TestProgramNamesWhatItNeeds(t *testing.T) {
	scope := journey()
	scope.Segments["active"] = compile(t, `did("Product Viewed", "30d") > 2 and city != nil`, scope)
	p := compile(t, `in_segment("active") and did("Order Completed") > did("Product Viewed", "30d") and event.total > orders.total and
		(answers.csat.score > 2 or steps["follow-up"].status == "sent") and traits.favourite == "tea" and contacted.last_7d < 2 and reachable("sms")`, scope)
	if want := []string{"answers.csat.score", "city", "contacted.last_7d", "event.total", "orders.total", "reachable", "steps.follow-up.status", "traits.favourite"}; !slices.Equal(p.Fields(), want) {
		t.Errorf("fields: %v", p.Fields())
	}
	if want := []expression.Count{{Event: "Product Viewed", Within: 30 * 24 * time.Hour}, {Event: "Order Completed"}}; !slices.Equal(p.Counts(), want) {
		t.Errorf("counts: %v", p.Counts())
	}
}

func TestInMemoryOnly(t *testing.T) {
	for source, want := range map[string]bool{
		`tier == "gold" and did("X") > 0`:   false,
		`tier == "gold" or event.total > 3`: true,
		`answers.csat.score == nil`:         true,
		`not (steps.csat.status == nil)`:    true,
	} {
		p := compile(t, source, journey())
		if p.InMemoryOnly() != want {
			t.Errorf("%s: %v", source, !want)
		}
		if where, args := p.SQL(expression.SQLite, noon); want && (where != "FALSE" || args != nil) {
			t.Errorf("%s selects somebody: %s", source, where)
		}
	}
}

func TestAndOfNothingIsNothing(t *testing.T) {
	if p := expression.And(nil, nil); p != nil {
		t.Errorf("got %s", p)
	}
	gold := compile(t, `tier == "gold"`, journey())
	if p := expression.And(nil, gold); p != gold {
		t.Errorf("got %s", p)
	}
	if p := expression.Not(nil); p.Holds(moment()) {
		t.Error("somebody is not among everybody")
	}
	if both := expression.And(gold, expression.Not(gold)); both.String() != `(tier == "gold") and (not (tier == "gold"))` {
		t.Errorf("got %s", both)
	}
}

func TestCountKeysTellCountsApart(t *testing.T) {
	day := time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC)
	counts := []expression.Count{
		{Event: "A"},
		{Event: `A" in 1h0m0s`},
		{Event: "A", Within: time.Hour},
		{Event: "A", Within: 2 * time.Hour},
		{Event: "A", From: day},
		{Event: "A", Until: day},
		{Event: "A", From: day, Until: day.AddDate(1, 0, 0)},
		{Event: "B"},
	}
	seen := map[string]bool{}
	for _, k := range counts {
		if seen[k.Key()] {
			t.Errorf("%+v has the key of another: %s", k, k.Key())
		}
		seen[k.Key()] = true
	}
	if from, until := counts[2].Span(noon); !from.Equal(noon.Add(-time.Hour)) || !until.IsZero() {
		t.Errorf("a rolling hour is %s to %s", from, until)
	}
	if from, until := counts[6].Span(noon); !from.Equal(day) || !until.Equal(day.AddDate(1, 0, 0)) {
		t.Errorf("2023 is %s to %s", from, until)
	}
}

// The SQL of the language page's example, for those who read the database's log.
func TestSQLOfASegment(t *testing.T) {
	p := compile(t, `tier == "gold" and orders.count >= 5 and days_since(orders.last_at) > 120`, journey())
	for d, want := range map[expression.Dialect]string{
		expression.SQLite: `((NULLIF(c.tier, '') IS NOT DISTINCT FROM $1) AND (((CAST(c.orders_count AS REAL) >= $2) IS TRUE) AND ` +
			`((floor(CAST($3 - c.orders_last_at AS REAL) / $4) > $5) IS TRUE)))`,
		expression.Postgres: `((NULLIF(c.tier, '') IS NOT DISTINCT FROM CAST($1 AS text)) AND (((CAST(c.orders_count AS double precision) >= CAST($2 AS double precision)) IS TRUE) AND ` +
			`((floor(CAST(CAST($3 AS bigint) - c.orders_last_at AS double precision) / CAST($4 AS double precision)) > CAST($5 AS double precision)) IS TRUE)))`,
	} {
		where, args := p.SQL(d, noon)
		if where != want {
			t.Errorf("%s\n got %s\nwant %s", d, where, want)
		}
		if !slices.Equal(args, []any{"gold", 5.0, noon.UnixMilli(), 86_400_000.0, 120.0}) {
			t.Errorf("%s: args %v", d, args)
		}
	}
}
