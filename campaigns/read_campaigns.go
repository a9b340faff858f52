package campaigns

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"rapport/campaigns/expression"
)

// campaignReader reads one campaign. What the campaign has of asks and steps is
// known before the first condition is compiled, since conditions name them.
type campaignReader struct {
	*reader
	campaign *Campaign
	// asks and steps are the ids that answers.<id> and steps.<id> may name;
	// questions are the further ones that call scripts ask.
	asks      map[string]Scale
	steps     map[string]node
	statuses  map[string][]string // what steps.<id>.status may be
	questions []string
	sends     bool // whether any step sends a message
	// assured are the fields of events and answers that conditions on the way
	// to a step name, and the key: its template may rely on them.
	assured []string
}

// readCampaigns reads every campaign.
func (r *reader) readCampaigns() {
	r.campaigns = map[string]declaredCampaign{}
	for _, file := range r.folder("campaigns") {
		for _, root := range r.documents(file, `a campaign, which begins with "campaign:"`) {
			r.readCampaign(root)
		}
	}
	r.checkHandovers()
}

func (r *reader) readCampaign(root node) {
	before := r.mistakes()
	m := root.fields("")
	if m.has("segment") && !m.has("campaign") {
		root.problem("this is a segment among the campaigns", "move it to a file in segments/")
		return
	}
	name := m.need("campaign", `name it: "campaign: after-delivery"`)
	c := &campaignReader{
		reader:   r,
		campaign: &Campaign{ID: name.id(), File: name.src.file, Line: name.line, zone: r.workspace.Zone},
		asks:     map[string]Scale{}, steps: map[string]node{}, statuses: map[string][]string{},
	}
	c.declare(name, root)
	c.read(m)
	m.end()
	if r.mistakes() == before && c.sound(root) {
		c.campaign.digest = c.meaning(root)
		r.workspace.Campaigns[c.campaign.ID] = c.campaign
	}
}

// declare notes the campaign's id.
func (c *campaignReader) declare(name, root node) {
	here := declaration{name.src.file, name.line, name.column}
	if !identifier.MatchString(c.campaign.ID) { // whatever name it gets, it may be the one others mean
		c.campaignsUnread = true
		return
	}
	if first, twice := c.campaigns[c.campaign.ID]; twice {
		c.duplicate("campaign", c.campaign.ID, here, first.declaration)
		delete(c.workspace.Campaigns, c.campaign.ID) // nobody knows which one others mean
		return
	}
	c.campaigns[c.campaign.ID] = declaredCampaign{here, c.campaign, root, c.statuses}
}

// read reads the keys in the order in which later ones lean on earlier ones.
func (c *campaignReader) read(m *mapping) {
	into, steps := c.campaign, m.need("steps", "write what the campaign does, such as \"- email: welcome\"")
	c.survey(steps)
	into.Title = m.get("title").text()
	into.Owner = m.get("owner").text()
	into.State = choice(m.get("state"), Draft, Draft, Live, Paused, Archived)
	into.Priority = m.get("priority").whole(0, 100, 50)
	into.Trigger = c.readTrigger(m.need("trigger", "write what starts it, such as \"trigger: {event: Order Delivered}\""))
	into.Audience = c.readAudience(m.get("audience"))
	into.Entry = c.readEntry(m.get("entry"))
	into.Exits = c.readExits(m.get("exit"))
	into.Goal = c.readGoal(m.get("goal"))
	into.Contact = c.readContact(m.get("contact"))
	if budget := m.get("budget"); budget.present() {
		into.Budget = []Budget{small(budget, wantBudget, parseBudget(c.workspace.Currency))}
	}
	into.Holdout = small(m.get("holdout"), wantShare, parseShare)
	into.Rollout = c.readRollout(m.get("rollout"))
	into.UTM = readUTM(m.get("utm"))
	into.Topic = c.readTopic(m)
	into.Steps = c.readSteps(steps, "")
	if steps.kind() == aList && len(into.Steps) == 0 {
		steps.problem("this campaign has no steps", "write what it does, such as \"- email: welcome\"")
	}
}

// readTopic reads what the customer must have agreed to hear about. Only a
// campaign that sends nothing can do without.
func (c *campaignReader) readTopic(m *mapping) string {
	if !m.has("topic") && c.sends {
		return c.topic(m.need("topic", "write which of rapport.yaml's topics its messages belong to, such as \"topic: service\""))
	}
	return c.topic(m.get("topic"))
}

// sound reports whether everything the campaign leans on is.
func (c *campaignReader) sound(root node) bool {
	for _, id := range c.leansOn(root) {
		if !c.drafts[id].sound {
			return false
		}
	}
	return c.campaign.ID != "" && !c.usesBrokenTemplate(c.campaign.Steps)
}

func (c *campaignReader) usesBrokenTemplate(steps []Step) bool {
	for file := range c.broken {
		if leansOnFile(steps, file) {
			return true
		}
	}
	return false
}

// outside is what conditions may name that are judged before a journey begins.
func (c *campaignReader) outside() expression.Scope { return c.scope() }

// inside is what conditions may name that are judged within a journey.
func (c *campaignReader) inside() expression.Scope {
	scope := c.scope()
	scope.Event = c.hasEvent()
	scope.Answers = append(slices.Sorted(maps.Keys(c.asks)), c.questions...)
	scope.Steps, scope.Statuses = slices.Sorted(maps.Keys(c.steps)), c.statuses
	return scope
}

// hasEvent reports whether the journey begins with an event, or with values
// that support gives by hand: broadcasts have neither, nor does a change of a
// segment.
func (c *campaignReader) hasEvent() bool { return c.campaign.Trigger.hasEvent() }

func (t Trigger) hasEvent() bool { return !t.Broadcast() && t.Kind != OnSegment }

const wantCondition = "a condition such as orders.count > 0"

// readAudience reads who belongs.
func (c *campaignReader) readAudience(n node) Audience {
	want := "the audience as {segment: …, where: …, except: […]}"
	if _, segment := c.drafts[n.raw()]; segment && n.kind() == aText {
		want = "{segment: " + n.raw() + "}"
	}
	m := n.fields(want)
	var audience Audience
	var parts []*expression.Program
	if segment := m.get("segment"); segment.present() {
		if ref, known := c.segment(segment); known {
			audience.Segment = ref
			parts = append(parts, c.drafts[ref].who)
		}
	}
	for _, item := range m.get("except").items("segments such as [open-complaint]") {
		if ref, known := c.segment(item); known {
			audience.Except = append(audience.Except, ref)
			parts = append(parts, expression.Not(c.drafts[ref].who))
		}
	}
	audience.Where = c.readAudienceWhere(m.get("where"))
	audience.Who = expression.And(append(parts, audience.Where)...)
	m.end()
	return audience
}

// readAudienceWhere reads a condition on customers alone: the audience is found
// inside the database, where there is no event.
func (c *campaignReader) readAudienceWhere(n node) *expression.Program {
	scope := c.outside()
	scope.Event = c.hasEvent()
	program := c.expression(n, wantCondition, scope)
	if program == nil {
		return nil
	}
	for _, field := range program.Fields() {
		if strings.HasPrefix(field, "event.") {
			line, column := n.within(fieldAt(field, n.raw()))
			n.src.problem(line, column, field+" cannot choose the audience, which is found among all customers", "move this condition to the trigger: where: "+field+" …")
		}
	}
	return program
}

// fieldAt is where a field stands in a condition, not one whose name only begins
// alike; 0 where it is not found.
func fieldAt(field, condition string) int {
	match := regexp.MustCompile(`(?:^|[^\w.])(` + regexp.QuoteMeta(field) + `)(?:[^\w.]|$)`).FindStringSubmatchIndex(condition)
	if match == nil {
		return 0
	}
	return match[2]
}

// segment reads the name of a segment.
func (c *campaignReader) segment(n node) (id string, known bool) {
	id = n.text()
	return id, id != "" && c.segmentKnown(reference{id: id, node: n})
}

// readEntry reads how often one customer may enter.
func (c *campaignReader) readEntry(n node) EntryRule {
	m := n.fields("the rule of entry as {key: event.order_id, again: after 30d}")
	key := m.get("key")
	scope := c.outside()
	scope.Event, scope.Want = c.hasEvent(), expression.Any
	rule := EntryRule{Key: c.expression(key, "what tells entries apart, such as event.order_id", scope)}
	c.assured = append(c.assured, assures(key)...)
	rule.Again = c.readAgain(m.get("again"))
	m.end()
	return rule
}

func (c *campaignReader) readAgain(n node) Again {
	if n.present() {
		return small(n, "never, always or after 30d", parseAgain)
	}
	switch c.campaign.Trigger.Kind {
	case Once, OnSegment:
		return Again{Mode: "never"}
	}
	return Again{Mode: "always"}
}

// readExits reads what makes a running journey end.
func (c *campaignReader) readExits(n node) []Exit {
	var exits []Exit
	for _, item := range n.items("exits as a list, such as [{event: Order Returned}]") {
		m := item.fields("an exit as {event: Order Returned} or {when: not reachable(\"call\")}")
		event, when := m.get("event"), m.get("when")
		scope := c.outside()
		scope.Event = true // the event that ends the journey
		exit := Exit{
			Event: c.event(event),
			Where: c.expression(m.get("where"), wantCondition, scope),
			When:  c.expression(when, wantCondition, c.inside()),
		}
		m.end()
		switch {
		case !m.open():
		case event.present() && when.present():
			item.problem(`this exit has both "event" and "when"`, "make it two exits")
		case !event.present() && !when.present():
			item.problem("this exit never happens", `write "event:" or "when:" in it`)
		case m.has("where") && !event.present():
			m.get("where").problem(`"where" judges the event of an exit, and this exit has none`, `join the conditions in "when" with "and"`)
		}
		exits = append(exits, exit)
	}
	return exits
}
