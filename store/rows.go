package store

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rapport/campaigns/expression"
)

// rowset is a relation made of Go values, so that one statement with one set of
// parameters writes or finds any number of rows:
//
//	rows := newRows("id int, status text, at int, score real")
//	for _, p := range progress {
//		rows.add(p.ID, p.Status, p.At, p.Score)
//	}
//	changed, err := tx.execRows(ctx, rows, `
//		UPDATE deliveries SET status = v.status FROM {rows} AS v
//		WHERE deliveries.id = v.id AND deliveries.fence = $1`, fence)
//
// {rows} stands for the relation wherever a table may stand, once in a
// statement, and always takes a name after it (AS v). The statement's own
// arguments are $1 and so on; the relation's follow by themselves. The rows
// keep no order: carry a column for one, and ORDER BY it.
//
// The columns are typed as they are in the migrations:
//
//	int    int, int64, bool (1, 0), time.Time (milliseconds, zero time NULL)
//	real   float64, int
//	text   string and types made of it, cleaned (see clean); "" stays "",
//	       nullable("") is NULL
//	json   inJSON(any value); of a nil map, slice or pointer it is NULL
//	bytes  []byte
//
// nil and nil pointers are NULL everywhere. A value that does not fit makes the
// statement fail, not the program.
//
// On PostgreSQL a rowset is an unnest of one array a column, on SQLite a
// jsonb_each of one array of arrays. For relations of many thousands of rows, see
// stage.
type rowset struct {
	shape *shape
	cells []cells // by column
	table string  // the temporary table that holds the rows, see stage
	err   error
}

// newRows makes an empty relation: "id int, status text".
func newRows(columns string) *rowset {
	r := &rowset{shape: shapeOf(columns)}
	r.cells = make([]cells, len(r.shape.columns))
	for i, c := range r.shape.columns {
		r.cells[i].kind = c.kind
	}
	return r
}

// expect makes room for so many rows.
func (r *rowset) expect(rows int) *rowset {
	texts := make([]string, rows*r.shape.texts) // of all columns
	for i := range r.cells {
		switch c := &r.cells[i]; c.kind {
		case kindInt:
			c.ints = make([]int64, 0, rows)
		case kindReal:
			c.reals = make([]float64, 0, rows)
		case kindBytes:
			c.raws = make([][]byte, 0, rows)
		default:
			c.texts, texts = texts[:0:rows], texts[rows:]
		}
	}
	return r
}

// keys is a relation of one text column, id.
func keys(ids []string) *rowset {
	r := newRows("id text")
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = clean(id)
	}
	r.cells[0].texts = texts
	return r
}

// numbers is a relation of one int column, id, whose values stay the caller's.
func numbers(ids []int64) *rowset {
	r := newRows("id int")
	r.cells[0].ints = ids[:len(ids):len(ids)]
	return r
}

func (r *rowset) len() int { return r.cells[0].len() }

// add appends a row, its values in the order of the columns.
func (r *rowset) add(values ...any) {
	if len(values) != len(r.cells) && r.err == nil {
		r.err = fmt.Errorf("a row of %d values for %d columns", len(values), len(r.cells))
	}
	if r.err != nil {
		return
	}
	for i, value := range values {
		if err := r.cells[i].add(value); err != nil {
			r.err = fmt.Errorf("column %s: %w", r.shape.columns[i].name, err)
			return
		}
	}
}

// part is the rows from one to before another.
func (r *rowset) part(from, to int) *rowset {
	cut := &rowset{shape: r.shape, cells: make([]cells, len(r.cells))}
	for i := range r.cells {
		cut.cells[i] = r.cells[i].part(from, to)
	}
	return cut
}

// bind puts the relation into a query whose own arguments come first.
func (r *rowset) bind(d expression.Dialect, query string, args []any) (string, []any, error) {
	from, more, err := r.from(d, len(args)+1)
	if err != nil {
		return "", nil, err
	}
	return strings.Replace(query, "{rows}", from, 1), append(args[:len(args):len(args)], more...), nil
}

// from is the relation as a parenthesised SELECT and its arguments, whose
// placeholders begin at number first.
func (r *rowset) from(d expression.Dialect, first int) (string, []any, error) {
	switch {
	case r.err != nil:
		return "", nil, r.err
	case r.table != "":
		return r.table, nil, nil
	case d == expression.Postgres:
		return r.shape.from(d, first), r.arrays(), nil
	}
	document, err := r.document()
	return r.shape.from(d, first), []any{document}, err
}

// document is the rows as a JSON array of arrays.
func (r *rowset) document() (string, error) {
	all := append(make([]byte, 0, 64*len(r.cells)), '[')
	for row := range r.len() {
		if row > 0 {
			all = append(all, ',')
		}
		for i := range r.cells {
			separator := byte(',')
			if i == 0 {
				separator = '['
			}
			var err error
			if all, err = r.cells[i].appendJSON(append(all, separator), row); err != nil {
				return "", fmt.Errorf("column %s: %w", r.shape.columns[i].name, err)
			}
		}
		all = append(all, ']')
	}
	return string(append(all, ']')), nil
}

// arrays are the columns. The first makes room for all.
func (r *rowset) arrays() []any {
	arrays := make([]any, len(r.cells))
	room := 0
	for i := range r.cells {
		arrays[i] = &r.cells[i]
		room += r.cells[i].size()
	}
	r.cells[0].room = room
	return arrays
}

// shape is the columns of a relation, and how statements are told of them.
type shape struct {
	columns []typed
	texts   int // how many of them hold text or JSON
	mu      sync.Mutex
	sources map[source]string
}

type typed struct {
	name, word string // the kind's word
	kind       kind
}

// source is what the text of a relation depends on beside its columns.
type source struct {
	dialect expression.Dialect
	first   int // number of the first placeholder
}

// shapesMost bounds the shapes kept: those of imports differ with what is given.
const shapesMost = 1000

var shapes = struct {
	sync.RWMutex
	known map[string]*shape
}{known: map[string]*shape{}}

func shapeOf(columns string) *shape {
	shapes.RLock()
	known := shapes.known[columns]
	shapes.RUnlock()
	if known != nil {
		return known
	}
	s := &shape{sources: map[source]string{}}
	for definition := range strings.SplitSeq(columns, ",") {
		name, word, _ := strings.Cut(strings.TrimSpace(definition), " ")
		c := typed{name, word, kinds[word]}
		s.columns = append(s.columns, c)
		if c.kind == kindText || c.kind == kindJSON {
			s.texts++
		}
	}
	shapes.Lock()
	defer shapes.Unlock()
	if len(shapes.known) < shapesMost {
		shapes.known[columns] = s
	}
	return s
}

// from is the relation as a parenthesised SELECT.
func (s *shape) from(d expression.Dialect, first int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := source{d, first}
	text, known := s.sources[of]
	if !known {
		if text = s.jsonEach(first); d == expression.Postgres {
			text = s.unnest(first)
		}
		s.sources[of] = text
	}
	return text
}

// jsonEach reads the rows out of one JSON text, for SQLite. The binary form of
// json_each spares writing and reading every row's text once for each column.
func (s *shape) jsonEach(first int) string {
	var names []string
	for i, c := range s.columns {
		cell := fmt.Sprintf("value->>%d", i)
		if c.kind == kindBytes {
			cell = "unhex(" + cell + ")"
		}
		names = append(names, cell+" AS "+c.name)
	}
	return "(SELECT " + strings.Join(names, ", ") + " FROM jsonb_each($" + strconv.Itoa(first) + "))"
}

// unnest reads the rows out of one array a column, for PostgreSQL. Each array is a
// subselect, so that no plan is made by its length: by it the server reads whole
// tables until it has planned a statement five times on a connection, and behind a
// pooler always, rather than to look up what the rows name.
func (s *shape) unnest(first int) string {
	var names, arrays, aliases []string
	for i, c := range s.columns {
		alias := "c" + strconv.Itoa(i)
		aliases = append(aliases, alias)
		arrays = append(arrays, fmt.Sprintf("(SELECT $%d::%s[])", first+i, carriers[c.kind].name))
		if c.kind == kindJSON {
			alias += "::jsonb"
		}
		names = append(names, alias+" AS "+c.name)
	}
	return "(SELECT " + strings.Join(names, ", ") + " FROM unnest(" + strings.Join(arrays, ", ") +
		") AS u(" + strings.Join(aliases, ", ") + "))"
}

// distinct is all different values, in order.
func distinct[T int64 | string](values []T) []T {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}
