package campaigns

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Applier puts workspaces in force and tells what that changes.
type Applier struct {
	Catalog  *Catalog
	Census   Census
	Journeys Itineraries
	Now      func() time.Time
}

// ApplyOptions is how a workspace is to be applied.
type ApplyOptions struct {
	// DryRun changes nothing and says what would change.
	DryRun bool `json:"dry_run"`
	// Migrate moves journeys under way to the new versions, as far as they can go
	// on there.
	Migrate bool `json:"migrate"`
}

// Application is what became of applying a workspace, or would become.
type Application struct {
	Name string `json:"name"`
	// Workspace is the number of the workspace in force afterwards; 0 while there
	// is none.
	Workspace int64 `json:"workspace"`
	Campaigns int   `json:"campaigns"`
	// Applied is false where it was only tried.
	Applied  bool       `json:"applied"`
	Changes  Difference `json:"changes"`
	Warnings []Problem  `json:"warnings"`
	// Migrations are the journeys that were moved, where that was ordered.
	Migrations []Migration `json:"migrations,omitzero"`
}

// Apply puts files in force, all of them or, where there is a mistake, none.
func (a Applier) Apply(ctx context.Context, files map[string][]byte, order ApplyOptions) (Application, []Problem, error) {
	workspace, problems := Load(files)
	if len(problems) > 0 {
		return Application{}, problems, nil
	}
	before, number, err := a.inForce(ctx)
	if err != nil {
		return Application{}, nil, err
	}
	done := Application{
		Name: workspace.Name, Workspace: number, Campaigns: len(workspace.Campaigns),
		Warnings: InOrder(workspace.Warnings, workspace.OverWarnings(before, a.Now())),
	}
	if done.Changes, err = a.changes(ctx, workspace, before); err != nil {
		return done, nil, err
	}
	if order.DryRun {
		return done, nil, nil
	}
	edition, problems, err := a.Catalog.Apply(ctx, files, a.Now())
	if err != nil || len(problems) > 0 {
		return done, problems, err
	}
	done.Workspace, done.Applied = edition.Number, true
	if order.Migrate {
		done.Migrations, err = a.Catalog.Migrate(ctx, a.Journeys, a.Now())
	}
	return done, nil, err
}

// Changes is what a workspace would change in the one in force, measured. What was
// paused beside its file is no change of the file.
func (a Applier) Changes(ctx context.Context, workspace *Workspace) (Difference, error) {
	before, _, err := a.inForce(ctx)
	if err != nil {
		return Difference{}, err
	}
	return a.changes(ctx, workspace, before)
}

func (a Applier) changes(ctx context.Context, workspace, before *Workspace) (Difference, error) {
	d := workspace.Since(before)
	if err := d.Measure(ctx, a.Census, workspace.Today(a.Now())); err != nil {
		return d, fmt.Errorf("count whom the change concerns: %w", err)
	}
	return d, nil
}

// inForce is the workspace in force, as its files say, and its number; nil where there
// is none. One that no longer validates counts as none: only applying another mends
// that.
func (a Applier) inForce(ctx context.Context) (*Workspace, int64, error) {
	edition, err := a.Catalog.Written(ctx)
	switch {
	case err == nil:
		return edition.Workspace, edition.Number, nil
	case errors.Is(err, ErrNoWorkspace), errors.Is(err, ErrStale):
		return nil, 0, nil
	}
	return nil, 0, err
}
