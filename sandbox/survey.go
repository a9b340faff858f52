package sandbox

import (
	"bytes"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// answerSurvey opens one of the links to a survey, as a person does, and fills
// in what it finds there.
func (s *Sandbox) answerSurvey(targets []string, who person, c chance, at time.Time) act {
	target := chosenScore(targets, who, c)
	return act{at: at, do: func(ctx context.Context) []act {
		page := s.browse(ctx, target)
		if !page.ok() {
			return nil
		}
		action, form := readForm(page.body).fill(target, who, c)
		s.submit(ctx, action, form)
		return nil
	}}
}

// chosenScore picks, where every score of a survey has its own link, the one of
// the person's score.
func chosenScore(targets []string, who person, c chance) string {
	byScore := make(map[int]string)
	for _, target := range targets {
		if u, err := url.Parse(target); err == nil {
			if score, err := strconv.Atoi(u.Query().Get("score")); err == nil {
				byScore[score] = target
			}
		}
	}
	if len(byScore) < 2 {
		return targets[0]
	}
	low, high := 1<<30, -1
	for score := range byScore {
		low, high = min(low, score), max(high, score)
	}
	if chosen, found := byScore[who.score(c, low, high)]; found {
		return chosen
	}
	return targets[0]
}

// form is a survey page as a person sees it: what can be chosen and written.
type form struct {
	action  string
	hidden  url.Values
	scores  []string // the values the field score offers
	checked string   // the one that is chosen already
	text    bool     // there is room for a comment
}

// readForm finds the form of a page.
func readForm(page []byte) form {
	f := form{hidden: url.Values{}}
	reader := html.NewTokenizer(bytes.NewReader(page))
	selecting := false
	for {
		switch reader.Next() {
		case html.ErrorToken:
			return f
		case html.StartTagToken, html.SelfClosingTagToken:
			token := reader.Token()
			attribute := make(map[string]string, len(token.Attr))
			for _, a := range token.Attr {
				attribute[a.Key] = a.Val
			}
			switch token.Data {
			case "form":
				f.action = attribute["action"]
			case "select":
				selecting = attribute["name"] == "score"
			case "option":
				if selecting {
					f.offer(attribute, "selected")
				}
			case "textarea":
				f.text = f.text || attribute["name"] == "text"
			case "input", "button":
				f.field(attribute)
			}
		}
	}
}

func (f *form) field(attribute map[string]string) {
	switch name := attribute["name"]; {
	case name == "":
	case attribute["type"] == "hidden" && name != "score":
		f.hidden.Add(name, attribute["value"])
	case name == "score":
		f.offer(attribute, "checked")
	case name == "text":
		f.text = true
	}
}

func (f *form) offer(attribute map[string]string, mark string) {
	value, offered := attribute["value"]
	if !offered || value == "" {
		return
	}
	f.scores = append(f.scores, value)
	if _, chosen := attribute[mark]; chosen {
		f.checked = value
	}
}

// fill completes the form in the person's mood. page is where it was found.
func (f form) fill(page string, who person, c chance) (action string, values url.Values) {
	values = f.hidden
	if score := f.choose(page, who, c); score != "" {
		values.Set("score", score)
	}
	if f.text && c.happens("writing", 0.4) {
		values.Set("text", who.comment(c))
	}
	base, err := url.Parse(page)
	if err != nil {
		return page, values
	}
	target, err := base.Parse(f.action)
	if err != nil {
		return page, values
	}
	return target.String(), values
}

func (f form) choose(page string, who person, c chance) string {
	if u, err := url.Parse(page); err == nil && u.Query().Has("score") {
		return u.Query().Get("score")
	}
	if f.checked != "" {
		return f.checked
	}
	if len(f.scores) == 0 {
		return strconv.Itoa(who.score(c, 1, 5))
	}
	numbers := make([]int, 0, len(f.scores))
	for _, value := range f.scores {
		if n, err := strconv.Atoi(value); err == nil {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == len(f.scores) {
		slices.Sort(numbers)
		return strconv.Itoa(numbers[who.score(c, 0, len(numbers)-1)])
	}
	for _, value := range f.scores { // yes or no: by the mood
		if pleased := who.score(c, 0, 1) == 1; pleased && strings.EqualFold(value, "yes") || !pleased && strings.EqualFold(value, "no") {
			return value
		}
	}
	return f.scores[c.pick("choice", len(f.scores))]
}
