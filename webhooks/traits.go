package webhooks

import (
	"cmp"
	"math"
	"strconv"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/customers"
)

// largestAmount bounds money, in the currency's unit: a mistake beyond.
const largestAmount = 1e12

// describe fills a profile from traits: Segment's reserved ones and those the
// workspace declares. Addresses that are none are left out, not stored; what is null or
// an empty list is taken off. A number without a country is one of the country they
// named before.
func (t *taking) describe(c *customers.Customer, traits map[string]any) {
	address, _ := traits["address"].(map[string]any)
	for field, none := range map[string]bool{
		"country": empty(address, "country") || empty(traits, "address"), "city": empty(address, "city") || empty(traits, "address"),
		"first_name": empty(traits, "firstName"), "last_name": empty(traits, "lastName"), "locale": empty(traits, "locale"),
		"email": empty(traits, "email"), "phone": empty(traits, "phone"), "born_on": empty(traits, "birthday"),
	} {
		if none {
			c.Remove(field)
		}
	}
	if country, ok := customers.NormalCountry(textOf(address["country"])); ok {
		c.Country = country
	}
	set(&c.City, textOf(address["city"]))
	set(&c.FirstName, textOf(traits["firstName"]))
	set(&c.LastName, textOf(traits["lastName"]))
	set(&c.Locale, textOf(traits["locale"]))
	if email, err := customers.NormalEmail(textOf(traits["email"])); err == nil {
		c.Email = email
	}
	if phone, err := customers.NormalPhone(textOf(traits["phone"]), cmp.Or(c.Country, t.countries[c.ID])); err == nil {
		c.Phone = phone
	}
	if born, ok := writtenTime(traits["birthday"]); ok { // the day as it is written, in whatever zone
		c.BornOn = time.Date(born.Year(), born.Month(), born.Day(), 0, 0, 0, 0, time.UTC)
	}
	if created, ok := timeOf(traits["createdAt"]); ok && !created.After(t.now) {
		c.CreatedAt = created
	}
	for name, kind := range t.workspace.Traits {
		value, ok := typed(kind, traits[name])
		if empty(traits, name) {
			value, ok = nil, true
		}
		if ok {
			if c.Traits == nil {
				c.Traits = map[string]any{}
			}
			c.Traits[name] = value
		}
	}
}

// orderID is an order's number; "" where there is none.
func orderID(properties map[string]any) string {
	return textOf(either(properties, "order_id", "orderId"))
}

// purchase reads an order from the properties of Segment's e-commerce spec; one
// without an id cannot be told from the next and stays an event. Where every
// product has its price the order comes to their sum, as imported ones do. It is no
// word about a known order's status: that may have been returned since.
func purchase(properties map[string]any, w *campaigns.Workspace) customers.Order {
	order := customers.Order{ID: orderID(properties), Home: w.Currency, Unpriced: true, Whole: true, Announced: true}
	if code := strings.ToUpper(textOf(properties["currency"])); customers.IsCurrency(code) {
		order.Currency = code
	}
	currency := cmp.Or(order.Currency, w.Currency)
	if total, ok := numberOf(either(properties, "total", "revenue")); ok {
		order.Total, order.Unpriced = customers.MinorUnits(total, currency), false
	}
	products, _ := properties["products"].([]any)
	for n, raw := range products {
		product, _ := raw.(map[string]any)
		price, priced := numberOf(product["price"])
		quantity, counted := numberOf(product["quantity"])
		if !counted {
			quantity = 1
		}
		if !priced || math.Abs(price*quantity) > largestAmount {
			order.Lines = nil
			break
		}
		order.Lines = append(order.Lines, customers.OrderLine{
			Number: n + 1, Product: textOf(either(product, "product_id", "id")), Quantity: int64(quantity),
			Amount: customers.MinorUnits(price*quantity, currency),
		})
	}
	return order
}

// either is the first of two properties that is given.
func either(properties map[string]any, name, other string) any {
	if value := properties[name]; value != nil {
		return value
	}
	return properties[other]
}

// empty reports whether traits say of one that it has no value any more.
func empty(traits map[string]any, name string) bool {
	value, said := traits[name]
	list, is := value.([]any)
	return said && (value == nil || is && len(list) == 0)
}

func set(field *string, text string) {
	if text != "" {
		*field = text
	}
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

// numberOf reads an amount or a quantity; some senders write them as text.
func numberOf(value any) (float64, bool) {
	n, is := value.(float64)
	if text, isText := value.(string); isText {
		parsed, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		n, is = parsed, err == nil
	}
	return n, is && math.Abs(n) <= largestAmount
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
