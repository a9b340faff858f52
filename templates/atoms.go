package templates

import (
	"strconv"
	"strings"
)

// holder puts atoms in the place of what HTML, MJML and Markdown tools must
// not touch: Liquid tags, and text that is already HTML. An atom is a plain
// lower-case word, so it passes through all of them unchanged, even as an
// attribute or inside a table, and is given back at the end.
type holder struct {
	prefix string
	atoms  []atom
	// forgotten are tags that were left out on purpose.
	forgotten map[*tag]bool
}

// atom is what an atom stands for: a tag, or HTML that may hold atoms itself.
type atom struct {
	tag  *tag
	html string
}

// newHolder makes a holder whose atoms cannot be met in the pieces.
func newHolder(texts ...[]piece) *holder {
	prefix := "liquidatom"
	for again := true; again; {
		again = false
		for _, pieces := range texts {
			for _, p := range pieces {
				if strings.Contains(strings.ToLower(p.text), prefix) {
					prefix, again = prefix+"z", true
				}
			}
		}
	}
	return &holder{prefix: prefix}
}

func (h *holder) holdTag(t *tag) string { return h.hold(atom{tag: t}) }

func (h *holder) holdHTML(html string) string {
	if html == "" {
		return ""
	}
	return h.hold(atom{html: html})
}

func (h *holder) hold(a atom) string {
	h.atoms = append(h.atoms, a)
	return h.named(len(h.atoms)-1, inText)
}

// named is the word of an atom at a place.
func (h *holder) named(number int, where place) string {
	return h.prefix + strconv.Itoa(number) + string(where)
}

// next finds the first atom in a text; start is -1 when there is none.
func (h *holder) next(text string) (number, start, end int) {
	for from := 0; ; {
		i := strings.Index(text[from:], h.prefix)
		if i < 0 {
			return 0, -1, -1
		}
		start = from + i
		end = start + len(h.prefix)
		for end < len(text) && isDigit(text[end]) {
			end++
		}
		number, err := strconv.Atoi(text[start+len(h.prefix) : end])
		if err == nil && number < len(h.atoms) && end < len(text) {
			return number, start, end + 1
		}
		from = end
	}
}

// replace gives text with every atom replaced.
func (h *holder) replace(text string, with func(number int, where place) string) string {
	var b strings.Builder
	b.Grow(len(text))
	for {
		number, start, end := h.next(text)
		if start < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:start])
		b.WriteString(with(number, place(text[end-1])))
		text = text[end:]
	}
}

// unwrap gives back held HTML, which may hold more.
func (h *holder) unwrap(text string) string {
	return h.replace(text, func(number int, where place) string {
		if a := h.atoms[number]; a.tag == nil {
			return h.unwrap(a.html)
		}
		return h.named(number, where)
	})
}

// each calls visit for every tag in a text.
func (h *holder) each(text string, visit func(t *tag)) {
	h.replace(text, func(number int, _ place) string {
		if a := h.atoms[number]; a.tag != nil {
			visit(a.tag)
		} else {
			h.each(a.html, visit)
		}
		return ""
	})
}

// liquid gives the text with its tags written for an engine.
func (h *holder) liquid(text string, kind engineKind) string {
	return h.replace(text, func(number int, where place) string {
		a := h.atoms[number]
		if a.tag == nil {
			return h.liquid(a.html, kind)
		}
		return a.tag.liquidOf(where, kind)
	})
}

// prints reports whether an atom is an output, which puts text in its place.
func (h *holder) prints(number int) bool {
	a := h.atoms[number]
	return a.tag != nil && a.tag.name == ""
}

// forget lets go of a tag that was left out on purpose.
func (h *holder) forget(t *tag) {
	if h.forgotten == nil {
		h.forgotten = map[*tag]bool{}
	}
	h.forgotten[t] = true
}

// lost lists the tags that are held but no longer stand in a text.
func (h *holder) lost(text string) []*tag {
	there := map[*tag]bool{}
	h.each(text, func(t *tag) { there[t] = true })
	var lost []*tag
	for _, a := range h.atoms {
		if a.tag != nil && !there[a.tag] && !h.forgotten[a.tag] {
			lost = append(lost, a.tag)
		}
	}
	return lost
}
