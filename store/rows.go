package store

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

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
//	json   any value, encoded; a nil map, slice or pointer is NULL
//	bytes  []byte
//
// nil and nil pointers are NULL everywhere. A value that does not fit makes the
// statement fail, not the program.
//
// On PostgreSQL a rowset is an unnest of one array a column, on SQLite a
// jsonb_each of one array of arrays. For relations of many thousands of rows, see
// stage.
type rowset struct {
	columns []columnType
	rows    [][]any // int64, float64, string, []byte or nil, by column
	table   string  // the temporary table that holds the rows, see stage
	err     error
}

type columnType struct{ name, kind string }

// newRows makes an empty relation: "id int, status text".
func newRows(columns string) *rowset {
	r := &rowset{}
	for definition := range strings.SplitSeq(columns, ",") {
		name, kind, _ := strings.Cut(strings.TrimSpace(definition), " ")
		r.columns = append(r.columns, columnType{name, kind})
	}
	return r
}

// keys is a relation of one text column, id.
func keys(ids []string) *rowset {
	r := newRows("id text")
	for _, id := range ids {
		r.add(id)
	}
	return r
}

// numbers is a relation of one int column, id.
func numbers(ids []int64) *rowset {
	r := newRows("id int")
	for _, id := range ids {
		r.add(id)
	}
	return r
}

func (r *rowset) len() int { return len(r.rows) }

// add appends a row, its values in the order of the columns.
func (r *rowset) add(values ...any) {
	if len(values) != len(r.columns) && r.err == nil {
		r.err = fmt.Errorf("a row of %d values for %d columns", len(values), len(r.columns))
	}
	if r.err != nil {
		return
	}
	row := make([]any, len(values))
	for i, value := range values {
		var err error
		if row[i], err = r.columns[i].hold(value); err != nil {
			r.err = fmt.Errorf("column %s: %w", r.columns[i].name, err)
			return
		}
	}
	r.rows = append(r.rows, row)
}

// hold turns a Go value into what the column's arrays are made of.
func (c columnType) hold(value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	switch c.kind {
	case "json":
		text, err := encode(value)
		if text == "null" {
			return nil, err
		}
		return text, err
	case "bytes":
		if raw, ok := value.([]byte); ok {
			return raw, nil
		}
		return nil, fmt.Errorf("%T does not fit bytes", value)
	}
	return c.scalar(value)
}

func (c columnType) scalar(value any) (any, error) {
	switch v := value.(type) { // the common ones without reflection
	case string:
		if c.kind == "text" {
			return clean(v), nil
		}
	case int64:
		if c.kind == "int" {
			return v, nil
		}
	case time.Time:
		if c.kind == "int" {
			return instant(v), nil
		}
	}
	v := reflect.ValueOf(value)
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return nil, nil
	case v.Kind() == reflect.Pointer:
		return c.scalar(v.Elem().Interface())
	case c.kind == "text" && v.Kind() == reflect.String:
		return clean(v.String()), nil
	case c.kind == "int" && v.Kind() == reflect.Bool:
		return flag(v.Bool()), nil
	case c.kind == "int" && v.CanInt():
		return v.Int(), nil
	case c.kind == "int" && v.CanUint() && v.Uint() <= 1<<62:
		return int64(v.Uint()), nil
	case c.kind == "real" && v.CanFloat():
		return v.Float(), nil
	case c.kind == "real" && v.CanInt():
		return float64(v.Int()), nil
	}
	return nil, fmt.Errorf("%T does not fit %s", value, c.kind)
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
		return r.unnest(first)
	}
	return r.jsonEach(first)
}

// jsonEach reads the rows out of one JSON text, for SQLite. The binary form of
// json_each spares writing and reading every row's text once for each column.
func (r *rowset) jsonEach(first int) (string, []any, error) {
	var names []string
	for i, c := range r.columns {
		cell := fmt.Sprintf("value->>%d", i)
		if c.kind == "bytes" {
			cell = "unhex(" + cell + ")"
		}
		names = append(names, cell+" AS "+c.name)
	}
	document, err := r.document()
	from := "(SELECT " + strings.Join(names, ", ") + " FROM jsonb_each($" + strconv.Itoa(first) + "))"
	return from, []any{document}, err
}

// document is the rows as a JSON array of arrays.
func (r *rowset) document() (string, error) {
	rows := r.rows
	if rows == nil {
		rows = [][]any{}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	for _, row := range rows {
		for i, cell := range row {
			if raw, ok := cell.([]byte); ok {
				row[i] = hex.EncodeToString(raw)
			}
		}
	}
	err := encoder.Encode(rows)
	return out.String(), err
}

// unnest reads the rows out of one array a column, for PostgreSQL.
func (r *rowset) unnest(first int) (string, []any, error) {
	var names, arrays, aliases []string
	var args []any
	for i, c := range r.columns {
		alias := "c" + strconv.Itoa(i)
		aliases = append(aliases, alias)
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", first+i, c.carrier()))
		if c.kind == "json" {
			alias += "::jsonb"
		}
		names = append(names, alias+" AS "+c.name)
		args = append(args, r.array(i))
	}
	return "(SELECT " + strings.Join(names, ", ") + " FROM unnest(" + strings.Join(arrays, ", ") +
		") AS u(" + strings.Join(aliases, ", ") + "))", args, nil
}

// carrier is the PostgreSQL type a column travels in.
func (c columnType) carrier() string {
	switch c.kind {
	case "int":
		return "bigint"
	case "real":
		return "float8"
	case "bytes":
		return "bytea"
	}
	return "text"
}

// array is one column as a slice the driver writes as an array.
func (r *rowset) array(column int) any {
	switch r.columns[column].kind {
	case "int":
		return cells[int64](r.rows, column)
	case "real":
		return cells[float64](r.rows, column)
	case "bytes":
		raw := make([][]byte, len(r.rows))
		for i, row := range r.rows {
			raw[i], _ = row[column].([]byte)
		}
		return raw
	}
	return cells[string](r.rows, column)
}

// cells is a column as the driver writes it fastest: plain values where none is
// NULL, which is nearly always, else a pointer for each.
func cells[T any](rows [][]any, column int) any {
	values := make([]T, len(rows))
	known := 0
	for i, row := range rows {
		if cell, ok := row[column].(T); ok {
			values[i] = cell
			known++
		}
	}
	if known == len(rows) {
		return values
	}
	pointers := make([]*T, len(rows))
	for i, row := range rows {
		if row[column] != nil {
			pointers[i] = &values[i]
		}
	}
	return pointers
}
