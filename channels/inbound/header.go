package inbound

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"regexp"
	"strings"

	"github.com/emersion/go-message/textproto"
)

// readHeader cuts a message or part into its header and its body. Lines of a
// header that are none are left out; a text without a header is all body.
func readHeader(raw []byte) (textproto.Header, []byte) {
	var clean bytes.Buffer
	rest, taking, first := raw, false, true
	closed := blankLine.Match(raw)
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		text := bytes.TrimRight(line, "\r")
		switch {
		case len(text) == 0:
			if first { // a part may have no header
				return textproto.Header{}, after
			}
			return parse(clean.Bytes()), after
		case text[0] == ' ' || text[0] == '\t':
			if taking {
				clean.Write(text)
				clean.WriteString("\r\n")
			}
		case fieldStart.Match(text):
			taking = true
			clean.Write(text)
			clean.WriteString("\r\n")
		case first && !bytes.HasPrefix(text, []byte("From ")):
			return textproto.Header{}, raw
		default:
			if taking = false; !closed {
				return parse(clean.Bytes()), rest // the body follows at once
			}
		}
		first, rest = false, after
	}
	return parse(clean.Bytes()), nil
}

var (
	fieldStart = regexp.MustCompile(`^[!-9;-~]+[ \t]*:`)
	blankLine  = regexp.MustCompile(`\n\r?\n`)
)

func parse(clean []byte) textproto.Header {
	header, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(append(clean, "\r\n"...))))
	if err != nil {
		return textproto.Header{}
	}
	return header
}

// decodeHeader reads the encoded words of RFC 2047, in any charset, and bytes
// that should have been encoded.
func decodeHeader(value string) string {
	value = decodeText([]byte(value), "")
	words := mime.WordDecoder{CharsetReader: func(charset string, input io.Reader) (io.Reader, error) {
		raw, err := io.ReadAll(input)
		return strings.NewReader(decodeText(raw, charset)), err
	}}
	decoded, err := words.DecodeHeader(value)
	if err != nil {
		return value
	}
	return decoded
}

var mailbox = regexp.MustCompile(`[^\s<>"',;:()\[\]]{1,128}@[^\s<>"',;:()\[\]@]{1,255}`)

// addresses are the mailboxes that stand in a header field, however it is
// written.
func addresses(value string) []string { return mailbox.FindAllString(value, 50) }

// firstAddress is the mailbox of a field that holds one: the one in angle
// brackets where there are any, for a name may look like an address.
func firstAddress(value string) string {
	if open := strings.LastIndexByte(value, '<'); open >= 0 {
		value = value[open:]
	}
	return mailbox.FindString(value)
}

// mediaType is what a part says it is, in lower case: text/plain where it says
// nothing or nothing that can be read (RFC 2045 §5.2).
func mediaType(header textproto.Header) (string, map[string]string) {
	declared := header.Get("Content-Type")
	if declared == "" {
		return "text/plain", nil
	}
	kind, params, err := mime.ParseMediaType(declared)
	if strings.Contains(kind, "/") && (err == nil || params != nil) {
		return kind, params
	}
	kind, rest, _ := strings.Cut(declared, ";")
	if kind = strings.ToLower(strings.TrimSpace(kind)); !strings.Contains(kind, "/") {
		return "text/plain", nil
	}
	params = map[string]string{}
	for _, found := range parameter.FindAllStringSubmatch(rest, 20) {
		params[strings.ToLower(found[1])] = strings.Trim(found[2], `"'`)
	}
	return kind, params
}

var parameter = regexp.MustCompile(`([A-Za-z][A-Za-z-]*)\*?\d*\*?\s*=\s*("[^"]*"|[^;\s]+)`)
