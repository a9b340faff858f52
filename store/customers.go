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
	var changed []string
	if len(given) > 0 && len(added) < total {
		changed, err = listRows(ctx, tx, rows, column[string], updateProfiles(tx.dialect, given, field.merge), instant(now))
		if err != nil {
			return customers.Tally{}, err
		}
	}
	words, err := presentWords(ctx, tx, consentsOf(people, now), added)
	if err != nil {
		return customers.Tally{}, err
	}
	spoken, err := putConsents(ctx, tx, words)
	if err != nil {
		return customers.Tally{}, err
	}
	if err := suppressErased(ctx, tx, people); err != nil {
		return customers.Tally{}, err
	}
	return tallied(total, added, append(changed, speakers(spoken)...)), nil
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
// id, the shard and the fields that at least one of them gives.
func profiles(people []customers.Customer) (*rowset, []field, error) {
	sorted := slices.Clone(people)
	slices.SortStableFunc(sorted, func(a, b customers.Customer) int { return strings.Compare(a.ID, b.ID) })
	var all [][]any // a cell for each field, after the id
	seen := make([]bool, len(fields))
	for i := range sorted {
		c := &sorted[i]
		switch {
		case c.ID == "":
			return nil, nil, errors.New("a customer without an id")
		case i > 0 && sorted[i-1].ID == c.ID: // the later word is laid over the earlier
			c.Traits = laidOver(sorted[i-1].Traits, c.Traits)
		default:
			all = append(all, append(make([]any, 0, 1+len(fields)), c.ID)[:1+len(fields)])
		}
		row := all[len(all)-1]
		for n, f := range fields {
			if cell := f.given(c); cell != nil {
				row[1+n], seen[n] = cell, true
			}
		}
	}
	return seenOnly(all, seen)
}

// seenOnly is the relation of the columns in which something stands.
func seenOnly(all [][]any, seen []bool) (*rowset, []field, error) {
	columns := "id text, shard int"
	var given []field
	number, zone := slices.IndexFunc(fields, named("phone")), slices.IndexFunc(fields, named("phone_zone"))
	seen[number] = seen[number] || seen[zone] // one is judged by the other, see field.merge
	seen[zone] = seen[number]
	for n, f := range fields {
		if seen[n] {
			given = append(given, f)
			columns += ", " + f.name + " " + f.kind
		}
	}
	rows := newRows(columns).expect(len(all))
	for _, cells := range all {
		id, _ := cells[0].(string)
		row := append(make([]any, 0, 2+len(given)), id, customers.Shard(id))
		for n, cell := range cells[1:] {
			if seen[n] {
				if given[len(row)-2].kind == "json" && cell != nil {
					cell = inJSON(cell)
				}
				row = append(row, cell)
			}
		}
		rows.add(row...)
	}
	return rows, given, rows.err
}

func named(name string) func(field) bool { return func(f field) bool { return f.name == name } }

func laidOver(earlier, later map[string]any) map[string]any {
	all := make(map[string]any, len(earlier)+len(later))
	maps.Copy(all, earlier)
	maps.Copy(all, later)
	return all
}

// insertProfiles is the SQL that adds the customers nobody knows. $1 is now.
func insertProfiles(d expression.Dialect, given []field) string {
	columns := []string{"id", "shard", "person", "updated_at"}
	values := []string{"v.id", "v.shard", person(given), "$1"}
	for _, f := range given {
		columns = append(columns, f.name)
		values = append(values, f.insert(d))
	}
	if !slices.ContainsFunc(given, named("created_at")) {
		columns, values = append(columns, "created_at"), append(values, "$1")
	}
	if !slices.ContainsFunc(given, named("pyramid")) && !slices.ContainsFunc(given, named("orders_count")) {
		// Who never ordered is inactive; said here, Rank need not write the row again.
		columns, values = append(columns, "pyramid"), append(values, "'inactive'")
	}
	return "INSERT INTO customers (" + strings.Join(columns, ", ") + ") SELECT " + strings.Join(values, ", ") +
		" FROM {rows} AS v WHERE TRUE ORDER BY v.id ON CONFLICT (id) DO NOTHING RETURNING id"
}

// updateProfiles is the SQL that merges what is given with the customers there
// are, where that makes a difference. $1 is now.
func updateProfiles(d expression.Dialect, given []field, merge func(field, expression.Dialect) string) string {
	changes := []string{"updated_at = $1", "person = " + mergedPerson(d, given, merge)}
	var differs []string
	for _, f := range given {
		merged := merge(f, d)
		changes = append(changes, f.name+" = "+merged)
		differs = append(differs, merged+" IS DISTINCT FROM customers."+f.name)
	}
	return "UPDATE customers SET " + strings.Join(changes, ", ") + " FROM {rows} AS v WHERE customers.id = v.id AND (" +
		strings.Join(differs, " OR ") + ") RETURNING customers.id"
}

// person is customers.Person in SQL, of somebody new: the e-mail, else the phone
// number, else the id.
func person(given []field) string {
	var candidates []string
	for _, name := range []string{"email", "phone"} {
		if slices.ContainsFunc(given, named(name)) {
			candidates = append(candidates, "v."+name)
		}
	}
	if len(candidates) == 0 {
		return "v.id"
	}
	return "coalesce(" + strings.Join(candidates, ", ") + ", v.id)"
}

// mergedPerson is person of a known customer.
func mergedPerson(d expression.Dialect, given []field, merge func(field, expression.Dialect) string) string {
	var candidates []string
	for _, name := range []string{"email", "phone"} {
		candidate := "customers." + name
		if at := slices.IndexFunc(given, named(name)); at >= 0 {
			candidate = merge(given[at], d)
		}
		candidates = append(candidates, candidate)
	}
	return "coalesce(" + strings.Join(candidates, ", ") + ", v.id)"
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
