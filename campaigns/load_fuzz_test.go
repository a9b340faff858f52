package campaigns

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rapport/customers"
	"rapport/trust/bounds"
)

// seeds are the workspaces of testdata, sound and broken, each as one text for
// every kind of file.
func seeds(f *testing.F) {
	for _, group := range []string{"testdata/good", "testdata/sound", "testdata/bad/*", "testdata/suspicious/*"} {
		dirs, err := filepath.Glob(group)
		if err != nil || len(dirs) == 0 {
			f.Fatal(group, err)
		}
		for _, dir := range dirs {
			files, err := ReadFolder(os.DirFS(dir))
			if err != nil {
				continue // a mistake of the folder itself
			}
			f.Add(joinedFiles(files, settingsFile), joinedFiles(files, "segments/"), joinedFiles(files, "campaigns/"), joinedFiles(files, "templates/sms/"), joinedFiles(files, "tests/"))
		}
	}
}

func joinedFiles(files map[string][]byte, prefix string) string {
	var texts []string
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(file, prefix) {
			texts = append(texts, string(files[file]))
		}
	}
	return strings.Join(texts, "\n---\n")
}

// Whatever stands in the files, every mistake has a place and words, and what is
// taken as sound can be walked and explained.
func FuzzLoad(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, settings, segments, campaigns, template, tests string) {
		defer bounds.Watch(t)()
		w, problems := Load(map[string][]byte{
			settingsFile: []byte(settings), "segments/s.yaml": []byte(segments),
			"campaigns/c.yaml": []byte(campaigns), "templates/sms/t.liquid": []byte(template), "tests/t.yaml": []byte(tests),
		})
		for _, p := range append(problems, w.Warnings...) {
			if p.File == "" || p.Line < 1 || p.Column < 1 || p.Message == "" || p.Severity == "" {
				t.Errorf("a problem without a place or words: %+v", p)
			}
		}
		for id, c := range w.Campaigns {
			if id == "" || c.Trigger.Kind == "" || c.digest == "" {
				t.Errorf("campaign %q was taken: %+v", id, c)
			}
			walkFirst(t, w, c)
		}
	})
}

// walkFirst takes the first walk of a journey as far as it goes.
func walkFirst(t *testing.T, w *Workspace, c *Campaign) {
	who := Traveller{Entry: c.Begin(ann(), "manual:1", nil, noon), Customer: ann(), Share: 1, News: []customers.Event{order(1, 0, 20)}}
	move := w.Advance(c, who, noon)
	if e := move.Entry; e.State == Running && e.Position != "" && c.StepAt(e.Position) == nil {
		t.Errorf("campaign %s stands at step %q, which is not there", c.ID, e.Position)
	}
	everyStep(c.Steps, func(step *Step) {
		if step.describe() == "" {
			t.Errorf("step %s of %s cannot be told", step.Path, c.ID)
		}
		if step.Kind == StepEnter && step.Enter == c.ID {
			t.Errorf("campaign %s enters itself", c.ID)
		}
	})
	if reports := w.Explain(c, onward(who, move), noon); len(reports) == 0 && len(c.Steps) > 0 {
		t.Errorf("campaign %s cannot be explained", c.ID)
	}
}
