package campaigns

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestFolderHoldsOnlyWhatBelongs(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	files, err := ReadFolder(fstest.MapFS{
		"rapport.yaml":                      file("a"),
		"segments/s.yaml":                   file("b"),
		"campaigns/c.yaml":                  file("c"),
		"campaigns/c.yaml~":                 file("an editor's copy"),
		"campaigns/.c.yaml.swp":             file("another"),
		"campaigns/.git/x.yaml":             file("hidden"),
		"templates/sms/t.fa.liquid":         file("d"),
		"tests/t.yaml":                      file("e"),
		"data/customers.csv":                file("not ours"),
		"README.md":                         file("not ours"),
		"campain-plans-for-2027/notes.yaml": file("not ours"),
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "files", []string{"campaigns/c.yaml", "rapport.yaml", "segments/s.yaml", "templates/sms/t.fa.liquid", "tests/t.yaml"}, slices.Sorted(maps.Keys(files)))
	same(t, "content", "d", string(files["templates/sms/t.fa.liquid"]))
}

func TestFolderRefuses(t *testing.T) {
	large := func(bytes int) *fstest.MapFile { return &fstest.MapFile{Data: make([]byte, bytes)} }
	many := fstest.MapFS{}
	for i := range 65 {
		many["templates/email/"+itoa(i)+".liquid"] = large(maxFileSize)
	}
	tests := map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"a large file":                {fstest.MapFS{"segments/s.yaml": large(maxFileSize + 1)}, "segments/s.yaml is larger than 1 MiB"},
		"much together":               {many, "larger than 64 MiB together"},
		"a misspelt folder":           {fstest.MapFS{"segment/s.yaml": large(1)}, "did you mean segments/?"},
		"a misspelt file":             {fstest.MapFS{"rapport.yml": large(1)}, "rename it to rapport.yaml"},
		"a device":                    {fstest.MapFS{"segments/s.yaml": {Mode: fs.ModeDevice}}, "not a plain file"},
		"settings that are a folder":  {fstest.MapFS{"rapport.yaml/x": large(1)}, "not a plain file"},
		"a folder that is not there":  {nil, ""},
		"an empty folder and nothing": {fstest.MapFS{"segment/notes.txt": large(1)}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			files, err := ReadFolder(test.files)
			if test.want == "" && (err != nil || len(files) > 0) {
				t.Errorf("got %d files, %v", len(files), err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}
