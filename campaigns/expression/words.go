package expression

// Word is a field or a function of the language, as a book of reference tells
// it.
type Word struct {
	// Name is orders.count or days_since. Names in <> are the writer's own.
	Name string
	Type Type
	// Values is the closed list of what a text may be; nil when it is open.
	Values []string
	// Usage shows how a function is called; "" for fields.
	Usage   string
	Meaning string
}

// fieldMeanings are the fields in reading order: the table's, and those that
// name something of the writer's.
var fieldMeanings = [...]struct{ name, meaning string }{
	{"id", "the shop's own number or name for the customer"},
	{"email", "the e-mail address"},
	{"phone", "the phone number, with + and the country's code"},
	{"first_name", "the first name"},
	{"last_name", "the last name"},
	{"locale", "the language the customer reads, such as de or fa-IR"},
	{"country", "the country, in two capital letters (ISO 3166)"},
	{"city", "the city"},
	{"zone", "the customer's time zone, such as Europe/Berlin"},
	{"born_on", "the date of birth"},
	{"created_at", "when the customer became known"},
	{"kind", "what kind of customer: consumer, reseller, supplier, …"},
	{"tags", `the tags; ask with "vip" in tags`},
	{"traits.<name>", "a custom trait, with the type that rapport.yaml declares"},

	{"orders.count", "how many orders, without those that were cancelled or returned"},
	{"orders.total", "what these orders together were worth, in the workspace's currency; what is in another is left out"},
	{"orders.average", "orders.total divided by orders.count: an order of unknown worth, or in another currency, makes it less"},
	{"orders.first_at", "when the first of these orders was made"},
	{"orders.last_at", "when the latest of these orders was made"},
	{"orders.days_between", "the days between two of these orders on average"},
	{"orders.returned", "how many orders came back; one that was cancelled is none"},

	{"rfm.recency", "how lately they bought, from 1 (long ago) to 5 (lately), compared with all others"},
	{"rfm.frequency", "how often they buy, from 1 (seldom) to 5 (often)"},
	{"rfm.monetary", "how much they spend, from 1 (little) to 5 (much)"},
	{"pyramid", "the place in the customer pyramid by what they spend"},

	{"nps.score", "the latest answer to “would you recommend us”, 0 to 10"},
	{"nps.group", "the group that answer falls into: 9 and 10, 7 and 8, or less"},
	{"csat.last", "the latest answer to “how satisfied were you”, 1 to 5"},
	{"csat.average", "the average of those answers"},
	{"cases.open", "how many cases support has open for them"},
	{"cases.last_at", "when the latest case was opened"},

	{"points.balance", "the balance of their loyalty points"},
	{"tier", "their tier in the loyalty programme"},

	{"contacted.last_at", "when the latest message to them was sent"},
	{"contacted.last_7d", "how many messages were sent to them in the last seven days"},
	{"engagement.email_opened_at", "when they last opened an e-mail; mail programs open some by themselves"},
	{"engagement.email_clicked_at", "when they last followed a link in an e-mail"},
	{"engagement.sms_replied_at", "when they last answered a text message"},
	{"engagement.push_clicked_at", "when they last clicked a notification"},

	{"event.<property>", "a property of the event: the one that started the journey or, in a condition on an event, that event"},
	{"answers.<ask id>.score", "the score a question got, once it is answered"},
	{"answers.<ask id>.choice", "the choice that was made"},
	{"answers.<ask id>.text", "the words that were written or said"},
	{"steps.<id>.status", "what became of an earlier step of this journey"},
}

// ownTypes are the types of the fields that are no row of the table.
var ownTypes = map[string]Type{
	"traits.<name>": Any, "event.<property>": Any, "steps.<id>.status": String,
	"answers.<ask id>.score": Number, "answers.<ask id>.choice": String, "answers.<ask id>.text": String,
	pressure{}.name(): pressure{}.kind(),
}

// FieldWords lists every field a condition may name, in reading order.
func FieldWords() []Word {
	words := make([]Word, len(fieldMeanings))
	for i, row := range fieldMeanings {
		words[i] = Word{Name: row.name, Meaning: row.meaning, Type: ownTypes[row.name]}
		if f, known := fields[row.name]; known {
			words[i].Type, words[i].Values = f.typ, f.values
		}
	}
	return words
}

// functionMeanings are the functions in reading order.
var functionMeanings = [...]struct {
	name    string
	typ     Type
	meaning string
}{
	{"did", Number, "how often an event stands on the customer's timeline: ever, in the last so many days, or from one date until (not including) another"},
	{"consent", Bool, "whether a topic may be written about by a channel: by the customer's word, a later no of another profile with the same address, or the topic's default"},
	{"reachable", Bool, "whether there is an address for a channel that may be used: known, and not blocked"},
	{"in_segment", Bool, "whether the customer belongs to a segment"},
	{"days_since", Number, "whole days since a time; 0 within the first 24 hours"},
	{"hours_since", Number, "whole hours since a time"},
	{"days_to_anniversary", Number, "days until a date comes round again; 0 on the day itself"},
	{"now", Time, "this moment"},
}

// FunctionWords lists every function a condition may call, in reading order.
func FunctionWords() []Word {
	words := make([]Word, len(functionMeanings))
	for i, row := range functionMeanings {
		words[i] = Word{Name: row.name, Type: row.typ, Usage: usage[row.name], Meaning: row.meaning}
	}
	return words
}
