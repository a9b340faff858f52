package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

var _ customers.Timeline = (*Store)(nil)

// Append implements customers.Timeline.
func (s *Store) Append(ctx context.Context, events []customers.Event) (fresh []bool, err error) {
	defer s.timed("append_events")()
	var oldest time.Time
	for _, e := range events {
		oldest = earlier(oldest, e.At)
	}
	if err = s.reachBack(ctx, oldest); err == nil {
		err = s.write(ctx, func(tx *tx) (err error) {
			fresh, err = appendOfPresent(ctx, tx, events)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("append %d events: %w", len(events), err)
	}
	return fresh, nil
}

// appendOfPresent is appendEvents that leaves out whom it does not find.
func appendOfPresent(ctx context.Context, tx *tx, events []customers.Event) (fresh []bool, err error) {
	var who []string
	for _, e := range events {
		who = append(who, e.Customer)
	}
	here, err := keepPresent(ctx, tx, who)
	if err != nil {
		return nil, err
	}
	var known []customers.Event
	var at []int // in events
	for i, e := range events {
		if here.has(e.Customer) {
			known, at = append(known, e), append(at, i)
		}
	}
	added, err := appendEvents(ctx, tx, known)
	fresh = make([]bool, len(events))
	for i, isNew := range added {
		fresh[at[i]] = isNew
	}
	return fresh, err
}

// appendEvents records events inside a transaction, each once, and says for
// each whether it was new.
func appendEvents(ctx context.Context, tx *tx, events []customers.Event) ([]bool, error) {
	fresh := make([]bool, len(events))
	for start := 0; start < len(events); start += chunk {
		end := min(start+chunk, len(events))
		if err := appendChunk(ctx, tx, events[start:end], fresh[start:end]); err != nil {
			return nil, err
		}
	}
	return fresh, nil
}

func appendChunk(ctx context.Context, tx *tx, events []customers.Event, fresh []bool) error {
	columns, record := eventFields, recordOnSQLite
	if tx.dialect == expression.Postgres {
		columns, record = eventFields+", number int, digest int, provider_number int, provider_digest int", recordOnPostgres
	}
	rows := newRows(columns).expect(len(events))
	first := make(map[string]int, len(events)) // the first event of a key is the one that counts
	for i, e := range events {
		if e.Key == "" {
			return fmt.Errorf("event %q without a key", e.Name)
		}
		key, provider := clean(e.Key), clean(e.ProviderKey)
		if _, twice := first[key]; twice {
			continue
		}
		first[key] = i
		properties := inJSON(e.Properties)
		if tx.dialect != expression.Postgres {
			rows.add(i, e.Customer, e.Name, e.At, e.ReceivedAt, properties, key, nullable(provider), e.Campaign, e.Entry, e.Delivery, e.Live)
			continue
		}
		of := fingerprintOf(key)
		var number, digest *int64
		if provider != "" {
			given := fingerprintOf(provider)
			number, digest = &given.number, &given.digest
		}
		rows.add(i, e.Customer, e.Name, e.At, e.ReceivedAt, properties, key, nullable(provider), e.Campaign, e.Entry, e.Delivery, e.Live,
			of.number, of.digest, number, digest)
	}
	added, err := listRows(ctx, tx, rows, column[string], record)
	for _, key := range added {
		fresh[first[key]] = true
	}
	return err
}

const eventFields = "ord int, customer text, name text, at int, received_at int, properties json, key text," +
	" provider_key text, campaign text, entry int, delivery int, live int"

// Both leave out what is older than what is kept.
var (
	recordOnSQLite = `
		INSERT INTO events (customer, name, at, received_at, properties, key, provider_key, campaign, entry, delivery, live, pending)
		SELECT customer, name, at, coalesce(received_at, at), coalesce(properties, '{}'), key, provider_key, campaign, entry, delivery, live, live
		FROM {rows} AS v WHERE ` + isKept("v.at") + ` ORDER BY ord
		ON CONFLICT DO NOTHING RETURNING key`
	// A unique index of a partitioned table would hold the month too, and the same
	// event told twice with another time would be two. So the keys decide, and what
	// they do not know goes into the month it belongs to.
	recordOnPostgres = `
		WITH v AS MATERIALIZED (
			SELECT * FROM {rows} AS r WHERE ` + isKept("r.at") + `),
		unknown AS (
			INSERT INTO event_keys (number, digest, at, provider_number, provider_digest)
			SELECT number, digest, at, provider_number, provider_digest FROM v ORDER BY ord
			ON CONFLICT DO NOTHING RETURNING number, digest),
		told AS (
			INSERT INTO events (customer, name, at, received_at, properties, key, provider_key, campaign, entry, delivery, live, pending)
			SELECT customer, name, at, coalesce(received_at, at), coalesce(properties, '{}'), key, provider_key, campaign, entry, delivery, live, live
			FROM v JOIN unknown USING (number, digest) ORDER BY ord)
		SELECT key FROM v JOIN unknown USING (number, digest)`
)

const eventColumns = "e.id, e.customer, e.name, e.at, e.received_at, e.properties, e.key, e.provider_key, e.campaign, e.entry, e.delivery, e.live"

func scanEvent(r record) (e customers.Event, err error) {
	err = r.Scan(&e.ID, &e.Customer, &e.Name, asTime(&e.At), asTime(&e.ReceivedAt), asJSON(&e.Properties), &e.Key,
		orZero(&e.ProviderKey), &e.Campaign, &e.Entry, &e.Delivery, orZero(&e.Live))
	if len(e.Properties) == 0 {
		e.Properties = nil
	}
	return e, err
}

// Of implements customers.Timeline. What happened first stands first; what
// happened at the same moment stands in the order in which it was learned.
func (s *Store) Of(ctx context.Context, customer string, limit int) (events []customers.Event, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		events, err = list(ctx, tx, scanEvent, "SELECT "+eventColumns+
			" FROM events e WHERE e.customer = $1 ORDER BY e.at DESC, e.id DESC LIMIT $2", customer, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the timeline of customer %s: %w", customer, err)
	}
	slices.Reverse(events)
	return events, nil
}

// Happened is how many events a customer's timeline has.
func (s *Store) Happened(ctx context.Context, customer string) (events int, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		events, _, err = first(ctx, tx, column[int], "SELECT count(*) FROM events e WHERE e.customer = $1", customer)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count what happened to customer %s: %w", customer, err)
	}
	return events, nil
}

// spoken is the SQL for the names of customers.Spoken.
var spoken = "('" + strings.Join(customers.Spoken(), "', '") + "')"

// Conversation implements customers.Timeline.
func (s *Store) Conversation(ctx context.Context, customer string, limit int) (events []customers.Event, err error) {
	latest := func(which string) string {
		return "SELECT " + eventColumns + " FROM (SELECT * FROM events e WHERE e.customer = $1 AND " + which + " ORDER BY e.at DESC, e.id DESC LIMIT $2) AS e"
	}
	err = s.read(ctx, func(tx *tx) (err error) {
		events, err = list(ctx, tx, scanEvent, latest("e.name IN "+spoken)+" UNION ALL "+latest("e.delivery <> 0 AND e.name NOT IN "+spoken), customer, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the conversation with customer %s: %w", customer, err)
	}
	slices.SortFunc(events, func(a, b customers.Event) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return events, nil
}
