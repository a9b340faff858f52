package intake

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"

	"rapport/customers"
)

// orderStatuses are the words a file may use.
var orderStatuses = []string{"completed", "returned", "cancelled"}

// basket puts the lines of orders together. An order is whole when a batch of
// rows went by without a line of it, so that one whose lines stand near each
// other is written, and counted, once.
type basket struct {
	open map[string]*openOrder
	// counted are lines by order, where the file does not number them. They are
	// kept for every order, by a hash: a number may be skipped, never used twice.
	counted map[uint64]int
	seed    maphash.Seed
}

type openOrder struct {
	customers.Order
	row int // at which its latest line stood
}

func newBasket() *basket {
	return &basket{open: map[string]*openOrder{}, counted: map[uint64]int{}, seed: maphash.MakeSeed()}
}

// add lays a later row over what earlier rows say about an order.
func (b *basket) add(o customers.Order, row int) {
	if known := b.open[o.ID]; known != nil {
		o.Lines = append(known.Lines, o.Lines...)
	}
	b.open[o.ID] = &openOrder{o, row}
}

// whole takes out the orders that had no line since a row.
func (b *basket) whole(since int) []customers.Order {
	var orders []customers.Order
	for id, o := range b.open {
		if o.row <= since {
			orders = append(orders, o.Order)
			delete(b.open, id)
		}
	}
	return orders
}

// count is the place of the next line among those of its order.
func (b *basket) count(order string) int {
	key := maphash.String(b.seed, order)
	b.counted[key]++
	return b.counted[key]
}

// tooLong is what is wrong with an id that no index can hold.
var tooLong = fmt.Sprintf("this is longer than %d bytes", customers.LongestID)

// order reads a row of orders: an order that has only this line, or a whole one
// where the file has totals.
func (in *taking) order(r row) (customers.Order, bool) {
	o := customers.Order{
		ID: in.cell(r, "id"), Customer: in.cell(r, "customer"),
		Currency: strings.ToUpper(in.cell(r, "currency")), Status: strings.ToLower(in.cell(r, "status")),
	}
	if o.Status == "" {
		o.Status = "completed"
	}
	switch {
	case o.ID == "":
		return o, in.refuse(r, "id", "the id is empty")
	case o.Customer == "":
		return o, in.refuse(r, "customer", "the customer is empty")
	case len(o.ID) > customers.LongestID:
		return o, in.refuse(r, "id", tooLong)
	case len(o.Customer) > customers.LongestID:
		return o, in.refuse(r, "customer", tooLong)
	case !slices.Contains(orderStatuses, o.Status):
		return o, in.refuse(r, "status", "the status is none of "+strings.Join(orderStatuses, ", "))
	}
	var ok bool
	if o.At, ok = in.readDate(in.cell(r, "at"), "at"); !ok {
		return o, in.refuse(r, "at", "the order has no date that can be read")
	}
	if _, lines := in.mapping["amount"]; lines {
		return o, in.line(r, &o)
	}
	if o.Total, ok = in.money(in.cell(r, "total"), "total"); !ok {
		return o, in.refuse(r, "total", "this is no amount of money")
	}
	return o, true
}

// line reads the one line of an order that a row holds.
func (in *taking) line(r row, o *customers.Order) bool {
	amount, ok := in.money(in.cell(r, "amount"), "amount")
	if !ok {
		return in.refuse(r, "amount", "this is no amount of money")
	}
	place := number(in.cell(r, "line"))
	if _, numbered := in.mapping["line"]; !numbered {
		place = 0 // counted when the rows before it are, see add
	} else if place < 0 {
		return in.refuse(r, "line", "this is no line number; name another column, or none with --map line=")
	}
	o.Lines = []customers.OrderLine{{Number: place, Product: in.cell(r, "product"), Quantity: in.quantity(r), Amount: amount}}
	return true
}

// quantity is 1 where none is given.
func (in *taking) quantity(r row) int64 {
	text := in.cell(r, "quantity")
	if text == "" {
		return 1
	}
	n, err := strconv.ParseFloat(text, 64) // some write 2.0
	if err != nil || n != math.Trunc(n) || math.Abs(n) > 1e9 {
		in.blank(r, "quantity", "this is no whole number")
		return 1
	}
	return int64(n)
}

// product reads a product.
func (in *taking) product(r row) (customers.Product, bool) {
	p := customers.Product{ID: in.cell(r, "id"), SKU: in.cell(r, "sku"), Name: in.cell(r, "name")}
	if p.ID == "" {
		return p, in.refuse(r, "id", "the id is empty")
	}
	if len(p.ID) > customers.LongestID {
		return p, in.refuse(r, "id", tooLong)
	}
	p.Price = parsed(in, r, "price", "this is no amount of money", func(text string) (int64, bool) {
		return in.money(text, "price")
	})
	return p, true
}
