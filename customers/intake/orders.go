package intake

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strconv"
	"strings"

	"rapport/customers"
)

// orderStatuses are the words a file may use, and what shops call the same.
var orderStatuses = map[string]string{
	"completed": "completed", "complete": "completed", "paid": "completed", "shipped": "completed", "fulfilled": "completed", "delivered": "completed",
	"partially refunded": "completed", // what it comes to since is its total's to say
	"returned":           "returned", "refunded": "returned",
	"cancelled": "cancelled", "canceled": "cancelled", "voided": "cancelled", "failed": "cancelled",
}

// unfinished are the words for orders that are none yet.
var unfinished = []string{"pending", "processing", "on hold", "open", "unpaid", "draft"}

// statusOf reads a status; why says what is wrong with it.
func statusOf(text string) (status, why string) {
	word := strings.Map(func(r rune) rune {
		if r == '_' || r == '-' {
			return ' '
		}
		return r
	}, strings.ToLower(text))
	switch status := orderStatuses[word]; {
	case status != "" || word == "":
		return status, ""
	case slices.Contains(unfinished, word):
		return "", "an order that is not completed yet is not taken; import it again when it is"
	}
	return "", "the status is none of completed, returned, cancelled, or a usual word for one"
}

// basket puts the lines of orders together. An order is written when a batch of
// rows went by without a line of it, so that one whose lines stand near each other is
// written, and counted, once. What was known of its lines before goes then; lines
// that come later are added.
type basket struct {
	open map[string]*openOrder
	// counted are lines by order: those of this file, where it does not number them,
	// else of all files. They are kept for every order, by a hash.
	counted   map[uint64]counted
	seed      maphash.Seed
	uncounted bool // the file that is read does not number its lines
}

// counted is what is known of an order that has lines in the basket, or had.
type counted struct {
	lines int32
	part  bool // what comes of it is not all there is
}

type openOrder struct {
	customers.Order
	row int // at which its latest line stood
}

func newBasket() *basket {
	return &basket{open: map[string]*openOrder{}, counted: map[uint64]counted{}, seed: maphash.MakeSeed()}
}

// turn begins a file, when the orders of the one before are out of the basket unless
// both number their lines: only numbered ones say what is the same line.
func (b *basket) turn(uncounted bool) {
	if uncounted || b.uncounted {
		clear(b.counted)
	}
	b.uncounted = uncounted
}

// add lays a later row over what earlier rows say about an order.
func (b *basket) add(o customers.Order, row int) {
	if known := b.open[o.ID]; known != nil {
		o.Lines = append(known.Lines, o.Lines...)
		o.Currency, o.Status = cmp.Or(o.Currency, known.Currency), cmp.Or(o.Status, known.Status)
	}
	b.open[o.ID] = &openOrder{o, row}
}

// whole takes out the orders that had no line since a row.
func (b *basket) whole(since int) []customers.Order {
	var orders []customers.Order
	for id, o := range b.open {
		if o.row > since {
			continue
		}
		if len(o.Lines) > 0 {
			key := maphash.String(b.seed, id)
			known := b.counted[key]
			o.Whole = !known.part
			known.part = true
			b.counted[key] = known
		}
		orders = append(orders, o.Order)
		delete(b.open, id)
	}
	return orders
}

// miss says that a row of an order cannot be taken, so that what is known of it stays.
func (b *basket) miss(order string) {
	key := maphash.String(b.seed, order)
	known := b.counted[key]
	known.part = true
	b.counted[key] = known
}

// count is the place of the next line among those of its order.
func (b *basket) count(order string) int {
	key := maphash.String(b.seed, order)
	known := b.counted[key]
	known.lines++
	b.counted[key] = known
	return int(known.lines)
}

// tooLong is what is wrong with an id that no index can hold.
var tooLong = fmt.Sprintf("this is longer than %d bytes", customers.LongestID)

// order reads a row of orders: an order that has only this line, or a whole one
// where the file has totals.
func (in *taking) order(r row) (customers.Order, bool) {
	o := customers.Order{ID: in.cell(r, "id"), Customer: in.cell(r, "customer"), Home: in.Currency}
	var wrong string
	o.Status, wrong = statusOf(in.cell(r, "status"))
	switch {
	case o.ID == "":
		return o, in.refuse(r, "id", "the id is empty")
	case o.Customer == "":
		return o, in.refuse(r, "customer", "the customer is empty")
	case len(o.ID) > customers.LongestID:
		return o, in.refuse(r, "id", tooLong)
	case len(o.Customer) > customers.LongestID:
		return o, in.refuse(r, "customer", tooLong)
	case wrong != "":
		return o, in.refuse(r, "status", wrong)
	}
	if o.Currency = strings.ToUpper(in.cell(r, "currency")); o.Currency != "" && !customers.IsCurrency(o.Currency) {
		in.blank(r, "currency", "this is no currency of ISO 4217, such as EUR")
		o.Currency = ""
	}
	scale := in.scale()
	if o.Currency != "" {
		scale = customers.MoneyScale(o.Currency)
	}
	var ok bool
	if o.At, ok = in.readDate(in.cell(r, "at"), "at"); !ok {
		return o, in.refuse(r, "at", "the order has no date that can be read")
	}
	if _, lines := in.mapping["amount"]; lines {
		return o, in.line(r, &o, scale)
	}
	if o.Total, ok = in.money(in.cell(r, "total"), "total", scale); !ok {
		return o, in.refuse(r, "total", "this is no amount of money")
	}
	return o, true
}

// line reads the one line of an order that a row holds.
func (in *taking) line(r row, o *customers.Order, scale int64) bool {
	amount, ok := in.money(in.cell(r, "amount"), "amount", scale)
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
		return in.money(text, "price", in.scale())
	})
	return p, true
}
