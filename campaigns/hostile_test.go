package campaigns

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"
)

// What no marketer writes is refused in clear words, at its place, by what it is
// and not by how long it takes: every bound is on size, tokens or nesting, before
// anything recursive or slow runs.
func TestHostileFilesAreRefusedInWords(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"billion laughs":       {billionLaughs(), "f.yaml:1:4: anchors (&) and aliases (*) are not used here"},
		"one line of a MiB":    {"campaign: " + strings.Repeat("x", 1<<20-20), `f.yaml:1:11: "campaign" is longer than 64 characters`},
		"ten thousand keys":    {manyKeys(10_000), "f.yaml:1:1: this file is too long to be read"},
		"four thousand keys":   {manyKeys(4_000), "and so on: there is more to mend in this file"},
		"five thousand steps":  {"campaign: x\nsteps:\n" + strings.Repeat("- sms: welcom\n", 5_000), "f.yaml:1:1: this file is too long to be read"},
		"deep brackets":        {"campaign: " + strings.Repeat("{a: ", 40) + strings.Repeat("}", 40), "this is nested more than 32 levels deep"},
		"brackets without end": {strings.Repeat("[", 10_000), "this is nested more than 32 levels deep"},
		"deep lines":           {deepLines(500), "this is nested more than 32 levels deep"},
		"NUL":                  {"campaign: a\x00b\n", "f.yaml:1:12: there is an invisible character here (U+0000); remove it"},
		"bell":                 {"campaign: b\n# \a\n", "f.yaml:2:3: there is an invisible character here (U+0007); remove it"},
		"BOM in the middle":    {"campaign: x\n\ufefftopic: service\n", "f.yaml:2:1: there is an invisible character here (U+FEFF); remove it"},
		"UTF-16":               {inUTF16("\ufeffcampaign: x\n"), "f.yaml:1:1: this is not UTF-8 text; save the file with the encoding UTF-8"},
		"UTF-16 without BOM":   {inUTF16("campaign: x\n"), "f.yaml:1:2: there is an invisible character here (U+0000); this looks like UTF-16: save the file with the encoding UTF-8"},
		"a picture":            {"\x89PNG\r\n\x1a\n", "f.yaml:1:1: this is not UTF-8 text"},
		"a long condition":     {"campaign: x\ntrigger: {event: E, where: '" + strings.Repeat("not ", 4_000) + "true'}\n", "the expression has 16004 bytes of at most 4096"},
		"a deep condition":     {"campaign: x\ntrigger: {event: E, where: '" + strings.Repeat("not ", 500) + "true'}\n", "f.yaml:2:29: the expression is too large"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, problems := Load(workspace(t, map[string]string{"campaigns/f.yaml": test.text}))
			if len(problems) > mostProblems+1 {
				t.Errorf("%d problems are told", len(problems))
			}
			var told []string
			for _, p := range problems {
				told = append(told, p.String())
				if len(p.String()) > 400 {
					t.Errorf("a message of %d bytes", len(p.String()))
				}
			}
			if !strings.Contains(strings.Join(told, "\n"), test.want) {
				t.Errorf("nothing says %q:\n%.2000s", test.want, strings.Join(told, "\n"))
			}
		})
	}
}

// A mark of the byte order at the beginning, and any line ends, are what editors
// write.
func TestEditorsHabitsAreNoMistake(t *testing.T) {
	for name, text := range map[string]string{
		"BOM":  "\ufeffcampaign: x\ntrigger: {event: E}\nsteps: [{tag: +a}]\n",
		"CRLF": "campaign: x\r\ntrigger: {event: E}\r\nsteps: [{tag: +a}]\r\n",
		"CR":   "campaign: x\rtrigger: {event: E}\rsteps: [{tag: +a}]\r",
	} {
		if _, problems := Load(workspace(t, map[string]string{"campaigns/f.yaml": text})); len(problems) > 0 {
			t.Errorf("%s: %v", name, problems)
		}
	}
}

// Templates are read by the same measure.
func TestHostileTemplatesAreRefusedInWords(t *testing.T) {
	for text, want := range map[string]string{
		billionLaughs():                    "templates/push/f.yaml:1:1: unknown key a",
		strings.Repeat("[", 5_000):         "nested too deep",
		strings.Repeat("- ", 5_000):        "nested too deep",
		manyKeys(9_000):                    "there is too much of it",
		strings.Repeat("x", 257<<10):       "a template of more than 256 KiB",
		"title: a\x00":                     "not text in UTF-8",
		inUTF16("title: a\n"):              "not text in UTF-8",
		"title: " + deeplyLiquid(30_000):   "templates/push/f.yaml:1:",
		strings.Repeat("{{ a }}\n", 5_000): "templates/push/f.yaml:1:",
	} {
		_, problems := Load(workspace(t, map[string]string{"templates/push/f.yaml": text}))
		var told []string
		for _, p := range problems {
			told = append(told, p.String())
		}
		if !strings.Contains(strings.Join(told, "\n"), want) || len(problems) > mostProblems+1 {
			t.Errorf("nothing says %q of %.30q…: %.500s", want, text, strings.Join(told, "\n"))
		}
	}
}

// A file beyond 1 MiB is not even read.
func TestLargeFilesAreNotRead(t *testing.T) {
	large := &fstest.MapFile{Data: make([]byte, maxFileSize+1)}
	_, err := ReadFolder(fstest.MapFS{settingsFile: {}, "campaigns/large.yaml": large})
	if err == nil || !strings.Contains(err.Error(), "campaigns/large.yaml is larger than 1 MiB") {
		t.Errorf("got %v", err)
	}
}

func billionLaughs() string {
	laughs := "a: &a [lol, lol]\n"
	for c := 'b'; c <= 'z'; c++ {
		laughs += fmt.Sprintf("%c: &%c [*%c, *%c, *%c]\n", c, c, c-1, c-1, c-1)
	}
	return laughs
}

func manyKeys(n int) string {
	var text strings.Builder
	text.WriteString("campaign: x\n")
	for i := range n {
		fmt.Fprintf(&text, "k%d: v\n", i)
	}
	return text.String()
}

func deeplyLiquid(n int) string { return strings.Repeat("{%if a%}", n) }

func inUTF16(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}
