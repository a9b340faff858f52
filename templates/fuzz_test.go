package templates

import (
	"io/fs"
	"os"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/trust/bounds"
)

func readAll(fsys fs.FS, folder string) (map[string][]byte, error) {
	files := map[string][]byte{}
	return files, fs.WalkDir(fsys, folder, func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[name], err = fs.ReadFile(fsys, name)
		}
		return err
	})
}

// FuzzLoad holds that no file whatever makes the loader panic, that what it
// accepts can be rendered without a panic, that a value never comes out of an
// e-mail as an element, and that the text part is the HTML's text.
func FuzzLoad(f *testing.F) {
	shop, err := readAll(os.DirFS("../campaigns/examples/shop"), "templates")
	if err == nil {
		for _, content := range shop {
			f.Add(string(content))
		}
	}
	for _, seed := range []string{
		bare(`<a href="{{ event.url }}" {% if event.a %}class="x"{% endif %}>{{ event.note | raw }}</a>`),
		"---\nsubject: x\nformat: markdown\n---\n# {{ event.note }}\n\n{% for i in (1..3) %}\n- {{ i }}\n{% endfor %}",
		"---\nsubject: x\n---\n{% if event.a %}<mj-section><mj-column><mj-text>x</mj-text></mj-column></mj-section>{% endif %}",
		"say: x\nask: [{id: a, say: b, expect: yes_no}]", "title: x\nurl: '{{ event.url }}'", "&a *a", "{{ a | b: c, d: 'e' }}",
	} {
		f.Add(seed)
	}
	b := ann()
	b["customer"].(map[string]any)["first_name"] = "<evil>"
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		l, found := loadWith(asFiles(map[string]string{
			"templates/email/m.liquid": text, "templates/sms/m.liquid": text,
			"templates/call/m.yaml": text, "templates/push/m.yaml": text, "templates/layouts/base.liquid": text,
		}), nil, "en", nil)
		for _, p := range found {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
		for _, ch := range channels.All() {
			content, _, err := l.Render(Ref{ch, "m"}, "en", b)
			if err == nil && ch == channels.Email && strings.Contains(content.Email.HTML, "<evil>") {
				t.Errorf("a value came out as an element:\n%s", content.Email.HTML)
			}
		}
	})
}

// FuzzMark holds that any HTML becomes text without a panic and without marks.
func FuzzMark(f *testing.F) {
	f.Add("<a href='https://x.example/\x06'>y</a>")
	f.Add("<p>a<br>b</p><ol><li>x</ol><a href='https://x.example'>y</a></a></li></ol>")
	f.Fuzz(func(t *testing.T, document string) {
		defer bounds.Watch(t)()
		if text := textOf(document); strings.ContainsAny(text, "\x01\x02\x03\x04\x05\x06\x07\x0e\x0f\x10") {
			t.Errorf("marks in %q", text)
		}
		if got := RewriteLinks(document, func(string) string { return "" }); len(got) > len(document)+2*strings.Count(document, "<") {
			t.Errorf("rewriting made %q of %q", got, document)
		}
	})
}

func BenchmarkRenderEmail(b *testing.B) {
	l, ref := load(b, nil), Ref{channels.Email, "satisfaction-link"}
	bindings := ann()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := l.Render(ref, "de", bindings); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRewriteLinks(b *testing.B) {
	content, _, err := load(b, nil).Render(Ref{channels.Email, "satisfaction-link"}, "de", ann())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		RewriteLinks(content.Email.HTML, strings.ToUpper)
	}
}
