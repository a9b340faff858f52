package templates

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// source is one file as it was written.
type source struct {
	file string
	text string
	// last is the place that was asked for last: the next one is mostly behind
	// it, and lines may be long.
	last struct{ offset, line, column int }
}

// position gives line and column, both counted from 1, columns in characters.
func (s *source) position(offset int) (line, column int) {
	offset = min(offset, len(s.text))
	if s.last.line == 0 || offset < s.last.offset {
		s.last.offset, s.last.line, s.last.column = 0, 1, 1
	}
	between := s.text[s.last.offset:offset]
	if end := strings.LastIndexByte(between, '\n'); end >= 0 {
		s.last.line += strings.Count(between, "\n")
		s.last.column, between = 1, between[end+1:]
	}
	s.last.offset = offset
	s.last.column += utf8.RuneCountInString(between)
	return s.last.line, s.last.column
}

// origin is where a piece of a message was written. Where the text went
// through YAML's quoting and an inner position cannot be told, exact is false
// and every position in it is its beginning.
type origin struct {
	src    *source
	offset int // bytes
	exact  bool
}

// plus is the origin of what stands n bytes further on.
func (o origin) plus(n int) origin {
	if o.exact {
		o.offset += n
	}
	return o
}

// position gives line and column, both counted from 1, columns in characters.
func (o origin) position() (line, column int) {
	return o.src.position(o.offset)
}

// problems collects mistakes, each once: what a layout does wrong is met again
// in every message that uses it.
type problems struct {
	list []Problem
	seen map[Problem]bool
	// met counts them every time they are met.
	met int
	// inEach counts what was kept of each file.
	inEach map[string]int
}

// mostProblems is how many mistakes of one file are kept: more than anybody reads.
const mostProblems = 250

func (p *problems) add(problem Problem) {
	p.met++
	if p.seen[problem] || p.inEach[problem.File] == mostProblems {
		return
	}
	if p.seen == nil {
		p.seen, p.inEach = map[Problem]bool{}, map[string]int{}
	}
	p.seen[problem] = true
	p.inEach[problem.File]++
	p.list = append(p.list, problem)
}

func (p *problems) at(o origin, mend, format string, args ...any) {
	line, column := o.position()
	p.add(Problem{File: o.src.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...), Mend: mend})
}

func (p *problems) inFile(file, mend, format string, args ...any) {
	p.add(Problem{File: file, Line: 1, Column: 1, Message: fmt.Sprintf(format, args...), Mend: mend})
}

// sorted lists the problems by file and place.
func (p *problems) sorted() []Problem {
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return p.list
}
