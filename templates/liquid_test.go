package templates

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// noOrder is why some cases differ now and then.
const noOrder = "the values of an object come in any order"

// differences are the cases of the wanted subset in which a message says something
// else than a web page would, on purpose, with the reason.
func differences() map[string]string {
	differs := map[string]string{}
	for reason, names := range map[string][]string{
		"a value of the wrong kind is an error that stops the message, not a guess": {
			"output, unexpected left value for the `join` filter passes through", "filters, abs, not a string, int or float",
			"filters, abs, string not a number", "filters, ceil, not a string, int or float", "filters, ceil, string not a number",
			"filters, floor, not a string, int or float", "filters, floor, string not a number", "filters, compact, left value is not an array",
			"filters, divided by, left value is an empty string", "filters, divided by, not a string, int or float",
			"filters, divided by, string not a number", "filters, first, first of a string", "filters, first, left value is not an array",
			"filters, join, joining a string is a noop", "filters, join, joining an int is a noop", "filters, last, last of a string",
			"filters, last, left value not an array", "filters, modulo, not a string, int or float", "filters, modulo, string not a number",
			"filters, reverse, left value not an array", "filters, round, argument is a string", "filters, sort, left value is not an array",
			"filters, sort, sort a string", "filters, sort natural, left value is not an array", "filters, uniq, left value is not an array",
			"filters, slice, negative first argument and negative length", "filters, map, argument is explicit nil",
			"filters, where, value is explicit nil", "filters, sort natural, array of strings with a nul",
		},
		"an object has no words of its own": {
			"filters, last, array of things", "filters, replace, left value is an object", "filters, reverse, array of things",
			"filters, sort natural, incompatible types", "filters, uniq, unhashable items", "filters, first, first of a hash",
			"filters, last, last of a hash", "special, first of an object",
		},
		"a whole number shows no .0, and a fraction twelve digits": {
			"filters, default, 0.0 is not falsy", "filters, divided by, float division", "filters, divided by, integer value and float arg",
			"filters, divided by, render", "filters, divided by, zero divided by float", "filters, minus, integer value and float arg",
			"filters, minus, string not a number", "filters, modulo, integer value and float arg", "filters, modulo, string value and argument",
			"filters, plus, integer value and float arg", "filters, plus, string not a number",
		},
		"values are escaped by the place they stand in, which is none in a plain text": {
			"filters, escape, make HTML-safe", "filters, escape once, make HTML-safe from mixed safe and markup.",
			"filters, newline to br, reference implementation test 1", "filters, newline to br, reference implementation test 2",
			"filters, newline to br, string with newlines",
		},
		"a case takes one when": {
			"tags, case, evaluate multiple matching blocks", "tags, case, mix or and comma separated when expression",
		},
		noOrder: {"tags, for, simple hash loop"},
		"an absent item leaves no separator behind":       {"filters, map, missing property"},
		"a date before 1970 is a date":                    {"filters, date, negative timestamp string"},
		"a list that holds nil or false is said to do so": {"tags, if, array contains false", "tags, if, array contains nil"},
	} {
		for _, name := range names {
			differs[name] = reason
		}
	}
	return differs
}

// unwanted are tags of the suite that name no tag or filter of the wanted
// subset, or a mode of other programs.
func unwanted(label string) bool {
	if name, isFilter := strings.CutSuffix(label, " filter"); isFilter {
		return !slices.Contains(Filters(), name)
	}
	name, isTag := strings.CutSuffix(label, " tag")
	return isTag && !slices.Contains(Tags(), name)
}

// refusals are what the checker refuses in the wanted subset, by what it says:
// mistakes by our rules, which elsewhere print nothing.
var refusals = []string{
	"there is no ", "is no value by itself", "can only be equal or not", "is not known here", "a range may only stand in a for",
	"cycle stands outside of a for", "nothing can follow", "cannot be", "stand side by side", "does not take", "takes no condition",
	"a text in quotes is no list", "is captured elsewhere", "capture needs one name", "the name to assign to is missing",
	"elsif stands outside of any block", "unexpected ", "is not understood", "a dot must be followed by a name", "a filtered value cannot be compared",
	"a value is missing", "a filter's name is missing", "is never closed",
	"is missing", "is taken", "has no properties", "a loop has no", "a range cannot be filtered", "closes nothing", "cannot close",
}

// TestTheWantedLiquidMeansWhatItMeansElsewhere runs the golden Liquid suite
// over the subset that docs/campaign-file/templates.md lists, and tells for
// every tag and filter of it how many cases pass, are refused when the file is
// read, and differ.
func TestTheWantedLiquidMeansWhatItMeansElsewhere(t *testing.T) {
	raw, err := os.ReadFile("../../shared/data/golden_liquid.json")
	if err != nil {
		t.Skipf("the golden Liquid suite is not here: %v", err)
	}
	var suite struct{ Tests []goldenCase }
	if err := json.Unmarshal(raw, &suite); err != nil {
		t.Fatal(err)
	}
	b := builder{engines: newEngines()}
	differs := differences()
	counts, total := map[string]*tally{}, &tally{}
	met := map[string]bool{}
	for _, c := range suite.Tests {
		if c.Invalid || slices.ContainsFunc(c.Tags, unwanted) {
			continue
		}
		got := c.play(&b)
		if got == differing {
			met[c.Name] = true
			if differs[c.Name] == "" {
				t.Errorf("%s: %q does not render as elsewhere, for no reason that is named", c.Name, c.Template)
			}
		}
		for _, label := range append(c.Tags, "") {
			if counts[label] == nil {
				counts[label] = &tally{}
			}
			counts[label][got]++
		}
		total[got]++
		if refused := b.found.list; got == refusedAtLoad && !slices.ContainsFunc(refusals, func(r string) bool { return strings.Contains(refused[0].Message, r) }) {
			t.Errorf("%s: %q is refused for a reason that is not named: %s", c.Name, c.Template, refused[0].Message)
		}
	}
	for _, label := range slices.Sorted(maps.Keys(counts)) {
		if label != "" {
			t.Logf("%-22s %s", label, counts[label])
		}
	}
	t.Logf("the wanted subset: %s", total)
	for name, reason := range differs {
		if !met[name] && reason != noOrder {
			t.Errorf("%s renders as elsewhere by now; take it off the list (%s)", name, reason)
		}
	}
	if rate := float64(total[passing]) / float64(total[passing]+total[differing]); rate < 0.86 {
		t.Errorf("%.1f %% of what is taken renders as elsewhere", 100*rate)
	}
}

type goldenCase struct {
	Name, Template, Result string
	Results, Tags          []string
	Data                   map[string]any
	Invalid                bool
}

// tally counts the endings of cases.
type tally [3]int

const (
	passing = iota
	refusedAtLoad
	differing
)

func (n *tally) String() string {
	return fmt.Sprintf("%3d pass, %2d refused when read, %2d differ", n[passing], n[refusedAtLoad], n[differing])
}

// play renders a case as a plain text. Its data are names of its own.
func (c goldenCase) play(b *builder) int {
	b.found = &problems{}
	check := checker{found: b.found, locals: map[string]localKind{}}
	for name := range c.Data {
		check.locals[name] = assigned
	}
	pieces := scan(c.Template, origin{src: &source{text: c.Template}, exact: true}, b.found)
	check.check(pieces)
	if len(b.found.list) > 0 {
		return refusedAtLoad
	}
	program, err := compile(b.engines[plainText], plainText, codeOf(pieces), check.loops)
	if err != nil {
		return differing
	}
	got, err := program.render(c.Data)
	if err != nil || !slices.Contains(append(c.Results, c.Result), got) {
		return differing
	}
	return passing
}

func TestArithmeticWithNumbersFromJSON(t *testing.T) {
	for source, want := range map[string]string{
		"{{ event.total | divided_by: 2 }}":             "24.75",
		"{{ event.total | minus: 2.2 | minus: 37.2 }}":  "10.1",
		"{{ event.rating | divided_by: 8 }}":            "0.5",
		"{{ 7 | divided_by: 2 }}":                       "3",
		"{{ event.items | sum: 'quantity' }}":           "3",
		"{{ event.total | times: 3 | round: 1 }}":       "148.5",
		"{{ 1152098955 | date: '%Y-%m-%d' }}":           "2006-07-05",
		"{{ customer.created_at | date: '%d.%m.%Y' }}":  "29.02.2024",
		"a {%- comment %} no {% endcomment -%} b":       "ab",
		"{% raw %}{{ x }} {% y %}{% endraw %}":          "{{ x }} {% y %}",
		"{{ event.note | strip_newlines }}":             "ringtwice",
		"{{ event.items | map: 'name' | join: ' + ' }}": "Mug + Tea & biscuits",
		"{{ \"a\nb\" | split: \"\n\" | join: '-' }}":    "a-b",
	} {
		if got, err := smsOf(t, source, ann()); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", source, got, err, want)
		}
	}
	if _, err := smsOf(t, "{{ 1 | divided_by: 0 }}", ann()); err == nil || !strings.Contains(err.Error(), "division by zero") {
		t.Errorf("got %v", err)
	}
}
