package grammar

import "rapport/channels"

// Parts of patterns, in the syntax that RE2 and ECMAScript share.
const (
	aName     = `[a-z][a-z0-9]*([-_][a-z0-9]+)*`
	aClock    = `([01]?\d|2[0-3]):[0-5]\d`
	aSpan     = `(\d+w(\d+d)?(\d+h)?(\d+m)?(\d+s)?|\d+d(\d+h)?(\d+m)?(\d+s)?|\d+h(\d+m)?(\d+s)?|\d+m(\d+s)?|\d+s)`
	aDay      = `(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`
	aDate     = `\d{4}-` + aDay
	aDecimal  = `(0|[1-9]\d*)(\.\d+)?`
	aPercent  = `(100(\.0+)?|\d{1,2}(\.\d+)?)\s*%`
	aPhone    = `\+[1-9]\d{6,14}`
	aCountry  = `[A-Z]{2}`
	aLanguage = `[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*`
)

// inText are the shapes of a value that is text.
var inText = []string{"string"}

// The small values.
var (
	text = &Scalar{
		Name: "text", Title: "text", Shapes: inText, Pattern: `\S`, Examples: []string{"Ask how the order went"},
		Means: "Words as they are. What YAML would take for something else stands in quotes: a number, `yes`, a text with `: ` or ` #` in it.",
	}
	identifier = &Scalar{
		Name: "name", Title: "a name", Shapes: inText, Pattern: "^" + aName + "$", Examples: []string{"after-delivery"},
		Means: "Small letters, digits, hyphens and underscores, at most 64; it begins with a letter. Other places refer to it.",
	}
	word = &Scalar{
		Name: "word", Title: "a word", Shapes: inText, Pattern: `^[a-z][a-z0-9_]{0,63}$`, Examples: []string{"letter"},
		Means: "A name that conditions use: small letters, digits and underscores. A hyphen in it would be a minus.",
	}
	templateName = &Scalar{
		Name: "template-name", Title: "the name of a template", Shapes: inText, Pattern: `^[a-z0-9][a-z0-9_-]*$`, Examples: []string{"welcome"},
		Means: "The file's name in `templates/<channel>/` without its locale and ending: `welcome` for `welcome.liquid` and `welcome.de.liquid`.",
	}
	eventName = &Scalar{
		Name: "event", Title: "the name of an event", Shapes: inText, Pattern: `\S`, Examples: []string{"Order Delivered"},
		Means: "An event as the shop sends it, letter by letter.",
	}
	duration = &Scalar{
		Name: "duration", Title: "a duration", Shapes: inText, Pattern: "^" + aSpan + "$", Examples: []string{"24h", "90s", "15m", "3d", "2w", "1d12h"},
		Means: "Weeks `w`, days `d`, hours `h`, minutes `m`, seconds `s`; joined ones begin with the longer unit. A day is 24 hours, whatever the clocks do. Months and years differ in length and are not taken.",
	}
	clock = &Scalar{
		Name: "time-of-day", Title: "a time of day", Shapes: inText, Pattern: "^" + aClock + "$", Examples: []string{`"10:00"`, `"18:30"`},
		Means: "On the 24-hour clock.",
	}
	window = &Scalar{
		Name: "window", Title: "a window", Shapes: inText, Pattern: `^` + aClock + `\s*-\s*(` + aClock + `|24:00)$`, Examples: []string{`"09:30-12:00"`, `"22:00-02:00"`},
		Means: "From a time of day until another, which is not included. `22:00-02:00` crosses midnight, `00:00-24:00` is the whole day.",
	}
	instant = &Scalar{
		Name: "instant", Title: "a date", Shapes: inText, Pattern: `^` + aDate + `([ T]` + aClock + `)?$`, Examples: []string{"2026-12-05 10:00", "2026-12-01"},
		Means: "A date, and a time of day; midnight without one. The zone stands beside it.",
	}
	schedule = &Scalar{
		Name: "schedule", Title: "a schedule", Shapes: inText, Pattern: `^[^@\s]\S*(\s+\S+){4}$`, Examples: []string{`"0 10 * * MON"`, `"30 9 1 * *"`},
		Means: "Cron's five fields: minute, hour, day of the month, month, weekday. `0 10 * * MON` is every Monday at ten, `30 9 1 * *` the first of every month at half past nine.",
	}
	share = &Scalar{
		Name: "share", Title: "a share", Shapes: inText, Pattern: "^" + aPercent + "$", Examples: []string{"5%", "12.5%"},
		Means: "From `0%` to `100%`.",
	}
	money = &Scalar{
		Name: "budget", Title: "an amount of money per time", Shapes: inText, Pattern: `^` + aDecimal + `\s+[A-Z]{3}\s+per\s+` + aSpan + `$`, Examples: []string{"50 EUR per 1d", "99.50 EUR per 2w"},
		Means: "In the workspace's currency, within any such span of time: it rolls, and does not begin anew at midnight.",
	}
	day = &Scalar{
		Name: "day", Title: "a day", Shapes: inText, Pattern: `^(\d{4}-)?` + aDay + `$`, Examples: []string{"12-25", "2026-12-24"},
		Means: "Month and day, for every year, or a date.",
	}
	points = &Scalar{
		Name: "points", Title: "points with a sign", Shapes: []string{"integer", "string"}, Low: -1e9, High: 1e9, Pattern: `^[+-]\d{1,10}$`, Examples: []string{"+100", "-50"},
		Means: "+ gives them, - takes them.",
	}
	criterion = &Scalar{
		Name: "criterion", Title: "what must hold of the response", Shapes: inText, Examples: []string{"bounced < 3%", "csat >= 3.5"},
		Pattern: `^((bounced|complained|unsubscribed|failed)\s*<=?\s*` + aPercent + `|(delivered|opened|clicked|answered)\s*>=?\s*` + aPercent + `|(csat|nps)\s*>=?\s*` + aDecimal + `)$`,
		Means:   "An upper bound for what is bad: the shares `bounced`, `complained`, `unsubscribed`, `failed` of the messages sent. A lower bound for what is good: the shares `delivered`, `opened`, `clicked`, `answered`, and the mean scores `csat` and `nps`.",
	}
	price = &Scalar{
		Name: "price", Title: "a price", Shapes: []string{"number", "string"}, Pattern: "^" + aDecimal + "$", High: 1e9, Examples: []string{"0.08"},
		Means: "In the workspace's currency.",
	}
	condition = &Scalar{
		Name: "condition", Title: "a condition", Shapes: []string{"string", "boolean", "number"}, Pattern: `\S`, Examples: []string{"orders.count > 0", `reachable("call")`},
		Means: "What must hold, such as `orders.count > 0 and reachable(\"sms\")`.",
	}
	formula = &Scalar{
		Name: "formula", Title: "a formula", Shapes: []string{"string", "boolean", "number"}, Pattern: `\S`, Examples: []string{"event.order_id"},
		Means: "Written as a condition is, with any value: `event.order_id`, `orders.total / 10`, `'\"gold\"'` for a text.",
	}
	zone = &Scalar{
		Name: "zone", Title: "a time zone", Shapes: inText, Pattern: `^[A-Z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`, Examples: []string{"Europe/Berlin", "UTC"},
		Means: "By region and city, as the IANA time zone database has it.",
	}
	locale = &Scalar{
		Name: "locale", Title: "a language", Shapes: inText, Pattern: "^" + aLanguage + "$", Examples: []string{"en", "de-AT"},
		Means: "By its code (BCP 47), with the country where it matters.",
	}
	country = &Scalar{
		Name: "country", Title: "a country", Shapes: inText, Pattern: "^" + aCountry + "$", Examples: []string{"DE"},
		Means: "Two capital letters (ISO 3166).",
	}
	currency = &Scalar{
		Name: "currency", Title: "a currency", Shapes: inText, Pattern: `^[A-Z]{3}$`, Examples: []string{"EUR"},
		Means: "Three capital letters (ISO 4217).",
	}
	phone = &Scalar{
		Name: "phone", Title: "a phone number", Shapes: inText, Pattern: "^" + aPhone + "$", Examples: []string{`"+493012345678"`},
		Means: "With + and the country's code, without spaces, in quotes.",
	}
	mailbox = &Scalar{
		Name: "mailbox", Title: "an e-mail address", Shapes: inText, Pattern: `^[^@]+@[^@\s]+$`, Examples: []string{`"Shop <hello@shop.example>"`, "hello@shop.example"},
		Means: "Alone, or with a name before it.",
	}
	colour = &Scalar{
		Name: "colour", Title: "a colour", Shapes: inText, Pattern: `^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$`, Examples: []string{`"#14532d"`},
		Means: "Red, green and blue as style sheets write them, in quotes: YAML takes a bare `#` for the beginning of a remark.",
	}
	picture = &Scalar{
		Name: "picture", Title: "the address of a picture", Shapes: inText, Pattern: `^https://[A-Za-z0-9.-]+(:[0-9]+)?(/\S*)?$`, Examples: []string{"https://shop.example/logo.png"},
		Means: "Encrypted, because the pages that show it are.",
	}
	address = &Scalar{
		Name: "web-address", Title: "a web address", Shapes: inText, Pattern: `^https?://\S+$`, Examples: []string{"https://shop.example"},
		Means: "In full, with https://.",
	}
	hook = &Scalar{
		Name: "hook", Title: "an encrypted web address", Shapes: inText, Pattern: `^https://[^\s@#]+$`, Examples: []string{"https://crm.example/hook"},
		Means: "In full, with https:// and no port, name or password.",
	}
	liquid = &Scalar{
		Name: "line", Title: "text with fields", Shapes: inText, Pattern: `\S`, Examples: []string{`"Unhappy with {{ event.order_id | default: 'an order' }}"`},
		Means: "Text with fields in braces: `{{ event.order_id }}`, or with something else for those who have none, `{{ customer.first_name | default: 'friend' }}`.",
	}
	tag = &Scalar{
		Name: "tag", Title: "a tag to put on or take off", Shapes: inText, Pattern: "^[+-]" + aName + "$", Examples: []string{"+vip", "-lapsed"},
		Means: "+ puts it on, - takes it off.",
	}
	anything = &Scalar{Name: "value", Title: "any value", Examples: []string{"green"}}
	yes      = &Scalar{Name: "yes", Title: "true", Shapes: []string{"boolean"}, Yes: true, Examples: []string{"true"}}
)

// wholeNumber is a whole number within bounds.
func wholeNumber(low, high float64, example string) *Scalar {
	return &Scalar{Title: "a whole number", Shapes: []string{"integer"}, Low: low, High: high, Examples: []string{example}}
}

// The choices that stand in more than one place.
var (
	channel = &Words{"channel", "a channel", []Word{
		{string(channels.Email), "an e-mail"},
		{string(channels.SMS), "a text message"},
		{string(channels.Call), "a phone call that speaks and listens"},
		{string(channels.Push), "a notification of the browser"},
	}}
	weekday = &Words{"weekday", "a day of the week", append([]Word{
		{"weekdays", "Monday to Friday"},
		{"weekend", "Saturday and Sunday"},
	}, daysOfTheWeek...)}
	daysOfTheWeek = []Word{
		{"mon", "Monday"}, {"tue", "Tuesday"}, {"wed", "Wednesday"}, {"thu", "Thursday"}, {"fri", "Friday"}, {"sat", "Saturday"}, {"sun", "Sunday"},
	}
	anyTime = &Words{"any", "any", []Word{{"any", "always"}}}
	days    = Either{anyTime, weekday, &List{weekday, 1}}
	hours   = Either{anyTime, window, &List{window, 1}}
)
