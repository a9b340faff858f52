package rehearsal

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"

	"rapport/customers"
)

// purchase is an order that was placed in the play.
type purchase struct {
	at       time.Time
	worth    float64 // in its currency
	currency string
	status   string // returned or cancelled; "" is completed
	line     int    // of the timeline; -1 has none
}

// endings are the events by which an order ends, and how (webhooks.orderWords).
var endings = map[string]string{
	"Order Refunded": "returned", "Order Returned": "returned", "Order Cancelled": "cancelled", "Order Canceled": "cancelled",
}

// buys adds an order to a profile (store.PutOrders), as its event is about to stand on
// the timeline. It says nothing of whether the order has ended since.
func (w *World) buys(p *person, id string, properties map[string]any) {
	o := &purchase{at: w.now, currency: w.currency(properties), line: len(p.timeline)}
	o.worth, _ = worth(properties)
	if before := p.orders[id]; before != nil {
		o.status = before.status
	}
	w.place(p, id, o)
}

// ends lets an order end as an event says; a cancelled one stays cancelled. One that was
// not placed in the play is an order that nobody knows: which are in the totals that a
// profile begins with is not said.
func (w *World) ends(p *person, id, status string, properties map[string]any) {
	o, known := p.orders[id]
	switch {
	case known && o.status == "cancelled":
		return
	case status == "returned" && w.isPart(o, properties):
		return
	case !known:
		o = &purchase{at: w.now, line: -1}
	}
	o.status = status
	if status == "cancelled" && o.line >= 0 {
		p.timeline[o.line].name = customers.OrderCancelled
	}
	w.place(p, id, o)
}

func (w *World) place(p *person, id string, o *purchase) {
	if p.orders == nil {
		p.orders, p.earlier = map[string]*purchase{}, p.Orders
	}
	p.orders[id] = o
	w.sum(p)
}

// isPart reports whether less than an order was given back, or nobody can tell how much
// (webhooks.refund), as of one that is not known. A refund that names nothing returns all
// of it.
func (w *World) isPart(o *purchase, properties map[string]any) bool {
	back, named := worth(properties)
	if !named {
		return properties["products"] != nil
	}
	return o == nil || w.currency(properties) != o.currency || back < o.worth
}

// sum brings the totals of a profile up to date (store.sumOrders): what one in another
// currency comes to is in none.
func (w *World) sum(p *person) {
	p.Orders = p.earlier
	for _, o := range p.orders {
		switch o.status {
		case "returned":
			p.Orders.Returned++
		case "":
			p.Orders.Count++
			if o.currency == w.shop.Currency {
				p.Orders.Total += w.shop.MinorUnits(o.worth)
			}
			if p.Orders.FirstAt.IsZero() || o.at.Before(p.Orders.FirstAt) {
				p.Orders.FirstAt = o.at
			}
			if o.at.After(p.Orders.LastAt) {
				p.Orders.LastAt = o.at
			}
		}
	}
}

// currency is the one that an order names, or else the workspace's.
func (w *World) currency(properties map[string]any) string {
	if code := strings.ToUpper(order(properties, "currency")); customers.IsCurrency(code) {
		return code
	}
	return w.shop.Currency
}

// worth is what an order comes to, if it says so: its products where each has a price,
// or else its total (webhooks.purchase).
func worth(properties map[string]any) (amount float64, named bool) {
	products, _ := properties["products"].([]any)
	named = len(products) > 0
	for _, raw := range products {
		product, _ := raw.(map[string]any)
		price, priced := amountOf(order(product, "price"))
		quantity, counted := amountOf(cmp.Or(order(product, "quantity"), "1"))
		named = named && priced && counted
		amount += price * quantity
	}
	if named {
		return amount, true
	}
	return amountOf(order(properties, "total", "revenue"))
}

func amountOf(text string) (float64, bool) {
	amount, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(amount) {
		return 0, false
	}
	return amount, true
}

// order reads a property of an order that goes by either of two names.
func order(properties map[string]any, names ...string) string {
	for _, name := range names {
		switch value := properties[name].(type) {
		case string:
			return strings.TrimSpace(value)
		case float64:
			return strconv.FormatFloat(value, 'f', -1, 64)
		}
	}
	return ""
}
