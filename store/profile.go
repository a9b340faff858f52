package store

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// field is one column of customers that a file or a form may fill.
type field struct {
	name, kind string
	// of is the value a customer gives; Go's zero value gives nothing.
	of func(c *customers.Customer) any
	// fresh is a new customer's value where nothing is given; "" is NULL.
	fresh string
}

// fields are those columns. What the store counts itself (open cases, the last
// seven days) is not among them.
var fields = []field{
	{"email", "text", func(c *customers.Customer) any { return mailbox(c.Email) }, ""},
	{"phone", "text", func(c *customers.Customer) any { return strings.TrimSpace(c.Phone) }, ""},
	{"first_name", "text", func(c *customers.Customer) any { return c.FirstName }, ""},
	{"last_name", "text", func(c *customers.Customer) any { return c.LastName }, ""},
	{"first_name_words", "text", func(c *customers.Customer) any { return nameWords(c.FirstName) }, ""},
	{"last_name_words", "text", func(c *customers.Customer) any { return nameWords(c.LastName) }, ""},
	{"locale", "text", func(c *customers.Customer) any { return c.Locale }, ""},
	{"country", "text", func(c *customers.Customer) any { return c.Country }, ""},
	{"city", "text", func(c *customers.Customer) any { return c.City }, ""},
	{"zone", "text", func(c *customers.Customer) any { return c.Zone }, ""},
	{"phone_zone", "text", phoneZone, ""},
	{"born_on", "int", func(c *customers.Customer) any { return c.BornOn }, ""},
	{"created_at", "int", func(c *customers.Customer) any { return c.CreatedAt }, "$1"},
	{"kind", "text", func(c *customers.Customer) any { return c.Kind }, "'consumer'"},
	{"tags", "json", func(c *customers.Customer) any { return c.Tags }, "'[]'"},
	{"traits", "json", func(c *customers.Customer) any { return plainTraits(c.Traits) }, "'{}'"},
	{"orders_count", "int", func(c *customers.Customer) any { return c.Orders.Count }, "0"},
	{"orders_total", "int", func(c *customers.Customer) any { return c.Orders.Total }, "0"},
	{"orders_returned", "int", func(c *customers.Customer) any { return c.Orders.Returned }, "0"},
	{"orders_first_at", "int", func(c *customers.Customer) any { return c.Orders.FirstAt }, ""},
	{"orders_last_at", "int", func(c *customers.Customer) any { return c.Orders.LastAt }, ""},
	{"rfm_recency", "int", func(c *customers.Customer) any { return c.RFM.Recency }, ""},
	{"rfm_frequency", "int", func(c *customers.Customer) any { return c.RFM.Frequency }, ""},
	{"rfm_monetary", "int", func(c *customers.Customer) any { return c.RFM.Monetary }, ""},
	{"pyramid", "text", func(c *customers.Customer) any { return c.Pyramid }, ""},
	{"points", "int", func(c *customers.Customer) any { return c.Points }, "0"},
	{"tier", "text", func(c *customers.Customer) any { return c.Tier }, ""},
	{"nps_last", "real", func(c *customers.Customer) any { return scored(c.NPS, c.NPS.Last) }, ""},
	{"nps_sum", "real", func(c *customers.Customer) any { return scored(c.NPS, c.NPS.Sum) }, "0"},
	{"nps_count", "int", func(c *customers.Customer) any { return c.NPS.Count }, "0"},
	{"csat_last", "real", func(c *customers.Customer) any { return scored(c.CSAT, c.CSAT.Last) }, ""},
	{"csat_sum", "real", func(c *customers.Customer) any { return scored(c.CSAT, c.CSAT.Sum) }, "0"},
	{"csat_count", "int", func(c *customers.Customer) any { return c.CSAT.Count }, "0"},
	{"contacted_last_at", "int", func(c *customers.Customer) any { return c.Contacted.LastAt }, ""},
	{"email_opened_at", "int", func(c *customers.Customer) any { return c.Engagement.EmailOpenedAt }, ""},
	{"email_clicked_at", "int", func(c *customers.Customer) any { return c.Engagement.EmailClickedAt }, ""},
	{"sms_replied_at", "int", func(c *customers.Customer) any { return c.Engagement.SMSRepliedAt }, ""},
	{"push_clicked_at", "int", func(c *customers.Customer) any { return c.Engagement.PushClickedAt }, ""},
}

// mailbox is an e-mail address as it is stored and looked for.
func mailbox(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// phoneZone is the zone of a number that is given.
func phoneZone(c *customers.Customer) any {
	if c.PhoneZone != "" {
		return c.PhoneZone
	}
	return customers.PhoneZone(strings.TrimSpace(c.Phone))
}

// scored is a figure of a score that has answers: 0 is an answer too.
func scored(s customers.Score, figure float64) any {
	if s.Count == 0 {
		return nil
	}
	return &figure
}

// plainTraits are traits as they are stored: dates as milliseconds.
func plainTraits(traits map[string]any) map[string]any {
	plain := make(map[string]any, len(traits))
	for name, value := range traits {
		if date, ok := value.(time.Time); ok {
			value = instant(date)
		}
		plain[name] = value
	}
	return plain
}

// given is the field's cell for a customer: nil where nothing is given.
func (f field) given(c *customers.Customer) any {
	switch value := f.of(c).(type) {
	case string:
		return nullable(value)
	case int64:
		if value == 0 {
			return nil
		}
		return value
	case []string:
		if len(value) == 0 {
			return nil
		}
		return value
	case map[string]any:
		if len(value) == 0 {
			return nil
		}
		return value
	case time.Time:
		return instant(value)
	default: // a score, or nothing
		return value
	}
}

// givens are the columns of what is given about customers: the fields that at least one
// of them gives or is rid of, those that are removed from some, and whether a country is
// presumed. What is past is laid under what is known, and takes nothing off it.
type givens struct {
	fields   []field
	removed  map[string]bool
	presumed bool
	past     bool
}

func (g givens) has(name string) bool { return slices.ContainsFunc(g.fields, named(name)) }

// gone is the SQL that tells whether a field is taken off a customer's profile.
func gone(name string) string { return "v." + name + " IS NULL AND v.removed LIKE '%," + name + ",%'" }

// insert is the SQL of a new customer's value.
func (g givens) insert(d expression.Dialect, f field) string {
	if f.name == "country" && g.presumed {
		return "coalesce(v.country, v.presumed)"
	}
	return f.insert(d)
}

// merge is the SQL of a known customer's value.
func (g givens) merge(d expression.Dialect, f field) string {
	if g.past {
		return f.complete(d)
	}
	merged, none := f.merge(d), cmp.Or(f.fresh, "NULL")
	if f.name == "country" && g.presumed {
		merged, none = "coalesce(v.country, customers.country, v.presumed)", "v.presumed"
	}
	switch {
	case f.name == "phone_zone" && g.removed["phone"]:
		return "CASE WHEN " + gone("phone") + " THEN v.phone_zone ELSE " + merged + " END"
	case g.removed[f.name]:
		return "CASE WHEN " + gone(f.name) + " THEN " + none + " ELSE " + merged + " END"
	}
	return merged
}

// person is customers.Person in SQL: the e-mail, else the phone number, else the
// id, each as it is given or else, of a known customer, as it was.
func (g givens) person(d expression.Dialect, known bool) string {
	var candidates []string
	for _, name := range []string{"email", "phone"} {
		switch f := fields[slices.IndexFunc(fields, named(name))]; {
		case g.has(name) && known:
			candidates = append(candidates, g.merge(d, f))
		case g.has(name):
			candidates = append(candidates, g.insert(d, f))
		case known:
			candidates = append(candidates, "customers."+name)
		}
	}
	if len(candidates) == 0 {
		return "v.id"
	}
	return "coalesce(" + strings.Join(candidates, ", ") + ", v.id)"
}

// insert is the SQL of a new customer's value; v holds what is given.
func (f field) insert(d expression.Dialect) string {
	switch {
	case f.name == "traits":
		return traitsPatch(d, "'{}'")
	case f.fresh == "":
		return "v." + f.name
	}
	return "coalesce(v." + f.name + ", " + f.fresh + ")"
}

// merge is the SQL of a known customer's value when v is laid over it.
func (f field) merge(d expression.Dialect) string {
	switch f.name {
	case "traits":
		return traitsPatch(d, "customers.traits")
	case "phone_zone": // goes with the number, also into the unknown
		return "CASE WHEN v.phone IS NULL THEN coalesce(v.phone_zone, customers.phone_zone) ELSE v.phone_zone END"
	}
	return "coalesce(v." + f.name + ", customers." + f.name + ")"
}

// complete is the SQL of a known customer's value when v is laid under it.
func (f field) complete(d expression.Dialect) string {
	switch {
	case f.name == "traits" && d == expression.SQLite:
		// A patch of nothing takes out what is null, which none but a patch may hold.
		return "json_patch(json_patch('{}', coalesce(v.traits, '{}')), customers.traits)"
	case f.name == "traits":
		return "jsonb_strip_nulls(coalesce(v.traits, '{}') || customers.traits)"
	case f.name == "phone_zone":
		return "CASE WHEN customers.phone IS NULL AND v.phone IS NOT NULL THEN v.phone_zone ELSE customers.phone_zone END"
	case strings.HasSuffix(f.name, nameWordsColumn): // go with the name, which an older program may have left without
		name := strings.TrimSuffix(f.name, nameWordsColumn)
		return "CASE WHEN customers." + name + " IS NULL THEN v." + f.name + " ELSE customers." + f.name + " END"
	case f.name == "created_at": // everybody has one, if only that of the day they were met
		return "CASE WHEN v.created_at < customers.created_at THEN v.created_at ELSE customers.created_at END"
	}
	return "coalesce(customers." + f.name + ", v." + f.name + ")"
}

// traitsPatch is the SQL that lays the traits given over others. A trait that
// is null goes.
func traitsPatch(d expression.Dialect, over string) string {
	if d == expression.SQLite {
		return "CASE WHEN v.traits IS NULL THEN " + over + " ELSE json_patch(" + over + ", v.traits) END"
	}
	return "CASE WHEN v.traits IS NULL THEN " + over + "::jsonb ELSE jsonb_strip_nulls(" + over + "::jsonb || v.traits) END"
}
