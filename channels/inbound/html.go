package inbound

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// textOf is an HTML letter as text: blocks on lines of their own, what is quoted
// behind "> ", nothing of what a browser would not show as words.
func textOf(document string) string {
	w := writer{}
	reader := html.NewTokenizer(strings.NewReader(document))
	for {
		switch reader.Next() {
		case html.ErrorToken:
			return w.text()
		case html.TextToken:
			if w.hidden == 0 {
				w.write(string(reader.Text()))
			}
		case html.StartTagToken:
			w.open(reader.Token())
		case html.SelfClosingTagToken:
			if t := reader.Token(); t.DataAtom == atom.Br || t.DataAtom == atom.Hr {
				w.newLine()
			}
		case html.EndTagToken:
			w.shut(reader.Token())
		}
	}
}

// writer collects lines.
type writer struct {
	lines  []string
	line   strings.Builder
	quotes []atom.Atom // elements within the outermost quote, which is the first
	hidden int
}

// open begins an element.
func (w *writer) open(t html.Token) {
	switch {
	case hidden[t.DataAtom]:
		w.hidden++
	case t.DataAtom == atom.Br || t.DataAtom == atom.Hr:
		w.newLine()
	case restBelongs(t):
		w.newLine()
		w.lines = append(w.lines, originalBelow)
	case len(w.quotes) > 0:
		if w.newBlock(t.DataAtom); nests[t.DataAtom] && len(w.quotes) < 1000 {
			w.quotes = append(w.quotes, t.DataAtom)
		}
	case quotes(t):
		w.newBlock(t.DataAtom)
		w.quotes = append(w.quotes, t.DataAtom)
	default:
		w.newBlock(t.DataAtom)
		if t.DataAtom == atom.Li {
			w.line.WriteString("- ")
		}
	}
}

// shut ends an element. Ends that nothing began, and beginnings that nothing
// ended, are lived with.
func (w *writer) shut(t html.Token) {
	if hidden[t.DataAtom] && w.hidden > 0 {
		w.hidden--
		return
	}
	w.newBlock(t.DataAtom)
	for i := len(w.quotes) - 1; i >= 0; i-- {
		if w.quotes[i] == t.DataAtom {
			w.quotes = w.quotes[:i]
			return
		}
	}
}

// write adds words, whose white space means nothing in HTML.
func (w *writer) write(text string) {
	text = strings.ReplaceAll(text, "\u00A0", " ")
	fields := strings.Fields(text)
	if len(fields) == 0 {
		if w.line.Len() > 0 && text != "" {
			w.space()
		}
		return
	}
	if strings.TrimLeft(text, " \t\r\n") != text {
		w.space()
	}
	w.line.WriteString(strings.Join(fields, " "))
	if strings.TrimRight(text, " \t\r\n") != text {
		w.space()
	}
}

func (w *writer) space() {
	if w.line.Len() > 0 && !strings.HasSuffix(w.line.String(), " ") {
		w.line.WriteByte(' ')
	}
}

// newBlock ends the line where an element stands on lines of its own.
func (w *writer) newBlock(a atom.Atom) {
	if blocks[a] && w.line.Len() > 0 {
		w.newLine()
	}
}

func (w *writer) newLine() {
	line := strings.TrimSpace(w.line.String())
	w.line.Reset()
	if len(w.quotes) > 0 {
		line = strings.TrimSpace("> " + line)
	}
	if line == "" && len(w.lines) > 0 && w.lines[len(w.lines)-1] == "" {
		return
	}
	w.lines = append(w.lines, line)
}

func (w *writer) text() string {
	if w.line.Len() > 0 {
		w.newLine()
	}
	return strings.Join(w.lines, "\n")
}

var (
	hidden = map[atom.Atom]bool{atom.Script: true, atom.Style: true, atom.Title: true}
	blocks = map[atom.Atom]bool{
		atom.P: true, atom.Div: true, atom.Table: true, atom.Tr: true, atom.Ul: true, atom.Ol: true, atom.Li: true, atom.Blockquote: true,
		atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Pre: true, atom.Section: true,
		atom.Article: true, atom.Header: true, atom.Footer: true, atom.Body: true,
	}
	nests = map[atom.Atom]bool{atom.Div: true, atom.Blockquote: true}
)

// quotes reports whether an element holds the letter that is answered, by the
// marks that mail programs leave: a cited block, or a container of Gmail's,
// Yahoo's or Thunderbird's.
func quotes(t html.Token) bool {
	if t.DataAtom == atom.Blockquote {
		return true
	}
	for _, name := range strings.Fields(strings.ToLower(attribute(t, "class"))) {
		switch name {
		case "gmail_quote", "gmail_quote_container", "yahoo_quoted", "moz-cite-prefix":
			return t.DataAtom == atom.Div
		}
	}
	return false
}

// originalBelow stands where all that follows is the letter that is answered.
const originalBelow = "-----Original Message-----"

// restBelongs reports whether an element is the one that Outlook puts before the
// letter that is answered, which it does not enclose.
func restBelongs(t html.Token) bool {
	id := strings.ToLower(attribute(t, "id"))
	return strings.HasSuffix(id, "divrplyfwdmsg") || strings.HasSuffix(id, "appendonsend") || id == "mail-editor-reference-message-container"
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
