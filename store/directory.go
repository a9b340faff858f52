package store

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
	"rapport/customers"
)

var _ customers.Directory = (*Store)(nil)

// page is how many customers Stream reads at once.
const page = 500

// week is the window of contacted.last_7d.
const week = 7 * 24 * time.Hour

// Find implements customers.Directory. An id is tried first, then an e-mail, a
// phone number, an order; of several customers who share an address the oldest
// is found.
func (s *Store) Find(ctx context.Context, who string) (*customers.Customer, error) {
	return s.find(ctx, `
		SELECT id FROM (
			SELECT id, 1 AS place, created_at FROM customers WHERE id = $1
			UNION ALL SELECT id, 2, created_at FROM customers WHERE email = $2
			UNION ALL SELECT id, 3, created_at FROM customers WHERE phone = $3
			UNION ALL SELECT c.id, 4, c.created_at FROM orders o JOIN customers c ON c.id = o.customer WHERE o.id = $1
		) AS candidates ORDER BY place, created_at, id LIMIT 1`, who, mailbox(who), withoutSeparators(who))
}

// WhoWrites implements customers.Directory.
func (s *Store) WhoWrites(ctx context.Context, ch channels.Channel, address string) (ids []string, err error) {
	query := ""
	switch ch {
	case channels.Email:
		query, address = "SELECT id FROM customers WHERE email = $1 ORDER BY created_at, id", mailbox(address)
	case channels.SMS, channels.Call:
		query, address = "SELECT id FROM customers WHERE phone = $1 ORDER BY created_at, id", withoutSeparators(address)
	default:
		return nil, nil
	}
	err = s.read(ctx, func(tx *tx) (err error) {
		ids, err = list(ctx, tx, column[string], query, address)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find the senders of a message: %w", err)
	}
	return ids, nil
}

// find reads the customer whose id a query gives.
func (s *Store) find(ctx context.Context, query string, args ...any) (found *customers.Customer, err error) {
	err = s.read(ctx, func(tx *tx) error {
		id, known, err := first(ctx, tx, column[string], query, args...)
		if err != nil || !known {
			return err
		}
		all, err := loadCustomers(ctx, tx, []string{id}, time.Time{})
		found = all[id]
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("find a customer: %w", err)
	case found == nil:
		return nil, customers.ErrUnknown
	}
	return found, nil
}

// withoutSeparators is a phone number as it is kept, without what people write
// between its digits. What is no number does not become one.
func withoutSeparators(number string) string {
	return strings.NewReplacer(" ", "", "-", "", "/", "", "(", "", ")", "", ".", "").Replace(number)
}

// Load implements customers.Directory.
func (s *Store) Load(ctx context.Context, ids []string, now time.Time) (found map[string]*customers.Customer, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		found, err = loadCustomers(ctx, tx, ids, now)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load %d customers: %w", len(ids), err)
	}
	return found, nil
}

// loadCustomers reads customers inside a transaction, with everything rules need: one
// statement for each kind of thing. A zero now leaves rolling counts at 0.
func loadCustomers(ctx context.Context, tx *tx, ids []string, now time.Time) (map[string]*customers.Customer, error) {
	if len(ids) == 0 {
		return map[string]*customers.Customer{}, nil
	}
	people, err := listRows(ctx, tx, keys(distinct(ids)), scanCustomer,
		"SELECT "+customerColumns+" FROM customers c WHERE "+tx.among("c.id"))
	if err != nil {
		return nil, err
	}
	return complete(ctx, tx, people, now)
}

// complete adds to profiles what other tables say about the customers.
func complete(ctx context.Context, tx *tx, people []*customers.Customer, now time.Time) (map[string]*customers.Customer, error) {
	known := make(map[string]*customers.Customer, len(people))
	for _, c := range people {
		known[c.ID] = c
	}
	ids := newRows("id text").expect(len(people))
	for _, c := range people {
		ids.add(c.ID)
	}
	for _, add := range []func(context.Context, *rowset, map[string]*customers.Customer) error{
		tx.addConsents, tx.addElsewhere, tx.addBrowsers, tx.addSuppressions, // after the browsers, whose endpoints may be suppressed
	} {
		if err := add(ctx, ids, known); err != nil {
			return nil, err
		}
	}
	if now.IsZero() {
		return known, nil
	}
	return known, tx.addPressure(ctx, ids, known, now)
}

func (t *tx) addConsents(ctx context.Context, ids *rowset, known map[string]*customers.Customer) error {
	words, err := listRows(ctx, t, ids, scanConsent, `SELECT k.customer, k.topic, k.channel, k.granted, k.at, k.source
		FROM consents k WHERE `+t.among("k.customer")+" ORDER BY k.topic, k.channel")
	for _, w := range words {
		known[w.Customer].Consents = append(known[w.Customer].Consents, w)
	}
	return err
}

func (t *tx) addBrowsers(ctx context.Context, ids *rowset, known map[string]*customers.Customer) error {
	type browser struct {
		customer string
		channels.PushSubscription
	}
	browsers, err := listRows(ctx, t, ids, func(r record) (b browser, err error) {
		err = r.Scan(&b.customer, &b.Endpoint, &b.P256dh, &b.Auth)
		return b, err
	}, `SELECT p.customer, p.endpoint, p.p256dh, p.auth
		FROM push_subscriptions p WHERE `+t.among("p.customer")+" ORDER BY p.at DESC, p.endpoint")
	for _, b := range browsers {
		known[b.customer].Browsers = append(known[b.customer].Browsers, b.PushSubscription)
	}
	return err
}

func (t *tx) addSuppressions(ctx context.Context, _ *rowset, known map[string]*customers.Customer) error {
	rows, all := newRows("id text, channel text, address text").expect(2*len(known)), channels.All()
	for id, c := range known {
		for _, ch := range all {
			if address := c.Address(ch); address != "" {
				rows.add(id, ch, address)
			}
		}
	}
	type block struct {
		customer, reason string
		channel          channels.Channel
	}
	blocks, err := listRows(ctx, t, rows, func(r record) (b block, err error) {
		err = r.Scan(&b.customer, &b.channel, &b.reason)
		return b, err
	}, `SELECT v.id, s.channel, s.reason FROM {rows} AS v
		JOIN suppressions s ON s.channel = v.channel AND s.address = v.address`)
	for _, b := range blocks {
		if known[b.customer].Suppressed == nil {
			known[b.customer].Suppressed = map[channels.Channel]string{}
		}
		known[b.customer].Suppressed[b.channel] = b.reason
	}
	return err
}

func (t *tx) addPressure(ctx context.Context, ids *rowset, known map[string]*customers.Customer, now time.Time) error {
	type pressure struct {
		customer string
		messages int64
	}
	counts, err := listRows(ctx, t, ids, func(r record) (p pressure, err error) {
		err = r.Scan(&p.customer, &p.messages)
		return p, err
	}, `SELECT d.customer, count(*) FROM deliveries d
		WHERE `+t.among("d.customer")+` AND d.expires_at > $3 AND d.taken_at > $1 AND d.taken_at <= $2 AND d.channel <> 'webhook'
		GROUP BY d.customer`, instant(now.Add(-week)), instant(now), instant(now.Add(-week-latestBegin)))
	for _, p := range counts {
		known[p.customer].Contacted.Last7d = p.messages
	}
	return err
}

// Stream implements customers.Directory. It reads a page at a time, each as the
// database stands then, and holds nothing open while the caller works: the
// caller may write. "" as the condition is everybody.
func (s *Store) Stream(ctx context.Context, where string, args []any) iter.Seq2[*customers.Customer, error] {
	if where == "" {
		where = "TRUE"
	}
	n := len(args)
	query := "SELECT " + customerColumns + " FROM customers c WHERE (" + where + ") AND c.id > $" + strconv.Itoa(n+1) +
		" ORDER BY c.id LIMIT " + strconv.Itoa(page)
	return func(yield func(*customers.Customer, error) bool) {
		for last, more := "", true; more; {
			people, err := s.page(ctx, query, append(args[:n:n], last))
			if err != nil {
				yield(nil, fmt.Errorf("read customers: %w", err))
				return
			}
			for _, c := range people {
				if !yield(c, nil) {
					return
				}
				last = c.ID
			}
			more = len(people) == page
		}
	}
}

func (s *Store) page(ctx context.Context, query string, args []any) (people []*customers.Customer, err error) {
	err = s.read(ctx, func(tx *tx) error {
		people, err = judged(ctx, tx, scanCustomer, query, args...)
		if err == nil {
			_, err = complete(ctx, tx, people, time.Time{})
		}
		return err
	})
	return people, err
}

const customerColumns = `c.id, c.email, c.phone, c.first_name, c.last_name, c.locale, c.country, c.city, c.zone, c.phone_zone,
	c.born_on, c.created_at, c.kind, c.tags, c.traits,
	c.orders_count, c.orders_total, c.orders_returned, c.orders_first_at, c.orders_last_at,
	c.rfm_recency, c.rfm_frequency, c.rfm_monetary, c.pyramid, c.points, c.tier,
	c.nps_last, c.nps_sum, c.nps_count, c.csat_last, c.csat_sum, c.csat_count, c.cases_open, c.cases_last_at,
	c.contacted_last_at, c.email_opened_at, c.email_clicked_at, c.sms_replied_at, c.push_clicked_at, c.wrote_at`

func scanCustomer(r record) (*customers.Customer, error) {
	c := &customers.Customer{}
	err := r.Scan(&c.ID, orZero(&c.Email), orZero(&c.Phone), orZero(&c.FirstName), orZero(&c.LastName),
		orZero(&c.Locale), orZero(&c.Country), orZero(&c.City), orZero(&c.Zone), orZero(&c.PhoneZone),
		asTime(&c.BornOn), asTime(&c.CreatedAt), &c.Kind, asJSON(&c.Tags), asJSON(&c.Traits),
		&c.Orders.Count, &c.Orders.Total, &c.Orders.Returned, asTime(&c.Orders.FirstAt), asTime(&c.Orders.LastAt),
		orZero(&c.RFM.Recency), orZero(&c.RFM.Frequency), orZero(&c.RFM.Monetary), orZero(&c.Pyramid), &c.Points, orZero(&c.Tier),
		orZero(&c.NPS.Last), &c.NPS.Sum, &c.NPS.Count, orZero(&c.CSAT.Last), &c.CSAT.Sum, &c.CSAT.Count,
		&c.Cases.Open, asTime(&c.Cases.LastAt), asTime(&c.Contacted.LastAt), asTime(&c.Engagement.EmailOpenedAt),
		asTime(&c.Engagement.EmailClickedAt), asTime(&c.Engagement.SMSRepliedAt), asTime(&c.Engagement.PushClickedAt),
		asTime(&c.Engagement.WroteAt))
	if len(c.Tags) == 0 {
		c.Tags = nil
	}
	if len(c.Traits) == 0 {
		c.Traits = nil
	}
	return c, err
}
