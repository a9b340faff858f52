package store

import (
	"context"
	"fmt"

	"rapport/deliveries"
)

var _ deliveries.Links = (*Store)(nil)

// Intern implements deliveries.Links. Known links are read first: a broadcast
// asks for the same few again and again.
func (s *Store) Intern(ctx context.Context, urls []string) (map[string]int64, error) {
	wanted := distinct(urls)
	var numbered map[string]int64
	err := s.read(ctx, func(tx *tx) (err error) {
		numbered, err = linkNumbers(ctx, tx, wanted)
		return err
	})
	if err == nil && len(numbered) < len(wanted) {
		err = s.write(ctx, func(tx *tx) error {
			_, err := tx.execRows(ctx, keys(wanted),
				"INSERT INTO links (url) SELECT v.id FROM {rows} AS v WHERE TRUE ORDER BY v.id ON CONFLICT DO NOTHING")
			if err != nil {
				return err
			}
			numbered, err = linkNumbers(ctx, tx, wanted)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("number %d links: %w", len(wanted), err)
	}
	return numbered, nil
}

func linkNumbers(ctx context.Context, tx *tx, urls []string) (map[string]int64, error) {
	numbered := make(map[string]int64, len(urls))
	_, err := listRows(ctx, tx, keys(urls), func(r record) (none struct{}, err error) {
		var url string
		var number int64
		err = r.Scan(&url, &number)
		numbered[url] = number
		return none, err
	}, "SELECT l.url, l.id FROM links l WHERE "+tx.among("l.url"))
	return numbered, err
}

// URL implements deliveries.Links.
func (s *Store) URL(ctx context.Context, number int64) (url string, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		url, _, err = first(ctx, tx, column[string], "SELECT url FROM links WHERE id = $1", number)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read link %d: %w", number, err)
	}
	return url, nil
}
