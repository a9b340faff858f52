package templates

import (
	"errors"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/channels"
)

func TestEveryMistakeOfEveryFileIsReportedInOneRun(t *testing.T) {
	files := map[string]string{
		"templates/email/offer.liquid": `---
subjct: "Hello {{ customer.first_name }}"
layout: bse
format: mjlm
---
<p>{{ customer.first_name | upcas }}</p>
{% if event.a %}{{ evnt.b }}
`,
		"templates/email/card.liquid": `---
subject: "For {{ customer..name }}"
preheader: "{% include 'x' %}"
---
<mj-txt>x</mj-txt>
<mj-text>{{ name }} {{ event.x | truncate: 1, 2, 3 }}</mj-text>
loose words {{ event.b }}
<mj-section><mj-column>{% if event.a %}</mj-column>{% endif %}</mj-section>
`,
		"templates/email/colon.liquid":   "---\nsubject: Hello {{ customer.first_name | default: 'you' }}\n---\n<mj-text>x</mj-text>\n",
		"templates/email/v.2.1.liquid":   "x",
		"templates/email/Caps.liquid":    "x",
		"templates/email/old.html":       "x",
		"templates/emial/a.liquid":       "x",
		"templates/sms/empty.liquid":     " \n",
		"templates/sms/loop.liquid":      "{% for i in (1..300000000) %}x{% endfor %}{% endif %}{{ 'x' | inspect }}\n  {% assign customer = 1 %}{{ event.x",
		"templates/sms/only.fr.liquid":   "Bonjour",
		"templates/layouts/odd.liquid":   "---\nwords: {xx-klingon-9: {a: b}}\n---\n<p>no place</p>",
		"templates/call/c.yaml":          "say: \"{{ event.x | bad }}\"\nask:\n  - {id: csat, say: a, expect: digits 5-1, reprompt: 9}\n  - {id: csat, say: b, expect: digit}\n  - {say: c, record: 1h}\ntransfer: {when: csat <= 2, to: \"123\", hours: [\"09:00-18:00\", 9-18, \"12:00-12:00\"]}\nbey: x\n",
		"templates/push/p.yaml":          "titel: x\nactions: [{id: a}, {id: b, title: t}, {id: c, title: t}]\n",
		"templates/push/broken.yaml":     "title: \"x\nbody: y\n",
		"templates/email/.DS_Store":      "x",
		"campaigns/other.yaml":           "not: mine",
		"templates/sms/good.liquid":      "Hello {{ customer.first_name }}",
		"templates/sms/not-utf8.liquid":  "\xff\xfe",
		"templates/email/marked.liquid":  "---\nsubject: x\nlayout: none\nformat: html\n---\n<a href={{ event.x }} {{ event.y }}=1 onclick=\"{{ event.z }}\" style=\"color: {{ event.c }}\">{{ event.x | raw | upcase }}</a><{{ event.n }}><script>{{ event.s }}</script><b title=\"{{ event.t | raw }}\">",
		"templates/email/odd.liquid":     "---\nsubject: x\nlayout: odd\nformat: html\n---\n{{ event.x }}",
		"templates/email/lost.liquid":    "---\nsubject: x\n---\n<mj-social>{% if event.x %}<mj-social-element name=\"x\" href=\"https://x.example\">y</mj-social-element>{% endif %}</mj-social>",
		"templates/email/endless.liquid": "---\nsubject: x\n",
	}
	l, found := Load(asFiles(files), "en")
	var lines []string
	for _, p := range found {
		lines = append(lines, oneLineOf(p))
	}
	golden(t, "mistakes.txt", strings.Join(lines, "\n")+"\n")

	if _, _, err := l.Render(Ref{channels.SMS, "good"}, "en", ann()); err != nil {
		t.Errorf("the sound file cannot be used: %v", err)
	}
	if _, _, err := l.Render(Ref{channels.Email, "card"}, "en", ann()); err == nil || !l.Has(Ref{channels.Email, "card"}) {
		t.Errorf("a file with mistakes must exist and not be rendered: %v", err)
	}
}

func TestAMistakeInALayoutSpoilsEveryMessageThatUsesIt(t *testing.T) {
	l, found := Load(asFiles(map[string]string{
		"templates/layouts/bad.liquid": "<html><body>{{ nope.x }}{{ content }}</body></html>",
		"templates/email/a.liquid":     "---\nsubject: x\nlayout: bad\nformat: html\n---\na",
		"templates/email/b.liquid":     "---\nsubject: x\nlayout: bad\nformat: html\n---\nb",
	}), "en")
	if len(found) != 1 || found[0].File != "templates/layouts/bad.liquid" {
		t.Errorf("the mistake must be reported once, where it was made: %v", found)
	}
	for _, name := range []string{"a", "b"} {
		if content, _, err := l.Render(Ref{channels.Email, name}, "en", ann()); err == nil {
			t.Errorf("%s was rendered: %v", name, content.Email.HTML)
		}
	}
}

func TestAPlaceIsExact(t *testing.T) {
	cases := []struct {
		file, text   string
		line, column int
	}{
		{"templates/sms/m.liquid", "one\ntwo é {{ event.x | nope }}", 2, 20},
		{"templates/sms/m.liquid", "{% if event.x == %}{% endif %}", 1, 17},
		{"templates/email/m.liquid", "---\nsubject: \"é {{ nope.x }}\"\n---\n<mj-text>x</mj-text>", 2, 16},
		{"templates/email/m.liquid", "---\nsubject: x\n---\n<mj-text>\n  <b>{{ nope.x }}</b></mj-text>", 5, 9},
		{"templates/push/m.yaml", "title: x\nurl: 'https://x.example/{{ nope.x }}'", 2, 28},
		{"templates/call/m.yaml", "say: |\n  one\n  {{ nope.x }}", 1, 6},
	}
	for _, c := range cases {
		_, found := Load(asFiles(map[string]string{c.file: c.text}), "en")
		if len(found) != 1 || found[0].Line != c.line || found[0].Column != c.column {
			t.Errorf("%q: got %v, want one problem at %d:%d", c.text, found, c.line, c.column)
		}
	}
}

func TestLocalesFallBack(t *testing.T) {
	l := load(t, map[string]string{
		"templates/sms/a.liquid":       "none",
		"templates/sms/a.fa.liquid":    "fa",
		"templates/sms/a.fr-CA.liquid": "fr-CA",
		"templates/sms/b.en.liquid":    "en",
		"templates/sms/b.de.liquid":    "de",
	})
	cases := []struct{ name, wish, text, locale string }{
		{"a", "fa-IR", "fa", "fa"},
		{"a", "fa_IR", "fa", "fa"},
		{"a", "fr-CA", "fr-CA", "fr-CA"},
		{"a", "fr", "none", "en"},
		{"a", "", "none", "en"},
		{"a", "en-GB", "none", "en"},
		{"b", "de-AT", "de", "de"},
		{"b", "ja", "en", "en"},
		{"b", "no locale at all", "en", "en"},
	}
	for _, c := range cases {
		content, locale, err := l.Render(Ref{channels.SMS, c.name}, c.wish, ann())
		if err != nil || content.SMS.Text != c.text || locale != c.locale {
			t.Errorf("%s in %q: got %v in %s, %v; want %s in %s", c.name, c.wish, content.SMS, locale, err, c.text, c.locale)
		}
	}
	if got := l.Locales(Ref{channels.SMS, "a"}); !slices.Equal(got, []string{"en", "fa", "fr-CA"}) {
		t.Errorf("locales: %v", got)
	}
}

// An agent's answer has no words of ours, yet it is set and read out by language,
// in a workspace of any.
func TestAnAgentsLetterIsInTheCustomersLanguage(t *testing.T) {
	library, problems := Load(nil, "de")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	see := Bindings{"vars": map[string]any{"subject": "Re: x", "text": "y"}, "brand": map[string]any{"name": "Shop", "support_phone": "+4930123"}, "links": map[string]any{}}
	for locale, wants := range map[string][]string{
		"de-AT": {`lang="de"`, `dir="ltr"`, "Rufen Sie uns an"},
		"fa":    {`lang="fa"`, `dir="rtl"`, "با ما تماس بگیرید"},
		"ja":    {`lang="de"`, `dir="ltr"`, "Rufen Sie uns an"},
	} {
		content, _, err := library.Render(Ref{channels.Email, "agent-reply"}, locale, see)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(content.Email.HTML, want) {
				t.Errorf("%s: the letter lacks %s", locale, want)
			}
		}
	}
}

func TestShippedMessagesStandIn(t *testing.T) {
	l := load(t, map[string]string{"templates/sms/hello.liquid": "x"})
	if got := l.Names(channels.SMS); !slices.Equal(got, []string{"hello", "satisfaction-link"}) {
		t.Errorf("names: %v", got)
	}
	content, locale, err := l.Render(Ref{channels.SMS, "satisfaction-link"}, "de-AT", ann())
	if err != nil || locale != "de" || !strings.HasPrefix(content.SMS.Text, "Shop: Wie") {
		t.Errorf("got %v, %s, %v", content.SMS, locale, err)
	}
	own := load(t, map[string]string{"templates/sms/satisfaction-link.liquid": "ours"})
	content, locale, err = own.Render(Ref{channels.SMS, "satisfaction-link"}, "de-AT", ann())
	if err != nil || locale != "en" || content.SMS.Text != "ours" {
		t.Errorf("a workspace's own message must hide the shipped one: got %v, %s, %v", content.SMS, locale, err)
	}
}

func TestAWorkspaceHasItsOwnLayout(t *testing.T) {
	l := load(t, map[string]string{
		"templates/layouts/base.liquid": "---\nwords: {en: {bye: \"Bye & thanks\"}, fa: {bye: خداحافظ}}\n---\n<html><body class=\"{{ locale.dir }}\">{{ subject }}: {{ content }} {{ words.bye }}</body></html>",
		"templates/email/m.liquid":      "---\nsubject: \"A & {{ event.query }}\"\npreheader: pre\nformat: html\n---\n<p>hi</p>",
		"templates/email/m.fa.liquid":   "---\nsubject: s\nformat: markdown\n---\nسلام",
	})
	for locale, want := range map[string]string{
		"en": `<html lang="en" dir="ltr"><body class="ltr"><div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden">pre</div>A &amp; a&amp;b c: <p>hi</p> Bye &amp; thanks</body></html>`,
		"fa": `<html lang="fa" dir="rtl"><body class="rtl">s: <p>سلام</p>` + "\n" + ` خداحافظ</body></html>`,
	} {
		content, _, err := l.Render(Ref{channels.Email, "m"}, locale, ann())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, content.Email.HTML); diff != "" {
			t.Errorf("%s (-want +got):\n%s", locale, diff)
		}
	}
}

func TestRightToLeftLocalesRenderRightToLeft(t *testing.T) {
	message := "---\nsubject: s\n---\n<mj-text>x</mj-text>"
	l := load(t, map[string]string{
		"templates/email/m.liquid": message, "templates/email/m.ar.liquid": message, "templates/email/m.ur-PK.liquid": message,
		"templates/email/m.he.liquid": message,
	})
	for _, locale := range []string{"ar-EG", "ur-PK", "he"} {
		content, used, err := l.Render(Ref{channels.Email, "m"}, locale, ann())
		if err != nil {
			t.Fatal(err)
		}
		html := content.Email.HTML
		if !strings.Contains(html, `<html lang="`+used+`" dir="rtl"`) || !strings.Contains(html, "direction:rtl") ||
			strings.Contains(html, `dir="auto"`) || strings.Contains(html, "direction:ltr") || strings.Contains(html, "text-align:left") {
			t.Errorf("%s is not right to left:\n%s", locale, html)
		}
	}
	content, _, _ := l.Render(Ref{channels.Email, "m"}, "en", ann())
	if !strings.Contains(content.Email.HTML, `<html lang="en" dir="ltr"`) || strings.Contains(content.Email.HTML, "rtl") {
		t.Errorf("en is not left to right:\n%s", content.Email.HTML)
	}
}

func TestFieldsListsWhatATemplateNames(t *testing.T) {
	l := load(t, map[string]string{
		"templates/layouts/plain.liquid": "<html><body>{{ brand.name }}{{ content }}</body></html>",
		"templates/email/m.liquid": `---
subject: "{{ event.order_id }}"
preheader: "{{ customer.city | default: 'x' }}"
layout: plain
format: html
---
{% assign n = event.count %}{{ n }}
{% for item in event.items %}{{ item.name }} {{ forloop.index }}{% endfor %}
{% if customer.vip %}{{ customer.vip }} {{ vars['x'] }}{% endif %}
{{ customer.tags.size }}{{ customer.traits.size }}
`,
		"templates/email/m.de.liquid": "---\nsubject: x\nlayout: plain\nformat: html\n---\n{{ links.survey }}",
	})
	var got []string
	for _, f := range l.Fields(Ref{channels.Email, "m"}) {
		word := strings.Join(f.Path, ".")
		if f.Defaulted {
			word += "?"
		}
		got = append(got, path.Base(f.File)+" "+word)
	}
	want := []string{
		"m.de.liquid links.survey",
		"m.liquid event.order_id", "m.liquid customer.city?", "m.liquid event.count", "m.liquid event.items",
		"m.liquid customer.vip?", "m.liquid customer.vip?", "m.liquid vars.x", "m.liquid customer.tags", "m.liquid customer.traits.size",
		"plain.liquid brand.name",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestACallsScript(t *testing.T) {
	l := load(t, map[string]string{"templates/call/c.yaml": `say: "Hello {{ customer.first_name | default: 'there' }}, this is {{ brand.name }}."
ask:
  - {id: csat, say: "From one to five?", expect: digits 1-5, reprompt: 2}
  - {id: again, say: "Again?", expect: yes_no}
  - {id: comment, say: "Tell us why.", record: 60s}
transfer: {when: answers.csat.score < 3, to: "{{ brand.support_phone }}", say: "One moment.", hours: ["09:00-12:30", "22:00-24:00"]}
bye: "Thank you."
voicemail: hang_up
`})
	content, _, err := l.Render(Ref{channels.Call, "c"}, "en", ann())
	if err != nil {
		t.Fatal(err)
	}
	want := &channels.CallScript{
		Say: "Hello Ann, this is Shop.", Bye: "Thank you.", Language: "en",
		Stop:    "If you do not want to be called again, press nine at any time.",
		Stopped: "All right, we will not call you again. Goodbye.",
		Late:    "Excuse us, this call comes at the wrong time. We will try again another time. Goodbye.",
		Questions: []channels.CallQuestion{
			{ID: "csat", Say: "From one to five?", Expect: channels.ExpectDigits, Reprompt: 2, Low: 1, High: 5},
			{ID: "again", Say: "Again?", Expect: channels.ExpectYesNo},
			{ID: "comment", Say: "Tell us why.", Expect: channels.ExpectRecord, Record: 60e9},
		},
		Transfer: &channels.Transfer{Question: "csat", AtOrBelow: 2, To: "+493012345678", Say: "One moment.", Sorry: "I am sorry, nobody is free at the moment. A colleague will call you back. Goodbye.", Hours: []channels.Hours{{From: 540, To: 750}, {From: 1320, To: 1440}}},
	}
	if diff := cmp.Diff(want, content.Call); diff != "" {
		t.Errorf("script (-want +got):\n%s", diff)
	}
}

func TestACallsScriptInItsOwnWords(t *testing.T) {
	l := load(t, map[string]string{
		"templates/call/c.yaml": `say: "Hello."
ask: [{id: nps, say: "From zero to ten?", expect: digits 0-10}]
stop: unsaid
stopped: "Never again, {{ customer.first_name }}."
late: "Too late."
transfer: {when: answers.nps.score <= 6, to: "+493012345678", ring: 30s, sorry: "Nobody.", record: true}
`,
		"templates/call/n.yaml":    "say: Hello.\nask: [{id: nps, say: \"From zero to ten?\", expect: digits 0-10}]\n",
		"templates/call/n.ga.yaml": "say: Dia duit.\nask: [{id: nps, say: \"?\", expect: digits 0-10}]\n",
	})
	said := func(name, locale string) *channels.CallScript {
		t.Helper()
		content, _, err := l.Render(Ref{channels.Call, name}, locale, ann())
		if err != nil {
			t.Fatal(err)
		}
		return content.Call
	}
	own := said("c", "en")
	if own.Stop != "" || own.Stopped != "Never again, Ann." || own.Late != "Too late." {
		t.Errorf("got %+v", own)
	}
	if to := own.Transfer; to.Ring != 30*time.Second || to.Sorry != "Nobody." || !to.Record {
		t.Errorf("transfer %+v", to)
	}
	if q := own.Questions[0]; q.Low != 0 || q.High != 10 || q.StopKey() != "*" {
		t.Errorf("question %+v", q)
	}
	if usual := said("n", "en").Stop; !strings.Contains(usual, "the star key") {
		t.Errorf("where nine is a score: %q", usual)
	}
	if none := said("n", "ga").Stop; none != "" {
		t.Errorf("in a language without usual words: %q", none)
	}
}

func TestANotification(t *testing.T) {
	l := load(t, map[string]string{"templates/push/p.yaml": "title: It is back\nbody: \"{{ event.order_id }} is in stock\"\nurl: \"{{ event.url }}\"\ntag: stock\nactions: [{id: buy, title: Buy now, url: \"{{ event.url }}\"}]\n"})
	content, _, err := l.Render(Ref{channels.Push, "p"}, "en", ann())
	if err != nil {
		t.Fatal(err)
	}
	want := &channels.PushContent{
		Title: "It is back", Body: "A-17 is in stock", URL: "https://shop.example/a?b=1&c=2", Tag: "stock",
		Actions: []channels.PushAction{{ID: "buy", Title: "Buy now", URL: "https://shop.example/a?b=1&c=2"}},
	}
	if diff := cmp.Diff(want, content.Push); diff != "" {
		t.Errorf("notification (-want +got):\n%s", diff)
	}
}

func TestOneLibraryServesMany(t *testing.T) {
	l := load(t, map[string]string{"templates/sms/m.liquid": "{% for i in (1..3) %}{% capture x %}{{ customer.first_name }}{{ i }}{% endcapture %}{{ x }}{% endfor %}"})
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			name := strings.Repeat("x", n+1)
			b := Bindings{"customer": map[string]any{"first_name": name}}
			for range 50 {
				content, _, err := l.Render(Ref{channels.SMS, "m"}, "en", b)
				if want := name + "1" + name + "2" + name + "3"; err != nil || content.SMS.Text != want {
					t.Errorf("got %v, %v, want %s", content.SMS, err, want)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestALineIsATemplateOfItsOwn(t *testing.T) {
	line, err := ParseLine("Unhappy with {{ event.order_id }}{% if customer.city %} in {{ customer.city }}{% endif %}")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := line.Render(ann()); err != nil || got != "Unhappy with A-17" {
		t.Errorf("got %q, %v", got, err)
	}
	if diff := cmp.Diff([][]string{{"event", "order_id"}, {"customer", "city"}, {"customer", "city"}}, line.Fields()); diff != "" {
		t.Error(diff)
	}
	_, err = ParseLine("{{ evnt.x }} {{ event.y | upcas }}")
	var wrong *LineError
	if !errors.As(err, &wrong) || len(wrong.Problems) != 2 || wrong.Problems[0].Column != 4 {
		t.Errorf("got %v", err)
	}
}

func TestTheSampleShopIsSound(t *testing.T) {
	root := os.DirFS("../campaigns/examples/shop")
	files := map[string][]byte{}
	for _, folder := range []string{"email", "sms", "call", "push"} {
		names, err := readAll(root, "templates/"+folder)
		if err != nil {
			t.Skipf("no sample shop: %v", err)
		}
		for name, content := range names {
			files[name] = content
		}
	}
	l, found := Load(files, "en")
	for _, p := range found {
		t.Error(oneLineOf(p))
	}
	for _, name := range l.Names(channels.Email) {
		for _, locale := range l.Locales(Ref{channels.Email, name}) {
			who := ann()
			who["vars"] = map[string]any{"subject": "Your question", "text": "It is on its way."}
			content, _, err := l.Render(Ref{channels.Email, name}, locale, who)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if diff := cmp.Diff(textOf(content.Email.HTML), content.Email.Text); diff != "" {
				t.Errorf("%s: text part (-html +text):\n%s", name, diff)
			}
		}
	}
}

// TestWhatShipsIsCompiledOnce holds what is shared between workspaces to what each
// would have made by itself.
func TestWhatShipsIsCompiledOnce(t *testing.T) {
	ref := Ref{channels.Email, plainLetter}
	plain, _ := Load(nil, "fa")
	again, _ := Load(asFiles(map[string]string{"templates/sms/m.liquid": "x"}), "fa")
	if plain.templates[ref] != again.templates[ref] {
		t.Error("two workspaces have two of them")
	}
	alone, found := loadWith(nil, shippedFiles(), "fa", nil)
	if len(found) > 0 || len(alone.templates) != len(plain.templates) {
		t.Errorf("%d templates, %d of them ready made; %v", len(alone.templates), len(plain.templates), found)
	}
	other, _ := Load(nil, "en")
	own, _ := Load(asFiles(map[string]string{"templates/layouts/base.liquid": "OURS {{ content }}"}), "fa")
	mine, _ := Load(asFiles(map[string]string{"templates/email/" + plainLetter + ".liquid": "---\nsubject: x\nlayout: none\n---\nours"}), "fa")
	for name, l := range map[string]*Library{"of another locale": other, "in a layout of its own": own, "by its own words": mine} {
		if l.templates[ref] == plain.templates[ref] {
			t.Errorf("a workspace %s shares them", name)
		}
	}
}
