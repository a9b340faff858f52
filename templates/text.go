package templates

import (
	"strings"

	"golang.org/x/net/html"
)

// The text part of an e-mail is made in two steps. mark turns HTML into its
// words and marks of where lines and paragraphs end; set turns the marks into
// line breaks and drops superfluous space. Both look at one spot at a time, so
// it makes no difference whether a template is marked and then rendered, which
// is done once at load, or rendered and then marked, for every customer.
const (
	markLine      = '\x01' // a block begins or ends
	markParagraph = '\x02' // a block with space around it begins or ends
	markBreak     = '\x03' // <br>
	markCell      = '\x04' // between the cells of a row
	markList      = '\x05' // an ordered list begins
	markListEnd   = '\x06'
	markItem      = '\x07' // an item of an ordered list
	markLink      = '\x0e' // a link's words begin
	markURL       = '\x0f' // its URL begins
	markLinkEnd   = '\x10'
)

// mark gives the words of HTML, and marks.
func mark(document string) string {
	return marker{}.run(document)
}

// markTemplate is mark for a text that will be Liquid: braces that were never
// a tag do not become one.
func markTemplate(document string) string {
	return marker{braces: strings.NewReplacer("{{", `{{ "{{" }}`, "{%", `{{ "{%" }}`)}.run(document)
}

func (m marker) run(document string) string {
	m.z = html.NewTokenizer(strings.NewReader(document))
	m.out.Grow(len(document) / 4)
	for m.next() {
	}
	return m.out.String()
}

type marker struct {
	z      *html.Tokenizer
	out    strings.Builder
	braces *strings.Replacer // nil: leave braces alone
	// hidden is the element that hides what is in it, and how many of its kind
	// are open; "" when nothing is hidden.
	hidden string
	nested int
	urls   []string
	tables []bool // whether each open table is there for layout only
	lists  []bool // whether each open list is ordered
}

func (m *marker) next() bool {
	switch m.z.Next() {
	case html.ErrorToken:
		return false
	case html.TextToken:
		if m.hidden == "" {
			m.words(string(m.z.Text()))
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		t := m.z.Token()
		if m.hidden != "" {
			if t.Data == m.hidden && t.Type == html.StartTagToken {
				m.nested++
			}
		} else if t.Type == html.StartTagToken && !voidElements[t.Data] && hides(t) {
			m.hidden, m.nested = t.Data, 1
		} else {
			m.start(t)
		}
	case html.EndTagToken:
		t := m.z.Token()
		if m.hidden == "" {
			m.end(t.Data)
		} else if t.Data == m.hidden {
			if m.nested--; m.nested == 0 {
				m.hidden = ""
			}
		}
	}
	return true
}

var voidElements = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true,
	"input": true, "link": true, "meta": true, "source": true, "track": true, "wbr": true,
}

// hides reports whether nothing in an element is to be seen.
func hides(t html.Token) bool {
	switch t.Data {
	case "head", "script", "style", "title", "template", "noscript":
		return true
	}
	for _, a := range t.Attr {
		if a.Key == "hidden" || a.Key == "style" && strings.Contains(strings.ReplaceAll(a.Val, " ", ""), "display:none") {
			return true
		}
	}
	return false
}

func (m *marker) words(text string) {
	if m.braces != nil {
		text = m.braces.Replace(text)
	}
	m.out.WriteString(text)
}

func (m *marker) start(t html.Token) {
	switch t.Data {
	case "a":
		m.out.WriteRune(markLink)
		m.urls = append(m.urls, strings.TrimSpace(attributeOf(t, "href")))
	case "img":
		m.words(attributeOf(t, "alt"))
	case "br":
		m.out.WriteRune(markBreak)
	case "hr":
		m.out.WriteString(string(markParagraph) + "---" + string(markParagraph))
	case "table":
		role := attributeOf(t, "role")
		m.tables = append(m.tables, role == "presentation" || role == "none")
		m.out.WriteRune(markParagraph)
	case "td", "th":
		m.cell()
	case "ul", "ol":
		m.out.WriteRune(m.listMark())
		m.lists = append(m.lists, t.Data == "ol")
		if t.Data == "ol" {
			m.out.WriteRune(markList)
		}
	case "li":
		m.out.WriteRune(markLine)
		if len(m.lists) > 0 && m.lists[len(m.lists)-1] {
			m.out.WriteRune(markItem)
		} else {
			m.out.WriteString("- ")
		}
	default:
		m.boundary(t.Data)
	}
}

func (m *marker) end(name string) {
	switch name {
	case "a":
		if n := len(m.urls); n > 0 {
			m.out.WriteRune(markURL)
			m.words(m.urls[n-1])
			m.out.WriteRune(markLinkEnd)
			m.urls = m.urls[:n-1]
		}
	case "table":
		if n := len(m.tables); n > 0 {
			m.tables = m.tables[:n-1]
		}
		m.out.WriteRune(markParagraph)
	case "ul", "ol":
		if n := len(m.lists); n > 0 {
			if m.lists[n-1] {
				m.out.WriteRune(markListEnd)
			}
			m.lists = m.lists[:n-1]
		}
		m.out.WriteRune(m.listMark())
	case "li":
		m.out.WriteRune(markLine)
	default:
		m.boundary(name)
	}
}

// listMark is what stands around a list: a nested one needs no empty line.
func (m *marker) listMark() rune {
	if len(m.lists) > 0 {
		return markLine
	}
	return markParagraph
}

func (m *marker) cell() {
	if m.layout() {
		m.out.WriteRune(markLine)
	} else {
		m.out.WriteRune(markCell)
	}
}

// layout reports whether the innermost table only places things.
func (m *marker) layout() bool {
	n := len(m.tables)
	return n > 0 && m.tables[n-1]
}

// boundary marks the beginning or end of an element.
func (m *marker) boundary(name string) {
	switch name {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "section", "article", "header", "footer", "dl":
		m.out.WriteRune(markParagraph)
	case "tr":
		if m.layout() {
			m.out.WriteRune(markParagraph)
		} else {
			m.out.WriteRune(markLine)
		}
	case "div", "address", "center", "dd", "dt", "caption", "figcaption", "body", "main", "nav":
		m.out.WriteRune(markLine)
	}
}

func attributeOf(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
