package campaigns

import (
	"path"
	"slices"
	"strings"

	"rapport/campaigns/expression"
)

// segmentDraft is a segment as it is written, before it is known whether what
// it leans on exists.
type segmentDraft struct {
	id, title string
	at        declaration
	root      node
	where     node
	except    []reference
	sound     bool
	// condition is where compiled; who has the exceptions taken off, and is nil
	// for a segment with a mistake.
	condition, who *expression.Program
	visit          visit
}

// reference is a place that names a segment.
type reference struct {
	id     string
	node   node
	offset int // within the node's text
}

func (r reference) problem(message, mend string) {
	line, column := r.node.within(r.offset)
	r.node.src.problem(line, column, message, mend)
}

type visit int

const (
	unvisited visit = iota
	visiting
	visited
)

// readSegments reads every segment, then resolves them: each is compiled after
// those it leans on.
func (r *reader) readSegments() {
	r.drafts = map[string]*segmentDraft{}
	for _, file := range r.folder("segments") {
		for _, root := range r.documents(file, `a segment, which begins with "segment:"`) {
			r.readSegment(root)
		}
	}
	for _, id := range r.order {
		r.resolve(r.drafts[id], nil)
	}
}

func (r *reader) readSegment(root node) {
	before := r.mistakes()
	m := root.fields("")
	if m.has("campaign") && !m.has("segment") {
		root.problem("this is a campaign among the segments", "move it to a file in campaigns/")
		return
	}
	name := m.need("segment", `name it: "segment: lapsed-gold"`)
	draft := &segmentDraft{
		id:    name.id(),
		root:  root,
		title: m.get("title").text(),
		at:    declaration{name.src.file, name.line, name.column},
		where: m.need("where", "write who belongs: \"where: orders.count > 0\""),
	}
	for _, item := range m.get("except").items("other segments such as [open-complaint]") {
		if id := item.text(); id != "" {
			draft.except = append(draft.except, reference{id: id, node: item})
		}
	}
	m.end()
	draft.sound = r.mistakes() == before
	if first, twice := r.drafts[draft.id]; twice {
		r.duplicate("segment", draft.id, draft.at, first.at)
		draft.id = ""
	}
	if draft.id == "" { // nobody can name it; its condition is checked all the same
		draft.id, draft.sound = nameless+itoa(len(r.order)), false
	}
	r.drafts[draft.id] = draft
	r.order = append(r.order, draft.id)
}

// nameless begins the ids of segments that have none of their own.
const nameless = "\x00"

// duplicate reports an id that two files give. The file that is called so is
// taken for the older one, and otherwise the first.
func (r *reader) duplicate(what, id string, second, first declaration) {
	if path.Base(second.file) == id+".yaml" && second.file != first.file {
		second, first = first, second
	}
	r.add(Problem{
		File: second.file, Line: second.line, Column: second.column,
		Message: "there is another " + what + " " + quote(id) + " at " + first.file + ":" + itoa(first.line) + ":" + itoa(first.column),
		Mend:    "give one of them another name",
	})
}

// resolve compiles a segment after those it leans on. trail are the segments
// that led here; meeting one of them again is a cycle.
func (r *reader) resolve(s *segmentDraft, trail []string) {
	s.visit = visiting
	trail = append(slices.Clone(trail), s.id)
	for _, ref := range s.references() {
		other, known := r.drafts[ref.id]
		switch {
		case !known:
			// in_segment("…") is reported by the compiler, which knows the names.
		case other.visit == visiting:
			r.reportCycle(ref, trail)
			s.sound, other.sound = false, false
		case other.visit == unvisited:
			r.resolve(other, trail)
		}
		if known && !other.sound {
			s.sound = false
		}
	}
	s.visit = visited
	r.compile(s)
}

// compile makes the segment's condition out of its parts.
func (r *reader) compile(s *segmentDraft) {
	before := r.mistakes()
	s.condition = r.expression(s.where, "a condition such as orders.count > 0", r.scope())
	parts := []*expression.Program{s.condition}
	for _, ref := range s.except {
		if r.segmentKnown(ref) && r.drafts[ref.id].who != nil {
			parts = append(parts, expression.Not(r.drafts[ref.id].who))
		}
	}
	if s.sound = s.sound && r.mistakes() == before && s.condition != nil; !s.sound {
		return
	}
	s.who = expression.And(parts...)
	segment := &Segment{ID: s.id, Title: s.title, Where: s.condition, Who: s.who, File: s.at.file, Line: s.at.line}
	for _, ref := range s.except {
		segment.Except = append(segment.Except, ref.id)
	}
	r.workspace.Segments[s.id] = segment
}

// references lists the segments that this one leans on, with the places that
// name them. Whether they exist is for the compiler to say; here they tell the
// order to compile in.
func (s *segmentDraft) references() []reference {
	refs := slices.Clone(s.except)
	if s.where.kind() != aText {
		return refs
	}
	for _, named := range expression.Segments(s.where.raw()) {
		refs = append(refs, reference{named.ID, s.where, named.Offset})
	}
	return refs
}

func (r *reader) reportCycle(closing reference, trail []string) {
	trail = append(slices.Clone(trail[slices.Index(trail, closing.id):]), closing.id)
	message := "segments lean on each other in a circle: " + strings.Join(trail, " → ")
	if len(trail) == 2 {
		message = "the segment " + quote(closing.id) + " leans on itself"
	}
	closing.problem(message, "take one of these references out")
}

// segmentKnown reports whether a named segment exists, and tells the writer
// when it does not.
func (r *reader) segmentKnown(ref reference) bool {
	if _, known := r.drafts[ref.id]; known {
		return true
	}
	if r.unread {
		r.silenced++
		return false
	}
	ref.problem("there is no segment "+quote(ref.id), didYouMean(ref.id, r.segmentNames(), "write it in segments/, or take it out here"))
	return false
}

func (r *reader) segmentNames() []string {
	var names []string
	for id := range r.drafts {
		if !strings.HasPrefix(id, nameless) {
			names = append(names, id)
		}
	}
	slices.Sort(names)
	return names
}
