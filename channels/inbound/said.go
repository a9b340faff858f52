package inbound

import (
	"strings"
)

// textRead is how many bytes of a letter's text are searched for what its writer
// wrote themselves.
const textRead = 100_000

// said is what the writer of the letter wrote themselves: without the letter that
// is answered, without a signature. Where that is nothing and another letter is not
// quoted, below is that one with whatever they wrote under it. What stands behind
// textRead is not read.
func (l *letter) said() (words, below string) {
	if words, below = parted(l.text, true); words != "" {
		words, below = l.alone(words), ""
	}
	return shorten(words, wordsRead), shorten(below, wordsRead)
}

// parted is what stands above another letter, without quotes and signature, and that
// letter with what follows it, where it is not quoted. byShape says that another letter
// is known by its shape as well, not by the words of known programs alone.
func parted(text string, byShape bool) (above, below string) {
	if len(text) > textRead {
		text = strings.ToValidUTF8(text[:textRead], "")
	}
	lines := strings.Split(text, "\n")
	own := make([]string, 0, len(lines))
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if strings.HasPrefix(line, ">") {
			continue
		}
		length := attribution(lines[i:], byShape)
		if length == 0 && byShape {
			length = head(lines[i:])
		}
		switch {
		case length > 0 && quotedNext(lines[i+length:]):
			i += length - 1
		case length > 0:
			return unsigned(own), other(lines[i:], length)
		case byShape && original.MatchString(line) && attributed(lines[i+1:]):
		case forwarded(lines[i:], byShape):
			return unsigned(own), other(lines[i:], 1)
		default:
			own = append(own, strings.TrimRight(lines[i], " \t"))
		}
	}
	return unsigned(own), ""
}

// other is another letter and what follows it, without what is quoted; "" where it is
// no more than the lines that begin it, of which the first few have no header's form.
func other(lines []string, first int) string {
	kept := make([]string, 0, len(lines))
	heading, fields, words := true, false, false
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, ">") {
			continue
		}
		kept = append(kept, strings.TrimRight(line, " \t"))
		switch {
		case i < first:
		case trimmed == "":
			heading = heading && !fields
		case heading && field.MatchString(trimmed):
			fields = true
		case heading && original.MatchString(trimmed):
		default:
			heading, words = false, true
		}
	}
	if !words {
		return ""
	}
	return tidy(kept)
}

// tidy joins lines, without empty ones around them and with one at most between.
func tidy(lines []string) string {
	return manyBreaks.ReplaceAllString(strings.TrimSpace(strings.Join(lines, "\n")), "\n\n")
}

// quotedNext reports whether the next line that says something is quoted. It looks at
// a few lines only, however many are empty.
func quotedNext(lines []string) bool {
	for _, line := range lines[:min(len(lines), 20)] {
		if line = strings.TrimSpace(line); line != "" {
			return strings.HasPrefix(line, ">")
		}
	}
	return false
}
