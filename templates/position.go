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
	before := o.src.text[:min(o.offset, len(o.src.text))]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// problems collects mistakes, each once: what a layout does wrong is met again
// in every message that uses it.
type problems struct {
	list []Problem
	seen map[Problem]bool
	// met counts them every time they are met.
	met int
}

func (p *problems) add(problem Problem) {
	p.met++
	if p.seen[problem] {
		return
	}
	if p.seen == nil {
		p.seen = map[Problem]bool{}
	}
	p.seen[problem] = true
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
