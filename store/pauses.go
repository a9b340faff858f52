package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rapport/campaigns"
)

var _ campaigns.Brake = (*Store)(nil)

// standsStill is the SQL that says whether the campaign a column names is
// paused, beside its file or by it, or a draft again.
func standsStill(column string) string {
	return `(EXISTS (SELECT 1 FROM pauses p WHERE p.campaign = ` + column + `)
		OR COALESCE((SELECT k.state FROM campaign_versions k WHERE k.campaign = ` + column + ` ORDER BY k.version DESC LIMIT 1), '') IN ('paused', 'draft'))`
}

// Pause implements campaigns.Brake.
func (s *Store) Pause(ctx context.Context, p campaigns.Pause) (fresh bool, err error) {
	err = s.write(ctx, func(tx *tx) (err error) {
		fresh, err = putPause(ctx, tx, p)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("pause campaign %s: %w", p.Campaign, err)
	}
	return fresh, nil
}

func putPause(ctx context.Context, tx *tx, p campaigns.Pause) (fresh bool, err error) {
	put, err := tx.exec(ctx, "INSERT INTO pauses (campaign, why, source, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		p.Campaign, clean(p.Why), p.Source, instant(p.At))
	return put == 1, err
}

// Resume implements campaigns.Brake.
func (s *Store) Resume(ctx context.Context, campaign string, now time.Time) (was bool, err error) {
	err = s.write(ctx, func(tx *tx) error {
		since, stood, err := first(ctx, tx, column[int64], "DELETE FROM pauses WHERE campaign = $1 RETURNING at", campaign)
		if err != nil {
			return err
		}
		passed, err := tx.exec(ctx, `
			UPDATE stages SET state = 'released', judge_at = $2 WHERE campaign = $1 AND state IN ('stopped', 'asking')`, campaign, now.UnixMilli())
		was = stood || passed > 0
		if err != nil || !stood {
			return err
		}
		return goOn(ctx, tx, campaign, time.UnixMilli(since), now)
	})
	if err != nil {
		return false, fmt.Errorf("resume campaign %s: %w", campaign, err)
	}
	return was, nil
}

// goOn lets a campaign that stood still since a moment take up what it left.
func goOn(ctx context.Context, tx *tx, campaign string, since, now time.Time) error {
	if _, err := unhold(ctx, tx, campaign, now); err != nil {
		return err
	}
	// The pause is no part of the time for which a stage is watched.
	if _, err := tx.exec(ctx, "UPDATE stages SET judge_at = judge_at + $2 WHERE campaign = $1 AND state = 'watching'",
		campaign, now.Sub(since).Milliseconds()); err != nil {
		return err
	}
	// Nor of that after which a split is decided, whichever was first.
	if _, err := tx.exec(ctx, `
		UPDATE splits SET opened_at = $3 - CASE WHEN opened_at < $2 THEN $2 - opened_at ELSE 0 END
		WHERE campaign = $1 AND decided_at IS NULL`, campaign, since.UnixMilli(), now.UnixMilli()); err != nil {
		return err
	}
	return setFact(ctx, tx, campaigns.ScheduledSince(campaign), now.UTC().Format(time.RFC3339Nano))
}

// unhold makes due what waits as of a campaign that stands still.
func unhold(ctx context.Context, tx *tx, campaign string, now time.Time) (int64, error) {
	return tx.exec(ctx, "UPDATE deliveries SET due_at = $2 WHERE campaign = $1 AND phase = 'waiting' AND reason = 'paused_campaign' AND due_at > $2",
		campaign, now.UnixMilli())
}

// Unhold implements deliveries.Ledger.
func (s *Store) Unhold(ctx context.Context, now, since time.Time) (freed int, err error) {
	moving, err := s.wentOn(ctx, since)
	if err != nil || len(moving) == 0 {
		return 0, err
	}
	err = s.write(ctx, func(tx *tx) error {
		freed = 0
		still, err := pausedOf(ctx, tx, moving)
		if err != nil {
			return err
		}
		for _, campaign := range moving {
			if still[campaign] {
				continue
			}
			some, err := unhold(ctx, tx, campaign, now)
			if err != nil {
				return err
			}
			freed += int(some)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("let go what %d campaigns held: %w", len(moving), err)
	}
	return freed, nil
}

// wentOn lists the campaigns that went live, or on, since a moment. Of the others
// none is read: the text of a time sorts by its seconds.
func (s *Store) wentOn(ctx context.Context, since time.Time) (moving []string, err error) {
	prefix := factKey(campaigns.ScheduledSince(""))
	err = s.read(ctx, func(tx *tx) error {
		moving = nil
		return eachRow(ctx, tx, func(r record) error {
			var name, text string
			if err := r.Scan(&name, &text); err != nil {
				return err
			}
			if at, err := time.Parse(time.RFC3339Nano, text); err == nil && !at.Before(since) {
				moving = append(moving, strings.TrimPrefix(name, prefix))
			}
			return nil
		}, "SELECT name, value FROM facts WHERE name >= $1 AND name < $2 AND value >= $3 ORDER BY name",
			prefix, prefix+"\U0010FFFF", since.UTC().Format("2006-01-02T15:04:05"))
	})
	if err != nil {
		return nil, fmt.Errorf("list the campaigns that went on: %w", err)
	}
	return moving, nil
}

// pausedSince names the fact since when a campaign stands still by its file.
func pausedSince(campaign string) string { return "paused since " + campaign }

// turnStates notes which campaigns new files pause or make drafts, and lets those go
// on that they set live again. One that is paused beside its file too goes on when that
// is resumed.
func turnStates(ctx context.Context, tx *tx, stamps []campaigns.Stamp, now time.Time) error {
	rows := newRows("campaign text, state text")
	for _, s := range stamps {
		rows.add(s.Campaign, s.State)
	}
	type turn struct{ campaign, to string }
	turns, err := listRows(ctx, tx, rows, func(r record) (t turn, err error) {
		err = r.Scan(&t.campaign, &t.to)
		return t, err
	}, `
		SELECT v.campaign, v.state FROM {rows} AS v JOIN campaign_versions k ON k.campaign = v.campaign
		WHERE k.version = (SELECT MAX(version) FROM campaign_versions WHERE campaign = v.campaign)
		AND (v.state IN ('paused', 'draft') AND k.state NOT IN ('paused', 'draft') OR v.state = 'live' AND k.state IN ('paused', 'draft')
			AND NOT EXISTS (SELECT 1 FROM pauses p WHERE p.campaign = v.campaign))
		ORDER BY v.campaign`)
	if err != nil {
		return err
	}
	for _, t := range turns {
		if t.to == string(campaigns.Live) {
			err = goOnByFile(ctx, tx, t.campaign, now)
		} else {
			err = setFact(ctx, tx, pausedSince(t.campaign), now.UTC().Format(time.RFC3339Nano))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// countOccurrences notes since when the occurrences of live broadcasts count: since
// now where that is not known, or where they ran at other times until now. Those of
// other broadcasts, and of campaigns that are gone, do not.
func countOccurrences(ctx context.Context, tx *tx, stamps []campaigns.Stamp, now time.Time) error {
	moved, err := rescheduled(ctx, tx, stamps)
	if err != nil {
		return err
	}
	all, broadcasts, anew := newRows("name text"), newRows("name text, since text"), newRows("name text")
	for _, s := range stamps {
		name := factKey(campaigns.ScheduledSince(s.Campaign))
		all.add(name)
		if moved[s.Campaign] {
			anew.add(name)
		}
		switch {
		case s.Schedule == "":
		case s.State == campaigns.Live:
			broadcasts.add(name, campaigns.CountsFrom(now))
		default:
			broadcasts.add(name, "")
		}
	}
	prefix := factKey(campaigns.ScheduledSince(""))
	if _, err := tx.execRows(ctx, all, `
		UPDATE facts SET value = '' WHERE name >= $1 AND name < $2 AND name NOT IN (SELECT v.name FROM {rows} AS v)`,
		prefix, prefix+"\U0010FFFF"); err != nil {
		return err
	}
	if _, err := tx.execRows(ctx, anew, "UPDATE facts SET value = '' WHERE name IN (SELECT v.name FROM {rows} AS v)"); err != nil {
		return err
	}
	_, err = tx.execRows(ctx, broadcasts, `
		INSERT INTO facts (name, value) SELECT v.name, v.since FROM {rows} AS v WHERE TRUE
		ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE facts.value = '' OR excluded.value = ''`)
	return err
}

// rescheduled tells which broadcasts ran at other times until now, or by another
// clock. One of which that was never noted did where it says anything else.
func rescheduled(ctx context.Context, tx *tx, stamps []campaigns.Stamp) (map[string]bool, error) {
	rows := newRows("campaign text, digest text, schedule text")
	for _, s := range stamps {
		if s.Schedule != "" {
			rows.add(s.Campaign, s.Digest, s.Schedule)
		}
	}
	names, err := listRows(ctx, tx, rows, column[string], `
		SELECT v.campaign FROM {rows} AS v JOIN campaign_versions k ON k.campaign = v.campaign
		WHERE k.version = (SELECT MAX(version) FROM campaign_versions WHERE campaign = v.campaign)
		AND k.digest <> v.digest AND COALESCE(k.schedule, '') <> v.schedule`)
	moved := make(map[string]bool, len(names))
	for _, name := range names {
		moved[name] = true
	}
	return moved, err
}

// goOnByFile lets a campaign go on that its file had stopped. One that stood still
// from its first day on left nothing behind.
func goOnByFile(ctx context.Context, tx *tx, campaign string, now time.Time) error {
	text, paused, err := readFact(ctx, tx, pausedSince(campaign))
	if err != nil || !paused {
		return err
	}
	since, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return fmt.Errorf("read since when %s is paused: %w", campaign, err)
	}
	return goOn(ctx, tx, campaign, since, now)
}

// Pauses implements campaigns.Brake.
func (s *Store) Pauses(ctx context.Context) (pauses map[string]campaigns.Pause, err error) {
	err = s.read(ctx, func(tx *tx) error {
		pauses = map[string]campaigns.Pause{}
		return eachRow(ctx, tx, func(r record) error {
			var p campaigns.Pause
			err := r.Scan(&p.Campaign, &p.Why, &p.Source, asTime(&p.At))
			pauses[p.Campaign] = p
			return err
		}, "SELECT campaign, why, source, at FROM pauses")
	})
	if err != nil {
		return nil, fmt.Errorf("list paused campaigns: %w", err)
	}
	return pauses, nil
}
