package expression_test

import (
	"strings"
	"testing"

	"rapport/campaigns/expression"
)

// journey is a scope in which everything may be named.
func journey() expression.Scope {
	return expression.Scope{
		Traits: map[string]expression.Type{
			"birthday_club": expression.Bool, "shoe_size": expression.Number,
			"favourite": expression.String, "renewed_on": expression.Time, "strange": expression.List,
		},
		Topics:     map[string]bool{"service": true, "marketing": false},
		Segments:   map[string]*expression.Program{"gold": nil, "open-complaint": nil},
		Event:      true,
		Answers:    []string{"csat", "comment"},
		Steps:      []string{"csat", "follow-up"},
		MoneyScale: 100,
		Want:       expression.Bool,
	}
}

func TestMistakesAreNamedAndMended(t *testing.T) {
	for _, c := range []struct {
		source  string
		offset  int
		message string
		mend    string // a part of it
	}{
		// Names.
		{`orders.cuont > 3`, 0, "there is no field orders.cuont", "write orders.count"},
		{`"é" == tier and ordrs.count > 3`, 17, "there is no field ordrs.count", "write orders.count"},
		{`customer.first_name == "Ada"`, 0, "there is no field customer.first_name", "write first_name"},
		{`orders == 3`, 0, "there is no field orders", "orders has average, count"},
		{`contacted.ever > 3`, 0, "there is no field contacted.ever", "contacted has last_7d, last_at"},
		{`tier == gold`, 8, "there is no field gold", `"gold" in quotes if it is a text`},
		{`now > created_at`, 0, "there is no field now", "it is a function: now()"},
		{`traits.shoe_siz > 40`, 0, `there is no trait "shoe_siz"`, "write traits.shoe_size"},
		{`traits.zzz`, 0, `there is no trait "zzz"`, "birthday_club, favourite"},
		{`traits.strange == nil`, 0, `trait "strange" has a name or a type that conditions cannot read`, ""},
		{`consent("marketin", "sms")`, 8, `there is no topic "marketin"`, `write "marketing"`},
		{`consent("service", "letter")`, 19, `there is no channel "letter"`, "known: email, sms, call, push"},
		{`in_segment("golden")`, 11, `there is no segment "golden"`, `write "gold"`},
		{`answers.cast.score > 3`, 0, `there is no question "cast"`, "write answers.csat.score"},
		{`answers.csat.stars > 3`, 0, "answers.csat.stars is no part of an answer", ".score, .choice or .text"},
		{`steps.csta.status == "sent"`, 0, `there is no step "csta"`, "write steps.csat.status"},
		{`steps.follow-1 == nil`, 0, `there is no step "follow"`, `write steps["follow-up"].status`},
		{`steps.csat.state == "sent"`, 0, "steps.csat.state is nothing known about a step", "steps.<id>.status"},
		{`steps.csat.status == "unansered"`, 21, `steps.csat.status is never "unansered"`, `write "unanswered"; it is one of planned, queued`},
		{`pyramid in ["top", "huge"]`, 19, `pyramid is never "huge"`, "it is one of top, big, medium, small, inactive"},
		{`day_since(created_at) > 3`, 0, "there is no function day_since", "write days_since(created_at)"},
		{`len(tags) > 1`, 0, "there is no function len", "functions are consent, days_since"},
		{`event`, 0, "event is not a value", "event.total"},

		// Types.
		{`orders.count == "many"`, 0, "orders.count is a number and is compared with a string", "orders.count > 3"},
		{`days_since(orders.last_at) > "30 days"`, 0, "days_since(orders.last_at) is a number and is compared with a string", "write 30 without quotes"},
		{`tier == 3`, 0, "tier is a string and is compared with a number", `put it in quotes: "3"`},
		{`orders.count == "3"`, 0, "orders.count is a number and is compared with a string", "write 3 without quotes"},
		{`created_at > 30`, 0, "created_at is a time and is compared with a number", "days_since(created_at) > 30"},
		{`created_at > "soon"`, 13, `"soon" is compared with a time and is no date`, "2026-12-01"},
		{`created_at > "2026-02-30"`, 13, `"2026-02-30" is compared with a time and is no date`, "2026-12-01"},
		{`traits.birthday_club == 1`, 0, "traits.birthday_club is true or false and is compared with a number", "or not traits.birthday_club"},
		{`tags == "vip"`, 0, "tags is a list and is compared with ==", `write "vip" in tags`},
		{`tier < nil`, 0, "nothing is less or more than nil", "== or !="},
		{`(tier == "a") < (tier == "b")`, 1, "true and false have no order", "== or !="},
		{`orders.count`, 0, "orders.count is a number, but a condition is needed here", "orders.count > 0"},
		{`tier and true`, 0, "tier is a string, but a condition is needed here", "tier != nil"},
		{`tags or true`, 0, "tags is a list, but a condition is needed here", `"vip" in tags`},
		{`country == "DE" or "AT"`, 19, `"AT" is a string, but a condition is needed here`, `write country in ["DE", "AT"]`},
		{`country == "DE" or "AT" or "CH"`, 19, `"AT" is a string, but a condition is needed here`, `write country in ["DE", "AT", "CH"]`},
		{`"DE" or "AT" == country`, 0, `"DE" is a string, but a condition is needed here`, `compare a field with it, such as city == "DE"`},
		{`"DE" or country == "AT"`, 0, `"DE" is a string, but a condition is needed here`, `write country in ["AT", "DE"]`},
		{`country != "DE" and "AT"`, 20, `"AT" is a string, but a condition is needed here`, `write country not in ["DE", "AT"]`},
		{`country not in ["DE", "CH"] and "AT"`, 32, `"AT" is a string, but a condition is needed here`, `write country not in ["DE", "CH", "AT"]`},
		{`email endsWith ".de" or ".at"`, 24, `".at" is a string, but a condition is needed here`, `write email endsWith ".at"`},
		{`orders.count == 3 or 4`, 21, "4 is a number, but a condition is needed here", "write orders.count in [3, 4]"},
		{`country == "DE" or 4`, 19, "4 is a number, but a condition is needed here", "compare a field with it, such as orders.count > 4"},
		{`"vip"`, 0, `"vip" is a string, but a condition is needed here`, `compare a field with it, such as city == "vip"`},
		{`not tier == "gold"`, 0, "not takes tier alone, which is a string and no condition", "not (tier == …)"},
		{`orders.count + tier > 3`, 15, "tier is a string; + takes numbers", ""},
		{`now() - created_at > 3`, 8, "created_at is a time; - takes numbers", "days_since(created_at)"},
		{`orders.total % 2 == 1`, 0, "orders.total may have a fraction; % takes whole numbers", ""},
		{`days_since(tier) > 1`, 11, "tier is a string; days_since takes a time", "days_since(created_at)"},
		{`"vip" in tier`, 9, "tier is a string; in takes a list", "contains"},
		{`3 in tags`, 0, "3 is a number; the list holds strings", ""},
		{`tier in []`, 8, "the list is empty: nothing is in it", ""},
		{`tier in ["a", 3]`, 14, "tier is a string and is compared with a number", ""},
		{`tier in ["a", nil]`, 14, "nil does not stand in a list", "or tier == nil"},
		{`tier in ["a", city]`, 14, "city is no literal; a list holds texts, numbers, dates, true and false", "=="},
		{`[1] == 1`, 0, "a list stands only after in", `x in ["a", "b"]`},
		{`tier contains ""`, 14, "contains takes a text, and this one is empty", "== nil"},
		{`orders.count contains "1"`, 0, "orders.count is a number; contains takes a text", ""},
		{`tier startsWith (true ? "a" : "b")`, 17, `startsWith takes a text or a field on its right, and true ? "a" : "b" is computed`, ""},
		{`(true ? 1 : "a") == 1`, 1, `the outcomes differ: 1 is a number and "a" is a string`, ""},
		{`email matches city`, 14, "matches takes a pattern in quotes", `"^[A-Z]"`},
		{`email matches "a("`, 14, "the pattern cannot be read: missing closing ): `a(`", ""},
		{`email matches "\\bgold"`, 14, `the pattern holds (?m), \b, \B or an empty class, which databases read differently`, ""},
		{`1e300 > 2`, 0, "1e+300 is out of range: numbers go from 1e-15 to 1e15", ""},

		// Calls.
		{`did("X")`, 0, `did("X") is a number, but a condition is needed here`, `did("X") > 0`},
		{`did("X", "90 days") > 0`, 9, `"90 days" is no duration`, `"90d"`},
		{`did("X", "2023-01-01", "x") > 0`, 23, `"x" is no date`, "2024-01-01"},
		{`did("X", "2024-01-01", "2023-01-01") > 0`, 23, "nothing lies from 2024-01-01 until 2023-01-01", "earlier date first"},
		{`did(tier) > 0`, 0, "did is called with arguments it does not take", `did("Order Completed")`},
		{`reachable()`, 0, "reachable is called with arguments it does not take", `reachable("sms")`},
		{`now(1) > created_at`, 0, "now is called with arguments it does not take", "now()"},

		// Syntax.
		{`tier = "gold"`, 5, "= does not fit here", "write == to compare"},
		{`tier <> "gold"`, 6, "<> does not fit here", "write !="},
		{`tier == "a" AND city == "b"`, 12, "AND does not fit here", "write and in lower case"},
		{`(tier == "gold"`, 15, "the expression ends too early", "close the parenthesis"},
		{`tier ==`, 7, "the expression ends too early", "the value that is compared with"},
		{`orders.total > 100 EUR`, 19, "EUR does not fit here", "numbers stand without a unit"},
		{`tier == “gold”`, 8, `'“' does not belong here`, "straight quotes"},
		{`tier == "gold`, 13, "a text in quotes is not closed", "same line"},
		{`steps.wait-1.status == "sent"`, 13, "a number and letters run together here", `steps["wait-1"].status`},
		{``, 0, "the expression is empty", ""},
		{`let x = 1; x == 1`, 4, "let is not part of this language", ""},
		{`{a: 1} == nil`, 0, "a map {…} is not part of this language", ""},
		{`(traits.shoe_size ?? 0) > 1`, 1, "?? is not part of this language", ""},
		{`event?.total > 1`, 0, "?. is not part of this language", ""},
		{"tier == \"\xff\"", 9, "this is not UTF-8", ""},
		{`tier == "\x00"`, 8, "the text holds bytes that are no text", ""},
	} {
		p, problems := expression.Compile(c.source, journey())
		if p != nil || len(problems) == 0 {
			t.Errorf("%s compiles", c.source)
			continue
		}
		got := problems[0]
		for _, other := range problems {
			if other.Message == c.message {
				got = other
			}
		}
		if got.Offset != c.offset || got.Message != c.message || !strings.Contains(got.Mend, c.mend) || (c.mend == "") != (got.Mend == "") {
			t.Errorf("%s\n got %d: %s; %s\nwant %d: %s; %s", c.source, got.Offset, got.Message, got.Mend, c.offset, c.message, c.mend)
		}
	}
}

func TestAllMistakesAreReportedAtOnceInOrder(t *testing.T) {
	_, problems := expression.Compile(`consent("servce", "smss") and (ordrs.count > 1 or traits.shoe_size == "40") and not (1 < orders.cuont < 3)`, journey())
	want := []string{`there is no topic "servce"`, `there is no channel "smss"`, "there is no field ordrs.count", "traits.shoe_size is a number and is compared with a string", "there is no field orders.cuont"}
	if len(problems) != len(want) {
		t.Fatalf("got %d problems: %v", len(problems), problems)
	}
	for i, p := range problems {
		if p.Message != want[i] {
			t.Errorf("problem %d: %s, want %s", i, p.Message, want[i])
		}
	}
}

// What a scope does not offer is a mistake where it stands, not nothing at all.
func TestScopeDecidesWhatMayBeNamed(t *testing.T) {
	audience := expression.Scope{Want: expression.Bool}
	for source, message := range map[string]string{
		`event.total > 3`:               "event.total is known only in campaigns that an event starts",
		`answers.csat.score > 3`:        "answers.csat.score is known only inside a journey",
		`steps.csat.status == "sent"`:   "steps.csat.status is known only inside a journey",
		`traits.shoe_size > 40`:         `there is no trait "shoe_size"`,
		`in_segment("gold")`:            `there is no segment "gold"`,
		`consent("marketing", "email")`: `there is no topic "marketing"`,
	} {
		if _, problems := expression.Compile(source, audience); len(problems) != 1 || problems[0].Message != message {
			t.Errorf("%s: %v", source, problems)
		}
	}
}

func TestWantedTypes(t *testing.T) {
	for _, c := range []struct {
		source  string
		want    expression.Type
		message string
	}{
		{`event.order_id`, expression.String, ""},
		{`orders.count`, expression.Any, ""},
		{`orders.count`, "", ""},
		{`event.flag`, expression.Bool, ""},
		{`nil`, expression.String, ""},
		{`"2026-12-01"`, expression.Time, ""},
		{`orders.count`, expression.String, "orders.count is a number; a string is expected here"},
		{`tier == "gold"`, expression.Number, `tier == "gold" is true or false; a number is expected here`},
		{`nil`, expression.Bool, "nil is no condition, and one is needed here"},
		{`"soon"`, expression.Time, `"soon" is compared with a time and is no date`},
	} {
		scope := journey()
		scope.Want = c.want
		_, problems := expression.Compile(c.source, scope)
		switch {
		case c.message == "" && len(problems) > 0:
			t.Errorf("%s as %s: %v", c.source, c.want, problems)
		case c.message != "" && (len(problems) != 1 || problems[0].Message != c.message):
			t.Errorf("%s as %s: %v", c.source, c.want, problems)
		}
	}
}

func TestLimits(t *testing.T) {
	big := strings.Repeat("tier == city or ", 200) + "true"
	scope := journey()
	scope.Segments["big"] = compile(t, big, scope)
	for source, message := range map[string]string{
		`tier == "` + strings.Repeat("a", 4096) + `"`:                               "the expression has 4106 bytes of at most 4096",
		strings.Repeat("-", 70) + "orders.count > 1":                                "the expression is too large: 72 levels",
		strings.Repeat(`in_segment("big") or `, 9) + "true":                         "levels and 5429 values, segments included",
		strings.Repeat("csat.average * ", 20) + "csat.average > 1":                  "the result may leave the range of numbers",
		strings.Repeat("orders.count / csat.average / ", 11) + "csat.average > 1":   "the result may leave the range of numbers",
		`email matches "(a{100}){3}"`:                                               "the pattern repeats too much",
		`email matches "` + strings.Repeat("a", 600) + `"`:                          "the pattern has 600 bytes of at most 500",
		strings.Repeat("(", 1500) + "tier" + strings.Repeat(")", 1500) + ` == "x" `: "",
		big: "",
		// The parser reads a < b < c as a < b and b < c, and so on inwards.
		strings.Repeat("1<(", 60) + "1" + strings.Repeat(")<1", 60): "the expression is too large: it stands for more than 4000 values",
		strings.Repeat("orders.total * ", 10) + "1 > 0":             "",
	} {
		_, problems := expression.Compile(source, scope)
		switch {
		case message == "" && len(problems) > 0:
			t.Errorf("%.60s: %v", source, problems)
		case message != "" && (len(problems) != 1 || !strings.Contains(problems[0].Message, message)):
			t.Errorf("%.60s: %v", source, problems)
		}
	}
}
