package templates

import (
	"errors"
	"strings"
	"testing"
	"time"

	"rapport/channels"
)

func TestValuesAreEscapedInHTML(t *testing.T) {
	b := ann()
	b["customer"].(map[string]any)["first_name"] = `<script>alert("1")</script>'&`
	got, err := emailOf(t, bare(`<p title="{{ customer.first_name }}">{{ customer.first_name }}</p>{% capture x %}<i>{{ customer.first_name }}</i>{% endcapture %}{{ x }}`), b)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(got.HTML, "<script") || strings.Contains(got.HTML, `alert("`) {
		t.Errorf("a value came through unescaped:\n%s", got.HTML)
	}
	if !strings.Contains(got.HTML, "<i>&lt;script&gt;") || strings.Contains(got.HTML, "&amp;lt;") {
		t.Errorf("a captured value must be escaped once:\n%s", got.HTML)
	}
	if !strings.Contains(got.Text, `<script>alert("1")</script>'&`) {
		t.Errorf("the text part must show the value as it is:\n%s", got.Text)
	}
}

// The text part is set by marks, which are control characters: those of a value move
// nothing.
func TestValuesMarkNothingInTheText(t *testing.T) {
	b := ann()
	b["customer"].(map[string]any)["first_name"] = "A\x01\x02\x03\x04\x05\x06\x07\x0e\x0f\x10nn"
	for name, place := range map[string]string{
		"alone": `{{ customer.first_name }}`, "filtered": `{{ customer.first_name | append: "" }}`, "by lines": `{{ customer.first_name | newline_to_br }}`,
		"in a loop": `{% for n in (1..1) %}{{ customer.first_name }}{% endfor %}`, "kept": `{% capture x %}{{ customer.first_name }}{% endcapture %}{{ x }}`,
	} {
		got, err := emailOf(t, bare(`<p>Dear `+place+`, <a href="https://shop.example/{{ customer.first_name }}">look</a> here.</p>`), b)
		if want := "Dear Ann, look (https://shop.example/Ann) here."; err != nil || got.Text != want {
			t.Errorf("%s: got %q, want %q, %v", name, got.Text, want, err)
		}
	}
}

func TestRawIsNotEscaped(t *testing.T) {
	got, err := emailOf(t, bare(`<p>{{ vars.html | raw }} {{ vars.html }}</p>`), ann())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got.HTML, "<p><b>bold</b> &lt;b&gt;bold&lt;/b&gt;</p>") {
		t.Errorf("got %s", got.HTML)
	}
}

func TestLinksThatCouldRunAreRefused(t *testing.T) {
	urls := []string{
		"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)",
		"\x01javascript:x", "data:text/html,x", "vbscript:x", "javascript&colon;alert(1)", "file:///etc/passwd",
	}
	places := []string{
		`<a href="{{ event.evil }}">x</a>`,
		`<img src='{{ event.evil }}' alt="">`,
		`<a href=" {{ event.evil }}">x</a>`,
		`<a href="{% if event.none %}https://x.example{% else %}{{ event.evil }}{% endif %}">x</a>`,
		`{% capture u %}{{ event.evil }}{% endcapture %}<a href="{{ u }}">x</a>`,
		`{% assign u = event.evil %}<a href="{{ u | strip }}">x</a>`,
		`<!--[if mso]><v:rect href="{{ event.evil }}"></v:rect><![endif]-->x`,
	}
	for _, place := range places {
		l := load(t, map[string]string{"templates/email/m.liquid": bare(place)})
		for _, url := range urls {
			if _, _, err := l.Render(Ref{channels.Email, "m"}, "en", withEvent("evil", url)); !errors.Is(err, errScheme) {
				t.Errorf("%q in %s: got %v", url, place, err)
			} else if strings.Contains(err.Error(), "alert") {
				t.Errorf("the error shows the value: %v", err)
			}
		}
	}
	for _, url := range []string{"https://x.example/:a", "http://x.example", "mailto:a@b.example", "tel:+49", "/path", "path/a:b", "?a:b"} {
		b := ann()
		b["event"].(map[string]any)["evil"] = url
		if _, err := emailOf(t, bare(places[0]), b); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestValuesInAQueryAreEncoded(t *testing.T) {
	got, err := emailOf(t, bare(`<a href="https://x.example/?q={{ event.query }}&amp;r={{ event.query | url_encode }}">x</a>`), ann())
	if err != nil {
		t.Fatal(err)
	}
	if want := `href="https://x.example/?q=a%26b+c&amp;r=a%26b+c"`; !strings.Contains(got.HTML, want) {
		t.Errorf("want %s in:\n%s", want, got.HTML)
	}
}

func TestATemplateReachesNothingButItsData(t *testing.T) {
	b := ann()
	b["event"].(map[string]any)["secret"] = struct{ Key string }{"s3cret"}
	if _, err := smsOf(t, "{{ event.secret.Key }}", b); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a struct was bound: %v", err)
	}
	if _, err := smsOf(t, `{{ event.when | date: "%Y" }}`, withEvent("when", "now")); err == nil {
		t.Error("a template learned the time")
	}
	if _, err := smsOf(t, `{{ event.when | date: "%Y" }}`, withEvent("when", time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))); err != nil {
		t.Error(err)
	}
}

func withEvent(name string, value any) Bindings {
	b := ann()
	b["event"].(map[string]any)[name] = value
	return b
}

func TestGrowthEndsInAnError(t *testing.T) {
	bombs := []struct {
		name, source string
		end          error
	}{
		{"doubling append", `{% assign s = "xxxxxxxxxxxxxxxx" %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}{{ s }}`, errTooLong},
		{"doubling prepend", `{% assign s = "xxxxxxxxxxxxxxxx" %}{% for i in (1..60) %}{% assign s = s | prepend: s %}{% endfor %}{{ s }}`, errTooLong},
		{"doubling capture", `{% for i in (1..60) %}{% capture s %}{{ s }}{{ s }}xx{% endcapture %}{% endfor %}{{ s }}`, errOutput},
		{"replace", `{% assign s = "xxxxxxxxxxxxxxxx" %}{% for i in (1..60) %}{% assign s = s | replace: "x", "xxxx" %}{% endfor %}{{ s }}`, errTooLong},
		{"replace nothing", `{% assign s = "xxxxxxxxxxxxxxxx" %}{% for i in (1..60) %}{% assign s = s | replace: "", s %}{% endfor %}{{ s }}`, errTooLong},
		{"join", `{% assign s = "x,x,x,x" %}{% for i in (1..60) %}{% assign l = s | split: "," %}{% assign s = l | join: s %}{% endfor %}{{ s }}`, errTooLong},
		{"endless output", `{% assign s = "x" %}{% for i in (1..12) %}{% assign s = s | append: s %}{% endfor %}{% for i in (1..1000) %}{{ s }}{% endfor %}`, errOutput},
		{"nested loops", `{% for i in (1..1000) %}{% for j in (1..1000) %}{% for k in (1..1000) %}{% endfor %}{% endfor %}{% endfor %}`, errLoops},
		{"range from data", `{% for i in (1..event.huge) %}{% endfor %}x`, errLoops},
		{"date width", `{{ event.when | date: "%999999999d" }}`, errDateFormat},
	}
	b := withEvent("huge", 300_000_000.0)
	b["event"].(map[string]any)["when"] = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	for _, bomb := range bombs {
		t.Run(bomb.name, func(t *testing.T) {
			if got, err := smsOf(t, bomb.source, b); !errors.Is(err, bomb.end) {
				t.Errorf("rendered %d bytes, %v; want %v", len(got), err, bomb.end)
			}
		})
	}
}

func TestMissingFieldsAreNamed(t *testing.T) {
	cases := []struct{ source, missing string }{
		{"{{ customer.last_name }}", "customer.last_name"},
		{"{{ customer.nickname | upcase }}", "customer.nickname"},
		{"{{ event.empty }}", "event.empty"},
		{"{{ event.deep.er.than }}", "event.deep.er.than"},
		{"{{ customer.first_name | append: customer.last_name }}", "customer.last_name"},
		{"{% for x in event.nothing %}{{ x }}{% endfor %}", "event.nothing"},
		{"{% for item in event.items %}{{ item.price }}{% endfor %}", "item.price"},
		{"{% assign x = event.nothing %}{{ x }}", "event.nothing"},
		{"{% if event.a or event.order_id %}{{ event.a }}{% endif %}", "event.a"},
		{"{% unless event.a %}{{ event.a }}{% endunless %}", "event.a"},
		{"{{ event['nothing'] }}", "event.nothing"},
		{"{% if event.a %}x{% else %}{{ event.a }}{% endif %}", "event.a"},
		{"{% if event.order_id != nil %}{{ event.a }}{% endif %}", "event.a"},
		{"{% if event.a %}x{% endif %}{{ event.a }}", "event.a"},
		{"{% capture x %}{{ event.a }}{% endcapture %}x", "event.a"},
		{"{{ vars.name }}", "vars.name"},
	}
	for _, c := range cases {
		_, err := smsOf(t, c.source, ann())
		var missing *MissingField
		if !errors.As(err, &missing) || missing.Path != c.missing {
			t.Errorf("%s: got %v, want %s named", c.source, err, c.missing)
		}
	}
}

func TestAbsenceThatIsHandledIsNoError(t *testing.T) {
	cases := []struct{ source, want string }{
		{"x{{ customer.last_name | default: '-' }}", "x-"},
		{"x{{ customer.last_name | upcase | default: '-' }}", "x-"},
		{"x{% if customer.last_name %} {{ customer.last_name }}{% endif %}", "x"},
		{"x{% if customer.last_name != nil and event.order_id %}{{ customer.last_name }}{% endif %}", "x"},
		{"x{% unless customer.last_name %}y{% else %}{{ customer.last_name }}{% endunless %}", "xy"},
		{"x{% if customer.last_name == nil %}y{% else %}{{ customer.last_name }}{% endif %}", "xy"},
		{"x{% if event.order_id == 'B' %}{{ event.b_only }}{% endif %}", "x"},
		{"x{% case event.none %}{% when 'a' %}{{ event.none }}{% else %}y{% endcase %}", "xy"},
		{"x{% if event.nothing %}{% for i in event.nothing %}{{ i }}{% endfor %}{% endif %}", "x"},
		{"{{ event.zero | default: 0 }}", "0"},
		{"{{ customer.tags.first }} {{ customer.tags.size }}", "vip 1"},
		{"{% for i in (1..event.rating) %}*{% endfor %}", "****"},
		{"{% for item in event.items limit: event.one %}{{ item.name }}{% endfor %}", "Mug"},
	}
	for _, c := range cases {
		if got, err := smsOf(t, c.source, withEvent("one", 1.0)); err != nil || got != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.source, got, err, c.want)
		}
	}
}

func TestGuardsAreUnderstood(t *testing.T) {
	cases := []struct {
		source  string
		handled bool // the last field the source names
	}{
		{"{% if event.a %}{{ event.a }}{% endif %}", true},
		{"{% if event.a.b %}{{ event.a }}{% endif %}", true},
		{"{% if event.a %}{{ event.a.b }}{% endif %}", false},
		{"{% if event.a %}{{ event.a.size }}{% endif %}", true},
		{"{% if event.a == nil %}x{% else %}{{ event.a }}{% endif %}", true},
		{"{% if event.a == '' %}{{ event.a }}{% endif %}", false},
		{"{% if event.a == 'x' %}{{ event.a }}{% endif %}", true},
		{"{% if event.a != 'x' %}{{ event.a }}{% endif %}", false},
		{"{% if event.a > 3 and event.b %}{{ event.a }}{% endif %}", true},
		{"{% if event.a or event.b %}{{ event.a }}{% endif %}", false},
		{"{% if event.b %}x{% elsif event.a %}{{ event.a }}{% endif %}", true},
		{"{% if event.b %}{% if event.a %}x{% endif %}{{ event.b }}{% endif %}", true},
		{"{% unless event.a %}{{ event.a }}{% endunless %}", false},
		{"{% unless event.a == nil %}{{ event.a }}{% endunless %}", true},
		{"{% case event.a %}{% when 'x' %}{{ event.a }}{% endcase %}", true},
		{"{% case event.a %}{% when 'x' %}y{% else %}{{ event.a }}{% endcase %}", false},
		{"{{ event.a | default: 'x' }}", true},
		{"{{ 'x' | append: event.a | default: 'x' }}", false},
		{"{{ event.a | append: 'x' }}", false},
	}
	for _, c := range cases {
		l := load(t, map[string]string{"templates/sms/m.liquid": c.source})
		fields := l.Fields(Ref{channels.SMS, "m"})
		if last := fields[len(fields)-1]; last.Defaulted != c.handled {
			t.Errorf("%s: %s handled: %v, want %v", c.source, strings.Join(last.Path, "."), last.Defaulted, c.handled)
		}
	}
}

func TestErrorsTellNoValues(t *testing.T) {
	for _, source := range []string{
		"{{ customer.first_name | round }}", "{{ customer.first_name | date: '%Y' }}",
		"{{ customer.first_name | divided_by: customer.first_name }}", "{% for i in (1..customer.first_name) %}{% endfor %}",
		"{{ event.order_id | divided_by: 0 }}",
	} {
		_, err := smsOf(t, source, ann())
		if err == nil {
			t.Errorf("%s: no error", source)
		} else if strings.Contains(err.Error(), "Ann") || strings.Contains(err.Error(), "A-17") {
			t.Errorf("%s: the error tells a value: %v", source, err)
		}
	}
}

func TestASubjectIsOneLine(t *testing.T) {
	got, err := emailOf(t, "---\nsubject: \"{{ event.note }}\"\n---\n<mj-text>x</mj-text>", withEvent("note", "a\r\nBcc: x@y.example\x00\u2028z"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "a Bcc: x@y.example z" {
		t.Errorf("got %q", got.Subject)
	}
}

func TestNotificationsOpenTheWebOnly(t *testing.T) {
	l := load(t, map[string]string{"templates/push/p.yaml": "title: x\nurl: \"{{ event.evil }}\"\n"})
	for url, ok := range map[string]bool{"https://x.example": true, "/a": true, "javascript:x": false, "mailto:a@b.example": false} {
		if _, _, err := l.Render(Ref{channels.Push, "p"}, "en", withEvent("evil", url)); (err == nil) != ok {
			t.Errorf("%s: got %v", url, err)
		}
	}
}
