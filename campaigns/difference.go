package campaigns

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"rapport/campaigns/expression"
)

// Difference is what one workspace means and another does not. Words, comments
// and layout that mean the same make none.
type Difference struct {
	Settings  []Change   `json:"settings"`
	Segments  []Revision `json:"segments"`
	Campaigns []Revision `json:"campaigns"`
	Templates []Change   `json:"templates"` // by file; Before and After are the first line that differs
	// Tests are by title. They say nothing that a campaign does, and so make none
	// another version.
	Tests []Revision `json:"tests"`
}

// Change is one part that says something else: "" where it says nothing.
type Change struct {
	Part   string `json:"part"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

// Revision is a segment, a campaign or a test that was added, removed or changed.
type Revision struct {
	ID      string       `json:"id"`
	Title   string       `json:"title,omitempty"`
	Kind    RevisionKind `json:"kind"`
	Changes []Change     `json:"changes"`
	// Templates are the files that changed of those a campaign is made of.
	Templates []string `json:"templates,omitempty"`
	// Audience is who belongs before and after, where that changed.
	Audience *Shift `json:"audience,omitempty"`
	// NewVersion says that a campaign becomes another version, and Running how many
	// journeys are under way, which keep the one they began with.
	NewVersion bool  `json:"new_version,omitempty"`
	Running    int64 `json:"running,omitempty"`
}

// RevisionKind is what happened to a segment, campaign or test.
type RevisionKind string

// The kinds. Relies is a campaign that says what it said, and becomes a new
// version because something it leans on changed.
const (
	Added   RevisionKind = "added"
	Removed RevisionKind = "removed"
	Changed RevisionKind = "changed"
	Relies  RevisionKind = "relies"
)

// Shift is a change of who belongs.
type Shift struct {
	Before, After *expression.Program `json:"-"` // nil is everybody
	// Enter and Leave count customers as they are today.
	Enter int64 `json:"enter"`
	Leave int64 `json:"leave"`
}

// Entering selects who belongs after and not before; Leaving the others.
func (s Shift) Entering() *expression.Program {
	return expression.And(s.After, expression.Not(s.Before))
}

// Leaving selects who belonged before and does not after.
func (s Shift) Leaving() *expression.Program {
	return expression.And(s.Before, expression.Not(s.After))
}

// None reports whether both mean the same.
func (d Difference) None() bool {
	return len(d.Settings)+len(d.Segments)+len(d.Campaigns)+len(d.Templates)+len(d.Tests) == 0
}

// Since says what is different from an earlier workspace; nil is one in which
// there was nothing.
func (w *Workspace) Since(before *Workspace) Difference {
	if before == nil {
		before = &Workspace{}
	}
	m := meanings{before, w}
	d := Difference{
		Settings:  changes(before.settings(), w.settings()),
		Segments:  revisions(before.Segments, w.Segments, m.segment),
		Templates: templateChanges(before.Files, w.Files),
		Tests:     revisions(byTitle(before.Tests), byTitle(w.Tests), testRevision),
	}
	d.Campaigns = revisions(before.Campaigns, w.Campaigns, func(before, after *Campaign) Revision {
		return m.campaign(before, after, d.Templates)
	})
	return d
}

// settings are what rapport.yaml says.
func (w *Workspace) settings() []fact {
	return w.facts(*w, "Segments", "Campaigns", "Templates", "Files", "Warnings", "Tests")
}

// meanings are two workspaces that are compared.
type meanings struct{ before, after *Workspace }

// revisions compares what two workspaces hold under the same names. Equal ones
// are left out.
func revisions[T any](before, after map[string]*T, since func(before, after *T) Revision) []Revision {
	list := []Revision{}
	names := maps.Clone(before)
	if names == nil {
		names = map[string]*T{}
	}
	maps.Copy(names, after)
	for _, id := range slices.Sorted(maps.Keys(names)) {
		r := since(before[id], after[id])
		r.ID = id
		switch {
		case before[id] == nil:
			r.Kind = Added
		case after[id] == nil:
			r.Kind = Removed
		case r.Kind == "" && len(r.Changes) == 0 && r.Audience == nil:
			continue
		case r.Kind == "":
			r.Kind = Changed
		}
		list = append(list, r)
	}
	return list
}

func (m meanings) segment(before, after *Segment) Revision {
	r := Revision{Changes: []Change{}}
	says := func(w *Workspace, s *Segment) []fact { return w.facts(*s, "ID", "Who", "File", "Line") }
	switch {
	case after == nil:
		r.Title = before.Title
	case before == nil:
		r.Title, r.Changes = after.Title, changes(nil, says(m.after, after))
	default:
		r.Title, r.Changes = after.Title, changes(says(m.before, before), says(m.after, after))
		r.Audience = shift(before.Who, after.Who)
	}
	return r
}

// byTitle is what tests say, by title. Those of one title count as one.
func byTitle(tests []Test) map[string]*string {
	said := map[string]*string{}
	for _, t := range tests {
		text := t.says
		if earlier := said[t.Title]; earlier != nil {
			text = *earlier + "\n" + text
		}
		said[t.Title] = &text
	}
	return said
}

// testRevision says only that a test is another: what it plays and expects is
// best read in its file.
func testRevision(before, after *string) Revision {
	r := Revision{Changes: []Change{}}
	if before != nil && after != nil && *before != *after {
		r.Kind = Changed
	}
	return r
}

// campaign says how a campaign differs from its earlier self.
func (m meanings) campaign(before, after *Campaign, templates []Change) Revision {
	r := Revision{Changes: []Change{}}
	switch {
	case after == nil:
		r.Title = before.Title
		return r
	case before == nil:
		r.Title, r.Changes = after.Title, append(changes(nil, m.after.campaignFacts(after)), m.steps(nil, after.Steps)...)
		return r
	}
	r.Title = after.Title
	r.Changes = append(changes(m.before.campaignFacts(before), m.after.campaignFacts(after)), m.steps(before.Steps, after.Steps)...)
	r.Audience = shift(before.Audience.Who, after.Audience.Who)
	for _, t := range templates {
		if leansOnFile(before.Steps, t.Part) || leansOnFile(after.Steps, t.Part) {
			r.Templates = append(r.Templates, t.Part)
		}
	}
	r.NewVersion = after.digest != before.digest
	switch {
	case len(r.Changes) > 0 || r.Audience != nil || len(r.Templates) > 0:
		r.Kind = Changed
	case r.NewVersion:
		r.Kind = Relies
	}
	return r
}

// campaignFacts are what a campaign says beside its steps.
func (w *Workspace) campaignFacts(c *Campaign) []fact {
	return w.facts(*c, "ID", "Steps", "Version", "File", "Line", "Who")
}

// shift is the change of an audience, nil where none is.
func shift(before, after *expression.Program) *Shift {
	if sourceOf(before) == sourceOf(after) {
		return nil
	}
	return &Shift{Before: before, After: after}
}

func sourceOf(p *expression.Program) string {
	if p == nil {
		return ""
	}
	return p.String()
}

// changes lists the parts that say something else, those that were first.
func changes(before, after []fact) []Change {
	list := []Change{}
	then, now := map[string]string{}, map[string]string{}
	for _, f := range after {
		now[f.part] = f.words
	}
	for _, f := range before {
		then[f.part] = f.words
		if now[f.part] != f.words {
			list = append(list, Change{f.part, f.words, now[f.part]})
		}
	}
	for _, f := range after {
		if _, said := then[f.part]; !said {
			list = append(list, Change{f.part, "", f.words})
		}
	}
	return list
}

// templateChanges lists the files under templates/ whose text changed.
func templateChanges(before, after map[string][]byte) []Change {
	list := []Change{}
	all := map[string]bool{}
	for _, files := range []map[string][]byte{before, after} {
		for file := range files {
			all[file] = all[file] || strings.HasPrefix(file, "templates/")
		}
	}
	for _, file := range slices.Sorted(maps.Keys(all)) {
		if !all[file] {
			continue
		}
		then, now := firstDifference(textLines(before[file]), textLines(after[file]))
		if then != now || (before[file] == nil) != (after[file] == nil) {
			list = append(list, Change{file, then, now})
		}
	}
	return list
}

// textLines are the lines of a file, without what ends them.
func textLines(content []byte) []string {
	lines := strings.Split(lineEnds.Replace(string(content)), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t")
	}
	return lines
}

// firstDifference is the first line that differs; both "" where none does.
func firstDifference(before, after []string) (then, now string) {
	before, after = trimmed(before), trimmed(after)
	for i := range max(len(before), len(after)) {
		then, now = at(before, i), at(after, i)
		if then != now {
			return cmp.Or(then, "(nothing)"), cmp.Or(now, "(nothing)")
		}
	}
	return "", ""
}

// trimmed leaves out blank lines at the end.
func trimmed(lines []string) []string {
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}
