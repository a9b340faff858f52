package intake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rapport/customers"
)

// taking is one import under way.
type taking struct {
	Options
	registry    customers.Registry
	report      Outcome
	done, total int64 // bytes of the files before this one, and of all

	layout

	people   []customers.Customer
	products []customers.Product
	blocks   []customers.Suppression
	basket   *basket
	writing  *writing
	zones    *zones
}

// layout is how the file that is being read is written.
type layout struct {
	file     *file
	header   []string
	mapping  mapping
	free     []string         // fields mapped to traits and consents
	orders   map[string]Order // of dates, by field
	decimals map[string]byte  // the sign before them, by field
	clears   map[string]bool  // fields that an empty cell clears
}

// take reads the rows of a file that was studied.
func (in *taking) take(ctx context.Context, l layout) error {
	in.layout = l
	in.report.Files++
	if in.uncounted() || in.basket.uncounted {
		if err := in.write(ctx, in.basket.whole(in.report.Rows)); err != nil {
			return err
		}
	}
	in.basket.turn(in.uncounted())
	rows, err := l.file.rows(l.header)
	if err != nil {
		return err
	}
	defer rows.Close() // only read
	for s, err := range in.sheets(ctx, rows) {
		if err != nil {
			return err
		}
		if err := in.add(ctx, s); err != nil {
			return err
		}
	}
	return in.write(ctx, nil)
}

// add takes over what a sheet holds, and writes once there is enough.
func (in *taking) add(ctx context.Context, s sheet) error {
	before := in.report.Rows
	in.report.Rows += s.report.Rows
	in.report.Taken += s.report.Taken
	in.report.Refused += s.report.Refused
	in.report.Blanked += s.report.Blanked
	for _, r := range s.refusals {
		in.tell(r)
	}
	in.people, in.products, in.blocks = append(in.people, s.people...), append(in.products, s.products...), append(in.blocks, s.blocks...)
	for _, o := range s.orders {
		number := 0
		if o.uncounted {
			number = in.basket.count(o.ID)
		}
		switch {
		case o.refused:
			in.basket.miss(o.ID)
			continue
		case o.uncounted:
			o.Lines[0].Number = number
		}
		if o.Abroad() {
			in.report.Abroad++
		}
		in.basket.add(o.Order, before+o.row)
	}
	if before/batch == in.report.Rows/batch {
		return nil
	}
	in.progress(s.read)
	return in.write(ctx, in.basket.whole(in.report.Rows-batch))
}

// column is what the values of a column tell about how it is written.
type column struct {
	dateColumn
	moneyColumn
}

// study reads a file once to learn its columns, the order of its dates and the
// decimals of its amounts.
func (in *taking) study(ctx context.Context, f *file) error {
	in.layout = layout{file: f}
	rows, err := f.rows(nil)
	if err != nil {
		return err
	}
	defer rows.Close() // only read
	var columns []column
	for r, err := range rows.all(ctx) {
		if err != nil {
			return err
		}
		columns = append(columns, make([]column, len(rows.header)-len(columns))...)
		for i, cell := range r.cells {
			columns[i].dateColumn.learn(cell)
			columns[i].moneyColumn.learn(cell)
		}
	}
	in.header = rows.header
	if f.comma == 0 && len(in.header) == 0 {
		return errors.New("no line of it is a JSON object; write each on one line, as `jq -c .` does")
	}
	if err := in.mapped(); err != nil {
		return err
	}
	in.report.Inputs = append(in.report.Inputs, rows.input())
	return in.settle(append(columns, make([]column, len(in.header)-len(columns))...))
}

// mapped finds the fields of the columns, and refuses a file whose consents would be
// lost.
func (in *taking) mapped() (err error) {
	if in.mapping, err = mapColumns(in.Kind, in.header, in.Map, in.Ignore); err != nil {
		return err
	}
	if err := in.mapping.knownTopics(in.header, in.Topics); err != nil {
		return err
	}
	if in.clears, err = in.mapping.emptied(in.Kind, in.header, in.EmptyClears); err != nil {
		return err
	}
	var others []string
	for _, name := range in.mapping.notRead(in.header) {
		if !slices.Contains(in.Ignore, name) {
			others = append(others, name)
		}
	}
	if in.Kind == Customers {
		if err := lostConsents(append(in.mapping.idle(in.header, in.Map), others...), in.Map); err != nil {
			return err
		}
	}
	for _, name := range others {
		if !slices.Contains(in.report.NotRead, name) {
			in.report.NotRead = append(in.report.NotRead, name)
		}
	}
	return nil
}

// input is what walking a file has shown of it.
func (r *rows) input() Input {
	input := Input{File: r.file.path, Encoding: r.file.encoding, Dates: map[string]Order{}}
	if r.file.comma != 0 {
		input.Separator = string(r.file.comma)
		if r.unended > 0 {
			input.Warning = fmt.Sprintf("line %d, the last, has no end: the file may be cut off there", r.unended)
		}
	}
	return input
}

// settle draws from the columns how each field is written.
func (in *taking) settle(columns []column) (err error) {
	in.orders, in.decimals = map[string]Order{}, map[string]byte{}
	for _, field := range slices.Sorted(maps.Keys(in.mapping)) {
		at := in.mapping[field]
		if free(field) {
			in.free = append(in.free, field)
		}
		in.decimals[field] = columns[at].decimal()
		in.orders[field] = in.Dates
		if in.isDate(field) && in.Dates == Auto {
			if in.orders[field], err = columns[at].order(in.header[at]); err != nil {
				return err
			}
		}
		if order := columns[at].shown(in.orders[field]); in.isDate(field) && order != Auto {
			in.report.Inputs[len(in.report.Inputs)-1].Dates[in.header[at]] = order
		}
	}
	return nil
}

func (in *taking) isDate(field string) bool {
	switch field {
	case "at", "born_on", "created_at", "consented_at", "refused_at":
		return true
	}
	trait, is := strings.CutPrefix(field, traitPrefix)
	return is && in.Traits[trait] == "date"
}

// write lets what was taken since the last time be written, and the orders given, while the next rows are read.
func (in *taking) write(ctx context.Context, orders []customers.Order) error {
	people, products, blocks := in.people, in.products, in.blocks
	in.people, in.products, in.blocks = nil, nil, nil
	if in.DryRun {
		return nil
	}
	switch {
	case len(people) > 0:
		return in.writing.begin(func() (customers.Tally, error) { return in.registry.PutCustomers(ctx, in.Now, people) })
	case len(orders) > 0:
		return in.writing.begin(func() (customers.Tally, error) { return in.registry.PutOrders(ctx, in.Now, orders) })
	case len(blocks) > 0:
		return in.writing.begin(func() (customers.Tally, error) { return in.registry.PutSuppressions(ctx, blocks) })
	case len(products) > 0:
		return in.writing.begin(func() (customers.Tally, error) { return in.registry.PutProducts(ctx, products) })
	}
	return nil
}

// progress tells how far the import is, here bytes into this file.
func (in *taking) progress(here int64) {
	if in.Progress != nil {
		in.Progress(in.done+here, in.total)
	}
}

// cell is the text of a field, "" where the file has no such column.
func (in *taking) cell(r row, field string) string {
	at, mapped := in.mapping[field]
	if !mapped || at >= len(r.cells) {
		return ""
	}
	return strings.TrimSpace(r.cells[at])
}

// illegible refuses a row that cannot be read for a cell of it, or takes the cell out
// of it: an order is no order without what it may have said there. A country is left
// as it is, for its reader to find nobody's in it.
func (in *taking) illegible(r row) (refused bool) {
	const why = "this has characters that cannot be read in the file's encoding"
	var cells []string
	for field := range in.mapping {
		if !legible(in.cell(r, field)) && field != "country" {
			cells = append(cells, field)
		}
	}
	slices.Sort(cells)
	for _, field := range cells {
		if in.Kind == Orders || slices.Contains(required[in.Kind], field) {
			return !in.refuse(r, field, why)
		}
	}
	for _, field := range cells {
		in.blank(r, field, why)
	}
	for _, field := range cells {
		r.cells[in.mapping[field]] = ""
	}
	return false
}

// parsed reads an optional cell; one that cannot be read is left out and
// reported.
func parsed[T any](in *taking, r row, field, why string, read func(string) (T, bool)) T {
	var none T
	text := in.cell(r, field)
	if text == "" {
		return none
	}
	value, ok := read(text)
	if !ok {
		in.blank(r, field, why)
		return none
	}
	return value
}

func (in *taking) date(r row, field string) time.Time {
	return parsed(in, r, field, "this is no date", func(text string) (time.Time, bool) {
		return in.readDate(text, field)
	})
}

// past is a date that is over. One after now is none: nobody has come or said anything
// then.
func (in *taking) past(r row, field string) time.Time {
	at := in.date(r, field)
	if at.After(in.Now) {
		in.blank(r, field, "this is after now; say with --dates and --zone how the file writes dates, or mend it")
		return time.Time{}
	}
	return at
}

// removed reports whether a row takes a field off the profile: by a null or an empty list
// of NDJSON, or by an empty cell that clears it.
func (in *taking) removed(r row, field string) bool {
	at, mapped := in.mapping[field]
	switch {
	case !mapped || at >= len(r.cells):
		return false
	case r.said == nil: // a separated file
		return in.clears[field] && in.cell(r, field) == ""
	}
	return r.said[at] == nothing || r.said[at] == something && in.clears[field] && in.cell(r, field) == ""
}

// readDate reads dates of birth and of traits as days, which have no zone. Two
// digits of a year mean one up to ten years ahead, but nobody is born then.
func (in *taking) readDate(text, field string) (time.Time, bool) {
	zone, latest := in.Zone, in.Now.Year()+10
	if field == "born_on" || free(field) {
		zone = time.UTC
	}
	if field == "born_on" {
		latest = in.Now.Year()
	}
	return parseDate(text, in.orders[field], zone, latest)
}

func (in *taking) money(text, field string, scale int64) (int64, bool) {
	return parseMoney(text, in.decimals[field], scale)
}

// scale is how many minor units make one of the workspace's currency.
func (in *taking) scale() int64 { return customers.MoneyScale(in.Currency) }

// refuse reports that a row cannot be taken because of one cell. It gives
// false, for the row's reader to return.
func (in *taking) refuse(r row, field, why string) bool {
	in.tell(in.about(r, field, why))
	return false
}

// blank reports that a cell was left out of a row that is taken.
func (in *taking) blank(r row, field, why string) {
	refusal := in.about(r, field, why)
	refusal.RowTaken = true
	in.report.Blanked++
	in.tell(refusal)
}

func (in *taking) about(r row, field, why string) Refusal {
	column := field
	if at, mapped := in.mapping[field]; mapped {
		column = in.header[at]
	}
	return Refusal{File: in.file.path, Line: r.line, Column: column, Value: in.cell(r, field), Why: why}
}

func (in *taking) tell(r Refusal) {
	if in.Refused != nil {
		in.Refused(r)
	}
}
