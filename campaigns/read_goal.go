package campaigns

import "rapport/campaigns/expression"

// readGoal reads what the campaign is for.
func (c *campaignReader) readGoal(n node) *Goal {
	m := n.fields("a goal as {event: Order Completed, within: 14d}")
	if !m.open() {
		return nil
	}
	scope := c.outside()
	scope.Event = true // the event that is the goal
	goal := &Goal{
		Event:  c.event(m.need("event", "write what the campaign is to bring about, such as \"event: Order Completed\"")),
		Where:  c.expression(m.get("where"), "a condition such as event.total >= 20", scope),
		Within: m.need("within", "write how long after entering it counts, such as \"within: 14d\"").duration(),
	}
	scope.Want = expression.Number
	goal.Value = c.expression(m.get("value"), "what one is worth, such as event.revenue", scope)
	m.end()
	return goal
}

// event reads the name of an event that the shop sends. What the program itself
// notes on a timeline begins, ends and wakes no journey.
func (r *reader) event(n node) string {
	name := n.text()
	if producible(name) {
		n.problem(quote(name)+" is a note of what became of a message, not an event that a shop sends",
			"name one of the shop's, such as Order Completed; a condition asks after a message by steps.<id>.status or did("+quote(name)+")")
	}
	return name
}
