package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// fast is how arrays of ours go to PostgreSQL: as they lie there, where the driver
// would box every value of them.
type fast struct{ pgtype.Codec }

// PlanEncode implements pgtype.Codec.
func (f fast) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ours := value.(*cells); ours && format == pgtype.BinaryFormatCode {
		return f
	}
	return f.Codec.PlanEncode(m, oid, format, value)
}

// Encode implements pgtype.EncodePlan.
func (fast) Encode(value any, to []byte) ([]byte, error) {
	c, ours := value.(*cells)
	if !ours {
		return nil, errors.New("not a column of ours")
	}
	return c.appendArray(to), nil
}

// teach makes a connection know arrays of ours.
func teach(known *pgtype.Map) {
	for _, name := range []string{"_int8", "_float8", "_text", "_bytea"} {
		if array, is := known.TypeForName(name); is {
			known.RegisterType(&pgtype.Type{Name: name, OID: array.OID, Codec: fast{array.Codec}})
		}
	}
}

// TextValue implements pgtype.TextValuer, for a connection whose DSN asks for
// arguments as text.
func (c *cells) TextValue() (pgtype.Text, error) {
	to := []byte{'{'}
	for n := range c.len() {
		if n > 0 {
			to = append(to, ',')
		}
		switch {
		case c.null(n):
			to = append(to, "NULL"...)
		case c.kind == kindBytes:
			to = append(hex.AppendEncode(append(to, `"\\x`...), c.raws[n]), '"')
		case c.kind == kindInt, c.kind == kindReal:
			var err error
			if to, err = c.appendJSON(to, n); err != nil {
				return pgtype.Text{}, err
			}
		default:
			to = append(append(append(to, '"'), quotedInArray.Replace(c.texts[n])...), '"')
		}
	}
	return pgtype.Text{String: string(append(to, '}')), Valid: true}, nil
}

var quotedInArray = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// fillByCopy fills a table by COPY, the fastest way in.
func (t *tx) fillByCopy(ctx context.Context, r *rowset, table string) error {
	names := make([]string, len(r.cells))
	for i, c := range r.shape.columns {
		names[i] = c.name
	}
	statement := "COPY " + table + " (" + strings.Join(names, ", ") + ") FROM STDIN (FORMAT binary)"
	if _, err := t.pg.Conn().PgConn().CopyFrom(ctx, &copied{rows: r}, statement); err != nil {
		return err
	}
	_, err := t.exec(ctx, "ANALYZE "+table) // nobody else ever tells the planner about it
	return err
}

// copied is a rowset as COPY reads it.
type copied struct {
	rows *rowset
	next int    // row
	made []byte // and not read yet
	done bool
}

// Read implements io.Reader.
func (c *copied) Read(to []byte) (int, error) {
	if len(c.made) == 0 {
		if c.done {
			return 0, io.EOF
		}
		c.make(len(to))
	}
	n := copy(to, c.made)
	c.made = c.made[n:]
	return n, nil
}

// make makes at least so many bytes, or what is left.
func (c *copied) make(least int) {
	made := c.made[:0]
	if c.next == 0 {
		made = append(made, "PGCOPY\n\377\r\n\000"...)
		made = append(made, make([]byte, 8)...) // no flags, no more header
	}
	for ; len(made) < least && c.next < c.rows.len(); c.next++ {
		made = binary.BigEndian.AppendUint16(made, uint16(len(c.rows.cells)))
		for i := range c.rows.cells {
			made = c.rows.cells[i].appendStored(made, c.next)
		}
	}
	if c.next == c.rows.len() {
		made, c.done = append(made, 0xff, 0xff), true
	}
	c.made = made
}

// appendStored adds a value as its column is stored.
func (c *cells) appendStored(to []byte, n int) []byte {
	if c.kind != kindJSON || c.null(n) {
		return c.appendBinary(to, n)
	}
	const version = 1 // of the form jsonb comes in
	to = binary.BigEndian.AppendUint32(to, uint32(1+len(c.texts[n])))
	return append(append(to, version), c.texts[n]...)
}
