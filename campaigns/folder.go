package campaigns

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// maxWorkspaceSize bounds all files of a workspace together.
const maxWorkspaceSize = 64 << 20

// folders are the folders of a workspace; others are not looked into.
var folders = []string{"campaigns", "segments", "templates", "tests"}

// ReadFolder reads the files of a workspace, by slash path: rapport.yaml and
// what is in the known folders. Hidden files and editors' copies (.x, x~) are
// passed over. A file above 1 MiB, more than 64 MiB together, and a folder
// whose name looks misspelt are errors.
func ReadFolder(fsys fs.FS) (map[string][]byte, error) {
	if err := checkNames(fsys); err != nil {
		return nil, err
	}
	files, total := map[string][]byte{}, 0
	read := func(file string) error {
		content, err := readFile(fsys, file)
		if err != nil {
			return err
		}
		if total += len(content); total > maxWorkspaceSize {
			return fmt.Errorf("read workspace: its files are larger than 64 MiB together")
		}
		files[file] = content
		return nil
	}
	if err := read(settingsFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, folder := range folders {
		err := fs.WalkDir(fsys, folder, func(file string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && file == folder:
				return fs.SkipDir
			case err != nil:
				return fmt.Errorf("read workspace: %w", err)
			case passedOver(entry.Name()) && entry.IsDir():
				return fs.SkipDir
			case entry.IsDir() || passedOver(entry.Name()):
				return nil
			}
			return read(file)
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// CheckFiles says what ReadFolder would not have read among files that came
// another way.
func CheckFiles(files map[string][]byte) error {
	total := 0
	for file, content := range files {
		folder, _, inside := strings.Cut(file, "/")
		if !fs.ValidPath(file) || file != settingsFile && (!inside || !slices.Contains(folders, folder)) {
			return fmt.Errorf("read workspace: %q is no file of a workspace", file)
		}
		if len(content) > maxFileSize {
			return fmt.Errorf("read workspace: %s is larger than 1 MiB", file)
		}
		total += len(content)
	}
	if total > maxWorkspaceSize {
		return errors.New("read workspace: its files are larger than 64 MiB together")
	}
	return nil
}

// readFile reads one file, but not a large one, nor what is no plain file.
func readFile(fsys fs.FS, file string) ([]byte, error) {
	info, err := fs.Stat(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read workspace: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read workspace: %s is not a plain file", file)
	}
	if info.Size() > maxFileSize {
		return nil, fmt.Errorf("read workspace: %s is larger than 1 MiB", file)
	}
	content, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("read workspace: %w", err)
	}
	return content, nil
}

func passedOver(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~")
}

// checkNames looks for what was meant to be part of the workspace and is named
// a little otherwise, which would be passed over in silence.
func checkNames(fsys fs.FS) error {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return fmt.Errorf("read workspace: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		switch {
		case entry.IsDir() && !slices.Contains(folders, name):
			if meant := nearest(name, folders); meant != "" && holdsTemplatesOrYAML(fsys, name) {
				return fmt.Errorf("read workspace: the folder %s/ is not read; did you mean %s/?", name, meant)
			}
		case name == "rapport.yml":
			return errors.New("read workspace: rapport.yml is not read; rename it to " + settingsFile)
		}
	}
	return nil
}

func holdsTemplatesOrYAML(fsys fs.FS, folder string) bool {
	found := false
	_ = fs.WalkDir(fsys, folder, func(file string, _ fs.DirEntry, err error) error {
		if ext := path.Ext(file); err == nil && (ext == ".yaml" || ext == ".yml" || ext == ".liquid") {
			found = true
			return fs.SkipAll
		}
		return nil
	})
	return found
}
