package intake

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rapport/channels"
	"rapport/customers"
)

// Kind is what a file holds.
type Kind string

// The kinds of files.
const (
	Customers    Kind = "customers"
	Orders       Kind = "orders"
	Products     Kind = "products"
	Suppressions Kind = "suppressions"
)

// fields are what each kind's columns may mean, with the headers by which they
// are usually known: lower case, letters and digits only.
var fields = map[Kind]map[string][]string{
	Customers: {
		"id":         {"id", "customerid", "customerkey", "customernumber", "customerno", "custid", "userid", "kundennummer", "kundennr", "externalid"},
		"email":      {"email", "emailaddress", "mail", "emailadresse", "billingemail", "useremail"},
		"phone":      {"phone", "phonenumber", "mobile", "mobilephone", "cell", "telephone", "telefon", "handy", "defaultaddressphone", "billingphone"},
		"first_name": {"firstname", "givenname", "forename", "vorname", "fname", "billingfirstname"},
		"last_name":  {"lastname", "surname", "familyname", "nachname", "lname", "billinglastname"},
		"locale":     {"locale", "language", "lang", "sprache"},
		"country":    {"country", "countrycode", "land", "countryregion", "defaultaddresscountrycode", "billingcountry"},
		"city":       {"city", "town", "ort", "stadt", "defaultaddresscity", "billingcity"},
		"zone":       {"zone", "timezone", "tz"},
		"born_on":    {"bornon", "birthdate", "birthday", "dateofbirth", "dob", "geburtsdatum"},
		"created_at": {"createdat", "created", "signupdate", "registeredat", "customersince", "createdon", "datecreated", "dateregistered", "registrationdate", "userregistered", "profilecreatedon"},
		// consented_at is when the consents of the same row were given, refused_at when
		// they were refused or taken back.
		"consented_at": {"consentedat", "consentdate", "optindate"},
		"refused_at":   {"refusedat", "optoutdate", "optedoutat", "unsubscribedat", "unsubscribedate"},
		"kind":         {"kind", "customertype", "type"},
		"tags":         {"tags", "labels"},
	},
	Orders: {
		"id":       {"orderid", "ordernumber", "orderno", "id", "bestellnummer"},
		"customer": {"customerid", "customerkey", "customer", "customernumber", "userid", "kundennummer"},
		"at":       {"orderdate", "orderedat", "date", "at", "createdat", "datum"},
		"line":     {"orderlineitem", "linenumber", "lineitem", "line", "position"},
		"product":  {"productkey", "productid", "product", "sku", "item", "artikel"},
		"quantity": {"orderquantity", "quantity", "qty", "menge"},
		"amount":   {"sales", "linetotal", "amount", "lineamount", "betrag"},
		"total":    {"total", "ordertotal", "revenue", "summe"},
		"currency": {"currency", "wahrung"},
		"status":   {"status", "orderstatus"},
	},
	Products: {
		"id":    {"productkey", "productid", "id"},
		"sku":   {"sku", "productsku"},
		"name":  {"productname", "name", "title"},
		"price": {"productprice", "price", "unitprice"},
	},
	Suppressions: {
		"channel": {"channel", "kanal"},
		"address": {"address", "email", "emailaddress", "phone", "phonenumber", "recipient", "adresse"},
		"reason":  {"reason", "grund"},
		"at":      {"at", "date", "created", "createdat", "timestamp", "datum"},
	},
}

// required are the fields without which a row says nothing.
var required = map[Kind][]string{
	Customers: {"id"},
	Orders:    {"id", "customer", "at"},
	Products:  {"id", "name"},

	Suppressions: {"channel", "address", "reason"},
}

// Fields of the workspace's own, which a column is taken for when told or when its
// header is the field's name: traits.NAME and consent.TOPIC.CHANNEL.
const (
	traitPrefix   = "traits."
	consentPrefix = "consent."
)

// mapping says in which cell each field stands.
type mapping map[string]int

// mapColumns finds the column of every field: as told, else by its usual
// headers, of fields of the workspace's own by their name, in columns that are not
// ignored. A field told to stand in no column ("") is left out.
func mapColumns(kind Kind, header []string, told map[string]string, ignored []string) (mapping, error) {
	m := mapping{}
	taken := map[int]bool{}
	for _, field := range slices.Sorted(maps.Keys(told)) {
		if err := knownField(kind, field); err != nil {
			return nil, err
		}
		if told[field] == "" {
			continue
		}
		at := slices.Index(header, told[field])
		if at < 0 {
			return nil, fmt.Errorf("there is no column %q for %s; the columns are %s", told[field], field, strings.Join(header, ", "))
		}
		m[field], taken[at] = at, true
	}
	for at, name := range header {
		taken[at] = taken[at] || slices.Contains(ignored, name)
	}
	for field, usual := range fields[kind] {
		if _, decided := told[field]; decided {
			continue
		}
		for _, name := range usual {
			at := slices.IndexFunc(header, func(h string) bool { return plain(h) == name })
			if at >= 0 && !taken[at] {
				m[field] = at
				break
			}
		}
	}
	for at, name := range header {
		field := named(name)
		if _, decided := told[field]; !decided && !taken[at] && free(field) && knownField(kind, field) == nil {
			m[field] = at
		}
	}
	return m, m.complete(kind, header)
}

// idle lists the headers of columns that say when somebody refused, in a file that has
// nothing to say no in.
func (m mapping) idle(header []string, told map[string]string) (names []string) {
	at, dated := m["refused_at"]
	if _, decided := told["refused_at"]; !dated || decided {
		return nil
	}
	for field := range m {
		if strings.HasPrefix(field, consentPrefix) {
			return nil
		}
	}
	return []string{header[at]}
}

// notRead lists the headers of columns in which no field stands, in their order.
func (m mapping) notRead(header []string) (names []string) {
	read := map[int]bool{}
	for _, at := range m {
		read[at] = true
	}
	for at, name := range header {
		if !read[at] {
			names = append(names, name)
		}
	}
	return names
}

// consentLike are plain headers under which shops and newsletter tools keep consents,
// and consentBeside those of what they keep beside one. When somebody withdrew is a
// withdrawal too.
var (
	consentLike   = regexp.MustCompile(`consent|opt(ed)?(in|out)|unsub|subscribed|newsletter|accepts.*marketing|donot(e?mail|call|contact|text|sms)|einwilligung|abgemeldet`)
	consentBeside = regexp.MustCompile(`(time|date|timestamp|at|ip|source|method)$`)
	withdrawal    = regexp.MustCompile(`unsub|opt(ed)?out|abgemeldet`)
)

// lostConsents refuses columns that are not read and look like consents: a no in one
// would be passed over. told are the fields that somebody decided about.
func lostConsents(notRead []string, told map[string]string) error {
	var lost []string
	for _, header := range notRead {
		name := plain(header)
		_, decided := told[named(header)]
		beside := consentBeside.MatchString(name) && !withdrawal.MatchString(name)
		if consentLike.MatchString(name) && !beside && !decided {
			lost = append(lost, strconv.Quote(header))
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return fmt.Errorf("columns that look like consents are not read, and a no in one would be lost: %s; --map consent.TOPIC.CHANNEL=COLUMN takes one, --ignore COLUMN leaves one out", strings.Join(lost, ", "))
}

// knownTopics refuses a consent to a topic that is none of those there are, nor all of
// them; nil are any.
func (m mapping) knownTopics(header, topics []string) error {
	for _, field := range slices.Sorted(maps.Keys(m)) {
		consent, is := strings.CutPrefix(field, consentPrefix)
		topic, _, _ := strings.Cut(consent, ".")
		if is && topics != nil && topic != customers.EveryTopic && !slices.Contains(topics, topic) {
			return fmt.Errorf("column %q is about the topic %q, which the workspace does not have; there are %s (--map %s= leaves it out)",
				header[m[field]], topic, strings.Join(topics, ", "), field)
		}
	}
	return nil
}

// emptied finds the fields that an empty cell is to clear, named as fields or by the
// headers of their columns.
func (m mapping) emptied(kind Kind, header, names []string) (map[string]bool, error) {
	fields := map[string]bool{}
	for _, name := range names {
		field := name
		if _, mapped := m[field]; !mapped {
			at := slices.Index(header, name)
			for f, cell := range m {
				if cell == at {
					field = f
				}
			}
		}
		if _, mapped := m[field]; !mapped {
			return nil, fmt.Errorf("no column holds %q, which an empty cell is to clear; it has %s", name, strings.Join(slices.Sorted(maps.Keys(m)), ", "))
		}
		if kind != Customers || !strings.HasPrefix(field, traitPrefix) && !slices.Contains(customers.Removable(), field) {
			return nil, fmt.Errorf("%s cannot be cleared by an empty cell; %s and traits.NAME of customers can", field, strings.Join(customers.Removable(), ", "))
		}
		fields[field] = true
	}
	return fields, nil
}

// complete says what is missing for a row to say anything.
func (m mapping) complete(kind Kind, header []string) error {
	for _, field := range required[kind] {
		if _, mapped := m[field]; !mapped {
			return fmt.Errorf("no column is known to be the %s; say which with --map %s=COLUMN (the columns are %s)", field, field, strings.Join(header, ", "))
		}
	}
	_, lines := m["amount"]
	if _, totals := m["total"]; kind == Orders && !lines && !totals {
		return fmt.Errorf("no column is known to be the amount of a line or the total of an order; say which with --map amount=COLUMN or --map total=COLUMN (the columns are %s)", strings.Join(header, ", "))
	}
	return nil
}

// knownField refuses a field that no row of the kind has.
func knownField(kind Kind, field string) error {
	if _, known := fields[kind][field]; known {
		return nil
	}
	trait, isTrait := strings.CutPrefix(field, traitPrefix)
	consent, isConsent := strings.CutPrefix(field, consentPrefix)
	switch topic, channel, _ := strings.Cut(consent, "."); {
	case kind == Customers && isTrait && trait != "":
		return nil
	case kind == Customers && isConsent && topic != "" && channels.Channel(channel).Valid():
		return nil
	}
	also := ""
	if kind == Customers {
		also = ", traits.NAME, consent.TOPIC.CHANNEL"
	}
	return fmt.Errorf("%s have no field %q; there are %s%s", kind, field, strings.Join(slices.Sorted(maps.Keys(fields[kind])), ", "), also)
}

// named is the field that a header names: topics and channels have small letters only,
// a trait is called as it is declared.
func named(header string) string {
	if at := len(consentPrefix); len(header) > at && strings.EqualFold(header[:at], consentPrefix) {
		return strings.ToLower(header)
	}
	return header
}

// free reports whether a field's name is the workspace's own.
func free(field string) bool {
	return strings.HasPrefix(field, traitPrefix) || strings.HasPrefix(field, consentPrefix)
}

// plain is a header without case, spaces and punctuation.
func plain(header string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r == 'ä' || r == 'Ä':
			return 'a'
		}
		return -1
	}, header)
}
