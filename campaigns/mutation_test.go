package campaigns

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Whatever stands in the place of a value, reading goes on to the end, and a
// mistake somewhere else in the file is found all the same.
func TestAnyValueMayBeWrong(t *testing.T) {
	good := folderOf(t, "testdata/good")
	for _, file := range []string{settingsFile, "segments/all.yaml", "campaigns/after-delivery.yaml", "campaigns/broadcasts.yaml", "campaigns/whole.yaml"} {
		lines := strings.Split(string(good[file]), "\n")
		for i, line := range lines {
			key, _, found := strings.Cut(line, ": ")
			if !found || strings.HasPrefix(line, "#") {
				continue
			}
			for _, value := range []string{"[[x]]", "{x: {}}"} {
				mutant := slices.Clone(lines)
				mutant[i] = key + ": " + value
				files := maps.Clone(good)
				files[file] = []byte(strings.Join(mutant, "\n") + "\nmisplaced: here\n")
				_, problems := Load(files)
				last := slices.ContainsFunc(problems, func(p Problem) bool { return strings.Contains(p.Message, "misplaced") })
				unreadable := len(documents(file, files[file], &findings{})) == 0
				if len(problems) == 0 || !unreadable && (!last || len(problems) < 2) {
					t.Errorf("%s:%d: %q instead of %q: %v", file, i+1, value, line, problems)
				}
			}
		}
	}
}
