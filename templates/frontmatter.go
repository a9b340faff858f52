package templates

import (
	"regexp"
	"strings"
)

// split cuts a template file into its front matter and its body. The front
// matter keeps its place in the file: the lines before it are empty. bodyAt is
// the offset where the body begins.
func split(src *source, found *problems) (front string, bodyAt int) {
	text := src.text
	first, _, _ := strings.Cut(text, "\n")
	if !isRule(first) {
		return splitUnopened(src, found)
	}
	if end, after := nextRule(text, len(first)+1); after > 0 {
		return "\n" + text[len(first)+1:end], after
	}
	found.at(origin{src: src}, "end it with a line ---", "the front matter never ends")
	return "", len(text)
}

// headLines are lines of a front matter, at the beginning of a file.
var headLines = regexp.MustCompile(`(?i)^(?:(?:subject|preheader|layout|format)[ \t]*:[^\n]*(?:\n|$))+`)

// splitUnopened cuts a file that does not begin with a line ---: it has no front
// matter, or one whose first line was forgotten.
func splitUnopened(src *source, found *problems) (front string, bodyAt int) {
	head := headLines.FindString(src.text)
	if head == "" {
		return "", 0
	}
	end, after := nextRule(src.text, 0)
	mend := "begin the file with a line ---"
	if after == 0 || strings.Contains(src.text[:end], "\n\n") { // a line across the message
		end, after = len(head), len(head)
		mend += ", and end the front matter with another"
	}
	found.at(origin{src: src}, mend, "the front matter lacks its first line ---")
	return src.text[:end], after
}

// nextRule is where the next line --- of a text begins, and the line after it; zero
// where there is none.
func nextRule(text string, from int) (begins, after int) {
	for at := from; at <= len(text); {
		line, _, more := strings.Cut(text[at:], "\n")
		if isRule(line) {
			return at, min(at+len(line)+1, len(text))
		}
		if !more {
			break
		}
		at += len(line) + 1
	}
	return 0, 0
}

func isRule(line string) bool { return strings.TrimRight(line, " \r") == "---" }
