package templates

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	nethtml "golang.org/x/net/html"
)

// format is what the body of an e-mail is written in.
type format string

const (
	formatMJML     format = "mjml"
	formatHTML     format = "html"
	formatMarkdown format = "markdown"
)

// fragment is the body of a message, ready to be put into a layout: either
// MJML elements or HTML, both with atoms.
type fragment struct {
	mjml     string
	sections bool // the elements are sections, not parts of a column
	html     string
}

func (f *fragment) asSections(h *holder) string {
	if f.sections {
		return f.mjml
	}
	return "<mj-section><mj-column>" + f.asColumn(h) + "</mj-column></mj-section>"
}

func (f *fragment) asColumn(h *holder) string {
	if f.html != "" {
		return "<mj-text>" + h.holdHTML(f.html) + "</mj-text>"
	}
	return f.mjml
}

// isContent reports whether a tag is the place of the message in a layout.
func (t *tag) isContent() bool { return t.name == "" && t.args == "content" }

// fragmentOf reads a body.
func fragmentOf(body masked, kind format, hold *holder, found *problems) *fragment {
	switch kind {
	case formatMJML:
		s := skeletonOf(body, hold, found, nil)
		return &fragment{mjml: s.out.String(), sections: s.sections >= 0}
	case formatMarkdown:
		return &fragment{html: markdown(body.text, hold)}
	}
	return &fragment{html: body.text}
}

// markdown turns Markdown into HTML. A Liquid tag alone on its line becomes a
// comment meanwhile, so that it makes no paragraph.
func markdown(text string, hold *holder) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if number, start, end := hold.next(line); start >= 0 && strings.TrimSpace(line) == line[start:end] && !hold.prints(number) {
			lines[i] = "<!--" + strings.TrimSpace(line) + "-->"
		}
	}
	converter := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithRendererOptions(html.WithUnsafe()))
	var out bytes.Buffer
	if err := converter.Convert([]byte(strings.Join(lines, "\n")), &out); err != nil {
		return "" // a bytes.Buffer takes everything
	}
	return hold.fromComments(out.String())
}

// fromComments frees tags that were hidden in comments.
func (h *holder) fromComments(text string) string {
	return regexp.MustCompile(`<!--(`+h.prefix+`[0-9]+[a-z])-->`).ReplaceAllString(text, "$1")
}

// formats lists what a body can be written in.
func formats() []string {
	return []string{string(formatMJML), string(formatHTML), string(formatMarkdown)}
}

// isDocument reports whether a body is a whole document, which needs no layout.
func isDocument(text string) bool {
	begin := strings.ToLower(strings.TrimSpace(text))
	return slices.ContainsFunc([]string{"<mjml", "<!doctype", "<html"}, func(p string) bool { return strings.HasPrefix(begin, p) })
}

// isMJML reports whether a whole document is MJML.
func isMJML(text string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(text)), "<mjml")
}

// toComments hides the tags that stand between elements in comments.
func (h *holder) toComments(document string) string {
	var out strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(document))
	for {
		kind := z.Next()
		raw := string(z.Raw())
		if kind == nethtml.ErrorToken {
			return out.String() + raw
		}
		if kind == nethtml.TextToken {
			raw = h.replace(raw, func(number int, where place) string {
				if h.prints(number) {
					return h.named(number, where)
				}
				return "<!--" + h.named(number, where) + "-->"
			})
		}
		out.WriteString(raw)
	}
}
