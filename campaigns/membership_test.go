package campaigns

import (
	"slices"
	"strings"
	"testing"

	"rapport/customers"
)

// segments is a shop's workspace with some segments, read from a file.
func segments(t *testing.T, text string) *Workspace {
	t.Helper()
	workspace, problems := Load(map[string][]byte{
		"rapport.yaml": []byte("workspace: shop\nbrand: {name: Shop, url: \"https://shop.example\", address: \"1 High Street\"}\nlocale: en\nzone: Europe/Berlin\ncurrency: EUR\n" +
			"topics: [{id: service, title: Service, default: in}]\nsenders: {email: {from: \"Shop <hello@shop.example>\"}}\n"),
		"segments/s.yaml": []byte(text),
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return workspace
}

const gold = "segment: gold\nwhere: tier == \"gold\"\n---\nsegment: rich\nwhere: in_segment(\"gold\") or points.balance > 10\n---\n" +
	"segment: open\nwhere: cases.open > 0\n---\nsegment: happy\nwhere: orders.count > 0\nexcept: [open]\n"

// What a segment means is its condition and those of the segments it leans on,
// not its title, layout or place.
func TestTheMeaningOfASegmentIsItsWholeCondition(t *testing.T) {
	before := segments(t, gold)
	for name, k := range map[string]struct {
		from, to string
		changes  []string
	}{
		"a title":          {"segment: gold\n", "segment: gold\ntitle: Best\n", nil},
		"its condition":    {"> 10", "> 11", []string{"rich"}},
		"one it leans on":  {`"gold"` + "\n", `"golden"` + "\n", []string{"gold", "rich"}},
		"one it takes off": {"cases.open > 0", "cases.open > 1", []string{"open", "happy"}},
	} {
		after := segments(t, replaceOnce(t, gold, k.from, k.to))
		for _, id := range []string{"gold", "rich", "open", "happy"} {
			if changed := before.Meaning(id) != after.Meaning(id); changed != slices.Contains(k.changes, id) {
				t.Errorf("%s: the meaning of %s changed: %v", name, id, changed)
			}
		}
	}
}

// Who never said a word belongs by the topic's default: another default is another
// condition.
func TestTheMeaningOfASegmentFollowsTheDefaultOfItsTopics(t *testing.T) {
	meanings := func(service string) (all []string) {
		workspace, problems := Load(map[string][]byte{
			"rapport.yaml": []byte("workspace: shop\nlocale: en\nzone: Europe/Berlin\ncurrency: EUR\n" +
				"topics: [{id: service, title: Service, default: " + service + "}, {id: news, title: News, default: out}]\n"),
			"segments/s.yaml": []byte("segment: told\nwhere: consent(\"service\", \"sms\")\n---\nsegment: through\nwhere: in_segment(\"told\") and tier == \"gold\"\n---\n" +
				"segment: keen\nwhere: consent(\"news\", \"sms\")\n---\nsegment: gold\nwhere: tier == \"gold\"\n"),
		})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		for _, id := range []string{"told", "through", "keen", "gold"} {
			all = append(all, workspace.Meaning(id))
		}
		return all
	}
	in, out := meanings("in"), meanings("out")
	for i, changes := range []bool{true, true, false, false} {
		if changed := in[i] != out[i]; changed != changes {
			t.Errorf("segment %d: its meaning changed: %v, want %v", i, changed, changes)
		}
	}
}

func TestAChangeBeginsTheJourneysThatWaitForIt(t *testing.T) {
	w := segments(t, gold)
	coming := &Campaign{ID: "coming", State: Live, Trigger: Trigger{Kind: OnSegment, Segment: "gold", On: Entering}}
	leaving := &Campaign{ID: "leaving", State: Live, Trigger: Trigger{Kind: OnSegment, Segment: "gold", On: Leaving}}
	paused := &Campaign{ID: "paused", State: Paused, Trigger: Trigger{Kind: OnSegment, Segment: "rich", On: Entering}}
	draft := &Campaign{ID: "draft", State: Draft, Trigger: Trigger{Kind: OnSegment, Segment: "open", On: Entering}}
	w.Campaigns = map[string]*Campaign{"coming": coming, "leaving": leaving, "paused": paused, "draft": draft}
	if watched := w.Watched(); !slices.Equal(watched, []string{"gold", "rich"}) {
		t.Errorf("watched are %v", watched)
	}
	begun := w.Begun("gold", []MemberChange{{ann(), Entering}, {&customers.Customer{ID: "c2"}, Leaving}}, nil, noon)
	if len(begun) != 2 || begun[0].Entry.Campaign != "coming" || begun[0].Entry.Customer != "c1" || begun[1].Entry.Campaign != "leaving" || begun[1].Entry.Customer != "c2" {
		t.Errorf("begun are %+v", begun)
	}
	if again := w.Begun("rich", []MemberChange{{ann(), Entering}}, nil, noon); len(again) != 0 {
		t.Errorf("a paused campaign lets in %+v", again)
	}
}

func replaceOnce(t *testing.T, text, from, to string) string {
	t.Helper()
	if strings.Count(text, from) != 1 {
		t.Fatalf("%q stands %d times in the text", from, strings.Count(text, from))
	}
	return strings.Replace(text, from, to, 1)
}
