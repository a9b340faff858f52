package rehearsal

import (
	"slices"
	"strings"
	"time"

	"rapport/campaigns"
	"rapport/channels"
)

// point names a split in one run of a campaign.
type point struct {
	campaign string
	run      int64
	step     string
}

// openSplits starts the clock of splits that an entry is the first to come to
// (workers.Decider). One that comes to a split already decided is woken.
func (w *World) openSplits(j *journey, steps []string) {
	for _, path := range steps {
		at := point{j.Campaign, j.Run, path}
		if winner, opened := w.splits[at]; opened {
			if winner != "" {
				w.wake(j)
			}
			continue
		}
		step := j.campaign.StepAt(path)
		if step == nil || step.Winner == nil {
			continue
		}
		w.splits[at] = ""
		w.opened[at] = &openSplit{point: at, split: step, opened: w.now}
		w.lookAt(w.opened[at], w.now.Add(step.Winner.After))
	}
}

// openSplit is a split that nobody decided yet.
type openSplit struct {
	point
	split  *campaigns.Step
	opened time.Time
	latest time.Time // for when the last look is planned
}

func (w *World) lookAt(s *openSplit, at time.Time) {
	w.at(at, occurring, func() { w.decide(s) })
}

// ripens plans another look at the undecided splits that a message came through
// which was taken just now, for when it has had the time they give, or was given up.
func (w *World) ripens(p *parcel) {
	parts := strings.Split(p.Step, ".")
	for len(parts) > 2 {
		parts = parts[:len(parts)-2] // the step, and its number in the branch
		s, open := w.opened[point{p.Campaign, p.journey.Run, strings.Join(parts, ".")}]
		switch {
		case !open:
		case p.Taken():
			w.lookAt(s, w.now.Add(s.split.Winner.After))
		default:
			w.lookAt(s, w.now)
		}
	}
}

// decide names the path that did best so far, once enough is known, and lets go
// on who waits for it (workers.Decider).
func (w *World) decide(s *openSplit) {
	if w.splits[s.point] != "" {
		return
	}
	split, sample := campaigns.SplitPoint{Run: s.run, OpenedAt: s.opened}, w.sampleOf(s)
	if winner := s.split.Winner; !winner.Decides(split, w.results(s, w.now.Add(-winner.After)), sample, w.now) {
		if latest := winner.Latest(split, sample); latest.After(w.now) && !latest.Equal(s.latest) {
			s.latest = latest
			w.lookAt(s, latest)
		}
		return
	}
	delete(w.opened, s.point)
	split.Paths = w.results(s, w.now)
	split.MinSample = s.split.Winner.MinSample
	split.Winner = campaigns.Winning(split.Paths, split.MinSample)
	w.splits[s.point] = split.Winner
	w.tell(Line{Campaign: s.campaign, Kind: WasDecided, Name: s.split.ID, Reason: "path " + split.Winner + " " + split.Warrant()})
	for _, j := range w.journeys {
		if j.Campaign == s.campaign && j.Run == s.run && j.Position == s.step {
			w.wake(j)
		}
	}
}

// results counts the messages of each path that were taken by an instant.
func (w *World) results(s *openSplit, taken time.Time) []campaigns.PathResult {
	var results []campaigns.PathResult
	for _, path := range s.split.SplitPaths() {
		result := campaigns.PathResult{Path: path.Name}
		for _, p := range w.ledger {
			if !s.counts(p, path) || !p.Taken() || p.TakenAt.After(taken) {
				continue
			}
			result.Sent++
			if p.Alike().Reached(s.split.Winner.By) {
				result.Reached++
			}
		}
		results = append(results, result)
	}
	return results
}

// counts reports whether a message belongs to a path of the split.
func (s *openSplit) counts(p *parcel, path campaigns.SplitPath) bool {
	return p.Campaign == s.campaign && p.journey.Run == s.run && p.Channel != channels.Webhook && slices.Contains(path.Steps, p.Step)
}

// sampleOf is how far the messages of a split are (store.Sample).
func (w *World) sampleOf(s *openSplit) campaigns.Sample {
	var sample campaigns.Sample
	for _, path := range s.split.SplitPaths() {
		for _, p := range w.ledger {
			switch {
			case !s.counts(p, path):
			case p.TakenAt.IsZero():
				sample.Coming = sample.Coming || !p.Status.Settled()
			default:
				if sample.First.IsZero() || p.TakenAt.Before(sample.First) {
					sample.First = p.TakenAt
				}
				if p.TakenAt.After(sample.Last) {
					sample.Last = p.TakenAt
				}
			}
		}
	}
	sample.Coming = sample.Coming || s.run != 0 && slices.ContainsFunc(w.journeys, func(j *journey) bool {
		return j.Campaign == s.campaign && j.Run == s.run && j.hasNotBegun()
	})
	return sample
}

// winnersOf are the decisions that concern an entry.
func (w *World) winnersOf(j *journey) map[string]string {
	var winners map[string]string
	for at, winner := range w.splits {
		if winner != "" && at.campaign == j.Campaign && at.run == j.Run {
			if winners == nil {
				winners = map[string]string{}
			}
			winners[at.step] = winner
		}
	}
	return winners
}
