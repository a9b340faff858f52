package main

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"rapport/campaigns/grammar"
)

//go:embed pages/*.md examples/*.yaml
var sources embed.FS

// index is the page that leads to all others, in pagesFolder.
const (
	index       = "docs/campaign-file.md"
	pagesFolder = "docs/campaign-file/"
)

// book is the reference while it is written.
type book struct {
	project fs.FS
	objects map[string]*grammar.Object
	words   map[string]*grammar.Words
	scalars []*grammar.Scalar
	// page is the one that is written: links to values depend on it. shown are
	// the objects and examples that have a place on some page.
	page  string
	shown map[string]bool
}

func newBook(project fs.FS) *book {
	b := &book{project: project, objects: map[string]*grammar.Object{}, words: map[string]*grammar.Words{}, shown: map[string]bool{}}
	for _, file := range grammar.Files() {
		grammar.Every(file.Root, b.note)
	}
	slices.SortFunc(b.scalars, func(a, b *grammar.Scalar) int { return strings.Compare(heading(a.Title), heading(b.Title)) })
	return b
}

// note takes a type of the grammar into the book's lists.
func (b *book) note(t grammar.Type) {
	switch t := t.(type) {
	case *grammar.Object:
		if b.objects[t.Name] == nil {
			b.objects[t.Name] = t
		}
	case *grammar.Words:
		b.words[t.Name] = t
	case *grammar.Scalar:
		known := slices.ContainsFunc(b.scalars, func(s *grammar.Scalar) bool { return s.Title == t.Title })
		if t.Means != "" && !known {
			b.scalars = append(b.scalars, t)
		}
	}
}

// pages writes every page.
func pages(project fs.FS) (map[string][]byte, error) {
	b := newBook(project)
	names, err := fs.Glob(sources, "pages/*.md")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, name := range names {
		if b.page = pagesFolder + path.Base(name); path.Base(name) == path.Base(index) {
			b.page = index
		}
		if files[b.page], err = b.render(name); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// emptyLines are more than one, as templates leave them behind.
var emptyLines = regexp.MustCompile(`\n{3,}`)

func (b *book) render(name string) ([]byte, error) {
	source, err := sources.ReadFile(name)
	if err != nil {
		return nil, err
	}
	page, err := template.New(name).Funcs(template.FuncMap{
		"keys": b.keysTable, "shared": b.sharedTable, "example": b.example, "values": b.valuesList, "words": b.wordsList,
		"fields": fieldsTable, "functions": functionsTable,
		"statuses": statusesTable, "skipReasons": skipReasonsTable, "failureReasons": failureReasonsTable,
		"warnings": b.warningsList, "tags": tagsList, "filters": filtersList,
	}).Parse(string(source))
	if err != nil {
		return nil, fmt.Errorf("read page %s: %w", name, err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "<!-- Written by cmd/reference from cmd/reference/%s and the grammar of the language; change those. -->\n\n", name)
	if err := page.Execute(&out, nil); err != nil {
		return nil, fmt.Errorf("write page %s: %w", name, err)
	}
	return emptyLines.ReplaceAll(out.Bytes(), []byte("\n\n")), nil
}

// example shows an example, in a frame where it is only steps.
func (b *book) example(name string) (string, error) {
	content, err := sources.ReadFile("examples/" + name + ".yaml")
	if err != nil {
		return "", err
	}
	b.shown["examples/"+name+".yaml"] = true
	text := strings.TrimRight(string(content), "\n")
	if !onlySteps(text) {
		return fenced(text), nil
	}
	return fenced(text) + "\n\n<details><summary>The steps above in a whole campaign</summary>\n\n" + fenced(inFrame(text)) + "\n\n</details>", nil
}

func fenced(text string) string { return "```yaml\n" + strings.TrimRight(text, "\n") + "\n```" }

// onlySteps reports whether an example shows steps alone.
func onlySteps(text string) bool { return strings.HasPrefix(text, "- ") }

// inFrame puts steps into a campaign.
func inFrame(steps string) string {
	const frame = "campaign: example\ntopic: service\ntrigger: {event: Order Delivered}\nsteps:\n"
	return frame + "  " + strings.ReplaceAll(strings.TrimRight(steps, "\n"), "\n", "\n  ") + "\n"
}
