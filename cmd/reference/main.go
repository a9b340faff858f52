// Command reference writes what is generated from the campaign language:
// docs/campaign-file.md with the pages beside it, and the schemas of the sample
// shop. With -check it writes nothing and says what is out of date.
//
// It owns the pages' words and examples. What keys there are and what they mean
// is campaigns/grammar's to say; fields, statuses and reasons are told by the
// packages that have them.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rapport/campaigns/grammar"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail where a file is out of date")
	flag.Parse()
	files, err := generated(os.DirFS("."))
	if err == nil && *check {
		err = compare(files)
	} else if err == nil {
		err = write(files)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// shopSchemas is where the sample shop keeps its schemas.
const shopSchemas = "campaigns/examples/shop/.schema/"

// generated is every generated file by its path in the project. project is the
// project's folder, from whose tests examples of warnings are taken.
func generated(project fs.FS) (map[string][]byte, error) {
	files, err := pages(project)
	if err != nil {
		return nil, err
	}
	for _, file := range grammar.Files() {
		schema, err := grammar.Schema(file)
		if err != nil {
			return nil, err
		}
		files[shopSchemas+file.Name+".json"] = schema
	}
	return files, nil
}

// compare names every file that is not as it would be written, and every page
// that would be written no more.
func compare(files map[string][]byte) error {
	var stale []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if have, err := os.ReadFile(name); err != nil || !bytes.Equal(have, files[name]) {
			stale = append(stale, name)
		}
	}
	there, err := filepath.Glob(pagesFolder + "*.md")
	if err != nil {
		return err
	}
	for _, name := range there {
		if _, wanted := files[filepath.ToSlash(name)]; !wanted {
			stale = append(stale, name)
		}
	}
	if len(stale) > 0 {
		return errors.New("out of date (run: make generate): " + strings.Join(stale, ", "))
	}
	return nil
}

func write(files map[string][]byte) error {
	if err := os.RemoveAll(pagesFolder); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}
