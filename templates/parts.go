package templates

import (
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/osteele/liquid"
	"github.com/osteele/liquid/parser"
)

// A program is taken apart when it is loaded, so that a message costs the places
// where it differs from others and not the page: text that is the same for
// everybody, values that are looked up and written (hole.go), and conditions that
// ask no more than whether there is a value. Whatever asks more of Liquid stays one
// span, which the engine renders. A program that trims the space around its tags is
// left whole: there, what stands beside a tag depends on what the tag makes.

// part is a piece of a program.
type part interface{ write(r *run) error }

// fixed is text that is the same for everybody.
type fixed struct {
	text  string
	steps []step // the same, to be set; only of marked text
	inURL bool   // where set begins
}

// choice writes the first of its branches whose condition holds.
type choice []branch

type branch struct {
	path   []string // of the value that must be there; nil holds always
	absent bool     // it must not be there
	parts  []part
}

// span is left to the engine.
type span struct {
	template *liquid.Template
	loops    bool
}

// dissector takes a program apart.
type dissector struct {
	engine *liquid.Engine
	kind   engineKind
	tokens []parser.Token
	at     int
	// from and to are the first and the last token between which names are made
	// that others use: one span. to is before from where there are none.
	from, to int
	inURL    bool
}

var errWhole = errors.New("the program is rendered whole")

// dissect gives the parts of a program, nil where it must be rendered whole.
func dissect(engine *liquid.Engine, kind engineKind, code string) []part {
	d := &dissector{engine: engine, kind: kind, tokens: parser.Scan(code, parser.SourceLoc{}, nil)}
	d.from, d.to = locals(d.tokens)
	parts, err := d.parts()
	if err != nil || d.at < len(d.tokens) {
		return nil
	}
	if kind == markedText {
		d.presetAll(parts)
	}
	return parts
}

// locals finds where a program makes names of its own and uses them.
func locals(tokens []parser.Token) (from, to int) {
	from, to = len(tokens), -1
	var names []string
	for i, t := range tokens {
		switch {
		case t.Type == parser.TagTokenType && (t.Name == "assign" || t.Name == keepBlock || t.Name == "cycle"):
			name, _, _ := strings.Cut(strings.TrimSpace(t.Args), " ")
			name, _, _ = strings.Cut(name, "=")
			names = append(names, name)
			from, to = min(from, i), i
		case slices.ContainsFunc(names, func(name string) bool { return strings.Contains(t.Args, name) }):
			to = i
		}
	}
	return from, to
}

// parts reads up to the end of the text or a clause or end of the block it is in.
func (d *dissector) parts() ([]part, error) {
	var parts []part
	for d.at < len(d.tokens) {
		t := d.tokens[d.at]
		switch {
		case t.Type == parser.TextTokenType:
			parts = joined(parts, t.Source)
			d.at++
			continue
		case t.Type != parser.ObjTokenType && t.Type != parser.TagTokenType:
			return nil, errWhole
		case t.Type == parser.TagTokenType && (t.Name == "else" || t.Name == "elsif" || strings.HasPrefix(t.Name, "end")):
			return parts, nil
		}
		end, err := d.end(d.at)
		if err != nil {
			return nil, err
		}
		if end >= d.from && d.at <= d.to {
			for end < d.to {
				if end, err = d.end(end + 1); err != nil {
					return nil, err
				}
			}
			p, err := d.span(end)
			if err != nil {
				return nil, err
			}
			parts = append(parts, p)
			continue
		}
		p, err := d.part(t, end)
		if err != nil {
			return nil, err
		}
		if same, is := p.(*fixed); is {
			parts = joined(parts, same.text)
			continue
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// joined adds text that is the same for everybody to parts.
func joined(parts []part, text string) []part {
	if n := len(parts); n > 0 {
		if last, is := parts[n-1].(*fixed); is {
			last.text += text
			return parts
		}
	}
	return append(parts, &fixed{text: text})
}

// part reads an output or a block, which ends at a token.
func (d *dissector) part(t parser.Token, end int) (part, error) {
	switch {
	case t.Type == parser.ObjTokenType:
		if p := holeOf(t.Args, d.kind); p != nil {
			if h, is := p.(*hole); is {
				template, err := d.engine.ParseString(t.Source)
				if err != nil {
					return nil, errWhole
				}
				h.engine = span{template: template}
			}
			d.at++
			return p, nil
		}
	case t.Name == "if" || t.Name == "unless":
		from := d.at
		if c, err := d.choice(end); err == nil {
			return c, nil
		}
		d.at = from
	}
	return d.span(end)
}

// choice reads an if whose conditions name a value each and ask no more.
func (d *dissector) choice(end int) (part, error) {
	var c choice
	for d.at < end {
		t := d.tokens[d.at]
		b := branch{absent: t.Name == "unless"}
		if t.Name != "else" {
			if b.path = pathOf(t.Args); b.path == nil {
				return nil, errWhole
			}
		}
		d.at++
		var err error
		if b.parts, err = d.parts(); err != nil {
			return nil, err
		}
		c = append(c, b)
	}
	d.at = end + 1
	return c, nil
}

// span leaves all tokens up to one to the engine.
func (d *dissector) span(end int) (part, error) {
	var code strings.Builder
	loops := false
	for _, t := range d.tokens[d.at : end+1] {
		code.WriteString(t.Source)
		loops = loops || t.Name == "for"
	}
	if strings.Contains(code.String(), "{%-") || strings.Contains(code.String(), "{{-") {
		return nil, errWhole
	}
	template, err := d.engine.ParseString(code.String())
	if err != nil {
		return nil, errWhole
	}
	d.at = end + 1
	return span{template, loops}, nil
}

// end is the last token of what begins at one: itself, or the end of its block.
func (d *dissector) end(at int) (int, error) {
	open := 0
	for ; at < len(d.tokens); at++ {
		switch t := d.tokens[at]; {
		case t.Type == parser.TrimLeftTokenType || t.Type == parser.TrimRightTokenType:
			return 0, errWhole
		case t.Type != parser.TagTokenType:
		case t.Name == "if" || t.Name == "unless" || t.Name == "case" || t.Name == "for" || t.Name == keepBlock:
			open++
		case strings.HasPrefix(t.Name, "end"):
			open--
		}
		if open == 0 {
			return at, nil
		}
	}
	return 0, errWhole
}

// presetAll prepares what is the same for everybody for being set.
func (d *dissector) presetAll(parts []part) {
	for _, p := range parts {
		switch p := p.(type) {
		case *fixed:
			p.inURL = d.inURL
			p.steps, d.inURL = preset(p.text, d.inURL)
		case choice:
			begin := d.inURL
			for _, b := range p {
				d.inURL = begin
				d.presetAll(b.parts)
			}
		}
	}
}

// run is one rendering of a program that was taken apart.
type run struct {
	kind   engineKind
	values Bindings
	out    strings.Builder
	set    *setter // of marked text, in the place of out
	size   int     // of what was written
	limits *allowed
}

// write adds text that was made for this message.
func (r *run) write(text string) error {
	if r.size > maxOutput { // the engine, too, says so with the next write
		return errOutput
	}
	r.size += len(text)
	if r.set == nil {
		r.out.WriteString(text)
		return nil
	}
	if !utf8.ValidString(text) {
		return errWhole // the halves of a character may stand in two places
	}
	r.set.take(text)
	return nil
}

func (f *fixed) write(r *run) error {
	if r.set == nil || f.inURL != r.set.inURL {
		return r.write(f.text)
	}
	if r.size > maxOutput {
		return errOutput
	}
	r.size += len(f.text)
	r.set.play(f.steps)
	return nil
}

func (c choice) write(r *run) error {
	for _, b := range c {
		if b.path != nil {
			value, known := r.values.at(b.path)
			if !known {
				return errWhole
			}
			if there := value != nil && value != false; there == b.absent {
				continue
			}
		}
		for _, p := range b.parts {
			if err := p.write(r); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

func (s span) write(r *run) error {
	values := r.values
	if s.loops {
		values = r.limits.bind(values)
	}
	out := limited{left: maxOutput}
	if failed := s.template.FRender(&out, liquid.Bindings(values)); failed != nil {
		return plainError(failed)
	}
	return r.write(out.text.String())
}
