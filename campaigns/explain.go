package campaigns

import (
	"fmt"
	"strings"
	"time"

	"rapport/customers"
	"rapport/deliveries"
)

// StepReport says in words what became of one step of a journey.
type StepReport struct {
	Path  string   `json:"path"`
	Kind  StepKind `json:"kind"`
	Title string   `json:"title"` // what the step does: "call with satisfaction"
	// Happened is what it did, "not reached" where the journey has not been.
	Happened string    `json:"happened"`
	At       time.Time `json:"at,omitzero"` // when, where something happened
	Why      string    `json:"why,omitempty"`
}

const notReached = "not reached"

// Explain says for every step of a campaign, in the order of the file, what
// happened to an entry there, or why nothing did.
func (w *Workspace) Explain(c *Campaign, t Traveller, now time.Time) []StepReport {
	x := explanation{workspace: w, campaign: c, traveller: t, now: now}
	x.steps(c.Steps, "")
	return x.reports
}

type explanation struct {
	workspace *Workspace
	campaign  *Campaign
	traveller Traveller
	now       time.Time
	reports   []StepReport
}

// steps explains a list; blocked says why nobody comes here, "" where the
// journey may have.
func (x *explanation) steps(steps []Step, blocked string) {
	for i := range steps {
		step := &steps[i]
		x.reports = append(x.reports, x.step(step, blocked))
		mark := x.traveller.Entry.Journal.Steps[step.Path]
		for n, branch := range step.Branch {
			x.steps(branch.Steps, x.armBlocked(step, mark, n, blocked))
		}
	}
}

// armBlocked says why the steps of an arm were not reached.
func (x *explanation) armBlocked(step *Step, mark Mark, arm int, blocked string) string {
	name := step.armMark(arm)
	if blocked != "" || mark.Status == "" || mark.Status == name {
		return blocked
	}
	switch condition := step.Branch[arm].If; {
	case step.Kind == StepSplit:
		return mark.Status + " was taken, not " + name
	case condition != nil:
		return fmt.Sprintf("%s was taken, not the one if %s", mark.Status, condition)
	}
	return mark.Status + " was taken, not the else"
}

// armMark is the mark of a branch or a split whose arm was taken.
func (s *Step) armMark(arm int) string {
	if s.Kind == StepSplit {
		return pathMark(s.Branch[arm].Name)
	}
	return armMark(arm)
}

func (x *explanation) step(step *Step, blocked string) StepReport {
	report := StepReport{Path: step.Path, Kind: step.Kind, Title: step.describe()}
	mark, marked := x.traveller.Entry.Journal.Steps[step.Path]
	switch sent := deliveriesOf(x.traveller, step); {
	case len(sent) > 0:
		x.explainSent(&report, step, sent, mark)
	case marked:
		report.Happened, report.At, report.Why = x.explainMark(step, mark)
	case x.standsAt(step):
		x.explainStand(&report, step)
	default:
		report.Happened, report.Why = notReached, x.whyNotReached(blocked)
	}
	return report
}

func (x *explanation) standsAt(step *Step) bool {
	return x.traveller.Entry.State == Running && x.traveller.Entry.Position == step.Path
}

// whyNotReached is where the journey is instead.
func (x *explanation) whyNotReached(blocked string) string {
	entry := x.traveller.Entry
	switch {
	case blocked != "":
		return blocked
	case entry.State == Left:
		return "the journey left: " + entry.Why
	case entry.State == Finished:
		return "the journey ended before: " + entry.Why
	case entry.Position == "" && !entry.WakeAt.IsZero():
		return "the journey begins at " + x.workspace.stamp(entry.WakeAt)
	case entry.Position == "" && x.campaign.Rollout != nil:
		return "the rollout has not let the customer in yet"
	case entry.Position == "":
		return "the journey has not begun"
	}
	return "the journey stands at step " + entry.Position
}

func (x *explanation) explainMark(step *Step, mark Mark) (happened string, at time.Time, why string) {
	switch mark.Status {
	case markNoBranch:
		return mark.Status, mark.At, "no condition held"
	case markAnswered:
		return mark.Status, mark.At, x.answerTo(step)
	}
	if step.Kind == StepSplit {
		return mark.Status, mark.At, x.whyPath(step, mark)
	}
	if n := armNumber(mark.Status); n > 0 && n <= len(step.Branch) {
		if condition := step.Branch[n-1].If; condition != nil {
			return mark.Status, mark.At, condition.String()
		}
		return mark.Status, mark.At, "no condition before it held"
	}
	return mark.Status, mark.At, ""
}

// whyPath says how the customer came to a path of a split.
func (x *explanation) whyPath(step *Step, mark Mark) string {
	customer := x.traveller.Customer
	if customer == nil {
		return ""
	}
	arm, drawn := x.campaign.drawnPath(step, customers.Person(*customer))
	switch {
	case !drawn:
		return "it did best, by how many " + string(step.Winner.By)
	case mark.Status == pathMark(step.Branch[arm].Name):
		return "drawn for the customer, as for " + decimal(step.Branch[arm].Share*100) + "% of people"
	}
	return ""
}

func armNumber(status string) (n int) {
	_, _ = fmt.Sscanf(status, "branch %d", &n)
	return n
}

func (x *explanation) explainStand(report *StepReport, step *Step) {
	wake := x.traveller.Entry.WakeAt
	switch {
	case step.Kind == StepWait && step.Wait.Event != "":
		report.Happened = "waiting for " + step.Wait.Event + " until " + x.workspace.stamp(x.traveller.Entry.ArrivedAt.Add(step.Wait.AtMost))
	case step.Kind == StepWait && !wake.IsZero():
		report.Happened = "waiting until " + x.workspace.stamp(wake)
	case step.Kind == StepSplit && step.Winner != nil:
		report.Happened = "waiting for the path that wins"
	default:
		report.Happened = "about to happen"
	}
	report.At = x.traveller.Entry.ArrivedAt
}

// explainSent tells the deliveries of a step, the last one's fate as the
// reason, and what came of a question.
func (x *explanation) explainSent(report *StepReport, step *Step, sent []deliveries.Delivery, mark Mark) {
	var told []string
	for _, d := range sent {
		told = append(told, x.tell(d)+x.paid(d))
	}
	latest := step.teller(sent)
	report.Happened = strings.Join(told, ", then ")
	report.At, report.Why = momentOf(latest), ReasonWords(latest.Reason)
	if wake := x.traveller.Entry.WakeAt; step.Kind == StepReach && x.standsAt(step) && !wake.IsZero() {
		report.Happened += ", the next channel at " + x.workspace.stamp(wake)
	}
	if step.Kind != StepAsk {
		return
	}
	switch answer := x.answerTo(step); {
	case answer != "":
		if latest.Status != deliveries.Answered {
			report.Happened += ", answered"
		}
		report.Why = answer
	case mark.Status == markUnanswered:
		report.Happened += ", unanswered"
	case mark.Status == "" && latest.Status.Accepted() && x.standsAt(step):
		report.Happened += ", waiting for an answer until " + x.workspace.stamp(answerDeadline(step, latest))
	}
}

// tell is one delivery in words: "call sent", "sms skipped", "email planned for …".
func (x *explanation) tell(d deliveries.Delivery) string {
	words := string(d.Channel) + " " + string(d.Status)
	if d.Status == deliveries.Planned {
		words += " for " + x.workspace.stamp(d.DueAt)
	}
	if d.Provider != "" && d.Status.Accepted() {
		words += " through " + d.Provider
	}
	if d.Attempts > 1 {
		words += fmt.Sprintf(" after %d attempts", d.Attempts)
	}
	if d.Resent {
		words += " (sent a second time)"
	}
	return words
}

// paid is what a message cost, as far as it is known: ", 2 segments, 0.16 EUR".
func (x *explanation) paid(d deliveries.Delivery) string {
	words := ""
	if d.Segments > 0 {
		words += ", " + plural(d.Segments, "segment")
	}
	if d.Cost > 0 {
		words += ", " + x.workspace.moneyWords(d.Cost)
	}
	return words
}

func momentOf(d deliveries.Delivery) time.Time {
	for _, at := range []time.Time{d.SettledAt, d.TakenAt} {
		if !at.IsZero() {
			return at
		}
	}
	return d.PlannedAt
}

func (x *explanation) answerTo(step *Step) string {
	for _, a := range x.traveller.Answers {
		if a.Ask != step.ID {
			continue
		}
		parts := []string{}
		if a.Score != nil {
			parts = append(parts, fmt.Sprintf("score %g", *a.Score))
		}
		if a.Choice != "" {
			parts = append(parts, a.Choice)
		}
		if a.Text != "" {
			parts = append(parts, fmt.Sprintf("%q", a.Text))
		}
		return strings.Join(append(parts, "by "+string(a.Channel)), ", ")
	}
	return ""
}
