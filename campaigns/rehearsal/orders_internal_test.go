package rehearsal

import (
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/customers"
)

// What a test says of how orders end counts as it does of the shop's own.
func TestOrdersEndInARehearsalToo(t *testing.T) {
	shop, problems := campaigns.Load(map[string][]byte{
		"rapport.yaml": []byte("workspace: w\nbrand: {name: W, url: \"https://w.example\"}\nlocale: en\nzone: UTC\ncurrency: EUR\ntopics: [{id: news, title: News, default: in}]\n"),
	})
	for _, p := range problems {
		t.Fatal(p)
	}
	start := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	type scene struct {
		event string
		with  map[string]any
	}
	order := func(event, id string, more ...any) scene {
		with := map[string]any{"order_id": id}
		for i := 0; i < len(more); i += 2 {
			with[more[i].(string)] = more[i+1]
		}
		return scene{event, with}
	}
	products := []any{map[string]any{"price": 20.0, "quantity": 2.0}}
	placed := []scene{order("Order Completed", "A1", "total", 30.0), order("Order Completed", "A2", "products", products, "total", 50.0)}
	for name, c := range map[string]struct {
		ends     []scene
		count    int64
		total    int64
		returned int64
		last     time.Duration
		did      int64
	}{
		"placed":                       {nil, 3, 8000, 0, 2 * time.Hour, 2},
		"the last returned":            {[]scene{order("Order Returned", "A2")}, 2, 4000, 1, time.Hour, 2},
		"refunded in full":             {[]scene{order("Order Refunded", "A2", "products", products)}, 2, 4000, 1, time.Hour, 2},
		"a part":                       {[]scene{order("Order Refunded", "A2", "total", 39.0)}, 3, 8000, 0, 2 * time.Hour, 2},
		"in another currency":          {[]scene{order("Order Refunded", "A2", "total", 40.0, "currency", "USD")}, 3, 8000, 0, 2 * time.Hour, 2},
		"products without prices":      {[]scene{order("Order Refunded", "A2", "products", []any{map[string]any{"quantity": 2.0}})}, 3, 8000, 0, 2 * time.Hour, 2},
		"cancelled, and refunded":      {[]scene{order("Order Cancelled", "A2"), order("Order Refunded", "A2")}, 2, 4000, 0, time.Hour, 1},
		"one that nobody knows":        {[]scene{order("Order Returned", "A0")}, 3, 8000, 1, 2 * time.Hour, 2},
		"a part of such a one":         {[]scene{order("Order Returned", "A0", "total", 5.0)}, 3, 8000, 0, 2 * time.Hour, 2},
		"placed after it was returned": {[]scene{order("Order Returned", "A3"), order("Order Completed", "A3", "total", 5.0)}, 3, 8000, 1, 2 * time.Hour, 3},
		"all of them":                  {[]scene{order("Order Canceled", "A1"), order("Order Returned", "A2")}, 1, 1000, 1, -time.Hour, 1},
		"what names no order of ours":  {[]scene{{"Order Returned", map[string]any{}}}, 3, 8000, 0, 2 * time.Hour, 2},
	} {
		w := New(Stage{Workspace: shop, Start: start, Until: start.AddDate(0, 0, 1), Tell: func(Line) {}})
		w.Join(customers.Customer{ID: "ann", Orders: customers.OrderTotals{Count: 1, Total: 1000, FirstAt: start.Add(-time.Hour), LastAt: start.Add(-time.Hour)}}, nil)
		p := w.people["ann"]
		for _, s := range append(placed[:len(placed):len(placed)], c.ends...) {
			w.now = w.now.Add(time.Hour)
			w.happens(p, s.event, s.with)
		}
		want := customers.OrderTotals{Count: c.count, Total: c.total, Returned: c.returned, FirstAt: start.Add(-time.Hour), LastAt: start.Add(c.last)}
		did := expression.Count{Event: "Order Completed"}
		if counted := p.count([]expression.Count{did}, w.now)[did.Key()]; p.Orders != want || counted != c.did {
			t.Errorf("%s: %+v, want %+v; did %d, want %d", name, p.Orders, want, counted, c.did)
		}
	}
}
