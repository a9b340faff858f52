package campaigns

import (
	"errors"
	"strings"

	"rapport/templates"
)

// line reads a short text with Liquid in it, and checks the fields it names.
func (c *campaignReader) line(n node) string {
	if !n.present() {
		return ""
	}
	text := n.text()
	if text == "" {
		return ""
	}
	parsed := n.parseLine(text)
	if parsed == nil {
		return text
	}
	for _, path := range parsed.Fields() {
		field := templates.Field{Path: path, Defaulted: true}
		switch {
		case path[0] == "answers" && len(path) > 1:
			n.report(c.answerGiven(path))
		case path[0] == "event" && !c.hasEvent():
			n.problem(strings.Join(path, ".")+" is not known here, because this campaign starts by "+quote(string(c.campaign.Trigger.Kind)), "take it out, or start the campaign by an event")
		default:
			n.report(c.exists(field, ""))
		}
	}
	return text
}

// parseLine parses a text with Liquid in it; nil where it has mistakes, which
// are reported where they stand.
func (n node) parseLine(text string) *templates.Line {
	parsed, err := templates.ParseLine(text)
	if err != nil {
		n.reportLine(text, err)
		return nil
	}
	return parsed
}

// reportLine reports what is wrong with a short text, where it stands.
func (n node) reportLine(text string, err error) {
	var mistakes *templates.LineError
	if !errors.As(err, &mistakes) {
		n.problem(err.Error(), "write fields as {{ customer.first_name }}")
		return
	}
	begin := max(0, strings.Index(n.raw(), text))
	for _, p := range mistakes.Problems {
		line, column := n.within(begin + offsetOf(text, p.Line, p.Column))
		n.src.problem(line, column, p.Message, p.Mend)
	}
}

// offsetOf is the byte at a line and column of a text.
func offsetOf(text string, line, column int) int {
	offset := 0
	for ; line > 1; line-- {
		end := strings.IndexByte(text[offset:], '\n')
		if end < 0 {
			break
		}
		offset += end + 1
	}
	return len(text) - len(skip(text[offset:], column-1))
}
