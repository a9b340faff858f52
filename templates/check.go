package templates

import (
	"slices"
	"strings"
)

// roots are the names every template may use.
var roots = []string{"answers", "brand", "customer", "event", "links", "vars"}

// tagNames are the tags a template may use, as a marketer would list them.
var tagNames = []string{
	"assign", "break", "capture", "case", "comment", "continue", "cycle", "else", "elsif",
	"endcapture", "endcase", "endcomment", "endfor", "endif", "endraw", "endunless", "for", "if", "raw", "unless", "when",
}

// Tags lists the tags a template may use, ends and clauses included, in
// alphabetical order.
func Tags() []string { return slices.Clone(tagNames) }

// blocks are the tags that need an end, and the clauses they may have.
var blocks = map[string][]string{
	"if": {"elsif", "else"}, "unless": {"else"}, "case": {"when", "else"}, "for": {"else"}, "capture": nil,
}

// reading is what the checker found out about one tag, and how the engine is
// to be asked for it.
type reading struct {
	// code is the expression of an output, or the arguments of a tag, with the
	// guards against missing values written into it.
	code string
	// roots are the first names of what it uses.
	roots []string
	// raw and encoded say that the output ends in the filter of that name.
	raw, encoded bool
	// captured says that the output is a captured text and nothing else, which
	// was escaped when it was captured.
	captured bool
}

// checker reads the tags of one template in the order they run, and reports
// everything that is wrong with them.
type checker struct {
	found *problems
	// html says that values are escaped, and raw may be used.
	html   bool
	fields []Field
	// locals are the names the template has made itself so far.
	locals map[string]localKind
	frames []frame
	loops  bool
}

type localKind int

const (
	assigned localKind = iota + 1
	captured
	looped
)

// frame is a block that is still open.
type frame struct {
	tag *tag
	// given are the paths known to hold a value in the current clause; denied
	// those that will in the next.
	given, denied []string
	variable      string // of a loop
	elsed         bool   // its else has been
	hidden        localKind
}

// check reads all tags of a template.
func (c *checker) check(pieces []piece) {
	if c.locals == nil {
		c.locals = map[string]localKind{}
	}
	for _, p := range pieces {
		if p.tag == nil {
			continue
		}
		p.tag.reading = &reading{code: p.tag.args}
		if p.tag.name == "" {
			c.output(p.tag)
		} else {
			c.tag(p.tag)
		}
	}
	for _, f := range c.frames {
		c.found.at(f.tag.at, "add {% end"+f.tag.name+" %}", "%s is never closed", f.tag.name)
	}
}

func (c *checker) output(t *tag) {
	e, failed := parseOutput(t.args)
	if failed != nil {
		c.syntax(t, failed)
		return
	}
	c.take(t, e)
	r := t.reading
	if e.bare && len(e.uses[0].path) == 1 {
		r.captured = c.locals[e.uses[0].path[0]] == captured
	}
	if n := len(e.filters); n > 0 && e.filters[n-1].last {
		r.raw = e.filters[n-1].name == "raw" || e.filters[n-1].name == "newline_to_br"
		r.encoded = e.filters[n-1].name == "url_encode"
	}
}

func (c *checker) tag(t *tag) {
	switch t.name {
	case "if", "unless", "case", "for", "capture":
		c.open(t)
	case "elsif", "else", "when":
		c.clause(t)
	case "endif", "endunless", "endcase", "endfor", "endcapture":
		c.close(t)
	case "assign":
		c.assign(t)
	case "cycle", "break", "continue":
		c.inLoop(t)
	case "include", "render":
		c.found.at(t.at, "put what messages share into a layout", "a template cannot read another one")
	default:
		mend, known := foreignTags[t.name]
		if !known {
			mend = didYouMean(t.name, tagNames)
		}
		if t.name == "end" && len(c.frames) > 0 {
			mend = "write {% end" + c.frames[len(c.frames)-1].tag.name + " %}"
		}
		c.found.at(t.at, mend, "there is no tag %s", t.name)
	}
}

// open begins a block.
func (c *checker) open(t *tag) {
	f := frame{tag: t}
	var e expression
	var failed *syntaxError
	switch t.name {
	case "if", "unless":
		e, failed = parseCondition(t.args)
		f.given, f.denied = e.facts.yes, e.facts.no
		if t.name == "unless" {
			f.given, f.denied = f.denied, f.given
		}
	case "case":
		e, failed = parseCondition(t.args)
	case "for":
		f.variable, e, failed = parseLoop(t.args)
		c.loops = true
	case "capture":
		failed = c.capture(t)
	}
	if failed != nil {
		c.syntax(t, failed)
	} else {
		c.take(t, e)
	}
	if f.variable != "" && c.free(t, f.variable) {
		f.hidden = c.locals[f.variable]
		c.locals[f.variable] = looped
	}
	c.frames = append(c.frames, f)
}

// capture checks a capture's name, which must be a plain word.
func (c *checker) capture(t *tag) *syntaxError {
	name := t.args
	if nameLength(name) != len(name) || name == "" {
		return &syntaxError{message: "capture needs one name", mend: "write {% capture greeting %}"}
	}
	if !c.free(t, name) {
		return nil
	}
	if kind, ok := c.locals[name]; ok && kind != captured {
		c.found.at(t.argsAt, "choose another name", "%s is assigned elsewhere", name)
		return nil
	}
	c.locals[name] = captured
	return nil
}

// clause begins the next part of the innermost block.
func (c *checker) clause(t *tag) {
	if len(c.frames) == 0 || !slices.Contains(blocks[c.frames[len(c.frames)-1].tag.name], t.name) {
		c.found.at(t.at, "put it inside an if, unless, case or for", "%s stands outside of any block it could belong to", t.name)
		return
	}
	f := &c.frames[len(c.frames)-1]
	if f.elsed {
		c.found.at(t.at, "put it before the else", "%s comes after else, where nothing can follow", t.name)
		return
	}
	f.elsed = t.name == "else"
	f.given, f.denied = f.denied, nil
	var e expression
	var failed *syntaxError
	switch t.name {
	case "elsif":
		e, failed = parseCondition(t.args)
		f.given, f.denied = append(f.given, e.facts.yes...), append(f.denied, e.facts.no...)
	case "when":
		e, failed = parseWhen(t.args)
		f.given = []string{f.tag.args}
	case "else":
		c.leaveLoop(f)
		if t.args != "" {
			failed = &syntaxError{message: "else takes no condition", mend: "write elsif"}
		}
	}
	if failed != nil {
		c.syntax(t, failed)
		return
	}
	c.take(t, e)
}

// close ends the innermost block.
func (c *checker) close(t *tag) {
	name := strings.TrimPrefix(t.name, "end")
	if len(c.frames) == 0 {
		c.found.at(t.at, "remove it", "%s closes nothing", t.name)
		return
	}
	f := &c.frames[len(c.frames)-1]
	if f.tag.name != name {
		line, _ := f.tag.at.position()
		c.found.at(t.at, "write end"+f.tag.name, "%s cannot close the %s of line %d", t.name, f.tag.name, line)
	}
	c.leaveLoop(f)
	c.frames = c.frames[:len(c.frames)-1]
}

// leaveLoop gives a loop's variable its former meaning back.
func (c *checker) leaveLoop(f *frame) {
	if f.variable == "" {
		return
	}
	if f.hidden == 0 {
		delete(c.locals, f.variable)
	} else {
		c.locals[f.variable] = f.hidden
	}
	f.variable = ""
}

func (c *checker) assign(t *tag) {
	name, e, failed := parseAssign(t.args)
	if failed != nil {
		c.syntax(t, failed)
		return
	}
	c.take(t, e)
	if !c.free(t, name) {
		return
	}
	if c.locals[name] == captured {
		c.found.at(t.argsAt, "choose another name", "%s is captured elsewhere", name)
		return
	}
	c.locals[name] = assigned
}

// free reports whether a template may give a value this name.
func (c *checker) free(t *tag, name string) bool {
	if slices.Contains(roots, name) || name == "forloop" || reservedWords[name] != "" {
		c.found.at(t.argsAt, "choose another name", "%s is taken", name)
		return false
	}
	return true
}

func (c *checker) inLoop(t *tag) {
	if !slices.ContainsFunc(c.frames, func(f frame) bool { return f.tag.name == "for" }) {
		c.found.at(t.at, "", "%s stands outside of a for", t.name)
	}
	if t.name == "cycle" {
		if failed := parseCycle(t.args); failed != nil {
			c.syntax(t, failed)
		}
	}
}

func (c *checker) syntax(t *tag, failed *syntaxError) {
	c.found.at(t.argsAt.plus(failed.offset), failed.mend, "%s", failed.message)
}
