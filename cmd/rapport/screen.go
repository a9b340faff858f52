package main

import (
	"io"
	"strings"
	"unicode"
)

// screen is where people read results. Customers' words come to it as they were
// written, so it takes out what a terminal would obey (colours, titles, moves of
// the cursor) and what turns the direction of the words that follow.
type screen struct{ io.Writer }

// Write implements io.Writer. Whoever prints writes whole characters.
func (s screen) Write(p []byte) (int, error) {
	if _, err := io.WriteString(s.Writer, strings.Map(shown, string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func shown(r rune) rune {
	switch {
	case r == '\n', r == '\t':
		return r
	case unicode.IsControl(r), r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
		return -1
	}
	return r
}

// hang writes a text of several lines below its first one, so that none of them
// passes for a line of ours.
func hang(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      | ")
}
