package webhooks

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rapport/campaigns"
	"rapport/customers"
)

const (
	// orderCompleted is the event that places an order.
	orderCompleted = "Order Completed"
	// largestAmount bounds money, in the currency's unit: a mistake beyond.
	largestAmount = 1e12
)

// orderWords are the events that say something of an order, most by the names of
// Segment's e-commerce spec, with how it ended by them.
var orderWords = map[string]string{
	orderCompleted: "", "Order Updated": "",
	"Order Refunded": "returned", "Order Returned": "returned",
	"Order Cancelled": "cancelled", "Order Canceled": "cancelled",
}

// misspeltWord is how the name of an event that says something of an order is written,
// where it is written otherwise; "" of others.
func misspeltWord(event string) string {
	if _, right := orderWords[event]; right {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(orderWords)) {
		if strings.EqualFold(squeezed(event), squeezed(name)) {
			return name
		}
	}
	return ""
}

// orderOf is what an event says of an order; one without an id where it says nothing.
// left is what cannot be read of it, or why an event that looks so says nothing, and
// wrong which amount cannot be read: the order would come to something else for good.
func orderOf(m *segmentMessage, w *campaigns.Workspace) (order customers.Order, left []string, wrong string) {
	status, told := orderWords[m.Event]
	switch {
	case !told:
		if name := misspeltWord(m.Event); name != "" {
			left = append(left, "event: this says nothing of an order; write "+name)
		}
		return order, left, ""
	case orderID(m.Properties) == "":
		return order, append(left, "properties.order_id: a text or a number is missing, so this is an event and says nothing of an order"), ""
	case status == "cancelled":
		return ended(m, w, status), nil, ""
	}
	order, wrong = purchase(m.Properties, w)
	if wrong != "" {
		return customers.Order{}, nil, wrong
	}
	if status == "returned" {
		return refund(m, w, order)
	}
	unknown := order.Unpriced && len(order.Lines) == 0
	if order.Currency == "" && !blank(m.Properties["currency"]) {
		left = append(left, "properties.currency: is no code of ISO 4217, such as EUR; the order is taken for one in the workspace's currency")
	}
	switch {
	case m.Event == orderCompleted && unknown:
		left = append(left, "properties.total: is missing, and not every product has a price; the order counts and comes to nothing new")
	case unknown:
		return customers.Order{}, append(left, "properties.total: is missing, and not every product has a price; this says nothing new of the order"), ""
	case m.Event != orderCompleted:
		order.Afterwards, order.Announced = true, false // its line is told anew
	}
	return order, left, ""
}

// ended is how an order ended, and nothing of what was in it.
func ended(m *segmentMessage, w *campaigns.Workspace, status string) customers.Order {
	return customers.Order{ID: orderID(m.Properties), Home: w.Currency, Status: status, Unpriced: true, Announced: true, Afterwards: true}
}

// refund is what was given back of an order: what its products come to, which is how
// orders with prices are counted, or else the total, or all of it.
func refund(m *segmentMessage, w *campaigns.Workspace, given customers.Order) (order customers.Order, left []string, wrong string) {
	order = ended(m, w, "returned")
	switch listed := !blank(m.Properties["products"]); {
	case !listed && given.Unpriced:
		return order, nil, ""
	case len(given.Lines) == 0 && given.Unpriced:
		return customers.Order{}, []string{"properties.total: is missing, and not every product has a price; this is taken for a part, and the order stays"}, ""
	}
	order.Currency = given.Currency
	amount := float64(given.Worth()) / float64(customers.MoneyScale(cmp.Or(given.Currency, w.Currency)))
	order.Refunded = &amount
	return order, nil, ""
}

// orderID is an order's number; "" where there is none.
func orderID(properties map[string]any) string {
	return textOf(either(properties, "order_id", "orderId"))
}

// purchase reads an order from the properties of Segment's e-commerce spec; one
// without an id cannot be told from the next and stays an event. Where every
// product has its price the order comes to their sum, as imported ones do. It is no
// word about a known order's status: that may have been returned since. wrong says
// which amount cannot be read: such an order would come to something else for good.
func purchase(properties map[string]any, w *campaigns.Workspace) (order customers.Order, wrong string) {
	order = customers.Order{ID: orderID(properties), Home: w.Currency, Unpriced: true, Whole: true, Announced: true}
	if order.ID == "" {
		return order, ""
	}
	if code := strings.ToUpper(textOf(properties["currency"])); customers.IsCurrency(code) {
		order.Currency = code
	}
	currency := cmp.Or(order.Currency, w.Currency)
	total, said, wrong := sum(properties, "total")
	if !said && wrong == "" {
		total, said, wrong = sum(properties, "revenue")
	}
	if wrong == "" && said {
		order.Total, order.Unpriced = customers.MinorUnits(total, currency), false
	}
	if wrong == "" {
		order.Lines, wrong = lines(properties["products"], currency)
	}
	if wrong != "" {
		wrong = "properties." + wrong
	}
	return order, wrong
}

// sum is what an order comes to, where it says so.
func sum(properties map[string]any, name string) (n float64, said bool, wrong string) {
	n, said, wrong = number(properties[name])
	switch {
	case wrong != "":
		return 0, false, name + wrong
	case said && n < 0:
		return 0, false, name + " is less than 0"
	}
	return n, said, ""
}

// lines are an order's, none where a product has no price.
func lines(value any, currency string) (lines []customers.OrderLine, wrong string) {
	if blank(value) {
		return nil, ""
	}
	products, is := value.([]any)
	if !is {
		return nil, "products is no list"
	}
	whole := true
	for n, raw := range products {
		at := fmt.Sprintf("products[%d]", n)
		product, is := raw.(map[string]any)
		if !is {
			return nil, at + " is no object"
		}
		price, priced, wrong := number(product["price"])
		if wrong != "" {
			return nil, at + ".price" + wrong
		}
		quantity, counted, wrong := number(product["quantity"])
		switch {
		case wrong != "":
			return nil, at + ".quantity" + wrong
		case quantity < 0:
			return nil, at + ".quantity is less than 0"
		case !counted:
			quantity = 1
		}
		if math.Abs(price*quantity) > largestAmount {
			return nil, at + " comes to more than can be kept"
		}
		whole = whole && priced
		lines = append(lines, customers.OrderLine{
			Number: n + 1, Product: textOf(either(product, "product_id", "id")), Quantity: int64(quantity),
			Amount: customers.MinorUnits(price*quantity, currency),
		})
	}
	if !whole {
		return nil, ""
	}
	return lines, ""
}

// either is the first of two properties that is given.
func either(properties map[string]any, name, other string) any {
	if value := properties[name]; !blank(value) {
		return value
	}
	return properties[other]
}

// decimal is a number that some senders write as text.
var decimal = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// number reads an amount or a quantity, and whether one is given.
func number(value any) (n float64, given bool, wrong string) {
	if blank(value) {
		return 0, false, ""
	}
	n, is := value.(float64)
	if text, isText := value.(string); isText && decimal.MatchString(strings.TrimSpace(text)) {
		parsed, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		n, is = parsed, err == nil
	}
	switch {
	case !is:
		return 0, false, " is no number such as 79.90"
	case math.Abs(n) > largestAmount:
		return 0, false, " is larger than can be kept"
	}
	return n, true, ""
}
