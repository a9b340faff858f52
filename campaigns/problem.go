package campaigns

import (
	"cmp"
	"fmt"
	"slices"
)

// Problem is one finding in a workspace: where it stands, what is wrong and, in
// Mend, what would be right. Lines and columns count from 1, columns in
// characters.
type Problem struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Message  string   `json:"message"`
	Mend     string   `json:"mend,omitempty"`
}

// Severity is what a problem means for the workspace.
type Severity string

// The severities. Nothing with a mistake is put in force. A warning stops
// nothing: what it speaks of can be done, and is hardly what was meant.
const (
	Mistake Severity = "mistake"
	Warning Severity = "warning"
)

// String is the problem in one line, as compilers write them.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.sentence())
}

// InOrder sorts mistakes and warnings by place, into one report.
func InOrder(reports ...[]Problem) []Problem {
	return (&findings{problems: slices.Concat(reports...)}).sorted()
}

// CountProblems counts mistakes and warnings.
func CountProblems(problems []Problem) (mistakes, warnings int) {
	for _, p := range problems {
		if p.Severity == Warning {
			warnings++
		} else {
			mistakes++
		}
	}
	return mistakes, warnings
}

// sentence is what is wrong and what would be right.
func (p Problem) sentence() string {
	sentence := p.Message
	if p.Severity == Warning {
		sentence = "warning: " + sentence
	}
	if p.Mend != "" {
		sentence += "; " + p.Mend
	}
	return sentence
}

// mistake is a Problem that does not know its place yet. The parsers of small
// values return it; nil means there is none.
type mistake struct{ message, mend string }

func wrong(message, mend string) *mistake { return &mistake{message, mend} }

// findings gathers every problem of a workspace.
type findings struct{ problems []Problem }

func (f *findings) add(p Problem) {
	p.Line, p.Column = max(p.Line, 1), max(p.Column, 1)
	p.Severity = cmp.Or(p.Severity, Mistake)
	f.problems = append(f.problems, p)
}

// sorted lists the problems by place, each once: two campaigns that use one
// template find the same mistake in it.
func (f *findings) sorted() []Problem {
	slices.SortStableFunc(f.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return notTooMany(slices.Compact(f.problems))
}

// mostProblems is how many problems of one file are told.
const mostProblems = 200

// notTooMany leaves out what no one reads: who has so many mends the first, or
// gave us a file that is none.
func notTooMany(problems []Problem) []Problem {
	var kept []Problem
	inFile := map[string]int{}
	for i, p := range problems {
		inFile[p.File]++
		if inFile[p.File] <= mostProblems {
			kept = append(kept, p)
		}
		last := i == len(problems)-1 || problems[i+1].File != p.File
		if last && inFile[p.File] > mostProblems {
			kept = append(kept, Problem{Severity: p.Severity, File: p.File, Line: p.Line, Column: p.Column, Message: "and so on: there is more to mend in this file", Mend: "mend the first ones and look again"})
		}
	}
	return kept
}
