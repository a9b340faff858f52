package campaigns

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"time"

	"rapport/campaigns/expression"
	"rapport/customers"
)

// SegmentParts is into how many parts the customers are divided when a segment's
// members are compared.
const SegmentParts = 16

// SegmentPart is one part of the customers of a watched segment.
type SegmentPart struct {
	Segment string
	Number  int // 0 to SegmentParts-1
}

// Look is how one part of a segment is looked at.
type Look struct {
	Part SegmentPart
	// Meaning identifies the condition (Workspace.Meaning). Members who go by
	// another are no baseline to compare with.
	Meaning string
	// Where is SQL over customers aliased c, with its Args.
	Where string
	Args  []any
	// Counts are the did() counts that Begin needs.
	Counts []expression.Count
	// Begin says which journeys changes begin, by the counts of their customers.
	Begin func(changes []MemberChange, counts map[string]map[string]int64) []NewEntry
}

// MemberChange is a customer who came into a segment or left it.
type MemberChange struct {
	Customer *customers.Customer
	Change   SegmentChange
}

// Memberships remembers who belongs to the segments that triggers watch.
type Memberships interface {
	// Compare finds who came and who left since the part was last looked at and
	// writes, in one transaction, the new membership and the journeys that Begin
	// makes of it. Seen for the first time, or with another meaning, the members
	// of the moment are written down as they are. It takes up to limit changes
	// and returns how many it took. Where nothing changed it asks once and
	// writes nothing.
	Compare(ctx context.Context, look Look, limit int, now time.Time) (changes int, err error)
	// Forget drops what is remembered of all segments but those named.
	Forget(ctx context.Context, watched []string) error
}

// Watched lists the segments whose members the workspace's triggers wait for,
// sorted. A campaign that is paused watches too, so that whoever comes meanwhile
// is not taken for a newcomer when it goes on.
func (w *Workspace) Watched() []string {
	var watched []string
	for _, c := range w.Campaigns {
		if c.Trigger.Kind == OnSegment && (c.State == Live || c.State == Paused) && w.Segments[c.Trigger.Segment] != nil {
			watched = append(watched, c.Trigger.Segment)
		}
	}
	slices.Sort(watched)
	return slices.Compact(watched)
}

// watching lists the live campaigns that wait for changes of a segment, by id.
func (w *Workspace) watching(segment string) []*Campaign {
	var watching []*Campaign
	for _, c := range w.Campaigns {
		if c.Trigger.Kind == OnSegment && c.State == Live && c.Trigger.Segment == segment {
			watching = append(watching, c)
		}
	}
	slices.SortFunc(watching, func(a, b *Campaign) int { return cmp.Compare(a.ID, b.ID) })
	return watching
}

// Meaning identifies what a segment's condition says, that of the segments it
// leans on and the consent that topics begin with included, in hexadecimal.
func (w *Workspace) Meaning(segment string) string {
	sum := sha256.New()
	next, seen := []string{segment}, map[string]bool{}
	for len(next) > 0 {
		id := next[0]
		next = next[1:]
		s := w.Segments[id]
		if s == nil || seen[id] {
			continue
		}
		seen[id] = true
		writeSized(sum, []byte(s.Who.String()))
		next = append(next, s.Who.Segments()...)
	}
	if s := w.Segments[segment]; s != nil {
		for _, topic := range s.Who.Topics() {
			if w.inByDefault(topic) {
				writeSized(sum, []byte("in by default: "+topic))
			}
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Begun are the journeys that changes of a segment's members begin at now.
func (w *Workspace) Begun(segment string, changes []MemberChange, counts map[string]map[string]int64, now time.Time) []NewEntry {
	var begun []NewEntry
	for _, c := range w.watching(segment) {
		for _, change := range changes {
			cause := "segment:" + segment + ":" + string(change.Change) + ":" + strconv.FormatInt(now.UnixMilli(), 10)
			if entry, begins := w.EntryBySegment(c, segment, change.Change, cause, change.Customer, counts[change.Customer.ID], now); begins {
				begun = append(begun, NewEntry{Entry: entry, Again: c.Entry.Again})
			}
		}
	}
	return begun
}

// WatchCounts lists the did() counts that the campaigns which watch a segment
// ask about.
func (w *Workspace) WatchCounts(segment string) []expression.Count {
	var counts []expression.Count
	for _, c := range w.watching(segment) {
		for _, count := range c.Counts() {
			if !slices.Contains(counts, count) {
				counts = append(counts, count)
			}
		}
	}
	return counts
}
