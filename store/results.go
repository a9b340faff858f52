package store

import (
	"database/sql"
	"errors"
)

// record is one row of a result.
type record struct {
	lite        *sql.Rows
	pg          *native
	first, last any // where a column before and one behind those of Scan go
}

// withFirst reads one more column before those that a scan names.
func (r record) withFirst(into any) record {
	r.first = into
	return r
}

// withLast reads one more column behind those that a scan names.
func (r record) withLast(into any) record {
	r.last = into
	return r
}

// Scan reads the row's columns into places, in order: pointers to plain values
// and types made of them, asTime, orZero and asJSON, and anything the driver knows.
func (r record) Scan(places ...any) error {
	if r.first != nil {
		places = append([]any{r.first}, places...)
	}
	if r.last != nil {
		places = append(places[:len(places):len(places)], r.last)
	}
	if r.pg != nil {
		return r.pg.scan(places)
	}
	return r.lite.Scan(places...)
}

// results are the rows of a query, one after the other.
type results struct{ record }

// next goes on to the next row. After the last, end says whether it was the last.
func (r results) next() bool {
	if r.pg != nil {
		return r.pg.rows.Next()
	}
	return r.lite.Next()
}

// end gives the results back and is the error that came first: of who read them,
// or of the database.
func (r results) end(err error) error {
	if r.pg != nil {
		r.pg.rows.Close()
		if err == nil {
			err = r.pg.rows.Err()
		}
		return err
	}
	if closed := errors.Join(r.lite.Err(), r.lite.Close()); err == nil {
		err = closed
	}
	return err
}

// only is a result of one row.
type only struct {
	rows results
	err  error
}

// Scan reads the row; where there is none the error is sql.ErrNoRows.
func (o only) Scan(places ...any) error {
	if o.err != nil {
		return o.err
	}
	if o.rows.next() {
		return o.rows.end(o.rows.Scan(places...))
	}
	if err := o.rows.end(nil); err != nil {
		return err
	}
	return sql.ErrNoRows
}
