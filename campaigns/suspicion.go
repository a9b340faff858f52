package campaigns

import (
	"maps"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"rapport/campaigns/expression"
	"rapport/channels"
)

// suspect looks for what can be done as it is written and is hardly meant so,
// in the sound part of the workspace: what never happens, what rests on sand.
// Every suspicion is right of what it speaks of; where the files do not tell,
// nothing is said.
func (r *reader) suspect() {
	s := suspicion{reader: r, found: &findings{}}
	s.suspectSegments()
	s.suspectNames()
	s.suspectSenders()
	s.suspectConditions()
	s.suspectMarkup()
	s.suspectBlanks()
	s.suspectVoices()
	s.suspectNights(s.workspace.Contact, s.settings)
	s.suspectZones(&Campaign{}, s.settings, func(channels.Channel) bool { return true })
	for _, id := range slices.Sorted(maps.Keys(r.workspace.Campaigns)) {
		campaign := r.workspace.Campaigns[id]
		if campaign.State == Archived {
			continue
		}
		c := campaignSuspicion{suspicion: &s, campaign: campaign, root: r.campaigns[id].root}
		c.suspectJourney()
		c.suspectAudience()
		c.suspectTiming()
		c.suspectNights(campaign.Contact, c.root)
		c.suspectMessages()
		c.suspectOpens()
		c.suspectStages()
		c.suspectScores()
		c.suspectMeasures()
		c.suspectKey()
	}
	r.workspace.Warnings = s.found.sorted()
}

// suspicion is the search through a workspace.
type suspicion struct {
	*reader
	found *findings
}

// campaignSuspicion is the search through one campaign.
type campaignSuspicion struct {
	*suspicion
	campaign *Campaign
	root     node
}

// warn notes a suspicion at a place.
func (s *suspicion) warn(at node, message, mend string) {
	s.found.add(Problem{
		Severity: Warning, File: at.src.file, Line: at.line, Column: at.column, Message: message, Mend: mend,
	})
}

// at is the value below some keys of a map, or the nearest one around it that is
// there: the place to show.
func (n node) at(keys ...string) node {
	for _, key := range keys {
		below, found := n.under(key)
		if !found {
			return n
		}
		n = below
	}
	return n
}

// under is the value of one key of a map.
func (n node) under(key string) (node, bool) {
	if n.kind() != aMap {
		return n, false
	}
	p, found := n.fields("").pair(key)
	return p.value, found
}

// list is the entries of a list; none where it is something else.
func (n node) list() []node {
	if _, isList := n.value.(*ast.SequenceNode); !isList {
		return nil
	}
	return n.items("")
}

// written pairs the steps of a list with their places.
func written(steps []Step, list node) []node {
	places := list.list()
	for len(places) < len(steps) { // what was read stands somewhere
		places = append(places, list)
	}
	return places
}

// below is where the steps of an arm or a path stand.
func below(step node, i int) (condition, steps node) {
	if paths, split := step.under("paths"); split && paths.kind() == aMap {
		if all := paths.pairs(""); i < len(all) {
			return all[i].value, all[i].value.at("steps")
		}
		return paths, paths
	}
	arms := step.at("branch").list()
	if i >= len(arms) {
		return step, step
	}
	if otherwise, found := arms[i].under("else"); found {
		return arms[i], otherwise
	}
	return arms[i].at("if"), arms[i].at("then")
}

// eachStep visits every step with its place, in the order of the file.
func eachStep(steps []Step, list node, visit func(*Step, node)) {
	places := written(steps, list)
	for i := range steps {
		visit(&steps[i], places[i])
		for b := range steps[i].Branch {
			_, under := below(places[i], b)
			eachStep(steps[i].Branch[b].Steps, under, visit)
		}
	}
}

// because joins what never happens with its reason, where one can be told.
func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}

// never reports a condition that holds for nobody.
func (s *suspicion) never(at node, what string, p *expression.Program, facts expression.Facts) bool {
	if p == nil {
		return false
	}
	why, never := facts.Assume(p, true).Impossible()
	if never {
		s.warn(at, because(what, why), "mend the condition, or take it out")
	}
	return never
}
