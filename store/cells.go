package store

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// kind is what a column of a rowset holds.
type kind byte

const (
	kindInt kind = iota
	kindReal
	kindText
	kindJSON
	kindBytes
)

var kinds = map[string]kind{"int": kindInt, "real": kindReal, "text": kindText, "json": kindJSON, "bytes": kindBytes}

// carriers are the PostgreSQL types the kinds travel in, with their numbers.
var carriers = [...]struct {
	name string
	oid  uint32
}{
	kindInt: {"bigint", 20}, kindReal: {"float8", 701}, kindText: {"text", 25}, kindJSON: {"text", 25}, kindBytes: {"bytea", 17},
}

// cells are the values of one column. Of the slices the one of the column's kind
// is in use.
type cells struct {
	kind  kind
	ints  []int64
	reals []float64
	texts []string // JSON, too
	raws  [][]byte
	nulls []bool // which are NULL; nil where none is
	room  int    // how many bytes an array of them and what follows it take
}

// add appends a value.
func (c *cells) add(value any) error {
	switch v := value.(type) {
	case nil:
		c.addNull()
		return nil
	case string:
		if c.kind == kindText {
			c.addText(clean(v))
			return nil
		}
	case int64:
		if c.kind == kindInt {
			c.addInt(v)
			return nil
		}
	case int:
		if c.kind == kindInt {
			c.addInt(int64(v))
			return nil
		}
	case time.Time:
		if c.kind == kindInt {
			if v.IsZero() {
				c.addNull()
			} else {
				c.addInt(v.UnixMilli())
			}
			return nil
		}
	case []byte:
		if c.kind == kindBytes {
			c.know()
			c.raws = append(c.raws, v)
			return nil
		}
	case written:
		if c.kind == kindJSON {
			if v.text == "null" {
				c.addNull()
			} else {
				c.addText(v.text)
			}
			return v.err
		}
	}
	return c.addLike(reflect.ValueOf(value))
}

// addLike adds what is made of a plain type or points to one.
func (c *cells) addLike(v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		c.addNull()
	case v.Kind() == reflect.Pointer:
		return c.addLike(v.Elem())
	case c.kind == kindText && v.Kind() == reflect.String:
		c.addText(clean(v.String()))
	case c.kind == kindInt && v.Kind() == reflect.Bool:
		c.addInt(flag(v.Bool()))
	case c.kind == kindInt && v.CanInt():
		c.addInt(v.Int())
	case c.kind == kindInt && v.CanUint() && v.Uint() <= 1<<62:
		c.addInt(int64(v.Uint()))
	case c.kind == kindReal && v.CanFloat():
		c.know()
		c.reals = append(c.reals, v.Float())
	case c.kind == kindReal && v.CanInt():
		c.know()
		c.reals = append(c.reals, float64(v.Int()))
	default:
		return misfit{v.Type(), c.kind}
	}
	return nil
}

// misfit is a value of a type that a column does not hold.
type misfit struct {
	what reflect.Type
	kind kind
}

// Error implements error.
func (m misfit) Error() string {
	return fmt.Sprintf("%s does not fit %s", m.what, carriers[m.kind].name)
}

// written is a value as a json column holds it.
type written struct {
	text string // "null" is NULL
	err  error
}

// inJSON is any value for a json column; a nil map, slice or pointer is NULL.
func inJSON(value any) written {
	text, err := encode(value)
	return written{text, err}
}

func (c *cells) addInt(v int64) {
	c.know()
	c.ints = append(c.ints, v)
}

func (c *cells) addText(v string) {
	c.know()
	c.texts = append(c.texts, v)
}

// know says that the next value is not NULL.
func (c *cells) know() {
	if c.nulls != nil {
		c.nulls = append(c.nulls, false)
	}
}

func (c *cells) addNull() {
	if c.nulls == nil {
		c.nulls = make([]bool, c.len())
	}
	c.nulls = append(c.nulls, true)
	switch c.kind {
	case kindInt:
		c.ints = append(c.ints, 0)
	case kindReal:
		c.reals = append(c.reals, 0)
	case kindBytes:
		c.raws = append(c.raws, nil)
	default:
		c.texts = append(c.texts, "")
	}
}

// part is the cells from one row to before another.
func (c *cells) part(from, to int) cells {
	cut := cells{kind: c.kind}
	switch c.kind {
	case kindInt:
		cut.ints = c.ints[from:to]
	case kindReal:
		cut.reals = c.reals[from:to]
	case kindBytes:
		cut.raws = c.raws[from:to]
	default:
		cut.texts = c.texts[from:to]
	}
	if c.nulls != nil {
		cut.nulls = c.nulls[from:to]
	}
	return cut
}

// len is how many there are.
func (c *cells) len() int { return len(c.ints) + len(c.reals) + len(c.texts) + len(c.raws) }

func (c *cells) null(n int) bool {
	return c.nulls != nil && c.nulls[n] || c.kind == kindBytes && c.raws[n] == nil
}

// size is how many bytes of PostgreSQL's own form they take, at most.
func (c *cells) size() int {
	bytes := 20 + 4*c.len() + 8*(len(c.ints)+len(c.reals))
	for _, text := range c.texts {
		bytes += len(text)
	}
	for _, raw := range c.raws {
		bytes += len(raw)
	}
	return bytes
}

// appendBinary adds a value in PostgreSQL's own form, its length before it.
func (c *cells) appendBinary(to []byte, n int) []byte {
	if c.null(n) {
		return binary.BigEndian.AppendUint32(to, math.MaxUint32)
	}
	switch c.kind {
	case kindInt:
		return binary.BigEndian.AppendUint64(append(to, 0, 0, 0, 8), uint64(c.ints[n]))
	case kindReal:
		return binary.BigEndian.AppendUint64(append(to, 0, 0, 0, 8), math.Float64bits(c.reals[n]))
	case kindBytes:
		return append(binary.BigEndian.AppendUint32(to, uint32(len(c.raws[n]))), c.raws[n]...)
	}
	return append(binary.BigEndian.AppendUint32(to, uint32(len(c.texts[n]))), c.texts[n]...)
}

// appendArray adds all as an array in PostgreSQL's own form.
func (c *cells) appendArray(to []byte) []byte {
	n := c.len()
	to = slices.Grow(to, max(c.room, c.size()))
	dimensions, nulls := uint32(1), uint32(0)
	if n == 0 {
		dimensions = 0
	}
	if c.nulls != nil || c.kind == kindBytes {
		nulls = 1
	}
	for _, word := range []uint32{dimensions, nulls, carriers[c.kind].oid} {
		to = binary.BigEndian.AppendUint32(to, word)
	}
	if n == 0 {
		return to
	}
	to = binary.BigEndian.AppendUint32(to, uint32(n))
	to = binary.BigEndian.AppendUint32(to, 1) // where it begins to count
	for i := range n {
		to = c.appendBinary(to, i)
	}
	return to
}

// appendJSON adds a value as JSON; bytes are hexadecimal.
func (c *cells) appendJSON(to []byte, n int) ([]byte, error) {
	if c.nulls != nil && c.nulls[n] {
		return append(to, "null"...), nil
	}
	switch c.kind {
	case kindInt:
		return strconv.AppendInt(to, c.ints[n], 10), nil
	case kindReal:
		if math.IsNaN(c.reals[n]) || math.IsInf(c.reals[n], 0) {
			return to, fmt.Errorf("%v is no number a column holds", c.reals[n])
		}
		return strconv.AppendFloat(to, c.reals[n], 'g', -1, 64), nil
	case kindBytes:
		return append(hex.AppendEncode(append(to, '"'), c.raws[n]), '"'), nil
	}
	return appendQuoted(to, c.texts[n]), nil
}

// appendQuoted adds a text as a JSON string.
func appendQuoted(to []byte, text string) []byte {
	const digits = "0123456789abcdef"
	to = append(to, '"')
	start := 0
	for i := range len(text) {
		b := text[i]
		if b >= ' ' && b != '"' && b != '\\' {
			continue
		}
		to = append(to, text[start:i]...)
		if b < ' ' {
			to = append(to, '\\', 'u', '0', '0', digits[b>>4], digits[b&15])
		} else {
			to = append(to, '\\', b)
		}
		start = i + 1
	}
	return append(append(to, text[start:]...), '"')
}
