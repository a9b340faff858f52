package grammar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
)

// dialect is the JSON Schema the schemas are written in.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// Schema is the JSON Schema of a kind of file, as a JSON document. The same
// grammar gives the same bytes.
func Schema(file File) ([]byte, error) {
	b := builder{}
	root := b.object(file.Root)
	root.Dialect = dialect
	root.Description = "What stands in " + file.Paths + "."
	root.Defs = b.defs
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return nil, fmt.Errorf("write the schema of a %s: %w", file.Name, err)
	}
	return out.Bytes(), nil
}

// schema is a JSON Schema with the keywords that are used here.
type schema struct {
	Dialect     string   `json:"$schema,omitempty"`
	Ref         string   `json:"$ref,omitempty"`
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Type        any      `json:"type,omitempty"`
	Enum        []string `json:"enum,omitempty"`
	Const       any      `json:"const,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	// Mismatch is what editors say where the pattern does not fit: a keyword of
	// theirs, which validators pass over.
	Mismatch      string   `json:"patternErrorMessage,omitempty"`
	Minimum       *float64 `json:"minimum,omitempty"`
	Maximum       *float64 `json:"maximum,omitempty"`
	Items         *schema  `json:"items,omitempty"`
	MinItems      int      `json:"minItems,omitempty"`
	Required      []string `json:"required,omitempty"`
	MinProperties int      `json:"minProperties,omitempty"`
	Properties    members  `json:"properties,omitempty"`
	Patterns      members  `json:"patternProperties,omitempty"`
	Others        any      `json:"additionalProperties,omitempty"`
	AnyOf         []schema `json:"anyOf,omitempty"`
	AllOf         []schema `json:"allOf,omitempty"`
	If            *schema  `json:"if,omitempty"`
	Not           *schema  `json:"not,omitempty"`
	Then          *schema  `json:"then,omitempty"`
	Default       any      `json:"default,omitempty"`
	Examples      []any    `json:"examples,omitempty"`
	Defs          members  `json:"$defs,omitempty"`
}

// members are named schemas that keep their order.
type members []member

type member struct {
	name   string
	schema *schema
}

// MarshalJSON writes an object.
func (m members) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	between := "{"
	for _, member := range m {
		out.WriteString(between)
		if err := encoder.Encode(member.name); err != nil {
			return nil, err
		}
		out.WriteByte(':')
		if err := encoder.Encode(member.schema); err != nil {
			return nil, err
		}
		between = ","
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// builder gathers the definitions that a schema refers to.
type builder struct{ defs members }

// of is the schema of a type. What has a name becomes a definition.
func (b *builder) of(t Type) *schema {
	switch t := t.(type) {
	case *Object:
		return b.define(t.Name, func() *schema { return b.object(t) })
	case *Forms:
		return b.define(t.Name, func() *schema { return b.forms(t) })
	case *Scalar:
		return b.define(t.Name, func() *schema { return scalar(t) })
	case *Words:
		return b.define(t.Name, func() *schema { return words(t) })
	case *List:
		return &schema{Type: "array", Items: b.of(t.Of), MinItems: t.Least}
	case *Map:
		return b.mapping(t)
	case Either:
		var any schema
		for _, one := range t {
			any.AnyOf = append(any.AnyOf, *b.of(one))
		}
		return &any
	case Ref:
		return refer(string(t))
	}
	panic(fmt.Sprintf("the grammar has no schema for %T", t))
}

func refer(name string) *schema { return &schema{Ref: "#/$defs/" + name} }

// define adds a definition once, in the order in which they are met; a type
// without a name stands where it is used.
func (b *builder) define(name string, make func() *schema) *schema {
	if name == "" {
		return make()
	}
	for _, def := range b.defs {
		if def.name == name {
			return refer(name)
		}
	}
	place := len(b.defs)
	b.defs = append(b.defs, member{name: name})
	b.defs[place].schema = make()
	return refer(name)
}

func (b *builder) object(o *Object) *schema {
	s := &schema{Title: o.Title, Type: "object", Others: false}
	for _, key := range o.Keys {
		s.Properties = append(s.Properties, member{key.Name, b.key(key)})
		if key.Need {
			s.Required = append(s.Required, key.Name)
		}
	}
	return s
}

func (b *builder) key(key Key) *schema {
	s := b.of(key.Type)
	s.Description = plain(key.Means)
	if key.Beside != "" {
		s.Description += " It goes with " + key.Beside + "."
	}
	switch {
	case key.Default != "":
		s.Default = value(key.Default)
	case key.Otherwise != "":
		s.Description += " Without it: " + plain(key.Otherwise) + "."
	}
	if key.Example != "" {
		s.Examples = []any{value(key.Example)}
	}
	return s
}

// forms says which form is meant by the key it begins with, so that an editor
// underlines what is wrong with that form rather than with all of them.
func (b *builder) forms(f *Forms) *schema {
	s := &schema{Title: f.Title, Type: "object"}
	none := &schema{Type: "object", Not: &schema{}}
	for _, form := range f.Forms {
		first := form.First()
		begins := &schema{Description: capital(form.Title) + "."}
		none.Not.AnyOf = append(none.Not.AnyOf, schema{Required: []string{first}})
		when := &schema{Type: "object", Required: []string{first}}
		if when.Not = withOption(f, form); when.Not == nil {
			begins.Type = shapesOf(form.Keys[0].Type)
		}
		s.Properties = append(s.Properties, member{first, begins})
		s.AllOf = append(s.AllOf, schema{If: when, Then: b.of(form)})
	}
	// Where no form is meant every key is a stranger, and something is missing.
	s.AllOf = append(s.AllOf, schema{If: none, Then: &schema{Others: false, MinProperties: 1}})
	return s
}

// withOption is every other form in which the first key of this one is an
// option; nil where there is none.
func withOption(f *Forms, form *Object) *schema {
	var others schema
	for _, other := range f.Forms {
		if _, option := other.Key(form.First()); option && other != form {
			others.AnyOf = append(others.AnyOf, schema{Required: []string{other.First()}})
		}
	}
	if others.AnyOf == nil {
		return nil
	}
	return &others
}

// shapesOf are the JSON types a type has, by which an editor knows what to write
// after a key.
func shapesOf(t Type) []string {
	switch t := t.(type) {
	case *Scalar:
		return t.Shapes
	case *Words:
		return inText
	case *List:
		return []string{"array"}
	case Either:
		var shapes []string
		for _, one := range t {
			for _, shape := range shapesOf(one) {
				if !slices.Contains(shapes, shape) {
					shapes = append(shapes, shape)
				}
			}
		}
		return shapes
	}
	return []string{"object"}
}

func (b *builder) mapping(m *Map) *schema {
	if m.Keys == nil {
		return &schema{Title: m.Title, Type: "object", Others: b.of(m.Of)}
	}
	return &schema{Title: m.Title, Type: "object", Patterns: members{{m.Keys.Pattern, b.of(m.Of)}}, Others: false}
}

func scalar(s *Scalar) *schema {
	out := &schema{Title: s.Title, Description: plain(s.Means), Pattern: s.Pattern}
	switch {
	case s.Yes:
		out.Const = true
	case len(s.Shapes) == 1:
		out.Type = s.Shapes[0]
	case len(s.Shapes) > 1:
		out.Type = s.Shapes
	}
	if s.Low != s.High {
		out.Minimum, out.Maximum = &s.Low, &s.High
	}
	if s.Pattern != "" {
		out.Mismatch = "This is not " + plain(s.Title) + "; write it such as " + strings.Join(s.Examples, " or ") + "."
	}
	for _, example := range s.Examples {
		out.Examples = append(out.Examples, value(example))
	}
	return out
}

func words(w *Words) *schema {
	s := &schema{Title: w.Title}
	var told []string
	for _, word := range w.Words {
		s.Enum = append(s.Enum, word.Word)
		told = append(told, word.Word+": "+plain(word.Means))
	}
	s.Description = strings.Join(told, "; ") + "."
	return s
}

// value reads a value that the grammar holds in YAML.
func value(written string) any {
	var value any
	if err := yaml.Unmarshal([]byte(written), &value); err != nil {
		panic(fmt.Sprintf("the grammar holds %q, which is no YAML: %v", written, err))
	}
	return value
}

// plain takes Markdown's marks off.
func plain(text string) string { return strings.ReplaceAll(text, "`", "") }

// capital begins a sentence.
func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
