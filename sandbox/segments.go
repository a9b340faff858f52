package sandbox

import (
	"strings"
	"unicode/utf16"
)

// gsmBasic and gsmExtended are the characters of GSM 03.38; the latter take two
// septets.
const (
	gsmBasic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// segments counts the messages a text is sent and billed as: septets in GSM
// 03.38 where every character has one, UTF-16 otherwise; no character is split.
func segments(text string) int {
	single, part := 160, 153
	widths := make([]int, 0, len(text))
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			widths = append(widths, 1)
		case strings.ContainsRune(gsmExtended, r):
			widths = append(widths, 2)
		default:
			return cut(utf16Widths(text), 70, 67)
		}
	}
	return cut(widths, single, part)
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
