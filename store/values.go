package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// instant is a moment as a column holds it: Unix milliseconds, NULL for the
// zero time.
func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// nullable is a text as a column holds it that knows "not known": NULL for "".
func nullable(text string) any {
	if text == "" {
		return nil
	}
	return clean(text)
}

// flag is a bool as a column holds it: 1 or 0.
func flag(set bool) int64 {
	if set {
		return 1
	}
	return 0
}

// clean makes a text storable on every database: valid UTF-8 without NUL,
// which PostgreSQL refuses.
func clean(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.ReplaceAll(text, "\x00", "")
}

// encode writes a value as JSON in the form columns hold: no white space, keys
// in order, no escapes but the needed ones, no NUL. A nil map, slice or pointer
// is "null".
func encode(value any) (string, error) {
	if object, is := value.(map[string]any); is && object != nil && len(object) == 0 {
		return "{}", nil
	}
	e, _ := encoders.Get().(*encoder)
	defer encoders.Put(e)
	e.out.Reset()
	if err := e.json.Encode(value); err != nil {
		return "", err
	}
	return dropNUL(string(bytes.TrimSuffix(e.out.Bytes(), []byte("\n")))), nil
}

// encoder writes JSON into room that is used again.
type encoder struct {
	out  bytes.Buffer
	json *json.Encoder
}

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.json = json.NewEncoder(&e.out)
	e.json.SetEscapeHTML(false)
	return e
}}

// dropNUL removes the escape of NUL from a JSON text, which PostgreSQL refuses.
func dropNUL(text string) string {
	const nul = `\u0000`
	if !strings.Contains(text, nul) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != '\\':
			out.WriteByte(text[i])
		case strings.HasPrefix(text[i:], nul):
			i += len(nul) - 1
		default: // another escape: both its bytes stay
			out.WriteString(text[i : i+2])
			i++
		}
	}
	return out.String()
}

// moment is a time that is read from an instant.
type moment time.Time

// asTime reads an instant; NULL is the zero time.
func asTime(into *time.Time) *moment { return (*moment)(into) }

// Scan implements sql.Scanner.
func (m *moment) Scan(value any) error {
	ms, whole := value.(int64)
	if !whole && value != nil {
		return fmt.Errorf("an instant came as %T", value)
	}
	m.set(ms, whole)
	return nil
}

func (m *moment) fill(w wired) error {
	if w.raw == nil {
		m.set(0, false)
		return nil
	}
	ms, err := w.whole()
	m.set(ms, err == nil)
	return err
}

func (m *moment) set(ms int64, known bool) {
	*m = moment{}
	if known {
		*m = moment(time.UnixMilli(ms).UTC())
	}
}

// zeroed is a value whose NULL is Go's zero value.
type zeroed[T any] struct{ into *T }

// orZero reads a column whose NULL means Go's zero value.
func orZero[T any](into *T) zeroed[T] { return zeroed[T]{into} }

// Scan implements sql.Scanner.
func (z zeroed[T]) Scan(value any) error {
	if text, plain := value.(string); plain {
		if into, fits := any(z.into).(*string); fits {
			*into = text
			return nil
		}
	}
	var maybe sql.Null[T]
	if err := maybe.Scan(value); err != nil {
		return err
	}
	*z.into = maybe.V
	return nil
}

func (z zeroed[T]) fill(w wired) error {
	if w.raw == nil {
		var zero T
		*z.into = zero
		return nil
	}
	return w.into(z.into)
}

// document is a value that is read from JSON.
type document[T any] struct{ into *T }

// asJSON reads a JSON document; NULL leaves the value as it is.
func asJSON[T any](into *T) document[T] { return document[T]{into} }

// Scan implements sql.Scanner.
func (d document[T]) Scan(value any) error {
	switch text := value.(type) {
	case nil:
		return nil
	case []byte:
		return d.read(text)
	case string:
		return d.read([]byte(text))
	}
	return fmt.Errorf("a JSON column came as %T", value)
}

func (d document[T]) fill(w wired) error {
	switch {
	case w.raw == nil:
		return nil
	case w.of.forms[w.n] == asText:
		return d.read(w.raw)
	}
	var text []byte
	if err := w.byDriver(&text); err != nil {
		return err
	}
	return d.read(text)
}

// read is json.Unmarshal, quick about the many objects that hold nothing.
func (d document[T]) read(text []byte) error {
	if string(text) == "{}" {
		switch into := any(d.into).(type) {
		case *map[string]any:
			if *into == nil {
				*into = map[string]any{}
			}
			return nil
		default:
			if reflect.TypeFor[T]().Kind() == reflect.Struct {
				return nil
			}
		}
	}
	return json.Unmarshal(text, d.into)
}
