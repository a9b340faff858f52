package config

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"rapport/campaigns/spelling"
)

// misread names each key of a file that is none, and each value that is not of its
// key's kind, by its place, where the YAML reader names the first and no key; nil
// where there is none. It shows no value.
func misread(raw []byte) error {
	file, err := parser.ParseBytes(raw, 0)
	if err != nil || len(file.Docs) == 0 {
		return nil // which is another's to tell
	}
	var mistakes []error
	look(file.Docs[0].Body, reflect.TypeFor[Config](), "", &mistakes)
	return errors.Join(mistakes...)
}

// look goes through a node that is to be read into a type.
func look(node ast.Node, into reflect.Type, path string, mistakes *[]error) {
	if anchor, is := node.(*ast.AnchorNode); is {
		node = anchor.Value
	}
	if node == nil || node.Type() == ast.NullType || node.Type() == ast.AliasType || node.Type() == ast.TagType || into == reflect.TypeFor[Section]() {
		return // which stand for something else, or are another's to read
	}
	if err := readable(node, into); err != nil {
		*mistakes = append(*mistakes, fmt.Errorf("%s %s: %w", placeOf(node), path, err))
		return
	}
	switch values := node.(type) {
	case ast.MapNode:
		for pairs := values.MapRange(); pairs.Next(); {
			lookAtPair(pairs, into, path, mistakes)
		}
	case *ast.SequenceNode:
		for n, value := range values.Values {
			if into.Kind() == reflect.Slice {
				look(value, into.Elem(), fmt.Sprintf("%s[%d]", path, n), mistakes)
			}
		}
	}
}

func lookAtPair(pair *ast.MapNodeIter, into reflect.Type, path string, mistakes *[]error) {
	key := pair.Key().GetToken().Value
	var field reflect.StructField
	var known bool
	if into.Kind() == reflect.Struct {
		field, known = fieldOf(into, key)
	}
	under := key
	if !known && !keyLike.MatchString(key) {
		under = "…" // it may hold a secret
	}
	if path != "" {
		under = path + "." + under
	}
	switch {
	case into.Kind() == reflect.Map:
		look(pair.Value(), into.Elem(), under, mistakes)
	case known:
		look(pair.Value(), field.Type, under, mistakes)
	case into.Kind() != reflect.Struct || key == "<<":
	case !keyLike.MatchString(key):
		*mistakes = append(*mistakes, fmt.Errorf("%s %s", placeOf(pair.Key()), hiddenKey))
	default:
		*mistakes = append(*mistakes, fmt.Errorf("%s unknown field %q%s", placeOf(pair.Key()), key, meant(into, key, path)))
	}
}

var keyLike = regexp.MustCompile(`^[a-z_]+$`)

func placeOf(node ast.Node) string {
	at := node.GetToken().Position
	return fmt.Sprintf("[%d:%d]", at.Line, at.Column)
}

func fieldOf(into reflect.Type, key string) (field reflect.StructField, known bool) {
	for i := range into.NumField() {
		if field = into.Field(i); field.Tag.Get("yaml") == key && key != "-" {
			return field, true
		}
	}
	return field, false
}

// keysOf are the keys of a section, in the order of its type.
func keysOf(into reflect.Type) (keys []string) {
	for i := range into.NumField() {
		if key := into.Field(i).Tag.Get("yaml"); key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}

// meant says of which section an unknown key is, and which of its keys is near.
func meant(into reflect.Type, key, path string) (said string) {
	if path != "" {
		said = " of " + path
	}
	const most = 2 // letters off is a slip, three another word
	if nearest := spelling.Nearest(key, keysOf(into), min(most, len(key)-1)); nearest != "" {
		said += "; did you mean " + nearest + "?"
	}
	return said
}

var errDuration = errors.New("must be a duration with its unit, such as 90s, 10m or 24h")

// readable is why a node cannot be read into a type; of sections and lists only
// whether it is one.
func readable(node ast.Node, into reflect.Type) error {
	_, scalar := node.(ast.ScalarNode)
	_, section := node.(ast.MapNode)
	_, list := node.(*ast.SequenceNode)
	text := node.GetToken().Value
	switch {
	case into == reflect.TypeFor[Limit]():
		return new(Limit).UnmarshalYAML([]byte(node.String()))
	case into == reflect.TypeFor[Redis]() && scalar: // a URL
		return nil
	case into == reflect.TypeFor[Age]() && scalar:
		return new(Age).UnmarshalText([]byte(text))
	case into == reflect.TypeFor[time.Duration]() && scalar:
		if _, err := time.ParseDuration(text); err != nil || node.Type() != ast.StringType {
			return errDuration
		}
		return nil
	case into.Kind() == reflect.Struct && !section:
		return errors.New("must be a section of keys: " + strings.Join(keysOf(into), ", "))
	case into.Kind() == reflect.Map && !section:
		return errors.New("must be a section of keys")
	case into.Kind() == reflect.Slice && !list:
		return errors.New("must be a list, such as [a, b]")
	case into.Kind() == reflect.Struct, into.Kind() == reflect.Map, into.Kind() == reflect.Slice:
		return nil
	}
	if scalar && yaml.NodeToValue(node, reflect.New(into).Interface()) == nil {
		return nil
	}
	return errors.New(kindOf[into.Kind()])
}

// kindOf says what a value must be.
var kindOf = map[reflect.Kind]string{
	reflect.String: "must be text", reflect.Bool: "must be true or false", reflect.Int: "must be a whole number",
	reflect.Int64: errDuration.Error(), reflect.Float64: "must be a number",
}
