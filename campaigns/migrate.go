package campaigns

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rapport/customers"
)

// Barrier is why journeys that stand at a position of one version cannot go on in
// another: the first step they have passed or stand at that is not the same.
type Barrier struct {
	Step     string // its path
	Was, Now string // what it does, such as "email welcome"; Now is "" where it is gone
}

func (b Barrier) String() string {
	if b.Now == "" {
		return fmt.Sprintf("step %s, %s, is gone", b.Step, b.Was)
	}
	return fmt.Sprintf("step %s was %s and is %s", b.Step, b.Was, b.Now)
}

// Barrier finds what keeps journeys that stand at a position of an older version
// from going on in this one. There is nothing when every step that they may have
// passed, and the one they stand at, is the same in both: path, kind, id and
// template. Of a branch behind them any arm may have been theirs; the conditions
// that led into the arm they stand in are the same as well.
func (c *Campaign) Barrier(older *Campaign, position string) (barrier Barrier, barred bool) {
	if position == "" {
		return Barrier{}, false
	}
	at, found := older.placeOf(position)
	if !found {
		return Barrier{Step: position, Was: "unknown in its own version"}, true
	}
	arms := strings.Split(position, ".") // step, arm, step, arm, …, step
	for depth, level := range at {
		for i := range level.steps[:level.index+1] {
			step := &level.steps[i]
			if barrier, barred := c.differs(step); barred {
				return barrier, true
			}
			if i == level.index {
				if inside := 2*depth + 1; inside < len(arms) {
					arm, _ := strconv.Atoi(arms[inside]) // placeOf has read it
					if barrier, barred := c.choosesOtherwise(step, arm); barred {
						return barrier, true
					}
				}
				break // what it holds is ahead, or the next level
			}
			for _, branch := range step.Branch {
				if barrier, barred := c.anyDiffers(branch.Steps); barred {
					return barrier, true
				}
			}
		}
	}
	return Barrier{}, false
}

// choosesOtherwise reports whether the branch of that path may lead others into an
// arm here, or not all who stand in it: the conditions up to the arm's own.
func (c *Campaign) choosesOtherwise(older *Step, arm int) (Barrier, bool) {
	newer := c.StepAt(older.Path)
	if older.Kind != StepBranch || newer == nil {
		return Barrier{}, false
	}
	for i := range min(arm+1, len(newer.Branch)) { // an arm that is gone is told by its steps
		if was, now := older.Branch[i].condition(), newer.Branch[i].condition(); was != now {
			path := older.Path + "." + itoa(i)
			return Barrier{Step: path, Was: was, Now: now}, true
		}
	}
	return Barrier{}, false
}

// condition is what leads into an arm.
func (b Branch) condition() string {
	if b.If == nil {
		return "else"
	}
	return "if " + b.If.String()
}

func (c *Campaign) anyDiffers(steps []Step) (barrier Barrier, barred bool) {
	everyStep(steps, func(step *Step) {
		if !barred {
			barrier, barred = c.differs(step)
		}
	})
	return barrier, barred
}

// differs reports whether the step of that path is another one here.
func (c *Campaign) differs(older *Step) (Barrier, bool) {
	step := c.StepAt(older.Path)
	if step == nil {
		return Barrier{Step: older.Path, Was: older.does()}, true
	}
	return Barrier{Step: older.Path, Was: older.does(), Now: step.does()}, step.does() != older.does()
}

// does names a step by what makes it the same in two versions.
func (s *Step) does() string {
	words := string(s.Kind)
	if s.Send != nil {
		words += " " + s.Send.Template
	}
	if s.ID != "" {
		words += " (" + s.ID + ")"
	}
	if s.Kind == StepSplit { // its paths are drawn in their order and won by their names
		for _, path := range s.Branch {
			words += " " + path.Name
		}
	}
	return words
}

// Standing counts the running entries that stand at one position of one version.
type Standing struct {
	Version  int    `json:"version"`
	Position string `json:"position"`
	Entries  int64  `json:"entries"`
}

// Itineraries moves journeys between versions.
type Itineraries interface {
	// Standing counts the running entries of a campaign's versions before one.
	Standing(ctx context.Context, campaign string, before int) ([]Standing, error)
	// Carry moves the running entries that stand where named to another version
	// and wakes them; entries that have gone on meanwhile stay. Those that wait for a
	// stage wake when start says that their journey begins, of an occurrence for a
	// customer of whom it sees the Zone, the PhoneZone, the Country and the Phone alone;
	// nil: at now. It returns how many it moved.
	Carry(ctx context.Context, now time.Time, campaign string, to int, from []Standing, start func(occurrence time.Time, c *customers.Customer) time.Time) (int64, error)
}

// Migration is what became of the journeys of a campaign's older versions.
type Migration struct {
	Campaign string `json:"campaign"`
	Version  int    `json:"version"` // the one in force
	Moved    int64  `json:"moved"`
	Stayed   []Stay `json:"stayed,omitempty"`
}

// Stay counts the entries of one position that keep their version, and why.
type Stay struct {
	Standing
	Why string `json:"why"`
}

// Migrate moves running entries of older versions to the versions in force, as
// far as what they have passed is the same in both. The others keep theirs.
func (k *Catalog) Migrate(ctx context.Context, journeys Itineraries, now time.Time) ([]Migration, error) {
	edition, err := k.Current(ctx)
	if err != nil {
		return nil, err
	}
	all := []Migration{}                     // none, rather than not asked
	for _, stamp := range edition.Stamps() { // in the order of their ids
		migration, err := k.migrate(ctx, journeys, edition, edition.Campaigns[stamp.Campaign], now)
		if err != nil {
			return nil, fmt.Errorf("move the journeys of %s to version %d: %w", stamp.Campaign, edition.Campaigns[stamp.Campaign].Version, err)
		}
		if migration.Moved > 0 || len(migration.Stayed) > 0 {
			all = append(all, migration)
		}
	}
	return all, nil
}

func (k *Catalog) migrate(ctx context.Context, journeys Itineraries, edition *Edition, c *Campaign, now time.Time) (Migration, error) {
	done := Migration{Campaign: c.ID, Version: c.Version}
	standing, err := journeys.Standing(ctx, c.ID, c.Version)
	if err != nil {
		return done, err
	}
	var free []Standing
	for _, at := range standing {
		why, err := k.keeps(ctx, c, at)
		switch {
		case err != nil:
			return done, err
		case why != "":
			done.Stayed = append(done.Stayed, Stay{at, why})
		default:
			free = append(free, at)
		}
	}
	if len(free) == 0 {
		return done, nil
	}
	var start func(time.Time, *customers.Customer) time.Time
	if c.Trigger.OwnClock {
		start = func(occurrence time.Time, who *customers.Customer) time.Time {
			return edition.StartFor(c, occurrence, who)
		}
	}
	done.Moved, err = journeys.Carry(ctx, now, c.ID, c.Version, free, start)
	return done, err
}

// keeps says why entries of an older version cannot leave it; "" when they can.
func (k *Catalog) keeps(ctx context.Context, c *Campaign, at Standing) (why string, err error) {
	older, err := k.Campaign(ctx, c.ID, at.Version)
	switch {
	case errors.Is(err, ErrStale):
		return "their version " + ErrStale.Error(), nil
	case err != nil:
		return "", err
	}
	if barrier, barred := c.Barrier(older, at.Position); barred {
		return barrier.String(), nil
	}
	return "", nil
}
