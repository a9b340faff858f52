package expression

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode"
)

// What a pattern may be. PostgreSQL writes a counted repetition out before it
// searches, at a cost that grows with the cube of its length: 250 take a fifth of
// a second at worst, 1000 take half a minute.
const (
	maxPattern  = 500 // bytes
	maxRepeated = 250 // characters, counted repetitions written out
)

// translate reads a pattern and gives Go's form and PostgreSQL's, which match
// the same texts. Otherwise why says what is wrong with it.
//
// The syntax is RE2's; PostgreSQL's words are written anew from the parsed
// pattern, so nothing depends on how each reads \d or [[:alpha:]].
func translate(source string) (pattern *regexp.Regexp, postgres, why string) {
	if len(source) > maxPattern {
		return nil, "", fmt.Sprintf("has %d bytes of at most %d", len(source), maxPattern)
	}
	if strings.ContainsRune(source, 0) {
		return nil, "", "holds NUL, and no text does"
	}
	parsed, err := syntax.Parse(source, syntax.Perl|syntax.DotNL)
	if err != nil {
		return nil, "", "cannot be read: " + strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	}
	if repeated(parsed, 1) > maxRepeated {
		return nil, "", fmt.Sprintf("repeats too much: written out, its counts may make %d characters", maxRepeated)
	}
	w := &patternWriter{}
	w.write(parsed)
	if w.why != "" {
		return nil, "", w.why
	}
	pattern, err = regexp.Compile("(?s)" + source)
	if err != nil {
		return nil, "", "cannot be read: " + err.Error()
	}
	return pattern, w.text.String(), ""
}

// repeated counts the characters of a pattern that stand under counts, written
// out; times is how often the pattern itself is.
func repeated(re *syntax.Regexp, times int) int {
	if re.Op == syntax.OpRepeat {
		times *= max(re.Min, re.Max, 1)
	}
	characters := 0
	for _, sub := range re.Sub {
		characters += repeated(sub, times)
	}
	switch {
	case len(re.Sub) > 0 || times == 1:
		return characters
	case re.Op == syntax.OpLiteral:
		return times * len(re.Rune)
	}
	return times
}

// patternWriter writes a pattern as a PostgreSQL advanced regular expression.
type patternWriter struct {
	text strings.Builder
	// why is the first thing that has no equal there.
	why string
}

func (w *patternWriter) refuse(what string) {
	if w.why == "" {
		w.why = what + ", which databases read differently"
	}
}

func (w *patternWriter) write(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			w.literal(r, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		w.class(re.Rune)
	case syntax.OpAnyChar:
		w.text.WriteString(".")
	case syntax.OpAnyCharNotNL:
		w.text.WriteString(`[^\n]`)
	case syntax.OpBeginText:
		w.text.WriteString(`\A`)
	case syntax.OpEndText:
		w.text.WriteString(`\Z`)
	case syntax.OpEmptyMatch:
		w.text.WriteString("(?:)")
	case syntax.OpCapture:
		w.group(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			w.group(sub)
		}
	case syntax.OpAlternate:
		for i, sub := range re.Sub {
			if i > 0 {
				w.text.WriteString("|")
			}
			w.group(sub)
		}
	case syntax.OpStar:
		w.counted(re.Sub[0], "*")
	case syntax.OpPlus:
		w.counted(re.Sub[0], "+")
	case syntax.OpQuest:
		w.counted(re.Sub[0], "?")
	case syntax.OpRepeat:
		w.counted(re.Sub[0], countOf(re.Min, re.Max))
	default:
		w.refuse("holds (?m), \\b, \\B or an empty class")
	}
}

func (w *patternWriter) group(re *syntax.Regexp) {
	w.text.WriteString("(?:")
	w.write(re)
	w.text.WriteString(")")
}

// counted writes how often a part may stand. Whether it is greedy changes what
// is captured and never whether there is a match.
func (w *patternWriter) counted(re *syntax.Regexp, count string) {
	w.group(re)
	w.text.WriteString(count)
}

func countOf(least, most int) string {
	if most < 0 {
		return fmt.Sprintf("{%d,}", least)
	}
	return fmt.Sprintf("{%d,%d}", least, most)
}

// literal writes one character, with its other cases where case is folded.
func (w *patternWriter) literal(r rune, fold bool) {
	if r == 0 {
		w.refuse("holds NUL")
	}
	if !fold || unicode.SimpleFold(r) == r {
		w.text.WriteString(character(r))
		return
	}
	w.text.WriteString("[" + character(r))
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		w.text.WriteString(character(other))
	}
	w.text.WriteString("]")
}

// class writes ranges of characters. No text holds NUL.
func (w *patternWriter) class(ranges []rune) {
	var b strings.Builder
	for i := 0; i+1 < len(ranges); i += 2 {
		low, high := max(ranges[i], 1), ranges[i+1]
		if low <= high {
			b.WriteString(character(low) + "-" + character(high))
		}
	}
	if b.Len() == 0 {
		w.refuse("holds an empty class")
	}
	w.text.WriteString("[" + b.String() + "]")
}

// character names a rune by its number, which needs no escape.
func character(r rune) string {
	if r < 0x10000 {
		return fmt.Sprintf(`\u%04X`, r)
	}
	return fmt.Sprintf(`\U%08X`, r)
}
