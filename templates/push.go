package templates

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"rapport/channels"
)

// push is a notification.
type push struct {
	title, body, icon, url, tag *Line
	actions                     []pushAction
}

type pushAction struct {
	id         string
	title, url *Line
}

func (p *push) render(b Bindings) (channels.Content, error) {
	out := &channels.PushContent{}
	parts := []struct {
		name string
		line *Line
		to   *string
		url  bool
	}{
		{"title", p.title, &out.Title, false},
		{"body", p.body, &out.Body, false},
		{"icon", p.icon, &out.Icon, true},
		{"url", p.url, &out.URL, true},
		{"tag", p.tag, &out.Tag, false},
	}
	for _, part := range parts {
		text, err := part.line.renderPart(b, part.url)
		if err != nil {
			return channels.Content{}, inPart(part.name, err)
		}
		*part.to = text
	}
	if out.Title == "" {
		return channels.Content{}, errors.New("the title is empty")
	}
	for _, a := range p.actions {
		title, err := a.title.renderPart(b, false)
		if err != nil {
			return channels.Content{}, inPart("action "+a.id, err)
		}
		url, err := a.url.renderPart(b, true)
		if err != nil {
			return channels.Content{}, inPart("action "+a.id, err)
		}
		out.Actions = append(out.Actions, channels.PushAction{ID: a.id, Title: title, URL: url})
	}
	return channels.Content{Push: out}, nil
}

// renderPart renders a short text, or a URL a browser will open.
func (l *Line) renderPart(b Bindings, isURL bool) (string, error) {
	text, err := l.program.render(b)
	if err != nil {
		return "", err
	}
	text = strings.TrimSpace(text)
	if isURL && text != "" && !isWeb(text) && !strings.HasPrefix(text, "/") {
		return "", errWeb
	}
	return text, nil
}

var errWeb = errors.New("a link that is neither http nor https")

// maxActions is how many buttons browsers show.
const maxActions = 2

// push reads a notification.
func (b *builder) push(src *source) (body, []Field) {
	before := b.found.met
	s, root := readSheet(src, src.text, b.found)
	r := lineReader{builder: b, sheet: s}
	keys := s.mapping(root, "title", "body", "icon", "url", "tag", "actions")
	p := &push{
		title: r.line(keys["title"]), body: r.line(keys["body"]), icon: r.line(keys["icon"]),
		url: r.line(keys["url"]), tag: r.line(keys["tag"]),
	}
	if keys["title"].node == nil && !s.unread {
		b.found.at(origin{src: src}, "add title: …", "the notification has no title")
	}
	for _, n := range s.list(keys["actions"]) {
		p.actions = append(p.actions, r.action(n))
	}
	if len(p.actions) > maxActions {
		b.found.at(keys["actions"].at, fmt.Sprintf("keep %d", maxActions), "browsers show no more than %d actions", maxActions)
	}
	if b.found.met > before {
		return nil, r.fields
	}
	return p, r.fields
}

func (r *lineReader) action(n ast.Node) pushAction {
	keys := r.sheet.mapping(n, "id", "title", "url")
	a := pushAction{id: r.sheet.text(keys["id"]).text, title: r.line(keys["title"]), url: r.line(keys["url"])}
	if a.id == "" || keys["title"].node == nil {
		r.found.at(r.sheet.at(n), "write {id: buy, title: Buy now}", "an action needs an id and a title")
	}
	return a
}

// lineReader reads Liquid texts out of YAML and gathers their fields.
type lineReader struct {
	*builder
	sheet  *sheet
	fields []Field
}

func (r *lineReader) line(e entry) *Line {
	if e.node == nil {
		return &Line{program: &program{}}
	}
	line := r.builder.line(r.sheet.text(e))
	r.fields = append(r.fields, line.fields...)
	return line
}
