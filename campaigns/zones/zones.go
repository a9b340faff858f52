// Package zones owns the time zones of the IANA database by their names and by country.
// It does not own whose clock counts (campaigns).
package zones

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Of lists the zones of a country (ISO 3166-1 alpha-2) whose clocks differ, the
// capital's or the most populous first; none where there is no such country.
func Of(country string) []string { return byCountry[country] }

// Countries lists all that have zones, in their order.
func Countries() []string { return slices.Sorted(maps.Keys(byCountry)) }

// Named finds a zone by its name. Reading one from disk costs more than judging a
// message, so those of all countries are read once.
func Named(name string) (*time.Location, bool) {
	if name == "" || name == "Local" {
		return nil, false
	}
	if zone, known := known()[name]; known {
		return zone, true
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// Names are the names of all countries' zones, in their order.
var Names = sync.OnceValue(func() []string { return slices.Sorted(maps.Keys(known())) })

var known = sync.OnceValue(func() map[string]*time.Location {
	zones := map[string]*time.Location{}
	for _, names := range byCountry {
		for _, name := range names {
			if zone, err := time.LoadLocation(name); err == nil {
				zones[name] = zone
			}
		}
	}
	return zones
})
