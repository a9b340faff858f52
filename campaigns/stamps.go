package campaigns

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"rapport/campaigns/expression"
	"rapport/channels"
)

// Stamps identifies each campaign by what it means: its own words and those it
// leans on (rapport.yaml, segments, templates), comments and layout aside. Its
// state is no part of that; pausing a campaign does not make it another.
func (w *Workspace) Stamps() []Stamp {
	var stamps []Stamp
	for _, id := range slices.Sorted(maps.Keys(w.Campaigns)) {
		campaign := w.Campaigns[id]
		stamp := Stamp{Campaign: id, Digest: campaign.digest, State: campaign.State, Schedule: w.schedule(campaign), Holdout: campaign.Holdout}
		if goal := campaign.Goal; goal != nil {
			stamp.GoalEvent, stamp.GoalWithin = goal.Event, goal.Within
		}
		stamps = append(stamps, stamp)
	}
	return stamps
}

// meaning is the digest of a campaign and of everything it leans on.
func (c *campaignReader) meaning(root node) string {
	sum := sha256.New()
	canonical(sum, c.settings.value)
	canonical(sum, root.value, "state")
	for _, id := range c.leansOn(root) {
		canonical(sum, c.drafts[id].root.value)
	}
	for _, file := range c.templateFiles() {
		writeSized(sum, []byte(file))
		writeSized(sum, c.files[file])
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// canonical writes the meaning of a YAML value, without its comments, layout
// and ways of quoting, and without the keys to leave out.
func canonical(w hash.Hash, value ast.Node, leaveOut ...string) {
	switch v := value.(type) {
	case nil:
		fmt.Fprint(w, "~")
	case *ast.MappingNode:
		fmt.Fprint(w, "{")
		for _, pair := range v.Values {
			if key := pair.Key.GetToken().Value; !slices.Contains(leaveOut, key) {
				writeSized(w, []byte(key))
				canonical(w, pair.Value)
			}
		}
		fmt.Fprint(w, "}")
	case *ast.SequenceNode:
		fmt.Fprintf(w, "[%d", len(v.Values))
		for _, item := range v.Values {
			canonical(w, item)
		}
	default:
		n := node{value: value}
		fmt.Fprintf(w, "%d", n.kind())
		writeSized(w, []byte(n.raw()))
	}
}

// leansOn lists the segments that a campaign names, and those that these name
// in turn.
func (c *campaignReader) leansOn(root node) []string {
	var found []string
	audience := c.campaign.Audience
	next := append(slices.Clone(audience.Except), audience.Segment, c.campaign.Trigger.Segment)
	eachText(root.value, func(text string) {
		if strings.Contains(text, "in_segment") {
			for _, named := range expression.Segments(text) {
				next = append(next, named.ID)
			}
		}
	})
	for len(next) > 0 {
		id := next[0]
		next = next[1:]
		draft, known := c.drafts[id]
		if !known || slices.Contains(found, id) {
			continue
		}
		found = append(found, id)
		for _, ref := range draft.references() {
			next = append(next, ref.id)
		}
	}
	slices.Sort(found)
	return found
}

func eachText(value ast.Node, visit func(string)) {
	switch v := value.(type) {
	case *ast.MappingNode:
		for _, pair := range v.Values {
			eachText(pair.Value, visit)
		}
	case *ast.SequenceNode:
		for _, item := range v.Values {
			eachText(item, visit)
		}
	default:
		visit(node{value: value}.raw())
	}
}

// templateFiles lists the files of the campaign's templates, and those that
// templates share.
func (c *campaignReader) templateFiles() []string {
	var files []string
	for file := range c.files {
		if strings.HasPrefix(file, "templates/") && leansOnFile(c.campaign.Steps, file) {
			files = append(files, file)
		}
	}
	slices.Sort(files)
	return files
}

// leansOnFile reports whether messages are made of a file of templates/. What
// stands beside the channels' folders (layouts) counts for all.
func leansOnFile(steps []Step, file string) bool {
	folder, _, _ := strings.Cut(strings.TrimPrefix(file, "templates/"), "/")
	return !channels.Channel(folder).Valid() || usesFile(steps, file)
}

func usesFile(steps []Step, file string) bool {
	return slices.ContainsFunc(steps, func(step Step) bool {
		if step.Send != nil && slices.ContainsFunc(step.Send.By, func(ch channels.Channel) bool {
			return isTemplate(file, "templates/"+string(ch)+"/"+step.Send.Template)
		}) {
			return true
		}
		return slices.ContainsFunc(step.Branch, func(b Branch) bool { return usesFile(b.Steps, file) })
	})
}

// Stamp identifies one campaign of a workspace by its content.
type Stamp struct {
	Campaign string
	Digest   string
	State    State
	// Schedule is when it runs by the clock, and by which clock; "" where it is no
	// broadcast.
	Schedule string
	// GoalEvent is what the campaign is for, within GoalWithin of entering; ""
	// where it has no goal.
	GoalEvent  string
	GoalWithin time.Duration
	// Holdout is the share that it keeps out of contact.
	Holdout float64
}
