package templates

import "strings"

// piece is a stretch of a template: literal text, or one Liquid tag.
type piece struct {
	at   origin
	text string
	tag  *tag // nil for literal text
}

// tag is one {{ output }} or {% tag %} where it was written.
type tag struct {
	name      string // "" for an output
	args      string
	at        origin // of the braces
	argsAt    origin
	trimLeft  bool
	trimRight bool
	// reading is what the checker found out; nil before it ran.
	reading *reading
}

// scan cuts Liquid source into pieces. Comments vanish, and braces inside
// {% raw %} become outputs of themselves, so that what follows knows two kinds
// of pieces only.
func scan(text string, at origin, found *problems) []piece {
	s := scanner{text: text, at: at, found: found}
	for s.offset < len(s.text) {
		s.next()
	}
	quiet(s.pieces)
	return s.pieces
}

type scanner struct {
	text   string
	at     origin
	offset int
	pieces []piece
	found  *problems
}

func (s *scanner) next() {
	rest := s.text[s.offset:]
	start := openingBrace(rest)
	if start < 0 {
		s.literal(len(rest))
		return
	}
	s.literal(start)
	rest = rest[start:]
	closing := "}}"
	if rest[1] == '%' {
		closing = "%}"
	}
	end := strings.Index(rest[2:], closing)
	if end < 0 {
		s.found.at(s.at.plus(s.offset), "close it with "+closing, "%s is never closed", rest[:2])
		s.offset = len(s.text)
		return
	}
	t := s.tag(rest[:end+4])
	s.offset += end + 4
	switch t.name {
	case "raw":
		s.trimBefore(t)
		s.raw(t)
		s.trimAfter()
	case "comment":
		s.skipTo(t, "endcomment")
		s.trimBefore(t)
		s.trimAfter()
	default:
		s.pieces = append(s.pieces, piece{at: t.at, tag: t})
	}
}

// trimBefore drops the space before a comment or raw that asks for it.
func (s *scanner) trimBefore(open *tag) {
	if n := len(s.pieces); open.trimLeft && n > 0 && s.pieces[n-1].tag == nil {
		s.pieces[n-1].text = strings.TrimRight(s.pieces[n-1].text, " \t\r\n")
	}
}

// trimAfter drops the space after its end tag, behind which the scanner stands.
func (s *scanner) trimAfter() {
	if strings.HasSuffix(s.text[:s.offset], "-%}") {
		rest := s.text[s.offset:]
		s.offset += len(rest) - len(strings.TrimLeft(rest, " \t\r\n"))
	}
}

// literal takes the next n bytes as they are.
func (s *scanner) literal(n int) {
	if n > 0 {
		s.pieces = append(s.pieces, piece{at: s.at.plus(s.offset), text: s.text[s.offset : s.offset+n]})
		s.offset += n
	}
}

// tag reads one tag, braces included, that stands at the scanner's offset.
func (s *scanner) tag(whole string) *tag {
	t := &tag{at: s.at.plus(s.offset)}
	inner, skipped := whole[2:len(whole)-2], 2
	if strings.HasPrefix(inner, "-") {
		t.trimLeft, inner, skipped = true, inner[1:], skipped+1
	}
	if strings.HasSuffix(inner, "-") {
		t.trimRight, inner = true, inner[:len(inner)-1]
	}
	skipSpace := func() {
		trimmed := strings.TrimLeft(inner, " \t\r\n")
		skipped += len(inner) - len(trimmed)
		inner = trimmed
	}
	skipSpace()
	if whole[1] == '%' {
		end := 0
		for end < len(inner) && isWordByte(inner[end]) {
			end++
		}
		t.name, inner = inner[:end], inner[end:]
		if t.name == "" {
			t.name = "?"
		}
		skipped += end
		skipSpace()
	}
	t.args = strings.TrimRight(inner, " \t\r\n")
	t.argsAt = s.at.plus(s.offset + skipped)
	return t
}

// raw takes everything up to endraw as literal text.
func (s *scanner) raw(open *tag) {
	from := s.offset
	to := s.skipTo(open, "endraw")
	inner := s.text[from:to]
	for inner != "" {
		brace := openingBrace(inner)
		if brace < 0 {
			brace = len(inner)
		}
		if brace > 0 {
			s.pieces = append(s.pieces, piece{at: s.at.plus(from), text: inner[:brace]})
		}
		from, inner = from+brace, inner[brace:]
		if inner == "" {
			return
		}
		at := s.at.plus(from)
		constant := &tag{args: `"` + inner[:2] + `"`, at: at, argsAt: at}
		s.pieces = append(s.pieces, piece{at: at, tag: constant})
		from, inner = from+2, inner[2:]
	}
}

// skipTo moves behind the named end tag and gives the offset where it begins.
func (s *scanner) skipTo(open *tag, name string) int {
	for i := s.offset; ; {
		start := strings.Index(s.text[i:], "{%")
		if start < 0 {
			break
		}
		start += i
		end := strings.Index(s.text[start:], "%}")
		if end < 0 {
			break
		}
		if strings.Trim(s.text[start+2:start+end], "- \t\r\n") == name {
			s.offset = start + end + 2
			return start
		}
		i = start + 2
	}
	s.found.at(open.at, "add {% "+name+" %}", "%s is never closed", open.name)
	s.offset = len(s.text)
	return len(s.text)
}

// openingBrace is the offset of the first {{ or {%, -1 when there is none. It
// looks no further than that, so that finding all of them costs no more than
// reading the text once.
func openingBrace(text string) int {
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '{')
		if i < 0 || from+i+1 == len(text) {
			return -1
		}
		if from += i; text[from+1] == '{' || text[from+1] == '%' {
			return from
		}
		from++
	}
}

func isWordByte(b byte) bool {
	return b == '_' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}
