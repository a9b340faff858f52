package rehearsal

import (
	"slices"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
)

// rolling names the rollout of one run of a campaign; run 0 where it is no
// broadcast.
type rolling struct {
	campaign string
	run      int64
}

// shareOf is how much of the people a campaign's rollout lets in. The first to
// ask opens its first stage.
func (w *World) shareOf(c *campaigns.Campaign, run int64) float64 {
	if c.Rollout == nil {
		return 1
	}
	of := rolling{c.ID, run}
	stage, opened := w.stages[of]
	if !opened {
		stage = c.Rollout.First(c, run, w.now)
		w.turn(of, c, stage)
	}
	return stage.Share
}

// inStage reports whether the rollout has come to a customer.
func (w *World) inStage(c *campaigns.Campaign, run int64, p *person) bool {
	return c.Rollout == nil || campaigns.InStage(c.ID, p.human, w.shareOf(c, run))
}

// turn puts a stage in the place of the one before and plans its judgement.
func (w *World) turn(of rolling, c *campaigns.Campaign, s campaigns.Stage) {
	w.stages[of] = s
	if s.State == campaigns.StageWatching {
		w.at(s.JudgeAt, occurring, func() { w.judgeStage(of, c) })
	}
}

// judgeStage looks at the response to a stage and opens the next one, watches on,
// or stops (workers.Stager).
func (w *World) judgeStage(of rolling, c *campaigns.Campaign) {
	stage := w.stages[of]
	if c.State != campaigns.Live {
		return
	}
	seen := w.response(of, stage)
	if ripe := c.Rollout.Ripe(stage, seen, w.now); ripe.After(w.now) {
		stage.JudgeAt = ripe
		w.turn(of, c, stage)
		return
	}
	judgement := c.Rollout.Judge(stage, seen)
	after := c.Rollout.Judged(stage, judgement, w.now)
	w.tell(Line{Campaign: c.ID, Kind: WasDecided, Name: string(judgement.Verdict), Number: int64(stage.Number + 1), Reason: judgement.Why})
	switch judgement.Verdict {
	case campaigns.StopRollout:
		c.State = campaigns.Paused
		w.openForOwner(judgement.Case(c, w.now))
	case campaigns.AskOwner:
		w.openForOwner(judgement.Case(c, w.now))
	case campaigns.Continue:
		w.stages[of] = after
		w.letIn(of, c, after)
		after = c.Rollout.Watched(after)
	}
	w.turn(of, c, after)
}

// openForOwner opens a case that is about no customer.
func (w *World) openForOwner(c customers.Case) {
	w.cases++
	c.ID, c.Waiting = w.cases, true
	w.tell(Line{Campaign: c.Campaign, Kind: CaseOpened, Name: c.Queue, Case: &c})
}

// keepsOutside reports whether a journey waits for its stage.
func (of rolling) keepsOutside(j *journey) bool {
	return j.Campaign == of.campaign && j.Run == of.run && j.State == campaigns.Running && j.Position == "" && j.WakeAt.IsZero()
}

// hasNotBegun reports whether a journey was let in and has not begun, such as by the
// customer's own clock.
func (j *journey) hasNotBegun() bool {
	return j.State == campaigns.Running && j.Position == "" && !j.WakeAt.IsZero()
}

// letIn wakes those who stand outside and belong to a stage.
func (w *World) letIn(of rolling, c *campaigns.Campaign, stage campaigns.Stage) {
	for _, j := range w.journeys {
		if !of.keepsOutside(j) || !campaigns.InStage(c.ID, j.person.human, stage.Share) {
			continue
		}
		j.WakeAt = w.now
		if c.Trigger.OwnClock {
			j.WakeAt = w.notBefore(w.shop.StartFor(c, w.occurred[j.Run], &j.person.Customer))
		}
		w.travelAt(j)
	}
}

// response sums up how those who were let in responded (store.Response).
func (w *World) response(of rolling, stage campaigns.Stage) campaigns.StageResponse {
	f := campaigns.StageResponse{Waits: of.run == 0 || slices.ContainsFunc(w.journeys, of.keepsOutside)}
	for _, j := range w.journeys {
		if j.Campaign != of.campaign || j.Run != of.run {
			continue
		}
		f.Coming = f.Coming || of.run != 0 && j.hasNotBegun() && !j.Holdout
		for _, p := range j.parcels {
			if p.Channel == channels.Webhook {
				continue
			}
			f.Add(p.Alike())
			switch {
			case p.TakenAt.IsZero():
				f.Coming = f.Coming || !p.Status.Settled()
			case !p.TakenAt.Before(stage.OpenedAt) && (f.First.IsZero() || p.TakenAt.Before(f.First)):
				f.First = p.TakenAt
			}
		}
		for _, a := range j.answers {
			switch {
			case a.Score == nil:
			case a.Scale == campaigns.CSAT5:
				f.ScoreSum, f.ScoreCount = f.ScoreSum+*a.Score, f.ScoreCount+1
			case a.Scale == campaigns.NPS:
				f.NPSSum, f.NPSCount = f.NPSSum+*a.Score, f.NPSCount+1
			}
		}
	}
	return f
}
