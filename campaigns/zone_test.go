package campaigns

import (
	"strings"
	"testing"

	"rapport/customers"
)

func TestZoneOfACustomer(t *testing.T) {
	for name, c := range map[string]struct {
		customer   customers.Customer
		zone, from string
		clocks     int
	}{
		"profile first":              {customers.Customer{Zone: "Asia/Tokyo", PhoneZone: "Asia/Tehran", Country: "DE"}, "Asia/Tokyo", "profile", 1},
		"then the number's region":   {customers.Customer{PhoneZone: "Asia/Tehran", Country: "DE"}, "Asia/Tehran", "phone", 1},
		"then a country of one zone": {customers.Customer{Country: "AT"}, "Europe/Vienna", "country", 1},
		"a country of one clock":     {customers.Customer{Country: "AR"}, "America/Argentina/Buenos_Aires", "country", 1},
		"a country of several":       {customers.Customer{Country: "AU"}, "Europe/Berlin", "workspace", 7},
		"a mobile number abroad":     {customers.Customer{Phone: "+61412345678"}, "Europe/Berlin", "workspace", 7},
		"and the country as well":    {customers.Customer{Phone: "+61412345678", Country: "AT"}, "Europe/Vienna", "country", 1},
		"nothing known":              {customers.Customer{}, "Europe/Berlin", "workspace", 1},
		"a zone that does not exist": {customers.Customer{Zone: "Mars/Olympus", Country: "AT"}, "Europe/Vienna", "country", 1},
		"the machine's own zone":     {customers.Customer{Zone: "Local"}, "Europe/Berlin", "workspace", 1},
		"an old name of a zone":      {customers.Customer{Zone: "US/Eastern"}, "US/Eastern", "profile", 1},
	} {
		w := ruleShop()
		zone, from := w.ZoneOf(&c.customer)
		if zone.String() != c.zone || from != c.from {
			t.Errorf("%s: %s from %s, want %s from %s", name, zone, from, c.zone, c.from)
		}
		if clocks, _ := w.clocksOf(&c.customer); len(clocks) != c.clocks {
			t.Errorf("%s: judged by %d clocks, want %d", name, len(clocks), c.clocks)
		}
	}
}

// Whoever says no more of themselves than a mobile number is called by the clocks of
// its country, and never by the workspace's.
func TestAMobileNumberTellsItsCountrysClocks(t *testing.T) {
	for number, want := range map[string]string{
		"+61412345678": "every zone of AU", "+79141234567": "every zone of RU", "+5491123456789": "phone",
		"+4915112345678": "phone", "+80012345678": "workspace",
	} {
		clocks, from := ruleShop().clocksOf(&customers.Customer{Phone: number})
		if from != want || (clocks[0].String() == "Europe/Berlin") != strings.Contains("+4915112345678 +80012345678", number) {
			t.Errorf("%s: %v from %s, want %s", number, clocks, from, want)
		}
	}
}
