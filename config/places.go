package config

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// mistakenTimes names each length of time and each limit of a file that cannot be
// read, by its place and key, which the YAML reader does not; nil where there is none.
func mistakenTimes(raw []byte) error {
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
	if err := readable(node, into); err != nil {
		at := node.GetToken().Position
		*mistakes = append(*mistakes, fmt.Errorf("[%d:%d] %s: %w", at.Line, at.Column, path, err))
		return
	}
	values, is := node.(ast.MapNode)
	if !is {
		return
	}
	for pairs := values.MapRange(); pairs.Next(); {
		key := pairs.Key().GetToken().Value
		at := key
		if path != "" {
			at = path + "." + key
		}
		switch into.Kind() {
		case reflect.Map:
			look(pairs.Value(), into.Elem(), at, mistakes)
		case reflect.Struct:
			for i := range into.NumField() {
				if field := into.Field(i); field.Tag.Get("yaml") == key {
					look(pairs.Value(), field.Type, at, mistakes)
				}
			}
		}
	}
}

var errDuration = errors.New("must be a duration with its unit, such as 90s, 10m or 24h")

// readable is why a node cannot be read into a length of time or a limit.
func readable(node ast.Node, into reflect.Type) error {
	_, scalar := node.(ast.ScalarNode)
	text := node.GetToken().Value
	switch {
	case node.Type() == ast.NullType || node.Type() == ast.AliasType || node.Type() == ast.TagType:
		return nil // which stand for something else
	case into == reflect.TypeFor[Limit]():
		return new(Limit).UnmarshalYAML([]byte(node.String()))
	case into == reflect.TypeFor[Age]() && scalar:
		return new(Age).UnmarshalText([]byte(text))
	case into == reflect.TypeFor[time.Duration]() && scalar:
		if _, err := time.ParseDuration(text); err != nil || node.Type() != ast.StringType {
			return errDuration
		}
	}
	return nil
}
