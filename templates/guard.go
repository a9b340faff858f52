package templates

import (
	"fmt"
	"slices"
	"strings"

	"github.com/osteele/liquid/expressions"
)

// take judges what an expression uses and applies, and writes the guards into
// its code.
func (c *checker) take(t *tag, e expression) {
	for _, f := range e.filters {
		c.filter(t, f)
	}
	edits := make([]use, 0, len(e.uses))
	for _, u := range e.uses {
		if guard := c.use(t, u); guard != "" {
			u.path = []string{guard}
			edits = append(edits, u)
		}
	}
	code := []byte(t.args)
	for _, a := range e.asks {
		edits = append(edits, use{path: []string{" | " + filterAsk + a.word.text}, start: a.start, end: a.end})
		copy(code[a.word.start:a.word.end], "true ")
	}
	t.reading.code = rewrite(string(code), edits)
	if !engineAccepts(t.name, t.reading.code) {
		c.found.at(t.argsAt, "", "the expression is not understood")
	}
}

// use judges one named value. It gives the filters that must be applied to it.
func (c *checker) use(t *tag, u use) string {
	root := u.path[0]
	name := strings.Join(u.path, ".")
	kind, local := c.locals[root]
	t.reading.roots = append(t.reading.roots, root)
	guarded := u.handled || c.given(name)
	guard := ""
	switch {
	case root == "forloop" && c.insideLoop():
		if len(u.path) != 2 || !slices.Contains(loopWords, u.path[1]) {
			c.found.at(t.argsAt.plus(u.start), "write one of forloop."+strings.Join(loopWords, ", forloop."), "there is no %s here", name)
		}
		return ""
	case local:
		if kind == looped && !guarded {
			guard = requires(name)
		}
	case slices.Contains(roots, root):
		c.field(t, u, guarded)
		if !guarded {
			guard = requires(name)
		}
	default:
		mend, known := foreignNames[root]
		if !known {
			mend = didYouMean(root, append(c.localNames(), roots...))
		}
		c.found.at(t.argsAt.plus(u.start), mend, "there is no %s here", root)
	}
	if u.whole {
		guard += " | " + filterWhole
	}
	if u.list {
		guard += " | " + filterList
	}
	return guard
}

// loopWords are what a loop knows of itself.
var loopWords = []string{"first", "index", "index0", "last", "length", "rindex", "rindex0"}

func requires(name string) string {
	return fmt.Sprintf(" | %s: '%s'", filterRequired, strings.ReplaceAll(name, "'", ""))
}

// field notes a field the template names.
func (c *checker) field(t *tag, u use, guarded bool) {
	if len(u.path) == 1 {
		c.found.at(t.argsAt.plus(u.start), "name one of its values, such as "+u.path[0]+".…", "%s is not a value by itself", u.path[0])
		return
	}
	at := t.argsAt.plus(u.start)
	line, column := at.position()
	c.fields = append(c.fields, Field{
		Path: withoutMeasure(u.path), File: at.src.file, Line: line, Column: column, Defaulted: guarded,
	})
}

// withoutMeasure leaves out a trailing size, first or last where it can only
// be asking about a list, so that what remains is a field.
func withoutMeasure(path []string) []string {
	last := path[len(path)-1]
	if len(path) == 3 && path[0] == "customer" && path[1] != "traits" && (last == "size" || last == "first" || last == "last") {
		return path[:2]
	}
	return path
}

// given reports whether a path is known to hold a value where the checker is.
func (c *checker) given(name string) bool {
	for _, f := range c.frames {
		for _, known := range f.given {
			if known == name || strings.HasPrefix(known, name+".") {
				return true
			}
			switch strings.TrimPrefix(name, known) {
			case ".size", ".first", ".last":
				return true
			}
		}
	}
	return false
}

func (c *checker) insideLoop() bool {
	return slices.ContainsFunc(c.frames, func(f frame) bool { return f.tag.name == "for" })
}

func (c *checker) localNames() []string {
	names := make([]string, 0, len(c.locals))
	for name := range c.locals {
		names = append(names, name)
	}
	return names
}

// filter judges one use of a filter.
func (c *checker) filter(t *tag, f filterUse) {
	at := t.argsAt.plus(f.at)
	takes, ok := allowedFilters[f.name]
	switch {
	case !ok:
		mend, known := foreignFilters[f.name]
		if !known {
			mend = didYouMean(f.name, Filters())
		}
		c.found.at(at, mend, "there is no filter %s", f.name)
	case f.args < takes.least || f.args > takes.most:
		c.found.at(at, "write "+takes.example, "%s does not take %d values", f.name, f.args)
	case takes.final && c.html && (!f.last || t.name != ""):
		c.found.at(at, "make it the last filter of an output", "%s must be the last filter", f.name)
	case f.name == "raw" && !c.html:
		c.found.at(at, "leave it out", "raw has a meaning in the HTML of an e-mail only")
	}
}

// rewrite wraps each use in parentheses with its guard behind it.
func rewrite(code string, edits []use) string {
	// Inner uses (indexes) come before the paths that contain them.
	slices.SortFunc(edits, func(a, b use) int { return a.start - b.start })
	var b strings.Builder
	at := 0
	var closing []use
	flush := func(until int) {
		for len(closing) > 0 && closing[len(closing)-1].end <= until {
			last := closing[len(closing)-1]
			b.WriteString(code[at:last.end] + last.path[0] + ")")
			at, closing = last.end, closing[:len(closing)-1]
		}
	}
	for _, u := range edits {
		flush(u.start)
		b.WriteString(code[at:u.start] + "(")
		at = u.start
		closing = append(closing, u)
	}
	flush(len(code))
	b.WriteString(code[at:])
	return onOneLine(b.String())
}

// onOneLine takes the line breaks out of an expression, which the engine does
// not expect in an output: in a string they become escapes.
func onOneLine(code string) string {
	if !strings.Contains(code, "\n") {
		return code
	}
	var b strings.Builder
	var quote rune
	for _, r := range code {
		switch {
		case r == '\n' && quote == '"':
			b.WriteString(`\n`)
			continue
		case r == '\n':
			r = ' '
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case r == quote:
			quote = 0
		}
		b.WriteRune(r)
	}
	return b.String()
}

// engineAccepts asks the engine's own parser, so that nothing the checker lets
// through can fail when the whole is put together.
func engineAccepts(name, code string) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	var err error
	switch name {
	case "", "if", "elsif", "unless", "case":
		_, err = expressions.Parse(code)
	case "assign":
		_, err = expressions.ParseStatement(expressions.AssignStatementSelector, code)
	case "for":
		_, err = expressions.ParseStatement(expressions.LoopStatementSelector, code)
	case "when":
		_, err = expressions.ParseStatement(expressions.WhenStatementSelector, code)
	case "cycle":
		_, err = expressions.ParseStatement(expressions.CycleStatementSelector, code)
	}
	return err == nil
}

// foreignNames are what other programs call what is there under a longer name.
var foreignNames = map[string]string{
	"first_name": "write customer.first_name", "last_name": "write customer.last_name", "name": "write customer.first_name",
	"email": "write customer.email", "phone": "write customer.phone", "user": "write customer", "contact": "write customer", "subscriber": "write customer",
	"unsubscribe_url": "write links.unsubscribe", "unsubscribe": "write links.unsubscribe", "preferences": "write links.preferences",
	"shop": "write brand", "company": "write brand", "order": "write event, whose properties the event that began the journey brought",
}

// foreignFilters are filters of other Liquids that ours does not have, with
// what does their work.
var foreignFilters = map[string]string{
	"base64_decode": "bind the value as it is to be shown", "base64_encode": "bind the value as it is to be shown",
	"base64_url_safe_decode": "bind the value as it is to be shown", "base64_url_safe_encode": "bind the value as it is to be shown",
	"concat": "write a loop for each list", "find": "use where and first", "find_index": "use where and first",
	"has": "use where and .size", "money": "write the currency beside the number", "reject": "use where, or a loop with an unless",
	"json": "name the values one by one", "t": "write a file for each language", "img_url": "write the whole address",
}

// foreignTags are tags of other Liquids that ours does not have, with what
// does their work.
var foreignTags = map[string]string{
	"?": "write {% comment %} … {% endcomment %}", "doc": "write {% comment %} … {% endcomment %}", "echo": "write {{ … }}",
	"liquid": "write each tag in braces of its own", "increment": "use assign and plus", "decrement": "use assign and minus",
	"tablerow": "write a table, with a for around its rows", "ifchanged": "write the condition with an if",
}
