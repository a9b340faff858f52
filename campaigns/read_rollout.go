package campaigns

import (
	"regexp"
	"slices"
	"strings"
)

// usualSample is how many messages a stage must have sent before its response
// says anything.
const usualSample = 50

// readRollout reads how people are let in by stages.
func (c *campaignReader) readRollout(n node) *Rollout {
	m := n.fields("a rollout as {stages: [5%, 25%, 100%], hold: 6h}")
	if !m.open() {
		return nil
	}
	rollout := &Rollout{
		Stages: readStages(m.need("stages", "write growing shares of people, such as \"stages: [5%, 25%, 100%]\"")),
		Hold:   m.need("hold", "write how long a stage is watched before the next one opens, such as \"hold: 6h\"").duration(),
	}
	for _, item := range m.get("continue_if").items("conditions such as [bounced < 3%, csat >= 3.5]") {
		criterion := small(item, wantCriterion, parseCriterion)
		rollout.ContinueIf = append(rollout.ContinueIf, criterion)
		item.report(c.measured(criterion.Metric))
	}
	if sample, found := m.pair("min_sample"); found && len(rollout.ContinueIf) == 0 {
		sample.problem(`"min_sample" means nothing without "continue_if"`, "take it out, or write what must hold, such as continue_if: [bounced < 3%]")
	}
	rollout.MinSample = m.get("min_sample").whole(1, 1_000_000, usualSample)
	choice(m.get("otherwise"), "pause", "pause")
	m.end()
	return rollout
}

// readStages reads growing shares, everybody the last.
func readStages(n node) []float64 {
	const want = "growing shares such as [5%, 25%, 100%]"
	var stages []float64
	items := n.items(want)
	for i, item := range items {
		share := small(item, wantShare, parsePartShare)
		switch {
		case share == 0: // reported
		case i > 0 && share <= stages[i-1]:
			item.problem(item.raw()+" is not more than the stage before it", "write "+want)
		case i == len(items)-1 && share != 1:
			item.problem("the last stage lets in "+item.raw()+", so some people never enter", "end with 100%; to leave people out for good write \"holdout: 10%\"")
		}
		stages = append(stages, share)
	}
	if n.kind() == aList && len(items) < 2 {
		n.problem("a rollout has two stages or more, and this has "+itoa(len(items)), "write "+want+", or take the rollout out")
	}
	return stages
}

const wantCriterion = "a condition such as bounced < 3% or csat >= 3.5"

var criterionForm = regexp.MustCompile(`^([a-z0-9_.]+)\s*(<=|>=|<|>)\s*(\S.*)$`)

// measures are the metrics with the best and the worst they can be.
var measures = map[Metric]struct{ low, high float64 }{
	MeanCSAT: {1, 5}, MeanNPS: {0, 10},
}

var (
	// troubles are metrics that may only be bounded from above, delights those
	// that may only be bounded from below.
	troubles = []Metric{ShareBounced, ShareComplained, ShareUnsubscribed, ShareFailed}
	delights = []Metric{ShareDelivered, ShareOpened, ShareClicked, ShareAnswered, MeanCSAT, MeanNPS}
)

// parseCriterion reads bounced < 3% and csat >= 3.5.
func parseCriterion(text string) (Criterion, *mistake) {
	parts := criterionForm.FindStringSubmatch(text)
	if parts == nil {
		return Criterion{}, wrong(quote(text)+" does not say what must hold", "write "+wantCriterion)
	}
	metric, op, bound := Metric(parts[1]), parts[2], strings.TrimSpace(parts[3])
	below := strings.HasPrefix(op, "<")
	switch {
	case slices.Contains(troubles, metric) && !below:
		return Criterion{}, wrong("this goes on only when enough is "+string(metric), "write "+string(metric)+" < "+bound)
	case slices.Contains(delights, metric) && below:
		return Criterion{}, wrong("this goes on only when "+string(metric)+" is low", "write "+string(metric)+" >= "+bound)
	case !slices.Contains(troubles, metric) && !slices.Contains(delights, metric):
		return Criterion{}, wrong("nothing measures "+quote(string(metric)), didYouMean(string(metric), metricNames(), ""))
	}
	limit, problem := parseBound(metric, bound)
	if problem != nil {
		return Criterion{}, problem
	}
	return Criterion{Metric: metric, Op: op, Bound: limit}, nil
}

func parseBound(metric Metric, text string) (float64, *mistake) {
	span, mean := measures[metric]
	if !mean {
		return parseShare(text)
	}
	bound, problem := parseDecimal(text)
	if problem == nil && (bound < span.low || bound > span.high) {
		problem = wrong(text+" is no mean of "+string(metric), "write one from "+decimal(span.low)+" to "+decimal(span.high))
	}
	return bound, problem
}

func metricNames() []string {
	var names []string
	for _, metric := range slices.Concat(troubles, delights) {
		names = append(names, string(metric))
	}
	return names
}

// measured makes sure that something in the campaign makes the metric move.
func (c *campaignReader) measured(metric Metric) *mistake {
	asks := func(scales ...Scale) bool {
		for _, scale := range c.asks {
			if len(scales) == 0 || slices.Contains(scales, scale) {
				return true
			}
		}
		return false
	}
	switch {
	case metric == MeanCSAT && !asks(CSAT5):
		return wrong("no step asks for csat, so this never holds", "ask a question with scale: csat5, or take this out")
	case metric == MeanNPS && !asks(NPS):
		return wrong("no step asks for nps, so this never holds", "ask a question with scale: nps, or take this out")
	case metric == ShareAnswered && !asks():
		return wrong("no step asks anything, so this never holds", "ask a question, or take this out")
	}
	return nil
}
