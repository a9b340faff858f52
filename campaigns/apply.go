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

// Order is how a workspace is to be applied.
type Order struct {
	// Trial changes nothing and says what would change.
	Trial bool `json:"trial"`
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
func (a Applier) Apply(ctx context.Context, files map[string][]byte, order Order) (Application, []Problem, error) {
	workspace, problems := Load(files)
	if len(problems) > 0 {
		return Application{}, problems, nil
	}
	done := Application{Name: workspace.Name, Campaigns: len(workspace.Campaigns), Warnings: workspace.Warnings}
	var err error
	if done.Changes, done.Workspace, err = a.Changes(ctx, workspace); err != nil {
		return done, nil, err
	}
	if order.Trial {
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

// Changes is what a workspace would change in the one in force, measured, and the
// number of that one. What was paused beside its file is no change of the file.
// One that is in force and no longer validates counts as none: only applying
// another mends that.
func (a Applier) Changes(ctx context.Context, workspace *Workspace) (Difference, int64, error) {
	var before *Workspace
	var number int64
	switch edition, err := a.Catalog.Written(ctx); {
	case err == nil:
		before, number = edition.Workspace, edition.Number
	case !errors.Is(err, ErrNoWorkspace) && !errors.Is(err, ErrStale):
		return Difference{}, 0, err
	}
	d := workspace.Since(before)
	if err := d.Measure(ctx, a.Census, a.Now()); err != nil {
		return d, number, fmt.Errorf("count whom the change concerns: %w", err)
	}
	return d, number, nil
}
