package email

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// lineWanted is how long a line of a header should be at most, and longestWord
	// how long one that cannot be folded may be (RFC 5322 §2.1.1).
	lineWanted  = 78
	longestWord = 900
)

// mime writes the letter as a message of RFC 5322 and RFC 2045, its lines ended
// by CRLF. Its header is ASCII but for addresses that are not (RFC 6532); its
// content is quoted-printable, so that every relay may carry it unchanged. It is
// written in the place of out.
func (l letter) mime(out []byte, date time.Time) []byte {
	// What is quoted grows by a line's end in 75 signs and by signs beyond ASCII.
	out = slices.Grow(out[:0], 1500+(len(l.content.Text)+len(l.content.HTML))*9/8)
	out = head(out, "Date", date.Format(time.RFC1123Z))
	out = head(out, "From", mailbox(l.from))
	out = head(out, "To", mailbox(l.to))
	if l.reply != nil {
		out = head(out, "Reply-To", mailbox(*l.reply))
	}
	out = head(out, "Subject", unstructured(l.content.Subject))
	for _, f := range l.fields {
		out = head(out, f.name, f.value)
	}
	out = append(out, "MIME-Version: 1.0\r\n"...)
	parts := l.parts()
	if len(parts) == 1 {
		out = append(append(append(out, "Content-Type: "...), parts[0].kind...), "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"...)
		return append(quoted(out, parts[0].text), "\r\n"...)
	}
	boundary := newBoundary()
	out = append(append(append(out, "Content-Type: multipart/alternative;\r\n boundary="...), boundary...), "\r\n"...)
	for _, p := range parts {
		out = append(append(append(out, "\r\n--"...), boundary...), "\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: "...)
		out = append(append(out, p.kind...), "; charset=utf-8\r\n\r\n"...)
		out = quoted(out, p.text)
	}
	return append(append(append(out, "\r\n--"...), boundary...), "--\r\n"...)
}

// newBoundary is a word that nobody can have put into a letter.
func newBoundary() []byte {
	var random [30]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.AppendEncode(nil, random[:])
}

// part is one form of the content, the plainest first (RFC 2046 §5.1.4).
type part struct{ kind, text string }

func (l letter) parts() []part {
	var parts []part
	for _, form := range []part{{"text/plain", l.content.Text}, {"text/html", l.content.HTML}} {
		if form.text != "" {
			parts = append(parts, form)
		}
	}
	return parts
}

// head writes one field, folded before words where its line would be too long
// (RFC 5322 §2.2.3).
func head(out []byte, name, value string) []byte {
	out = append(append(out, name...), ':')
	length := len(name) + 1
	for i := 0; ; i++ {
		word, rest, more := strings.Cut(value, " ")
		if i > 0 && word != "" && length+1+len(word) > lineWanted {
			out = append(out, "\r\n"...)
			length = 0
		}
		out = append(append(out, ' '), word...)
		length += 1 + len(word)
		if !more {
			return append(out, "\r\n"...)
		}
		value = rest
	}
}

// mailbox is an address with its name (RFC 5322 §3.4). net/mail's own form may
// not stand in a phrase where a name holds a backslash and a sign beyond ASCII.
func mailbox(a mail.Address) string {
	return strings.TrimSpace(phrase(a.Name) + " " + path(a.Address))
}

var quotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// phrase is a text that a name may hold: quoted, or encoded where it is more
// than ASCII or only looks encoded.
func phrase(text string) string {
	switch {
	case text == "":
		return ""
	case strings.Contains(text, "=?"), strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) >= 0:
		return encodedWords(text)
	}
	return `"` + quotes.Replace(text) + `"`
}

// unstructured is a text as a header may hold it (RFC 2047). Text that only
// looks encoded, and words that no line can hold, are encoded too.
func unstructured(text string) string {
	text = strings.TrimSpace(text)
	if encoded := mime.QEncoding.Encode("utf-8", text); encoded != text {
		return encoded
	}
	for word := range strings.FieldsSeq(text) {
		if len(word) > longestWord || strings.Contains(word, "=?") {
			return encodedWords(text)
		}
	}
	return text
}

// encodedWords writes a text as encoded words of at most 75 characters, none of
// which splits a character (RFC 2047 §2, §5).
func encodedWords(text string) string {
	const room = 45 // base64 makes 60 of them
	var words []string
	for len(text) > 0 {
		end := min(room, len(text))
		for end < len(text) && !utf8.RuneStart(text[end]) {
			end--
		}
		words = append(words, "=?utf-8?b?"+base64.StdEncoding.EncodeToString([]byte(text[:end]))+"?=")
		text = text[end:]
	}
	return strings.Join(words, " ")
}
