package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The sample shop carries the schemas its files name, as --write writes them.
func TestSchemasAreWrittenWhereFilesLookForThem(t *testing.T) {
	folder := t.TempDir()
	if _, errOut, code := rapport(t, "schema", "--write", folder); code != 0 {
		t.Fatalf("exit %d: %s", code, errOut)
	}
	written, err := filepath.Glob(filepath.Join(folder, schemaFolder, "*.json"))
	if err != nil || len(written) < 5 {
		t.Fatalf("%d schemas were written, %v", len(written), err)
	}
	for _, name := range written {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		carried, err := os.ReadFile(filepath.Join(shopFolder, schemaFolder, filepath.Base(name)))
		if err != nil || !bytes.Equal(content, carried) {
			t.Errorf("the sample shop's %s is another one (run: make generate), %v", filepath.Base(name), err)
		}
		printed, _, _ := rapport(t, "schema", filepath.Base(name[:len(name)-len(".json")]))
		if printed != string(content) {
			t.Errorf("%s is printed otherwise than it is written", filepath.Base(name))
		}
	}
}

func TestSchemaNamesWhatThereIs(t *testing.T) {
	for _, args := range [][]string{{"schema"}, {"schema", "campain"}, {"schema", "campaign", "--write", "."}} {
		if out, errOut, code := rapport(t, args...); code == 0 || out != "" || errOut == "" {
			t.Errorf("%v: exit %d, %s%s", args, code, out, errOut)
		}
	}
}
