package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
)

var _ customers.Registry = (*Store)(nil)

// PutCustomers implements customers.Registry. What is not given stays; a trait
// that is nil goes. A customer named twice counts once, the later word laid
// over the earlier. Consents without a time are of now.
func (s *Store) PutCustomers(ctx context.Context, now time.Time, people []customers.Customer) (tally customers.Tally, err error) {
	err = s.write(ctx, func(tx *tx) (err error) {
		tally, err = putCustomers(ctx, tx, now, people)
		return err
	})
	if err != nil {
		return customers.Tally{}, fmt.Errorf("take in %d customers: %w", len(people), err)
	}
	return tally, nil
}

func putCustomers(ctx context.Context, tx *tx, now time.Time, people []customers.Customer) (customers.Tally, error) {
	rows, given, err := profiles(people)
	if err != nil {
		return customers.Tally{}, err
	}
	total := rows.len()
	if rows, err = tx.stage(ctx, rows, "incoming"); err != nil {
		return customers.Tally{}, err
	}
	// First those who are new, then the others: each statement sees what was
	// committed meanwhile, so that every customer is counted once.
	added, err := listRows(ctx, tx, rows, column[string], insertProfiles(tx.dialect, given), instant(now))
	if err != nil {
		return customers.Tally{}, err
	}
	said := consentsOf(people, now)
	var changed []string
	var left []customers.Consent
	if len(given.fields) > 0 && len(added) < total {
		if changed, left, err = mergeProfiles(ctx, tx, now, rows, given, said); err != nil {
			return customers.Tally{}, err
		}
	}
	words, err := presentWords(ctx, tx, slices.Concat(said, left), added)
	if err != nil {
		return customers.Tally{}, err
	}
	spoken, err := putConsents(ctx, tx, now, words)
	if err != nil {
		return customers.Tally{}, err
	}
	if err := suppressErased(ctx, tx, people); err != nil {
		return customers.Tally{}, err
	}
	if len(left) > 0 { // others speak, too
		ours := make(present, len(people))
		for _, c := range people {
			ours[clean(c.ID)] = true
		}
		spoken = slices.DeleteFunc(spoken, func(w customers.Consent) bool { return !ours.has(w.Customer) })
	}
	tally := tallied(total, added, append(changed, speakers(spoken)...))
	tally.OlderWords, err = olderWords(ctx, tx, now, said, len(spoken))
	return tally, err
}

// tallied counts a write of total different things, some of which are new and
// some changed; a new one is not changed as well.
func tallied(total int, added, changed []string) customers.Tally {
	touched := make(map[string]bool, len(added)+len(changed))
	for _, id := range slices.Concat(added, changed) {
		touched[id] = true
	}
	return customers.Tally{Added: len(added), Changed: len(touched) - len(added), Unchanged: total - len(touched)}
}

// profiles is what is given about customers: one row for each, in order of id,
// so that two imports meet the same rows in the same order. Its columns are the
// id, the shard and what givens says.
func profiles(people []customers.Customer) (*rowset, givens, error) {
	sorted := slices.Clone(people)
	slices.SortStableFunc(sorted, func(a, b customers.Customer) int { return strings.Compare(a.ID, b.ID) })
	var all []*profile
	given := givens{removed: map[string]bool{}}
	seen := make([]bool, len(fields))
	for i := range sorted {
		c := &sorted[i]
		switch {
		case c.ID == "":
			return nil, given, errors.New("a customer without an id")
		case i > 0 && sorted[i-1].ID == c.ID: // the later word is laid over the earlier
			c.Traits = laidOver(sorted[i-1].Traits, c.Traits)
		default:
			all = append(all, &profile{id: c.ID, cells: make([]any, len(fields))})
		}
		row, removed := all[len(all)-1], removedFrom(c)
		for n, f := range fields {
			if f.name == "phone_zone" && (strings.TrimSpace(c.Phone) != "" || slices.Contains(c.Removed, "phone")) {
				row.cells[n] = nil // it goes with the number that an earlier word gave
			}
			switch cell := f.given(c); {
			case cell != nil:
				row.cells[n], seen[n] = cell, true
			case slices.Contains(removed, f.name):
				row.cells[n], seen[n], given.removed[f.name] = nil, true, true
				row.removed += "," + f.name + ","
			}
		}
		if c.Presumed != "" {
			row.presumed, given.presumed = c.Presumed, true
		}
	}
	rows := given.rows(all, seen)
	return rows, given, rows.err
}

// profile is what is given about one customer: a cell for each field, the names of those
// that are removed, between commas, and the country that is presumed.
type profile struct {
	id                string
	cells             []any
	removed, presumed string
}

// rows is the relation of the columns in which something stands.
func (g *givens) rows(all []*profile, seen []bool) *rowset {
	columns := "id text, shard int"
	country, number, zone := slices.IndexFunc(fields, named("country")), slices.IndexFunc(fields, named("phone")), slices.IndexFunc(fields, named("phone_zone"))
	seen[country] = seen[country] || g.presumed
	seen[number] = seen[number] || seen[zone] // one is judged by the other, see field.merge
	seen[zone] = seen[number]
	for n, f := range fields {
		if seen[n] {
			g.fields = append(g.fields, f)
			columns += ", " + f.name + " " + f.kind
		}
	}
	if len(g.removed) > 0 {
		columns += ", removed text"
	}
	if g.presumed {
		columns += ", presumed text"
	}
	rows := newRows(columns).expect(len(all))
	for _, p := range all {
		row := append(make([]any, 0, 4+len(g.fields)), p.id, customers.Shard(p.id))
		for n, cell := range p.cells {
			if seen[n] {
				if fields[n].kind == "json" && cell != nil {
					cell = inJSON(cell)
				}
				row = append(row, cell)
			}
		}
		if len(g.removed) > 0 {
			row = append(row, p.removed)
		}
		if g.presumed {
			row = append(row, nullable(p.presumed))
		}
		rows.add(row...)
	}
	return rows
}

func named(name string) func(field) bool { return func(f field) bool { return f.name == name } }

func laidOver(earlier, later map[string]any) map[string]any {
	all := make(map[string]any, len(earlier)+len(later))
	maps.Copy(all, earlier)
	maps.Copy(all, later)
	return all
}

// insertProfiles is the SQL that adds the customers nobody knows. $1 is now.
func insertProfiles(d expression.Dialect, given givens) string {
	columns := []string{"id", "shard", "person", "updated_at"}
	values := []string{"v.id", "v.shard", given.person(d, false), "$1"}
	for _, f := range given.fields {
		columns = append(columns, f.name)
		values = append(values, given.insert(d, f))
	}
	if !given.has("created_at") {
		columns, values = append(columns, "created_at"), append(values, "$1")
	}
	if !given.has("pyramid") && !given.has("orders_count") {
		// Who never ordered is inactive; said here, Rank need not write the row again.
		columns, values = append(columns, "pyramid"), append(values, "'inactive'")
	}
	return "INSERT INTO customers (" + strings.Join(columns, ", ") + ") SELECT " + strings.Join(values, ", ") +
		" FROM {rows} AS v WHERE TRUE ORDER BY v.id ON CONFLICT (id) DO NOTHING RETURNING id"
}

// mergeProfiles merges what is given with the customers there are, who say something with
// it or nothing. It returns whom that changed, and the noes that stay behind with an
// address.
func mergeProfiles(ctx context.Context, tx *tx, now time.Time, rows *rowset, given givens, said []customers.Consent) (changed []string, left []customers.Consent, err error) {
	leavers, err := leaversAmong(ctx, tx, rows, given)
	if err != nil {
		return nil, nil, err
	}
	if err := keepEarlierAddresses(ctx, tx, leavers); err != nil {
		return nil, nil, err
	}
	changed, err = listRows(ctx, tx, rows, column[string], updateProfiles(tx.dialect, given), instant(now))
	if err != nil {
		return nil, nil, err
	}
	left, err = noesLeft(ctx, tx, now, leavers, said)
	return changed, left, err
}

// updateProfiles is the SQL that merges what is given with the customers there
// are, where that makes a difference. $1 is now.
func updateProfiles(d expression.Dialect, given givens) string {
	changes := []string{"updated_at = $1", "person = " + given.person(d, true)}
	var differs []string
	for _, f := range given.fields {
		merged := given.merge(d, f)
		changes = append(changes, f.name+" = "+merged)
		differ := merged + " IS DISTINCT FROM customers." + f.name
		if strings.HasSuffix(f.name, nameWordsColumn) { // of a name without words only a new one is a difference
			differ = "customers." + f.name + " IS NOT NULL AND " + differ
		}
		differs = append(differs, differ)
	}
	return "UPDATE customers SET " + strings.Join(changes, ", ") + " FROM {rows} AS v WHERE customers.id = v.id AND (" +
		strings.Join(differs, " OR ") + ") RETURNING customers.id"
}

// leaver is a customer whom addresses reach no longer, "" for one that stays.
type leaver struct{ id, email, phone string }

// lost is the address that a channel had for the customer.
func (l leaver) lost(ch channels.Channel) string {
	switch ch {
	case channels.Email:
		return l.email
	case channels.SMS, channels.Call:
		return l.phone
	}
	return ""
}

// leaversAmong are the customers who lose an address once the rows are laid over what is
// known. Until the transaction ends nobody erases them or gives them another one.
func leaversAmong(ctx context.Context, tx *tx, rows *rowset, given givens) ([]leaver, error) {
	var columns, losses []string
	for _, held := range []string{"email", "phone"} {
		if !given.has(held) || given.past { // the past takes no address away
			columns = append(columns, "NULL")
			continue
		}
		lost := "c." + held + " <> v." + held
		if given.removed[held] {
			lost += " OR c." + held + " IS NOT NULL AND " + gone(held)
		}
		columns = append(columns, "CASE WHEN "+lost+" THEN c."+held+" END")
		losses = append(losses, lost)
	}
	if len(losses) == 0 {
		return nil, nil
	}
	return listRows(ctx, tx, rows, func(r record) (l leaver, err error) {
		err = r.Scan(&l.id, orZero(&l.email), orZero(&l.phone))
		return l, err
	}, "SELECT c.id, "+strings.Join(columns, ", ")+" FROM {rows} AS v JOIN customers c ON c.id = v.id WHERE "+
		strings.Join(losses, " OR ")+" ORDER BY c.id"+tx.forNoKeyUpdate("c"))
}

// keepEarlierAddresses notes by what customers can be reached no longer: an erasure finds
// what is on the suppression list for them.
func keepEarlierAddresses(ctx context.Context, tx *tx, leavers []leaver) error {
	if len(leavers) == 0 {
		return nil
	}
	rows := newRows("customer text, held text, address text").expect(len(leavers))
	for _, l := range leavers {
		if l.email != "" {
			rows.add(l.id, "email", l.email)
		}
		if l.phone != "" {
			rows.add(l.id, "phone", l.phone)
		}
	}
	_, err := tx.execRows(ctx, rows, `
		INSERT INTO earlier_addresses (customer, held, address)
		SELECT v.customer, v.held, v.address FROM {rows} AS v WHERE TRUE ORDER BY v.customer, v.held
		ON CONFLICT (customer, held, address) DO NOTHING`)
	return err
}

// noesLeft are the noes of leavers as those of whoever has the address they left: they
// hold for it, and would be gone from it. What is said with the change counts with what
// is kept. Of several noes on one matter the latest is left.
func noesLeft(ctx context.Context, tx *tx, now time.Time, leavers []leaver, said []customers.Consent) ([]customers.Consent, error) {
	if len(leavers) == 0 {
		return nil, nil
	}
	of := make(map[string]leaver, len(leavers))
	for _, l := range leavers {
		of[l.id] = l
	}
	words, err := listRows(ctx, tx, keys(slices.Sorted(maps.Keys(of))), scanConsent,
		"SELECT k.customer, k.topic, k.channel, k.granted, k.at, k.source FROM consents k WHERE "+tx.among("k.customer"))
	if err != nil {
		return nil, err
	}
	words = slices.DeleteFunc(words, func(w customers.Consent) bool { return w.Undated(now) })
	for _, w := range said {
		if w.Customer = clean(w.Customer); of[w.Customer].id != "" {
			words = append(words, w)
		}
	}
	type matter struct {
		at    address
		topic string
	}
	noes := map[matter]customers.Consent{}
	for _, w := range latestWords(now, words) {
		about := matter{address{w.Channel, of[w.Customer].lost(w.Channel)}, w.Topic}
		if before, twice := noes[about]; refuses(w) && about.at.text != "" && (!twice || w.At.After(before.At)) {
			noes[about] = w
		}
	}
	mailed, texted := newRows(noColumns), newRows(noColumns)
	for about, w := range noes {
		rows := texted
		if w.Channel == channels.Email {
			rows = mailed
		}
		rows.add(about.at.text, w.Topic, w.Channel, w.In, w.At, w.Source)
	}
	byMail, err := leaveAt(ctx, tx, "email", mailed)
	if err != nil {
		return nil, err
	}
	byNumber, err := leaveAt(ctx, tx, "phone", texted)
	return append(byMail, byNumber...), err
}

// noColumns are those of noes at addresses.
const noColumns = "address text, topic text, channel text, granted int, at int, source text"

// leaveAt makes noes at addresses the words of whoever has these now.
func leaveAt(ctx context.Context, tx *tx, held string, noes *rowset) ([]customers.Consent, error) {
	if noes.len() == 0 {
		return nil, nil
	}
	return listRows(ctx, tx, noes, scanConsent, fmt.Sprintf(`
		WITH v AS MATERIALIZED (SELECT address, topic, channel, granted, at, source FROM {rows} AS r)
		SELECT o.id, v.topic, v.channel, v.granted, v.at, v.source FROM customers o JOIN v ON v.address = o.%[1]s
		WHERE o.%[1]s IS NOT NULL AND `, held)+tx.within("o."+held, "SELECT w.address FROM v w"))
}

func consentsOf(people []customers.Customer, now time.Time) []customers.Consent {
	var words []customers.Consent
	for _, c := range people {
		for _, w := range c.Consents {
			w.Customer = c.ID
			if w.At.IsZero() {
				w.At = now
			}
			words = append(words, w)
		}
	}
	return words
}

// olderWords counts the words that were not taken, of which so many were: a newer one
// says otherwise. Of those on one matter that come together the latest counts.
func olderWords(ctx context.Context, tx *tx, now time.Time, words []customers.Consent, taken int) (int, error) {
	words = latestWords(now, words)
	if len(words) == taken {
		return 0, nil
	}
	rows := newRows("customer text, topic text, channel text, granted int").expect(len(words))
	for _, w := range words {
		rows.add(w.Customer, w.Topic, w.Channel, w.In)
	}
	other, err := listRows(ctx, tx, rows, column[string], `
		SELECT v.customer FROM {rows} AS v JOIN consents k ON k.customer = v.customer AND k.topic = v.topic AND k.channel = v.channel
		WHERE k.granted <> v.granted`)
	return len(other), err
}

// lockCustomers keeps other workers from judging the same customers.
func lockCustomers(ctx context.Context, tx *tx, ids []string) error {
	_, err := lockPresent(ctx, tx, ids)
	return err
}

// present are those of some customers of whom there is a profile. Who was erased
// has none.
type present map[string]bool

func (p present) has(id string) bool { return p[clean(id)] }

// lockPresent is lockCustomers that tells whom it has found.
func lockPresent(ctx context.Context, tx *tx, ids []string) (present, error) {
	return findPresent(ctx, tx, ids, tx.forUpdate("c"))
}

// keepPresent finds customers and keeps them from being erased until the transaction
// ends, and from nothing else. A transaction that does so locks none of them
// afterwards: two of them would wait for each other.
func keepPresent(ctx context.Context, tx *tx, ids []string) (present, error) {
	return findPresent(ctx, tx, ids, tx.forKeyShare("c"))
}

func findPresent(ctx context.Context, tx *tx, ids []string, lock string) (present, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := listRows(ctx, tx, keys(distinct(ids)), column[string],
		"SELECT c.id FROM customers c WHERE "+tx.among("c.id")+" ORDER BY c.id"+lock)
	here := make(present, len(found))
	for _, id := range found {
		here[id] = true
	}
	return here, err
}
