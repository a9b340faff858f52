package email

import (
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"

	"rapport/trust/bounds"
)

// FuzzQuoted holds that any text comes back as it was, its lines ended by CRLF, from
// lines that any machine may carry.
func FuzzQuoted(f *testing.F) {
	for _, text := range []string{
		"", " ", "\t", "a b \nc\r\nd\re", "=", strings.Repeat("a", 75), strings.Repeat("a", 76), strings.Repeat("a", 74) + " ", strings.Repeat("a", 75) + " \n",
		strings.Repeat(" ", 200), strings.Repeat("é", 100), strings.Repeat("a", 73) + "é" + strings.Repeat("b", 75) + "\n.", "\x00\x7f\xff",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		out := string(quoted(nil, text))
		for line := range strings.SplitSeq(out, "\r\n") {
			if len(line) > 76 || strings.TrimRight(line, " \t") != line || strings.ContainsFunc(line, func(r rune) bool { return r > '~' || r < ' ' && r != '\t' }) {
				t.Errorf("line %q", line)
			}
		}
		back, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(out)))
		want := strings.ReplaceAll(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n", "\r\n")
		if err != nil || string(back) != want {
			t.Errorf("%q comes back as %q, %v", text, back, err)
		}
	})
}

func FuzzStuffed(f *testing.F) {
	for _, text := range []string{"", ".", "a\r\n.b\r\n", "\n.\n.\n..", "a\n.", "\r\n.\r\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		out := string(stuffed([]byte("x"), []byte(text)))
		want := strings.ReplaceAll("\n"+text, "\n.", "\n..")[1:]
		if !strings.HasSuffix(want, "\r\n") {
			want += "\r\n"
		}
		if out != "x"+want {
			t.Errorf("%q is stuffed %q", text, out)
		}
	})
}
