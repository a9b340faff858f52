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
		opened := w.now
		w.opened[at] = func() { w.decide(at, step, opened) }
		w.at(opened.Add(step.Winner.After), occurring, w.opened[at])
		w.at(step.Winner.Latest(opened), occurring, w.opened[at])
	}
}

// ripens plans another look at the undecided splits that a message which was
// taken just now came through, for when it has had the time they give.
func (w *World) ripens(p *parcel) {
	parts := strings.Split(p.Step, ".")
	for len(parts) > 2 {
		parts = parts[:len(parts)-2] // the step, and its number in the branch
		path := strings.Join(parts, ".")
		at := point{p.Campaign, p.journey.Run, path}
		if look, open := w.opened[at]; open {
			w.at(w.now.Add(p.journey.campaign.StepAt(path).Winner.After), occurring, look)
		}
	}
}

// decide names the path that did best so far, once enough is known, and lets go
// on who waits for it (workers.Decider).
func (w *World) decide(at point, step *campaigns.Step, opened time.Time) {
	if w.splits[at] != "" || !step.Winner.Decides(opened, w.results(at, step, w.now.Add(-step.Winner.After)), w.now) {
		return
	}
	delete(w.opened, at)
	w.splits[at] = campaigns.Winning(w.results(at, step, w.now))
	w.tell(Line{Campaign: at.campaign, Kind: WasDecided, Name: step.ID, Reason: "path " + w.splits[at] + " wins"})
	for _, j := range w.journeys {
		if j.Campaign == at.campaign && j.Run == at.run && j.Position == at.step {
			w.wake(j)
		}
	}
}

// results counts the messages of each path that were taken by an instant.
func (w *World) results(at point, step *campaigns.Step, taken time.Time) []campaigns.PathResult {
	var results []campaigns.PathResult
	for _, path := range step.SplitPaths() {
		result := campaigns.PathResult{Path: path.Name}
		for _, p := range w.ledger {
			counts := p.Campaign == at.campaign && p.journey.Run == at.run && p.Channel != channels.Webhook && p.Taken() && !p.TakenAt.After(taken)
			if !counts || !slices.Contains(path.Steps, p.Step) {
				continue
			}
			result.Sent++
			if p.Alike().Reached(step.Winner.By) {
				result.Reached++
			}
		}
		results = append(results, result)
	}
	return results
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
