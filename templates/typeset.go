package templates

import (
	"strconv"
	"strings"
	"unicode"
)

// set turns marked text into plain text: at most one empty line in a row, one
// space between words, links as "words (URL)".
func set(marked string) string {
	s := setter{}
	s.out.Grow(len(marked))
	for _, r := range marked {
		s.rune(r)
	}
	return s.out.String()
}

type setter struct {
	out strings.Builder
	// What lies between the last word and the next.
	space, cell   bool
	lines, breaks int
	lists         []int // the last number of each open ordered list
	links         []int // where the words of each open link begin in out
	url           strings.Builder
	inURL         bool
}

func (s *setter) rune(r rune) {
	if s.inURL && r != markLinkEnd {
		s.url.WriteRune(r)
		return
	}
	switch r {
	case markLine:
		s.lines = max(s.lines, 1)
	case markParagraph:
		s.lines = 2
	case markBreak:
		s.breaks++
	case markCell:
		s.cell = true
	case markList:
		s.lists = append(s.lists, 0)
	case markListEnd:
		if n := len(s.lists); n > 0 {
			s.lists = s.lists[:n-1]
		}
	case markItem:
		s.item()
	case markLink:
		s.links = append(s.links, -1)
	case markURL:
		s.inURL = true
	case markLinkEnd:
		s.link()
	default:
		if unicode.IsSpace(r) || r == '\u00a0' || unicode.IsControl(r) {
			s.space = true
			return
		}
		s.gap()
		s.out.WriteRune(r)
	}
}

// gap writes what lies between the last word and the one about to come.
func (s *setter) gap() {
	lines := max(s.lines, min(s.breaks, 2))
	if s.out.Len() > 0 {
		switch {
		case lines > 0:
			s.out.WriteString("\n\n"[:lines])
		case s.cell:
			s.out.WriteString("  ")
		case s.space:
			s.out.WriteByte(' ')
		}
	}
	s.space, s.cell, s.lines, s.breaks = false, false, 0, 0
	for i := len(s.links) - 1; i >= 0 && s.links[i] < 0; i-- {
		s.links[i] = s.out.Len()
	}
}

func (s *setter) item() {
	number := 1
	if n := len(s.lists); n > 0 {
		s.lists[n-1]++
		number = s.lists[n-1]
	}
	s.gap()
	s.out.WriteString(strconv.Itoa(number) + ".")
	s.space = true
}

// link ends a link: its URL follows its words, unless they are the same or
// it leads nowhere.
func (s *setter) link() {
	url := strings.TrimSpace(s.url.String())
	s.url.Reset()
	s.inURL = false
	start := -1
	if n := len(s.links); n > 0 {
		start = s.links[n-1]
		s.links = s.links[:n-1]
	}
	if url == "" || strings.HasPrefix(url, "#") {
		return
	}
	if start < 0 {
		s.gap()
		s.out.WriteString(url)
		return
	}
	words := s.out.String()[start:]
	if _, bare, ok := strings.Cut(url, ":"); words == url || ok && strings.TrimPrefix(bare, "//") == words {
		return
	}
	s.out.WriteString(" (" + url + ")")
}
