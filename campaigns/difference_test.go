package campaigns

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sampleShop is the shop that comes with the program.
func sampleShop(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := ReadFolder(os.DirFS("examples/shop"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// lines is a difference as the tests read it.
func (d Difference) lines() []string {
	var lines []string
	note := func(of string, changes []Change) {
		for _, c := range changes {
			lines = append(lines, fmt.Sprintf("%s: %s: %s → %s", of, c.Part, c.Before, c.After))
		}
	}
	note("settings", d.Settings)
	for _, list := range [][]Revision{d.Segments, d.Campaigns, d.Tests} {
		for _, r := range list {
			if r.Kind != Relies {
				lines = append(lines, r.ID+" "+string(r.Kind))
			}
			note(r.ID, r.Changes)
			if r.Audience != nil {
				lines = append(lines, r.ID+" has another audience")
			}
			for _, file := range r.Templates {
				lines = append(lines, r.ID+" is made of "+file)
			}
		}
	}
	note("templates", d.Templates)
	return lines
}

// TestDifferencesAreToldByPart edits the sample shop and looks at what is said.
func TestDifferencesAreToldByPart(t *testing.T) {
	const (
		advent   = "campaigns/advent-sale.yaml"
		delivery = "campaigns/after-delivery.yaml"
		welcome  = "campaigns/welcome.yaml"
	)
	for name, c := range map[string]struct {
		file, from, to string
		want           []string
	}{
		"a comment":            {advent, "owner: marketing", "owner: marketing   # they know", nil},
		"other quotes":         {advent, `once: "2026-12-05 10:00"`, `once: '2026-12-05 10:00'`, nil},
		"what holds anyway":    {welcome, "state: live", "state: live\npriority: 50", nil},
		"blanks in a template": {"templates/sms/apology.liquid", "\n", "  \n\n\n", nil},
		"trigger":              {advent, "2026-12-05 10:00", "2026-12-06 10:00", []string{"advent-sale changed", "advent-sale: trigger.once: 2026-12-05 10:00 → 2026-12-06 10:00"}},
		"state":                {advent, "state: live", "state: paused", []string{"advent-sale changed", "advent-sale: state: live → paused"}},
		"budget":               {advent, "40 EUR per 1d", "45.50 EUR per 2d", []string{"advent-sale changed", "advent-sale: budget: 40.00 EUR per 1d → 45.50 EUR per 2d"}},
		"audience": {advent, "orders.count >= 1 and", "orders.count >= 2 and", []string{
			"advent-sale changed",
			`advent-sale: audience.where: orders.count >= 1 and (consent("marketing", "email") or consent("marketing", "sms")) → orders.count >= 2 and (consent("marketing", "email") or consent("marketing", "sms"))`,
			"advent-sale has another audience",
		}},
		"a step deep inside": {advent, "- wait: 2d", "- wait: 3d", []string{"advent-sale changed", "advent-sale: step 0.0.1 (wait 3d) wait: 2d → 3d"}},
		"a step put in": {welcome, "  - wait: {until", "  - tag: [+new]\n  - wait: {until", []string{
			"welcome changed", "welcome: step 1:  → tag +new",
		}},
		"a step taken out": {welcome, "          - wait: 2d\n", "", []string{"welcome changed", "welcome: step 2.1.0: wait 2d → "}},
		"a step of another kind": {welcome, "- wait: {until: \"10:00\", days: weekdays}", "- tag: [+new]", []string{
			"welcome changed", "welcome: step 1: wait until 10:00 → tag +new",
		}},
		"an arm's condition": {welcome, `if: reachable("push")`, `if: reachable("email")`, []string{
			"welcome changed", `welcome: step 2 arm 1 if: reachable("push") → reachable("email")`,
		}},
		"an option of a step": {delivery, "every: 4h", "every: 5h", []string{"after-delivery changed", "after-delivery: step 1 (ask csat by call) send.retry.every: 4h → 5h"}},
		"entry":               {welcome, "again: never", "again: after 30d", []string{"welcome changed", "welcome: entry.again.mode: never → after", "welcome: entry.again.after:  → 30d"}},
		"exit":                {welcome, "event: Account Closed", "event: Left", []string{"welcome changed", "welcome: exits 1.event: Account Closed → Left"}},
		"words": {"templates/sms/advent-reminder.liquid", "15%", "20%", []string{
			"advent-sale changed", "advent-sale is made of templates/sms/advent-reminder.liquid",
			"templates: templates/sms/advent-reminder.liquid: {{ brand.name }}: 15% off everything that keeps, until Sunday. lindenhof.example/advent Reply STOP to stop. → {{ brand.name }}: 20% off everything that keeps, until Sunday. lindenhof.example/advent Reply STOP to stop.",
		}},
		"a test that moved": {"tests/after-delivery.yaml", "test:", "# what follows is about calls\n\ntest:", nil},
		"a test":            {"tests/after-delivery.yaml", "start: 2026-12-01", "start: 2026-11-30", []string{"an unhappy customer gets a case and an apology, and no offer changed"}},
		"a test's title": {"tests/after-delivery.yaml", "an unhappy customer gets", "an angry customer gets", []string{
			"an angry customer gets a case and an apology, and no offer added", "an unhappy customer gets a case and an apology, and no offer removed",
		}},
		"settings": {"rapport.yaml", "locale: en", "locale: de", []string{
			"settings: locale: en → de",
			"settings: topics 1.title: About your orders → Rund um Ihre Bestellungen",
			"settings: topics 2.title: Offers and news → Angebote und Neues",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			files := sampleShop(t)
			before, problems := Load(maps.Clone(files))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			text := string(files[c.file])
			if !strings.Contains(text, c.from) {
				t.Fatalf("%s holds no %q:\n%s", c.file, c.from, text)
			}
			files[c.file] = []byte(strings.Replace(text, c.from, c.to, 1))
			after, problems := Load(files)
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(c.want, after.Since(before).lines()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestASegmentsChangeReachesWhoeverNamesIt(t *testing.T) {
	files := sampleShop(t)
	before, _ := Load(maps.Clone(files))
	files["segments/segments.yaml"] = []byte(strings.Replace(string(files["segments/segments.yaml"]), "cases.open > 0", "cases.open > 1", 1))
	after, _ := Load(files)
	d := after.Since(before)
	var changed []string
	for _, r := range d.Campaigns {
		if r.Audience != nil && r.NewVersion {
			changed = append(changed, r.ID)
		}
	}
	if len(d.Segments) == 0 || len(changed) == 0 || len(changed) == len(after.Campaigns) {
		t.Errorf("segments %v, campaigns %v", d.Segments, changed)
	}
}

func TestWhatIsAddedAndRemovedIsTold(t *testing.T) {
	files := sampleShop(t)
	whole, _ := Load(maps.Clone(files))
	delete(files, "campaigns/welcome.yaml")
	less, _ := Load(files)
	if d := less.Since(whole); len(d.Campaigns) != 1 || d.Campaigns[0].Kind != Removed {
		t.Errorf("removed: %+v", d.Campaigns)
	}
	d := whole.Since(less)
	if len(d.Campaigns) != 1 || d.Campaigns[0].Kind != Added || len(d.Campaigns[0].Changes) == 0 {
		t.Errorf("added: %+v", d.Campaigns)
	}
	if !whole.Since(whole).None() || whole.Since(nil).None() {
		t.Error("a workspace differs from itself, or not from nothing")
	}
}

// TestAWebhooksSecretIsNotTold: what follows the host of an address may be one.
func TestAWebhooksSecretIsNotTold(t *testing.T) {
	w := &Workspace{}
	hook := func(url string) []Step {
		return []Step{{Kind: StepWebhook, Path: "0", Webhook: &Webhook{URL: url}}}
	}
	changes := meanings{w, w}.steps(hook("https://hooks.example/secret-1"), hook("https://hooks.example/secret-2"))
	text := fmt.Sprint(changes)
	if len(changes) != 1 || strings.Contains(text, "secret") || !strings.Contains(text, "hooks.example") {
		t.Errorf("told: %s", text)
	}
}
