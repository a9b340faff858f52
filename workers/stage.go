package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"rapport/campaigns"
	"rapport/customers"
)

// Stager lets people into campaigns by stages: it judges a stage whose time is
// over and opens the next one, or stops.
type Stager struct {
	Catalog  *campaigns.Catalog
	Rollouts campaigns.Rollouts
	Queue    *Queue // of the process that finds out what is due
	Now      func() time.Time
	Log      *slog.Logger
}

// letInSize is how many entries that stand outside are looked at at once.
const letInSize = 5000

// Round hands over what is to be done in rollouts, where something is.
func (s *Stager) Round(ctx context.Context) error {
	due, err := s.Rollouts.Stages(ctx, s.Now())
	if err != nil || len(due) == 0 {
		return err
	}
	if _, err := s.Queue.putOnce(ctx, taskStage, nil, controlTimeout); err != nil {
		return fmt.Errorf("hand over %d rollouts: %w", len(due), err)
	}
	return nil
}

// Due does what is to be done in every rollout. Whatever interrupts it, each
// stage is judged once and lets everybody in who belongs to it.
func (s *Stager) Due(ctx context.Context) error {
	now := s.Now()
	due, err := s.Rollouts.Stages(ctx, now)
	if err != nil {
		return err
	}
	shelf := newShelf(s.Catalog, s.Log)
	var failed error // one rollout that cannot go on keeps no other from it
	for _, stage := range due {
		campaign, err := shelf.campaign(ctx, stage.Campaign, stage.Version)
		if err == nil && campaign != nil {
			err = s.step(ctx, campaign, stage, now)
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

func (s *Stager) step(ctx context.Context, campaign *campaigns.Campaign, stage campaigns.Stage, now time.Time) error {
	switch {
	case campaign.State == campaigns.Archived, campaign.Rollout == nil: // as where journeys were moved to a version without
		return s.turn(ctx, stage, stage.Closed(), "a rollout is over")
	case campaign.State != campaigns.Live:
		return nil
	}
	switch stage.State {
	case campaigns.StageOpening:
		return s.letIn(ctx, campaign, stage, now)
	case campaigns.StageReleased:
		return s.turn(ctx, stage, campaign.Rollout.Next(stage, now), "a stage was passed by hand")
	}
	return s.judge(ctx, campaign, stage, now)
}

// judge looks at the response to a stage, once it is ripe. The verdict, the pause and the case
// that tells the owner are written together.
func (s *Stager) judge(ctx context.Context, campaign *campaigns.Campaign, stage campaigns.Stage, now time.Time) error {
	seen, err := s.Rollouts.Response(ctx, stage)
	if err != nil {
		return err
	}
	if ripe := campaign.Rollout.Ripe(stage, seen, now); ripe.After(now) {
		later := stage
		later.JudgeAt = ripe
		_, err := s.Rollouts.Turn(ctx, stage, later, nil, nil)
		return err
	}
	judgement := campaign.Rollout.Judge(stage, seen)
	after := campaign.Rollout.Judged(stage, judgement, now)
	var pause *campaigns.Pause
	var opened *customers.Case
	switch judgement.Verdict {
	case campaigns.StopRollout:
		pause = &campaigns.Pause{Campaign: campaign.ID, Why: judgement.Why, Source: campaigns.ByRollout, At: now}
		fallthrough
	case campaigns.AskOwner:
		told := judgement.Case(campaign, now)
		opened = &told
	}
	turned, err := s.Rollouts.Turn(ctx, stage, after, pause, opened)
	if err != nil || !turned {
		return err
	}
	log := s.Log.Info
	if opened != nil {
		log = s.Log.Warn
	}
	log("a stage was judged", "campaign", campaign.ID, "run", stage.Run, "stage", stage.Number+1, "verdict", judgement.Verdict, "why", judgement.Why)
	return nil
}

// letIn wakes those who belong to a stage that was opened.
func (s *Stager) letIn(ctx context.Context, campaign *campaigns.Campaign, stage campaigns.Stage, now time.Time) error {
	start, err := s.startOf(ctx, campaign, stage, now)
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		last, woken, err := s.Rollouts.LetIn(ctx, stage, after, letInSize, start)
		if err != nil {
			return err
		}
		if woken > 0 {
			s.Log.Info("people are let in", "campaign", campaign.ID, "run", stage.Run, "stage", stage.Number+1, "entries", woken)
		}
		if after = last; last == 0 {
			break
		}
	}
	if !stage.LetIn(now) {
		return nil // once more when nobody can act on the smaller share any more
	}
	return s.turn(ctx, stage, campaign.Rollout.Watched(stage), "a stage is open")
}

// startOf is when the journeys of those who are let in begin.
func (s *Stager) startOf(ctx context.Context, campaign *campaigns.Campaign, stage campaigns.Stage, now time.Time) (func(*customers.Customer) time.Time, error) {
	if !campaign.Trigger.OwnClock {
		return func(*customers.Customer) time.Time { return now }, nil
	}
	edition, err := s.Catalog.Current(ctx)
	return func(c *customers.Customer) time.Time {
		if at := edition.StartFor(campaign, stage.Occurred, c); at.After(now) {
			return at
		}
		return now
	}, err
}

func (s *Stager) turn(ctx context.Context, before, after campaigns.Stage, what string) error {
	turned, err := s.Rollouts.Turn(ctx, before, after, nil, nil)
	if err == nil && turned {
		s.Log.Info(what, "campaign", after.Campaign, "run", after.Run, "stage", after.Number+1, "share", after.Share)
	}
	return err
}
