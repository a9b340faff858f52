package campaigns

import (
	"strings"

	"rapport/campaigns/expression"
)

// suspectSegments reports segments that never hold anybody.
func (s *suspicion) suspectSegments() {
	for _, id := range s.order {
		draft := s.drafts[id]
		if !draft.sound || strings.HasPrefix(id, nameless) || s.leansOnEmpty(draft) {
			continue
		}
		if s.never(draft.where, "this segment holds nobody", draft.condition, expression.Facts{}) {
			continue
		}
		if why, never := (expression.Facts{}).Assume(draft.who, true).Impossible(); never {
			s.warn(draft.root.at("except"), because("this segment holds nobody, because what it leaves out is everybody in it", why), "leave out less")
		}
	}
}

// leansOnEmpty reports whether a segment is empty because another one is, which
// is reported there.
func (s *suspicion) leansOnEmpty(draft *segmentDraft) bool {
	for _, ref := range draft.references() {
		if other := s.drafts[ref.id]; other != nil && other.who != nil && impossible((expression.Facts{}).Assume(other.who, true)) {
			return true
		}
	}
	return false
}

// suspectAudience reports an audience that is nobody, and exits that hold never
// or for everybody.
func (c *campaignSuspicion) suspectAudience() {
	audience := c.campaign.Audience
	belongs := expression.Facts{}.Assume(audience.Who, true)
	if why, nobody := belongs.Impossible(); nobody {
		segment := c.drafts[audience.Segment]
		if segment == nil || !impossible((expression.Facts{}).Assume(segment.who, true)) {
			c.warn(c.root.at("audience"), because("nobody belongs to this audience", why), "mend its conditions")
		}
		return
	}
	exits := c.root.at("exit").list()
	for i, exit := range c.campaign.Exits {
		if i >= len(exits) {
			break
		}
		if exit.Where != nil {
			c.never(exits[i].at("where"), "this exit never happens", exit.Where, expression.Facts{})
		}
		if exit.When == nil || c.never(exits[i].at("when"), "this exit never happens", exit.When, c.facts()) {
			continue
		}
		if impossible(c.facts().Assume(audience.Who, true).Assume(exit.When, false)) {
			c.warn(exits[i].at("when"), "everybody in the audience leaves by this exit as soon as they enter", "mend the exit or the audience, which say the same")
		}
	}
}
