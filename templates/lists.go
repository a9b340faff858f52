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
	for _, name := range []string{"compact", "first", "last", "reverse", "uniq", "where"} {
		engine.RegisterFilter(name, ofLists(standard[name]))
	}
	sum := standard["sum"].(func([]any, func(string) string) any)
	engine.RegisterFilter("sum", ofLists(func(list []any, key func(string) string) any { return tidy(sum(flat(list), key)) }))
	sorted := standard["sort"].(func([]any, any) []any)
	engine.RegisterFilter("sort", ofLists(func(list []any, key any) []any { return sortedBy(sorted, list, key) }))
	engine.RegisterFilter("sort_natural", ofLists(sortNatural))
	engine.RegisterFilter("map", ofLists(mapped))
	engine.RegisterFilter("join", ofLists(join))
	engine.RegisterFilter("size", size)
	engine.RegisterFilter(filterShown, shown)
	engine.RegisterFilter(filterList, listed)
	engine.RegisterFilter(filterAsk+"blank", isBlank)
	engine.RegisterFilter(filterAsk+"empty", isEmpty)
}

// ofLists is a filter of lists for which a map is a list of itself, as it is in
// Liquid. The engine would make a list of the map's values, in another order
// each time.
func ofLists(filter any) any {
	fn := reflect.ValueOf(filter)
	list, anything := reflect.TypeFor[[]any](), reflect.TypeFor[any]()
	var in, out []reflect.Type
	for typ := range fn.Type().Ins() {
		if typ == list {
			typ = anything
		}
		in = append(in, typ)
	}
	for typ := range fn.Type().Outs() {
		out = append(out, typ)
	}
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		for i, typ := range in {
			if fn.Type().In(i) == typ {
				continue
			}
			switch value := args[i].Elem(); {
			case !value.IsValid():
				args[i] = reflect.Zero(list)
			case value.Kind() == reflect.Map:
				args[i] = reflect.ValueOf([]any{value.Interface()})
			default:
				args[i] = reflect.ValueOf(values.MustConvert(value.Interface(), list))
			}
		}
		return fn.Call(args)
	}).Interface()
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

// listed is what a loop goes over: a text once, and a map by pairs of key and
// value in the order of the keys, so that a message is the same each time it is
// made.
func listed(v any) any {
	switch v := v.(type) {
	case string:
		if v == "" {
			return []any{}
		}
		return []any{v}
	case nil:
		return nil
	}
	if value := reflect.ValueOf(v); value.Kind() == reflect.Map {
		return pairs(value)
	}
	return v
}

func pairs(m reflect.Value) []any {
	all := make([]any, 0, m.Len())
	for each := m.MapRange(); each.Next(); {
		all = append(all, []any{each.Key().Interface(), each.Value().Interface()})
	}
	slices.SortFunc(all, func(a, b any) int {
		return cmp.Compare(fmt.Sprint(a.([]any)[0]), fmt.Sprint(b.([]any)[0]))
	})
	return all
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
