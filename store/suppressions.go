package store

import (
	"context"
	"fmt"

	"rapport/customers"
)

// PutSuppressions implements customers.Registry.
func (s *Store) PutSuppressions(ctx context.Context, blocks []customers.Suppression) (tally customers.Tally, err error) {
	err = s.write(ctx, func(tx *tx) (err error) {
		tally, err = takeSuppressions(ctx, tx, blocks)
		return err
	})
	if err != nil {
		return customers.Tally{}, fmt.Errorf("take in %d suppressions: %w", len(blocks), err)
	}
	return tally, nil
}

// takeSuppressions is putSuppressions that counts. What stands under a veil already counts
// as new: who it belongs to is not known until then.
func takeSuppressions(ctx context.Context, tx *tx, blocks []customers.Suppression) (tally customers.Tally, err error) {
	before, err := blocksAt(ctx, tx, blocks)
	if err != nil {
		return tally, err
	}
	if err := putSuppressions(ctx, tx, blocks); err != nil {
		return tally, err
	}
	after, err := blocksAt(ctx, tx, blocks)
	if err != nil {
		return tally, err
	}
	given := map[address]bool{}
	for _, b := range blocks {
		given[address{b.Channel, clean(b.Address)}] = true
	}
	for of := range given {
		switch was, known := before[of]; {
		case !known:
			tally.Added++
		case was != after[of]:
			tally.Changed++
		default:
			tally.Unchanged++
		}
	}
	return tally, nil
}

// blocksAt reads what is on the suppression list for the addresses of blocks.
func blocksAt(ctx context.Context, tx *tx, blocks []customers.Suppression) (map[address]customers.Suppression, error) {
	rows := newRows("channel text, address text").expect(len(blocks))
	for _, b := range blocks {
		rows.add(b.Channel, b.Address)
	}
	there := make(map[address]customers.Suppression, len(blocks))
	_, err := listRows(ctx, tx, rows, func(r record) (none struct{}, err error) {
		var b customers.Suppression
		err = r.Scan(&b.Channel, &b.Address, &b.Reason, asTime(&b.At))
		there[address{b.Channel, b.Address}] = b
		return none, err
	}, "SELECT s.channel, s.address, s.reason, s.at FROM {rows} AS v JOIN suppressions s ON s.channel = v.channel AND s.address = v.address")
	return there, err
}
