package templates

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/channels"
)

// programsOf are the programs of every template of a library, by what they are.
func programsOf(l *Library) map[string]*program {
	all := map[string]*program{}
	for ref, t := range l.templates {
		for locale, v := range t.variants {
			name := fmt.Sprintf("%s/%s.%s ", ref.Channel, ref.Name, locale)
			switch body := v.body.(type) {
			case *email:
				all[name+"subject"], all[name+"preheader"] = body.subject.program, body.preheader.program
				all[name+"html"], all[name+"text"] = body.html, body.text
			case sms:
				all[name+"text"] = body.text.program
			case *push:
				all[name+"title"], all[name+"body"], all[name+"url"] = body.title.program, body.body.program, body.url.program
			}
		}
	}
	return all
}

// same holds that a program's parts say what the engine says of the whole, whether
// that is a text or what is wrong.
func same(t *rapid.T, name string, p *program, b Bindings) {
	if p.parts == nil {
		return
	}
	whole, failed := p.whole(b)
	text, err := p.assemble(b)
	if errors.Is(err, errWhole) {
		return
	}
	if fmt.Sprint(err) != fmt.Sprint(failed) || text != whole {
		t.Fatalf("%s\nparts %q, %v\nwhole %q, %v", name, text, err, whole, failed)
	}
}

// shopFiles are the templates of the sample shop and of the cookbook.
func shopFiles(t *testing.T) []map[string][]byte {
	t.Helper()
	var all []map[string][]byte
	for _, folder := range []string{"../campaigns/examples/shop", "../docs/cookbook"} {
		files, err := readAll(os.DirFS(folder), "templates")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, files)
	}
	return all
}

func TestPartsSayWhatTheWholeSays(t *testing.T) {
	for _, files := range shopFiles(t) {
		l, _ := Load(files, "en")
		programs := programsOf(l)
		apart := 0
		for name, p := range programs {
			if p.template != nil && p.parts == nil {
				t.Logf("%s is rendered whole", name)
				continue
			}
			apart++
		}
		if apart*10 < len(programs)*9 {
			t.Errorf("only %d of %d programs were taken apart", apart, len(programs))
		}
		rapid.Check(t, func(t *rapid.T) {
			b := somebody(t)
			for name, p := range programs {
				same(t, name, p, b)
			}
		})
	}
}

// TestPartsOfAnyTemplate makes templates up.
func TestPartsOfAnyTemplate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := anyBody(t, 3)
		l, _ := loadWith(asFiles(map[string]string{
			"templates/email/m.liquid": "---\nsubject: '{{ customer.first_name }} {% if event.a %}x{% endif %}'\nformat: html\nlayout: none\n---\n" + source,
			"templates/sms/m.liquid":   source,
		}), nil, "en", nil)
		b := somebody(t)
		for name, p := range programsOf(l) {
			same(t, name+"\n"+source, p, b)
		}
	})
}

// TestEndlessValuesAreRefusedByParts holds the limits.
func TestEndlessValuesAreRefusedByParts(t *testing.T) {
	l, found := loadWith(asFiles(map[string]string{
		"templates/sms/long.liquid":  strings.Repeat("{{ event.a }}", 200),
		"templates/sms/loops.liquid": "{{ event.a }}{% for i in event.list %}{% for j in event.list %}{% endfor %}{% endfor %}{% for i in event.list %}{% endfor %}",
	}), nil, "en", nil)
	if len(found) > 0 {
		t.Fatal(found)
	}
	list := make([]any, 200)
	b := Bindings{"event": map[string]any{"a": strings.Repeat("x", 60_000), "list": list}}
	if _, _, err := l.Render(Ref{channels.SMS, "long"}, "en", b); !errors.Is(err, errOutput) {
		t.Errorf("got %v", err)
	}
	if _, _, err := l.Render(Ref{channels.SMS, "loops"}, "en", b); !errors.Is(err, errLoops) {
		t.Errorf("got %v", err)
	}
}

// TestMapsAreGoneOverInTheirKeysOrder holds that a message is the same each time
// it is made, whatever the values in it are.
func TestMapsAreGoneOverInTheirKeysOrder(t *testing.T) {
	sizes := map[string]any{}
	for _, key := range strings.Split("hgfedcba", "") {
		sizes[key] = strings.ToUpper(key)
	}
	b := Bindings{"event": map[string]any{"sizes": sizes}}
	for source, want := range map[string]string{
		"{% for s in event.sizes %}{{ s[0] }}={{ s[1] }} {% endfor %}":                      "a=A b=B c=C d=D e=E f=F g=G h=H",
		"{% for s in event.sizes limit: 2 %}{{ s | join: ':' }} {% endfor %}":               "a:A b:B",
		"{{ event.sizes | map: 'c' | join }}":                                               "C",
		"{% for s in event.sizes reversed %}{{ s | first }}{% endfor %}":                    "hgfedcba",
		"{% assign one = event.sizes | first %}{{ one.d }} {{ event.sizes | sort | size }}": "D 1",
	} {
		l, found := loadWith(asFiles(map[string]string{"templates/sms/sizes.liquid": source}), nil, "en", nil)
		if len(found) > 0 {
			t.Fatal(found)
		}
		content, _, err := l.Render(Ref{channels.SMS, "sizes"}, "en", b)
		if err != nil {
			t.Errorf("%s\n%v", source, err)
			continue
		}
		if got := strings.TrimSpace(content.SMS.Text); got != want {
			t.Errorf("%s\ngot  %q\nwant %q", source, got, want)
		}
	}
}

// value is whatever a customer's profile may hold.
func value(t *rapid.T, name string) any {
	return rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.SampledFrom([]string{
			"", "Ada", "Zoë", "<b>&\"'", "javascript:alert(1)", "https://shop.example/a?b=1&c=2", "  a  b ", "\n", "a\nb", "\x0fx\x10", "\x0f", "\x0fa", "x\x10", "\x01", "€\x07", "\xe2\x82", "\xacz", "0", "{{ x }}", "علی",
		}), func(s string) any { return s }),
		rapid.Map(rapid.Int(), func(n int) any { return n }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.Float64(), func(n float64) any { return n }),
		rapid.Map(rapid.Bool(), func(v bool) any { return v }),
		rapid.SampledFrom([]any{time.Time{}, time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC), []any{"a", "b"}, []any{}, []string{"x"}, map[string]any{"size": 3, "a": "b"}, map[string]string{"a": "b"}}),
	).Draw(t, name)
}

func somebody(t *rapid.T) Bindings {
	b := Bindings{}
	for _, root := range []string{"brand", "event", "links", "vars", "answers"} {
		inner := map[string]any{}
		for _, name := range []string{"a", "b", "name", "url", "unsubscribe", "preferences", "address", "order_id", "list"} {
			inner[name] = value(t, root+"."+name)
		}
		b[root] = inner
	}
	b["customer"] = map[string]any{
		"first_name": value(t, "first_name"), "last_name": value(t, "last_name"), "city": value(t, "city"),
		"traits": map[string]any{"favourite": value(t, "favourite")}, "orders": value(t, "orders"),
		"points": map[string]any{"balance": value(t, "balance")},
	}
	return b
}

// anyBody makes a template up.
func anyBody(t *rapid.T, depth int) string {
	paths := []string{"customer.first_name", "customer.city", "customer.traits.favourite", "customer.points.balance", "event.a", "event.list", "brand.name", "vars.b", "links.unsubscribe", "event.a.b", "customer.orders.count", "event.list.size"}
	path := func() string { return rapid.SampledFrom(paths).Draw(t, "path") }
	filter := func() string {
		return rapid.SampledFrom([]string{
			"", " | default: 'friend'", ` | default: "<x>"`, ` | default: "a\"b"`, " | upcase", " | url_encode", " | default: 0", " | default: vars.b", " | append: '!'", " | size", " | raw", " | newline_to_br", " | default: '', allow_false: true",
			" | join: ','", " | first", " | map: 'a' | last", " | uniq | reverse | compact | sort | join",
		}).Draw(t, "filter")
	}
	var b strings.Builder
	for range rapid.IntRange(1, 6).Draw(t, "pieces") {
		choices := 9
		if depth > 0 {
			choices = 15
		}
		switch rapid.IntRange(0, choices).Draw(t, "piece") {
		case 0, 1, 2:
			b.WriteString(rapid.SampledFrom([]string{
				"Hello ", "<p>a <b>b</b></p>", " \n\t ", "<br>", "<ul><li>x</li></ul>", "<ol><li>", "</li></ol>", "<a href=\"https://x.example\">x.example</a>", "<table><tr><td>a</td><td>b</td></tr></table>", "é € ", "{ x }", "&nbsp;",
			}).Draw(t, "text"))
		case 3, 4, 5:
			b.WriteString("{{ " + path() + filter() + " }}")
		case 6:
			b.WriteString("<a href=\"{{ " + path() + filter() + " }}\">{{ " + path() + " }}</a>")
		case 7:
			b.WriteString("<a title=\"{{ " + path() + " }}\" href=\"https://x.example/?a={{ " + path() + filter() + " }}\">go</a>")
		case 8:
			b.WriteString("{{ 'quoted <b>' }}{% raw %}{{ x }}{% endraw %}")
		case 9:
			b.WriteString(rapid.SampledFrom([]string{"{{ " + path() + " -}} ", " {%- assign z = 1 -%} ", "{% assign x = " + path() + " %} a {{ x }}", "{% assign x = 1 %}{% if " + path() + " %}{% assign x = 2 %}{% endif %}<p>{{ x }}", "{% capture y %}{{ " + path() + " }}<i>{% endcapture %}b{{ y }}"}).Draw(t, "local"))
		case 10, 11:
			b.WriteString("{% if " + path() + " %}" + anyBody(t, depth-1) + "{% else %}" + anyBody(t, depth-1) + "{% endif %}")
		case 12:
			b.WriteString("{% unless " + path() + " %}" + anyBody(t, depth-1) + "{% endunless %}")
		case 13:
			b.WriteString("{% if " + path() + " == 'Ada' %}" + anyBody(t, depth-1) + "{% elsif " + path() + " %}" + anyBody(t, depth-1) + "{% endif %}")
		case 14:
			b.WriteString("{% for i in " + path() + " %}{{ i }}{{ forloop.index }}" + anyBody(t, depth-1) + "{% endfor %}")
		case 15:
			b.WriteString("{% case " + path() + " %}{% when 'Ada' %}" + anyBody(t, depth-1) + "{% endcase %}")
		}
	}
	return b.String()
}
