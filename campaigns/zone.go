package campaigns

import (
	"time"

	"rapport/campaigns/zones"
	"rapport/channels"
	"rapport/customers"
)

// Where a customer's zone is known from, as recorded with each delivery.
const (
	zoneFromProfile   = "profile"
	zoneFromPhone     = "phone"
	zoneFromCountry   = "country"
	zoneFromWorkspace = "workspace"
)

// ZoneOf is the zone a customer's clock is taken to show, and where it is known
// from: profile, phone (the number's region, or its country where the profile names
// none), country (where it has one zone), or workspace. Of the customer it asks the
// Zone, the PhoneZone, the Country and, where those leave it open, the Phone.
func (w *Workspace) ZoneOf(c *customers.Customer) (zone *time.Location, from string) {
	if zone, known := zones.Named(c.Zone); known {
		return zone, zoneFromProfile
	}
	if zone, known := zones.Named(c.PhoneZone); known && !outvoted(c) {
		return zone, zoneFromPhone
	}
	home, from := c.Country, zoneFromCountry
	if home == "" {
		home, from = homeOf(c), zoneFromPhone
	}
	if zone, only := onlyZone(home); only {
		return zone, from
	}
	return w.zone(), zoneFromWorkspace
}

// onlyZone is the zone of a country that has one.
func onlyZone(country string) (zone *time.Location, only bool) {
	names := zones.Of(country)
	if len(names) != 1 {
		return nil, false
	}
	return zones.Named(names[0])
}

// outvoted reports whether the number's zone lies in another country than the
// profile's and does not show where the customer is: any number but a fixed line
// goes along to where they live.
func outvoted(c *customers.Customer) bool {
	return len(zones.Of(c.Country)) > 0 && zones.Country(c.PhoneZone) != c.Country && !customers.FixedLine(c.Phone)
}

// clockAbroad is the one zone of a number of another country than the profile's,
// which speaks against it.
func clockAbroad(c *customers.Customer) (zone *time.Location, found bool) {
	if c.Country == "" {
		return nil, false
	}
	if zone, known := zones.Named(c.PhoneZone); known {
		return zone, true
	}
	if home := CountryOf(c, channels.SMS); home != c.Country {
		return onlyZone(home)
	}
	return nil, false
}

// clocksOf lists every zone the customer may be in: the one of ZoneOf, or all of
// their country where nothing better is known, and that of their number where it
// speaks against the profile's country. Contact hours must allow a message in each
// of them; the first names the clock on the record.
func (w *Workspace) clocksOf(c *customers.Customer) (clocks []*time.Location, from string) {
	zone, from := w.ZoneOf(c)
	if from == zoneFromProfile || from == zoneFromPhone {
		return []*time.Location{zone}, from
	}
	home := homeOf(c)
	for _, name := range zones.Of(home) {
		if zone, known := zones.Named(name); known {
			clocks = append(clocks, zone)
		}
	}
	switch {
	case len(clocks) == 0:
		clocks = []*time.Location{zone}
	case from == zoneFromWorkspace:
		from = "every zone of " + home
	}
	if zone, found := clockAbroad(c); found {
		return append(clocks, zone), from + " and phone"
	}
	return clocks, from
}

// homeOf is the customer's country: the profile's, or else the phone number's; ""
// where neither is known. A mobile number tells it, and no zone within it.
func homeOf(c *customers.Customer) string {
	if c.Country == "" && c.Phone != "" {
		return CountryOf(c, channels.SMS)
	}
	return c.Country
}

func (w *Workspace) zone() *time.Location {
	if w.Zone == nil {
		return time.UTC
	}
	return w.Zone
}
