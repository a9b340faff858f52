package sandbox

import (
	"bytes"
	"context"
	"net/url"
	"slices"
	"time"

	"golang.org/x/net/html"
)

// choose opens a page of preferences, as a person does, and changes one thing:
// who is content asks for more where there is more to ask for, others for less.
func (s *Sandbox) choose(target string, who person, c chance, at time.Time) act {
	return act{at: at, do: func(ctx context.Context) []act {
		page := s.browse(ctx, target)
		if !page.ok() {
			return nil
		}
		if form, changed := readBoxes(page.body).change(who, c); changed {
			s.submit(ctx, target, form)
		}
		return nil
	}}
}

// disown says that a message was not for whoever got it.
func (s *Sandbox) disown(target string, at time.Time) act {
	return act{at: at, do: func(ctx context.Context) []act {
		if s.browse(ctx, target).ok() {
			s.submit(ctx, target, url.Values{})
		}
		return nil
	}}
}

// boxes are a page's boxes to tick, and what else its first form sends.
type boxes struct {
	hidden       url.Values
	ticked, free []string
}

// readBoxes finds them.
func readBoxes(page []byte) boxes {
	b := boxes{hidden: url.Values{}}
	reader := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch reader.Next() {
		case html.ErrorToken:
			return b
		case html.EndTagToken:
			if name, _ := reader.TagName(); string(name) == "form" {
				return b
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			b.read(reader.Token())
		}
	}
}

func (b *boxes) read(token html.Token) {
	attribute := make(map[string]string, len(token.Attr))
	for _, a := range token.Attr {
		attribute[a.Key] = a.Val
	}
	if token.Data != "input" {
		return
	}
	_, ticked := attribute["checked"]
	switch value := attribute["value"]; {
	case attribute["type"] == "hidden":
		b.hidden.Add(attribute["name"], value)
	case attribute["name"] == "in" && ticked:
		b.ticked = append(b.ticked, value)
	case attribute["name"] == "in":
		b.free = append(b.free, value)
	}
}

// change ticks or clears one box; it reports whether there was one.
func (b boxes) change(who person, c chance) (url.Values, bool) {
	form, more := b.hidden, who.mood > 0.8 && len(b.free) > 0
	form["in"] = b.ticked
	switch {
	case more:
		form.Add("in", b.free[c.pick("wish", len(b.free))])
	case len(b.ticked) > 0:
		at := c.pick("wish", len(b.ticked))
		form["in"] = slices.Delete(slices.Clone(b.ticked), at, at+1)
	default:
		return nil, false
	}
	return form, true
}
