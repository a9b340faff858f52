package campaigns

import (
	"context"
	"time"
)

// Archive keeps every workspace that was ever applied, whole.
type Archive interface {
	// Keep stores a workspace's files under a digest and gives each campaign
	// whose meaning changed its next version. Applying the same files again
	// changes nothing.
	Keep(ctx context.Context, files map[string][]byte, digest string, campaigns []Stamp, now time.Time) (version int64, err error)
	// Latest is the number of the latest workspace, 0 when nothing was applied,
	// and the campaigns that were paused beside their files, sorted. It is cheap
	// to ask.
	Latest(ctx context.Context) (version int64, paused []string, err error)
	// Current is the latest workspace; ErrNoWorkspace when nothing was applied.
	Current(ctx context.Context) (Applied, error)
	// At is the workspace that holds a version of a campaign.
	At(ctx context.Context, campaign string, version int) (Applied, error)
	// Versions lists the versions of a campaign, the newest first.
	Versions(ctx context.Context, campaign string) ([]VersionRecord, error)
}

// VersionRecord tells of one version of a campaign.
type VersionRecord struct {
	Version   int       `json:"version"`
	AppliedAt time.Time `json:"applied_at"`
	State     State     `json:"state"`   // the last it had
	Running   int64     `json:"running"` // entries under way in it
}

// Applied is a stored workspace.
type Applied struct {
	Version  int64
	Digest   string
	Files    map[string][]byte
	Versions map[string]int // campaign -> version in force
}
