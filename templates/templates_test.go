package templates

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/channels"
)

var update = flag.Bool("update", false, "write the golden files anew")

// load loads a workspace that must be sound.
func load(t testing.TB, files map[string]string) *Library {
	t.Helper()
	l, found := Load(asFiles(files), "en")
	for _, p := range found {
		t.Errorf("unexpected problem: %s", oneLineOf(p))
	}
	if t.Failed() {
		t.FailNow()
	}
	return l
}

func asFiles(files map[string]string) map[string][]byte {
	out := map[string][]byte{}
	for name, text := range files {
		out[name] = []byte(text)
	}
	return out
}

func oneLineOf(p Problem) string {
	return fmt.Sprintf("%s:%d:%d: %s; %s", p.File, p.Line, p.Column, p.Message, p.Mend)
}

// ann is a customer with everything a template may ask for.
func ann() Bindings {
	return Bindings{
		"customer": map[string]any{
			"first_name": "Ann", "locale": "en", "tags": []string{"vip"}, "last_name": nil,
			"created_at": time.Date(2024, 2, 29, 10, 0, 0, 0, time.UTC),
			"orders":     map[string]any{"count": int64(3)},
		},
		"event": map[string]any{
			"order_id": "A-17", "total": 49.5, "note": "ring\ntwice", "empty": "", "rating": 4.0,
			"url": "https://shop.example/a?b=1&c=2", "evil": "javascript:alert(1)", "query": "a&b c",
			"items": []any{
				map[string]any{"name": "Mug", "quantity": 2.0},
				map[string]any{"name": "Tea & biscuits", "quantity": 1.0},
			},
		},
		"answers": map[string]any{"csat": map[string]any{"score": 5.0, "text": "fine"}},
		"brand":   map[string]any{"name": "Shop", "url": "https://shop.example", "address": "1 High Street, Berlin", "support_phone": "+493012345678"},
		"links":   map[string]any{"unsubscribe": "https://r.example/u/1", "preferences": "https://r.example/p/1", "survey": "https://r.example/s/1", "not_me": "https://r.example/n/1"},
		"vars":    map[string]any{"color": "#ff0000", "html": "<b>bold</b>"},
	}
}

// sms renders a text message, which shows what Liquid alone does.
func smsOf(t testing.TB, source string, b Bindings) (string, error) {
	t.Helper()
	l := load(t, map[string]string{"templates/sms/m.liquid": source})
	content, _, err := l.Render(Ref{channels.SMS, "m"}, "en", b)
	if err != nil {
		return "", err
	}
	return content.SMS.Text, nil
}

// emailOf renders an e-mail of one file.
func emailOf(t testing.TB, source string, b Bindings) (*channels.EmailContent, error) {
	t.Helper()
	l := load(t, map[string]string{"templates/email/m.liquid": source})
	content, _, err := l.Render(Ref{channels.Email, "m"}, "en", b)
	return content.Email, err
}

// bare is an HTML e-mail without a layout around it.
func bare(body string) string { return "---\nsubject: s\nlayout: none\nformat: html\n---\n" + body }

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

func TestRenderedMessagesAreAsTheyWere(t *testing.T) {
	l := load(t, map[string]string{
		"templates/email/order.liquid": `---
subject: "How was order {{ event.order_id }}, {{ customer.first_name | default: 'friend' }}?"
preheader: "Two minutes & one question"
---
<mj-text>Hello <b>{{ customer.first_name }}</b>, 1 &lt; 2 &amp; so on.</mj-text>
{% if customer.orders.count > 2 %}<mj-text>Thank you for your loyalty.</mj-text>{% endif %}
<mj-table>
  <tr><th>What</th><th>How many</th></tr>
  {% for item in event.items %}<tr><td>{{ item.name }}</td><td>{{ item.quantity }}</td></tr>{% endfor %}
</mj-table>
<mj-button href="{{ event.url }}">Rate it</mj-button>
`,
		"templates/email/letter.fa.liquid": `---
subject: سلام {{ customer.first_name }}
format: markdown
---
# سلام {{ customer.first_name }}

یک **پیام** با [پیوند]({{ event.url }}).

{% for item in event.items %}
- {{ item.name }}
{% endfor %}
`,
		"templates/email/letter.liquid": "---\nsubject: Hello\nformat: markdown\n---\nHello.\n",
		"templates/email/plain.liquid": `---
subject: Plain
layout: none
format: html
---
<style>.x { color: red } @media print { .x { color: black } }</style>
<p class="x">{{ event.note | newline_to_br }}</p>
<ol><li>one<li>{{ vars.html | raw }}</ol>
`,
	})
	for _, m := range []struct{ name, locale string }{{"order", "en"}, {"letter", "fa-IR"}, {"plain", "en"}, {"satisfaction-link", "de"}, {"satisfaction-link", "fa"}} {
		content, locale, err := l.Render(Ref{channels.Email, m.name}, m.locale, ann())
		if err != nil {
			t.Errorf("%s: %v", m.name, err)
			continue
		}
		golden(t, m.name+"."+locale+".html", content.Email.HTML)
		golden(t, m.name+"."+locale+".txt", "Subject: "+content.Email.Subject+"\nPreheader: "+content.Email.Preheader+"\n\n"+content.Email.Text+"\n")
	}
}

func TestTheTextPartIsTheRenderedHTMLAsText(t *testing.T) {
	bodies := map[string]string{
		"conditions":  `<p>A</p>{% if customer.first_name %}<p>B</p>{% endif %}<p>C</p>{% if event.none %}<b>never</b>{% endif %} D`,
		"inline if":   `<p>One {% if event.none %}x{% else %}<i>two</i>{% endif %} three</p>tail`,
		"loop":        `<ul>{% for item in event.items %}<li>{{ item.name }} × {{ item.quantity }}</li>{% endfor %}</ul><p>end</p>`,
		"ordered":     `<ol>{% for item in event.items %}<li>{{ item.name }}<ol><li>in</ol>{% endfor %}</ol>`,
		"table":       `<table><tr><th>a</th><th>b</th></tr>{% for item in event.items %}<tr><td>{{ item.name }}</td><td>1</td></tr>{% endfor %}</table>`,
		"links":       `<a href="{{ event.url }}">here</a> <a href="{{ event.url }}">{{ event.url }}</a> <a href="#x">top</a> <a href="{{ event.url }}"><img src="https://x.example/i.png" alt="logo"></a>`,
		"query":       `<a href="https://x.example/?q={{ event.query }}">search</a>`,
		"breaks":      `a<br>b<br><br>c<br></p><p>d {{ event.note }}</p> {{ event.note | newline_to_br }}`,
		"hidden":      `<div style="display:none">never<div>x</div></div><p>seen</p><!-- no --><script>no()</script>`,
		"capture":     `{% capture x %}<b>{{ event.query }}</b> &amp; more{% endcapture %}<p>{{ x }}</p>`,
		"raw":         `<p>{{ vars.html | raw }}</p>`,
		"entities":    `<p>&lt;tag&gt; &nbsp; &euro; &#123;&#123; {{ event.query }}</p>`,
		"whitespace":  "<p>\n  {{- event.order_id -}}  \n x   y\n</p>",
		"assignments": `{% assign n = event.items | size %}<p>{{ n }} things</p>{% case n %}{% when 2 %}<p>two</p>{% else %}<p>other</p>{% endcase %}`,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			got, err := emailOf(t, bare(body), ann())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(textOf(got.HTML), got.Text); diff != "" {
				t.Errorf("text part differs from the HTML's text (-html +text):\n%s\n%s", diff, got.HTML)
			}
			if got.Text == "" {
				t.Error("the text part is empty")
			}
		})
	}
}

func TestHTMLAsText(t *testing.T) {
	cases := []struct{ name, html, want string }{
		{"paragraphs", "<p>a</p><p>b</p>", "a\n\nb"},
		{"blocks", "<div>a</div><div>b</div>", "a\nb"},
		{"spaces", " a \n  b&nbsp; c ", "a b c"},
		{"line break", "a<br>b<br><br><br>c", "a\nb\n\nc"},
		{"break at the end of a block", "<p>a<br></p><p>b</p>", "a\n\nb"},
		{"link", `<a href="https://x.example/">shop</a>!`, "shop (https://x.example/)!"},
		{"link that shows its URL", `<a href="https://x.example">x.example</a> <a href="tel:+49">+49</a>`, "x.example +49"},
		{"link without words", `<a href="https://x.example/"><img src="i.png"></a>`, "https://x.example/"},
		{"nested list", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n- b\n- c"},
		{"numbers", "<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"},
		{"data table", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a  b\nc"},
		{"layout table", `<table role="presentation"><tr><td>a</td></tr><tr><td>b</td></tr></table>`, "a\n\nb"},
		{"unseen", `<head><title>t</title></head><div hidden>x</div><style>p{}</style>y`, "y"},
		{"rule", "a<hr>b", "a\n\n---\n\nb"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := textOf(c.html); got != c.want {
				t.Errorf("textOf(%q) = %q, want %q", c.html, got, c.want)
			}
		})
	}
}

func TestALetterFetchesNothingThatNobodyAskedFor(t *testing.T) {
	library := load(t, map[string]string{
		"templates/email/plain.liquid":  "---\nsubject: a\n---\n<mj-text>Hello</mj-text>",
		"templates/email/styled.liquid": "---\nsubject: a\nlayout: none\n---\n<mjml><mj-head><mj-font name=\"Raleway\" href=\"https://shop.example/raleway.css\" /></mj-head><mj-body><mj-section><mj-column><mj-text font-family=\"Raleway\">Hello</mj-text></mj-column></mj-section></mj-body></mjml>",
	})
	for name, fetches := range map[string]bool{"plain": false, "styled": true} {
		content, _, err := library.Render(Ref{channels.Email, name}, "en", ann())
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(content.Email.HTML, "<link"); got != fetches {
			t.Errorf("%s: a style sheet is fetched: %v, want %v", name, got, fetches)
		}
		if strings.Contains(content.Email.HTML, "googleapis") {
			t.Errorf("%s asks Google for a font", name)
		}
	}
}

// textOf is the text part of rendered HTML.
func textOf(document string) string { return set(mark(document)) }
