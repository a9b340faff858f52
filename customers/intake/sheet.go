package intake

import (
	"context"
	"iter"
	"runtime"

	"rapport/customers"
)

// sheetSize is how many rows are understood together.
const sheetSize = 500

// sheet is what some rows that follow each other hold.
type sheet struct {
	people   []customers.Customer
	products []customers.Product
	orders   []orderRow
	blocks   []customers.Suppression
	report   Outcome
	refusals []Refusal
	read     int64 // bytes of the file up to its end
	err      error
}

// orderRow is an order as one row tells it.
type orderRow struct {
	customers.Order
	row       int  // within its sheet, from 1
	uncounted bool // its line has no number of its own
	refused   bool // nothing of it but the id is taken
}

// sheets reads rows in turn and understands them on all processors; the sheets come
// in the order of their rows.
func (in *taking) sheets(ctx context.Context, rows *rows) iter.Seq2[sheet, error] {
	return func(yield func(sheet, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		waiting := make(chan chan sheet, runtime.GOMAXPROCS(0))
		reader := *in // what is understood does not hang on what is added meanwhile
		go reader.deal(ctx, rows, waiting)
		defer func() { // the file stays open until nobody reads it any more
			cancel()
			for range waiting { // is closed by deal
			}
		}()
		for one := range waiting {
			s := <-one
			if !yield(s, s.err) || s.err != nil {
				return
			}
		}
	}
}

// deal hands out the rows of a file, sheet by sheet. What ends it comes as a sheet
// of its own.
func (in *taking) deal(ctx context.Context, rows *rows, waiting chan<- chan sheet) {
	defer close(waiting)
	hand := func(read func() sheet) bool {
		one := make(chan sheet, 1)
		select {
		case waiting <- one:
		case <-ctx.Done():
			return false
		}
		go func() { one <- read() }()
		return true
	}
	var some []row
	for r, err := range rows.all(ctx) {
		if err != nil {
			hand(func() sheet { return sheet{err: err} })
			return
		}
		if some = append(some, r); len(some) == sheetSize {
			full, read := some, rows.reading.raw.n
			if !hand(func() sheet { return in.understand(full, read) }) {
				return
			}
			some = nil
		}
	}
	hand(func() sheet { return in.understand(some, rows.reading.raw.n) })
}

// understand reads what rows say. Several sheets are understood at once: what
// depends on the rows before is left to add.
func (in *taking) understand(some []row, read int64) sheet {
	s := sheet{read: read}
	clerk := *in // one for each sheet
	clerk.report, clerk.Refused = Outcome{}, func(r Refusal) { s.refusals = append(s.refusals, r) }
	for n, r := range some {
		if clerk.row(r, n+1, &s) {
			clerk.report.Taken++
		} else {
			clerk.report.Refused++
		}
	}
	s.report = clerk.report
	s.report.Rows = len(some)
	return s
}

// row takes one row, the number-th of its sheet, and reports whether there was
// something to take.
func (in *taking) row(r row, number int, s *sheet) bool {
	if r.bad != nil {
		in.tell(*r.bad)
		return false
	}
	if in.illegible(r) {
		return false
	}
	switch in.Kind {
	case Customers:
		c, ok := in.person(r)
		if ok {
			s.people = append(s.people, c)
		}
		return ok
	case Products:
		p, ok := in.product(r)
		if ok {
			s.products = append(s.products, p)
		}
		return ok
	case Suppressions:
		b, ok := in.suppression(r)
		if ok {
			s.blocks = append(s.blocks, b)
		}
		return ok
	default:
		o, ok := in.order(r)
		if ok || o.ID != "" {
			s.orders = append(s.orders, orderRow{Order: o, row: number, uncounted: in.uncounted(), refused: !ok})
		}
		return ok
	}
}

// uncounted reports whether lines of orders are numbered by us.
func (in *taking) uncounted() bool {
	_, lines := in.mapping["amount"]
	_, numbered := in.mapping["line"]
	return lines && !numbered
}
