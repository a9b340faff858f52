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
// from: profile, phone (the number's region), country (where it has one zone),
// or workspace.
func (w *Workspace) ZoneOf(c *customers.Customer) (zone *time.Location, from string) {
	if zone, known := zones.Named(c.Zone); known {
		return zone, zoneFromProfile
	}
	if zone, known := zones.Named(c.PhoneZone); known {
		return zone, zoneFromPhone
	}
	if names := zones.Of(c.Country); len(names) == 1 {
		if zone, known := zones.Named(names[0]); known {
			return zone, zoneFromCountry
		}
	}
	return w.zone(), zoneFromWorkspace
}

// clocksOf lists every zone the customer may be in: one, or all of their
// country where nothing better is known. Contact hours must allow a message in
// each of them; the first names the clock on the record.
func (w *Workspace) clocksOf(c *customers.Customer) (clocks []*time.Location, from string) {
	zone, from := w.ZoneOf(c)
	if from != zoneFromWorkspace {
		return []*time.Location{zone}, from
	}
	home := homeOf(c)
	for _, name := range zones.Of(home) {
		if zone, known := zones.Named(name); known {
			clocks = append(clocks, zone)
		}
	}
	switch len(clocks) {
	case 0:
		return []*time.Location{zone}, from
	case 1: // by the profile's country it would be known
		return clocks, zoneFromPhone
	}
	return clocks, "every zone of " + home
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
