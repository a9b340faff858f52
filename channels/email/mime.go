package email

import (
	"bytes"
	"encoding/base64"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
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
// content is quoted-printable, so that every relay may carry it unchanged.
func (l letter) mime(date time.Time) []byte {
	var out bytes.Buffer
	head(&out, "Date", date.Format(time.RFC1123Z))
	head(&out, "From", mailbox(l.from))
	head(&out, "To", mailbox(l.to))
	if l.reply != nil {
		head(&out, "Reply-To", mailbox(*l.reply))
	}
	head(&out, "Subject", unstructured(l.content.Subject))
	for _, f := range l.fields {
		head(&out, f.name, f.value)
	}
	head(&out, "MIME-Version", "1.0")
	parts := l.parts()
	if len(parts) == 1 {
		for _, name := range []string{"Content-Type", "Content-Transfer-Encoding"} {
			head(&out, name, parts[0].header.Get(name))
		}
		out.WriteString("\r\n")
		parts[0].write(&out)
		out.WriteString("\r\n")
		return out.Bytes()
	}
	alternatives := multipart.NewWriter(&out)
	head(&out, "Content-Type", mime.FormatMediaType("multipart/alternative", map[string]string{"boundary": alternatives.Boundary()}))
	out.WriteString("\r\n")
	for _, p := range parts {
		_, _ = alternatives.CreatePart(p.header) // a buffer takes everything
		p.write(&out)
	}
	_ = alternatives.Close() // which ends the last line too
	return out.Bytes()
}

// part is one form of the content, the plainest first (RFC 2046 §5.1.4).
type part struct {
	header textproto.MIMEHeader
	text   string
}

func (l letter) parts() []part {
	var parts []part
	for _, form := range []struct{ kind, text string }{{"text/plain", l.content.Text}, {"text/html", l.content.HTML}} {
		if form.text == "" {
			continue
		}
		parts = append(parts, part{text: form.text, header: textproto.MIMEHeader{
			"Content-Type":              {form.kind + "; charset=utf-8"},
			"Content-Transfer-Encoding": {"quoted-printable"},
		}})
	}
	return parts
}

func (p part) write(out *bytes.Buffer) {
	lines := quotedprintable.NewWriter(out)
	_, _ = lines.Write([]byte(p.text)) // a buffer takes everything
	_ = lines.Close()
}

// head writes one field, folded before words where its line would be too long
// (RFC 5322 §2.2.3).
func head(out *bytes.Buffer, name, value string) {
	out.WriteString(name + ":")
	length := len(name) + 1
	for i, word := range strings.Split(value, " ") {
		if i > 0 && word != "" && length+1+len(word) > lineWanted {
			out.WriteString("\r\n")
			length = 0
		}
		out.WriteString(" " + word)
		length += 1 + len(word)
	}
	out.WriteString("\r\n")
}

// mailbox is an address with its name (RFC 5322 §3.4). net/mail's own form may
// not stand in a phrase where a name holds a backslash and a sign beyond ASCII.
func mailbox(a mail.Address) string {
	return strings.TrimSpace(phrase(a.Name) + " " + path(a.Address))
}

// phrase is a text that a name may hold: quoted, or encoded where it is more
// than ASCII or only looks encoded.
func phrase(text string) string {
	switch {
	case text == "":
		return ""
	case strings.Contains(text, "=?"), strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) >= 0:
		return encodedWords(text)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
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
