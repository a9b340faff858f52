package campaigns

import (
	"bytes"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// Every folder of testdata/suspicious, laid over a sound workspace, holds what
// is no mistake and hardly meant, and beside it, in files called sound, what
// looks much the same and is right.
func TestSuspicionsAreReported(t *testing.T) {
	cases, err := os.ReadDir("testdata/suspicious")
	if err != nil {
		t.Fatal(err)
	}
	for _, odd := range cases {
		t.Run(odd.Name(), func(t *testing.T) {
			dir := filepath.Join("testdata/suspicious", odd.Name())
			files := folderOf(t, "testdata/sound")
			maps.Copy(files, folderOf(t, dir))
			w, problems := Load(files)
			for _, p := range problems {
				t.Errorf("a mistake: %s", p)
			}
			if len(w.Warnings) == 0 {
				t.Error("nothing was found")
			}
			for _, p := range w.Warnings {
				if p.Severity != Warning || strings.HasPrefix(path.Base(p.File), "sound") {
					t.Errorf("a false alarm: %s", p)
				}
			}
			var got bytes.Buffer
			if err := WriteProblems(&got, w.Warnings, "text"); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join(dir, "warnings.txt"), got.Bytes())
		})
	}
}

// The workspaces that others learn from rest on nothing suspicious.
func TestExamplesAreNotSuspicious(t *testing.T) {
	for _, dir := range []string{"examples/shop", "testdata/sound", "../docs/cookbook"} {
		w, problems := Load(folderOf(t, dir))
		for _, p := range append(problems, w.Warnings...) {
			t.Errorf("%s: %s", dir, p)
		}
	}
}
