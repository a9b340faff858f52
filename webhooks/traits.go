package webhooks

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// reserved are Segment's traits that a profile has a place for.
var reserved = []string{"address", "birthday", "createdAt", "email", "firstName", "lastName", "locale", "phone"}

// elsewhere are traits that some senders put at another place.
var elsewhere = map[string]string{"country": "address.country", "city": "address.city", "language": "locale", "timezone": "context.timezone"}

const noLocale = ": is no language such as de or de-AT"

// describe fills a profile from traits: Segment's reserved ones and those the
// workspace declares. What cannot be read is left out, and told; what is null or
// an empty list is taken off. A number without a country is one of the country they
// named before. path is where the traits stand.
func (t *taking) describe(c *customers.Customer, path string, traits map[string]any) {
	d := describing{t, path + "."}
	address, isAddress := traits["address"].(map[string]any)
	if !isAddress && !blank(traits["address"]) {
		d.leave("address", "is no object of country and city")
	}
	for field, none := range map[string]bool{
		"country": empty(address, "country") || empty(traits, "address"), "city": empty(address, "city") || empty(traits, "address"),
		"first_name": empty(traits, "firstName"), "last_name": empty(traits, "lastName"), "locale": empty(traits, "locale"),
		"email": empty(traits, "email"), "phone": empty(traits, "phone"), "born_on": empty(traits, "birthday"),
	} {
		if none {
			c.Remove(field)
		}
	}
	if text, given := d.text("address.country", address["country"]); given {
		if country, ok := customers.NormalCountry(text); ok {
			c.Country = country
		} else {
			d.leave("address.country", "is no code of two letters such as DE")
		}
	}
	for _, name := range []struct {
		trait string
		value any
		into  *string
	}{{"address.city", address["city"], &c.City}, {"firstName", traits["firstName"], &c.FirstName}, {"lastName", traits["lastName"], &c.LastName}} {
		if text, given := d.text(name.trait, name.value); given {
			*name.into = text
		}
	}
	if text, given := d.text("locale", traits["locale"]); given {
		if customers.IsLocale(text) {
			c.Locale = text
		} else {
			t.leave(d.path + "locale" + noLocale)
		}
	}
	d.addresses(c, traits)
	d.days(c, traits)
	d.declared(c, traits)
}

// describing is a profile that is filled from the traits at a path.
type describing struct {
	*taking
	path string
}

func (d describing) leave(trait, why string) { d.taking.leave(d.path + trait + ": " + why) }

// text is a trait that is a text or a number, and whether it is given.
func (d describing) text(trait string, value any) (string, bool) {
	text := textOf(value)
	if text == "" && !blank(value) {
		d.leave(trait, "is no text")
	}
	return text, text != ""
}

// addresses reads where somebody is reached; what is no address is none of theirs.
func (d describing) addresses(c *customers.Customer, traits map[string]any) {
	if text, given := d.text("email", traits["email"]); given {
		if email, err := customers.NormalEmail(text); err == nil {
			c.Email = email
		} else {
			d.leave("email", "is no e-mail address")
		}
	}
	text, given := d.text("phone", traits["phone"])
	if !given {
		return
	}
	country := cmp.Or(c.Country, d.countries[c.ID])
	switch phone, err := customers.NormalPhone(text, country); {
	case err == nil:
		c.Phone = phone
	case errors.Is(err, customers.ErrWhichPhone):
		d.leave("phone", "is one number with its country's code and another without; write it as +49…, or with its leading 0")
	case country == "" && !strings.HasPrefix(text, "+"):
		d.leave("phone", "a national number needs address.country; or write it as +49…")
	default:
		d.leave("phone", "is no phone number; write it as +49…")
	}
}

func (d describing) days(c *customers.Customer, traits map[string]any) {
	if value := traits["birthday"]; !blank(value) {
		switch born, ok := writtenTime(value); { // the day as it is written, in whatever zone
		case !ok:
			d.leave("birthday", "is no day such as 1990-02-01")
		case born.After(d.now):
			d.leave("birthday", "is after now")
		default:
			c.BornOn = time.Date(born.Year(), born.Month(), born.Day(), 0, 0, 0, 0, time.UTC)
		}
	}
	if value := traits["createdAt"]; !blank(value) {
		switch created, ok := timeOf(value); {
		case !ok:
			d.leave("createdAt", "is no time such as 2026-03-01T09:30:00.000Z")
		case created.After(d.now):
			d.leave("createdAt", "is after now")
		case created.Year() == 1970 && created.Month() == time.January:
			d.leave("createdAt", "is of January 1970: are seconds taken for milliseconds?")
		default:
			c.CreatedAt = created
		}
	}
}

// declared reads the workspace's own traits, and tells of those that are read under
// another name.
func (d describing) declared(c *customers.Customer, traits map[string]any) {
	kinds := d.workspace.Traits
	for _, name := range slices.Sorted(maps.Keys(traits)) {
		kind, known := kinds[name]
		if !known {
			d.misnamed(name)
			continue
		}
		value, ok := typed(kind, traits[name])
		if empty(traits, name) {
			value, ok = nil, true
		}
		switch {
		case ok:
			if c.Traits == nil {
				c.Traits = map[string]any{}
			}
			c.Traits[name] = value
		case !blank(traits[name]):
			d.leave(named(name), wanted[kind])
		}
	}
}

// misnamed tells of a trait that is not read and has the name of one that is, written
// otherwise.
func (d describing) misnamed(name string) {
	if slices.Contains(reserved, name) {
		return
	}
	if meant := elsewhere[name]; meant != "" {
		d.leave(name, "is not read here; write "+meant)
		return
	}
	if known := d.spelt[strings.ToLower(squeezed(name))]; known != "" {
		d.leave(named(name), "is not read; write "+known)
	}
}

// spellings are the traits that are read, by how they read in lower case without what
// stands between their words; of those that read alike, a reserved one or the first.
func spellings(declared map[string]expression.Type) map[string]string {
	spelt := make(map[string]string, len(reserved)+len(declared))
	for _, known := range slices.Concat(reserved, slices.Sorted(maps.Keys(declared))) {
		if read := strings.ToLower(squeezed(known)); spelt[read] == "" {
			spelt[read] = known
		}
	}
	return spelt
}

// wanted is what a declared trait is to be, by its type.
var wanted = map[expression.Type]string{
	expression.Bool:   "is neither true nor false, without quotes",
	expression.Number: "is no number, without quotes",
	expression.String: "is no text",
	expression.Time:   "is no time such as 2026-03-01, or 2026-03-01T09:30:00.000Z",
}

// empty reports whether traits say of one that it has no value any more.
func empty(traits map[string]any, name string) bool {
	value, said := traits[name]
	list, is := value.([]any)
	return said && (value == nil || is && len(list) == 0)
}

// blank reports whether a value says nothing.
func blank(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	}
	return false
}

func textOf(value any) string {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// timeOf reads an instant, or a day as its midnight in UTC.
func timeOf(value any) (time.Time, bool) {
	at, ok := writtenTime(value)
	return at.UTC(), ok
}

// writtenTime is timeOf in the zone it is written in. ISO 8601 without an
// offset is in UTC.
func writtenTime(value any) (time.Time, bool) {
	text, isText := value.(string)
	if !isText {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1000 {
			return at, true
		}
	}
	return time.Time{}, false
}

// typed reads a trait as the type the workspace declares for it.
func typed(kind expression.Type, value any) (any, bool) {
	switch kind {
	case expression.Bool:
		v, ok := value.(bool)
		return v, ok
	case expression.Number:
		v, ok := value.(float64)
		return v, ok
	case expression.String:
		v, ok := value.(string)
		return v, ok
	case expression.Time:
		return timeOf(value)
	}
	return nil, false
}
