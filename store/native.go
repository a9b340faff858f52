package store

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// native is a result as PostgreSQL sends it, read without a detour: most of what a
// message costs this program is its rows.
type native struct {
	rows  pgx.Rows
	forms []form
	last  []string // the text that stood in each column of the row before
}

// form is how a column's values come over the wire.
type form byte

const (
	byDriver form = iota // the driver knows
	asText               // JSON, too
	asInt8
	asInt4
	asInt2
	asFloat8
	asBool
	asDigits // a whole number as text, where a DSN asks for that
)

// The forms of the types our statements give.
var (
	forms = map[uint32]form{
		pgtype.TextOID: asText, pgtype.VarcharOID: asText, pgtype.NameOID: asText,
		pgtype.Int8OID: asInt8, pgtype.Int4OID: asInt4, pgtype.Int2OID: asInt2, pgtype.Float8OID: asFloat8, pgtype.BoolOID: asBool,
	}
	textForms = map[uint32]form{
		pgtype.TextOID: asText, pgtype.VarcharOID: asText, pgtype.NameOID: asText, pgtype.JSONOID: asText, pgtype.JSONBOID: asText,
		pgtype.Int8OID: asDigits, pgtype.Int4OID: asDigits, pgtype.Int2OID: asDigits,
	}
)

func formOf(field pgconn.FieldDescription) form {
	if field.Format == pgtype.TextFormatCode {
		return textForms[field.DataTypeOID]
	}
	return forms[field.DataTypeOID]
}

func (n *native) scan(places []any) error {
	values := n.rows.RawValues()
	if len(values) != len(places) {
		return fmt.Errorf("%d columns for %d places", len(values), len(places))
	}
	if n.forms == nil {
		n.forms, n.last = make([]form, len(values)), make([]string, len(values))
		for i, field := range n.rows.FieldDescriptions() {
			n.forms[i] = formOf(field)
		}
	}
	for i, place := range places {
		if err := (wired{n, i, values[i]}).into(place); err != nil {
			return fmt.Errorf("read column %s: %w", n.rows.FieldDescriptions()[i].Name, err)
		}
	}
	return nil
}

// wired is one value of a result.
type wired struct {
	of  *native
	n   int    // which column
	raw []byte // nil is NULL; the driver's own, gone with the next row
}

// filler is a place for a value that is read in a way of its own: what asTime, orZero
// and asJSON give.
type filler interface {
	sql.Scanner // SQLite's driver calls it
	fill(wired) error
}

var errNull = errors.New("is NULL")

// into puts the value where it belongs, like database/sql: a whole number fits a
// bool and a real, too.
func (w wired) into(to any) (err error) {
	switch to := to.(type) {
	case *string:
		*to, err = w.text()
	case *int64:
		*to, err = w.whole()
	case *int:
		var whole int64
		whole, err = w.whole()
		*to = int(whole)
	case *bool:
		*to, err = w.flag()
	case *float64:
		*to, err = w.real()
	case *[]byte:
		*to, err = w.bytes()
	case *moment:
		return to.fill(w)
	case filler:
		return to.fill(w)
	case sql.Scanner:
		return w.byDriver(to)
	default:
		return w.byKind(to)
	}
	return err
}

// byKind is into for types made of a plain one.
func (w wired) byKind(to any) error {
	into := reflect.ValueOf(to)
	if into.Kind() != reflect.Pointer {
		return fmt.Errorf("%s is no place for a value", into.Type())
	}
	into = into.Elem()
	switch {
	case into.Kind() == reflect.String:
		text, err := w.text()
		into.SetString(text)
		return err
	case into.CanInt():
		whole, err := w.whole()
		if into.OverflowInt(whole) {
			return fmt.Errorf("%d does not fit", whole)
		}
		into.SetInt(whole)
		return err
	}
	return w.byDriver(to)
}

func (w wired) byDriver(to any) error {
	field := w.of.rows.FieldDescriptions()[w.n]
	return w.of.rows.Conn().TypeMap().Scan(field.DataTypeOID, field.Format, w.raw, to)
}

// driven is a value as the driver reads it.
func driven[T any](w wired) (value T, err error) {
	err = w.byDriver(&value)
	return value, err
}

// text is a text; one that stands in row after row is kept once.
func (w wired) text() (string, error) {
	switch {
	case w.of.forms[w.n] != asText:
		return driven[string](w)
	case w.raw == nil:
		return "", errNull
	}
	last := &w.of.last[w.n]
	if *last != string(w.raw) {
		*last = string(w.raw)
	}
	return *last, nil
}

func (w wired) whole() (int64, error) {
	if w.raw == nil {
		return 0, errNull
	}
	switch form := w.of.forms[w.n]; {
	case form == asInt8 && len(w.raw) == 8:
		return int64(binary.BigEndian.Uint64(w.raw)), nil
	case form == asInt4 && len(w.raw) == 4:
		return int64(int32(binary.BigEndian.Uint32(w.raw))), nil
	case form == asInt2 && len(w.raw) == 2:
		return int64(int16(binary.BigEndian.Uint16(w.raw))), nil
	case form == asDigits:
		return strconv.ParseInt(string(w.raw), 10, 64)
	}
	return driven[int64](w)
}

func (w wired) flag() (bool, error) {
	switch w.of.forms[w.n] {
	case asBool:
		if len(w.raw) == 1 {
			return w.raw[0] != 0, nil
		}
	case asInt8, asInt4, asInt2, asDigits:
		whole, err := w.whole()
		return whole != 0, err
	}
	return driven[bool](w)
}

func (w wired) real() (float64, error) {
	switch w.of.forms[w.n] {
	case asFloat8:
		if len(w.raw) == 8 {
			return math.Float64frombits(binary.BigEndian.Uint64(w.raw)), nil
		}
	case asInt8, asInt4, asInt2, asDigits:
		whole, err := w.whole()
		return float64(whole), err
	}
	return driven[float64](w)
}

func (w wired) bytes() ([]byte, error) {
	if w.of.forms[w.n] == asText {
		return append([]byte(nil), w.raw...), nil
	}
	return driven[[]byte](w)
}
