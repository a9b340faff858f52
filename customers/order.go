package customers

import "time"

// Order is one purchase. Its id is unique in the workspace.
type Order struct {
	ID       string      `json:"id"`
	Customer string      `json:"customer"`
	At       time.Time   `json:"at"`
	Currency string      `json:"currency,omitempty"` // ISO 4217; "" is the workspace's, or what it was
	Total    int64       `json:"total"`              // minor units, sum of the lines where lines are given
	Status   string      `json:"status"`             // completed, returned, cancelled; "" is what it was, completed when new
	Lines    []OrderLine `json:"lines,omitempty"`
	// Whole says that the lines given are all there are: others go.
	Whole bool `json:"-"`
	// Unpriced says that nothing is known of Total: it stays what it was.
	Unpriced bool `json:"-"`
	// Home is the workspace's currency (ISO 4217); "" where it is not known. What an
	// order in another comes to is in no sum.
	Home string `json:"-"`
	// Announced says that the caller puts the order's event on the timeline
	// itself.
	Announced bool `json:"-"`
	// Afterwards says that this is a later word about an order: Customer and At are of
	// the word, and stand for the order's own only where nobody knows it.
	Afterwards bool `json:"-"`
	// Refunded is how much of a returned order was given back, in the unit of Currency
	// or else of the order's own; nil is all of it. Less than its total returns no
	// order, and is no word about one that nobody knows.
	Refunded *float64 `json:"-"`
}

// Abroad reports whether an order names another currency than the workspace's.
func (o *Order) Abroad() bool { return o.Home != "" && o.Currency != "" && o.Currency != o.Home }

// Worth is what is said that an order comes to: its total, or the sum of its lines where
// lines are given.
func (o *Order) Worth() int64 {
	if len(o.Lines) == 0 {
		return o.Total
	}
	var sum int64
	for _, l := range o.Lines {
		sum += l.Amount
	}
	return sum
}

// OrderCancelled is what the line of a cancelled order is called on the timeline, so
// that no condition counts it as completed.
const OrderCancelled = "order cancelled"

// OrderLine is one line of an order, unique by Number within it.
type OrderLine struct {
	Number   int    `json:"number"`
	Product  string `json:"product"` // the shop's key of the product
	Quantity int64  `json:"quantity"`
	Amount   int64  `json:"amount"` // minor units, whole line
}

// Product is what an order line refers to.
type Product struct {
	ID    string `json:"id"`
	SKU   string `json:"sku,omitempty"`
	Name  string `json:"name"`
	Price int64  `json:"price"` // minor units
}
