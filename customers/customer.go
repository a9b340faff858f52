package customers

import (
	"strings"
	"time"

	"rapport/channels"
)

// LongestID is how many bytes an id, an order's number or the name of an event may
// have: indexes hold them, and PostgreSQL's no more than some 2,700.
const LongestID = 255

// Customer is one person (or firm) with everything a rule may ask about them.
// Empty strings and zero times mean "not known".
type Customer struct {
	ID        string         `json:"id"`
	Email     string         `json:"email,omitempty"` // lower-cased mailbox
	Phone     string         `json:"phone,omitempty"` // E.164
	FirstName string         `json:"first_name,omitempty"`
	LastName  string         `json:"last_name,omitempty"`
	Locale    string         `json:"locale,omitempty"`  // BCP 47
	Country   string         `json:"country,omitempty"` // ISO 3166-1 alpha-2
	City      string         `json:"city,omitempty"`
	Zone      string         `json:"zone,omitempty"`       // IANA name from the profile
	PhoneZone string         `json:"phone_zone,omitempty"` // IANA name by the number's region, "" when ambiguous
	BornOn    time.Time      `json:"born_on,omitzero"`     // midnight UTC of the date
	CreatedAt time.Time      `json:"created_at"`
	Kind      string         `json:"kind"` // consumer, reseller, supplier, …
	Tags      []string       `json:"tags,omitempty"`
	Traits    map[string]any `json:"traits,omitempty"` // bool, float64, string, or time.Time for dates

	Orders     OrderTotals `json:"orders"`
	RFM        RFM         `json:"rfm,omitzero"`
	Pyramid    string      `json:"pyramid,omitempty"` // top, big, medium, small, inactive
	Points     int64       `json:"points"`
	Tier       string      `json:"tier,omitempty"`
	NPS        Score       `json:"nps,omitzero"`
	CSAT       Score       `json:"csat,omitzero"`
	Cases      CaseTotals  `json:"cases,omitzero"`
	Contacted  Contacted   `json:"contacted,omitzero"`
	Engagement Engagement  `json:"engagement,omitzero"`

	Consents   []Consent                   `json:"consents,omitempty"`
	Elsewhere  []Consent                   `json:"consents_elsewhere,omitempty"` // noes of other profiles that have the e-mail (by e-mail) or the number (by text and call)
	Suppressed map[channels.Channel]string `json:"suppressed,omitempty"`         // reason by channel
	Browsers   []channels.PushSubscription `json:"-"`

	// What Registry.PutCustomers is told beside a profile. It is never read back.
	Presumed string   `json:"-"` // the country where none is known
	Removed  []string `json:"-"` // the Removable fields that hold nothing any more
}

// Removable are the fields that can be taken off a profile, by their names in JSON. A
// trait goes when it is nil.
func Removable() []string {
	return []string{"email", "phone", "first_name", "last_name", "locale", "country", "city", "zone", "born_on", "kind", "tags"}
}

// Remove says that a Removable field holds nothing any more, unless it is given later.
func (c *Customer) Remove(field string) {
	c.Removed = append(c.Removed, field)
	switch field {
	case "email":
		c.Email = ""
	case "phone":
		c.Phone, c.PhoneZone = "", ""
	case "first_name":
		c.FirstName = ""
	case "last_name":
		c.LastName = ""
	case "locale":
		c.Locale = ""
	case "country":
		c.Country = ""
	case "city":
		c.City = ""
	case "zone":
		c.Zone = ""
	case "born_on":
		c.BornOn = time.Time{}
	case "kind":
		c.Kind = ""
	case "tags":
		c.Tags = nil
	}
}

// OrderTotals sums a customer's completed orders. Money is in minor units.
// Returned orders are counted apart; cancelled ones count nowhere.
type OrderTotals struct {
	Count    int64     `json:"count"`
	Total    int64     `json:"total"`
	Returned int64     `json:"returned"` // orders returned
	FirstAt  time.Time `json:"first_at,omitzero"`
	LastAt   time.Time `json:"last_at,omitzero"`
}

// RFM holds quintiles, 5 the best; 0 when the customer never bought.
type RFM struct {
	Recency   int64 `json:"recency"`
	Frequency int64 `json:"frequency"`
	Monetary  int64 `json:"monetary"`
}

// Score is a history of answers on one scale.
type Score struct {
	Last  float64 `json:"last"`
	Sum   float64 `json:"sum"`
	Count int64   `json:"count"` // 0: never answered
}

// CaseTotals counts a customer's cases.
type CaseTotals struct {
	Open   int64     `json:"open"`
	LastAt time.Time `json:"last_at,omitzero"` // when the latest was opened
}

// Contacted is the pressure on a customer.
type Contacted struct {
	LastAt time.Time `json:"last_at,omitzero"`
	Last7d int64     `json:"last_7d"` // messages in the last 7 × 24 h
}

// Engagement holds the latest sign of life by channel.
type Engagement struct {
	EmailOpenedAt  time.Time `json:"email_opened_at,omitzero"`
	EmailClickedAt time.Time `json:"email_clicked_at,omitzero"`
	SMSRepliedAt   time.Time `json:"sms_replied_at,omitzero"`
	PushClickedAt  time.Time `json:"push_clicked_at,omitzero"`
	WroteAt        time.Time `json:"wrote_at,omitzero"` // by themselves, whatever the channel
}

// FullName is the first and last name as far as they are known, "" where neither is.
func (c *Customer) FullName() string { return strings.TrimSpace(c.FirstName + " " + c.LastName) }

// Address is what a channel reaches the customer at, "" when there is none.
// For push it is the endpoint of the latest subscription.
func (c *Customer) Address(ch channels.Channel) string {
	switch ch {
	case channels.Email:
		return c.Email
	case channels.SMS, channels.Call:
		return c.Phone
	case channels.Push:
		if len(c.Browsers) > 0 {
			return c.Browsers[0].Endpoint
		}
	}
	return ""
}

// Reachable reports whether the channel has an address that is not suppressed.
func (c *Customer) Reachable(ch channels.Channel) bool {
	return c.Address(ch) != "" && c.Suppressed[ch] == ""
}
