package intake

import (
	"cmp"
	"errors"
	"strings"
	"time"
	"unicode"

	"rapport/channels"
	"rapport/customers"
)

// person reads a customer. A cell that is no date, number or address is left
// out and reported; without an id there is nobody to take.
func (in *taking) person(r row) (customers.Customer, bool) {
	c := customers.Customer{
		ID: in.cell(r, "id"), FirstName: in.cell(r, "first_name"), LastName: in.cell(r, "last_name"),
		Locale: in.cell(r, "locale"), City: in.cell(r, "city"), Kind: strings.ToLower(in.cell(r, "kind")),
	}
	if c.ID == "" {
		return c, in.refuse(r, "id", "the id is empty")
	}
	if len(c.ID) > customers.LongestID {
		return c, in.refuse(r, "id", tooLong)
	}
	c.Country = in.country(r)
	c.Email = parsed(in, r, "email", "this is no e-mail address", func(text string) (string, bool) {
		email, err := customers.NormalEmail(text)
		return email, err == nil
	})
	readBy := c.Country
	if in.cell(r, "country") == "" {
		c.Presumed = strings.ToUpper(in.Country)
		readBy = c.Presumed
	}
	c.Phone = in.phone(r, readBy)
	c.Zone = parsed(in, r, "zone", "this is no time zone; IANA names look like Europe/Berlin", func(text string) (string, bool) {
		return text, in.zones.is(text)
	})
	c.BornOn = in.date(r, "born_on")
	c.CreatedAt = in.past(r, "created_at")
	for tag := range strings.SplitSeq(in.cell(r, "tags"), ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			c.Tags = append(c.Tags, tag)
		}
	}
	for _, field := range customers.Removable() {
		if in.removed(r, field) {
			c.Remove(field)
		}
	}
	in.traits(r, &c)
	in.consents(r, &c)
	return c, true
}

// country reads ISO 3166-1 alpha-2. "" is a country that nobody names or can read.
func (in *taking) country(r row) string {
	return parsed(in, r, "country", "this is no country code; write two letters such as DE", customers.NormalCountry)
}

// phone reads a number by a country. Where that is "", a number without a country's
// prefix is nobody's.
func (in *taking) phone(r row, country string) string {
	text := in.cell(r, "phone")
	if text == "" {
		return ""
	}
	phone, err := customers.NormalPhone(text, country)
	switch {
	case errors.Is(err, customers.ErrWhichPhone):
		in.blank(r, "phone", "this is one number with its country's code and another without; write it as +49…, or with its leading 0")
	case err != nil:
		in.blank(r, "phone", "this is no phone number of its country; write it as +49…, or name the country")
	}
	return phone
}

// traits reads the columns that are mapped to traits.
func (in *taking) traits(r row, c *customers.Customer) {
	for _, field := range in.free {
		name, is := strings.CutPrefix(field, traitPrefix)
		gone := in.removed(r, field)
		if !is || in.cell(r, field) == "" && !gone {
			continue
		}
		kind := in.Traits[name]
		value := parsed(in, r, field, "this is no "+kind+", as the workspace declares it", func(text string) (any, bool) {
			return in.trait(field, kind, text)
		})
		if value == nil && !gone {
			continue
		}
		if c.Traits == nil {
			c.Traits = map[string]any{}
		}
		c.Traits[name] = value
	}
}

// trait reads a value as the type the workspace declares, or as what it looks
// like where it declares none.
func (in *taking) trait(field, kind, text string) (any, bool) {
	switch kind {
	case "string":
		return text, true
	case "date":
		return in.readDate(text, field)
	case "bool":
		return yesNo(text)
	case "number":
		return in.readNumber(text, field)
	}
	if plainNumber(text) {
		if n, ok := in.readNumber(text, field); ok {
			return n, true
		}
	}
	if said, known := yesNo(text); known {
		return said, true
	}
	return text, true
}

func (in *taking) readNumber(text, field string) (float64, bool) {
	exact, ok := parseDecimal(text, in.decimals[field])
	if !ok {
		return 0, false
	}
	n, _ := exact.Float64()
	return n, true
}

// plainNumber reports whether a text nobody declared a number is one, and no
// postcode, phone number or long key, which lose their zeros or digits as
// numbers.
func plainNumber(text string) bool {
	digits, _ := bare(text)
	whole := digits
	if at := strings.IndexAny(digits, ".,"); at >= 0 {
		whole = digits[:at]
	}
	padded := len(whole) > 1 && whole[0] == '0'
	return digits != "" && len(digits) <= 15 && !padded && !strings.ContainsFunc(text, unicode.IsLetter) && !strings.HasSuffix(text, "-")
}

// consents reads the columns that are mapped to consents. A Yes without its
// own date is as old as the customer, so that no No they said since is undone
// by importing once more. A No without one is as old as the file, and none is older
// than the Yes of which the row tells.
func (in *taking) consents(r row, c *customers.Customer) {
	agreed, refused := in.past(r, "consented_at"), in.past(r, "refused_at")
	yes := cmp.Or(agreed, c.CreatedAt, time.Unix(0, 0).UTC())
	no := earliest(cmp.Or(refused, in.file.modified), in.Now)
	if agreed.After(no) {
		no = agreed
	}
	for _, field := range in.free {
		name, is := strings.CutPrefix(field, consentPrefix)
		if !is || in.cell(r, field) == "" {
			continue
		}
		granted, known := yesNo(in.cell(r, field))
		if !known {
			in.blank(r, field, "a consent is yes or no")
			continue
		}
		topic, channel, _ := strings.Cut(name, ".")
		if granted && topic == customers.EveryTopic {
			in.blank(r, field, "a yes to every topic is no consent to any; name the topic")
			continue
		}
		at := no
		if granted {
			at = yes
		}
		c.Consents = append(c.Consents, customers.Consent{
			Topic: topic, Channel: channels.Channel(channel), In: granted, At: at, Source: customers.ByImport,
		})
	}
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func yesNo(text string) (said, known bool) {
	switch strings.ToLower(text) {
	case "yes", "y", "true", "1", "ja", "да", "بله":
		return true, true
	case "no", "n", "false", "0", "nein", "нет", "نه":
		return false, true
	}
	return false, false
}
