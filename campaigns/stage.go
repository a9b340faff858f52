package campaigns

import (
	"context"
	"time"

	"rapport/customers"
	"rapport/deliveries"
)

// Stage is how far a rollout has let people in: for each run of a broadcast,
// else for each version of the campaign (Run 0).
type Stage struct {
	Campaign string     `json:"campaign"`
	Version  int        `json:"version"`
	Run      int64      `json:"run,omitempty"`
	Number   int        `json:"stage"` // of Rollout.Stages, from 0
	Share    float64    `json:"share"` // of the people
	State    StageState `json:"state"`
	Occurred time.Time  `json:"-"` // the run's instant; zero without a run
	OpenedAt time.Time  `json:"opened_at"`
	// JudgeAt is when the response is looked at next.
	JudgeAt time.Time `json:"judge_at"`
	// Holds is how often the stage was watched for another while because too
	// little was known of what there was.
	Holds int `json:"holds"`
	// Judgement is the latest.
	Judgement Judgement `json:"judgement,omitzero"`
}

// StageState is where a stage stands.
type StageState string

// The states of a stage.
const (
	StageOpening  StageState = "opening"  // those who belong to it are being let in
	StageWatching StageState = "watching" // until it is judged
	StageAsking   StageState = "asking"   // too little is known: it waits for resume
	StageStopped  StageState = "stopped"  // the response paused the campaign
	StageReleased StageState = "released" // resumed: the next one opens without a judgement
	StageOver     StageState = "over"     // everybody is let in
)

// lettingIn is how long those who walk journeys, and read a share before it grew, may
// still act on it: the longest a stage takes to open after its moment, the longest their
// tasks take then, and what clocks may differ by. Who enters a broadcast's audience
// keeps the share as it is until that is done.
const lettingIn = 2 * time.Minute

// mostHolds is how often too little may be known before a person is asked.
const mostHolds = 3

// First is the stage with which a rollout begins. Who does not belong to it is
// kept back while they enter, so there is nobody to let in.
func (r *Rollout) First(c *Campaign, run int64, now time.Time) Stage {
	s := Stage{
		Campaign: c.ID, Version: c.Version, Run: run, Share: r.share(0),
		State: StageWatching, OpenedAt: now, JudgeAt: now.Add(r.Hold),
	}
	if r.last(s) {
		s.State = StageOver
	}
	return s
}

// share is how many of the people a stage lets in.
func (r *Rollout) share(stage int) float64 {
	if stage >= len(r.Stages) {
		return 1
	}
	return r.Stages[stage]
}

func (r *Rollout) last(s Stage) bool { return s.Number >= len(r.Stages)-1 }

// Next opens the stage after one.
func (r *Rollout) Next(s Stage, now time.Time) Stage {
	s.Number, s.Holds = s.Number+1, 0
	s.Share, s.State, s.OpenedAt, s.JudgeAt = r.share(s.Number), StageOpening, now, now
	return s
}

// LetIn reports whether letting people in is over at now once nobody was found
// outside: while somebody may still act on the smaller share, it is not.
func (s Stage) LetIn(now time.Time) bool { return !now.Before(s.OpenedAt.Add(lettingIn)) }

// Closed is a stage that lets nobody else in, as its campaign does not either or
// keeps nobody back any more.
func (s Stage) Closed() Stage {
	s.State = StageOver
	return s
}

// StageResponse is how those who were let in responded so far.
type StageResponse struct {
	deliveries.Funnel
	// Waits says that others wait outside or, where the campaign is no broadcast, may
	// yet come.
	Waits bool
	// First is when the first message since the stage opened went to a provider; zero
	// where none did.
	First time.Time
	// Coming says that messages are to go yet, or in a broadcast that somebody has not
	// begun: their own clock is behind.
	Coming bool
}

// Ripe is when a stage that falls due at now is judged, at the earliest: when the
// first message since it opened has been out for Hold. While nothing was sent of what
// is to come that is not known: it is looked at once more after Hold, before which no
// message can have been out for so long.
func (r *Rollout) Ripe(s Stage, seen StageResponse, now time.Time) time.Time {
	switch {
	case !seen.First.IsZero():
		return seen.First.Add(r.Hold)
	case seen.Coming:
		return now.Add(r.Hold)
	}
	return s.JudgeAt
}

// Watched is a stage whose people are all let in.
func (r *Rollout) Watched(s Stage) Stage {
	s.State, s.JudgeAt = StageWatching, s.OpenedAt.Add(r.Hold)
	if r.last(s) {
		s.State = StageOver
	}
	return s
}

// Judged is what becomes of a stage by a judgement.
func (r *Rollout) Judged(s Stage, j Judgement, now time.Time) Stage {
	s.Judgement = j
	switch j.Verdict {
	case Continue:
		return r.Next(s, now)
	case HoldOn:
		s.JudgeAt = now.Add(r.Hold)
		if !j.Coming {
			s.Holds++
		}
	case AskOwner:
		s.State = StageAsking
	case StopRollout:
		s.State = StageStopped
	}
	return s
}

// Case is what the campaign's owner is told by a judgement that needs them.
func (j Judgement) Case(c *Campaign, now time.Time) customers.Case {
	opened := customers.Case{Campaign: c.ID, Why: "rollout", Note: j.Words(), Title: c.title() + " is paused: " + j.Why}
	if j.Verdict == AskOwner {
		opened.Title = c.title() + " waits for `rapport resume " + c.ID + "`: " + j.Why
	}
	return CaseRule{}.file(opened, c, customers.High, now)
}

// Rollouts keeps how far campaigns with stages have let people in.
type Rollouts interface {
	// Stages lists the rollouts of campaigns that are not paused in which
	// something is to be done at now.
	Stages(ctx context.Context, now time.Time) ([]Stage, error)
	// Shares is how much of the people is let in, by run; the first stage of
	// those nobody entered before is opened.
	Shares(ctx context.Context, c *Campaign, runs []int64, now time.Time) (map[int64]float64, error)
	// Response sums up how those who were let in responded.
	Response(ctx context.Context, s Stage) (StageResponse, error)
	// LetIn wakes up to limit entries that stand outside and belong to the
	// stage's share, those with a number above after; start is when a customer's
	// journey begins, of whom it sees the Zone, the PhoneZone, the Country
	// and the Phone alone. It returns the number it came to, 0 when it came to the end.
	LetIn(ctx context.Context, s Stage, after int64, limit int, start func(*customers.Customer) time.Time) (last int64, woken int, err error)
	// Turn puts a stage in the place of another in one transaction with the
	// pause and the case that go with it; false when somebody else was quicker.
	Turn(ctx context.Context, before, after Stage, pause *Pause, opened *customers.Case) (bool, error)
}
