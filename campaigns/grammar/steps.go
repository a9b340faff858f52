package grammar

import (
	"rapport/campaigns"
	"rapport/customers"
	"rapport/deliveries"
)

// step is one step of a journey: the first key of each form is what it does.
func step() *Forms {
	return &Forms{"step", "a step", []*Object{
		form(campaigns.StepWait, "wait", Key{Type: Either{duration, wait()}, Means: "How long to pause, or what to wait for."}, id),
		message(campaigns.StepEmail, "send an e-mail", "The template in `templates/email/`."),
		message(campaigns.StepSMS, "send a text message", "The template in `templates/sms/`."),
		message(campaigns.StepCall, "make a phone call", "The script in `templates/call/`."),
		message(campaigns.StepPush, "send a notification to the browser", "The template in `templates/push/`."),
		reach(),
		ask(),
		form(campaigns.StepBranch, "go one way or another", Key{Type: &List{arm(), 1}, Example: "[{if: orders.count > 5, then: []}, {else: []}]", Means: "The ways; the first whose condition holds is taken."}, id),
		split(),
		form(campaigns.StepCase, "open a case for support", Key{Type: caseOf("case", "", string(customers.Normal), ""), Means: "What it is like."}, id),
		form(campaigns.StepSet, "change the profile", Key{Type: settings, Means: "What to change, each with a formula; `nil` forgets what is known."}, id),
		form(campaigns.StepTag, "put tags on or take them off", Key{Type: Either{tag, &List{tag, 0}}, Example: "[+vip, -lapsed]", Means: "The tags."}, id),
		form(campaigns.StepPoints, "give or take loyalty points", Key{Type: points, Means: "How many, with a sign."}, id),
		form(campaigns.StepConsent, "note what the customer agrees to hear about", Key{Type: consent(), Means: "The customer's word, as your own system knows it."}, id),
		form(campaigns.StepWebhook, "tell another system", Key{Type: webhook(), Means: "Whom to tell, and what. The journey goes on at once; the call is signed (Standard Webhooks) and repeated until it is taken."}, id),
		form(campaigns.StepEnter, "begin another campaign", Key{Type: identifier, Example: "follow-up", Means: "The campaign, which starts by an event or by hand. The customer enters it if it is live and they belong to its audience; this journey goes on, and its event goes along."}, id),
		form(campaigns.StepStop, "end the journey", Key{Type: yes, Means: "The journey is over here."}, id),
	}}
}

// form is a step that begins with a word of its own.
func form(kind campaigns.StepKind, title string, first Key, options ...Key) *Object {
	first.Name, first.Need = string(kind), true
	return &Object{"step-" + first.Name, title, append([]Key{first}, options...)}
}

var id = Key{Name: "id", Type: word, Otherwise: "nothing can ask about it", Means: "What conditions call this step: `steps.<id>.status`."}

// sending are the options of every step that sends.
var sending = []Key{
	{Name: "vars", Type: &Map{"vars", "values by name", nil, anything, "{gift: mug, percent: 10}"}, Otherwise: "none", Means: "Values for the template, which calls them `vars.<name>`."},
	{
		Name: "ambiguous", Otherwise: "`resend` for push, and for e-mails on a topic that customers are in by default; else `hold`", Means: "What to do when nobody knows whether a message was sent, because the provider's answer was lost.",
		Type: &Words{"ambiguous", "what to do in doubt", []Word{
			{string(deliveries.Hold), "never send it a second time"},
			{string(deliveries.Resend), "send it once more when no evidence turns up"},
		}},
	},
	{Name: "expires", Type: duration, Default: "3d", Means: "How long the message may be held by contact hours, caps, priority or budget before it is given up."},
}

var again = Key{Name: "retry", Type: retry(), Otherwise: "one attempt", Means: "When to call again somebody who was not reached."}

func retry() *Object {
	reasons := &Words{"unreached", "why a call reached nobody", []Word{
		{"busy", "the line was busy"},
		{"no_answer", "nobody picked up"},
		{"machine", "an answering machine did"},
	}}
	return &Object{"retry", "when to call again", []Key{
		{Name: "on", Type: &List{reasons, 0}, Default: "[busy, no_answer, machine]", Means: "After which ends of a call."},
		{Name: "every", Type: duration, Default: "4h", Means: "How long after the attempt before; contact hours hold."},
		{Name: "at_most", Type: wholeNumber(1, 20, "3"), Default: "2", Means: "How many further attempts, from 1 to 20."},
	}}
}

func message(kind campaigns.StepKind, title, means string) *Object {
	options := []Key{id}
	example := map[campaigns.StepKind]string{campaigns.StepCall: "satisfaction", campaigns.StepSMS: "apology", campaigns.StepPush: "discover"}[kind]
	if kind == campaigns.StepCall {
		options = append(options, again)
	}
	return form(kind, title, Key{Type: templateName, Means: means, Example: example}, append(options, sending...)...)
}

var by = Key{Name: "by", Type: Either{channel, &List{channel, 1}}, Need: true}

func reach() *Object {
	preferred := by
	preferred.Example = "[call, sms]"
	preferred.Means = "The channels. The first is the one the customer used last (a click or a reply in the last 180 days), else the first of the list."
	options := []Key{
		preferred,
		{Name: "fallback_after", Type: duration, Default: "2h", Means: "How long a channel has to deliver before the next one is taken. A channel that fails is left at once; none is tried after the customer said no."},
		id, again,
	}
	return form(campaigns.StepReach, "send by whichever channel gets through", Key{Type: templateName, Example: "news", Means: "The template, which stands in the folder of each channel."}, append(options, sending...)...)
}

func ask() *Object {
	ordered := by
	ordered.Example = "call"
	ordered.Means = "The channel, or several in order of preference: the first by which the customer can and may be reached, then the next when that fails."

	options := []Key{
		ordered,
		{Name: "template", Type: templateName, Need: true, Example: "satisfaction", Means: "The template that asks, by each of those channels."},
		{Name: "scale", Type: scales, Default: string(campaigns.CSAT5), Means: "How the answer is read."},
		{Name: "choices", Type: &List{text, 2}, Beside: "scale: choice", Example: "[bread, coffee]", Means: "What may be answered: by name, or by its place in the list as pressed on a telephone."},
		{Name: "answer_within", Type: duration, Default: "3d", Means: "How long to wait for the answer. Then the step is `unanswered`; a later answer is still recorded."},
		{Name: "threshold", Type: Either{&Words{"none", "none", []Word{{"none", "no answer opens a case, nor do words beside it"}}}, &Scalar{Name: "score", Title: "a score", Shapes: []string{"number"}, High: 10, Examples: []string{"3"}}}, Example: "3", Otherwise: "2 for csat5, 6 for nps, 0 for yesno", Means: "A score this low, or lower, opens a case at once. `none`: no answer does, nor words beside it."},
		{Name: "case", Type: caseOf("case-of-ask", "recovery", string(customers.High), "4h"), Means: "What such a case is like."},
		again,
	}
	question := Key{Type: word, Example: "csat", Means: "The question's name; the answer is `answers.<name>`, by whichever channel it came."}
	return form(campaigns.StepAsk, "ask a question", question, append(options, sending...)...)
}

var scales = &Words{"scale", "a scale", []Word{
	{string(campaigns.CSAT5), "satisfaction, 1 to 5"},
	{string(campaigns.NPS), "would you recommend us, 0 to 10"},
	{string(campaigns.YesNo), "yes (1) or no (0)"},
	{string(campaigns.Choice), "one of `choices`"},
	{string(campaigns.Text), "free words"},
}}

func wait() *Forms {
	return &Forms{"wait", "what to wait for", []*Object{
		{"wait-until", "a time of day to wait for", []Key{
			{Name: "until", Type: clock, Need: true, Means: "The next time the clock shows this."},
			{Name: "days", Type: days, Example: "weekdays", Default: "any", Means: "On one of these days."},
			{Name: "zone", Type: Either{eachCustomer, zone}, Example: "Europe/Berlin", Default: "customer", Means: "Whose clock."},
		}},
		{"wait-for", "an event to wait for", []Key{
			{Name: "for", Type: eventName, Need: true, Example: "Order Completed", Means: "The event of the customer that ends the wait: the step is then `happened`."},
			{Name: "where", Type: condition, Example: "event.total >= 20", Otherwise: "every such event", Means: "A condition on that event; `event` is the one that comes."},
			{Name: "at_most", Type: duration, Need: true, Example: "3d", Means: "How long to wait for it: after that the step is `timed_out` and the journey goes on."},
		}},
	}}
}

var eachCustomer = &Words{"customer", "customer", []Word{{"customer", "each customer's own clock"}}}

func split() *Object {
	paths := &Map{"paths", "paths by name", identifier, wayOfSplit(), "{long: {share: 50%, steps: [{email: welcome}]}, short: {share: 50%, steps: [{sms: apology}]}}"}
	return form(campaigns.StepSplit, "send people different ways, to compare them",
		Key{Type: word, Example: "letter", Means: "The split's name: `steps.<name>.status` is then `path long` and so on."},
		Key{Name: "paths", Type: paths, Need: true, Means: "The ways, at least two. Who goes which is drawn once for a person."},
		Key{Name: "winner", Type: winner(), Otherwise: "the shares make 100%", Means: "The best way, which all take whom the shares leave over."},
	)
}

func wayOfSplit() *Object {
	return &Object{"path", "a path", []Key{
		{Name: "share", Type: share, Need: true, Example: "50%", Means: "How many people take it."},
		{Name: "steps", Type: &List{Ref("step"), 0}, Need: true, Example: "[{email: welcome}]", Means: "Its steps; `[]` for none."},
	}}
}

func winner() *Object {
	return &Object{"winner", "how a path wins", []Key{
		{Name: "by", Need: true, Means: "What counts: the share of a path's messages that came this far, or further.", Type: &Words{"achievement", "how far messages come", []Word{
			{string(deliveries.Delivered), "they were handed over"},
			{string(deliveries.Opened), "e-mails were opened"},
			{string(deliveries.Clicked), "a link was followed"},
			{string(deliveries.Answered), "a question was answered"},
		}}},
		{Name: "after", Type: duration, Need: true, Example: "4h", Means: "How long messages have for it. It is decided so long after the first customer came here, pauses apart, or when `min_sample` messages of each path have had that time. Those left over wait until then."},
		{Name: "min_sample", Type: wholeNumber(1, 1_000_000, "200"), Default: "20", Means: "How many messages of each path must have been out for `after`. With fewer the decision waits, up to three times `after` from the first of them, and in a broadcast up to 26 hours longer for those whose clock or hours come later; then the best of the paths that have so many goes on, or of all where none has, the first without data. `rapport status` says where the difference may be chance."},
	}}
}

func consent() *Object {
	about := by
	about.Name, about.Example, about.Means = "channel", "[email, sms]", "The channel, or several."
	return &Object{"consent", "a consent", []Key{
		{Name: "topic", Type: identifier, Need: true, Example: "marketing", Means: "The topic of `rapport.yaml`."},
		about,
		{Name: "to", Need: true, Means: "What holds from now on.", Type: &Words{"to", "in or out", []Word{
			{"in", "they agree"},
			{"out", "they do not"},
		}}},
	}}
}

func webhook() *Object {
	return &Object{"webhook", "a webhook", []Key{
		{Name: "url", Type: hook, Need: true, Means: "The address that is told."},
		{Name: "body", Type: &Map{"body", "values by name", nil, anything, `{customer: "{{ customer.id }}", why: unhappy}`}, Need: true, Means: "What it is told. Texts may hold fields; those that may be missing need a default."},
	}}
}

func arm() *Forms {
	steps := &List{Ref("step"), 0}
	return &Forms{"arm", "a way of a branch", []*Object{
		{"arm-if", "a way with a condition", []Key{
			{Name: "if", Type: condition, Need: true, Means: "When this way is taken: this holds, and no condition before it did."},
			{Name: "then", Type: steps, Need: true, Example: "[{tag: +vip}]", Means: "The steps of this way; `[]` for none. The journey then goes on after the branch."},
		}},
		{"arm-else", "the way for all others", []Key{
			{Name: "else", Type: steps, Need: true, Example: "[{tag: +vip}]", Means: "The steps when no condition held. It stands last, and may be left out."},
		}},
	}}
}

// caseOf is a case with its usual values.
func caseOf(name, queue, priority, due string) *Object {
	return &Object{name, "a case", []Key{
		{Name: "queue", Type: text, Default: queue, Example: "recovery", Otherwise: "the common one", Means: "The queue it waits in."},
		{Name: "priority", Type: priorities, Default: priority, Means: "How pressing it is."},
		{Name: "due", Type: duration, Default: due, Example: "4h", Otherwise: "no clock runs", Means: "How soon somebody must have looked after it."},
		{Name: "title", Type: liquid, Otherwise: "the campaign's title", Means: "What it is about."},
		{Name: "note", Type: liquid, Otherwise: "none", Means: "What else support should know."},
	}}
}

var priorities = &Words{"priority", "how pressing", []Word{
	{string(customers.Urgent), "before everything"},
	{string(customers.High), "before the usual"},
	{string(customers.Normal), "the usual"},
	{string(customers.Low), "when there is time"},
}}

// settings are the profile fields a campaign may change, beside traits.
var settings = &Map{
	"set", "fields with their formulas",
	&Scalar{
		Name: "settable", Title: "a field that can be set", Shapes: inText, Examples: []string{"city"},
		Pattern: `^(traits\.[a-z][a-z0-9_]*|first_name|last_name|locale|country|city|zone|kind|tier)$`,
		Means:   "`traits.<name>`, or one of first_name, last_name, locale, country, city, zone, kind, tier.",
	},
	formula, `{traits.birthday_club: true, city: '"Berlin"'}`,
}
