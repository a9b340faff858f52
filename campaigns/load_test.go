package campaigns

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// folderOf reads a workspace of testdata.
func folderOf(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	files, err := ReadFolder(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Every folder of testdata/bad holds a mistake, laid over a sound workspace,
// and what a marketer is told about it.
func TestMistakesAreReported(t *testing.T) {
	cases, err := os.ReadDir("testdata/bad")
	if err != nil {
		t.Fatal(err)
	}
	for _, mistake := range cases {
		t.Run(mistake.Name(), func(t *testing.T) {
			dir := filepath.Join("testdata/bad", mistake.Name())
			files := folderOf(t, "testdata/sound")
			maps.Copy(files, folderOf(t, dir))
			_, problems := Load(files)
			if len(problems) == 0 {
				t.Error("no mistake was found")
			}
			var got bytes.Buffer
			if err := WriteProblems(&got, problems, "text"); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join(dir, "problems.txt"), got.Bytes())
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// workspace is the sound workspace with some files laid over it.
func workspace(t testing.TB, over map[string]string) map[string][]byte {
	t.Helper()
	files := folderOf(t, "testdata/sound")
	for file, text := range over {
		files[file] = []byte(text)
	}
	return files
}

func TestSoundPartsOfABrokenWorkspaceAreKept(t *testing.T) {
	const steps = "topic: service\ntrigger: {event: Order Delivered}\nsteps:\n  - sms: "
	w, problems := Load(workspace(t, map[string]string{
		"segments/s.yaml":              "segment: broken\nwhere: orders.cuont > 1\n---\nsegment: leaning\nwhere: orders.count > 1\nexcept: [broken]\n---\nsegment: sound\nwhere: orders.count > 2\n",
		"campaigns/broken.yaml":        "campaign: broken\nstate: on\n" + steps + "welcome\n",
		"campaigns/leaning.yaml":       "campaign: leaning\naudience: {segment: leaning}\n" + steps + "welcome\n",
		"campaigns/template.yaml":      "campaign: template\n" + steps + "shipped\n",
		"campaigns/sound.yaml":         "campaign: sound\naudience: {segment: sound}\n" + steps + "welcome\n",
		"campaigns/syntax.yaml":        "campaign: \"syntax\n",
		"templates/sms/shipped.liquid": "{% endless %}\n",
	}))
	if len(problems) != 4 {
		t.Errorf("%d problems, want the four mistakes: %v", len(problems), problems)
	}
	same(t, "segments", []string{"buyers", "sound"}, slices.Sorted(maps.Keys(w.Segments)))
	same(t, "campaigns", []string{"sound", "welcome"}, slices.Sorted(maps.Keys(w.Campaigns)))
}

func TestWorkspaceWithoutSettings(t *testing.T) {
	files := workspace(t, map[string]string{"segments/s.yaml": "segment: s\nwhere: traits.vip and consent(\"marketing\", \"sms\") and orders.cuont > 1\n"})
	delete(files, settingsFile)
	_, problems := Load(files)
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	same(t, "problems: what rapport.yaml would declare is not held against other files", []string{
		`rapport.yaml:1:1: there is no rapport.yaml, which every workspace has; write one with at least "workspace:", "locale:", "zone:" and "currency:"`,
		`segments/s.yaml:2:55: there is no field orders.cuont; write orders.count`,
	}, got)
}

// A part that leans on what could not be read would mean something else
// without it, such as everybody: it is left out, though nothing is reported
// about it.
func TestWhatLeansOnTheUnreadIsLeftOut(t *testing.T) {
	const steps = "topic: service\ntrigger: {event: Order Delivered}\nsteps:\n  - tag: +seen\n"
	w, problems := Load(workspace(t, map[string]string{
		"segments/unread.yaml":    "segment: \"unread\n",
		"segments/s.yaml":         "segment: s\nwhere: in_segment(\"unread\")\n---\nsegment: t\nwhere: orders.count > 1\nexcept: [unread]\n",
		"campaigns/trigger.yaml":  "campaign: trigger\ntopic: service\ntrigger: {segment: unread}\nsteps:\n  - tag: +seen\n",
		"campaigns/audience.yaml": "campaign: audience\naudience: {segment: unread}\n" + steps,
		"campaigns/except.yaml":   "campaign: except\naudience: {except: [unread]}\n" + steps,
		"campaigns/where.yaml":    "campaign: where\naudience: {where: 'in_segment(\"unread\")'}\n" + steps,
		"campaigns/through.yaml":  "campaign: through\naudience: {where: 'in_segment(\"t\")'}\n" + steps,
	}))
	if len(problems) != 1 {
		t.Errorf("%d problems, want the one that causes all: %v", len(problems), problems)
	}
	same(t, "segments", []string{"buyers"}, slices.Sorted(maps.Keys(w.Segments)))
	same(t, "campaigns", []string{"welcome"}, slices.Sorted(maps.Keys(w.Campaigns)))
}

// The order in which files come out of a map changes nothing.
func TestLoadIsDeterministic(t *testing.T) {
	for _, dir := range []string{"testdata/good", "testdata/bad/segment-cycle", "testdata/bad/bad-settings"} {
		files := folderOf(t, dir)
		_, first := Load(files)
		for range 10 {
			_, again := Load(maps.Clone(files))
			same(t, dir, first, again)
		}
	}
}
