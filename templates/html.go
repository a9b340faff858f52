package templates

import (
	"strings"

	"golang.org/x/net/html"
)

// place is where in HTML a value stands.
type place byte

// The places, as they are written at the end of an atom.
const (
	inText      place = 'x'
	inAttribute place = 'a'
	inURL       place = 'u' // the beginning of a URL
	inQuery     place = 'q' // behind the ? of a URL
)

// urlAttributes are the attributes whose value is a URL.
var urlAttributes = map[string]bool{
	"href": true, "src": true, "action": true, "formaction": true, "background": true, "poster": true, "cite": true, "xlink:href": true,
}

// attribute is one attribute of a start tag; the value's offsets are in the
// tag's text.
type attribute struct {
	name       string // lower case
	start, end int
	quote      byte // 0 when the value stands without quotes
}

// attributesOf reads the attributes of a start tag as it is written.
func attributesOf(raw string) []attribute {
	var all []attribute
	eachAttribute(raw, func(a attribute) bool {
		all = append(all, a)
		return true
	})
	return all
}

// eachAttribute reads the attributes of a start tag one by one, until visit has
// seen enough.
func eachAttribute(raw string, visit func(attribute) bool) {
	i := 1
	for i < len(raw) && !isTagSpace(raw[i]) && raw[i] != '>' {
		i++
	}
	for i < len(raw) {
		for i < len(raw) && (isTagSpace(raw[i]) || raw[i] == '/' || raw[i] == '>') {
			i++
		}
		start := i
		for i < len(raw) && !isTagSpace(raw[i]) && raw[i] != '=' && raw[i] != '>' && (raw[i] != '/' || i == start) {
			i++
		}
		if start == i {
			if i < len(raw) {
				i++
			}
			continue
		}
		a := attribute{name: strings.ToLower(raw[start:i])}
		j := i
		for j < len(raw) && isTagSpace(raw[j]) {
			j++
		}
		if j >= len(raw) || raw[j] != '=' {
			a.start, a.end = i, i
		} else {
			for j++; j < len(raw) && isTagSpace(raw[j]); j++ {
			}
			i = a.value(raw, j)
		}
		if !visit(a) {
			return
		}
	}
}

// value reads the attribute's value at i and gives the offset behind it.
func (a *attribute) value(raw string, i int) int {
	if i < len(raw) && (raw[i] == '"' || raw[i] == '\'') {
		a.quote = raw[i]
		a.start = i + 1
		end := strings.IndexByte(raw[a.start:], a.quote)
		if end < 0 {
			a.end = len(raw)
			return len(raw)
		}
		a.end = a.start + end
		return a.end + 1
	}
	a.start = i
	for i < len(raw) && !isTagSpace(raw[i]) && raw[i] != '>' {
		i++
	}
	a.end = i
	return i
}

func isTagSpace(b byte) bool {
	return b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == '\f'
}

// placer finds out where in a document each atom stands, and refuses places
// where no escaping could make a value safe.
type placer struct {
	hold  *holder
	found *problems
	out   strings.Builder
}

// place gives the document with every atom marked by its place.
func (h *holder) place(document string, found *problems) string {
	p := &placer{hold: h, found: found}
	p.out.Grow(len(document))
	p.walk(document)
	return p.out.String()
}

func (p *placer) walk(document string) {
	z := html.NewTokenizer(strings.NewReader(document))
	inside := ""
	for {
		kind := z.Next()
		raw := string(z.Raw())
		switch kind {
		case html.ErrorToken:
			p.out.WriteString(raw)
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			inside = string(name)
			p.tag(raw, inside)
		case html.EndTagToken:
			inside = ""
			p.out.WriteString(raw)
		case html.CommentToken:
			p.comment(raw)
		case html.TextToken:
			if inside == "script" || inside == "style" {
				p.refuse(raw, "take it out of the "+inside, "a value inside %s cannot be made safe", inside)
			}
			p.out.WriteString(raw)
		default:
			p.out.WriteString(raw)
		}
	}
}

// comment looks into comments that Outlook reads as HTML.
func (p *placer) comment(raw string) {
	if !strings.HasPrefix(raw, "<!--[if") || !strings.HasSuffix(raw, "-->") {
		p.out.WriteString(raw)
		return
	}
	p.out.WriteString("<!--")
	p.walk(raw[4 : len(raw)-3])
	p.out.WriteString("-->")
}

// tag marks the atoms in the attributes of a start tag.
func (p *placer) tag(raw, name string) {
	if !strings.Contains(raw, p.hold.prefix) {
		p.out.WriteString(raw)
		return
	}
	p.refuse(name, "write the name out", "a value cannot be the name of an element")
	at := 0
	for _, a := range attributesOf(raw) {
		p.refuse(a.name, "write the name out", "a value cannot be the name of an attribute")
		value := raw[a.start:a.end]
		p.out.WriteString(raw[at:a.start])
		p.attribute(a, value)
		at = a.end
	}
	p.out.WriteString(raw[at:])
}

func (p *placer) attribute(a attribute, value string) {
	switch {
	case a.quote == 0:
		p.refuse(value, "put the attribute in quotes", "a value stands in an attribute without quotes")
	case strings.HasPrefix(a.name, "on"):
		p.refuse(value, "take it out", "a value inside %s cannot be made safe", a.name)
	case a.name == "style":
		p.onlyAuthored(value)
	}
	isURL := urlAttributes[a.name]
	query, begun := false, false
	for value != "" {
		number, start, end := p.hold.next(value)
		if start < 0 {
			break
		}
		query = query || strings.ContainsRune(value[:start], '?')
		begun = begun || strings.TrimSpace(value[:start]) != ""
		where := inAttribute
		switch {
		case !isURL || !p.hold.prints(number):
		case query:
			where = inQuery
		case !begun:
			where = inURL
		}
		// Behind a tag the URL may begin anew: {% if %}{{ a }}{% else %}{{ b }}{% endif %}.
		begun = p.hold.prints(number)
		p.refuseRaw(number)
		p.out.WriteString(value[:start] + p.hold.named(number, where))
		value = value[end:]
	}
	p.out.WriteString(value)
}

func (p *placer) refuseRaw(number int) {
	if t := p.hold.atoms[number].tag; t != nil && t.reading != nil && t.reading.raw {
		p.found.at(t.at, "leave the filter out", "an unescaped value cannot stand in an attribute")
	}
}

// onlyAuthored refuses values in a style that do not come from the workspace
// itself.
func (p *placer) onlyAuthored(value string) {
	p.hold.each(value, func(t *tag) {
		if t.name != "" || t.reading == nil {
			return
		}
		for _, root := range t.reading.roots {
			if root != "brand" && root != "vars" {
				p.found.at(t.at, "use brand or vars, or choose between classes with if", "a value of %s inside a style cannot be made safe", root)
				return
			}
		}
	})
}

// refuse reports every output in a text.
func (p *placer) refuse(text, mend, format string, args ...any) {
	p.hold.each(text, func(t *tag) {
		if t.name == "" {
			p.found.at(t.at, mend, format, args...)
		}
	})
}
