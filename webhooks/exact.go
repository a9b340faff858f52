package webhooks

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// exactly reads JSON that keeps its numbers as they are written.
func exactly(raw json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode(into)
}

// asFloats makes the numbers of values what conditions reckon with, in place. inexact names
// those that lose digits by it; that of an order or a product would be another's, and
// is wrong.
func asFloats(path string, values map[string]any) (inexact []string, wrong string) {
	var walk func(path, key string, value any) any
	walk = func(path, key string, value any) any {
		switch v := value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(v)) {
				v[key] = walk(path+"."+named(key), key, v[key])
			}
		case []any:
			for n := range v {
				v[n] = walk(fmt.Sprintf("%s[%d]", path, n), key, v[n])
			}
		case json.Number:
			n, err := v.Float64()
			switch lost := digitsLost(v.String(), n); {
			case wrong != "":
			case err != nil:
				wrong = path + " is a number too large to keep"
			case lost && ofGoods(path, key):
				wrong = path + " is a number too large to be exact; write it in quotes"
			case lost:
				inexact = append(inexact, path+": the last digits; write so long a number in quotes")
			}
			return n
		}
		return value
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		values[key] = walk(path+"."+named(key), key, values[key])
	}
	return inexact, wrong
}

// digitsLost reports whether a whole number is another as a float.
func digitsLost(text string, n float64) bool {
	return !strings.ContainsAny(text, ".eE") && strings.TrimPrefix(text, "-") != strings.TrimPrefix(strconv.FormatFloat(n, 'f', -1, 64), "-")
}

// ofGoods reports whether a key names an order or a product.
func ofGoods(path, key string) bool {
	switch key {
	case "order_id", "orderId", "product_id":
		return true
	case "id":
		return strings.HasPrefix(path, "properties.products[")
	}
	return false
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_$-]{1,40}$`)

// named is a sender's key as it may stand in an answer and in the log.
func named(key string) string {
	if plainName.MatchString(key) {
		return key
	}
	return "…"
}
