package campaigns

import (
	"fmt"
	"strings"
	"time"

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
	name := fmt.Sprintf("branch %d", arm+1)
	if blocked != "" || mark.Status == "" || mark.Status == name {
		return blocked
	}
	if condition := step.Branch[arm].If; condition != nil {
		return fmt.Sprintf("%s was taken, not the one if %s", mark.Status, condition)
	}
	return mark.Status + " was taken, not the else"
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
		return "the journey begins at " + stamp(entry.WakeAt)
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
	if n := armNumber(mark.Status); n > 0 && n <= len(step.Branch) {
		if condition := step.Branch[n-1].If; condition != nil {
			return mark.Status, mark.At, condition.String()
		}
		return mark.Status, mark.At, "no condition before it held"
	}
	return mark.Status, mark.At, ""
}

func armNumber(status string) (n int) {
	_, _ = fmt.Sscanf(status, "branch %d", &n)
	return n
}

func (x *explanation) explainStand(report *StepReport, step *Step) {
	wake := x.traveller.Entry.WakeAt
	switch {
	case step.Kind == StepWait && !wake.IsZero():
		report.Happened = "waiting until " + stamp(wake)
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
		told = append(told, tell(d))
	}
	latest := sent[len(sent)-1]
	report.Happened = strings.Join(told, ", then ")
	report.At, report.Why = momentOf(latest), reasonWords(latest.Reason)
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
		report.Happened += ", waiting for an answer until " + stamp(answerDeadline(step, latest))
	}
}

// tell is one delivery in words: "call sent", "sms skipped", "email planned for …".
func tell(d deliveries.Delivery) string {
	words := string(d.Channel) + " " + string(d.Status)
	if d.Status == deliveries.Planned {
		words += " for " + stamp(d.DueAt)
	}
	if d.Attempts > 1 {
		words += fmt.Sprintf(" after %d attempts", d.Attempts)
	}
	if d.Resent {
		words += " (sent a second time)"
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

// describe says what a step does.
func (s *Step) describe() string {
	switch s.Kind {
	case StepWait:
		if s.Wait.Until != nil {
			return fmt.Sprintf("wait until %02d:%02d", *s.Wait.Until/60, *s.Wait.Until%60)
		}
		return "wait " + spell(s.Wait.For)
	case StepEmail, StepSMS, StepCall, StepPush:
		return string(s.Kind) + " with " + s.Send.Template
	case StepAsk:
		by := make([]string, len(s.channels()))
		for i, ch := range s.channels() {
			by[i] = string(ch)
		}
		return "ask " + s.ID + " by " + strings.Join(by, " or ")
	case StepCase:
		return strings.TrimSpace("open a case " + inQueue(s.Case.Queue))
	case StepSet:
		fields := make([]string, len(s.Set))
		for i, assignment := range s.Set {
			fields[i] = assignment.Field
		}
		return "set " + strings.Join(fields, ", ")
	case StepTag:
		return "tag " + describeTags(s.Tag)
	}
	return string(s.Kind)
}

func inQueue(queue string) string {
	if queue == "" {
		return ""
	}
	return "in " + queue
}

func describeTags(changes []TagChange) string {
	words := make([]string, len(changes))
	for i, change := range changes {
		words[i] = map[bool]string{true: "+", false: "-"}[change.Add] + change.Tag
	}
	return strings.Join(words, ", ")
}

// spell writes a duration as campaign files do: 1d12h.
func spell(d time.Duration) string {
	var b strings.Builder
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if n := d / unit.length; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d -= n * unit.length
		}
	}
	return b.String()
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
