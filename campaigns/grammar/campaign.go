package grammar

import "rapport/campaigns"

func campaign() *Object {
	return &Object{"campaign", "a campaign", []Key{
		{Name: "campaign", Type: identifier, Need: true, Means: "The campaign's name, unique in the workspace."},
		{Name: "title", Type: text, Means: "What it is, for people who read lists."},
		{Name: "owner", Type: text, Example: "support", Means: "The team that looks after it and is told when it stops by itself."},
		{Name: "topic", Type: identifier, Example: "service", Otherwise: "a campaign that sends anything needs one", Means: "The topic of `rapport.yaml` its messages belong to: who has not agreed to it hears nothing."},
		{Name: "state", Type: states, Default: string(campaigns.Draft), Means: "Whether it runs."},
		{Name: "priority", Type: wholeNumber(0, 100, "80"), Default: "50", Means: "Who goes first when the contact policy lets only one message through, from 0 to 100."},
		{Name: "trigger", Type: trigger(), Need: true, Means: "What starts it."},
		{Name: "audience", Type: audience(), Otherwise: "everybody", Means: "Who belongs."},
		{Name: "entry", Type: entry(), Means: "How often one customer may go through it."},
		{Name: "exit", Type: &List{exit(), 0}, Example: "[{event: Order Returned}]", Otherwise: "the journey goes to its end", Means: "What ends a journey at once, even in the middle of a wait."},
		{Name: "goal", Type: goal(), Otherwise: "nothing is counted", Means: "What the campaign is for. It is counted for those who entered and are not held out, and for the holdout, side by side."},
		{Name: "contact", Type: narrowing(), Otherwise: "the workspace's", Means: "Narrows the contact policy of the workspace for this campaign; it never widens it."},
		{Name: "budget", Type: money, Otherwise: "only the workspace's", Means: "What the campaign may spend on text messages and calls."},
		{Name: "holdout", Type: share, Otherwise: "nobody is held out", Means: "The share of people who enter, are never contacted, and are measured beside the others. It is drawn once for a person."},
		{Name: "rollout", Type: rollout(), Otherwise: "everybody at once", Means: "Lets people in by stages, as long as the response is good."},
		{Name: "utm", Type: utm(), Example: "{campaign: advent}", Otherwise: "the workspace's", Means: "What the links of its messages say of where visitors come from."},
		{Name: "steps", Type: &List{step(), 1}, Need: true, Example: "[{email: welcome}]", Means: "What happens, one after the other."},
	}}
}

var states = &Words{"state", "a campaign's state", []Word{
	{string(campaigns.Draft), "nobody enters, but it can be tested"},
	{string(campaigns.Live), "it runs"},
	{string(campaigns.Paused), "nobody enters, and messages wait"},
	{string(campaigns.Archived), "it is over, and journeys under way end"},
}}

func trigger() *Forms {
	return &Forms{"trigger", "what starts a campaign", []*Object{
		{"trigger-event", "an event starts it", []Key{
			{Name: "event", Type: eventName, Need: true, Means: "The event that makes a customer enter as soon as it stands on their timeline."},
			{Name: "where", Type: condition, Example: "event.total >= 60", Otherwise: "every such event", Means: "A condition on the event, and on the customer."},
			{Name: "delay", Type: duration, Otherwise: "at once", Means: "How long after the event the first step is taken."},
		}},
		{"trigger-once", "a broadcast at one moment", []Key{
			{Name: "once", Type: instant, Need: true, Means: "When the audience enters, all of it."},
			zoneOfClock, misfire,
		}},
		{"trigger-cron", "a broadcast that comes again", []Key{
			{Name: "cron", Type: schedule, Need: true, Means: "When the audience enters, each time anew."},
			zoneOfClock, misfire,
		}},
		{"trigger-segment", "customers who come to belong to a segment, or no longer do", []Key{
			{Name: "segment", Type: identifier, Need: true, Example: "lapsed", Means: "The segment whose members are watched. Who belongs when it is first looked at, or when its words change, does not enter."},
			{Name: "on", Default: string(campaigns.Entering), Means: "Which change makes a customer enter.", Type: &Words{"on", "a change", []Word{
				{string(campaigns.Entering), "they come to belong"},
				{string(campaigns.Leaving), "they belong no longer"},
			}}},
			{Name: "delay", Type: duration, Otherwise: "at once", Means: "How long after the change the first step is taken."},
		}},
		{"trigger-manual", "people start it by hand", []Key{
			{Name: "manual", Type: yes, Need: true, Means: "Support, the command line or the API start it for one customer."},
		}},
	}}
}

var (
	zoneOfClock = Key{Name: "zone", Type: Either{eachCustomer, zone}, Example: "Europe/Berlin", Otherwise: "the workspace's", Means: "Whose clock it goes by."}
	misfire     = Key{
		Name: "misfire", Default: "run_once", Means: "What becomes of a moment that passed while the program was not running.",
		Type: &Words{"misfire", "what becomes of a missed moment", []Word{
			{"run_once", "it runs late, within 24 hours"},
			{"skip", "it is left out"},
		}},
	}
)

func audience() *Object {
	return &Object{"audience", "an audience", []Key{
		{Name: "segment", Type: identifier, Example: "buyers", Otherwise: "everybody", Means: "Only members of this segment."},
		{Name: "where", Type: condition, Otherwise: "no further condition", Means: "Only those for whom this holds. It asks about customers, not about an event: that belongs to the trigger."},
		{Name: "except", Type: &List{identifier, 0}, Example: "[open-complaint]", Otherwise: "no exceptions", Means: "Nobody who belongs to one of these segments."},
	}}
}

func entry() *Object {
	return &Object{"entry", "the rule of entry", []Key{
		{Name: "key", Type: formula, Otherwise: "one journey at a time for a customer", Means: "What tells the journeys of one customer apart, such as the order: one journey at a time for each."},
		{
			Name: "again", Example: "after 30d", Otherwise: "`always`; `never` for `once` and `segment`",
			Means: "Whether a customer who has been through may enter again.",
			Type: Either{
				&Words{"again", "never or always", []Word{
					{"never", "once in a lifetime"},
					{"always", "every time"},
				}},
				&Scalar{Name: "again-after", Title: "`after` and a duration", Shapes: inText, Pattern: `^after\s+` + aSpan + `$`, Examples: []string{"after 30d"}, Means: "Counted from the end of the journey before; in a broadcast from run to run, however long sending took, so that with `after 7d` a weekly one comes every week."},
			},
		},
	}}
}

func exit() *Forms {
	return &Forms{"exit", "what ends a journey", []*Object{
		{"exit-event", "an event that ends the journey", []Key{
			{Name: "event", Type: eventName, Need: true, Example: "Order Returned", Means: "The event of the customer that ends the journey."},
			{Name: "where", Type: condition, Example: "event.total > 0", Otherwise: "every such event", Means: "A condition on that event."},
		}},
		{"exit-when", "a condition that ends the journey", []Key{
			{Name: "when", Type: condition, Example: `not reachable("call")`, Need: true, Means: "The journey ends when this holds."},
		}},
	}}
}

func goal() *Object {
	return &Object{"goal", "a goal", []Key{
		{Name: "event", Type: eventName, Need: true, Example: "Order Completed", Means: "The event of the customer that counts, every time it comes."},
		{Name: "where", Type: condition, Example: "event.total >= 20", Otherwise: "every such event", Means: "A condition on that event."},
		{Name: "within", Type: duration, Need: true, Example: "14d", Means: "How long after entering it counts."},
		{Name: "value", Type: formula, Example: "event.revenue", Otherwise: "only the number of events is reported", Means: "What one is worth, in the workspace's currency."},
	}}
}

func rollout() *Object {
	return &Object{"rollout", "a rollout", []Key{
		{Name: "stages", Type: &List{share, 2}, Need: true, Example: "[5%, 25%, 100%]", Means: "Growing shares of people, everybody the last. Who belongs to a stage is drawn once for a person."},
		{Name: "hold", Type: duration, Need: true, Example: "6h", Means: "How long a stage is watched before the next one opens, from the first message on that was sent in it."},
		{Name: "continue_if", Type: &List{criterion, 0}, Example: "[bounced < 3%, clicked >= 1%]", Otherwise: "the next stage opens in any case", Means: "What must hold of the response so far; all of it, or the campaign is paused."},
		{Name: "min_sample", Type: wholeNumber(1, 1_000_000, "200"), Default: "50", Means: "How many messages must have been sent before the response says anything. With fewer the stage is watched for another hold; after three, of which in a broadcast none counts while messages are to go yet, the owner is asked."},
		{Name: "otherwise", Default: "pause", Means: "What becomes of the campaign when something does not hold.", Type: &Words{"otherwise", "what happens then", []Word{
			{"pause", "it is paused, and a case tells its owner the numbers; `rapport resume` goes on"},
		}}},
	}}
}
