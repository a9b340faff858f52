package campaigns

import (
	"maps"
	"slices"
	"strings"

	"rapport/campaigns/expression"
)

// handover is a place where one campaign begins another. What it names may
// stand in a file that is read later, so it is checked when all are.
type handover struct {
	from *Campaign
	to   string
	at   node
}

// readEnter reads the campaign that is begun.
func (c *campaignReader) readEnter(n node) string {
	id := n.textAs("the name of a campaign, such as win-back")
	if id != "" {
		c.handovers = append(c.handovers, handover{c.campaign, id, n})
	}
	return id
}

// checkHandovers checks where campaigns begin others. One whose word is wrong
// is left out.
func (r *reader) checkHandovers() {
	for _, h := range r.handovers {
		before := r.mistakes()
		r.checkHandover(h)
		if r.mistakes() > before && r.workspace.Campaigns[h.from.ID] == h.from {
			delete(r.workspace.Campaigns, h.from.ID)
		}
	}
}

func (r *reader) checkHandover(h handover) {
	other, known := r.campaigns[h.to]
	switch {
	case h.to == h.from.ID:
		h.at.problem("the campaign "+quote(h.to)+" enters itself", "take this step out; \"entry: {again: …}\" says how often a customer may enter")
	case !known && r.campaignsUnread:
		r.silenced++
	case !known:
		h.at.problem("there is no campaign "+quote(h.to), didYouMean(h.to, r.campaignNames(), "write it in campaigns/, or take it out here"))
	case !other.campaign.Trigger.takesOver():
		h.at.problem("the campaign "+quote(h.to)+" starts by "+quote(string(other.campaign.Trigger.Kind))+", not for one customer",
			"enter one that starts by an event or by hand; \"manual: true\" is for such campaigns")
	case !h.from.Trigger.hasEvent() && other.campaign.asksForEvent() != "":
		h.at.problem("the campaign "+quote(h.to)+" goes by "+other.campaign.asksForEvent()+", and this one, which starts by "+quote(string(h.from.Trigger.Kind))+", has no event to bring along",
			"enter another campaign")
	default:
		r.checkCircle(h)
	}
}

// takesOver reports whether a journey may begin in another campaign: it is for
// one customer, and nothing else that begins it knows when.
func (t Trigger) takesOver() bool { return t.Kind == OnEvent || t.Kind == Manual || t.Kind == "" }

// asksForEvent is a property of the event that decides whether and under which
// key the campaign is entered; "" where none does.
func (c *Campaign) asksForEvent() string {
	for _, program := range present([]*expression.Program{c.Trigger.Where, c.Entry.Key}) {
		for _, field := range program.Fields() {
			if strings.HasPrefix(field, "event.") {
				return field
			}
		}
	}
	return ""
}

// checkCircle reports a campaign that, entered from here, leads back here. The
// circle is told once, at the first of its places.
func (r *reader) checkCircle(h handover) {
	trail := r.wayTo(h.from.ID, h.to, map[string]bool{})
	if trail == nil {
		return
	}
	key := strings.Join(slices.Sorted(slices.Values(trail)), " ")
	if slices.Contains(r.circles, key) {
		r.silenced++
		return
	}
	r.circles = append(r.circles, key)
	h.at.problem("campaigns enter each other in a circle: "+h.from.ID+" → "+strings.Join(trail, " → "), "take one of these steps out")
}

// wayTo follows handovers to a campaign; nil when none leads there.
func (r *reader) wayTo(to, from string, seen map[string]bool) []string {
	if from == to {
		return []string{to}
	}
	if seen[from] {
		return nil
	}
	seen[from] = true
	for _, h := range r.handovers {
		if h.from.ID != from {
			continue
		}
		if trail := r.wayTo(to, h.to, seen); trail != nil {
			return append([]string{from}, trail...)
		}
	}
	return nil
}

func (r *reader) campaignNames() []string {
	return slices.Sorted(maps.Keys(r.campaigns))
}
