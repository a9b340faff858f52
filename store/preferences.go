package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"rapport/channels"
	"rapport/customers"
)

var _ customers.Preferences = (*Store)(nil)

// Consent implements customers.Preferences.
func (s *Store) Consent(ctx context.Context, now time.Time, words []customers.Consent) error {
	err := s.write(ctx, func(tx *tx) error {
		said, err := presentWords(ctx, tx, words, nil)
		if err == nil {
			_, err = putConsents(ctx, tx, now, said)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("record %d consents: %w", len(words), err)
	}
	return nil
}

// presentWords are the words of customers who are there, or were just added, and who
// are not erased until the transaction ends.
func presentWords(ctx context.Context, tx *tx, words []customers.Consent, added []string) ([]customers.Consent, error) {
	if len(words) == 0 {
		return nil, nil
	}
	ours := make(present, len(added))
	for _, id := range added {
		ours[id] = true
	}
	var asked []string
	for _, w := range words {
		if !ours.has(w.Customer) {
			asked = append(asked, w.Customer)
		}
	}
	here, err := keepPresent(ctx, tx, asked)
	return slices.DeleteFunc(slices.Clone(words), func(w customers.Consent) bool {
		return !ours.has(w.Customer) && !here.has(w.Customer)
	}), err
}

// putConsents records consents inside a transaction, a newer word over an
// older one (customers.Customer.Hear), and returns the words that changed something. Of
// two words of the same moment the No counts. The customers' journeys are woken, and of a
// no those of the other profiles it holds for.
func putConsents(ctx context.Context, tx *tx, now time.Time, words []customers.Consent) (heard []customers.Consent, err error) {
	if len(words) == 0 {
		return nil, nil
	}
	rows := newRows("customer text, topic text, channel text, granted int, at int, source text").expect(len(words))
	for _, w := range latestWords(now, words) {
		rows.add(w.Customer, w.Topic, w.Channel, w.In, w.At, w.Source)
	}
	heard, err = listRows(ctx, tx, rows, scanConsent, `
		INSERT INTO consents (customer, topic, channel, granted, at, source)
		SELECT customer, topic, channel, granted, at, source FROM {rows} AS v WHERE TRUE ORDER BY customer, topic, channel
		ON CONFLICT (customer, topic, channel) DO UPDATE SET granted = excluded.granted, at = excluded.at, source = excluded.source
		WHERE excluded.at > consents.at OR (excluded.at = consents.at AND excluded.granted < consents.granted)
			OR (consents.granted = 1 AND consents.at > $1)
		RETURNING customer, topic, channel, granted, at, source`, instant(now))
	if err != nil {
		return nil, err
	}
	if err := wakeJourneys(ctx, tx, speakers(heard)); err != nil {
		return nil, err
	}
	return heard, wakeSharers(ctx, tx, refusers(heard))
}

// latestWords are the words that count as of now, one on each matter, in their order.
func latestWords(now time.Time, words []customers.Consent) []customers.Consent {
	type subject struct {
		customer, topic string
		channel         channels.Channel
	}
	place := make(map[subject]int, len(words))
	count := make([]customers.Consent, 0, len(words))
	for _, w := range words {
		w = w.AsOf(now)
		about := subject{w.Customer, w.Topic, w.Channel}
		at, twice := place[about]
		switch {
		case !twice:
			place[about] = len(count)
			count = append(count, w)
		case w.Supersedes(count[at]):
			count[at] = w
		}
	}
	return count
}

func scanConsent(r record) (w customers.Consent, err error) {
	err = r.Scan(&w.Customer, &w.Topic, &w.Channel, orZero(&w.In), asTime(&w.At), &w.Source)
	return w, err
}

// speakers lists whose words they are, a customer for each word.
func speakers(words []customers.Consent) []string {
	who := make([]string, len(words))
	for i, w := range words {
		who[i] = w.Customer
	}
	return who
}

// refusers lists who said no by a channel whose address somebody else may have.
func refusers(words []customers.Consent) []string {
	var who []string
	for _, w := range words {
		if refuses(w) {
			who = append(who, w.Customer)
		}
	}
	return who
}

// refuses reports whether a word is a no by a channel whose address somebody else may
// have.
func refuses(w customers.Consent) bool {
	return !w.In && w.Channel != channels.Push && w.Source != customers.ByNoWord
}

// Suppress implements customers.Preferences.
func (s *Store) Suppress(ctx context.Context, blocks []customers.Suppression) error {
	err := s.write(ctx, func(tx *tx) error { return putSuppressions(ctx, tx, blocks) })
	if err != nil {
		return fmt.Errorf("suppress %d addresses: %w", len(blocks), err)
	}
	return nil
}

// putSuppressions blocks addresses inside a transaction, those of people who were
// erased under their veil. The first reason for an address stays until one comes that
// replaces it. The journeys of who is behind them are woken.
func putSuppressions(ctx context.Context, tx *tx, blocks []customers.Suppression) error {
	put, err := blockAddresses(ctx, tx, blocks)
	if err != nil {
		return err
	}
	if err := putVeiled(ctx, tx, put); err != nil {
		return err
	}
	blocked := make([]address, len(put))
	for i, b := range put {
		blocked[i] = address{b.Channel, b.Address}
	}
	return wakeBehind(ctx, tx, blocked)
}

// blockAddresses puts addresses on the suppression list and returns the blocks that
// changed it.
func blockAddresses(ctx context.Context, tx *tx, blocks []customers.Suppression) ([]customers.Suppression, error) {
	stays := map[address]int{}
	for i, b := range blocks {
		of := address{b.Channel, b.Address}
		if j, twice := stays[of]; !twice || b.Replaces(blocks[j]) {
			stays[of] = i
		}
	}
	rows := newRows("channel text, address text, reason text, at int")
	for i, b := range blocks {
		if stays[address{b.Channel, b.Address}] == i {
			rows.add(b.Channel, b.Address, b.Reason, b.At)
		}
	}
	return listRows(ctx, tx, rows, func(r record) (b customers.Suppression, err error) {
		err = r.Scan(&b.Channel, &b.Address, &b.Reason, asTime(&b.At))
		return b, err
	}, `
		INSERT INTO suppressions (channel, address, reason, at)
		SELECT channel, address, reason, at FROM {rows} AS v WHERE TRUE ORDER BY channel, address
		ON CONFLICT (channel, address) DO UPDATE SET reason = excluded.reason, at = excluded.at
		WHERE `+replaces("excluded", "suppressions")+`
		RETURNING channel, address, reason, at`)
}

// replaces is customers.Suppression.Replaces of two rows.
func replaces(row, before string) string {
	renews := row + ".reason = " + before + ".reason"
	for _, r := range customers.Renewals() {
		renews += fmt.Sprintf(" OR %s.reason = '%s' AND %s.reason = '%s'", before, r.Before, row, r.After)
	}
	weight, earlier := weightOf(row+".reason"), weightOf(before+".reason")
	return weight + " > " + earlier + " OR " + weight + " = " + earlier + " AND " + row + ".at > " + before + ".at AND (" + renews + ")"
}

// weightOf is customers.Weight of a column.
func weightOf(column string) string {
	query := "CASE " + column
	for _, w := range customers.Weights() {
		query += fmt.Sprintf(" WHEN '%s' THEN %d", w.Reason, w.Weight)
	}
	return query + fmt.Sprintf(" ELSE %d END", customers.UsualWeight)
}

// Release implements customers.Preferences.
func (s *Store) Release(ctx context.Context, ch channels.Channel, address string, at time.Time) error {
	err := s.write(ctx, func(tx *tx) error {
		return releaseSuppressions(ctx, tx, []customers.Suppression{{Channel: ch, Address: address, At: at}})
	})
	if err != nil {
		return fmt.Errorf("release an address for %s: %w", ch, err)
	}
	return nil
}

// releaseSuppressions lifts opt-outs inside a transaction, also those of people who
// were erased and now ask for messages again; other reasons stay, and so does what
// was said after they asked: words may be read in another order.
func releaseSuppressions(ctx context.Context, tx *tx, words []customers.Suppression) error {
	rows := newRows("channel text, address text, at int")
	for _, w := range words {
		rows.add(w.Channel, w.Address, w.At)
		for _, veil := range veilsOf(tx, address{w.Channel, w.Address}) {
			rows.add(w.Channel, veil, w.At)
		}
	}
	freed, err := listRows(ctx, tx, rows, scanAddress, `
		WITH v AS MATERIALIZED (SELECT channel, address, at FROM {rows} AS r)
		DELETE FROM suppressions WHERE reason IN ($1, $2)
			AND `+tx.within("suppressions.channel", "SELECT v.channel FROM v")+" AND "+tx.within("suppressions.address", "SELECT v.address FROM v")+`
			AND EXISTS (SELECT 1 FROM v WHERE v.channel = suppressions.channel AND v.address = suppressions.address AND v.at >= suppressions.at)
		RETURNING channel, address`, channels.ReasonOptedOut, customers.Erased)
	if err != nil {
		return err
	}
	return wakeBehind(ctx, tx, freed)
}

// address is where a channel reaches somebody.
type address struct {
	channel channels.Channel
	text    string
}

func scanAddress(r record) (a address, err error) {
	err = r.Scan(&a.channel, &a.text)
	return a, err
}

// wakeBehind wakes the journeys of the customers whom addresses reach.
func wakeBehind(ctx context.Context, tx *tx, addresses []address) error {
	texts := map[channels.Channel][]string{}
	for _, a := range addresses {
		texts[a.channel] = append(texts[a.channel], a.text)
	}
	for ch, query := range map[channels.Channel]string{
		channels.Email: "SELECT c.id FROM customers c WHERE c.email IS NOT NULL AND " + tx.among("c.email"),
		channels.SMS:   "SELECT c.id FROM customers c WHERE c.phone IS NOT NULL AND " + tx.among("c.phone"),
		channels.Call:  "SELECT c.id FROM customers c WHERE c.phone IS NOT NULL AND " + tx.among("c.phone"),
		channels.Push:  "SELECT p.customer FROM push_subscriptions p WHERE " + tx.among("p.endpoint"),
	} {
		if len(texts[ch]) == 0 {
			continue
		}
		behind, err := listRows(ctx, tx, keys(texts[ch]), column[string], query)
		if err != nil {
			return err
		}
		if err := wakeJourneys(ctx, tx, behind); err != nil {
			return err
		}
	}
	return nil
}

// Subscribe implements customers.Preferences.
func (s *Store) Subscribe(ctx context.Context, customer string, p channels.PushSubscription, now time.Time) error {
	err := s.write(ctx, func(tx *tx) error {
		here, err := keepPresent(ctx, tx, []string{customer})
		if err != nil || !here.has(customer) {
			return err
		}
		_, err = tx.exec(ctx, `
			INSERT INTO push_subscriptions (endpoint, customer, p256dh, auth, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (endpoint) DO UPDATE
			SET customer = excluded.customer, p256dh = excluded.p256dh, auth = excluded.auth, at = excluded.at`,
			p.Endpoint, customer, p.P256dh, p.Auth, instant(now))
		if err != nil {
			return err
		}
		return wakeJourneys(ctx, tx, []string{customer})
	})
	if err != nil {
		return fmt.Errorf("subscribe a browser: %w", err)
	}
	return nil
}

// Unsubscribe implements customers.Preferences.
func (s *Store) Unsubscribe(ctx context.Context, endpoint string) error {
	err := s.write(ctx, func(tx *tx) error { return dropSubscriptions(ctx, tx, []string{endpoint}) })
	if err != nil {
		return fmt.Errorf("unsubscribe a browser: %w", err)
	}
	return nil
}

// dropSubscriptions forgets push endpoints inside a transaction and wakes the
// journeys of whose they were.
func dropSubscriptions(ctx context.Context, tx *tx, endpoints []string) error {
	without, err := listRows(ctx, tx, keys(endpoints), column[string],
		"DELETE FROM push_subscriptions WHERE "+tx.among("endpoint")+" RETURNING customer")
	if err != nil {
		return err
	}
	return wakeJourneys(ctx, tx, without)
}
