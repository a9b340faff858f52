package expressiontest

import (
	"fmt"
	"time"

	"rapport/campaigns/expression"
)

// Now is the moment the generated customers live at, where the date is another one
// than in UTC.
var Now = time.Date(2026, time.June, 15, 12, 30, 0, 0, time.UTC).In(time.FixedZone("UTC+14", 14*60*60))

// segments are sources of the known segments, a later one may name an earlier.
var segments = []struct{ id, where string }{
	{"buyers", "orders.count > 0"},
	{"gold-buyers", `in_segment("buyers") and tier == "gold"`},
	{"regulars", `did("Order Completed", "90d") >= 2 or traits.club`},
}

// Scope is what the generated conditions may name: an audience's scope, in which
// everything can be asked of a database.
func Scope() expression.Scope {
	scope := expression.Scope{
		Traits: map[string]expression.Type{
			"club": expression.Bool, "shoe_size": expression.Number,
			"favourite": expression.String, "renewed_on": expression.Time,
		},
		Topics:     map[string]bool{"service": true, "marketing": false},
		Segments:   map[string]*expression.Program{},
		MoneyScale: 100,
		Want:       expression.Bool,
	}
	for _, s := range segments {
		p, problems := expression.Compile(s.where, scope)
		if len(problems) > 0 {
			panic(fmt.Sprintf("segment %s: %v", s.id, problems)) // a mistake in the table above
		}
		scope.Segments[s.id] = p
	}
	return scope
}
