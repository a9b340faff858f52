package campaigns

import (
	"bytes"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/templates"
)

// settingsFile is the one file every workspace has.
const settingsFile = "rapport.yaml"

// Load parses and checks the files of a workspace, given by slash path, and
// reports every mistake in all of them. The workspace holds what is sound: a
// segment or campaign with a mistake, or leaning on one that has, is left out.
// Its Warnings say what in the sound part is probably not meant as it is written.
func Load(files map[string][]byte) (*Workspace, []Problem) {
	return load(files, false, nil)
}

// LoadApplied reads the files of a workspace that was applied once, as Load does,
// but takes it for no mistake that a text names what may be missing. More of that
// is found with every version of the program, and whoever renders the text sees
// which message lacks it.
func LoadApplied(files map[string][]byte) (*Workspace, []Problem) {
	return load(files, true, nil)
}

func load(files map[string][]byte, applied bool, others []*Workspace) (*Workspace, []Problem) {
	r := &reader{
		files:   files,
		applied: applied,
		others:  others,
		workspace: &Workspace{
			Traits:    map[string]expression.Type{},
			Senders:   map[channels.Channel]SenderRule{},
			Prices:    map[channels.Channel]map[string]float64{},
			Segments:  map[string]*Segment{},
			Campaigns: map[string]*Campaign{},
			Files:     files,
		},
	}
	r.readSettings()
	r.readTemplates()
	r.readSegments()
	r.readCampaigns()
	r.readTests()
	r.checkTemplates()
	r.suspect()
	return r.workspace, r.sorted()
}

// reader reads the files of a workspace, one kind after the other, so that
// each can be checked against what it names: rapport.yaml, templates,
// segments, campaigns, tests.
type reader struct {
	findings
	files     map[string][]byte
	workspace *Workspace
	// applied says that this was in force already: no text in it is blamed for
	// naming what may be missing.
	applied bool
	// others are sound workspaces whose compiled templates may be used where they are
	// of the same files.
	others []*Workspace
	// settled says that rapport.yaml was read: what it does not name does not
	// exist. While it is not, nothing is reported as missing from it.
	settled  bool
	settings node
	// drafts are the segments as written, sound or not, in the order of files.
	drafts    map[string]*segmentDraft
	order     []string
	campaigns map[string]declaredCampaign
	handovers []handover
	circles   []string  // of handovers, told already
	scripted  []mention // events that the scripts of tests let happen
	written   []writtenExpression
	// unread says that a file with segments could not be read: what has no
	// segment may have one there.
	unread bool
	// campaignsUnread says the same of files with campaigns.
	campaignsUnread bool
	// silenced counts mistakes that are not reported because they may follow
	// from others. What has one is no more sound than with a reported one.
	silenced int
	// broken are the template files with mistakes of their own.
	broken map[string]bool
}

// mistakes counts what is wrong so far, reported or not.
func (r *reader) mistakes() int { return len(r.problems) + r.silenced }

// declaredCampaign is a campaign as it was read, sound or not.
type declaredCampaign struct {
	declaration
	campaign *Campaign
	root     node
	statuses map[string][]string // what steps.<id>.status may be
}

// declaration is where an id was given.
type declaration struct {
	file         string
	line, column int
}

// likeYAML finds the endings of files that were meant to be read: .YAML, .yaml.txt,
// .json.
var likeYAML = regexp.MustCompile(`(?i)\.(ya?ml(\.txt)?|json)$`)

// folder lists the YAML files of one folder of the workspace, and reports what
// looks like one and would be passed over.
func (r *reader) folder(name string) []string {
	var paths []string
	for file := range r.files {
		rest, inside := strings.CutPrefix(file, name+"/")
		if !inside {
			continue
		}
		switch {
		case path.Ext(file) == ".yml":
			r.passOver(name)
			r.add(Problem{File: file, Message: "files that end in .yml are not read", Mend: "rename it to " + strings.TrimSuffix(path.Base(file), ".yml") + ".yaml"})
		case path.Ext(file) != ".yaml" && likeYAML.MatchString(rest):
			r.passOver(name)
			right := likeYAML.ReplaceAllString(path.Base(file), "") + ".yaml"
			r.add(Problem{File: file, Message: "only files that end in .yaml are read", Mend: "rename it to " + right + ", or move it out of " + name + "/"})
		case path.Ext(file) != ".yaml":
		case strings.Contains(rest, "/"):
			r.passOver(name)
			r.add(Problem{File: file, Message: "folders inside " + name + "/ are not read", Mend: "move the file to " + name + "/" + path.Base(file)})
		default:
			paths = append(paths, file)
		}
	}
	slices.Sort(paths)
	return paths
}

// documents parses one file into the maps it holds.
func (r *reader) documents(file, want string) []node {
	before := len(r.problems)
	var maps []node
	for _, root := range documents(file, r.files[file], &r.findings) {
		if root.is(want, aMap) {
			maps = append(maps, root)
		}
	}
	if len(maps) == 0 && len(r.problems) > before {
		r.passOver(path.Dir(file))
	}
	return maps
}

// passOver notes that something in a folder could not be read.
func (r *reader) passOver(folder string) {
	r.unread = r.unread || folder == "segments"
	r.campaignsUnread = r.campaignsUnread || folder == "campaigns"
}

// readTemplates loads the templates, whose own mistakes they report themselves.
func (r *reader) readTemplates() {
	own := templateFiles(r.files)
	r.broken = map[string]bool{}
	if r.workspace.Templates = r.compiled(own); r.workspace.Templates != nil {
		return
	}
	library, problems := templates.Load(own, r.workspace.Locale)
	r.workspace.Templates = library
	for _, p := range problems {
		r.broken[p.File] = true
		r.add(Problem{File: p.File, Line: p.Line, Column: p.Column, Message: p.Message, Mend: p.Mend})
	}
}

// compiled are the templates of another workspace that has the same files, nil where
// none has.
func (r *reader) compiled(own map[string][]byte) *templates.Library {
	for _, other := range r.others {
		if other.Locale == r.workspace.Locale && maps.EqualFunc(own, templateFiles(other.Files), bytes.Equal) {
			return other.Templates
		}
	}
	return nil
}

func templateFiles(files map[string][]byte) map[string][]byte {
	own := map[string][]byte{}
	for file, content := range files {
		if strings.HasPrefix(file, "templates/") {
			own[file] = content
		}
	}
	return own
}

// scope is what every condition of the workspace may name.
func (r *reader) scope() expression.Scope {
	scope := expression.Scope{
		Traits:     r.workspace.Traits,
		Topics:     map[string]bool{},
		Segments:   map[string]*expression.Program{},
		MoneyScale: r.workspace.moneyScale(),
		Want:       expression.Bool,
	}
	for _, topic := range r.workspace.Topics {
		scope.Topics[topic.ID] = topic.In
	}
	for _, id := range r.segmentNames() {
		scope.Segments[id] = r.drafts[id].who // a broken one is nil and reported elsewhere
	}
	return scope
}

// moneyScale is how many minor units make one of the workspace's currency.
func (w *Workspace) moneyScale() int64 { return customers.MoneyScale(w.Currency) }

// expression compiles a condition or a formula; its mistakes are reported where
// they stand within the text.
func (r *reader) expression(n node, want string, scope expression.Scope) *expression.Program {
	if !n.is(want, aText, aFlag, aNumber) {
		return nil
	}
	source := n.raw()
	if strings.TrimSpace(source) == "" {
		n.problem(n.label+" is empty", "write "+want+", or remove the key")
		return nil
	}
	program, problems := expression.Compile(source, scope)
	for _, p := range problems {
		if !r.settled && leansOnSettings(source, p.Offset) || r.unread && namesSegment(source, p.Offset) {
			r.silenced++
			continue
		}
		line, column := n.within(p.Offset)
		n.src.problem(line, column, p.Message, p.Mend)
	}
	if program != nil {
		r.written = append(r.written, writtenExpression{n, program, scope.Want})
	}
	return program
}

// leansOnSettings reports whether what stands at an offset of a condition is
// declared by rapport.yaml: a trait, or the topic of a consent.
func leansOnSettings(source string, offset int) bool {
	before, after := source[:min(offset, len(source))], source[min(offset, len(source)):]
	return strings.HasPrefix(after, "traits") || strings.HasSuffix(before, "traits.") || strings.HasSuffix(before, "consent(")
}

// namesSegment reports whether a segment's name stands at an offset.
func namesSegment(source string, offset int) bool {
	return slices.ContainsFunc(expression.Segments(source), func(s expression.SegmentName) bool { return s.Offset == offset })
}
