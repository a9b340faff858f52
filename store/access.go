package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"rapport/accounts"
	"rapport/customers"
)

var _ customers.Access = (*Store)(nil)

// held is a table that says something of people, and what they are told of it.
type held struct {
	table, part string // part is what the table's rows are called to them
	// rows says which rows of the table, called t, are about the customer $1.
	rows string
	// about is what $1 is; nil is the customer's id.
	about func(id string) string
	// told are the columns, as "name kind", or "expression name kind".
	told string
	// untold are the other columns, each after the reason why it is not told.
	untold map[string]string
}

// Why columns are not told.
const (
	ofWork   = "how and when work on it is done; nothing about the person"
	ofActing = "opens something: whoever has it acts for the person, or for the shop"
	ofOthers = "is about somebody else: who works for the shop"
	ofIt     = "says again what another column says"
)

const byCustomer = "WHERE t.customer = $1"

// givenUp begins a look for what a customer could be reached by before, and nobody is now.
const givenUp = "a.address FROM earlier_addresses a WHERE a.customer = $1 AND a.held = "

// heldTables are all tables that say something of a person, in the order in which they are
// told. An erasure empties them of the person, or of what tells who it was.
var heldTables = []held{
	{
		table: "customers", part: "profile", rows: "WHERE t.id = $1",
		told: `id text, email text, phone text, first_name text, last_name text, locale text, country text, city text, zone text, phone_zone text,
			born_on date, created_at at, updated_at at, kind text, tags json, traits json,
			orders_count int, orders_total int, orders_returned int, orders_first_at at, orders_last_at at,
			rfm_recency int, rfm_frequency int, rfm_monetary int, pyramid text, points int, tier text,
			nps_last real, nps_sum real, nps_count int, csat_last real, csat_sum real, csat_count int, cases_open int, cases_last_at at,
			contacted_last_at at, email_opened_at at, email_clicked_at at, sms_replied_at at, push_clicked_at at, wrote_at at`,
		untold: map[string]string{ofWork: "shard", ofIt: "person, first_name_words, last_name_words"},
	},
	{
		table: "earlier_addresses", part: "earlier_addresses", rows: byCustomer + " ORDER BY t.held, t.address",
		told: "t.held kind text, address text", untold: map[string]string{ofIt: "customer"},
	},
	{
		table: "consents", part: "consents", rows: byCustomer + " ORDER BY t.topic, t.channel",
		told: "topic text, channel text, granted yes, at at, source text", untold: map[string]string{ofIt: "customer"},
	},
	{
		table: "suppressions", part: "suppressions",
		rows: `WHERE (t.channel, t.address) IN (
			SELECT 'email', c.email FROM customers c WHERE c.id = $1 UNION ALL SELECT 'sms', c.phone FROM customers c WHERE c.id = $1
			UNION ALL SELECT 'call', c.phone FROM customers c WHERE c.id = $1 UNION ALL SELECT 'push', p.endpoint FROM push_subscriptions p WHERE p.customer = $1
			UNION ALL SELECT 'email', ` + givenUp + `'email' AND NOT EXISTS (SELECT 1 FROM customers o WHERE o.email = a.address)
			UNION ALL SELECT 'sms', ` + givenUp + `'phone' AND NOT EXISTS (SELECT 1 FROM customers o WHERE o.phone = a.address)
			UNION ALL SELECT 'call', ` + givenUp + `'phone' AND NOT EXISTS (SELECT 1 FROM customers o WHERE o.phone = a.address))
			ORDER BY t.channel, t.address`,
		told: "channel text, address text, reason text, at at",
	},
	{
		table: "soft_bounces", part: "soft_bounces", rows: `WHERE t.address IN (SELECT c.email FROM customers c WHERE c.id = $1 UNION ALL
			SELECT ` + givenUp + `'email' AND NOT EXISTS (SELECT 1 FROM customers o WHERE o.email = a.address)) ORDER BY t.at, t.message`,
		told: "address text, message text, at at",
	},
	{
		table: "push_subscriptions", part: "browsers", rows: byCustomer + " ORDER BY t.at, t.endpoint",
		told: "endpoint text, at at", untold: map[string]string{ofActing: "p256dh, auth", ofIt: "customer"},
	},
	{
		table: "segment_members", part: "segments", rows: byCustomer + " ORDER BY t.segment",
		told: "segment text, since at", untold: map[string]string{ofIt: "customer"},
	},
	{
		table: "orders", part: "orders", rows: byCustomer + " ORDER BY t.at, t.id",
		told: "id text, at at, currency text, other_currency int, total int, status text", untold: map[string]string{ofIt: "customer"},
	},
	{
		table: "order_lines", part: "order_lines",
		rows: "JOIN orders o ON o.id = t.order_id LEFT JOIN products p ON p.id = t.product WHERE o.customer = $1 ORDER BY o.at, t.order_id, t.number",
		told: "order_id text, number int, product text, p.sku product_sku text, p.name product_name text, quantity int, amount int",
	},
	{
		table: "events", part: "timeline", rows: byCustomer + " ORDER BY t.at, t.id",
		told:   "id int, name text, at at, received_at at, properties json, key text, provider_key text, campaign text, entry int, delivery int",
		untold: map[string]string{ofIt: "customer", ofWork: "pending, live"},
	},
	{
		table: "entries", part: "journeys", rows: byCustomer + " ORDER BY t.id",
		told: `id int, campaign text, version int, run int, key text, cause text, state text, holdout yes, position text, arrived_at at,
			wake_at at, journal json, entered_at at, ended_at at, why text`,
		untold: map[string]string{ofIt: "customer", ofWork: "lease_until, revision, doubtful_until"},
	},
	{
		table: "conversions", part: "conversions", rows: "WHERE t.entry IN (SELECT e.id FROM entries e WHERE e.customer = $1) ORDER BY t.at, t.entry, t.event",
		told: "entry int, event int, at at, value int",
	},
	{
		table: "deliveries", part: "messages", rows: byCustomer + " ORDER BY t.id",
		told: `id int, entry int, campaign text, version int, step text, channel text, topic text, template text, vars json, content json,
			status text, reason text, due_at at, expires_at at, planned_at at, taken_at at, settled_at at, provider text, provider_id text,
			cost int, segments int, attempts int, resent int, rung int, machine int, did int, zone text, zone_from text, case_id int`,
		untold: map[string]string{
			ofIt:   "customer, phase, charged_at",
			ofWork: "grp, priority, rank, retry, ambiguous, lease_until, fence, checked_at, fetched_attempt",
		},
	},
	{
		table: "answers", part: "answers", rows: byCustomer + " ORDER BY t.at, t.entry, t.ask",
		told:   "entry int, ask text, delivery int, scale text, score real, choice text, text text, channel text, at at",
		untold: map[string]string{ofIt: "customer"},
	},
	{
		table: "cases", part: "cases", rows: byCustomer + " ORDER BY t.id",
		told: `id int, campaign text, entry int, queue text, priority text, title text, note text, done text, why text,
			opened_at at, due_at at, closed_at at, answered_at at, waiting yes`,
		untold: map[string]string{ofIt: "customer", ofOthers: "assignee", ofWork: "clock_at"},
	},
	{
		table: "recordings", part: "recordings", rows: byCustomer + " ORDER BY t.id",
		told: `id int, provider_id text, call_id text, campaign text, entry int, delivery int, case_id int, kind text, question text, at at,
			t.lasted lasted_ms int, state text, media text, size int`,
		untold: map[string]string{ofIt: "customer", ofWork: "due_at, lease_until, attempts, trouble"},
	},
	{
		table: "inbox", part: "callbacks", rows: "WHERE t.about <> 0 AND t.about IN (SELECT d.id FROM deliveries d WHERE d.customer = $1) ORDER BY t.id",
		told: "t.about delivery int, provider text, method text, header json, body bytes, received_at at",
		untold: map[string]string{
			ofActing: "url", ofWork: "id, digest, state, lease_until, attempts, error",
		},
	},
	{
		table: "deeds", part: "audit", rows: "WHERE t.about = $1 AND t.about <> '' ORDER BY t.id", about: accounts.AboutCustomer,
		told: "at at, what text, about text", untold: map[string]string{ofOthers: "account", ofWork: "id"},
	},
}

// heldNowhere are the tables that say nothing of a person, and why that is so.
var heldNowhere = map[string]string{
	"products":          "the shop's; what of them was bought stands with order lines",
	"event_keys":        "digests of the timeline's keys, which tell nothing",
	"name_words":        "SQLite's index of the words in names, which stand on profiles; a trigger takes them out with the profile",
	"message_keys":      "digests of the keys of a shop's messages, kept for days",
	"workspaces":        "the marketer's files",
	"campaign_versions": "the marketer's files",
	"runs":              "counts of a campaign",
	"run_shards":        "how far a campaign is",
	"splits":            "counts of a campaign",
	"stages":            "counts of a campaign",
	"pauses":            "of campaigns",
	"segment_parts":     "how far a look at a segment is",
	"outlets":           "how providers do",
	"outlet_minutes":    "how providers do",
	"links":             "URLs, each once, whoever it was sent to; what was clicked stands on the timeline",
	"facts":             "of the installation",
	"restores":          "of the installation",
	"trails":            "numbers of traces, kept for hours",
	"accounts":          "of those who work for the shop",
	"sessions":          "of those who work for the shop",
	"goose_db_version":  "of the schema",
}

// Kept implements customers.Access.
func (s *Store) Kept(ctx context.Context, id string, hand func(part string, row []byte) error) error {
	rows := 0
	err := s.read(ctx, func(tx *tx) error {
		if rows > 0 {
			return errors.New("the database went away while it was read; begin again")
		}
		for _, h := range heldTables {
			about := id
			if h.about != nil {
				about = h.about(id)
			}
			err := eachRow(ctx, tx, func(r record) error {
				rows++
				row, err := h.row(r)
				if err != nil {
					return err
				}
				return hand(h.part, row)
			}, h.query(), about)
			if err != nil {
				return fmt.Errorf("%s: %w", h.part, err)
			}
		}
		return nil
	})
	if err == nil && rows == 0 {
		return customers.ErrUnknown
	}
	if err != nil {
		return fmt.Errorf("read what is kept about customer %s: %w", id, err)
	}
	return nil
}

// Twins implements customers.Access.
func (s *Store) Twins(ctx context.Context, id string) (twins []string, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		twins, err = list(ctx, tx, column[string], `
			SELECT o.id FROM customers c JOIN customers o ON o.email = c.email WHERE c.id = $1 AND o.id <> c.id
			UNION SELECT o.id FROM customers c JOIN customers o ON o.phone = c.phone WHERE c.id = $1 AND o.id <> c.id ORDER BY 1`, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find who shares an address with customer %s: %w", id, err)
	}
	return twins, nil
}

// tellable is a column as it is told.
type tellable struct{ expression, name, kind string }

func (h held) columns() (all []tellable) {
	for text := range strings.SplitSeq(h.told, ",") {
		words := strings.Fields(text)
		c := tellable{"t." + words[0], words[0], words[1]}
		if len(words) == 3 {
			c = tellable{words[0], words[1], words[2]}
		}
		all = append(all, c)
	}
	return all
}

func (h held) query() string {
	var columns []string
	for _, c := range h.columns() {
		columns = append(columns, c.expression)
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + h.table + " t " + h.rows
}

// row is a row as a JSON object, its columns in their order. What is empty is left out.
func (h held) row(r record) ([]byte, error) {
	columns := h.columns()
	values := make([]told, len(columns))
	into := make([]any, len(columns))
	for i, c := range columns {
		values[i] = toldAs[c.kind]()
		into[i] = values[i].into()
	}
	if err := r.Scan(into...); err != nil {
		return nil, err
	}
	object := []byte{'{'}
	for i, c := range columns {
		value := values[i].value()
		if value == nil {
			continue
		}
		text, err := encode(value)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.name, err)
		}
		if len(object) > 1 {
			object = append(object, ", "...)
		}
		object = append(object, `"`+c.name+`": `+text...)
	}
	return append(object, '}'), nil
}

// told is a value on its way from a column to who is told of it; nil is none.
type told struct {
	into  func() any
	value func() any
}

// toldAs are the kinds of columns.
var toldAs = map[string]func() told{
	"text": func() told {
		var text string
		return told{func() any { return orZero(&text) }, func() any { return unless(text == "", text) }}
	},
	"int": func() told {
		var number sql.Null[int64]
		return told{func() any { return &number }, func() any { return unless(!number.Valid, number.V) }}
	},
	"real": func() told {
		var number sql.Null[float64]
		return told{func() any { return &number }, func() any { return unless(!number.Valid, number.V) }}
	},
	"yes": func() told {
		var yes bool
		return told{func() any { return orZero(&yes) }, func() any { return yes }}
	},
	"at": func() told {
		var at time.Time
		return told{func() any { return asTime(&at) }, func() any { return unless(at.IsZero(), at) }}
	},
	"date": func() told {
		var at time.Time
		return told{func() any { return asTime(&at) }, func() any { return unless(at.IsZero(), at.Format(time.DateOnly)) }}
	},
	"json": func() told {
		var raw json.RawMessage
		return told{func() any { return asJSON(&raw) }, func() any { return unless(hollow(raw), raw) }}
	},
	"bytes": func() told {
		var raw []byte
		return told{func() any { return &raw }, func() any {
			if utf8.Valid(raw) {
				return unless(len(raw) == 0, string(raw))
			}
			return raw // as base64
		}}
	},
}

func unless[T any](empty bool, value T) any {
	if empty {
		return nil
	}
	return value
}

// hollow reports whether a JSON document holds nothing.
func hollow(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("{}")) || bytes.Equal(raw, []byte("[]")) || bytes.Equal(raw, []byte("null"))
}
