package rehearsal

import (
	"slices"

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
		w.at(w.now.Add(step.Winner.After), occurring, func() { w.decide(at, step) })
	}
}

// decide names the path that did best so far and lets go on who waits for it.
func (w *World) decide(at point, step *campaigns.Step) {
	var results []campaigns.PathResult
	for _, path := range step.SplitPaths() {
		result := campaigns.PathResult{Path: path.Name}
		for _, p := range w.ledger {
			if p.Campaign != at.campaign || p.journey.Run != at.run || p.Channel == channels.Webhook || !p.Taken() || !slices.Contains(path.Steps, p.Step) {
				continue
			}
			result.Sent++
			if p.Status.Reached(step.Winner.By) {
				result.Reached++
			}
		}
		results = append(results, result)
	}
	w.splits[at] = campaigns.Winning(results)
	w.tell(Line{Campaign: at.campaign, Kind: WasDecided, Name: step.ID, Reason: "path " + w.splits[at] + " wins"})
	for _, j := range w.journeys {
		if j.Campaign == at.campaign && j.Run == at.run && j.Position == at.step {
			w.wake(j)
		}
	}
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
