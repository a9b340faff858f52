package grammar

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// Every workspace of the project is right by the schemas too.
func TestTheSchemasTakeEveryWorkspace(t *testing.T) {
	judgedFiles := 0
	for _, root := range []string{"../examples", "../../docs/cookbook", "../testdata/good", "../testdata/sound"} {
		err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			file, known := fileAt(name)
			if !known {
				return nil
			}
			judgedFiles++
			content, err := os.ReadFile(path.Join(root, name))
			if err != nil {
				return err
			}
			if wrong := judged(t, file, string(content)); len(wrong) > 0 {
				t.Errorf("%s/%s: the schema finds mistakes at %v", root, name, wrong)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if judgedFiles < 20 {
		t.Errorf("only %d files were found", judgedFiles)
	}
}

// fileAt is the kind of file at the end of a path.
func fileAt(name string) (File, bool) {
	for _, file := range Files() {
		pattern := strings.Split(file.Paths, "/")
		parts := strings.Split(name, "/")
		if len(parts) < len(pattern) {
			continue
		}
		end := path.Join(parts[len(parts)-len(pattern):]...)
		if match, _ := path.Match(file.Paths, end); match {
			return file, true
		}
	}
	return File{}, false
}

// What is wrong is underlined where it stands.
func TestTheSchemasFindMistakesWhereTheyStand(t *testing.T) {
	const campaign = "campaign: c\ntopic: service\n"
	const begins = campaign + "trigger: {event: Order Delivered}\nsteps:\n"
	const settings = "workspace: shop\nlocale: en\nzone: Europe/Berlin\ncurrency: EUR\n"
	tests := []struct{ name, file, document, place string }{
		{"a misspelt key", "campaign", "titel: x\n" + begins + "  - sms: apology\n", "/"},
		{"a missing key", "campaign", campaign + "trigger: {manual: true}\n", "/"},
		{"a state there is not", "campaign", "state: on\n" + begins + "  - sms: apology\n", "/state"},
		{"text for a number", "campaign", "priority: high\n" + begins + "  - sms: apology\n", "/priority"},
		{"a number beyond its bounds", "campaign", "priority: 101\n" + begins + "  - sms: apology\n", "/priority"},
		{"two triggers", "campaign", campaign + "trigger: {event: Order Delivered, once: 2026-12-01}\nsteps: [{sms: apology}]\n", "/trigger"},
		{"no trigger", "campaign", campaign + "trigger: {}\nsteps: [{sms: apology}]\n", "/trigger"},
		{"an option of another trigger", "campaign", campaign + "trigger: {event: Order Delivered, misfire: skip}\nsteps: [{sms: apology}]\n", "/trigger"},
		{"a date that is none", "campaign", campaign + "trigger: {once: 01.12.2026}\nsteps: [{sms: apology}]\n", "/trigger/once"},
		{"a schedule with a name", "campaign", campaign + "trigger: {cron: '@daily'}\nsteps: [{sms: apology}]\n", "/trigger/cron"},
		{"a bad duration", "campaign", begins + "  - wait: 24 hours\n", "/steps/0/wait"},
		{"a duration without a unit", "campaign", begins + "  - wait: 24\n", "/steps/0/wait"},
		{"an unknown channel", "campaign", begins + "  - {ask: csat, by: fax, template: satisfaction}\n", "/steps/0/by"},
		{"an unknown channel in a list", "campaign", begins + "  - {ask: csat, by: [call, fax], template: satisfaction}\n", "/steps/0/by/1"},
		{"a step that does two things", "campaign", begins + "  - {email: welcome, sms: apology}\n", "/steps/0"},
		{"a misspelt step", "campaign", begins + "  - emial: welcome\n", "/steps/0"},
		{"a misspelt option", "campaign", begins + "  - {email: welcome, expire: 3d}\n", "/steps/0"},
		{"a step deep inside", "campaign", begins + "  - branch: [{if: orders.count > 0, then: [{wait: soon}]}]\n", "/steps/0/branch/0/then/0/wait"},
		{"a way with two conditions", "campaign", begins + "  - branch: [{if: 1 > 0, then: [], else: []}]\n", "/steps/0/branch/0"},
		{"a case of no priority", "campaign", begins + "  - case: {priority: asap}\n", "/steps/0/case/priority"},
		{"a tag without a sign", "campaign", begins + "  - tag: [vip]\n", "/steps/0/tag/0"},
		{"a share without %", "campaign", "holdout: 5\n" + begins + "  - sms: apology\n", "/holdout"},
		{"a criterion that rewards harm", "campaign", "rollout: {stages: [5%, 100%], hold: 6h, continue_if: [bounced > 3%]}\n" + begins + "  - sms: apology\n", "/rollout/continue_if/0"},
		{"one stage", "campaign", "rollout: {stages: [100%], hold: 6h}\n" + begins + "  - sms: apology\n", "/rollout/stages"},
		{"an address that is not encrypted", "campaign", begins + "  - webhook: {url: http://crm.example, body: {a: 1}}\n", "/steps/0/webhook/url"},
		{"a field that cannot be set", "campaign", begins + "  - set: {email: '\"x\"'}\n", "/steps/0/set"},
		{"false", "campaign", begins + "  - stop: false\n", "/steps/0/stop"},
		{"a second document", "campaign", begins + "  - sms: apology\n---\n" + begins + "  - sms: [apology]\n", "/steps/0/sms"},
		{"a segment with a list", "segment", "segment: s\nwhere: [orders.count > 0]\n", "/where"},
		{"a bad name", "segment", "segment: Lapsed Gold\nwhere: orders.count > 0\n", "/segment"},
		{"a number for a phone", "workspace", settings + "senders: {sms: {from: +493012345678}}\n", "/senders/sms/from"},
		{"a window without an end", "workspace", settings + "contact: {hours: {sms: [\"09:00\"]}}\n", "/contact/hours/sms/0"},
		{"a budget without a span", "workspace", settings + "budget: {sms: 50 EUR}\n", "/budget/sms"},
		{"a country in small letters", "workspace", settings + "contact: {countries: {sms: [de]}}\n", "/contact/countries/sms/0"},
		{"a type there is not", "workspace", settings + "traits: {vip: flag}\n", "/traits/vip"},
		{"a day that is none", "workspace", settings + "contact: {holidays: [12-32]}\n", "/contact/holidays/0"},
		{"an answer there is not", "template-call", "ask: [{id: csat, say: How, expect: stars}]\n", "/ask/0/expect"},
		{"a notification without a title", "template-push", "body: It is back\n", "/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file, _ := FileNamed(test.file)
			if places := judged(t, file, test.document); !slices.Contains(places, test.place) {
				t.Errorf("mistakes are found at %v, want %s", places, test.place)
			}
		})
	}
}

// A definition's name stands for one thing in a file, or schemas would mix them
// up.
func TestNamesStandForOneThing(t *testing.T) {
	for _, file := range Files() {
		known := map[string]string{}
		note := func(name string, what Type) {
			if title, twice := known[name]; twice && title != what.Describe() {
				t.Errorf("in a %s %s is %s and %s", file.Name, name, title, what.Describe())
			}
			known[name] = what.Describe()
		}
		Every(file.Root, func(t Type) {
			switch t := t.(type) {
			case *Object:
				note(t.Name, t)
			case *Forms:
				note(t.Name, t)
			case *Scalar:
				note(t.Name, t)
			case *Words:
				note(t.Name, t)
			}
		})
	}
}
