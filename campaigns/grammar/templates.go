package grammar

// spoken is text of a template; numbers are read as they are written.
var spoken = &Scalar{
	Name: "spoken", Title: "text with fields", Shapes: []string{"string", "number", "boolean"}, Examples: []string{`"Hello {{ customer.first_name | default: 'there' }}"`},
	Means: "Text with fields in braces, such as {{ customer.first_name | default: 'there' }}.",
}

func callScript() *Object {
	return &Object{"call-script", "the script of a call", []Key{
		{Name: "say", Type: spoken, Means: "The words the call begins with."},
		{Name: "ask", Type: &List{question(), 0}, Example: "[{id: csat, say: How satisfied were you, expect: digits 1-5}]", Otherwise: "no questions", Means: "The questions, one after the other."},
		{Name: "transfer", Type: transfer(), Example: `{when: answers.csat.score <= 2, to: "+493012345678"}`, Otherwise: "nobody is put through", Means: "Who is put through to a colleague."},
		{Name: "bye", Type: spoken, Means: "The last words."},
		{Name: "voicemail", Type: spoken, Example: "hang_up", Default: "hang_up", Means: "The words to leave on an answering machine; `hang_up` leaves none, and lets `retry: {on: [machine]}` call again."},
		{Name: "stop", Type: spoken, Example: `"Press nine to never be called again."`, Otherwise: "usual words in the script's language, before the first question", Means: "How not to be called again; `unsaid` leaves it out. The key works all the same: 9, or `*` where a question takes 9 as an answer."},
		{Name: "stopped", Type: spoken, Otherwise: "usual words in the script's language", Means: "The last words to somebody who does not want to be called again."},
		{Name: "late", Type: spoken, Otherwise: "usual words in the script's language", Means: "The last words to somebody whom the call reached outside contact hours, because it had to wait at the provider. It is tried again in time."},
	}}
}

func question() *Forms {
	questionID := &Scalar{Name: "question-name", Title: "a name", Shapes: inText, Pattern: `^[a-z0-9][a-z0-9_-]*$`, Examples: []string{"csat"}}
	common := []Key{
		{Name: "id", Type: questionID, Need: true, Means: "The question's name: the campaign's, for the one it asks."},
		{Name: "say", Type: spoken, Need: true, Means: "The question."},
		{Name: "reprompt", Type: wholeNumber(0, 5, "2"), Default: "0", Means: "How often to ask again somebody who says nothing, or nothing clear, at most 5."},
	}
	return &Forms{"question", "a question", []*Object{
		{"question-expect", "a question with an answer to choose", append([]Key{{
			Name: "expect", Need: true, Means: "What answers there are: a number up to 10, yes or no, or free speech. Numbers, yes and no may be pressed or said.",
			Type: &Scalar{Name: "expect", Title: "`digits 1-5`, `yes_no` or `speech`", Shapes: inText, Pattern: `^(digits \d-(\d|10)|yes_no|speech)$`, Examples: []string{"digits 1-5", "yes_no", "speech"}},
		}}, common...)},
		{"question-record", "a question whose answer is recorded", append([]Key{{
			Name: "record", Need: true, Means: "How long to record, at most 5 minutes.",
			Type: &Scalar{Name: "recording", Title: "a duration", Shapes: inText, Pattern: `^\d+(m(\d+s)?|s)$`, Examples: []string{"60s", "2m"}},
		}}, common...)},
	}}
}

func transfer() *Object {
	return &Object{"transfer", "a transfer", []Key{
		{Name: "when", Need: true, Means: "After which answer.", Type: &Scalar{
			Name: "low-score", Title: "a low score", Shapes: inText, Pattern: `^\s*answers\.[a-z0-9_-]+\.score\s*<=?\s*(\d|10)\s*$`, Examples: []string{"answers.csat.score <= 2"},
		}},
		{Name: "to", Type: &Scalar{Name: "number", Title: "a phone number", Shapes: inText, Pattern: `^` + aPhone + `$|\{\{`, Examples: []string{`"+493012345678"`}}, Need: true, Means: "The number, or the field that holds it."},
		{Name: "say", Type: spoken, Means: "What the customer hears before."},
		{Name: "hours", Type: &List{window, 1}, Example: `["09:00-18:00"]`, Otherwise: "somebody is always there", Means: "When somebody is there to take the call, by the workspace's clock; at other times the customer hears the goodbye."},
		{Name: "ring", Type: &Scalar{Name: "ringing", Title: "a duration", Shapes: inText, Pattern: `^\d+(m(\d+s)?|s)$`, Examples: []string{"20s"}}, Default: "20s", Means: "How long the colleague's phone rings, at most 2 minutes."},
		{Name: "sorry", Type: spoken, Otherwise: "usual words in the script's language", Means: "What the customer hears when nobody takes the call. The case is urgent then."},
		{Name: "record", Type: flag, Default: "false", Means: "Whether to keep a recording of what the two say. Tell both before: in many countries the law asks for it."},
	}}
}

func notification() *Object {
	return &Object{"notification", "a notification", []Key{
		{Name: "title", Type: spoken, Need: true, Example: "It is back", Means: "The line in bold."},
		{Name: "body", Type: spoken, Means: "The text below it."},
		{Name: "icon", Type: spoken, Example: "https://shop.example/icon.png", Otherwise: "the browser's", Means: "The picture beside it, by its web address."},
		{Name: "image", Type: spoken, Example: "https://shop.example/loaf.jpg", Otherwise: "none", Means: "A large picture below the words, by its web address."},
		{Name: "badge", Type: spoken, Example: "https://shop.example/badge.png", Otherwise: "the browser's", Means: "The small sign in a phone's status bar, by its web address."},
		{Name: "url", Type: spoken, Example: `"{{ event.url }}"`, Otherwise: "nothing opens", Means: "The page a click opens."},
		{Name: "tag", Type: spoken, Example: "stock", Otherwise: "each stands by itself", Means: "A later notification with the same tag takes the place of this one."},
		{Name: "actions", Type: &List{action(), 0}, Example: "[{id: buy, title: Buy now, url: \"https://shop.example\"}]", Otherwise: "no buttons", Means: "Up to two buttons."},
		{Name: "ttl", Otherwise: "the provider's setting, usually 24h", Means: "How long a push service keeps it for a browser that is away; `0s` is now or never, `28d` the most.", Type: &Scalar{
			Name: "lifetime", Title: "a length of time", Shapes: inText, Pattern: `^\d{1,7}[smhd]$`, Examples: []string{"6h", "30m", "2d"},
		}},
		{Name: "urgency", Otherwise: "the provider's setting, usually normal", Means: "What a phone that saves its battery may put off.", Type: &Words{"urgency", "an urgency", []Word{
			{"very-low", "when the phone is charging and online without paying for it"},
			{"low", "when the phone is charging or online without paying for it"},
			{"normal", "when the phone is not saving its battery"},
			{"high", "at once, even when the battery is low"},
		}}},
		{Name: "require_interaction", Type: flag, Default: "false", Means: "Whether it stays until the customer does something, where a browser can."},
	}}
}

func action() *Object {
	return &Object{"action", "a button", []Key{
		{Name: "id", Type: spoken, Need: true, Example: "buy", Means: "Its name."},
		{Name: "title", Type: spoken, Need: true, Example: "Buy now", Means: "What stands on it."},
		{Name: "url", Type: spoken, Example: "https://shop.example", Otherwise: "the notification's", Means: "The page it opens."},
	}}
}
