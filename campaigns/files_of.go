package campaigns

import (
	"maps"
	"slices"
	"strings"
)

// FilesOf lists the files that a campaign is made of, by path: its own first,
// then rapport.yaml, the segments it names, those that these name in turn, and
// its templates in every language. nil for a campaign the workspace does not have.
func (w *Workspace) FilesOf(campaign string) []string {
	c := w.Campaigns[campaign]
	if c == nil {
		return nil
	}
	files := []string{c.File}
	add := func(file string) {
		if _, kept := w.Files[file]; kept && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	add("rapport.yaml")
	for _, id := range w.segmentsOf(c) {
		add(w.Segments[id].File)
	}
	for _, file := range slices.Sorted(maps.Keys(w.Files)) {
		if strings.HasPrefix(file, "templates/") && leansOnFile(c.Steps, file) {
			add(file)
		}
	}
	return files
}

// segmentsOf lists the segments that a campaign leans on, sorted.
func (w *Workspace) segmentsOf(c *Campaign) []string {
	next := append(slices.Clone(c.Audience.Except), c.Audience.Segment, c.Trigger.Segment)
	for _, program := range c.programs() {
		next = append(next, program.Segments()...)
	}
	var found []string
	for len(next) > 0 {
		id := next[0]
		next = next[1:]
		segment := w.Segments[id]
		if segment == nil || slices.Contains(found, id) {
			continue
		}
		found = append(found, id)
		next = append(append(next, segment.Except...), segment.Where.Segments()...)
	}
	slices.Sort(found)
	return found
}
