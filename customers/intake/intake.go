package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rapport/customers"
)

// batch is how many rows are written at once.
const batch = 5000

// Options say how files are to be read.
type Options struct {
	Kind Kind
	// Map names the column of a field; the others are guessed by their headers,
	// unless they are mapped to "".
	Map map[string]string
	// Ignore are the headers of columns that are left out without a word.
	Ignore []string
	// Encoding names the files' encoding; empty finds out.
	Encoding string
	// Dates is the order of day and month; Auto finds out, column by column.
	Dates Order
	// Country (ISO 3166-1 alpha-2) is that of phone numbers whose row names none, and of
	// customers of whom none is known.
	Country string
	// EmptyClears are fields, or the headers of their columns, that an empty cell takes
	// off a customer's profile; others stay as they were.
	EmptyClears []string
	// Zone is the zone of dates and times without one; nil is UTC.
	Zone *time.Location
	// Traits are declared types by name: bool, number, string, date.
	Traits map[string]string
	// Topics are those a consent may be about; nil is any.
	Topics []string
	// Currency is the workspace's (ISO 4217); "" where it is not known.
	Currency string
	// DryRun reads everything and writes nothing.
	DryRun bool
	// Progress hears how many bytes of how many on disk are done; may be nil.
	Progress func(done, total int64)
	// Refused hears of every row and cell that cannot be taken; may be nil.
	Refused func(Refusal)
	Now     time.Time
}

// Refusal is a row, or a cell of a row, that cannot be taken.
type Refusal struct {
	File string `json:"file"`
	// Line counts from 1, the header included.
	Line int `json:"line"`
	// Column is the header of the cell; empty when the whole line is meant.
	Column string `json:"column,omitempty"`
	// Character is where in the line it breaks, from 1; 0 when not known.
	Character int    `json:"character,omitempty"`
	Value     string `json:"value,omitempty"`
	Why       string `json:"why"`
	// RowTaken says that the rest of the row was taken.
	RowTaken bool `json:"row_taken"`
}

// String is the refusal in one line.
func (r Refusal) String() string {
	place := fmt.Sprintf("line %d", r.Line)
	if r.Character > 0 {
		place += fmt.Sprintf(", character %d", r.Character)
	}
	if r.Column != "" {
		place += ", column " + r.Column
	}
	if r.Value != "" {
		place += fmt.Sprintf(", value %q", r.Value)
	}
	return place + ": " + r.Why
}

// Outcome sums an import up.
type Outcome struct {
	Files   int `json:"files"`
	Rows    int `json:"rows"`
	Taken   int `json:"taken"`
	Refused int `json:"refused"` // rows left out whole
	Blanked int `json:"blanked"` // cells left out of rows that were taken
	// NotRead are the headers of columns that mean nothing here, each once.
	NotRead []string `json:"columns_not_read"`
	// Inputs tells of each file how it was read, in their order.
	Inputs []Input `json:"inputs"`
	// Abroad are the rows taken of orders in another currency than the workspace's,
	// which are in no total.
	Abroad int `json:"in_another_currency"`
	// Written counts customers, orders, products or suppressed addresses, each once; of an order whose
	// lines stand more than 10,000 rows apart, each part.
	Written customers.Tally `json:"written"`
}

// Input is how a file was read, and what became of its rows.
type Input struct {
	File     string `json:"file"`
	Encoding string `json:"encoding"`
	// Separator stands between two cells; empty in NDJSON.
	Separator string `json:"separator,omitempty"`
	// Dates are the orders of those columns whose dates have one, by their headers.
	Dates map[string]Order `json:"dates,omitempty"`
	Rows  int              `json:"rows"`
	Taken int              `json:"taken"`
	// Warning is why the file may not be whole; empty when it seems to be.
	Warning string `json:"warning,omitempty"`
}

// Import reads files of one kind and writes what they hold. What it has written
// stays written when it ends early, and importing again continues: the same
// rows twice are the same as once.
func Import(ctx context.Context, registry customers.Registry, paths []string, o Options) (Outcome, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	told := map[string]string{}
	for field, column := range o.Map {
		told[named(field)] = column
	}
	o.Map = told
	in := &taking{Options: o, registry: registry, basket: newBasket(), writing: &writing{}, zones: &zones{}}
	in.report.NotRead, in.report.Inputs = []string{}, []Input{}
	if err := in.everything(ctx, paths); err != nil {
		return in.report, err
	}
	if o.DryRun || o.Kind == Products || o.Kind == Suppressions || in.report.Taken == 0 {
		return in.report, nil
	}
	return in.report, registry.Rank(ctx, o.Now)
}

// everything takes all files, once the columns of each are understood. Whichever way
// it ends, nothing is being written afterwards, and what was is counted.
func (in *taking) everything(ctx context.Context, paths []string) (err error) {
	defer func() {
		err = errors.Join(err, in.writing.end())
		in.report.Written = in.writing.tally
	}()
	var files []*file
	for _, path := range paths {
		f, err := openFile(path, in.Encoding)
		if err != nil {
			return fmt.Errorf("import %s: %w", path, err)
		}
		files = append(files, f)
		in.total += f.size
	}
	var layouts []layout
	for _, f := range files {
		if err := in.study(ctx, f); err != nil {
			return fmt.Errorf("import %s: %w", f.path, err)
		}
		layouts = append(layouts, in.layout)
	}
	for n, l := range layouts {
		before := in.report
		if err := in.take(ctx, l); err != nil {
			return fmt.Errorf("import %s: %w", l.file.path, err)
		}
		in.report.Inputs[n].Rows, in.report.Inputs[n].Taken = in.report.Rows-before.Rows, in.report.Taken-before.Taken
		in.done += l.file.size
		in.progress(0)
	}
	return in.write(ctx, in.basket.whole(in.report.Rows))
}
