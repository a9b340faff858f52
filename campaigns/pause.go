package campaigns

import (
	"context"
	"fmt"
	"time"
)

// Pause stops a live campaign beside its file: nobody enters, nothing is sent,
// until it is resumed. Applying files does not undo it.
type Pause struct {
	Campaign string    `json:"campaign"`
	Why      string    `json:"why,omitempty"`
	Source   string    `json:"source"` // who stopped it: a person, or ByRollout
	At       time.Time `json:"at"`
}

// ByRollout is the Source of a pause that a stage's rules began.
const ByRollout = "rollout"

// Brake keeps which campaigns are stopped.
type Brake interface {
	// Pause stops a campaign; false when it was stopped already.
	Pause(ctx context.Context, p Pause) (fresh bool, err error)
	// Resume lets a campaign go on where it stood: what waited for it is due at
	// once, occurrences of the pause are not caught up with, and a stage of a
	// rollout that waited for this word is passed. It returns false, and has
	// changed nothing, where the campaign neither stood still nor waited.
	Resume(ctx context.Context, campaign string, now time.Time) (was bool, err error)
	// Pauses lists what stands still beside its file, by campaign.
	Pauses(ctx context.Context) (map[string]Pause, error)
}

// ScheduledSince names the fact since when a broadcast's occurrences count: when
// it was applied live, was given another time or clock, or went on after a pause. It
// is "" while it is not live.
func ScheduledSince(campaign string) string { return "scheduled since " + campaign }

// countsBefore is how long before it went live a broadcast's occurrences count.
const countsBefore = time.Second

// CountsFrom is that fact of a broadcast which goes live at a moment. The moment
// itself belongs to the schedule: one applied on the minute it is for still goes out.
func CountsFrom(live time.Time) string {
	return live.Add(-countsBefore).UTC().Format(time.RFC3339Nano)
}

// Pauser pauses and resumes campaigns by hand.
type Pauser struct {
	Catalog *Catalog
	Brake   Brake
	Now     func() time.Time
}

// Pause stops a live campaign. who is the person that does it.
func (p Pauser) Pause(ctx context.Context, campaign, why, who string) error {
	c, err := p.find(ctx, campaign)
	if err != nil {
		return err
	}
	if c.State != Live {
		return fmt.Errorf("campaign %s is %s already", campaign, c.State)
	}
	_, err = p.Brake.Pause(ctx, Pause{Campaign: campaign, Why: why, Source: who, At: p.Now()})
	return err
}

// Resume lets a campaign go on that was paused beside its file, and passes the
// stage of its rollout that waits for a person's word.
func (p Pauser) Resume(ctx context.Context, campaign string) error {
	c, err := p.find(ctx, campaign)
	if err != nil {
		return err
	}
	was, err := p.Brake.Resume(ctx, campaign, p.Now())
	switch {
	case err != nil:
		return err
	case was:
		return nil
	case c.State == Live:
		return fmt.Errorf("campaign %s is not paused", campaign)
	}
	return fmt.Errorf("campaign %s is %s by its file; write \"state: live\" there and apply it", campaign, c.State)
}

func (p Pauser) find(ctx context.Context, campaign string) (*Campaign, error) {
	edition, err := p.Catalog.Current(ctx)
	if err != nil {
		return nil, err
	}
	if c := edition.Campaigns[campaign]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("there is no campaign %q", campaign)
}
