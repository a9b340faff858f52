package campaigns

import (
	"fmt"
	"strings"

	"rapport/deliveries"
)

// Judgement is a rollout's word on a stage, with the numbers it rests on.
type Judgement struct {
	Verdict StageVerdict `json:"verdict"`
	Why     string       `json:"why"`
	// Stage is the number of the judged stage from 1, Share who was let in by then; 0
	// where a program before this judged.
	Stage    int        `json:"stage,omitempty"`
	Share    float64    `json:"share,omitempty"`
	Sent     int64      `json:"sent"` // messages
	Measured []Measured `json:"measured,omitempty"`
	// Coming says that in this run more was to be sent to those who were let in: that
	// too little was known did not count.
	Coming bool `json:"coming,omitempty"`
}

// StageVerdict is what is to become of a stage.
type StageVerdict string

// The verdicts.
const (
	Continue    StageVerdict = "continue" // the next stage opens
	HoldOn      StageVerdict = "hold"     // too little is known: watched for another while
	AskOwner    StageVerdict = "ask"      // too little is known after all these: a person decides
	StopRollout StageVerdict = "stop"     // the campaign is paused
)

// Measured is a criterion beside what was seen.
type Measured struct {
	Criterion string  `json:"criterion"`
	Value     float64 `json:"value"` // a share, or a mean
	Part      int64   `json:"part"`  // of Of, for shares
	Of        int64   `json:"of"`    // messages, or scores for means
	// Bounds is the 95 % Wilson interval of a share; nil for means.
	Bounds *deliveries.Interval `json:"bounds,omitempty"`
	Known  bool                 `json:"known"` // enough was seen to judge by it
	Holds  bool                 `json:"holds"`
}

// Judge says what is to become of a stage by the response of all who were let
// in so far. Criteria go by the figure that was measured; its bounds are for people.
// One that too few messages speak to neither passes nor stops, and nothing is watched
// on for nobody. While in a run more is to be sent, nobody is asked either.
func (r *Rollout) Judge(s Stage, seen StageResponse) Judgement {
	least := int64(r.MinSample)
	if least <= 0 {
		least = usualSample
	}
	j := Judgement{Verdict: Continue, Why: "every criterion holds", Stage: s.Number + 1, Share: s.Share, Sent: seen.Sent, Coming: s.Run != 0 && seen.Coming}
	var broken, unknown []string
	for _, criterion := range r.ContinueIf {
		m := criterion.measure(seen.Funnel)
		m.Known = m.Known && seen.Sent >= least && (m.Bounds == nil || m.Of >= least)
		j.Measured = append(j.Measured, m)
		switch {
		case !m.Known:
			unknown = append(unknown, string(criterion.Metric))
		case !m.Holds:
			broken = append(broken, m.says())
		}
	}
	switch {
	case len(broken) > 0:
		j.Verdict, j.Why = StopRollout, strings.Join(broken, ", ")
	case len(unknown) == 0:
	case !seen.Waits:
		j.Why = "nobody waits to be let in"
	case seen.Sent < least:
		j.Verdict, j.Why = HoldOn, fmt.Sprintf("%d of at least %d messages were sent", seen.Sent, least)
	default:
		j.Verdict, j.Why = HoldOn, "too little is known yet of "+strings.Join(unknown, ", ")
	}
	if j.Verdict == HoldOn && !j.Coming && s.Holds >= mostHolds {
		j.Verdict, j.Why = AskOwner, fmt.Sprintf("%s after %d holds", j.Why, s.Holds+1)
	}
	return j
}

// measure reads a criterion's measure off the response.
func (c Criterion) measure(seen deliveries.Funnel) Measured {
	m := Measured{Criterion: c.String()}
	switch c.Metric {
	case MeanCSAT:
		m.mean(seen.ScoreSum, seen.ScoreCount)
	case MeanNPS:
		m.mean(seen.NPSSum, seen.NPSCount)
	default:
		part, of := c.share(seen)
		m.share(part, of)
	}
	m.Holds = m.Known && c.holds(m.Value)
	return m
}

// share is what was seen of a share, of the messages whose channel tells of it.
func (c Criterion) share(seen deliveries.Funnel) (part, of int64) {
	switch c.Metric {
	case ShareOpened:
		return seen.LettersRead, seen.Letters
	case ShareClicked:
		return seen.Clicked, seen.Linked
	}
	return map[Metric]int64{
		ShareBounced: seen.Bounced, ShareComplained: seen.Complained, ShareUnsubscribed: seen.Unsubscribed, ShareFailed: seen.Lost,
		ShareDelivered: seen.Delivered, ShareAnswered: seen.Replied,
	}[c.Metric], seen.Sent
}

func (m *Measured) mean(sum float64, count int64) {
	if m.Of, m.Known = count, count > 0; m.Known {
		m.Value = sum / float64(count)
	}
}

func (m *Measured) share(part, of int64) {
	bounds := deliveries.Wilson(part, of)
	if m.Part, m.Of, m.Bounds, m.Known = part, of, &bounds, of > 0; m.Known {
		m.Value = float64(part) / float64(of)
	}
}

func (c Criterion) holds(value float64) bool {
	switch c.Op {
	case "<":
		return value < c.Bound
	case "<=":
		return value <= c.Bound
	case ">":
		return value > c.Bound
	}
	return value >= c.Bound
}

// String is the criterion as it is written: bounced < 3%.
func (c Criterion) String() string {
	if c.Metric == MeanCSAT || c.Metric == MeanNPS {
		return fmt.Sprintf("%s %s %s", c.Metric, c.Op, decimal(c.Bound))
	}
	return fmt.Sprintf("%s %s %.4g%%", c.Metric, c.Op, 100*c.Bound)
}

// says is a criterion that does not hold, in a few words.
func (m Measured) says() string { return m.figure() + ", wanted " + m.Criterion }

// figure is what was measured, its unit with it.
func (m Measured) figure() string {
	metric, _, _ := strings.Cut(m.Criterion, " ")
	if m.Bounds == nil {
		return fmt.Sprintf("%s %.2f", metric, m.Value)
	}
	return fmt.Sprintf("%s %.2f%%", metric, 100*m.Value)
}

// Words tells every number, a line each.
func (j Judgement) Words() string {
	lines := []string{fmt.Sprintf("%s; %d messages were sent", j.Why, j.Sent)}
	if j.Stage > 0 {
		lines[0] = fmt.Sprintf("stage %d, %.4g%% of the people: %s", j.Stage, 100*j.Share, lines[0])
	}
	for _, m := range j.Measured {
		lines = append(lines, m.Words())
	}
	return strings.Join(lines, "\n")
}

// Words is one criterion with its numbers: "bounced < 3%: 4.20% (6 of 143; 95%
// interval 1.9% to 8.9%), does not hold".
func (m Measured) Words() string {
	verdict := "holds"
	switch {
	case m.Of == 0:
		return m.Criterion + ": nothing is known yet"
	case !m.Known:
		verdict = "too few to judge"
	case !m.Holds:
		verdict = "does not hold"
	}
	if m.Bounds == nil {
		return fmt.Sprintf("%s: %.2f (mean of %d), %s", m.Criterion, m.Value, m.Of, verdict)
	}
	return fmt.Sprintf("%s: %.2f%% (%d of %d; 95%% interval %s), %s", m.Criterion, 100*m.Value, m.Part, m.Of, m.Bounds, verdict)
}
