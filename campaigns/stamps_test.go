package campaigns

import (
	"strings"
	"testing"
)

const stamped = `campaign: welcome
topic: service
state: live
trigger: {event: Signed Up}
audience: {where: 'in_segment("buyers")'}
steps:
  - email: welcome
`

func stampsOf(t *testing.T, over map[string]string) map[string]Stamp {
	t.Helper()
	w, problems := Load(workspace(t, over))
	for _, p := range problems {
		t.Error(p)
	}
	stamps := map[string]Stamp{}
	for _, stamp := range w.Stamps() {
		stamps[stamp.Campaign] = stamp
	}
	return stamps
}

// A campaign is another one when its meaning changes, and only then.
func TestStampsFollowTheMeaning(t *testing.T) {
	base := map[string]string{
		"campaigns/welcome.yaml":  stamped,
		"campaigns/other.yaml":    "campaign: other\ntrigger: {manual: true}\nsteps: [{tag: +seen}]\n",
		"segments/buyers.yaml":    "segment: buyers\nwhere: orders.count > 0\nexcept: [staff]\n---\nsegment: staff\nwhere: kind == \"staff\"\n---\nsegment: idle\nwhere: orders.count == 0\n",
		"templates/sms/hi.liquid": "Hi\n",
	}
	before := stampsOf(t, base)["welcome"]
	tests := map[string]struct {
		file, old, new string
		changes        bool
	}{
		"a comment":               {"campaigns/welcome.yaml", "state:", "# why\nstate:", false},
		"layout and quotes":       {"campaigns/welcome.yaml", "steps:\n  - email: welcome", "steps: [{email: \"welcome\"}]", false},
		"the state":               {"campaigns/welcome.yaml", "live", "paused", false},
		"a step":                  {"campaigns/welcome.yaml", "steps:", "steps:\n  - wait: 1d", true},
		"its segment":             {"segments/buyers.yaml", "orders.count > 0", "orders.count > 1", true},
		"a segment's exception":   {"segments/buyers.yaml", `"staff"`, `"crew"`, true},
		"somebody else's segment": {"segments/buyers.yaml", "orders.count == 0", "orders.count < 1", false},
		"its template":            {"templates/email/welcome.liquid", "Hello", "Hi", true},
		"somebody else's":         {"templates/sms/hi.liquid", "Hi", "Hello", false},
		"another campaign":        {"campaigns/other.yaml", "+seen", "+noticed", false},
		"the workspace's policy":  {"rapport.yaml", "zone: Europe/Berlin", "zone: Europe/Vienna", true},
	}
	sound := folderOf(t, "testdata/sound")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			over := map[string]string{}
			for file, text := range base {
				over[file] = text
			}
			text, laidOver := base[test.file]
			if !laidOver {
				text = string(sound[test.file])
			}
			if over[test.file] = strings.Replace(text, test.old, test.new, 1); over[test.file] == text {
				t.Fatalf("%s holds no %q", test.file, test.old)
			}
			after := stampsOf(t, over)["welcome"]
			if changed := after.Digest != before.Digest; changed != test.changes {
				t.Errorf("changed: %v, want %v", changed, test.changes)
			}
		})
	}
	if before.State != Live {
		t.Errorf("the stamp's state is %s", before.State)
	}
}

func TestStampsFollowTheSegmentThatIsWatched(t *testing.T) {
	over := map[string]string{
		"campaigns/welcome.yaml": "campaign: welcome\ntrigger: {segment: idle}\nsteps: [{enter: other}]\n",
		"campaigns/other.yaml":   "campaign: other\ntrigger: {manual: true}\nsteps: [{tag: +seen}]\n",
		"segments/idle.yaml":     "segment: idle\nwhere: orders.count == 0\n",
	}
	before := stampsOf(t, over)["welcome"]
	over["campaigns/other.yaml"] = strings.Replace(over["campaigns/other.yaml"], "+seen", "+noticed", 1)
	if stampsOf(t, over)["welcome"].Digest != before.Digest {
		t.Error("a campaign is another one when one that it enters changes")
	}
	over["segments/idle.yaml"] = "segment: idle\nwhere: orders.count < 2\n"
	if stampsOf(t, over)["welcome"].Digest == before.Digest {
		t.Error("a campaign is the same although the segment it waits for changed")
	}
}

func TestDigestTellsFilesApart(t *testing.T) {
	sets := []map[string][]byte{
		{}, {"a": nil}, {"a": []byte("b")}, {"ab": nil}, {"a": []byte("b"), "c": nil}, {"a": nil, "bc": nil}, {"a": []byte("bc")},
	}
	seen := map[string]int{}
	for i, files := range sets {
		digest := Digest(files)
		if other, twice := seen[digest]; twice {
			t.Errorf("%v and %v have one digest", files, sets[other])
		}
		seen[digest] = i
		if digest != Digest(files) {
			t.Errorf("%v has two digests", files)
		}
	}
}
