package inbound

import (
	"bytes"
	"strings"

	"github.com/emersion/go-message/textproto"
)

// content is the text of a part: as it was written, or as it was written for a
// browser.
type content struct{ text, html string }

func (c content) words() string {
	if strings.TrimSpace(c.text) != "" || c.html == "" {
		return c.text
	}
	return textOf(c.html)
}

// part reads a part and those within it.
func (l *letter) part(header textproto.Header, body []byte, depth int) content {
	if l.parts++; l.parts > partsRead || depth > depthRead {
		return content{}
	}
	kind, params := mediaType(header)
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		return l.several(kind, params, body, depth)
	case strings.HasPrefix(kind, "message/"), kind == "text/rfc822-headers":
		return l.enclosed(kind, header, body)
	}
	disposition, named := disposed(header, params)
	if disposition == "attachment" || named != "" && disposition != "inline" || kind != "text/plain" && kind != "text/html" {
		l.attach(named, kind, sizeOf(header, body))
		return content{}
	}
	text := plain(decodeText(transferred(header, body), charsetOf(kind, params, body)))
	if kind == "text/html" {
		return content{html: text}
	}
	return content{text: text}
}

// several reads the parts of a multipart. Of alternatives the plain text is
// taken, or else the last that says something; others stand one after another.
func (l *letter) several(kind string, params map[string]string, body []byte, depth int) content {
	if kind == "multipart/report" {
		l.report = strings.ToLower(params["report-type"])
	}
	parts := split(body, params["boundary"])
	if len(parts) == 0 { // the boundary never comes
		return content{text: plain(decodeText(body, ""))}
	}
	var all []content
	for _, part := range parts {
		header, inner := readHeader(part)
		all = append(all, l.part(header, inner, depth+1))
	}
	if kind == "multipart/alternative" {
		return preferred(all)
	}
	if len(all) == 1 {
		return all[0]
	}
	var texts []string
	for _, one := range all {
		if words := strings.TrimSpace(one.words()); words != "" {
			texts = append(texts, words)
		}
	}
	return content{text: strings.Join(texts, "\n\n")}
}

func preferred(all []content) content {
	var best content
	for _, one := range all {
		if strings.TrimSpace(one.text) != "" {
			best.text = one.text
		}
		if strings.TrimSpace(one.html) != "" {
			best.html = one.html
		}
	}
	return best
}

// enclosed reads what a report encloses; a letter within a letter is noted.
func (l *letter) enclosed(kind string, header textproto.Header, body []byte) content {
	body = transferred(header, body)
	switch kind {
	case "message/delivery-status", "message/global-delivery-status":
		for rest := body; len(bytes.TrimSpace(rest)) > 0 && len(l.status) < partsRead; {
			var group textproto.Header
			group, rest = readHeader(bytes.TrimLeft(rest, "\r\n"))
			if group.Len() == 0 {
				break
			}
			l.status = append(l.status, group)
		}
	case "message/feedback-report":
		report, _ := readHeader(bytes.TrimLeft(body, "\r\n"))
		l.feedback = &report
	default:
		within, _ := readHeader(bytes.TrimLeft(body, "\r\n"))
		if l.returned == nil {
			l.returned = &within
		}
		if l.report == "" {
			l.attach(decodeHeader(within.Get("Subject")), kind, len(body))
		}
	}
	return content{}
}

// split cuts a multipart's body at its boundary lines (RFC 2046 §5.1.1). A last
// part that nothing closes is one too.
func split(body []byte, boundary string) (parts [][]byte) {
	if boundary == "" {
		return nil
	}
	mark := []byte("--" + boundary)
	start, at := -1, 0
	for at < len(body) && len(parts) < partsRead {
		end := bytes.IndexByte(body[at:], '\n')
		line, next := body[at:], len(body)
		if end >= 0 {
			line, next = body[at:at+end], at+end+1
		}
		if rest, is := bytes.CutPrefix(line, mark); is {
			rest = bytes.TrimSpace(rest)
			if closing := string(rest) == "--"; closing || len(rest) == 0 {
				if start >= 0 {
					parts = append(parts, withoutBreak(body[start:at]))
				}
				if start = next; closing {
					return parts
				}
			}
		}
		at = next
	}
	if start >= 0 && start <= len(body) {
		parts = append(parts, body[start:])
	}
	return parts
}

// withoutBreak drops the line break that belongs to the boundary after a part.
func withoutBreak(part []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(part, []byte("\n")), []byte("\r"))
}

// disposed is how a part asks to be shown, and its file's name.
func disposed(header textproto.Header, params map[string]string) (disposition, name string) {
	shown := textproto.Header{}
	if value := header.Get("Content-Disposition"); value != "" {
		disposition, _, _ = strings.Cut(value, ";")
		disposition = strings.ToLower(strings.TrimSpace(disposition))
		shown.Set("Content-Type", "x/"+value) // the same grammar: RFC 2183 §2
		_, of := mediaType(shown)
		name = of["filename"]
	}
	if name == "" {
		name = params["name"]
	}
	return disposition, name
}
