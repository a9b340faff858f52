package templates

import (
	"strings"

	"golang.org/x/net/html"
)

// RewriteLinks gives rendered HTML with the URL of every link to the web
// replaced by what rewrite makes of it. Everything else stays as it is, byte
// for byte: links of other kinds (mailto, tel, fragments), pictures and
// comments. rewrite sees and gives plain URLs, without HTML's escapes.
func RewriteLinks(document string, rewrite func(url string) string) string {
	var out strings.Builder
	out.Grow(len(document) + len(document)/8)
	written := 0
	for i := nextTag(document, 0); i < len(document); i = nextTag(document, i) {
		raw := tagAt(document[i:])
		if isLinkTag(raw) && strings.HasSuffix(raw, ">") {
			out.WriteString(document[written:i])
			out.WriteString(rewriteTag(raw, rewrite))
			written = i + len(raw)
		}
		i += len(raw)
	}
	out.WriteString(document[written:])
	return out.String()
}

// nextTag is the offset of the first start tag at or after i, comments and
// what stands in scripts and styles left out; the document's length when there
// is none.
func nextTag(document string, i int) int {
	for {
		at := strings.IndexByte(document[i:], '<')
		if at < 0 || i+at+1 >= len(document) {
			return len(document)
		}
		i += at
		switch rest := document[i:]; {
		case strings.HasPrefix(rest, "<!--"):
			i = behind(document, i+4, "-->")
		case hasPrefixFold(rest, "<script"):
			i = behind(document, i, "</script")
		case hasPrefixFold(rest, "<style"):
			i = behind(document, i, "</style")
		case isLetter(rest[1]):
			return i
		default:
			i++
		}
	}
}

// behind is the offset behind the first needle from i on, the end when there
// is none.
func behind(document string, i int, needle string) int {
	for ; i+len(needle) <= len(document); i++ {
		if document[i] == needle[0] && strings.EqualFold(document[i:i+len(needle)], needle) {
			return i + len(needle)
		}
	}
	return len(document)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

// isLinkTag reports whether a start tag is an <a> or an <area>.
func isLinkTag(raw string) bool {
	name := elementName(raw)
	return strings.EqualFold(name, "a") || strings.EqualFold(name, "area")
}

func rewriteTag(raw string, rewrite func(string) string) string {
	for _, a := range attributesOf(raw) {
		if a.name != "href" {
			continue
		}
		url := strings.TrimSpace(html.UnescapeString(raw[a.start:a.end]))
		if !isWeb(url) {
			return raw
		}
		value := html.EscapeString(rewrite(url))
		if a.quote == 0 {
			value = `"` + value + `"`
		}
		return raw[:a.start] + value + raw[a.end:]
	}
	return raw
}

func isWeb(url string) bool {
	scheme, _, _ := strings.Cut(url, ":")
	return strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http")
}

// AppendPixel puts an invisible picture at the end of rendered HTML. url is an
// absolute URL.
func AppendPixel(document, url string) string {
	pixel := `<img src="` + html.EscapeString(url) + `" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">`
	end := lastIndexFold(document, "</body>")
	if end < 0 {
		return document + pixel
	}
	return document[:end] + pixel + document[end:]
}

// lastIndexFold is strings.LastIndex without regard to ASCII case.
func lastIndexFold(text, needle string) int {
	for i := len(text) - len(needle); i >= 0; i-- {
		if strings.EqualFold(text[i:i+len(needle)], needle) {
			return i
		}
	}
	return -1
}
