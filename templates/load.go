package templates

import (
	"embed"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"

	"rapport/channels"
)

//go:embed library
var shipped embed.FS

// shippedLocale is what the shipped files without a locale are written in.
const shippedLocale = "en"

// Load reads and compiles every template among the files of a workspace, keyed
// by slash path (templates/email/welcome.fa.liquid), and reports every mistake
// in all of them. Files outside of templates/ are left alone. locale is the
// workspace's. The library is usable where the files are sound.
//
// Layouts are templates/layouts/<name>[.<locale>].liquid. Layouts and messages
// the workspace does not have are looked for among those shipped.
func Load(files map[string][]byte, locale string) (*Library, []Problem) {
	return loadWith(files, shippedFiles(), locale, readyMade)
}

// loadWith is Load with other files shipped. compiled gives what they become in a
// workspace that changes none of their layouts; nil compiles them.
func loadWith(files, shipped map[string][]byte, locale string, compiled func(locale string) map[Ref]*template) (*Library, []Problem) {
	if canonical, ok := canonicalLocale(locale); ok {
		locale = canonical
	}
	l := &loader{
		library: &Library{locale: locale, templates: map[Ref]*template{}},
		layouts: map[string]*layoutFiles{},
		builder: builder{engines: newEngines(), found: &problems{}},
	}
	own, theirs := l.sort(files), l.sort(shipped)
	l.addLayouts(theirs, true)
	hidden := l.addLayouts(own, false)
	l.add(own, locale)
	if compiled == nil || hidden {
		l.add(l.inEveryTongue(theirs), shippedLocale)
	} else {
		l.adopt(compiled(locale))
	}
	l.checkFallbacks()
	return l.library, l.found.sorted()
}

// mostReady bounds the locales whose shipped messages are kept compiled.
const mostReady = 16

var ready struct {
	sync.Mutex
	byLocale map[string]map[Ref]*template
}

// readyMade is what the shipped files become in a workspace of a locale. They are
// compiled once for all workspaces.
func readyMade(locale string) map[Ref]*template {
	ready.Lock()
	defer ready.Unlock()
	if made, known := ready.byLocale[locale]; known {
		return made
	}
	library, _ := loadWith(nil, shippedFiles(), locale, nil) // what ships has no mistakes
	if ready.byLocale == nil {
		ready.byLocale = map[string]map[Ref]*template{}
	}
	if len(ready.byLocale) < mostReady {
		ready.byLocale[locale] = library.templates
	}
	return library.templates
}

// adopt takes in messages that are compiled, but those whose names are there.
func (l *loader) adopt(templates map[Ref]*template) {
	for ref, t := range templates {
		if l.library.templates[ref] == nil {
			l.library.templates[ref] = t
		}
	}
}

// shippedFiles are the files of library/ by the paths they would have in a
// workspace.
func shippedFiles() map[string][]byte {
	files := map[string][]byte{}
	// Reading an embedded tree cannot fail.
	_ = fs.WalkDir(shipped, "library", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files["templates/"+strings.TrimPrefix(name, "library/")], err = shipped.ReadFile(name)
		}
		return err
	})
	return files
}

type loader struct {
	builder
	library *Library
	layouts map[string]*layoutFiles // by name
}

// layoutFiles are the files of one layout.
type layoutFiles struct {
	shipped  bool
	byLocale map[string]emailLayout
}

// templateFile is a file with what its path says.
type templateFile struct {
	src    *source
	folder string // email, sms, call, push, layouts
	name   string
	locale string // "" when the path names none
}

// folders are the folders of templates/ and what their files are called.
var folders = map[string]string{
	"email": ".liquid", "sms": ".liquid", "call": ".yaml", "push": ".yaml", "layouts": ".liquid",
}

// sort reads the paths of files, in alphabetical order.
func (l *loader) sort(files map[string][]byte) []templateFile {
	var out []templateFile
	for name, content := range files {
		if !strings.HasPrefix(name, "templates/") || strings.HasPrefix(path.Base(name), ".") {
			continue
		}
		if f, ok := l.readPath(name); ok && l.readable(name, content) {
			f.src = &source{file: name, text: strings.TrimPrefix(strings.ReplaceAll(string(content), "\r\n", "\n"), "\ufeff")}
			out = append(out, f)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].src.file < out[j].src.file })
	return out
}

var templateName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

// readPath takes templates/<folder>/<name>[.<locale>].<ending> apart.
func (l *loader) readPath(name string) (templateFile, bool) {
	parts := strings.Split(name, "/")
	known := []string{"email", "sms", "call", "push", "layouts"}
	ending, ok := "", false
	if len(parts) == 3 {
		ending, ok = folders[parts[1]]
	}
	if !ok {
		l.found.inFile(name, didYouMean(parts[1], known), "a template stands in templates/<channel>/<name>")
		return templateFile{}, false
	}
	f := templateFile{folder: parts[1]}
	base, found := strings.CutSuffix(parts[2], ending)
	if !found {
		l.found.inFile(name, "call it "+strings.TrimSuffix(parts[2], path.Ext(parts[2]))+ending, "a template of %s ends in %s", f.folder, ending)
		return f, false
	}
	f.name, f.locale, found = strings.Cut(base, ".")
	if !templateName.MatchString(f.name) {
		l.found.inFile(name, "use small letters, digits and hyphens", "%q cannot be a template's name", f.name)
		return f, false
	}
	if found {
		locale, ok := canonicalLocale(f.locale)
		if !ok {
			l.found.inFile(name, "a dot in a template's name begins its locale, such as "+f.name+".fa", "%q is no locale", f.locale)
			return f, false
		}
		f.locale = locale
	}
	return f, true
}

func (l *loader) readable(name string, content []byte) bool {
	if len(content) > maxSource {
		l.found.inFile(name, "", "a template of more than %d KiB", maxSource>>10)
		return false
	}
	if !utf8.Valid(content) || strings.ContainsRune(string(content), 0) {
		l.found.inFile(name, "save it as UTF-8", "the file is not text in UTF-8")
		return false
	}
	return true
}

// addLayouts reads the layouts among files. One in the workspace hides the
// shipped one of the same name, in all its locales: it says whether one does.
func (l *loader) addLayouts(files []templateFile, shipped bool) (hidden bool) {
	for _, f := range files {
		if f.folder != "layouts" {
			continue
		}
		known := l.layouts[f.name]
		if known == nil || known.shipped && !shipped {
			hidden = hidden || known != nil
			known = &layoutFiles{shipped: shipped, byLocale: map[string]emailLayout{}}
			l.layouts[f.name] = known
		}
		known.byLocale[f.locale] = readLayout(f.src, l.found)
	}
	return hidden
}

// plainLetter is what an agent's own words stand in.
const plainLetter = "agent-reply"

// inEveryTongue adds the plainest letter in every language that the layout around it
// speaks. Of itself it says nothing, but its words run left or right, and are read
// out, by its language.
func (l *loader) inEveryTongue(files []templateFile) []templateFile {
	spoken := map[string]bool{}
	if base := l.layouts["base"]; base != nil {
		for locale, layout := range base.byLocale {
			spoken[locale] = true
			for locale := range layout.words {
				spoken[locale] = true
			}
		}
	}
	delete(spoken, "")
	delete(spoken, shippedLocale)
	for _, f := range files {
		if f.folder != "email" || f.name != plainLetter {
			continue
		}
		for _, locale := range slices.Sorted(maps.Keys(spoken)) {
			f.locale = locale
			files = append(files, f)
		}
	}
	return files
}

// add compiles the messages among files. Those of names that are already there
// are left out.
func (l *loader) add(files []templateFile, locale string) {
	there := map[Ref]bool{}
	for ref := range l.library.templates {
		there[ref] = true
	}
	for _, f := range files {
		ref := Ref{channels.Channel(f.folder), f.name}
		if f.folder == "layouts" || there[ref] {
			continue
		}
		t := l.library.templates[ref]
		if t == nil {
			t = &template{variants: map[string]*variant{}}
			l.library.templates[ref] = t
		}
		if first, twice := t.variants[f.locale]; twice {
			l.found.inFile(f.src.file, "remove one of them", "%s says the same as %s", f.src.file, first.file)
			continue
		}
		v := &variant{locale: f.locale, file: f.src.file}
		if v.locale == "" {
			v.locale = locale
		}
		l.compile(v, f)
		t.variants[f.locale] = v
	}
}

// checkFallbacks reports templates that some customers could not be sent.
func (l *loader) checkFallbacks() {
	for ref, t := range l.library.templates {
		if t.choose("", l.library.locale) != nil {
			continue
		}
		var file string
		for _, v := range t.variants {
			if file == "" || v.file < file {
				file = v.file
			}
		}
		l.found.inFile(file, "add "+ref.Name+" without a locale, or in "+l.library.locale,
			"%s %s is not written in the workspace's locale, so customers of other languages would get nothing", ref.Channel, ref.Name)
	}
}

// compile fills a variant in from its file.
func (l *loader) compile(v *variant, f templateFile) {
	dir := direction(v.locale)
	start, end := "left", "right"
	if dir == "rtl" {
		start, end = end, start
	}
	b := builder{engines: l.engines, found: l.found, constants: map[string]map[string]string{
		"locale": {"tag": v.locale, "dir": dir, "start": start, "end": end},
	}}
	switch channels.Channel(f.folder) {
	case channels.Email:
		l.compileEmail(v, f, b)
	case channels.SMS:
		v.body, v.fields = b.sms(f.src)
	case channels.Call:
		v.body, v.fields = b.call(f.src, v.locale)
	case channels.Push:
		v.body, v.fields = b.push(f.src)
	}
}

func (l *loader) compileEmail(v *variant, f templateFile, b builder) {
	c := composer{builder: b, locale: v.locale, file: readEmail(f.src, l.found)}
	if !l.chooseLayout(&c, v.locale) {
		return
	}
	if c.layout != nil {
		c.constants["words"] = c.layout.wordsFor(v.locale, l.library.locale)
	}
	e, fields := c.compose()
	v.fields = fields
	if e != nil {
		v.body = e
	}
}

// chooseLayout finds the layout a message asks for: base unless it says
// otherwise or is a whole document.
func (l *loader) chooseLayout(c *composer, locale string) bool {
	name := c.file.layout.text
	whole := isDocument(c.file.src.text[c.file.bodyAt:])
	switch {
	case name == "none" || name == "" && whole:
		return true
	case whole:
		l.found.at(c.file.layout.at, "remove layout, or everything around the message", "a whole document has no room in a layout")
		return false
	case name == "":
		name = "base"
	}
	layouts, ok := l.layouts[name]
	if !ok {
		known := []string{"none"}
		for name := range l.layouts {
			known = append(known, name)
		}
		l.found.at(c.file.layout.at, didYouMean(name, known), "there is no layout %s", name)
		return false
	}
	for _, candidate := range append(append(Fallbacks(locale), Fallbacks(l.library.locale)...), "") {
		if layout, ok := layouts.byLocale[candidate]; ok {
			c.layout = &layout
			return true
		}
	}
	l.found.at(c.file.layout.at, "add "+name+" without a locale", "the layout %s is not written in %s", name, locale)
	return false
}
