package templates

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/osteele/liquid"
	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/render"
	"github.com/osteele/liquid/values"
)

// Limits of one template and of one rendering.
const (
	maxSource     = 256 << 10 // bytes of a template file
	maxOutput     = 1 << 20   // bytes of a rendered part
	maxValue      = 64 << 10  // bytes of a text a filter or a capture makes
	maxIterations = 10_000    // of all loops together
	maxRange      = 1000      // numbers in a range that is written out
	maxDepth      = 50        // parentheses in an expression
	maxTime       = time.Second
)

// engineKind is what a text is rendered for.
type engineKind int

const (
	plainText  engineKind = iota // subjects, SMS, calls, notifications
	htmlText                     // e-mail HTML: every value is escaped
	markedText                   // the text part of an e-mail, before it is set
)

// escapers take from values what has a meaning where they are written.
var escapers = [len(engines{})]*strings.Replacer{
	htmlText: render.HtmlEscaper,
	markedText: strings.NewReplacer(
		string(markLine), "", string(markParagraph), "", string(markBreak), "", string(markCell), "", string(markList), "",
		string(markListEnd), "", string(markItem), "", string(markLink), "", string(markURL), "", string(markLinkEnd), "",
	),
}

// engines are the three ways a template is rendered.
type engines [3]*liquid.Engine

func newEngines() *engines {
	var all engines
	for kind := range all {
		all[kind] = newEngine(engineKind(kind))
	}
	return &all
}

func newEngine(kind engineKind) *liquid.Engine {
	engine := liquid.NewEngine()
	engine.RegisterTemplateStore(noFiles{})
	engine.UnregisterTag("include")
	engine.UnregisterTag("render")
	if escaper := escapers[kind]; escaper != nil {
		engine.SetAutoEscapeReplacer(escaper)
	}
	addFilters(engine, kind)
	engine.RegisterTag(tickTag, tick)
	engine.RegisterBlock(keepBlock, keep)
	return engine
}

// noFiles is a store without templates: the engine's own reads the disk.
type noFiles struct{}

// ReadTemplate implements render.TemplateStore.
func (noFiles) ReadTemplate(string) ([]byte, error) {
	return nil, errors.New("a template cannot read files")
}

// tickTag is written into every loop, and keepBlock in the place of capture;
// neither can be written by hand. allowance is the name the state of a
// rendering is bound to, which no template can say.
const (
	tickTag   = "tick"
	keepBlock = "keep"
	allowance = "\x00allowance"
)

// budget is what is left of one rendering's iterations and time.
type budget struct {
	ctx        context.Context
	iterations int
}

func tick(ctx render.Context) (string, error) {
	left, ok := ctx.Get(allowance).(*budget)
	if !ok {
		return "", errLoops
	}
	if left.iterations--; left.iterations < 0 || left.ctx.Err() != nil {
		return "", errLoops
	}
	return "", nil
}

var (
	errLoops  = fmt.Errorf("its loops take more than %d rounds or more than %v", maxIterations, maxTime)
	errOutput = errors.New("the message grows too long")
)

// keep is the engine's capture, with a limit on what it keeps.
func keep(ctx render.Context) (string, error) {
	kept := limited{left: maxValue}
	if err := ctx.RenderChildren(&kept); err != nil {
		return "", err
	}
	ctx.Set(strings.TrimSpace(ctx.TagArgs()), kept.text.String())
	return "", nil
}

// limited is a writer that refuses to grow beyond its limit.
type limited struct {
	text strings.Builder
	left int
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errOutput
	}
	return l.text.Write(p)
}

// program is one text, ready to be rendered for a customer.
type program struct {
	kind     engineKind
	fixed    string // the whole text, where nothing in it varies
	template *liquid.Template
	parts    []part // nil where the engine renders the whole
	loops    bool
	size     int // a guess at the length of what comes out
}

// compile makes a program of Liquid source that was checked and rewritten.
func compile(engine *liquid.Engine, kind engineKind, code string, loops bool) (p *program, err error) {
	if !strings.Contains(code, "{{") && !strings.Contains(code, "{%") {
		if kind == markedText {
			code = set(code)
		}
		return &program{kind: kind, fixed: code}, nil
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the engine does not understand it")
		}
	}()
	template, failed := engine.ParseString(code)
	if failed != nil {
		return nil, failed
	}
	return &program{
		kind: kind, template: template, parts: dissect(engine, kind, code), loops: loops, size: len(code) + len(code)/8,
	}, nil
}

// render fills a program in. Its errors name fields, never values.
func (p *program) render(b Bindings) (text string, err error) {
	if p.template == nil {
		return p.fixed, nil
	}
	defer func() {
		// The engine panics where a value is of a type it did not expect.
		if r := recover(); r != nil {
			text, err = "", errors.New("a value does not fit where it stands")
		}
	}()
	if p.parts != nil {
		if text, err = p.assemble(b); !errors.Is(err, errWhole) {
			return text, err
		}
	}
	return p.whole(b)
}

// assemble renders a program by its parts; errWhole where that cannot be done for
// these values.
func (p *program) assemble(b Bindings) (string, error) {
	limits := &allowed{}
	defer limits.end()
	r := run{kind: p.kind, values: b, limits: limits}
	if p.kind == markedText {
		r.set = &setter{}
		r.set.out.Grow(p.size)
	} else {
		r.out.Grow(p.size)
	}
	for _, part := range p.parts {
		if err := part.write(&r); err != nil {
			return "", err
		}
	}
	switch {
	case r.size > maxOutput:
		return "", errOutput
	case r.set != nil:
		return r.set.out.String(), nil
	}
	return r.out.String(), nil
}

// whole leaves a program to the engine.
func (p *program) whole(b Bindings) (string, error) {
	if p.loops {
		limits := &allowed{}
		defer limits.end()
		b = limits.bind(b)
	}
	out := limited{left: maxOutput}
	out.text.Grow(p.size)
	if failed := p.template.FRender(io.Writer(&out), liquid.Bindings(b)); failed != nil {
		return "", plainError(failed)
	}
	if p.kind == markedText {
		return set(out.text.String()), nil
	}
	return out.text.String(), nil
}

// allowed is what one rendering's loops may take together.
type allowed struct {
	bound  Bindings
	cancel context.CancelFunc
}

// bind adds the allowance to the values of a rendering.
func (a *allowed) bind(b Bindings) Bindings {
	if a.bound == nil {
		var ctx context.Context
		ctx, a.cancel = context.WithTimeout(context.Background(), maxTime)
		a.bound = make(Bindings, len(b)+1)
		maps.Copy(a.bound, b)
		a.bound[allowance] = &budget{ctx: ctx, iterations: maxIterations}
	}
	return a.bound
}

func (a *allowed) end() {
	if a.cancel != nil {
		a.cancel()
	}
}

// plainError finds what went wrong in the engine's error, which quotes the
// values it met.
func plainError(err error) error {
	for _, known := range []error{errLoops, errOutput} {
		if errors.Is(err, known) {
			return known
		}
	}
	var filter expressions.FilterError
	if !errors.As(err, &filter) {
		return errors.New("a value does not fit where it stands")
	}
	var gap *MissingField
	if errors.As(filter.Err, &gap) {
		return gap
	}
	var kind values.TypeError
	if errors.As(filter.Err, &kind) {
		return fmt.Errorf("filter %s: a value does not fit", filter.FilterName)
	}
	for _, known := range []error{errTooLong, errScheme, errNow, errNotWhole, errDateFormat, errNotDate, errNotNumber, errDivision, errObject} {
		if errors.Is(filter.Err, known) {
			return known
		}
	}
	return fmt.Errorf("filter %s: a value does not fit", filter.FilterName)
}

// liquidOf writes a tag for an engine. The place a value stands in says which
// filters it needs.
func (t *tag) liquidOf(where place, kind engineKind) string {
	open, shut := "{{", "}}"
	code := t.reading.code
	if t.name == "" {
		code = t.reading.output(where, kind)
	} else {
		open, shut = "{%", "%}"
		name := strings.Replace(t.name, "capture", keepBlock, 1)
		code = strings.TrimSpace(name + " " + code)
	}
	if t.trimLeft {
		open += "-"
	}
	if t.trimRight {
		shut = "-" + shut
	}
	whole := open + " " + code + " " + shut
	if t.name == "for" {
		whole += "{% " + tickTag + " %}"
	}
	return whole
}

// output is the code of an output with the filters its place asks for.
func (r *reading) output(where place, kind engineKind) string {
	code := r.code
	add := func(filter string) { code = "(" + code + ") | " + filter }
	if len(r.roots) > 0 && !r.captured {
		add(filterShown)
	}
	if r.captured && kind == htmlText {
		if where == inText {
			add("raw")
		} else {
			add("escape_once")
		}
	}
	switch {
	case where == inURL:
		add(filterURL)
	case where == inQuery && !r.encoded:
		add("url_encode")
	}
	return code
}
