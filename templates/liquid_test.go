package templates

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestAcceptedLiquidMeansWhatItMeansElsewhere runs the golden Liquid suite
// over what the checker lets through. The rest of the misses are the engine's
// own: it does not calculate with words, nor suppress blank blocks.
func TestAcceptedLiquidMeansWhatItMeansElsewhere(t *testing.T) {
	raw, err := os.ReadFile("../../shared/data/golden_liquid.json")
	if err != nil {
		t.Skipf("the golden Liquid suite is not here: %v", err)
	}
	var suite struct {
		Tests []struct {
			Template, Result string
			Results          []string
			Data             map[string]any
			Invalid          bool
		}
	}
	if err := json.Unmarshal(raw, &suite); err != nil {
		t.Fatal(err)
	}
	b := builder{engines: newEngines()}
	accepted, right := 0, 0
	for _, c := range suite.Tests {
		b.found = &problems{}
		check := checker{found: b.found, locals: map[string]localKind{}}
		for name := range c.Data {
			check.locals[name] = assigned
		}
		pieces := scan(c.Template, origin{src: &source{text: c.Template}, exact: true}, b.found)
		check.check(pieces)
		if c.Invalid || len(b.found.list) > 0 {
			continue
		}
		accepted++
		program, err := compile(b.engines[plainText], codeOf(pieces), check.loops)
		if err != nil {
			t.Errorf("%q was accepted and does not compile: %v", c.Template, err)
			continue
		}
		got, err := program.render(c.Data)
		if err == nil && slices.Contains(append(c.Results, c.Result), got) {
			right++
		}
	}
	t.Logf("%d of %d accepted templates render as elsewhere", right, accepted)
	if right < 410 {
		t.Errorf("only %d of %d accepted templates render as elsewhere", right, accepted)
	}
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
