package campaigns

import (
	"maps"
	"slices"
	"strings"

	"rapport/campaigns/expression"
	"rapport/campaigns/spelling"
	"rapport/channels"
	"rapport/deliveries"
)

// mention is a place that names an event.
type mention struct {
	name  string
	at    node
	comes bool // something waits for it to come; did() only counts what came
}

// suspectNames reports events that nothing sends, and names that are written in
// two ways.
func (s *suspicion) suspectNames() {
	mentions := s.mentions()
	times := map[string]int{}
	for _, m := range mentions {
		times[m.name]++
	}
	for _, name := range s.workspace.Events {
		times[name] += len(mentions) + 1 // what is declared is right
	}
	for _, m := range mentions {
		switch other := alike(m.name, times); {
		case m.comes && s.workspace.Events != nil && !slices.Contains(s.workspace.Events, m.name):
			s.warn(m.at, "rapport.yaml lists no event "+quote(m.name), didYouMean(m.name, s.workspace.Events, "write it there under events, or name one that is"))
		case !m.comes && ourOwn(m.name) && !producible(m.name):
			s.warn(m.at, "nothing ever notes "+quote(m.name)+" on a timeline", didYouMean(m.name, everyNote(), "name what does happen"))
		case other != "" && times[other] == times[m.name]: // either may be right
			s.warn(m.at, "the event "+quote(m.name)+" is called "+quote(other)+" at "+placeOf(other, mentions)+", and names must agree to the letter", "write one of the two names in both places")
		case other != "":
			s.warn(m.at, "the event "+quote(m.name)+" is called "+quote(other)+" elsewhere, and names must agree to the letter", "did you mean "+quote(other)+"?")
		}
	}
}

// suspectSenders reports countries that texts may go to and whose networks deliver
// none from a name, where a name is all there is.
func (s *suspicion) suspectSenders() {
	sender := s.workspace.Senders[channels.SMS]
	var unreachable []string
	for _, country := range s.workspace.Contact.Countries[channels.SMS] {
		if channels.IsSenderName(sender.FromFor(country)) && !channels.TakesSenderNames(country) {
			unreachable = append(unreachable, country)
		}
	}
	if len(unreachable) > 0 {
		s.warn(s.settings.at("senders", string(channels.SMS), "from"), "text messages to "+strings.Join(unreachable, " and ")+" come from a name, which is not delivered there",
			"name a number for them: by_country: {"+unreachable[0]+`: "+12025550123"}`)
	}
}

// placeOf is where an event is named first.
func placeOf(name string, mentions []mention) string {
	i := slices.IndexFunc(mentions, func(m mention) bool { return m.name == name })
	if i < 0 {
		return settingsFile
	}
	at := mentions[i].at
	return at.src.file + ":" + itoa(at.line) + ":" + itoa(at.column)
}

// mentions lists the places that name events: those of campaigns, segments and
// the scripts of tests.
func (s *suspicion) mentions() []mention {
	var all []mention
	for _, id := range s.order {
		all = append(all, counted(s.drafts[id].condition, s.drafts[id].where)...)
	}
	for _, id := range slices.Sorted(maps.Keys(s.workspace.Campaigns)) {
		campaign, root := s.workspace.Campaigns[id], s.campaigns[id].root
		if campaign.State == Archived {
			continue
		}
		all = append(all, awaited(campaign, root)...)
		all = append(all, counted(campaign.Audience.Where, root.at("audience", "where"))...)
		eachStep(campaign.Steps, root.at("steps"), func(step *Step, place node) {
			if step.Wait != nil && step.Wait.Event != "" {
				all = append(all, mention{step.Wait.Event, place.at("wait", "for"), true})
			}
			for i, arm := range step.Branch {
				condition, _ := below(place, i)
				all = append(all, counted(arm.If, condition)...)
			}
		})
	}
	return append(all, s.scripted...)
}

// awaited lists the events that begin, end and crown a campaign.
func awaited(c *Campaign, root node) []mention {
	var all []mention
	if c.Trigger.Event != "" {
		all = append(all, mention{c.Trigger.Event, root.at("trigger", "event"), true})
	}
	for i, exit := range root.at("exit").list() {
		if i < len(c.Exits) && c.Exits[i].Event != "" {
			all = append(all, mention{c.Exits[i].Event, exit.at("event"), true})
		}
	}
	if c.Goal != nil {
		all = append(all, mention{c.Goal.Event, root.at("goal", "event"), true})
	}
	return all
}

// counted lists the events that the text of a condition asks about with did().
func counted(p *expression.Program, at node) []mention {
	var all []mention
	if p == nil || at.kind() != aText {
		return nil
	}
	for _, count := range p.Counts() {
		offset := strings.Index(at.raw(), count.Event)
		if offset < 0 {
			continue // a segment of the condition asks, and is looked at itself
		}
		place := at
		place.line, place.column = at.within(offset)
		all = append(all, mention{count.Event, place, false})
	}
	return all
}

// alike is a name used more often that differs only in case, in how words are
// joined, or in one letter of a word; "" when there is none. Of two that are used
// as often the first in the alphabet is taken for right.
func alike(name string, times map[string]int) (most string) {
	for _, other := range slices.Sorted(maps.Keys(times)) {
		right := times[other] > times[name] || times[other] == times[name] && other < name
		if right && (most == "" || times[other] > times[most]) && (fold(other) == fold(name) || misspelt(name, other)) {
			most = other
		}
	}
	return most
}

// misspelt reports whether two names differ by one letter of one word. In short
// words a letter makes a difference that is meant, and so does a digit.
func misspelt(name, other string) bool {
	const enough = 4
	a, b := strings.Fields(name), strings.Fields(other)
	if len(a) != len(b) || strings.ContainsAny(name+other, "0123456789") {
		return false
	}
	different := 0
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		different++
		if len(a[i]) < enough || len(b[i]) < enough || spelling.Distance(a[i], b[i]) > 1 {
			return false
		}
	}
	return different == 1
}

// ourOwn reports whether a name has the form of what the program itself notes:
// a channel and what became of a message.
func ourOwn(name string) bool {
	subject, _, two := strings.Cut(name, " ")
	return two && channels.Channel(subject).Valid()
}

func producible(name string) bool { return slices.Contains(everyNote(), name) }

// everyNote lists what may stand on a timeline about messages.
func everyNote() []string {
	var notes []string
	for _, ch := range channels.All() {
		for _, status := range deliveries.Statuses() {
			notes = append(notes, string(ch)+" "+string(status))
		}
		for _, kind := range []channels.ReportKind{channels.ReportReplied, channels.ReportResubscribed, channels.ReportDeferred, channels.ReportClosed} {
			notes = append(notes, string(ch)+" "+string(kind))
		}
		for _, status := range []deliveries.Status{deliveries.Opened, deliveries.Clicked} {
			notes = append(notes, string(ch)+" "+string(status)+ByMachine)
		}
	}
	return notes
}
