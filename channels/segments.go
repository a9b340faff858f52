package channels

import (
	"strings"
	"unicode/utf16"
)

// Encoding is how the characters of a text message travel.
type Encoding string

// The encodings: one septet a character, or two from the extension table
// (3GPP TS 23.038 §6.2.1), and 16-bit code units (§6.2.3).
const (
	GSM7 Encoding = "GSM-7"
	UCS2 Encoding = "UCS-2"
)

// gsmBasic and gsmExtended are the characters of GSM 03.38; the latter take two
// septets.
const (
	gsmBasic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// Segments counts the messages a text is sent and billed as. One character
// outside GSM 03.38 makes all of them UCS-2. A text that does not fit one
// segment gives up a part of each for the header that joins them (3GPP TS
// 23.040 §9.2.3.24.1), and no character is split between two.
func Segments(text string) (count int, encoding Encoding) {
	widths := make([]int, 0, len(text))
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			widths = append(widths, 1)
		case strings.ContainsRune(gsmExtended, r):
			widths = append(widths, 2)
		default:
			return cut(utf16Widths(text), 70, 67), UCS2
		}
	}
	return cut(widths, 160, 153), GSM7
}

func utf16Widths(text string) []int {
	widths := make([]int, 0, len(text))
	for _, r := range text {
		widths = append(widths, max(utf16.RuneLen(r), 1))
	}
	return widths
}

// cut fills parts with characters of given widths.
func cut(widths []int, single, part int) int {
	total := 0
	for _, width := range widths {
		total += width
	}
	if total <= single {
		return 1
	}
	parts, room := 1, part
	for _, width := range widths {
		if width > room {
			parts, room = parts+1, part
		}
		room -= width
	}
	return parts
}
