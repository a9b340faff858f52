package campaigns

import (
	"fmt"
	"strings"
	"testing"

	"rapport/trust/bounds"
)

// Wherever and however a text is written, the place of each "here" in it is
// found.
func TestPlacesWithinText(t *testing.T) {
	tests := map[string]string{
		"plain":                        "a: x > here",
		"after a tab":                  "a:\tx > here",
		"with letters beyond ASCII":    `"é日": [ "ü", é > here ]`,
		"double quotes and escapes":    `a: "\"é\" \u00e9\x41 \\ \t here"`,
		"single quotes":                `a: 'it''s > here'`,
		"plain over lines":             "a: x >\n   y and\n\n   here",
		"plain on the next line":       "a:\n  x > here",
		"double quotes over lines":     "a: \"x >\n   y \\\n   and here\"",
		"single quotes over lines":     "a: 'x >\n\n   here'",
		"block":                        "a: |\n  x >\n    here\n  z\n",
		"block that keeps its end":     "a: |+\n\n  x\n  here\n\n",
		"folded block":                 "a: >-\n  x >\n  y\n\n  here\n",
		"block after a comment":        "a: |  # why\n  x here\n",
		"in a list of maps":            "- b: 1\n  a: x > here",
		"inside braces over two lines": "{b: 1,\n a: 'x > here' }",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			var found findings
			roots := documents("f.yaml", []byte(text), &found)
			if len(found.problems) > 0 || len(roots) != 1 {
				t.Fatal(found.problems)
			}
			n := textWith(roots[0], "here")
			line, column := n.within(strings.Index(n.raw(), "here"))
			want := strings.Split(text, "\n")[line-1]
			if got := skip(want, column-1); !strings.HasPrefix(got, "here") {
				t.Errorf("%d:%d is %q of %q", line, column, got, want)
			}
		})
	}
}

// textWith finds the scalar that holds a word.
func textWith(n node, word string) node {
	var inner []node
	switch n.kind() {
	case aMap:
		for _, p := range n.pairs("") {
			inner = append(inner, p.value)
		}
	case aList:
		inner = n.items("")
	case aText:
		if strings.Contains(n.raw(), word) {
			return n
		}
	}
	for _, i := range inner {
		if found := textWith(i, word); found.present() {
			return found
		}
	}
	return node{}
}

func TestPlacesOfKeysAndValues(t *testing.T) {
	const text = "日: 1\nfirst:\t\"x\"\nlist:\n  - {é: 2, last: é}\n---\nsecond: [a,\n  b]\n"
	var found findings
	var got []string
	for _, root := range documents("f.yaml", []byte(text), &found) {
		got = append(got, places(root)...)
	}
	want := "日 1:1 value 1:4, first 2:1 value 2:8, list 3:1 value 4:3, é 4:6 value 4:9, last 4:12 value 4:18, second 6:1 value 6:9"
	if strings.Join(got, ", ") != want || len(found.problems) > 0 {
		t.Errorf("got  %s\nwant %s\n%v", strings.Join(got, ", "), want, found.problems)
	}
}

func places(n node) []string {
	var all []string
	switch n.kind() {
	case aMap:
		for _, p := range n.pairs("") {
			all = append(all, fmt.Sprintf("%s %d:%d value %d:%d", p.key, p.line, p.column, p.value.line, p.value.column))
			all = append(all, places(p.value)...)
		}
	case aList:
		for _, item := range n.items("") {
			all = append(all, places(item)...)
		}
	}
	return all
}

// The parser stops at an empty document and loses what follows.
func TestEmptyDocumentsHideNothing(t *testing.T) {
	for _, text := range []string{
		"---\n---\na: 1\n", "b: 2\n---\n---\na: 1\n", "---\n# why\n---\na: 1\n---\n", "---\n\n---\n---\n# x\na: 1",
		"a: 1\n...\n", "a: 1\n---\n...\n---\na: 1\n", "...\na: 1\n", "...\n...\n---\na: 1\n",
	} {
		var found findings
		roots := documents("f.yaml", []byte(text), &found)
		if len(found.problems) > 0 {
			continue // refused aloud
		}
		if len(roots) == 0 || !roots[len(roots)-1].fields("").has("a") {
			t.Errorf("%q: the last document is lost", text)
		}
	}
}

// What would cost the parser minutes or all memory is turned away before.
func TestHostileFilesAreTurnedAwayAtOnce(t *testing.T) {
	tests := map[string]string{
		"nested brackets":  strings.Repeat("[", 300_000),
		"nested braces":    strings.Repeat("{a: ", 200_000),
		"nested dashes":    strings.Repeat("- ", 300_000),
		"nested questions": strings.Repeat("? ", 300_000),
		"nested lines":     deepLines(1000),
		"many keys":        strings.Repeat("a: 1\n", 150_000),
		"many documents":   strings.Repeat("--- \na: 1\n", 60_000),
		"too large":        strings.Repeat("#", maxFileSize+1),
		"one long line":    "a: [" + strings.Repeat("ü, ", 9_000) + "1]\na: 2",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			defer bounds.Watch(t)()
			var found findings
			documents("f.yaml", []byte(text), &found)
			if len(found.problems) == 0 {
				t.Error("nothing was reported")
			}
		})
	}
}

func deepLines(depth int) string {
	var text strings.Builder
	for i := range depth {
		text.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return text.String()
}

func FuzzDocuments(f *testing.F) {
	f.Add("a: [1, 'b', \"c\\u00e9\"]\n---\n- x: |\n    y\n")
	f.Add("a: &x 1\nb: *x\n<<: {}\n? c\n: d\n")
	f.Add("a: [b: 1, ? c, !t d]\n%YAML 1.2\n---\n&a\n")
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		var found findings
		for _, root := range documents("f.yaml", []byte(text), &found) {
			if follow(t, root) && len(found.problems) == 0 {
				t.Error("a value is refused in silence")
			}
		}
		for _, p := range found.problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("a problem without a place or words: %+v", p)
			}
		}
	})
}

// follow visits every value, asks where parts of it stand, and reports whether
// any is refused.
func follow(t *testing.T, n node) (refused bool) {
	switch n.kind() {
	case aMap:
		for _, p := range n.pairs("") {
			refused = follow(t, p.value) || refused
		}
	case aList:
		for _, item := range n.items("") {
			refused = follow(t, item) || refused
		}
	case aText:
		for _, offset := range []int{0, len(n.raw()) / 2, len(n.raw())} {
			line, column := n.within(offset)
			if line < 1 || line > len(n.src.lines)+1 || column < 1 {
				t.Errorf("%q at %d is at %d:%d of %d lines", n.raw(), offset, line, column, len(n.src.lines))
			}
		}
	case aRefusal:
		return true
	}
	return refused
}
