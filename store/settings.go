package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
)

// settable are the profile fields that a campaign's set step may write.
var settable = []string{"first_name", "last_name", "locale", "country", "city", "zone", "kind", "tier"}

// setFields writes what set steps say about customers: one statement for the
// traits of all and one for each profile field.
func setFields(ctx context.Context, tx *tx, now time.Time, moves []campaigns.Move) error {
	traits := map[string]map[string]any{}
	columns := map[string]map[string]any{} // by field, then by customer
	for _, m := range moves {
		for field, value := range m.Set {
			trait, isTrait := strings.CutPrefix(field, "traits.")
			switch {
			case isTrait:
				within(traits, m.Entry.Customer)[trait] = value
			case slices.Contains(settable, field):
				within(columns, field)[m.Entry.Customer] = value
			default:
				return fmt.Errorf("set %s for entry %d: not a field a campaign may set", field, m.Entry.ID)
			}
		}
	}
	if err := patchTraits(ctx, tx, now, traits); err != nil {
		return err
	}
	for _, field := range slices.Sorted(maps.Keys(columns)) {
		rows := newRows("customer text, value text, words text")
		for _, customer := range slices.Sorted(maps.Keys(columns[field])) {
			text, _ := columns[field][customer].(string)
			rows.add(customer, nullable(text), nullable(nameWords(text)))
		}
		set := field + " = v.value"
		switch field {
		case "kind":
			set = "kind = COALESCE(v.value, 'consumer')"
		case "first_name", "last_name":
			set += ", " + field + nameWordsColumn + " = v.words"
		}
		_, err := tx.execRows(ctx, rows, "UPDATE customers AS c SET "+set+`, updated_at = $1
			FROM {rows} AS v WHERE c.id = v.customer`, now.UnixMilli())
		if err != nil {
			return err
		}
	}
	return nil
}

// patchTraits lays traits over those customers have; one that is nil goes.
func patchTraits(ctx context.Context, tx *tx, now time.Time, patches map[string]map[string]any) error {
	if len(patches) == 0 {
		return nil
	}
	rows := newRows("customer text, traits json")
	for _, customer := range slices.Sorted(maps.Keys(patches)) {
		rows.add(customer, inJSON(plainTraits(patches[customer])))
	}
	_, err := tx.execRows(ctx, rows, "UPDATE customers SET traits = "+traitsPatch(tx.dialect, "customers.traits")+`, updated_at = $1
		FROM {rows} AS v WHERE customers.id = v.customer`, now.UnixMilli())
	return err
}

// setTags adds and removes tags, in the order the steps came.
func setTags(ctx context.Context, tx *tx, now time.Time, moves []campaigns.Move) error {
	changes := map[string][]campaigns.TagChange{}
	for _, m := range moves {
		if len(m.Tag) > 0 {
			changes[m.Entry.Customer] = append(changes[m.Entry.Customer], m.Tag...)
		}
	}
	if len(changes) == 0 {
		return nil
	}
	type tagged struct {
		customer string
		tags     []string
	}
	people, err := listRows(ctx, tx, keys(slices.Sorted(maps.Keys(changes))), func(r record) (t tagged, err error) {
		err = r.Scan(&t.customer, asJSON(&t.tags))
		return t, err
	}, "SELECT c.id, c.tags FROM customers c WHERE "+tx.among("c.id")+" ORDER BY c.id"+tx.forUpdate("c"))
	if err != nil {
		return err
	}
	rows := newRows("customer text, tags json")
	for _, p := range people {
		rows.add(p.customer, inJSON(retag(p.tags, changes[p.customer])))
	}
	_, err = tx.execRows(ctx, rows, `UPDATE customers AS c SET tags = v.tags, updated_at = $1
		FROM {rows} AS v WHERE c.id = v.customer`, now.UnixMilli())
	return err
}

// retag is tags after changes, never nil.
func retag(tags []string, changes []campaigns.TagChange) []string {
	kept := append([]string{}, tags...)
	for _, change := range changes {
		kept = slices.DeleteFunc(kept, func(tag string) bool { return tag == change.Tag })
		if change.Add {
			kept = append(kept, change.Tag)
		}
	}
	return kept
}

// within is the inner map of a key, made when it is missing.
func within(outer map[string]map[string]any, key string) map[string]any {
	if outer[key] == nil {
		outer[key] = map[string]any{}
	}
	return outer[key]
}
