package templates

import (
	"strings"

	"golang.org/x/net/html"
)

// Link is where the URL of a link to the web stands in rendered HTML.
type Link struct {
	URL        string // without HTML's escapes
	start, end int
	bare       bool // it stands without quotes
}

// Links finds every link to the web. Links of other kinds (mailto, tel, fragments),
// pictures and comments are none.
func Links(document string) []Link {
	var links []Link
	for i := nextTag(document, 0); i < len(document); i = nextTag(document, i) {
		raw := tagAt(document[i:])
		if isLinkTag(raw) && raw[len(raw)-1] == '>' {
			if link, is := linkIn(raw); is {
				link.start, link.end = link.start+i, link.end+i
				links = append(links, link)
			}
		}
		i += len(raw)
	}
	return links
}

// linkIn reads the href of a start tag.
func linkIn(raw string) (link Link, is bool) {
	eachAttribute(raw, func(a attribute) bool {
		if a.name != "href" {
			return true
		}
		url := strings.TrimSpace(html.UnescapeString(raw[a.start:a.end]))
		link, is = Link{url, a.start, a.end, a.quote == 0}, isWeb(url)
		return false
	})
	return link, is
}

// Dressed gives a document with the URL of every link replaced, and an invisible
// picture at its end where pixel is a URL. Everything else stays as it is, byte for
// byte.
func Dressed(document string, links []Link, url func(Link) string, pixel string) string {
	end := len(document)
	if at := lastIndexFold(document, "</body>"); pixel != "" && at >= 0 {
		end = at
	}
	var out strings.Builder
	out.Grow(len(document) + 48*len(links) + 2*len(pixel) + 128)
	written := 0
	until := func(at int) {
		out.WriteString(document[written:at])
		written = at
	}
	for i := 0; i <= len(links); i++ {
		if pixel != "" && (i == len(links) || links[i].start > end) {
			until(max(end, written))
			out.WriteString(`<img src="` + html.EscapeString(pixel) + `" width="1" height="1" alt="" style="display:block;border:0;width:1px;height:1px">`)
			pixel = ""
		}
		if i == len(links) {
			break
		}
		until(links[i].start)
		value := html.EscapeString(url(links[i]))
		if links[i].bare {
			value = `"` + value + `"`
		}
		out.WriteString(value)
		written = links[i].end
	}
	until(len(document))
	return out.String()
}

// RewriteLinks gives rendered HTML with the URL of every link to the web
// replaced by what rewrite makes of it. rewrite sees and gives plain URLs.
func RewriteLinks(document string, rewrite func(url string) string) string {
	return Dressed(document, Links(document), func(l Link) string { return rewrite(l.URL) }, "")
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
	if len(raw) < 3 || raw[1]|0x20 != 'a' {
		return false
	}
	name := elementName(raw)
	return len(name) == 1 || strings.EqualFold(name, "area")
}

func isWeb(url string) bool {
	scheme, _, _ := strings.Cut(url, ":")
	return strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http")
}

// lastIndexFold is strings.LastIndex without regard to ASCII case.
func lastIndexFold(text, needle string) int {
	for i := len(text) - len(needle); i >= 0; i-- {
		if text[i] == needle[0] && strings.EqualFold(text[i:i+len(needle)], needle) {
			return i
		}
	}
	return -1
}
