package templates

import "strings"

// split cuts a template file into its front matter and its body. The front
// matter keeps its place in the file: the lines before it are empty. bodyAt is
// the offset where the body begins.
func split(src *source, found *problems) (front string, bodyAt int) {
	text := src.text
	first, _, _ := strings.Cut(text, "\n")
	if strings.TrimRight(first, " \r") != "---" {
		return "", 0
	}
	for at := len(first) + 1; at <= len(text); {
		line, _, more := strings.Cut(text[at:], "\n")
		if strings.TrimRight(line, " \r") == "---" {
			return "\n" + text[len(first)+1:at], min(at+len(line)+1, len(text))
		}
		if !more {
			break
		}
		at += len(line) + 1
	}
	found.at(origin{src: src}, "end it with a line ---", "the front matter never ends")
	return "", len(text)
}
