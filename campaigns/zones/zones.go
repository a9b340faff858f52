// Package zones owns the time zones of the IANA database by their names and by country.
// It does not own whose clock counts (campaigns).
package zones

import (
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

// Of lists the zones of a country (ISO 3166-1 alpha-2) whose clocks differ, the
// capital's or the most populous first; none where there is no such country.
func Of(country string) []string { return byCountry[country] }

// Country is the country (ISO 3166-1 alpha-2) that a zone lies in, of all countries'
// zones and those that phone numbers name; "" where it is not known.
func Country(zone string) string { return places()[zone] }

// Places lists the zones whose Country is known.
func Places() iter.Seq2[string, string] { return maps.All(places()) }

var places = sync.OnceValue(func() map[string]string {
	places := maps.Clone(otherNames)
	for country, names := range byCountry {
		for _, name := range names {
			places[name] = country
		}
	}
	return places
})

// otherNames are zones whose clocks agree with one that byCountry lists, and older
// names of such, under which libphonenumber has them.
var otherNames = map[string]string{
	"Africa/Asmera": "ER", "America/Boise": "US", "America/Buenos_Aires": "AR", "America/Fort_Nelson": "CA", "America/Godthab": "GL",
	"America/Juneau": "US", "America/Manaus": "BR", "America/North_Dakota/Center": "US", "America/Ojinaga": "MX", "America/Rio_Branco": "BR",
	"America/Scoresbysund": "GL", "Asia/Anadyr": "RU", "Asia/Aqtobe": "KZ", "Asia/Calcutta": "IN", "Asia/Choibalsan": "MN", "Asia/Katmandu": "NP",
	"Asia/Krasnoyarsk": "RU", "Asia/Kuching": "MY", "Asia/Rangoon": "MM", "Asia/Sakhalin": "RU", "Asia/Yakutsk": "RU", "Atlantic/Faeroe": "FO",
	"Australia/Adelaide": "AU", "Pacific/Enderbury": "KI", "Pacific/Kosrae": "FM", "Pacific/Ponape": "FM", "Pacific/Truk": "FM",
}

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
