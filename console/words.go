package console

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"rapport/customers"
)

// share is a part of a whole in per cent, "" of nothing.
func share(part, whole int64) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", 100*float64(part)/float64(whole))
}

// reasons says in one line how often each reason held.
func reasons[K ~string](counts map[K]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", name, counts[name]))
	}
	return strings.Join(parts, ", ")
}

// details is what is worth knowing of an event beside its name.
func details(e customers.Event) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(e.Properties)) {
		if value := e.Properties[name]; value != nil && value != "" {
			parts = append(parts, fmt.Sprintf("%s: %v", strings.ReplaceAll(name, "_", " "), value))
		}
	}
	return strings.Join(parts, " · ")
}

func newestFirst(events []customers.Event) []customers.Event {
	events = slices.Clone(events)
	slices.Reverse(events)
	return events
}
