package templates

import (
	"errors"
	"slices"
	"strings"

	"github.com/preslavrachev/gomjml/mjml"
)

// The compiler leaves out elements it does not know, text that stands between
// elements, and whatever a content element holds in a way it does not expect.
// Hence a skeleton is made first: only known elements, everything that is
// content taken out and held, and every Liquid tag between elements wrapped in
// an mj-raw. What the compiler then still loses is noticed, because its atom
// is gone.

// structural elements hold other elements, content elements hold HTML.
var (
	structural = []string{
		"mjml", "mj-head", "mj-body", "mj-section", "mj-column", "mj-wrapper", "mj-group", "mj-hero",
		"mj-attributes", "mj-all", "mj-class", "mj-font", "mj-divider", "mj-spacer", "mj-image", "mj-social",
		"mj-navbar", "mj-accordion", "mj-accordion-element", "mj-carousel", "mj-carousel-image",
	}
	contentElements = []string{
		"mj-text", "mj-button", "mj-table", "mj-raw", "mj-title", "mj-preview", "mj-style",
		"mj-accordion-title", "mj-accordion-text", "mj-navbar-link", "mj-social-element",
	}
	sectionElements = []string{"mj-section", "mj-wrapper", "mj-hero"}
)

// masked is a text with atoms, which still knows where its parts were written.
type masked struct {
	text    string
	anchors []anchor
}

type anchor struct {
	at   int
	from origin
}

func (m masked) origin(at int) origin {
	i, _ := slices.BinarySearchFunc(m.anchors, at+1, func(a anchor, at int) int { return a.at - at })
	if i == 0 {
		return m.anchors[0].from
	}
	return m.anchors[i-1].from.plus(at - m.anchors[i-1].at)
}

// mask holds the tags of a template.
func (h *holder) mask(pieces []piece) masked {
	var b strings.Builder
	var m masked
	for _, p := range pieces {
		m.anchors = append(m.anchors, anchor{b.Len(), p.at})
		if p.tag != nil {
			b.WriteString(h.holdTag(p.tag))
		} else {
			b.WriteString(p.text)
		}
	}
	m.text = b.String()
	return m
}

// skeleton is MJML being stripped to its elements.
type skeleton struct {
	doc   masked
	hold  *holder
	found *problems
	// body is what {{ content }} stands for, in a layout.
	body *fragment

	out      strings.Builder
	elements []element
	serial   int
	liquid   []openBlock
	// sections and columns are the first elements of either kind at the top.
	sections, columns int
}

type element struct {
	name   string
	at     int
	serial int
}

// openBlock is a Liquid block and the element it began in.
type openBlock struct {
	tag    *tag
	inside element
}

// skeletonOf strips a document, or a fragment of one.
func skeletonOf(doc masked, hold *holder, found *problems, body *fragment) *skeleton {
	s := &skeleton{doc: doc, hold: hold, found: found, body: body, sections: -1, columns: -1}
	text := doc.text
	for i := 0; i < len(text); {
		switch rest := text[i:]; {
		case rest[0] != '<':
			end := strings.IndexByte(rest, '<')
			if end < 0 {
				end = len(rest)
			}
			s.loose(rest[:end], i)
			i += end
		case strings.HasPrefix(rest, "<!--"):
			i = s.skip(i, "-->")
		case strings.HasPrefix(rest, "<!"), strings.HasPrefix(rest, "<?"):
			i = s.skip(i, ">")
		case strings.HasPrefix(rest, "</"):
			i = s.end(i)
		default:
			i = s.start(i)
		}
	}
	for _, e := range s.elements {
		found.at(doc.origin(e.at), "add </"+e.name+">", "%s is never closed", e.name)
	}
	if s.sections >= 0 && s.columns >= 0 {
		found.at(doc.origin(s.columns), "put it into an mj-section with an mj-column", "a part of a column stands beside a section")
	}
	return s
}

// skip leaves out everything up to an end mark. Tags in it are not missed.
func (s *skeleton) skip(from int, end string) int {
	length := strings.Index(s.doc.text[from:], end)
	if length < 0 {
		s.found.at(s.doc.origin(from), "end it with "+end, "a comment is never closed")
		length = len(s.doc.text) - from - len(end)
	}
	to := from + length + len(end)
	s.hold.each(s.doc.text[from:to], func(t *tag) { s.hold.forget(t) })
	return to
}

// loose handles what stands between elements: space and Liquid tags.
func (s *skeleton) loose(text string, at int) {
	for {
		number, start, end := s.hold.next(text)
		literal := text
		if start >= 0 {
			literal = text[:start]
		}
		if trimmed := strings.TrimLeft(literal, " \t\r\n"); trimmed != "" {
			s.found.at(s.doc.origin(at+len(literal)-len(trimmed)), "put it into an mj-text", "text stands outside of any element that shows it")
		}
		if start < 0 {
			return
		}
		t := s.hold.atoms[number].tag
		switch {
		case t != nil && t.isContent():
			s.insertBody(t)
		case t != nil && t.name == "":
			s.found.at(t.at, "put it into an mj-text", "a value stands outside of any element that shows it")
			s.hold.forget(t)
		default:
			s.block(t)
			s.out.WriteString("<mj-raw>" + text[start:end] + "</mj-raw>")
		}
		text, at = text[end:], at+end
	}
}

// insertBody puts the message where the layout wants it.
func (s *skeleton) insertBody(t *tag) {
	s.hold.forget(t)
	if s.body == nil {
		return
	}
	switch parent := s.parent().name; parent {
	case "mj-body", "mj-wrapper":
		s.out.WriteString(s.body.asSections(s.hold))
	case "mj-column", "mj-hero":
		if s.body.sections {
			s.found.at(t.at, "put {{ content }} straight into the mj-body", "a message made of sections cannot stand in an %s", parent)
			return
		}
		s.out.WriteString(s.body.asColumn(s.hold))
	default:
		s.found.at(t.at, "put it into the mj-body or an mj-column", "{{ content }} cannot stand here")
	}
}

func (s *skeleton) parent() element {
	if len(s.elements) == 0 {
		return element{}
	}
	return s.elements[len(s.elements)-1]
}

// block follows Liquid's blocks through the elements: each must end where it
// began, or half of an element would be left out.
func (s *skeleton) block(t *tag) {
	if t == nil || t.name == "" {
		return
	}
	if _, opens := blocks[t.name]; opens {
		s.liquid = append(s.liquid, openBlock{t, s.parent()})
		return
	}
	if len(s.liquid) == 0 || !strings.HasPrefix(t.name, "end") && t.name != "else" && t.name != "elsif" && t.name != "when" {
		return
	}
	open := s.liquid[len(s.liquid)-1]
	if open.inside.serial != s.parent().serial {
		line, _ := open.tag.at.position()
		s.found.at(t.at, "begin and end it in the same element", "%s stands in another element than the %s of line %d", t.name, open.tag.name, line)
	}
	if strings.HasPrefix(t.name, "end") {
		s.liquid = s.liquid[:len(s.liquid)-1]
	}
}

// start reads a start tag at i, and the whole element if it is content.
func (s *skeleton) start(i int) int {
	raw := tagAt(s.doc.text[i:])
	name := elementName(raw)
	if name == "" || !strings.HasSuffix(raw, ">") {
		s.found.at(s.doc.origin(i), "write &lt; for a mere <", "a tag is never closed")
		return len(s.doc.text)
	}
	s.known(name, raw, i)
	s.out.WriteString(s.attributes(raw))
	if strings.HasSuffix(raw, "/>") {
		return i + len(raw)
	}
	s.serial++
	s.elements = append(s.elements, element{name, i, s.serial})
	i += len(raw)
	unknown := strings.HasPrefix(name, "mj") && !slices.Contains(structural, name) && !slices.Contains(contentElements, name)
	if !unknown && !slices.Contains(contentElements, name) {
		return i
	}
	closing := strings.Index(s.doc.text[i:], "</"+name)
	switch {
	case closing < 0 && unknown:
		return i
	case closing < 0:
		return len(s.doc.text)
	case unknown: // what stands in it is no second mistake
		return i + closing
	}
	s.content(name, s.doc.text[i:i+closing])
	return i + closing
}

// known judges an element and where it stands.
func (s *skeleton) known(name, raw string, at int) {
	from := s.doc.origin(at)
	isContent := slices.Contains(contentElements, name)
	switch {
	case !isContent && !slices.Contains(structural, name):
		if strings.HasPrefix(name, "mj") {
			s.found.at(from, didYouMean(name, append(slices.Clone(structural), contentElements...)), "there is no element %s", name)
		} else {
			s.found.at(from, "put it into an mj-text or mj-raw", "the HTML element %s stands among MJML elements", name)
		}
	case name == "mj-style" && strings.Contains(raw, "inline="):
		s.found.at(from, "write the style on the element", "mj-style cannot be inlined")
	case len(s.elements) == 0 && name != "mj-raw" && name != "mjml":
		if slices.Contains(sectionElements, name) {
			s.sections = at
		} else {
			s.columns = at
		}
	}
}

// attributes gives a start tag with the entities in it held, because the
// compiler would resolve them too early.
func (s *skeleton) attributes(raw string) string {
	var b strings.Builder
	for {
		start := strings.IndexByte(raw, '&')
		if start < 0 {
			b.WriteString(raw)
			return b.String()
		}
		b.WriteString(raw[:start])
		raw = raw[start:]
		end := strings.IndexAny(raw[1:], "; \"'&>") + 1
		if end > 1 && raw[end] == ';' {
			b.WriteString(s.hold.holdHTML(raw[:end+1]))
			raw = raw[end+1:]
		} else {
			b.WriteString(s.hold.holdHTML("&amp;"))
			raw = raw[1:]
		}
	}
}

// content holds what a content element holds.
func (s *skeleton) content(name, inner string) {
	if s.body != nil {
		inner = s.hold.replace(inner, func(number int, where place) string {
			t := s.hold.atoms[number].tag
			if t == nil || !t.isContent() {
				return s.hold.named(number, where)
			}
			s.hold.forget(t)
			if s.body.html == "" {
				s.found.at(t.at, "put it into the mj-body or an mj-column", "a message of MJML elements cannot stand in an %s", name)
			}
			return s.body.html
		})
	}
	s.hold.each(inner, s.block)
	if name == "mj-title" { // its words also become an attribute
		inner = strings.NewReplacer(`"`, "&#34;", "<", "&lt;", ">", "&gt;").Replace(inner)
	}
	s.out.WriteString(s.hold.holdHTML(inner))
}

// end reads an end tag at i.
func (s *skeleton) end(i int) int {
	raw := tagAt(s.doc.text[i:])
	name := elementName(raw)
	open := s.parent().name
	switch {
	case open == "":
		s.found.at(s.doc.origin(i), "remove it", "</%s> closes nothing", name)
	case open != name:
		line, _ := s.doc.origin(s.parent().at).position()
		s.found.at(s.doc.origin(i), "write </"+open+">", "</%s> cannot close the %s of line %d", name, open, line)
	default:
		s.elements = s.elements[:len(s.elements)-1]
		s.out.WriteString(raw)
		return i + len(raw)
	}
	for n := len(s.elements) - 1; n >= 0; n-- {
		if s.elements[n].name == name {
			s.elements = s.elements[:n]
		}
	}
	return i + len(raw)
}

// tagAt is the tag a text begins with, up to a > outside of quotes.
func tagAt(text string) string {
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"', '\'':
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return text
			}
			i += end + 1
		case '>':
			return text[:i+1]
		}
	}
	return text
}

func elementName(raw string) string {
	raw = strings.TrimPrefix(raw[1:], "/")
	end := 0
	for end < len(raw) && (isWordByte(raw[end]) || raw[end] == '-' || raw[end] == ':') {
		end++
	}
	return raw[:end]
}

// compileMJML turns a skeleton into HTML.
func compileMJML(text string) (html string, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the compiler gave up")
		}
	}()
	return mjml.Render(text)
}
