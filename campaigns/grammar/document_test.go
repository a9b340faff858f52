package grammar

import (
	"slices"
	"strings"
)

// A document under test is a tree of YAML: a string is a value as it is
// written, []any a list, fields a map in order.
type fields []field

type field struct {
	key   string
	value any
}

// with is a copy in which a key has another value; it is added where missing.
func (f fields) with(key string, value any) fields {
	f = slices.Clone(f)
	if i := slices.IndexFunc(f, func(f field) bool { return f.key == key }); i >= 0 {
		f[i].value = value
		return f
	}
	return append(f, field{key, value})
}

func (f fields) without(key string) fields {
	return slices.DeleteFunc(slices.Clone(f), func(f field) bool { return f.key == key })
}

// write lays a document out in lines.
func write(document any) string {
	var out strings.Builder
	writeBlock(&out, document, "", "")
	return out.String()
}

// writeBlock writes a value whose first line begins with first, and all others
// with rest.
func writeBlock(out *strings.Builder, document any, first, rest string) {
	switch d := document.(type) {
	case string:
		out.WriteString(first + d + "\n")
	case []any:
		for i, item := range d {
			begin := map[bool]string{true: first, false: rest}[i == 0]
			writeBlock(out, item, begin+"- ", rest+"  ")
		}
	case fields:
		for i, f := range d {
			begin := map[bool]string{true: first, false: rest}[i == 0]
			writeField(out, f, begin, rest)
		}
	}
}

func writeField(out *strings.Builder, f field, begin, rest string) {
	switch d := f.value.(type) {
	case string:
		out.WriteString(begin + f.key + ": " + d + "\n")
	case []any:
		if len(d) == 0 {
			out.WriteString(begin + f.key + ": []\n")
			return
		}
		out.WriteString(begin + f.key + ":\n")
		writeBlock(out, d, rest+"  ", rest+"  ")
	case fields:
		if len(d) == 0 {
			out.WriteString(begin + f.key + ": {}\n")
			return
		}
		out.WriteString(begin + f.key + ":\n")
		writeBlock(out, d, rest+"  ", rest+"  ")
	}
}

// sample is a right value for a key.
func sample(key Key) any {
	if key.Example != "" {
		return key.Example
	}
	return least(key.Type)
}

// least is the smallest right value of a type.
func least(t Type) any {
	switch t := t.(type) {
	case *Object:
		return needed(t)
	case *Forms:
		return needed(t.Forms[0])
	case *Scalar:
		return t.Examples[0]
	case *Words:
		return t.Words[0].Word
	case *List:
		return []any{least(t.Of)}
	case *Map:
		return t.Example
	case Either:
		return least(t[0])
	}
	panic("steps within steps have an example")
}

// goesAlong is, for some objects, a key that is needed in nearly all cases: a
// campaign that sends needs a topic, which is declared; a test has somebody in
// it, who does something.
var goesAlong = map[string]string{"campaign": "topic", "workspace": "topics", "test": "customer", "line-when": "answer"}

// needed is an object with the keys it is none without.
func needed(o *Object) fields {
	var f fields
	for _, key := range o.Keys {
		if key.Need || key.Name == goesAlong[o.Name] {
			f = append(f, field{key.Name, sample(key)})
		}
	}
	return f
}

// whole is an object with all keys that go together.
func whole(o *Object) fields {
	var f fields
	for _, key := range o.Keys {
		if key.Beside == "" {
			f = append(f, field{key.Name, sample(key)})
		}
	}
	return f
}

// place is where an object of the language stands.
type place struct {
	file   File
	object *Object
	// forms are the others that could stand there, and it.
	forms []*Object
	// around writes a whole document with a value of the object in its place.
	around func(value any) string
}

// places finds a place for every object of every kind of file.
func places() []place {
	var found []place
	for _, file := range Files() {
		w := walker{file: file}
		w.walk(file.Root, nil, func(value any) any { return value })
		found = append(found, w.found...)
	}
	return found
}

type walker struct {
	file  File
	found []place
}

func (w *walker) walk(t Type, forms []*Object, around func(any) any) {
	switch t := t.(type) {
	case *Object:
		if slices.ContainsFunc(w.found, func(p place) bool { return p.object.Name == t.Name }) {
			return
		}
		w.found = append(w.found, place{w.file, t, forms, func(value any) string { return write(around(value)) }})
		for _, key := range t.Keys {
			w.walk(key.Type, nil, func(value any) any { return around(needed(t).with(key.Name, value)) })
		}
	case *Forms:
		for _, form := range t.Forms {
			w.walk(form, t.Forms, around)
		}
	case *List:
		w.walk(t.Of, nil, func(value any) any { return around([]any{value}) })
	case *Map:
		name := "first"
		if t.Keys != nil {
			name = t.Keys.Examples[0]
		}
		w.walk(t.Of, nil, func(value any) any { return around(fields{{name, value}}) })
	case Either:
		for _, one := range t {
			w.walk(one, nil, around)
		}
	}
}
