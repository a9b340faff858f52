package sandbox

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// links are those of a message that lead to the public URL, by what they are
// for. Others are never touched.
type links struct {
	clicks, pixels, surveys, unsubscribes []string
	preferences                           []string // where wishes are chosen
	strangers                             []string // where somebody else says the message was not for them
	all                                   []string
}

// linksIn reads an HTML body.
func (s *Sandbox) linksIn(body string, substitutions map[string]string) links {
	var found links
	reader := html.NewTokenizer(strings.NewReader(expand(body, substitutions)))
	for {
		switch reader.Next() {
		case html.ErrorToken:
			return found
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := reader.TagName()
			wanted := ""
			switch string(name) {
			case "a", "area":
				wanted = "href"
			case "img":
				wanted = "src"
			}
			for wanted != "" && more {
				var key, value []byte
				key, value, more = reader.TagAttr()
				if string(key) == wanted {
					s.sort(&found, strings.TrimSpace(string(value)), wanted == "src")
				}
			}
		}
	}
}

// linksInText reads a text message.
func (s *Sandbox) linksInText(body string) links {
	var found links
	for word := range strings.FieldsSeq(body) {
		if start := strings.Index(word, s.options.PublicURL); start >= 0 {
			s.sort(&found, strings.TrimRight(word[start:], ".,;:!?)>\"'"), false)
		}
	}
	return found
}

// sort files one link under what it is for.
func (s *Sandbox) sort(found *links, target string, picture bool) {
	u, err := s.outside.allow(target)
	if err != nil {
		return
	}
	switch kind := s.kindOf(u); {
	case picture && kind == 'o':
		found.pixels = append(found.pixels, target)
	case picture:
		return
	case kind == 's':
		found.surveys = append(found.surveys, target)
	case kind == 'u':
		found.unsubscribes = append(found.unsubscribes, target)
	case kind == 'p':
		found.preferences = append(found.preferences, target)
	case kind == 'n':
		found.strangers = append(found.strangers, target)
	default:
		found.clicks = append(found.clicks, target)
	}
	found.all = append(found.all, target)
}

// kindOf is the letter a public link's path begins with: /l/, /o/, /s/, /u/,
// /p/, /n/.
func (s *Sandbox) kindOf(u *url.URL) byte {
	path := strings.TrimPrefix(u.Path, s.outside.base.Path)
	if len(path) > 3 && path[0] == '/' && path[2] == '/' {
		return path[1]
	}
	return 0
}

// surveyAt is the target of a redirect when that is one of our own surveys.
func (s *Sandbox) surveyAt(from, location string) string {
	base, err := url.Parse(from)
	if err != nil || location == "" {
		return ""
	}
	target, err := base.Parse(location)
	if err != nil {
		return ""
	}
	if u, err := s.outside.allow(target.String()); err == nil && s.kindOf(u) == 's' {
		return target.String()
	}
	return ""
}

// expand puts a personalization's values into the text.
func expand(text string, substitutions map[string]string) string {
	for mark, value := range substitutions {
		text = strings.ReplaceAll(text, mark, value)
	}
	return text
}
