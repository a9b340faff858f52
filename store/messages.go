package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rapport/customers"
)

var _ customers.Messages = (*Store)(nil)

// Take implements customers.Messages.
func (s *Store) Take(ctx context.Context, now time.Time, messages []customers.Message) (repeated int, err error) {
	return s.takeMessages(ctx, now, messages, false)
}

// TakePast implements customers.Messages.
func (s *Store) TakePast(ctx context.Context, now time.Time, messages []customers.Message) (repeated int, err error) {
	return s.takeMessages(ctx, now, messages, true)
}

func (s *Store) takeMessages(ctx context.Context, now time.Time, messages []customers.Message, past bool) (repeated int, err error) {
	defer s.timed("take_messages")()
	var oldest time.Time
	for _, m := range messages {
		if m.Event != nil {
			oldest = earlier(oldest, m.Event.At)
		}
	}
	err = s.reachBack(ctx, oldest)
	if err == nil {
		err = s.write(ctx, func(tx *tx) (err error) {
			repeated, err = takeMessages(ctx, tx, now, messages, past)
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("take %d messages: %w", len(messages), err)
	}
	return repeated, nil
}

// takeMessages writes orders first, as PutOrders does, then events, and people last, of
// whose words only those are new that stand in a new message. In between it locks at
// once whomever all of it is about: what locks them later finds what it holds.
func takeMessages(ctx context.Context, tx *tx, now time.Time, messages []customers.Message, past bool) (repeated int, err error) {
	fresh, err := freshMessages(ctx, tx, now, messages)
	if err != nil {
		return 0, err
	}
	orders, err := takeOrders(ctx, tx, messages, fresh, past)
	if err != nil {
		return 0, err
	}
	here, err := lockConcerned(ctx, tx, now, messages, fresh, orders)
	if err != nil {
		return 0, err
	}
	if err := followOrders(ctx, tx, now, orders, here); err != nil {
		return 0, err
	}
	if err := takeEvents(ctx, tx, now, messages, fresh); err != nil {
		return 0, err
	}
	var people []customers.Customer
	adopted := map[string]string{}
	for i, m := range messages {
		if !fresh[i] {
			repeated++
			continue
		}
		people = append(people, m.Person)
		if m.Visitor != "" {
			adopted[m.Visitor] = m.Person.ID
		}
	}
	if err := describe(ctx, tx, now, people, past); err != nil {
		return 0, err
	}
	return repeated, adopt(ctx, tx, adopted)
}

// lockConcerned meets whom messages are about, and whose the orders are that they
// touch, and locks them: from everybody where orders are summed up, from who writes
// where a profile may be, and else only from being erased.
func lockConcerned(ctx context.Context, tx *tx, now time.Time, messages []customers.Message, fresh []bool, orders []placed) (present, error) {
	people, lock := peopleOf(orders), tx.forKeyShare("c")
	for i := range messages {
		people = append(people, clean(messages[i].Person.ID))
		if fresh[i] && describes(&messages[i].Person) {
			lock = tx.forNoKeyUpdate("c")
		}
	}
	if len(orders) > 0 {
		lock = tx.forUpdate("c")
	}
	return meetAndLock(ctx, tx, now, distinct(people), lock)
}

// describes reports whether something is said of a customer beside their id.
func describes(c *customers.Customer) bool {
	return c.Presumed != "" || len(c.Removed) > 0 || slices.ContainsFunc(fields, func(f field) bool { return f.given(c) != nil })
}

// freshMessages says which messages were not taken before. Those without a key are so
// until their events tell.
func freshMessages(ctx context.Context, tx *tx, now time.Time, messages []customers.Message) ([]bool, error) {
	first := make(firstOfKeys, len(messages))
	for i, m := range messages {
		if m.Key != "" {
			first.note(m.Key, i)
		}
	}
	remembered, err := rememberKeys(ctx, tx, now, first)
	if err != nil {
		return nil, err
	}
	var people []string
	for _, m := range messages {
		people = append(people, m.Person.ID)
	}
	known, err := findPresent(ctx, tx, people, "") // with who was added by the same message at once
	if err != nil {
		return nil, err
	}
	fresh := make([]bool, len(messages))
	for i, m := range messages {
		f := fingerprintOf(clean(m.Key))
		// Who was erased is news when they come back.
		fresh[i] = m.Key == "" || first[f] == i && (remembered[f] || !known.has(m.Person.ID))
	}
	return fresh, nil
}

// firstOfKeys are the places of the first messages of their keys, which count.
type firstOfKeys map[fingerprint]int

func (first firstOfKeys) note(key string, place int) {
	f := fingerprintOf(clean(key))
	if _, twice := first[f]; !twice {
		first[f] = place
	}
}

// rememberKeys writes down keys and returns those that were not known.
func rememberKeys(ctx context.Context, tx *tx, now time.Time, keys firstOfKeys) (map[fingerprint]bool, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	rows := newRows("number int, digest int").expect(len(keys))
	for f := range keys {
		rows.add(f.number, f.digest)
	}
	added, err := listRows(ctx, tx, rows, func(r record) (f fingerprint, err error) {
		err = r.Scan(&f.number, &f.digest)
		return f, err
	}, `INSERT INTO message_keys (number, digest, at) SELECT number, digest, CAST($1 AS BIGINT) FROM {rows} AS v WHERE TRUE ORDER BY number, digest
		ON CONFLICT DO NOTHING RETURNING number, digest`, instant(now))
	unknown := make(map[fingerprint]bool, len(added))
	for _, f := range added {
		unknown[f] = true
	}
	return unknown, err
}

// takeOrders writes the orders of new messages; of what is over, those that are not
// known, and how orders ended. It returns those that are new or not what they were.
func takeOrders(ctx context.Context, tx *tx, messages []customers.Message, fresh []bool, past bool) ([]placed, error) {
	var orders []customers.Order
	for i, m := range messages {
		if m.Order != nil && fresh[i] {
			orders = append(orders, *m.Order)
		}
	}
	if len(orders) == 0 {
		return nil, nil
	}
	if past {
		known, err := listRows(ctx, tx, keys(idsOf(orders)), column[string], "SELECT o.id FROM orders o WHERE "+tx.among("o.id"))
		if err != nil {
			return nil, err
		}
		ended := func(o customers.Order) bool { return o.Afterwards && o.Status != "" }
		orders = slices.DeleteFunc(orders, func(o customers.Order) bool { return !ended(o) && slices.Contains(known, clean(o.ID)) })
	}
	var all []placed
	at := map[string]int{} // of an order, in all
	for _, words := range inTurn(orders) {
		words, err := withoutParts(ctx, tx, words)
		if err != nil {
			return nil, err
		}
		if len(words) == 0 {
			continue
		}
		touched, _, err := writeOrders(ctx, tx, words)
		if err != nil {
			return nil, err
		}
		for _, o := range touched {
			i, again := at[o.ID]
			if !again {
				i, all = len(all), append(all, o)
			}
			at[o.ID], o.before, o.Announced = i, all[i].before, o.Announced || all[i].Announced
			all[i] = o
		}
	}
	return all, nil
}

// inTurn parts what is said of orders, so that no two words about the same one are
// written at once: each is about the order as the word before left it. All orders are
// in the first part.
func inTurn(orders []customers.Order) (turns [][]customers.Order) {
	said := map[string]int{}
	for _, o := range orders {
		turn := said[clean(o.ID)]
		if said[clean(o.ID)]++; turn == len(turns) {
			turns = append(turns, nil)
		}
		turns[turn] = append(turns[turn], o)
	}
	return turns
}

// takeEvents puts events on the timeline, and what they tell of messages without a
// key into fresh.
func takeEvents(ctx context.Context, tx *tx, now time.Time, messages []customers.Message, fresh []bool) error {
	var events, orders, late []customers.Event // of orders; late ones are told of already
	var at, untold []int                       // in messages
	for i, m := range messages {
		if m.Event != nil {
			events, at = append(events, *m.Event), append(at, i)
		}
	}
	if len(events) == 0 {
		return nil
	}
	added, err := appendOfPresent(ctx, tx, events)
	if err != nil {
		return err
	}
	for n, e := range events {
		m := messages[at[n]]
		if m.Key == "" {
			fresh[at[n]] = added[n]
			if !added[n] {
				untold = append(untold, at[n])
			}
		}
		switch {
		case e.ProviderKey == "":
		case added[n]:
			orders = append(orders, e)
		case e.Live:
			late = append(late, e)
		}
	}
	alive, err := enliven(ctx, tx, late)
	if err != nil {
		return err
	}
	orders = append(orders, alive...)
	if len(untold) > 0 {
		if err := rememberOlder(ctx, tx, now, messages, untold, fresh); err != nil {
			return err
		}
	}
	if len(orders) == 0 {
		return nil
	}
	return nameCancelled(ctx, tx, orders)
}

// rememberOlder puts into fresh which of some messages without a key are new although
// their events are too old to be recorded: the keys of those are remembered as a
// message's is.
func rememberOlder(ctx context.Context, tx *tx, now time.Time, messages []customers.Message, which []int, fresh []bool) error {
	since, found, err := first(ctx, tx, column[int64], sinceWhen+" AND until IS NOT NULL")
	if err != nil || !found {
		return err
	}
	older := firstOfKeys{}
	for _, i := range which {
		if e := messages[i].Event; e.At.UnixMilli() < since {
			older.note(e.Key, i)
		}
	}
	remembered, err := rememberKeys(ctx, tx, now, older)
	for f, i := range older {
		fresh[i] = remembered[f]
	}
	return err
}

// describe lays what is said of known people over their profiles, or, where that is
// past, under them.
func describe(ctx context.Context, tx *tx, now time.Time, people []customers.Customer, past bool) error {
	if len(people) == 0 {
		return nil
	}
	rows, given, err := profiles(people)
	if err != nil || len(given.fields) == 0 {
		return err
	}
	if given.past = past; past {
		clear(given.removed)
	}
	if rows, err = tx.stage(ctx, rows, "incoming"); err != nil {
		return err
	}
	_, left, err := mergeProfiles(ctx, tx, now, rows, given, nil)
	if err != nil {
		return err
	}
	if left, err = presentWords(ctx, tx, left, nil); err != nil {
		return err
	}
	if _, err := putConsents(ctx, tx, now, left); err != nil {
		return err
	}
	return suppressErased(ctx, tx, people)
}

// ForgetMessages forgets which messages were taken before a moment.
func (s *Store) ForgetMessages(ctx context.Context, before time.Time) error {
	err := s.write(ctx, func(tx *tx) error {
		_, err := tx.exec(ctx, "DELETE FROM message_keys WHERE at < $1", instant(before))
		return err
	})
	if err != nil {
		return fmt.Errorf("forget which messages were taken: %w", err)
	}
	return nil
}
