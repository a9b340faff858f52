package campaigns

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// ErrNoWorkspace says that no workspace was ever applied.
var ErrNoWorkspace = errors.New("no workspace has been applied yet")

// ErrStale says that a workspace that was applied once does not validate by the
// rules of this version of the program.
var ErrStale = errors.New("no longer validates")

// Catalog reads applied workspaces and keeps those parsed that were needed last. It
// is safe for concurrent use.
type Catalog struct {
	Archive Archive

	editions editions

	mu sync.Mutex
	// standing is the workspace in force with those campaigns paused that were
	// paused beside their files.
	standing *Edition
	paused   []string
}

// Edition is one applied workspace, parsed, its campaigns carrying their
// versions.
type Edition struct {
	*Workspace
	Number int64
	// CountsMessages says that one of its files, of whatever kind, speaks of
	// contacted.last_7d, which is counted for nobody else.
	CountsMessages bool
}

// Current is the workspace in force, its campaigns in the state they have today:
// one that was paused beside its file is paused. ErrNoWorkspace before the first
// apply.
func (k *Catalog) Current(ctx context.Context) (*Edition, error) {
	edition, paused, err := k.written(ctx)
	if err != nil {
		return nil, err
	}
	return k.overlaid(edition, paused), nil
}

// Written is the workspace in force as its files say, whatever was paused beside
// them.
func (k *Catalog) Written(ctx context.Context) (*Edition, error) {
	edition, _, err := k.written(ctx)
	return edition, err
}

func (k *Catalog) written(ctx context.Context) (edition *Edition, paused []string, err error) {
	number, paused, err := k.Archive.Latest(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("find the workspace in force: %w", err)
	}
	read := k.editions.inForce(number)
	if read == nil {
		applied, err := k.Archive.Current(ctx)
		if err != nil {
			return nil, nil, err
		}
		read = k.editions.keep(applied)
	}
	edition, err = read()
	return edition, paused, err
}

// overlaid is a workspace with some of its live campaigns paused.
func (k *Catalog) overlaid(edition *Edition, paused []string) *Edition {
	if len(paused) == 0 {
		return edition
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.standing != nil && k.standing.Number == edition.Number && slices.Equal(k.paused, paused) {
		return k.standing
	}
	workspace := *edition.Workspace
	workspace.Campaigns = maps.Clone(workspace.Campaigns)
	for _, id := range paused {
		if c := workspace.Campaigns[id]; c != nil && c.State == Live {
			stopped := *c
			stopped.State = Paused
			workspace.Campaigns[id] = &stopped
		}
	}
	standing := *edition
	standing.Workspace = &workspace
	k.standing, k.paused = &standing, paused
	return k.standing
}

// Campaign is a version of a campaign as it was applied, with the state the
// campaign has today: what was paused or archived since stops every version.
func (k *Catalog) Campaign(ctx context.Context, id string, version int) (*Campaign, error) {
	current, err := k.Current(ctx)
	if err != nil {
		return nil, err
	}
	state := Archived
	if today, still := current.Campaigns[id]; still {
		if today.Version == version {
			return today, nil
		}
		state = today.State
	}
	then, err := k.Edition(ctx, id, version)
	if err != nil {
		return nil, err
	}
	campaign := *then.Campaigns[id]
	campaign.State = state
	return &campaign, nil
}

// Edition is the workspace in which a version of a campaign was written, with
// the segments and templates it had then.
func (k *Catalog) Edition(ctx context.Context, id string, version int) (*Edition, error) {
	place := placing{id, version}
	read := k.editions.at(place)
	if read == nil {
		applied, err := k.Archive.At(ctx, id, version)
		if err != nil {
			return nil, fmt.Errorf("find version %d of campaign %s: %w", version, id, err)
		}
		read = k.editions.keep(applied, place)
	}
	edition, err := read()
	if err != nil {
		return nil, err
	}
	if edition.Campaigns[id] == nil {
		return nil, fmt.Errorf("workspace %d holds no campaign %s", edition.Number, id)
	}
	return edition, nil
}

// Apply checks a workspace's files and puts them in force: every campaign that
// changed becomes a new version, entries under way keep theirs. Problems are
// returned and nothing is applied when there are any.
func (k *Catalog) Apply(ctx context.Context, files map[string][]byte, now time.Time) (*Edition, []Problem, error) {
	workspace, problems := Load(files)
	if len(problems) > 0 {
		return nil, problems, nil
	}
	if _, err := k.Archive.Keep(ctx, files, Digest(files), workspace.Stamps(), now); err != nil {
		return nil, nil, fmt.Errorf("apply workspace %s: %w", workspace.Name, err)
	}
	edition, err := k.Current(ctx)
	return edition, nil, err
}
