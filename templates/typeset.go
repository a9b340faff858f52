package templates

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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
		if isGap(r) {
			s.space = true
			return
		}
		s.gap()
		s.out.WriteRune(r)
	}
}

// isGap reports whether a sign only keeps words apart.
func isGap(r rune) bool { return unicode.IsSpace(r) || r == '\u00a0' || unicode.IsControl(r) }

// seen drops what nobody sees: -1 for a control character.
func seen(r rune) rune {
	if unicode.IsControl(r) {
		return -1
	}
	return r
}

// isMark reports whether a sign is one of the marks.
func isMark(r rune) bool { return markLine <= r && r <= markItem || markLink <= r && r <= markLinkEnd }

// take sets text that was made for one message.
func (s *setter) take(text string) {
	if s.inURL && strings.IndexByte(text, markLinkEnd) < 0 {
		s.url.WriteString(text)
		return
	}
	for _, r := range text {
		s.rune(r)
	}
}

// step is what a setter does at once for text that is the same in every message.
type step struct {
	mark  rune   // 0 for words
	space bool   // before the words, or in the place of any
	words string // with single spaces between them
	url   string // or a piece of a URL
}

// preset does for text what can be done without knowing what stands before it, and
// says whether it ends within a URL.
func preset(text string, inURL bool) ([]step, bool) {
	var steps []step
	for text != "" {
		if inURL {
			end := strings.IndexByte(text, markLinkEnd)
			if end < 0 {
				end = len(text)
			}
			steps = append(steps, step{url: text[:end]})
			if text = text[end:]; text == "" {
				break
			}
		}
		end := strings.IndexFunc(text, isMark)
		if end < 0 {
			end = len(text)
		}
		if end > 0 {
			steps = append(steps, wordsOf(text[:end])...)
			text = text[end:]
			continue
		}
		mark := rune(text[0])
		inURL = mark == markURL
		steps, text = append(steps, step{mark: mark}), text[1:]
	}
	return steps, inURL
}

// wordsOf are the steps of text between two marks.
func wordsOf(text string) []step {
	words := strings.FieldsFunc(text, isGap)
	if len(words) == 0 {
		return []step{{space: true}}
	}
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	steps := []step{{space: isGap(first), words: strings.Join(words, " ")}}
	if isGap(last) {
		steps = append(steps, step{space: true})
	}
	return steps
}

// play does the steps of a text.
func (s *setter) play(steps []step) {
	for _, step := range steps {
		if step.mark != 0 {
			s.rune(step.mark)
			continue
		}
		s.url.WriteString(step.url)
		s.space = s.space || step.space
		if step.words != "" {
			s.gap()
			s.out.WriteString(step.words)
		}
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
	url := strings.TrimSpace(strings.Map(seen, s.url.String()))
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
