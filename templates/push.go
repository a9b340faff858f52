package templates

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"rapport/channels"
)

// push is a notification.
type push struct {
	title, body, url, tag, icon, image, badge *Line

	actions []pushAction
	stays   bool
	ttl     *time.Duration
	urgency string
}

type pushAction struct {
	id         string
	title, url *Line
}

func (p *push) render(b Bindings) (channels.Content, error) {
	out := &channels.PushContent{RequireInteraction: p.stays, TTL: p.ttl, Urgency: p.urgency}
	parts := []struct {
		name string
		line *Line
		to   *string
		url  bool
	}{
		{"title", p.title, &out.Title, false},
		{"body", p.body, &out.Body, false},
		{"icon", p.icon, &out.Icon, true},
		{"image", p.image, &out.Image, true},
		{"badge", p.badge, &out.Badge, true},
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
	keys, told := s.mappingWith(root, "title", "title", "body", "icon", "image", "badge", "url", "tag", "actions", "ttl", "urgency", "require_interaction")
	p := &push{
		title: r.line(keys["title"]), body: r.line(keys["body"]), icon: r.line(keys["icon"]), image: r.line(keys["image"]),
		badge: r.line(keys["badge"]), url: r.line(keys["url"]), tag: r.line(keys["tag"]),
		stays: s.yes(keys["require_interaction"]), ttl: s.lifetime(keys["ttl"]), urgency: s.urgency(keys["urgency"]),
	}
	if keys["title"].node == nil && !s.unread && !told {
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

// longestLife is how long push services keep a notification at most.
const longestLife = 28 * 24 * time.Hour

var (
	lifetimeForm = regexp.MustCompile(`^([0-9]{1,7})([smhd])$`)
	lifetimeUnit = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
)

// lifetime reads how long a push service is to keep a notification; nil where
// nothing is written.
func (s *sheet) lifetime(e entry) *time.Duration {
	if e.node == nil {
		return nil
	}
	text := s.text(e).text
	parts := lifetimeForm.FindStringSubmatch(text)
	if parts == nil {
		s.found.at(s.at(e.node), "write for example ttl: 6h, or 0s for now or never", "%q is not such a length of time", text)
		return nil
	}
	count, _ := strconv.Atoi(parts[1])
	life := time.Duration(count) * lifetimeUnit[parts[2]]
	if life > longestLife {
		s.found.at(s.at(e.node), "write at most 28d", "no push service keeps a notification for %s", text)
	}
	return &life
}

// urgencies are the words of RFC 8030 §5.3.
var urgencies = []string{"very-low", "low", "normal", "high"}

func (s *sheet) urgency(e entry) string {
	if e.node == nil {
		return ""
	}
	word := s.text(e).text
	if !slices.Contains(urgencies, word) {
		s.found.at(s.at(e.node), didYouMean(word, urgencies), "%q is no urgency", word)
	}
	return word
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
