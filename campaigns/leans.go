package campaigns

import (
	"maps"
	"slices"
	"strings"

	"rapport/campaigns/expression"
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
		next = append(next, segmentsIn(program)...)
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
		next = append(append(next, segment.Except...), segmentsIn(segment.Where)...)
	}
	slices.Sort(found)
	return found
}

// segmentsIn lists the segments that a condition asks about.
func segmentsIn(program *expression.Program) []string {
	if program == nil {
		return nil
	}
	var ids []string
	for _, match := range inSegment.FindAllStringSubmatch(program.String(), -1) {
		ids = append(ids, match[1])
	}
	return ids
}
