package templates

import (
	"encoding/json"
	"strconv"
	"time"
)

// notPlain finds the first value in v that is more than data, and gives the
// path to it; nil when there is none. The path is empty but not nil when it is
// v itself. Data nested deeper than depth is refused too.
func notPlain(v any, depth int) []string {
	if depth == 0 {
		return []string{}
	}
	switch v := v.(type) {
	case nil, string, bool, int, int64, float64, time.Time, json.Number,
		int8, int16, int32, uint8, uint16, uint32, uint64, uint, float32,
		[]string, []int, []float64, map[string]string:
		return nil
	case map[string]any:
		for key, inner := range v {
			if path := notPlain(inner, depth-1); path != nil {
				return append([]string{key}, path...)
			}
		}
		return nil
	case []any:
		for i, inner := range v {
			if path := notPlain(inner, depth-1); path != nil {
				return append([]string{strconv.Itoa(i)}, path...)
			}
		}
		return nil
	case []map[string]any:
		for i, inner := range v {
			if path := notPlain(inner, depth-1); path != nil {
				return append([]string{strconv.Itoa(i)}, path...)
			}
		}
		return nil
	}
	return []string{}
}
