package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rapport/customers"
)

// PutProducts implements customers.Registry. A product named twice counts once,
// the last of it.
func (s *Store) PutProducts(ctx context.Context, products []customers.Product) (tally customers.Tally, err error) {
	err = s.write(ctx, func(tx *tx) (err error) {
		tally, err = putProducts(ctx, tx, products)
		return err
	})
	if err != nil {
		return customers.Tally{}, fmt.Errorf("take in %d products: %w", len(products), err)
	}
	return tally, nil
}

func putProducts(ctx context.Context, tx *tx, products []customers.Product) (tally customers.Tally, err error) {
	rows := newRows("id text, sku text, name text, price int")
	sorted := slices.Clone(products)
	slices.SortStableFunc(sorted, func(a, b customers.Product) int { return strings.Compare(a.ID, b.ID) })
	for i, p := range sorted {
		if p.ID == "" {
			return tally, errors.New("a product without an id")
		}
		if i == len(sorted)-1 || sorted[i+1].ID != p.ID {
			rows.add(p.ID, p.SKU, p.Name, p.Price)
		}
	}
	total := rows.len()
	if rows, err = tx.stage(ctx, rows, "incoming_products"); err != nil {
		return tally, err
	}
	added, err := listRows(ctx, tx, rows, column[string], `
		INSERT INTO products (id, sku, name, price)
		SELECT id, sku, name, price FROM {rows} AS v WHERE TRUE ORDER BY id
		ON CONFLICT (id) DO NOTHING RETURNING id`)
	if err != nil {
		return tally, err
	}
	changed, err := listRows(ctx, tx, rows, column[string], `
		UPDATE products SET sku = v.sku, name = v.name, price = v.price FROM {rows} AS v
		WHERE products.id = v.id AND (products.sku <> v.sku OR products.name <> v.name OR products.price <> v.price)
		RETURNING products.id`)
	return tallied(total, added, changed), err
}
