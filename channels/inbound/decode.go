package inbound

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/textproto"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// transferred undoes a part's transfer encoding (RFC 2045 §6). What does not
// belong there is left out of base64 and left standing in quoted-printable.
func transferred(header textproto.Header, body []byte) []byte {
	switch strings.ToLower(strings.TrimSpace(header.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return unBase64(body)
	case "quoted-printable":
		return unQuote(body)
	}
	return body
}

// unBase64 reads groups of four up to each padding, for some mailers join
// several encoded texts. Text that is not encoded at all stays as it is.
func unBase64(body []byte) []byte {
	if bytes.Contains(bytes.TrimSpace(body), []byte(" ")) && !base64Line.Match(body) {
		return body
	}
	decoded := make([]byte, 0, len(body)*3/4)
	group := make([]byte, 0, 4)
	flush := func() {
		var out [3]byte
		if n, err := base64.RawStdEncoding.Decode(out[:], group); err == nil || n > 0 {
			decoded = append(decoded, out[:n]...)
		}
		group = group[:0]
	}
	for _, c := range body {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			if group = append(group, c); len(group) == 4 {
				flush()
			}
		case c == '=':
			flush()
		}
	}
	flush()
	return decoded
}

var base64Line = regexp.MustCompile(`(?m)^[A-Za-z0-9+/=]{40,}\r?$`)

// unQuote reads quoted-printable (RFC 2045 §6.7).
func unQuote(body []byte) []byte {
	decoded := make([]byte, 0, len(body))
	for len(body) > 0 {
		line, rest, more := bytes.Cut(body, []byte("\n"))
		body = rest
		line = bytes.TrimRight(line, " \t\r")
		soft := bytes.HasSuffix(line, []byte("="))
		line = bytes.TrimSuffix(line, []byte("="))
		for i := 0; i < len(line); i++ {
			if line[i] == '=' && i+2 < len(line) {
				if high, low := digit(line[i+1]), digit(line[i+2]); high >= 0 && low >= 0 {
					decoded = append(decoded, byte(high<<4|low))
					i += 2
					continue
				}
			}
			decoded = append(decoded, line[i])
		}
		if more && !soft {
			decoded = append(decoded, '\n')
		}
	}
	return decoded
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// sizeOf is how many bytes a part holds, near enough.
func sizeOf(header textproto.Header, body []byte) int {
	if strings.EqualFold(strings.TrimSpace(header.Get("Content-Transfer-Encoding")), "base64") {
		return (len(body) - bytes.Count(body, []byte("\n")) - bytes.Count(body, []byte("\r"))) * 3 / 4
	}
	return len(body)
}

// charsetOf is the charset a part declares; HTML may do so in its own head.
func charsetOf(kind string, params map[string]string, body []byte) string {
	if declared := params["charset"]; declared != "" || kind != "text/html" {
		return declared
	}
	if found := metaCharset.FindSubmatch(body[:min(len(body), 2048)]); found != nil {
		return string(found[1])
	}
	return ""
}

var metaCharset = regexp.MustCompile(`(?i)<meta[^>]+charset=(?:3D)?["']?([A-Za-z0-9_-]+)`)

// decodeText turns bytes into text: by the declared charset where they are in
// it, by what they look like otherwise. It never gives up.
func decodeText(raw []byte, declared string) string {
	if bytes.Contains(raw, []byte("\x1b$")) || bytes.Contains(raw, []byte("\x1b(J")) { // ISO-2022-JP is 7-bit
		if text, whole := decode(raw, japanese.ISO2022JP); whole {
			return text
		}
	}
	if ascii(raw) {
		return string(raw)
	}
	known := named(declared)
	if known != nil && several[declaredName(declared)] && !longSequences(raw) {
		if text, whole := decode(raw, known); whole {
			return text
		}
	}
	if utf8.Valid(raw) { // by chance no text in another charset is
		return string(raw)
	}
	if known != nil {
		if text, whole := decode(raw, known); whole {
			return text
		}
	}
	text, _ := decode(raw, guess(raw))
	return text
}

// longSequences reports whether bytes are UTF-8 with characters of three bytes or
// more, which pairs of bytes hardly ever happen to be.
func longSequences(raw []byte) bool {
	return utf8.Valid(raw) && bytes.IndexFunc(raw, func(r rune) bool { return r >= 0x800 }) >= 0
}

func ascii(raw []byte) bool {
	return bytes.IndexFunc(raw, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// named is the encoding that a charset's name means; nil for UTF-8, ASCII and
// names nobody knows.
func named(charset string) encoding.Encoding {
	switch name := declaredName(charset); name {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return nil
	default:
		known, err := htmlindex.Get(name)
		if err != nil {
			return nil
		}
		return known
	}
}

func declaredName(charset string) string {
	name := strings.ToLower(strings.Trim(strings.TrimSpace(charset), `"'`))
	if code, is := strings.CutPrefix(name, "cp"); is && strings.HasPrefix(code, "125") {
		return "windows-" + code
	}
	return name
}

// several are charsets of several bytes a character, whose short texts may be
// valid UTF-8 by chance: the declaration is believed first.
var several = map[string]bool{
	"gb2312": true, "gbk": true, "gb18030": true, "big5": true, "shift_jis": true, "euc-jp": true, "euc-kr": true, "ks_c_5601-1987": true,
}

// decode reads bytes in an encoding; whole says that all of them belong to it.
func decode(raw []byte, in encoding.Encoding) (text string, whole bool) {
	decoded, err := in.NewDecoder().Bytes(raw)
	if err != nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD"), false
	}
	return string(decoded), !bytes.ContainsRune(decoded, utf8.RuneError)
}

// guess is the encoding that undeclared bytes look like. Cyrillic words are all
// high bytes from 0xC0 on, small letters in the upper half of them in
// windows-1251 and in the lower in KOI8-R; Chinese characters come in pairs that
// reach below; a Western text has single high bytes.
func guess(raw []byte) encoding.Encoding {
	var low, small, capital, letters, runs, odd int
	for i := 0; i < len(raw); {
		if raw[i] < 0x80 {
			if c := raw[i] | 0x20; c >= 'a' && c <= 'z' {
				letters++
			}
			i++
			continue
		}
		start := i
		for ; i < len(raw) && raw[i] >= 0x80; i++ {
			switch {
			case raw[i] >= 0xE0:
				small++
			case raw[i] >= 0xC0:
				capital++
			case raw[i] != 0xA3 && raw[i] != 0xB3 && raw[i] != 0xA8 && raw[i] != 0xB8: // ё
				low++
			}
		}
		if runs++; (i-start)%2 == 1 {
			odd++
		}
	}
	high := low + small + capital
	switch {
	case odd == 0 && low > 0 && high > letters/4:
		if _, whole := decode(raw, simplifiedchinese.GB18030); whole {
			return simplifiedchinese.GB18030
		}
	case high < 2*runs || high < letters/4 || low > high/4:
		return charmap.Windows1252
	}
	if capital > small {
		return charmap.KOI8R
	}
	return charmap.Windows1251
}
