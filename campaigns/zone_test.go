package campaigns

import (
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
)

func TestZoneOfACustomer(t *testing.T) {
	for name, c := range map[string]struct {
		customer   customers.Customer
		zone, from string
		clocks     int
	}{
		"profile first":              {customers.Customer{Zone: "Asia/Tokyo", PhoneZone: "Asia/Tehran", Country: "DE"}, "Asia/Tokyo", "profile", 1},
		"then the number's region":   {customers.Customer{PhoneZone: "America/Denver", Country: "US"}, "America/Denver", "phone", 1},
		"a fixed line abroad":        {customers.Customer{Phone: "+982144445555", PhoneZone: "Asia/Tehran", Country: "DE"}, "Asia/Tehran", "phone", 1},
		"a mobile of one zone":       {customers.Customer{Phone: "+4915112345678", PhoneZone: "Europe/Berlin", Country: "JP"}, "Asia/Tokyo", "country", 2},
		"a mobile of one country":    {customers.Customer{Phone: "+447400123456", Country: "JP"}, "Asia/Tokyo", "country", 2},
		"perhaps a mobile abroad":    {customers.Customer{Phone: "+12125550123", PhoneZone: "America/New_York", Country: "JP"}, "Asia/Tokyo", "country", 2},
		"and many zones at home":     {customers.Customer{Phone: "+4915112345678", PhoneZone: "Europe/Berlin", Country: "AU"}, "Europe/Berlin", "workspace", 8},
		"a mobile alone":             {customers.Customer{Phone: "+447400123456"}, "Europe/London", "phone", 1},
		"a country nobody knows":     {customers.Customer{Phone: "+4915112345678", PhoneZone: "Europe/Berlin", Country: "ZZ"}, "Europe/Berlin", "phone", 1},
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
		clocks, _ := w.clocksOf(&c.customer)
		if len(clocks) != c.clocks {
			t.Errorf("%s: judged by %d clocks, want %d", name, len(clocks), c.clocks)
		}
		if from != "workspace" && clocks[0].String() != zone.String() {
			t.Errorf("%s: hours go by %s, all else by %s", name, clocks[0], zone)
		}
	}
}

// A number of another country than the profile's says that the customer may be at
// home or there: at neither place is it to be night.
func TestANumberAbroadAsksForBothClocks(t *testing.T) {
	w := ruleShop()
	w.Contact.Hours = map[channels.Channel][]Window{channels.SMS: {clockWindow("09:00", "20:00")}}
	for number, want := range map[string]string{
		"+4915112345678": "2026-06-15 09:00:00 +0200", // 16:00 in Tokyo
		"+447400123456":  "2026-06-15 09:00:00 +0100",
		"+819012345678":  "2026-06-15 09:00:00 +0900",
		"+61412345678":   "2026-06-15 09:00:00 +0900", // of which country's clocks there are many
	} {
		who := &customers.Customer{Phone: number, PhoneZone: customers.PhoneZone(number), Country: "JP"}
		clocks, from := w.clocksOf(who)
		night := time.Date(2026, 6, 14, 18, 0, 0, 0, time.UTC) // 03:00 in Tokyo
		opens, _ := nextOpening(w.hoursOf(&Campaign{}, who, channels.SMS), clocks, night)
		at, _ := time.Parse("2006-01-02 15:04:05 -0700", want)
		if !opens.Equal(at) || strings.HasSuffix(from, "and phone") != (len(clocks) > 1) {
			t.Errorf("%s: open at %s by %s from %s, want %s", number, opens.UTC(), clocks, from, want)
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
