package campaigns

import (
	"strconv"

	"rapport/deliveries"
)

// statusesOf lists what steps.<id>.status of a step may be, as it is written;
// nil where nobody can tell what the step does.
func statusesOf(step *mapping) []string {
	for _, kind := range stepKinds {
		if p, found := step.pair(string(kind)); found {
			return kind.statuses(step, p.value)
		}
	}
	return nil
}

// statuses lists the marks that a kind of step leaves, or else what may become
// of its message. what stands after the step's word.
func (k StepKind) statuses(step *mapping, what node) []string {
	switch k {
	case StepWait:
		if what.kind() == aMap && what.fields("").has("for") {
			return []string{markHappened, markTimedOut}
		}
		return []string{markWaited}
	case StepAsk:
		return append(messageStatuses(), markUnanswered)
	case StepBranch:
		return append(armMarks(len(what.maps())), markNoBranch)
	case StepSplit:
		var names []string
		for _, path := range pathsOf(step) {
			names = append(names, pathMark(path.key))
		}
		return names
	case StepCase:
		return []string{markCase}
	case StepSet:
		return []string{markSet}
	case StepTag:
		return []string{markTagged}
	case StepPoints:
		points, _ := parsePoints(what.raw())
		return []string{pointsMark(points), markWithheld}
	case StepConsent:
		return []string{consentMark(true), consentMark(false)}
	case StepEnter:
		return []string{enteredMark(what.raw()), markNotLive, markOutside, markOtherEvent, markKeptOut, markWithheld}
	case StepStop:
		return []string{markStopped}
	}
	return messageStatuses()
}

// messageStatuses are a delivery's.
func messageStatuses() []string {
	var names []string
	for _, status := range deliveries.Statuses() {
		names = append(names, string(status))
	}
	return names
}

func armMarks(arms int) []string {
	marks := make([]string, arms)
	for i := range marks {
		marks[i] = armMark(i)
	}
	return marks
}

// What a journey remembers of its steps, beside the ledger. Conditions may ask
// for it: steps.<id>.status == "timed_out".
const (
	markWaited     = "waited"
	markHappened   = "happened"
	markTimedOut   = "timed_out"
	markUnanswered = "unanswered"
	markAnswered   = "answered"
	markNoBranch   = "no branch"
	markCase       = "case"
	markSet        = "set"
	markTagged     = "tagged"
	markStopped    = "stopped"
	markNotLive    = "not entered: not live"
	markOutside    = "not entered: not in its audience"
	markOtherEvent = "not entered: not its event"
	markKeptOut    = "not entered: kept out by its rule of entry"
	markWithheld   = "withheld"
)

// armMark says which arm of a branch was taken.
func armMark(arm int) string { return "branch " + strconv.Itoa(arm+1) }

// pathMark says which path of a split was taken.
func pathMark(name string) string { return "path " + name }

func pointsMark(points int64) string { return "points " + signed(points) }

func enteredMark(campaign string) string { return "entered " + campaign }

func consentMark(in bool) string {
	if in {
		return "consent in"
	}
	return "consent out"
}

// signed writes a number as +100 or -50.
func signed(n int64) string {
	if n > 0 {
		return "+" + strconv.FormatInt(n, 10)
	}
	return strconv.FormatInt(n, 10)
}
