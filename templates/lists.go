package templates

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/osteele/liquid"
	"github.com/osteele/liquid/filters"
	"github.com/osteele/liquid/values"
)

// addLists replaces the engine's filters of lists that answer otherwise than
// Liquid does, and adds those that stand for blank, empty and a text in a for.
func addLists(engine *liquid.Engine) {
	standard := shelf{}
	filters.AddStandardFilters(standard)
	sorted := standard["sort"].(func([]any, any) []any)
	engine.RegisterFilter("sort", func(list []any, key any) []any { return sortedBy(sorted, list, key) })
	engine.RegisterFilter("sort_natural", sortNatural)
	engine.RegisterFilter("map", mapped)
	engine.RegisterFilter("size", size)
	engine.RegisterFilter(filterShown, shown)
	engine.RegisterFilter(filterList, listed)
	engine.RegisterFilter(filterAsk+"blank", isBlank)
	engine.RegisterFilter(filterAsk+"empty", isEmpty)
}

// shown refuses what has no words of its own, before the engine shows its
// insides.
func shown(v any) (any, error) {
	inner := v
	if safe, ok := v.(values.SafeValue); ok {
		inner = safe.Value
	}
	switch value := reflect.ValueOf(inner); value.Kind() {
	case reflect.Map:
		return nil, errObject
	case reflect.Slice:
		for i := range value.Len() {
			if reflect.ValueOf(value.Index(i).Interface()).Kind() == reflect.Map {
				return nil, errObject
			}
		}
	}
	return v, nil
}

// isEmpty reports whether v is a text, list or map without anything in it. An
// absent value is not empty.
func isEmpty(v any) bool {
	switch value := reflect.ValueOf(v); value.Kind() {
	case reflect.String, reflect.Slice, reflect.Map:
		return value.Len() == 0
	}
	return false
}

// isBlank reports whether v shows nothing: absent, false, empty or space only.
func isBlank(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return strings.TrimSpace(v) == ""
	}
	return isEmpty(v)
}

// listed makes a list of one of a text, so that a loop goes over it once.
func listed(v any) any {
	switch s, isText := v.(string); {
	case isText && s != "":
		return []any{s}
	case isText:
		return []any{}
	}
	return v
}

// size is the number of characters, items or keys.
func size(v any) int {
	if value := reflect.ValueOf(v); value.Kind() == reflect.Map {
		return value.Len()
	}
	return values.Length(v)
}

// mapped is one property of every item, of those of lists among them too.
func mapped(list []any, key string) []any {
	var out []any
	for _, item := range list {
		if inner, ok := item.([]any); ok {
			out = append(out, mapped(inner, key)...)
			continue
		}
		out = append(out, property(item, key))
	}
	return out
}

func property(item any, key string) any {
	return values.ValueOf(item).PropertyValue(values.ValueOf(key)).Interface()
}

// sortedBy sorts as the engine does, with the items that lack the key last.
func sortedBy(sorted func([]any, any) []any, list []any, key any) []any {
	name, ok := key.(string)
	if !ok {
		return sorted(list, key)
	}
	var having, lacking []any
	for _, item := range list {
		if property(item, name) == nil {
			lacking = append(lacking, item)
		} else {
			having = append(having, item)
		}
	}
	return append(sorted(having, key), lacking...)
}

// sortNatural sorts by words regardless of case, absent ones last.
func sortNatural(list []any, key func(string) string) []any {
	name := key("")
	word := func(item any) (string, bool) {
		if name != "" {
			item = property(item, name)
		}
		if item == nil {
			return "", false
		}
		return strings.ToLower(fmt.Sprint(item)), true
	}
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b any) int {
		x, hasX := word(a)
		y, hasY := word(b)
		switch {
		case hasX && hasY:
			return cmp.Compare(x, y)
		case hasX:
			return -1
		case hasY:
			return 1
		}
		return 0
	})
	return out
}
