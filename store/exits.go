package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"rapport/campaigns"
)

var _ campaigns.Exodus = (*Store)(nil)

// Underway implements campaigns.Exodus: a look at one place of the index for
// each version there ever was.
func (s *Store) Underway(ctx context.Context) (all []campaigns.Underway, err error) {
	err = s.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, func(r record) (u campaigns.Underway, err error) {
			err = r.Scan(&u.Campaign, &u.Version)
			return u, err
		}, `SELECT k.campaign, k.version FROM campaign_versions k WHERE EXISTS (
				SELECT 1 FROM entries e WHERE e.campaign = k.campaign AND e.version = k.version AND e.state = 'running')
			ORDER BY k.campaign, k.version`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the versions that have running entries: %w", err)
	}
	return all, nil
}

// LeaveWhere implements campaigns.Exodus.
func (s *Store) LeaveWhere(ctx context.Context, now time.Time, of campaigns.Underway, sweep campaigns.Sweep, after int64, limit int) (left int, last int64, err error) {
	args := slices.Clone(sweep.Args)
	arg := func(value any) string {
		args = append(args, value)
		return "$" + strconv.Itoa(len(args))
	}
	looked := `
		SELECT e.id, e.customer FROM entries e
		WHERE e.campaign = ` + arg(of.Campaign) + ` AND e.version = ` + arg(of.Version) + ` AND e.state = 'running' AND e.id > ` + arg(after) + `
		ORDER BY e.id LIMIT ` + strconv.Itoa(limit)
	type looking struct {
		id     int64
		leaves bool
	}
	var all []looking
	err = s.read(ctx, func(tx *tx) (err error) {
		all, err = judged(ctx, tx, func(r record) (l looking, err error) {
			err = r.Scan(&l.id, &l.leaves)
			return l, err
		}, `SELECT l.id, EXISTS (SELECT 1 FROM customers c WHERE c.id = l.customer AND (`+sweep.Where+`))
			FROM (`+looked+`) AS l ORDER BY l.id`, args...)
		return err
	})
	if err == nil {
		var leaving []int64
		for _, l := range all {
			if last = l.id; l.leaves {
				leaving = append(leaving, l.id)
			}
		}
		left, err = s.leave(ctx, now, leaving, sweep.Why)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("end entries of %s: %w", of.Campaign, err)
	}
	return left, last, nil
}
