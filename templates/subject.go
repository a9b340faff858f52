package templates

import (
	"regexp"
	"strings"
	"unicode"
)

// Subjected reports whether an e-mail of a template may have had a subject, in any of
// its locales and with whatever values. known is false where that cannot be told: there
// is no such e-mail, or its subject is nothing but values.
func (l *Library) Subjected(ref Ref, subject string) (may, known bool) {
	t := l.templates[ref]
	if t == nil {
		return false, false
	}
	for _, v := range t.variants {
		e, is := v.body.(*email)
		if !is || e == nil || e.form == nil {
			return false, false
		}
		known, may = true, may || e.form.MatchString(subject)
	}
	return may, known
}

// form is what all that a line renders has in common; nil where that is no letter.
func (l *Line) form() *regexp.Regexp {
	var form strings.Builder
	switch p := l.program; {
	case p.template == nil:
		literally(&form, p.fixed)
	case p.parts == nil || !formOf(&form, p.parts):
		return nil
	}
	compiled, err := regexp.Compile(`(?is)^\s*` + form.String() + `\s*$`)
	if err != nil {
		return nil
	}
	return compiled
}

// formOf writes parts as a pattern and reports whether any of them holds words that
// stand there whatever the values are.
func formOf(form *strings.Builder, parts []part) bool {
	words := false
	for _, p := range parts {
		switch p := p.(type) {
		case *fixed:
			literally(form, p.text)
			words = words || strings.ContainsFunc(p.text, unicode.IsLetter)
		case choice:
			form.WriteString(`(`)
			all := true
			for _, b := range p {
				all = formOf(form, b.parts) && all
				form.WriteString(`|`)
			}
			form.WriteString(`)`)
			words = words || all && len(p) > 0 && p[len(p)-1].path == nil
		default:
			form.WriteString(`.*`)
		}
	}
	return words
}

// literally writes a text as a pattern of itself, however much space is in it.
func literally(form *strings.Builder, text string) {
	form.WriteString(space.ReplaceAllString(regexp.QuoteMeta(text), `\s+`))
}

var space = regexp.MustCompile(`\s+`)
