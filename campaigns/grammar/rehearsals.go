package grammar

import (
	"rapport/campaigns"
	"rapport/channels"
)

// rehearsal is a campaign test.
func rehearsal() *Object {
	return &Object{"test", "a campaign test", []Key{
		{Name: "test", Type: text, Need: true, Example: "an unhappy customer gets a case", Means: "What it shows, in a sentence."},
		{Name: "campaign", Type: identifier, Need: true, Example: "follow-up", Means: "The campaign that is tested. Those it hands customers over to play too."},
		{Name: "beside", Type: &List{identifier, 0}, Example: "[follow-up]", Otherwise: "no others", Means: "Further campaigns whose triggers work in the test."},
		{Name: "zone", Type: zone, Otherwise: "the workspace's", Means: "Whose clock the test's times are written by."},
		{Name: "start", Type: instant, Need: true, Example: "2026-12-01 11:00", Means: "When the test begins."},
		{Name: "customer", Type: person(), Example: "{id: c1, email: anna@home.example}", Otherwise: "`customers` are written", Means: "Who takes part."},
		{Name: "customers", Type: &List{person(), 1}, Beside: "no `customer`", Example: "[{id: c1, email: anna@home.example}, {id: c2}]", Means: "Who takes part, where they are several."},
		{Name: "rollout", Type: flag, Otherwise: "`false`", Means: "Whether the campaign's `rollout` lets people in stage by stage. Without it everybody is let in at once: whether one customer belongs to the first stage is chance."},
		{Name: "script", Type: &List{line(), 0}, Otherwise: "nothing", Means: "What happens, line by line."},
		{Name: "until", Type: Either{duration, instant}, Example: "30d", Otherwise: "the end of the script's last line if it is a wait, else 30 days after the script", Means: "When the test ends."},
		{Name: "expect", Type: &List{expectation(), 1}, Need: true, Example: "[{call: settled}, {never: email}]", Means: "What is to come of it, in the order of time."},
	}}
}

var (
	amount    = &Scalar{Name: "number", Title: "a number", Shapes: []string{"number"}, Examples: []string{"80"}}
	flag      = &Scalar{Name: "flag", Title: "true or false", Shapes: []string{"boolean"}, Examples: []string{"true", "false"}}
	agreement = &Scalar{
		Name: "consent-word", Title: "a topic and a channel", Shapes: inText, Pattern: `^-?` + aName + `/(email|sms|call|push)$`, Examples: []string{"marketing/email", "-marketing/sms"},
		Means: "What the customer agreed to; with a minus, what they said no to.",
	}
	plainTag = &Scalar{Name: "expected-tag", Title: "a tag", Shapes: inText, Pattern: `^[+-]?` + aName + `$`, Examples: []string{"vip", "-lapsed"}}
	with     = Key{Name: "with", Type: properties, Otherwise: "none", Means: "Its properties."}
	whose    = Key{Name: "customer", Type: text, Example: "c1", Otherwise: "the only one there is", Means: "Which of the customers, by id."}

	properties = &Map{"properties", "values by name", nil, anything, "{order_id: A1, total: 50}"}
)

// person is a customer of a test.
func person() *Object {
	history := &Object{"past-event", "an event of the past", []Key{
		{Name: "event", Type: eventName, Need: true, Means: "What happened."},
		{Name: "at", Type: instant, Need: true, Example: "2026-11-01", Means: "When."},
		with,
	}}
	o := profile("person", "a customer of the test")
	o.Keys = append(o.Keys, Key{Name: "history", Type: &List{history, 0}, Example: "[{event: Order Completed, at: 2026-11-01}]", Otherwise: "nothing", Means: "What stands on the timeline before the test begins."})
	return o
}

// profile is what a test says about a customer.
func profile(name, title string) *Object {
	const unknown = "not known"
	key := func(name string, t Type, example, means string) Key {
		return Key{Name: name, Type: t, Example: example, Otherwise: unknown, Means: means}
	}
	return &Object{name, title, []Key{
		{Name: "id", Type: text, Example: "c1", Otherwise: "`c1`", Means: "What the test calls them."},
		key("email", mailbox, "anna@home.example", "The e-mail address."),
		key("phone", phone, "", "The phone number."),
		key("push", flag, "true", "Whether their browser takes notifications."),
		key("first_name", text, "Anna", "The first name."),
		key("last_name", text, "Berg", "The last name."),
		key("locale", locale, "", "The language."),
		key("country", country, "", "The country."),
		key("city", text, "Berlin", "The city."),
		key("zone", zone, "", "The time zone."),
		{Name: "kind", Type: text, Example: "reseller", Otherwise: "consumer", Means: "What kind of customer."},
		key("tier", text, "gold", "The tier in the loyalty programme."),
		key("born_on", instant, "1980-05-06", "The date of birth."),
		{Name: "created_at", Type: instant, Example: "2025-01-01", Otherwise: "the start of the test", Means: "When they became known."},
		key("tags", &List{identifier, 0}, "[vip]", "Their tags."),
		key("traits", &Map{"trait-values", "values by trait", word, anything, "{favourite: coffee}"}, "", "Traits, as `rapport.yaml` declares them."),
		key("orders", orders(), "", "The totals of their orders."),
		key("points", wholeNumber(0, 1_000_000_000, "120"), "", "Their loyalty points."),
		key("cases", cases(), "", "Their complaints."),
		key("pyramid", pyramids, "", "The place in the customer pyramid."),
		key("rfm", ranks(), "", "The ranks by what they buy."),
		key("csat", wholeNumber(1, 5, "4"), "", "The latest satisfaction they told."),
		key("nps", wholeNumber(0, 10, "9"), "", "The latest answer to “would you recommend us”."),
		key("consents", &List{agreement, 0}, "[marketing/email, -marketing/sms]", "What they said yes or no to; the topic's default holds for all else."),
		key("suppressed", &List{channel, 0}, "[sms]", "Channels by which they are blocked."),
	}}
}

var pyramids = &Words{"pyramid", "a place in the pyramid", []Word{
	{"top", "the most valuable"}, {"big", "above the middle"}, {"medium", "the middle"}, {"small", "below it"}, {"inactive", "have not bought of late"},
}}

func orders() *Object {
	return &Object{"orders", "totals of orders", []Key{
		{Name: "count", Type: wholeNumber(0, 1_000_000, "3"), Otherwise: "0", Means: "How many."},
		{Name: "total", Type: amount, Example: "150.50", Otherwise: "0", Means: "What they were worth together."},
		{Name: "first_at", Type: instant, Example: "2025-03-01", Otherwise: "not known", Means: "When the first was made."},
		{Name: "last_at", Type: instant, Example: "2026-11-01", Otherwise: "not known", Means: "When the latest was made."},
		{Name: "returned", Type: wholeNumber(0, 1_000_000, "1"), Otherwise: "0", Means: "How many came back."},
	}}
}

func cases() *Object {
	return &Object{"cases", "complaints", []Key{
		{Name: "open", Type: wholeNumber(0, 1000, "1"), Otherwise: "0", Means: "How many are open."},
		{Name: "last_at", Type: instant, Example: "2026-11-20", Otherwise: "not known", Means: "When the latest was opened."},
	}}
}

func ranks() *Object {
	rank := wholeNumber(1, 5, "4")
	return &Object{"ranks", "ranks from 1 to 5", []Key{
		{Name: "recency", Type: rank, Otherwise: "not known", Means: "How lately they bought."},
		{Name: "frequency", Type: rank, Otherwise: "not known", Means: "How often they buy."},
		{Name: "monetary", Type: rank, Otherwise: "not known", Means: "How much they spend."},
	}}
}

// line is a line of a script.
func line() *Forms {
	after := Key{Name: "after", Type: duration, Example: "2h", Otherwise: "at the time of the line above", Means: "How long after the line above."}
	at := Key{Name: "at", Type: instant, Example: "2026-12-03 10:00", Beside: "no `after`", Means: "When, instead of `after`."}
	return &Forms{"line", "a line of a script", []*Object{
		{"line-when", "what a customer does when a message goes out", append([]Key{
			{Name: "when", Type: heard(), Need: true, Example: "{call: settled}", Means: "The message. Lines about the same message are taken in turn; the last serves for all that follow."},
			{Name: "customer", Type: text, Example: "c1", Otherwise: "any of them", Means: "Who, by id."},
			{Name: "after", Type: duration, Example: "20s", Otherwise: "at once", Means: "How long after the message went out."},
		}, acts()...)},
		{"line-event", "something happens in the shop", []Key{
			{Name: "event", Type: eventName, Need: true, Means: "The event."},
			with, whose, after, at,
		}},
		{"line-start", "support starts the campaign by hand", []Key{
			{Name: "start", Type: Either{&Scalar{Name: "by-hand", Title: "`manual`, or the campaign's name", Shapes: []string{"string", "boolean"}, Examples: []string{"manual"}}, properties}, Need: true, Means: "By hand; or what it is begun with, which the journey sees as its event."},
			with, whose, after, at,
		}},
		{"line-wait", "time passes", []Key{
			{Name: "wait", Type: duration, Need: true, Means: "How much."},
		}},
		{"line-customer", "a customer changes", []Key{
			{Name: "customer", Type: profile("change", "what becomes of a customer"), Need: true, Example: "{id: c1, city: Berlin}", Means: "What their profile says from now on."},
			after, at,
		}},
	}}
}

// heard is a message that customers answer to.
func heard() *Forms {
	f := &Forms{Name: "heard", Title: "a message"}
	for _, ch := range channel.Words {
		f.Forms = append(f.Forms, &Object{"heard-" + ch.Word, "a message by " + ch.Word, []Key{
			{Name: ch.Word, Type: text, Example: "any", Need: true, Means: "Its template, or `any`."},
		}})
	}
	f.Forms = append(f.Forms, &Object{"heard-ask", "a question, by any channel", []Key{
		{Name: "ask", Type: text, Example: "csat", Need: true, Means: "Its name, or `any`."},
	}})
	return f
}

// acts is what may be done about a message.
func acts() []Key {
	act := func(kind campaigns.ActKind, t Type, example, means string) Key {
		return Key{Name: string(kind), Type: t, Example: example, Otherwise: "not", Means: means}
	}
	firm := &Words{"bounce", "how firmly", []Word{{"hard", "for good"}, {"soft", "for now"}}}
	return []Key{
		act(campaigns.ActDeliver, yes, "", "It comes in, and no more. A message about which a test says nothing does so."),
		act(campaigns.ActIgnore, yes, "", "No word of it comes back, not even that it came in."),
		act(campaigns.ActOpen, yes, "", "The e-mail is opened."),
		act(campaigns.ActClick, Either{yes, text}, "true", "A link is followed, or this one."),
		act(campaigns.ActReply, text, "Thank you", "An answer in words."),
		act(campaigns.ActAnswer, Either{answer(), answerWord, &List{Either{answer(), answerWord}, 0}}, "{score: 1}", "An answer to the question, or several."),
		act(campaigns.ActBounce, Either{yes, firm}, "hard", "It comes back."),
		act(campaigns.ActComplain, yes, "", "It is reported as spam."),
		act(campaigns.ActUnsubscribe, yes, "", "They want no more of it."),
		act(campaigns.ActNoAnswer, yes, "", "Nobody picks up."),
		act(campaigns.ActBusy, yes, "", "The line is busy."),
		act(campaigns.ActMachine, yes, "", "An answering machine picks up."),
		act(campaigns.ActEvent, eventName, "Order Completed", "They do something in the shop."),
		{Name: "with", Type: properties, Beside: "`event`", Means: "The event's properties."},
	}
}

var answerWord = &Scalar{Name: "answer-word", Title: "an answer in a word", Shapes: []string{"number", "string", "boolean"}, Examples: []string{"5", "yes"}}

// answer comes in the forms of what is said first.
func answer() *Forms {
	score := &Scalar{Name: "given", Title: "a number or a word", Shapes: []string{"number", "string"}, Examples: []string{"4"}}
	chosen := &Scalar{Name: "chosen", Title: "a number or a word", Shapes: []string{"number", "string"}, Examples: []string{"bread"}}
	question := Key{Name: "question", Type: text, Example: "comment", Otherwise: "the one the step asks", Means: "Which question of a call's script."}
	words := Key{Name: "text", Type: text, Example: "It came late", Otherwise: "none", Means: "The words."}
	alone := words
	alone.Need, alone.Otherwise = true, ""
	return &Forms{"answer", "an answer", []*Object{
		{"answer-score", "a score", []Key{{Name: "score", Type: score, Need: true, Means: "The score."}, words, question}},
		{"answer-choice", "a choice", []Key{{Name: "choice", Type: chosen, Need: true, Means: "The choice."}, words, question}},
		{"answer-words", "words", []Key{alone, question}},
	}}
}

var neverWord = &Scalar{Name: "never-word", Title: "a channel, a template, `case` or `message`", Shapes: inText, Pattern: `\S`, Examples: []string{"email", "case", "message"}}

// expectation is a line of what is to come of a test.
func expectation() *Forms {
	never := &Object{"never", "what may not happen", []Key{
		{Name: "never", Type: Either{neverWord, &Forms{"expected", "what may happen", expected()}}, Example: "email", Need: true, Means: "A channel, a template, `case`, `message`; or an expectation, such as `{never: {tag: vip}}`."},
		{Name: "customer", Type: text, Example: "c1", Otherwise: "any of them", Beside: "a word after `never`", Means: "Whom, by id."},
	}}
	return &Forms{"expectation", "an expectation", append([]*Object{never}, expected()...)}
}

func expected() []*Object {
	forms := []*Object{
		expect("skipped", "a message that was not sent", text, "call", "The channel, the template, or `any`.",
			Key{Name: "reason", Type: text, Example: "capped", Otherwise: "any", Means: "The [reason](messages.md#why-a-message-was-skipped)."}),
		expect("failed", "a message that failed", text, "call", "The channel, the template, or `any`.",
			Key{Name: "reason", Type: text, Example: "no_answer", Otherwise: "any", Means: "The [reason](messages.md#why-a-message-failed)."}),
		expect("case", "a case is opened", text, "recovery", "The queue, or `any`.",
			Key{Name: "priority", Type: priorities, Otherwise: "any", Means: "How pressing it is."},
			Key{Name: "title", Type: text, Example: "Unhappy", Otherwise: "any", Means: "Words that stand in its title."}),
		expect("tag", "a tag is put on or taken off", plainTag, "vip", "The tag; with - it is taken off."),
		expect("set", "a field is set", text, "traits.birthday_club", "The field.",
			Key{Name: "to", Type: anything, Example: "true", Otherwise: "any value", Means: "What it is set to."}),
		expect("trait", "a trait is set", text, "birthday_club", "The trait.",
			Key{Name: "is", Type: anything, Example: "true", Otherwise: "any value", Means: "What it is set to."}),
		expect("points", "points are given or taken", points, "+100", "How many."),
		expect("consent", "a consent is noted", agreement, "marketing/sms", "The topic and the channel.",
			Key{Name: "to", Type: &Words{"to", "in or out", []Word{{"in", "they agree"}, {"out", "they do not"}}}, Otherwise: "in, or out with a minus", Means: "What is noted."}),
		expect("goal", "the goal is reached", Either{&Words{"reached", "reached or missed", []Word{{"reached", "at least once"}, {"missed", "never"}}}, flag}, "reached", "Whether it is.",
			Key{Name: "value", Type: amount, Example: "80", Otherwise: "any", Means: "What it is worth."}),
		expect("event", "an event is noted", text, "Order Completed", "The event, or `any`."),
		expect("enter", "a journey begins", text, "follow-up", "The campaign, or `any`."),
		{"expect-status", "where things stand at the end", []Key{
			{Name: "status", Type: text, Example: "entry finished", Need: true, Means: "`entry running`, `entry finished`, `entry left`; or a step's, such as `steps.csat unanswered`."},
			{Name: "why", Type: text, Example: "event Order Returned", Otherwise: "for any reason", Means: "Why it ended."},
			{Name: "customer", Type: text, Example: "c1", Otherwise: "any of them", Means: "Whose, by id."},
		}},
	}
	message := []Key{
		{Name: "by", Type: channel, Example: "call", Otherwise: "any channel", Means: "The channel it goes by."},
		{Name: "says", Type: text, Example: "Hello", Otherwise: "anything", Means: "Words that stand in it."},
	}
	forms = append(forms, expect("ask", "a question is asked", text, "csat", "Its name.", message...))
	for _, ch := range append(channels.All(), channels.Webhook) {
		forms = append(forms, expect(string(ch), "a message by "+string(ch)+" is sent", text, "any", "Its template (of a webhook, its address), or `any`.", message...))
	}
	return forms
}

// expect is an expectation with its bounds.
func expect(key, title string, t Type, example, means string, further ...Key) *Object {
	o := &Object{"expect-" + key, title, []Key{{Name: key, Type: t, Example: example, Need: true, Means: means}}}
	o.Keys = append(append(o.Keys, further...),
		Key{Name: "customer", Type: text, Example: "c1", Otherwise: "any of them", Means: "Whom, by id."},
		Key{Name: "at", Type: instant, Example: "2026-12-02 11:00", Otherwise: "any time", Means: "The minute, or the day, in which it happens."},
		Key{Name: "after", Type: Either{duration, instant}, Example: "2h", Otherwise: "any time", Means: "Not before this moment, or so long after what was met before."},
		Key{Name: "before", Type: instant, Example: "2026-12-24", Otherwise: "any time", Means: "Before this moment."},
		Key{Name: "within", Type: duration, Example: "3d", Otherwise: "any time", Means: "At most so long after what was met before."},
	)
	return o
}
