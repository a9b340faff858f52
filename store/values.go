package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
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
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.ReplaceAll(text, "\x00", "")
}

// encode writes a value as JSON in the form columns hold: no white space, keys
// in order, no escapes but the needed ones, no NUL. A nil map, slice or pointer
// is "null".
func encode(value any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	return dropNUL(strings.TrimSuffix(out.String(), "\n")), nil
}

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

// scanner fills a Go value from a column that may be NULL.
type scanner func(value any) error

// Scan implements sql.Scanner.
func (s scanner) Scan(value any) error { return s(value) }

// asTime reads an instant; NULL is the zero time.
func asTime(into *time.Time) sql.Scanner {
	return scanner(func(value any) error {
		var ms sql.NullInt64
		if err := ms.Scan(value); err != nil {
			return err
		}
		*into = time.Time{}
		if ms.Valid {
			*into = time.UnixMilli(ms.Int64).UTC()
		}
		return nil
	})
}

// orZero reads a column whose NULL means Go's zero value.
func orZero[T any](into *T) sql.Scanner {
	return scanner(func(value any) error {
		var maybe sql.Null[T]
		if err := maybe.Scan(value); err != nil {
			return err
		}
		*into = maybe.V
		return nil
	})
}

// readJSON is json.Unmarshal, quick about the many objects that hold nothing.
func readJSON(document []byte, into any) error {
	if object, is := into.(*map[string]any); is && string(document) == "{}" {
		if *object == nil {
			*object = map[string]any{}
		}
		return nil
	}
	return json.Unmarshal(document, into)
}

// asJSON reads a JSON document; NULL leaves the value as it is.
func asJSON(into any) sql.Scanner {
	return scanner(func(value any) error {
		switch document := value.(type) {
		case nil:
			return nil
		case []byte:
			return readJSON(document, into)
		case string:
			return readJSON([]byte(document), into)
		}
		return fmt.Errorf("a JSON column came as %T", value)
	})
}
