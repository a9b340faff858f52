package campaigns

import (
	"slices"
	"time"

	"rapport/channels"
)

// sending is a message that a journey has sent by the time another comes due.
type sending struct {
	channel channels.Channel
	ago     time.Duration
}

// suspectCaps reports a message that a cap of the workspace or of the campaign
// cannot let through before it expires, because of the journey's own messages
// before it. Only stretches of steps whose times the file tells are looked at:
// messages by one channel, with plain waits between them.
func (c *campaignSuspicion) suspectCaps(steps []Step, list node) {
	var sent []sending
	places := written(steps, list)
	for i := range steps {
		step := &steps[i]
		switch {
		case step.Send != nil && step.Send.Ask == nil && len(step.channels()) == 1:
			ch := step.channels()[0]
			if limit, capped := c.capped(ch, sent, step.expires()); capped {
				c.warn(places[i], "the messages before it leave this one no room: at most "+itoa(limit.AtMost)+" per "+spell(limit.Per)+", and it is given up after "+spell(step.expires()),
					"wait longer before it, or let it wait with a longer \"expires:\"")
			}
			sent = append(sent, sending{channel: ch})
		case step.Kind == StepWait && step.Wait.For > 0:
			for j := range sent {
				sent[j].ago += step.Wait.For
			}
		case step.Send != nil, step.Kind == StepWait, step.Kind == StepSplit, step.Kind == StepBranch:
			sent = nil
		}
		for b, arm := range step.Branch {
			_, under := below(places[i], b)
			c.suspectCaps(arm.Steps, under)
		}
	}
}

// capped is a cap that messages sent some time ago fill for longer than another
// one waits.
func (c *campaignSuspicion) capped(ch channels.Channel, sent []sending, waits time.Duration) (Cap, bool) {
	for _, limit := range slices.Concat(c.workspace.Contact.Caps, c.campaign.Contact.Caps) {
		if limit.AtMost < 1 || !limit.covers(ch, c.campaign.Topic) { // a cap of none is a mistake by itself
			continue
		}
		counted := 0
		for _, s := range sent {
			if limit.covers(s.channel, c.campaign.Topic) && limit.Per-s.ago > waits {
				counted++
			}
		}
		if counted >= limit.AtMost {
			return limit, true
		}
	}
	return Cap{}, false
}
