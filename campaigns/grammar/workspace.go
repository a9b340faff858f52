package grammar

import "rapport/channels"

func workspace() *Object {
	return &Object{"workspace", "a workspace", []Key{
		{Name: "workspace", Type: identifier, Need: true, Example: "shop", Means: "The workspace's name."},
		{Name: "brand", Type: brand(), Means: "Who the messages come from. Templates call it `brand`."},
		{Name: "locale", Type: locale, Need: true, Means: "The language messages fall back to when a template is not written in the customer's own."},
		{Name: "zone", Type: zone, Need: true, Means: "Whose clock the shop lives by."},
		{Name: "currency", Type: currency, Need: true, Means: "What the shop counts in: orders, budgets, prices."},
		{Name: "traits", Type: traits, Otherwise: "none", Means: "What is known of your customers beside the usual profile, each with its type. Conditions call it `traits.<name>`."},
		{Name: "events", Type: &List{eventName, 0}, Example: "[Order Completed, Order Delivered]", Otherwise: "any name is taken", Means: "The events that your shop sends. Where they are listed, another name in a campaign is told as suspicious."},
		{Name: "topics", Type: &List{topic(), 0}, Example: "[{id: service, default: in}, {id: marketing, default: out}]", Otherwise: "none, so nothing can be sent", Means: "What customers may or may not want to hear about. Every campaign that sends belongs to one."},
		{Name: "senders", Type: senders(), Otherwise: "nothing is sent by a channel without one; push needs none", Means: "How the shop appears on each channel."},
		{Name: "replies", Type: replies(), Otherwise: "words of the program", Means: "What answers STOP, START, \"Do not call me\" and HELP by text, at most once a day for each number; nothing where the provider has answered already."},
		{Name: "contact", Type: contact(), Otherwise: "no limits, and no text messages or calls to any country", Means: "When, how often and where customers may be contacted, whatever a campaign says."},
		{Name: "budget", Type: byChannel("budget-by-channel", "budgets by channel", "What all campaigns together may spend on this channel.", money, ""), Example: "{sms: 60 EUR per 1d, call: 100 EUR per 1d}", Otherwise: "no limit", Means: "What all campaigns together may spend."},
		{Name: "utm", Type: utm(), Example: "{source: newsletter}", Otherwise: "nothing is added to links", Means: "What the links of e-mails, text messages and notifications say of where visitors come from, for the shop's own statistics. It is added when a message is written; never to links of ours, nor to those that say so already."},
		{Name: "prices", Type: prices(), Otherwise: "messages cost nothing", Means: "What messages cost, which budgets count."},
	}}
}

// utm is written in rapport.yaml and in campaigns.
func utm() Either {
	return Either{
		&Words{"no-utm", "none", []Word{{"none", "links stay as they are"}}},
		&Object{"utm", "where visitors come from", []Key{
			{Name: "source", Type: text, Example: "newsletter", Otherwise: "the workspace's name", Means: "`utm_source`."},
			{Name: "medium", Type: text, Example: "email", Otherwise: "the channel", Means: "`utm_medium`."},
			{Name: "campaign", Type: text, Example: "advent", Otherwise: "the campaign's name", Means: "`utm_campaign`."},
		}},
	}
}

func brand() *Object {
	return &Object{"brand", "the brand", []Key{
		{Name: "name", Type: text, Example: "Lindenhof", Means: "Its name."},
		{Name: "url", Type: address, Means: "Its web address."},
		{Name: "address", Type: text, Example: "Lindenstraße 1, 10969 Berlin", Means: "Its postal address, which the law of many countries wants in every offer."},
		{Name: "support_phone", Type: phone, Means: "The number of its support."},
		{Name: "color", Type: colour, Otherwise: "blue", Means: "Its colour: buttons of the pages that customers see. What is written on it is black or white, whichever reads better."},
		{Name: "logo", Type: picture, Otherwise: "the name in letters", Means: "Its logo, at the top of these pages."},
	}}
}

var traits = &Map{
	"traits", "traits with their types", word,
	&Words{"trait-type", "the type of a trait", []Word{
		{"bool", "yes or no"},
		{"number", "a number"},
		{"string", "text"},
		{"date", "a date"},
	}},
	"{birthday_club: bool, favourite: string}",
}

func topic() *Object {
	return &Object{"topic", "a topic", []Key{
		{Name: "id", Type: identifier, Need: true, Example: "marketing", Means: "What campaigns call it."},
		{Name: "title", Type: Either{text, titles}, Example: "Offers and news", Means: "What customers read on the preferences page; by language where they read several."},
		{Name: "default", Default: "out", Example: "in", Means: "What holds for a customer who has said nothing.", Type: &Words{"default", "in or out", []Word{
			{"in", "they hear about it until they say no"},
			{"out", "they hear nothing until they say yes"},
		}}},
	}}
}

var titles = &Map{"titles", "words by language", locale, text, "{en: Offers and news, de: Angebote und Neues}"}

func senders() *Object {
	return &Object{"senders", "senders by channel", []Key{
		{Name: string(channels.Email), Means: "Who e-mails come from.", Type: &Object{"sender-email", "the sender of e-mails", []Key{
			{Name: "from", Type: mailbox, Need: true, Means: "The address they come from."},
			{Name: "reply_to", Type: mailbox, Example: "hello@shop.example", Otherwise: "the address they come from", Means: "Where answers go."},
		}}},
		{Name: string(channels.SMS), Means: "Who text messages come from.", Type: &Object{"sender-sms", "the sender of text messages", []Key{
			{Name: "from", Need: true, Means: "The number or the name they come from.", Type: smsSender},
			{Name: "by_country", Type: &Map{"senders-by-country", "senders by country", country, smsSender, `{AT: Lindenhof, GB: "+442079460123"}`}, Otherwise: "the same everywhere", Means: "Who text messages to a country come from, in place of `from`. The country is the number's."},
		}}},
		{Name: string(channels.Call), Means: "Who calls come from.", Type: &Object{"sender-call", "the sender of calls", []Key{
			{Name: "from", Type: phone, Need: true, Means: "The number they come from."},
			{Name: "voice", Type: &Map{"voices", "voices by language", locale, text, "{en: Polly.Joanna, de: Polly.Vicki}"}, Otherwise: "the provider's", Means: "The voice that speaks each language, by the provider's name for it."},
		}}},
		{Name: string(channels.Push), Example: "{}", Means: "Nothing needs to be said here.", Type: &Object{Name: "sender-push", Title: "the sender of notifications"}},
	}}
}

var smsSender = &Scalar{
	Name: "sms-sender", Title: "a phone number, or a name", Shapes: inText, Examples: []string{`"+493012345678"`, "Lindenhof"},
	Pattern: `^(` + aPhone + `|[1-9][0-9]{2,7}|[A-Za-z0-9 ]{0,10}[A-Za-z][A-Za-z0-9 ]{0,10}|MG[0-9a-f]{32})$`,
	Means:   "A number, a short code, a name of at most eleven letters, or a messaging service of the provider. Nobody can answer a name, and some countries deliver none, the United States and Canada among them.",
}

func replies() *Object {
	words := func(name, example string) *Map { return &Map{name, "words by language", locale, text, example} }
	return &Object{"replies", "what answers texts by itself", []Key{
		{Name: "stopped", Type: words("reply-stopped", "{en: You will get no more texts from us.}"), Otherwise: "words of the program, in the customer's language", Means: "After an opt-out such as STOP."},
		{Name: "started", Type: words("reply-started", "{en: You will get our texts again.}"), Otherwise: "words of the program", Means: "After an opt-out was taken back, such as by START."},
		{Name: "no_calls", Type: words("reply-no-calls", "{en: We will not call you any more.}"), Otherwise: "words of the program", Means: "After a text that wants no more calls, such as \"Do not call me\". Texts go on."},
		{Name: "help", Type: words("reply-help", `{en: "Lindenhof. Ring us at +49 30 12345678, weekdays from 9 to 6."}`), Otherwise: "the brand's name, `support_phone` and `url`", Means: "After HELP or INFO."},
	}}
}

func prices() *Object {
	perCountry := func(name, title, example string) *Map { return &Map{name, title, country, price, example} }
	return &Object{"prices", "prices by channel", []Key{
		{Name: string(channels.SMS), Type: perCountry("price-of-sms", "prices by country", "{DE: 0.08, AT: 0.07}"), Otherwise: "nothing", Means: "For one segment of a text message, by the customer's country. A long message has several."},
		{Name: string(channels.Call), Type: perCountry("price-of-call", "prices by country", "{DE: 0.05, AT: 0.06}"), Otherwise: "nothing", Means: "For one minute of a call, begun or whole."},
	}}
}

func segment() *Object {
	return &Object{"segment", "a segment", []Key{
		{Name: "segment", Type: identifier, Need: true, Example: "gold", Means: "The segment's name, unique in the workspace."},
		{Name: "title", Type: text, Example: "Bought twice or more, and not for four months", Means: "Who they are, for people who read lists."},
		{Name: "where", Type: condition, Need: true, Means: "Who belongs."},
		{Name: "except", Type: &List{identifier, 0}, Example: "[open-complaint]", Otherwise: "no exceptions", Means: "Nobody who belongs to one of these segments."},
	}}
}
