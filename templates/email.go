package templates

import (
	"errors"
	"regexp"
	"strings"

	"rapport/channels"
)

// email is an e-mail in one locale, compiled. All of MJML, layout and style is
// done; what is left for each customer is Liquid.
type email struct {
	subject, preheader *Line
	html, text         *program
	form               *regexp.Regexp // of its subjects; nil where they have nothing in common
}

func (e *email) render(b Bindings) (channels.Content, error) {
	var out channels.EmailContent
	var err error
	if out.Subject, err = e.subject.program.render(b); err != nil {
		return channels.Content{}, inPart("subject", err)
	}
	if out.Subject = oneLine(out.Subject); out.Subject == "" {
		return channels.Content{}, errors.New("the subject is empty")
	}
	if out.Preheader, err = e.preheader.program.render(b); err != nil {
		return channels.Content{}, inPart("preheader", err)
	}
	out.Preheader = oneLine(out.Preheader)
	if out.HTML, err = e.html.render(b); err != nil {
		return channels.Content{}, err
	}
	if out.Text, err = e.text.render(b); err != nil {
		return channels.Content{}, err
	}
	return channels.Content{Email: &out}, nil
}

// oneLine makes one line of a text, with single spaces and no control
// characters: subjects become headers.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// emailFile is what the file of an e-mail says, before it is compiled.
type emailFile struct {
	src                *source
	subject, preheader words
	layout             words
	format             format
	bodyAt             int
}

// emailLayout is the layout of a message in one locale.
type emailLayout struct {
	src    *source
	bodyAt int
	words  map[string]map[string]string // by locale
}

// readEmail reads an e-mail's front matter.
func readEmail(src *source, found *problems) emailFile {
	before := found.met
	front, bodyAt := split(src, found)
	endless := front == "" && found.met > before
	f := emailFile{src: src, bodyAt: bodyAt, format: formatMJML}
	s, root := readSheet(src, front, found)
	keys, told := s.mappingWith(root, "subject", "subject", "preheader", "layout", "format")
	f.subject, f.preheader, f.layout = s.text(keys["subject"]), s.text(keys["preheader"]), s.text(keys["layout"])
	if strings.TrimSpace(f.subject.text) == "" {
		mend := "add subject: … to the front matter"
		if bodyAt == 0 {
			mend = "begin the file with a line ---, then subject: …, then another line ---"
		}
		if !s.unread && !told && !endless {
			found.at(origin{src: src}, mend, "the e-mail has no subject")
		}
		f.subject.at = origin{src: src}
	}
	if body := src.text[bodyAt:]; s.unread || isDocument(body) && !isMJML(body) { // what cannot be read may have named a format
		f.format = formatHTML
	}
	if written := s.text(keys["format"]); written.text != "" {
		f.format = format(written.text)
		if !contains(formats(), written.text) {
			found.at(written.at, didYouMean(written.text, formats()), "unknown format %s", written.text)
			f.format = formatHTML
		}
	}
	return f
}

// readLayout reads a layout's front matter: the words it uses, by locale.
func readLayout(src *source, found *problems) emailLayout {
	front, bodyAt := split(src, found)
	l := emailLayout{src: src, bodyAt: bodyAt, words: map[string]map[string]string{}}
	s, root := readSheet(src, front, found)
	byLocale := s.mapping(root, "words")["words"]
	if byLocale.node == nil {
		return l
	}
	for _, pair := range s.pairs(byLocale.node) {
		locale, ok := canonicalLocale(strings.Trim(pair.Key.String(), `"'`))
		if !ok {
			found.at(s.origin(pair.Key.GetToken()), "write a language such as en or fa", "%s is no locale", pair.Key.String())
			continue
		}
		l.words[locale] = map[string]string{}
		for _, word := range s.pairs(pair.Value) {
			l.words[locale][strings.Trim(word.Key.String(), `"'`)] = s.text(entry{node: word.Value, at: s.origin(word.Key.GetToken())}).text
		}
	}
	return l
}

// wordsFor are the layout's words in a locale, or the nearest it has.
func (l emailLayout) wordsFor(locale, workspace string) map[string]string {
	for _, candidate := range append(append(Fallbacks(locale), Fallbacks(workspace)...), "en") {
		if words, ok := l.words[candidate]; ok {
			return words
		}
	}
	return map[string]string{}
}
