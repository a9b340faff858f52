package templates

import (
	"html"
	"regexp"
	"slices"
	"strings"

	"github.com/vanng822/go-premailer/premailer"
)

// composer makes an e-mail of its file and its layout: it puts the pieces
// together, compiles them to HTML once, finds out where each value stands, and
// derives the text part.
type composer struct {
	builder
	locale string
	file   emailFile
	layout *emailLayout // nil when the message is a whole document
	hold   *holder
	before int // mistakes met before this e-mail was looked at
}

// compose gives the e-mail and the fields its HTML names.
func (c *composer) compose() (*email, []Field) {
	c.before = c.found.met
	e := &email{subject: c.line(c.file.subject), preheader: c.line(c.file.preheader)}

	preheader := c.pieces(c.file.preheader, html.EscapeString)
	body := c.pieces(words{c.file.src.text[c.file.bodyAt:], origin{src: c.file.src, offset: c.file.bodyAt, exact: true}}, nil)
	head, tail := c.layoutPieces()

	check := checker{found: c.found, html: true}
	check.check(inOrder(preheader, head, body, tail))
	c.hold = newHolder(preheader, head, body, tail)

	document := c.document(body, head, tail)
	document = c.withPreheader(document, preheader)
	if c.found.met == c.before {
		for _, lost := range c.hold.lost(document) {
			c.found.at(lost.at, "put it inside an mj-text, or around one", "what stands here is lost in the HTML")
		}
	}
	document = c.hold.place(document, c.found)
	fields := slices.Concat(e.subject.fields, e.preheader.fields, check.fields)
	if c.found.met > c.before {
		return nil, fields
	}
	e.form = e.subject.form()
	e.html = c.program(document, htmlText, check.loops)
	e.text = c.program(markTemplate(document), markedText, check.loops)
	if e.html == nil || e.text == nil {
		return nil, fields
	}
	return e, fields
}

// program compiles one part of the message.
func (c *composer) program(document string, kind engineKind, loops bool) *program {
	p, err := compile(c.engines[kind], kind, c.hold.liquid(document, kind), loops)
	if err != nil {
		c.found.inFile(c.file.src.file, "", "the engine does not take it: %v", err)
	}
	return p
}

// pieces cuts a text into pieces. Literal text of a text that is not HTML
// itself goes through escape.
func (c *composer) pieces(w words, escape func(string) string) []piece {
	pieces := scan(w.text, w.at, c.found)
	if escape != nil {
		for i, p := range pieces {
			pieces[i].text = escape(p.text)
		}
	}
	return c.settle(pieces, html.EscapeString)
}

// layoutPieces are the pieces of the layout before and from {{ content }} on,
// with {{ subject }} put in its place.
func (c *composer) layoutPieces() (head, tail []piece) {
	if c.layout == nil {
		return nil, nil
	}
	src := c.layout.src
	body := src.text[c.layout.bodyAt:]
	var all []piece
	content := -1
	for _, p := range c.pieces(words{body, origin{src: src, offset: c.layout.bodyAt, exact: true}}, nil) {
		switch {
		case p.tag != nil && p.tag.name == "" && p.tag.args == "subject":
			all = append(all, c.pieces(c.file.subject, html.EscapeString)...)
			continue
		case p.tag != nil && p.tag.isContent() && content >= 0:
			c.found.at(p.tag.at, "keep one of them", "{{ content }} stands here twice")
			continue
		case p.tag != nil && p.tag.isContent():
			content = len(all)
		}
		all = append(all, p)
	}
	if content < 0 {
		c.found.at(origin{src: src}, "write {{ content }} where the message belongs", "the layout has no place for the message")
		return all, nil
	}
	return all[:content], all[content:]
}

// inOrder puts pieces in the order they run. The place of the content, which
// leads the tail, is no value.
func inOrder(parts ...[]piece) []piece {
	return slices.DeleteFunc(slices.Concat(parts...), func(p piece) bool { return p.tag != nil && p.tag.isContent() })
}

// document is the whole message as HTML with atoms.
func (c *composer) document(body, head, tail []piece) string {
	masked := c.hold.mask(body)
	whole := c.file.src.text[c.file.bodyAt:]
	if c.layout == nil {
		switch {
		case isMJML(whole):
			return c.fromMJML(skeletonOf(masked, c.hold, c.found, nil).out.String())
		case c.file.format == formatMJML && !isDocument(whole):
			f := fragmentOf(masked, c.file.format, c.hold, c.found)
			return c.fromMJML("<mjml><mj-body>" + f.asSections(c.hold) + "</mj-body></mjml>")
		}
		return c.fromHTML(fragmentOf(masked, c.file.format, c.hold, c.found).html)
	}
	f := fragmentOf(masked, c.file.format, c.hold, c.found)
	around := c.hold.mask(slices.Concat(head, tail))
	if isMJML(c.layout.src.text[c.layout.bodyAt:]) {
		return c.fromMJML(skeletonOf(around, c.hold, c.found, f).out.String())
	}
	if c.file.format == formatMJML {
		c.found.at(c.file.layout.at, "give the message format: html, or choose an MJML layout", "the layout is HTML and the message MJML")
	}
	return c.fromHTML(c.hold.replace(around.text, func(number int, where place) string {
		if t := c.hold.atoms[number].tag; t != nil && t.isContent() {
			c.hold.forget(t)
			return f.html
		}
		return c.hold.named(number, where)
	}))
}

var rootTag = regexp.MustCompile(`^\s*<mjml[^>]*>`)

// fromMJML compiles a skeleton and gives back what it held.
func (c *composer) fromMJML(skeleton string) string {
	dir := direction(c.locale)
	skeleton = rootTag.ReplaceAllLiteralString(skeleton, `<mjml lang="`+c.locale+`" dir="`+dir+`">`)
	if dir == "rtl" {
		skeleton = withDefaults(skeleton, rightToLeft)
	}
	document, err := compileMJML(skeleton)
	if err != nil {
		if c.found.met == c.before { // what was found is why, in better words
			c.found.inFile(c.file.src.file, "", "the MJML does not compile: %v", err)
		}
		return skeleton
	}
	if !strings.Contains(skeleton, "<mj-font") {
		document = foreignFonts.ReplaceAllString(document, "")
	}
	document = strings.ReplaceAll(document, ` dir="auto"`, ` dir="`+dir+`"`)
	if dir == "rtl" {
		document = strings.ReplaceAll(document, "text-align:left;direction:rtl", "text-align:right;direction:rtl")
	}
	return c.hold.unwrap(document)
}

// foreignFonts are what the compiler adds by itself where a font's name is one
// it knows: every reader's machine would tell Google of the letter.
var foreignFonts = regexp.MustCompile(`(?s)<!--\[if !mso\]><!--><link href="https://fonts\.googleapis\.com.*?<!--<!\[endif\]-->`)

// rightToLeft are defaults of MJML for scripts written from right to left.
const rightToLeft = `<mj-attributes><mj-section direction="rtl" /><mj-wrapper direction="rtl" /><mj-column direction="rtl" />` +
	`<mj-group direction="rtl" /><mj-text align="right" /><mj-table align="right" /></mj-attributes>`

// withDefaults puts attributes before all others, which therefore win.
func withDefaults(skeleton, attributes string) string {
	if i := strings.Index(skeleton, "<mj-head>"); i >= 0 {
		i += len("<mj-head>")
		return skeleton[:i] + attributes + skeleton[i:]
	}
	i := strings.IndexByte(skeleton, '>') + 1
	return skeleton[:i] + "<mj-head>" + attributes + "</mj-head>" + skeleton[i:]
}

// fromHTML completes an HTML document: the skeleton around a fragment, its
// language, and styles moved to where mail clients read them.
func (c *composer) fromHTML(document string) string {
	if !isDocument(document) {
		document = "<!doctype html><html><head><meta charset=\"utf-8\"></head><body>" + document + "</body></html>"
	}
	if strings.Contains(document, "<style") {
		document = c.inlined(document)
	}
	return withLanguage(document, c.locale)
}

// inlined writes the rules of style elements onto the elements they choose.
// Liquid tags are comments meanwhile, which even a table keeps in place.
func (c *composer) inlined(document string) string {
	prepared := c.hold.toComments(document)
	options := premailer.NewOptions(premailer.WithCssToAttributes(false), premailer.WithKeepBangImportant(true))
	p, err := premailer.NewPremailerFromString(prepared, options)
	if err == nil {
		prepared, err = p.Transform()
	}
	if err != nil {
		c.found.inFile(c.file.src.file, "", "its styles cannot be moved onto the elements: %v", err)
		return document
	}
	return c.hold.fromComments(prepared)
}

var (
	htmlTag = regexp.MustCompile(`(?i)<html\b[^>]*>`)
	bodyTag = regexp.MustCompile(`(?i)<body\b[^>]*>`)
)

// withLanguage sets lang and dir where the document does not.
func withLanguage(document, locale string) string {
	return replaceFirst(htmlTag, document, func(raw string) string {
		missing := map[string]string{"lang": locale, "dir": direction(locale)}
		for _, a := range attributesOf(raw) {
			delete(missing, a.name)
		}
		added := ""
		for _, name := range []string{"lang", "dir"} {
			if value, ok := missing[name]; ok {
				added += " " + name + `="` + value + `"`
			}
		}
		return raw[:len("<html")] + added + raw[len("<html"):]
	})
}

// withPreheader puts the words a mailbox shows beside the subject before
// everything else, unseen in the message itself.
func (c *composer) withPreheader(document string, preheader []piece) string {
	if len(preheader) == 0 {
		return document
	}
	hidden := `<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden">` +
		c.hold.mask(preheader).text + "</div>"
	return replaceFirst(bodyTag, document, func(raw string) string { return raw + hidden })
}

func replaceFirst(pattern *regexp.Regexp, text string, with func(string) string) string {
	at := pattern.FindStringIndex(text)
	if at == nil {
		return text
	}
	return text[:at[0]] + with(text[at[0]:at[1]]) + text[at[1]:]
}
