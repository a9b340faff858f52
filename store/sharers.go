package store

import (
	"context"
	"maps"
	"slices"

	"rapport/channels"
	"rapport/customers"
)

// personsOf reads which person profiles belong to, by their ids, and those of all
// other profiles of the same persons. Who has no profile is a person of their own. A
// lock is the end of a SELECT from the profiles o; they come in order of id.
func personsOf(ctx context.Context, tx *tx, ids []string, lock string) (map[string]string, error) {
	persons := make(map[string]string, len(ids))
	for _, id := range ids {
		persons[id] = id
	}
	_, err := listRows(ctx, tx, keys(ids), func(r record) (none struct{}, err error) {
		var id, person string
		err = r.Scan(&id, &person)
		persons[id] = person
		return none, err
	}, "SELECT o.id, o.person FROM customers o WHERE "+
		tx.within("o.person", "SELECT c.person FROM customers c WHERE "+tx.among("c.id"))+" ORDER BY o.id"+lock)
	return persons, err
}

// sharedOf finds which addresses of customers several profiles have, in one look: most
// have none. A number stands there for texts.
func sharedOf(ctx context.Context, tx *tx, people []*customers.Customer) ([]address, error) {
	rows := newRows("email text, phone text").expect(len(people))
	for _, c := range people {
		rows.add(nullable(c.Email), nullable(c.Phone))
	}
	return listRows(ctx, tx, rows, scanAddress, `
		WITH who AS MATERIALIZED (SELECT v.email, v.phone FROM {rows} AS v)
		SELECT 'email', o.email FROM customers o
		WHERE o.email IS NOT NULL AND `+tx.within("o.email", "SELECT w.email FROM who w")+` GROUP BY o.email HAVING count(*) > 1
		UNION ALL SELECT 'sms', o.phone FROM customers o
		WHERE o.phone IS NOT NULL AND `+tx.within("o.phone", "SELECT w.phone FROM who w")+` GROUP BY o.phone HAVING count(*) > 1`)
}

// addElsewhere reads the noes that hold for customers because another profile of their
// mailbox or number said them, the latest on each matter. That somebody whom nobody knew
// wrote from there is none.
func (t *tx) addElsewhere(ctx context.Context, _ *rowset, known map[string]*customers.Customer) error {
	shared, err := sharedOf(ctx, t, slices.Collect(maps.Values(known)))
	if err != nil || len(shared) == 0 {
		return err
	}
	noes, err := noesAt(ctx, t, shared)
	if err != nil {
		return err
	}
	for id, c := range known {
		for _, ch := range channels.All() {
			for _, no := range noes[address{ch, c.Address(ch)}] {
				if no.Customer != id {
					c.Elsewhere = append(c.Elsewhere, no)
				}
			}
		}
	}
	return nil
}

// noesAt reads what was refused at addresses, about each topic the latest no. One by web
// push was said in a browser, which is one profile's.
func noesAt(ctx context.Context, tx *tx, shared []address) (map[address][]customers.Consent, error) {
	texts := map[string][]string{}
	for _, a := range shared {
		column := "phone"
		if a.channel == channels.Email {
			column = "email"
		}
		texts[column] = append(texts[column], a.text)
	}
	noes := map[address][]customers.Consent{}
	for column, spoken := range map[string]string{"email": "'email'", "phone": "'sms', 'call'"} {
		if len(texts[column]) == 0 {
			continue
		}
		_, err := listRows(ctx, tx, keys(texts[column]), func(r record) (none struct{}, err error) {
			var at address
			no, err := scanConsent(r.withFirst(&at.text))
			at.channel = no.Channel
			about := func(later customers.Consent) bool { return later.Topic == no.Topic }
			if !slices.ContainsFunc(noes[at], about) {
				noes[at] = append(noes[at], no)
			}
			return none, err
		}, "SELECT o."+column+`, k.customer, k.topic, k.channel, k.granted, k.at, k.source
			FROM customers o JOIN consents k ON k.customer = o.id
			WHERE o.`+column+" IS NOT NULL AND "+tx.among("o."+column)+" AND k.channel IN ("+spoken+`)
				AND k.granted = 0 AND k.source <> '`+customers.ByNoWord+"' ORDER BY k.at DESC, k.topic, k.customer")
		if err != nil {
			return nil, err
		}
	}
	return noes, nil
}

// wakeSharers wakes the journeys of the other profiles for which a no of customers holds.
func wakeSharers(ctx context.Context, tx *tx, refusers []string) error {
	if len(refusers) == 0 {
		return nil
	}
	people, err := addressesOf(ctx, tx, distinct(refusers))
	if err != nil {
		return err
	}
	shared, err := sharedOf(ctx, tx, people)
	if err != nil {
		return err
	}
	return wakeBehind(ctx, tx, shared)
}

// addressesOf reads customers with nothing but their id, e-mail and number.
func addressesOf(ctx context.Context, tx *tx, ids []string) ([]*customers.Customer, error) {
	return listRows(ctx, tx, keys(ids), func(r record) (*customers.Customer, error) {
		c := &customers.Customer{}
		return c, r.Scan(&c.ID, orZero(&c.Email), orZero(&c.Phone))
	}, "SELECT c.id, c.email, c.phone FROM customers c WHERE "+tx.among("c.id"))
}
