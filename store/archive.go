package store

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"rapport/campaigns"
)

// Archive keeps the workspaces that were applied to this store.
func (s *Store) Archive() campaigns.Archive { return archive{s} }

type archive struct{ store *Store }

// Keep implements campaigns.Archive. Only the workspace in force is compared:
// going back to an earlier one is a new version like any other. A campaign
// whose state alone changed keeps its version.
func (a archive) Keep(ctx context.Context, files map[string][]byte, digest string, stamps []campaigns.Stamp, now time.Time) (version int64, err error) {
	packed, err := pack(files)
	if err != nil {
		return 0, fmt.Errorf("keep workspace %.12s: %w", digest, err)
	}
	err = a.store.write(ctx, func(tx *tx) error {
		if err := tx.alone(ctx, applying); err != nil {
			return err
		}
		var current string
		version, current, err = latestWorkspace(ctx, tx)
		if err != nil || version != 0 && current == digest {
			return err
		}
		version, _, err = first(ctx, tx, column[int64],
			"INSERT INTO workspaces (digest, files, applied_at) VALUES ($1, $2, $3) RETURNING version", digest, packed, now.UnixMilli())
		if err != nil {
			return err
		}
		if err := turnStates(ctx, tx, stamps, now); err != nil {
			return err
		}
		if err := countOccurrences(ctx, tx, stamps, now); err != nil {
			return err
		}
		return keepVersions(ctx, tx, version, stamps, now)
	})
	if err != nil {
		return 0, fmt.Errorf("keep workspace %.12s: %w", digest, err)
	}
	return version, nil
}

// keepVersions gives each campaign whose digest is not that of its latest
// version the next one, and notes the state of the others.
func keepVersions(ctx context.Context, tx *tx, workspace int64, stamps []campaigns.Stamp, now time.Time) error {
	rows := newRows("campaign text, digest text, state text, schedule text, goal_event text, goal_within int, holdout real")
	for _, s := range stamps {
		rows.add(s.Campaign, s.Digest, s.State, s.Schedule, s.GoalEvent, s.GoalWithin.Milliseconds(), s.Holdout)
	}
	if _, err := tx.execRows(ctx, rows, `
		INSERT INTO campaign_versions (campaign, version, workspace, digest, state, applied_at, schedule, goal_event, goal_within, holdout)
		SELECT v.campaign, COALESCE(MAX(k.version), 0) + 1, $1, v.digest, v.state, $2, v.schedule, v.goal_event, v.goal_within, v.holdout
		FROM {rows} AS v LEFT JOIN campaign_versions k ON k.campaign = v.campaign
		WHERE NOT EXISTS (
			SELECT 1 FROM campaign_versions l WHERE l.campaign = v.campaign AND l.digest = v.digest
			AND l.version = (SELECT MAX(version) FROM campaign_versions WHERE campaign = v.campaign))
		GROUP BY v.campaign, v.digest, v.state, v.schedule, v.goal_event, v.goal_within, v.holdout`, workspace, now.UnixMilli()); err != nil {
		return err
	}
	_, err := tx.execRows(ctx, rows, `
		UPDATE campaign_versions AS k SET state = v.state, schedule = v.schedule, holdout = v.holdout FROM {rows} AS v
		WHERE k.campaign = v.campaign AND k.digest = v.digest
		AND k.version = (SELECT MAX(version) FROM campaign_versions WHERE campaign = v.campaign)`)
	return err
}

func latestWorkspace(ctx context.Context, tx *tx) (version int64, digest string, err error) {
	type workspace struct {
		version int64
		digest  string
	}
	latest, _, err := first(ctx, tx, func(r record) (w workspace, err error) {
		err = r.Scan(&w.version, &w.digest)
		return w, err
	}, "SELECT version, digest FROM workspaces ORDER BY version DESC LIMIT 1")
	return latest.version, latest.digest, err
}

// Latest implements campaigns.Archive.
func (a archive) Latest(ctx context.Context) (version int64, paused []string, err error) {
	err = a.store.read(ctx, func(tx *tx) error {
		version, paused = 0, nil
		return eachRow(ctx, tx, func(r record) error {
			var campaign string
			err := r.Scan(&version, orZero(&campaign))
			if campaign != "" {
				paused = append(paused, campaign)
			}
			return err
		}, `SELECT w.version, p.campaign FROM (SELECT COALESCE(MAX(version), 0) AS version FROM workspaces) AS w
			LEFT JOIN pauses p ON TRUE ORDER BY p.campaign`)
	})
	if err != nil {
		return 0, nil, fmt.Errorf("find the workspace in force: %w", err)
	}
	return version, paused, nil
}

// Current implements campaigns.Archive.
func (a archive) Current(ctx context.Context) (campaigns.Applied, error) {
	applied, err := a.read(ctx, "SELECT version, digest, files FROM workspaces ORDER BY version DESC LIMIT 1")
	if err != nil {
		return campaigns.Applied{}, fmt.Errorf("read the workspace in force: %w", err)
	}
	return applied, nil
}

// At implements campaigns.Archive. ErrNoWorkspace for a version that was never
// applied.
func (a archive) At(ctx context.Context, campaign string, version int) (campaigns.Applied, error) {
	applied, err := a.read(ctx, `
		SELECT w.version, w.digest, w.files FROM workspaces w JOIN campaign_versions k ON k.workspace = w.version
		WHERE k.campaign = $1 AND k.version = $2`, campaign, version)
	if err != nil {
		return campaigns.Applied{}, fmt.Errorf("read version %d of campaign %s: %w", version, campaign, err)
	}
	return applied, nil
}

// Versions implements campaigns.Archive.
func (a archive) Versions(ctx context.Context, campaign string) (all []campaigns.VersionRecord, err error) {
	err = a.store.read(ctx, func(tx *tx) (err error) {
		all, err = list(ctx, tx, func(r record) (v campaigns.VersionRecord, err error) {
			err = r.Scan(&v.Version, asTime(&v.AppliedAt), &v.State, &v.Running)
			return v, err
		}, `SELECT k.version, k.applied_at, k.state, (
				SELECT COUNT(*) FROM entries e WHERE e.campaign = k.campaign AND e.version = k.version AND e.state = 'running')
			FROM campaign_versions k WHERE k.campaign = $1 ORDER BY k.version DESC`, campaign)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the versions of campaign %s: %w", campaign, err)
	}
	return all, nil
}

// read reads one workspace with the versions that were in force with it.
func (a archive) read(ctx context.Context, query string, args ...any) (applied campaigns.Applied, err error) {
	var packed []byte
	err = a.store.read(ctx, func(tx *tx) error {
		applied = campaigns.Applied{Versions: map[string]int{}}
		_, found, err := first(ctx, tx, func(r record) (none struct{}, err error) {
			return none, r.Scan(&applied.Version, &applied.Digest, &packed)
		}, query, args...)
		if err == nil && !found {
			err = campaigns.ErrNoWorkspace
		}
		if err != nil {
			return err
		}
		_, err = list(ctx, tx, func(r record) (none struct{}, err error) {
			var campaign string
			var version int
			err = r.Scan(&campaign, &version)
			applied.Versions[campaign] = version
			return none, err
		}, "SELECT campaign, MAX(version) FROM campaign_versions WHERE workspace <= $1 GROUP BY campaign", applied.Version)
		return err
	})
	if err != nil {
		return campaigns.Applied{}, err
	}
	applied.Files, err = unpack(packed)
	return applied, err
}

// pack makes one gzipped tar of files, the same for the same files.
func pack(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	tape := tar.NewWriter(zipped)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Format: tar.FormatPAX}
		if err := tape.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
		if _, err := tape.Write(files[name]); err != nil {
			return nil, fmt.Errorf("pack %s: %w", name, err)
		}
	}
	if err := errors.Join(tape.Close(), zipped.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// unpack is the files of a gzipped tar.
func unpack(packed []byte) (map[string][]byte, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack the workspace's files: %w", err)
	}
	files := map[string][]byte{}
	for tape := tar.NewReader(zipped); ; {
		header, err := tape.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack the workspace's files: %w", err)
		}
		if files[header.Name], err = io.ReadAll(tape); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", header.Name, err)
		}
	}
}
