package templates

import (
	"fmt"
	"slices"
	"strings"
)

// Line is a short Liquid text, such as the title of a case, or a subject.
type Line struct {
	program *program
	fields  []Field
}

// LineError is everything that is wrong with a line. The positions of its
// problems are within the line.
type LineError struct{ Problems []Problem }

func (e *LineError) Error() string {
	messages := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		messages[i] = fmt.Sprintf("column %d: %s", p.Column, p.Message)
		if p.Mend != "" {
			messages[i] += "; " + p.Mend
		}
	}
	return strings.Join(messages, ", and ")
}

// ParseLine reads a line. Its error, if any, is a *LineError.
func ParseLine(text string) (*Line, error) {
	b := builder{engines: &engines{plainText: newEngine(plainText)}, found: &problems{}}
	line := b.line(words{text, origin{src: &source{text: text}, exact: true}})
	if len(b.found.list) > 0 {
		return nil, &LineError{b.found.sorted()}
	}
	return line, nil
}

// Render fills the line in. A field without a value is a *MissingField.
func (l *Line) Render(b Bindings) (string, error) {
	if err := b.check(); err != nil {
		return "", err
	}
	return l.program.render(b)
}

// Fields lists the paths of the values the line names.
func (l *Line) Fields() [][]string {
	paths := make([][]string, len(l.fields))
	for i, f := range l.fields {
		paths[i] = f.Path
	}
	return paths
}

// Named lists the values the line names, and whether it can do without them.
func (l *Line) Named() []Field { return slices.Clone(l.fields) }

// builder makes programs of Liquid source.
type builder struct {
	engines *engines
	found   *problems
	// constants are outputs that are settled when a template is loaded, such
	// as locale.dir, by root and name.
	constants map[string]map[string]string
}

// line makes a line of plain text.
func (b *builder) line(w words) *Line {
	before := b.found.met
	pieces := b.settle(scan(w.text, w.at, b.found), nil)
	c := checker{found: b.found}
	c.check(pieces)
	line := &Line{program: &program{}, fields: c.fields}
	if b.found.met > before {
		return line
	}
	p, err := compile(b.engines[plainText], plainText, codeOf(pieces), c.loops)
	if err != nil {
		b.found.at(w.at, "", "the engine does not take it: %v", err)
		return line
	}
	line.program = p
	return line
}

// codeOf writes checked pieces for the plain engine.
func codeOf(pieces []piece) string {
	var code strings.Builder
	for _, p := range pieces {
		if p.tag != nil {
			code.WriteString(p.tag.liquidOf(inText, plainText))
		} else {
			code.WriteString(p.text)
		}
	}
	return code.String()
}

// settle replaces the constants among the pieces by their text.
func (b *builder) settle(pieces []piece, escape func(string) string) []piece {
	out := make([]piece, 0, len(pieces))
	for _, p := range pieces {
		root, name := "", ""
		if p.tag != nil && p.tag.name == "" {
			root, name, _ = strings.Cut(p.tag.args, ".")
		}
		values, ok := b.constants[root]
		if !ok || nameLength(name) != len(name) {
			out = append(out, p)
			continue
		}
		text, ok := values[name]
		if !ok {
			known := make([]string, 0, len(values))
			for name := range values {
				known = append(known, name)
			}
			b.found.at(p.tag.argsAt, didYouMean(name, known), "there is no %s.%s", root, name)
		}
		if escape != nil {
			text = escape(text)
		}
		out = append(out, piece{at: p.at, text: text})
	}
	return out
}

// check refuses bindings that are more than data: the engine would call the
// methods of a struct.
func (b Bindings) check() error {
	for name, value := range b {
		if path := notPlain(value, maxDepth); path != nil {
			return fmt.Errorf("bind %s: it is not plain data", strings.Join(append([]string{name}, path...), "."))
		}
	}
	return nil
}
