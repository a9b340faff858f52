package customers

import "time"

// Order is one purchase. Its id is unique in the workspace.
type Order struct {
	ID       string      `json:"id"`
	Customer string      `json:"customer"`
	At       time.Time   `json:"at"`
	Currency string      `json:"currency,omitempty"` // ISO 4217; "" is the workspace's
	Total    int64       `json:"total"`              // minor units, sum of the lines where lines are given
	Status   string      `json:"status"`             // completed, returned, cancelled
	Lines    []OrderLine `json:"lines,omitempty"`
	// Announced says that the caller puts the order's event on the timeline
	// itself.
	Announced bool `json:"-"`
}

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
