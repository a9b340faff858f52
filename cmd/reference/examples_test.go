package main

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"rapport/campaigns"
	"rapport/campaigns/examples"
	"rapport/campaigns/grammar"
	"rapport/deliveries"
)

// Every example of the reference is right within the sample shop, by the reader
// and by the schema.
func TestExamplesAreRight(t *testing.T) {
	names, err := fs.Glob(sources, "examples/*.yaml")
	if err != nil || len(names) < 25 {
		t.Fatalf("%d examples, %v", len(names), err)
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			content, err := sources.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			text := string(content)
			if onlySteps(text) {
				text = inFrame(text)
			}
			file, path := kindOf(t, text)
			files, err := campaigns.ReadFolder(examples.Shop())
			if err != nil {
				t.Fatal(err)
			}
			files[path] = []byte(text)
			w, problems := campaigns.Load(files)
			if len(problems) > 0 {
				t.Errorf("%s\n%v", text, problems)
			}
			for _, warning := range w.Warnings {
				if warning.File == path {
					t.Errorf("%s\n%v", text, warning)
				}
			}
			judge(t, file, text)
		})
	}
}

// kindOf tells what a document is by its first key, and where it would stand.
func kindOf(t *testing.T, text string) (grammar.File, string) {
	t.Helper()
	key, _, _ := strings.Cut(text, ":")
	places := map[string][2]string{
		"campaign": {"campaign", "campaigns/example.yaml"}, "segment": {"segment", "segments/example.yaml"},
		"workspace": {"workspace", "rapport.yaml"}, "test": {"test", "tests/example.yaml"},
		"say": {"template-call", "templates/call/example.yaml"}, "title": {"template-push", "templates/push/example.yaml"},
	}
	file, known := grammar.FileNamed(places[key][0])
	if !known {
		t.Fatalf("nobody knows what this is:\n%s", text)
	}
	return file, places[key][1]
}

func judge(t *testing.T, file grammar.File, text string) {
	t.Helper()
	content, err := grammar.Schema(file)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("file:///schema", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("file:///schema")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(text, "\n---\n") {
		var value any
		if err := yaml.Unmarshal([]byte(part), &value); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Error(err)
		}
	}
}

// Every object of the language, every example and every status has a place in
// the reference.
func TestNothingIsLeftOut(t *testing.T) {
	b := newBook(os.DirFS("../.."))
	names, err := fs.Glob(sources, "pages/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := b.render(name); err != nil {
			t.Fatal(err)
		}
	}
	for name, object := range b.objects {
		if byChannel := strings.HasSuffix(name, "-by-channel"); !b.shown[name] && !byChannel && len(object.Keys) > 0 {
			t.Errorf("no page shows %s, %s", name, object.Title)
		}
	}
	shown, err := fs.Glob(sources, "examples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range shown {
		if !b.shown[name] {
			t.Errorf("no page shows %s", name)
		}
	}
	told := map[deliveries.Status]bool{}
	for _, row := range statusMeanings {
		told[row.status] = true
	}
	for _, status := range deliveries.Statuses() {
		if !told[status] {
			t.Errorf("the status %s has no meaning", status)
		}
	}
}

var (
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headings   = regexp.MustCompile(`(?m)^#+ (.+)$`)
	codeBlocks = regexp.MustCompile("(?s)```.*?```")
)

// Links within the reference lead somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	files, err := pages(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string][]string{}
	for name, content := range files {
		for _, match := range headings.FindAllStringSubmatch(codeBlocks.ReplaceAllString(string(content), ""), -1) {
			anchors[name] = append(anchors[name], anchor(strings.ReplaceAll(match[1], "`", "")))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, match := range link.FindAllStringSubmatch(codeBlocks.ReplaceAllString(string(files[name]), ""), -1) {
			if strings.HasPrefix(match[1], "http") {
				continue
			}
			target, fragment, _ := strings.Cut(match[1], "#")
			page := resolve(name, target)
			if _, ours := files[page]; !ours {
				if _, err := os.Stat("../../" + page); err != nil {
					t.Errorf("%s leads to %s, which is not there", name, match[1])
				}
				continue
			}
			if fragment != "" && !slices.Contains(anchors[page], fragment) {
				t.Errorf("%s leads to %s, where there is no such heading", name, match[1])
			}
		}
	}
}

// resolve is the file a link on a page leads to.
func resolve(from, target string) string {
	if target == "" {
		return from
	}
	folder := from[:strings.LastIndex(from, "/")]
	for strings.HasPrefix(target, "../") {
		target, folder = target[3:], folder[:max(0, strings.LastIndex(folder, "/"))]
	}
	return strings.TrimPrefix(folder+"/"+target, "/")
}
