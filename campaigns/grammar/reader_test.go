package grammar

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rapport/campaigns"
	"rapport/campaigns/examples"
	"rapport/campaigns/expression"
	"rapport/customers"
)

// underTest is where a document stands in the sample shop when the reader reads
// it.
func underTest(file File) string {
	return map[string]string{
		"campaign": "campaigns/after-delivery.yaml", "segment": "segments/under-test.yaml", "workspace": "rapport.yaml",
		"test": "tests/under-test.yaml", "template-call": "templates/call/under-test.yaml", "template-push": "templates/push/under-test.yaml",
	}[file.Name]
}

// around are the files of the sample shop that examples of the grammar name;
// the templates are short, because every document has them read anew.
func around(t testing.TB) map[string][]byte {
	t.Helper()
	const head, question = "---\nsubject: Hello\nlayout: none\nformat: markdown\n---\n", "Were you satisfied? {{ links.survey }}"
	files := map[string][]byte{
		"templates/email/welcome.liquid": []byte(head + "Hello"), "templates/email/settled.liquid": []byte(head + question),
		"templates/sms/apology.liquid": []byte("Sorry"), "templates/sms/settled.liquid": []byte(question),
		"templates/push/discover.yaml": []byte("title: Hello"),
		"templates/sms/news.liquid":    []byte("Hello"), "templates/call/news.yaml": []byte("say: Hello"),
	}
	for _, file := range []string{"rapport.yaml", "segments/segments.yaml", "campaigns/follow-up.yaml", "templates/call/satisfaction.yaml", "templates/call/settled.yaml"} {
		content, err := fs.ReadFile(examples.Shop(), file)
		if err != nil {
			t.Fatal(err)
		}
		files[file] = content
	}
	return files
}

func TestTheGroundIsSound(t *testing.T) {
	if _, problems := campaigns.Load(around(t)); len(problems) > 0 {
		t.Error(problems)
	}
}

// read reads a document within the sample shop. What other files say about a
// changed rapport.yaml is left out.
func read(t testing.TB, file File, document string) (*campaigns.Workspace, []campaigns.Problem) {
	t.Helper()
	files := around(t)
	files[underTest(file)] = []byte(document)
	w, problems := campaigns.Load(files)
	return w, slices.DeleteFunc(problems, func(p campaigns.Problem) bool {
		return p.File != underTest(file) && file.Name == "workspace"
	})
}

const bogus = "qqqq"

// The reader knows the grammar's keys, and no other.
func TestTheReaderKnowsTheseKeys(t *testing.T) {
	for _, p := range places() {
		t.Run(p.object.Name, func(t *testing.T) {
			document := p.around(needed(p.object).with(bogus, "1"))
			_, problems := read(t, p.file, document)
			keys, told := keysTold(problems)
			if !told {
				t.Fatalf("a bogus key is not reported in\n%s%v", document, problems)
			}
			if strings.HasPrefix(p.file.Name, "template-") {
				return // templates name no keys
			}
			for _, key := range p.object.Keys {
				if !slices.Contains(keys, key.Name) && key.Beside == "" {
					t.Errorf("the reader does not know %s; it knows %v", key.Name, keys)
				}
			}
			for _, key := range keys {
				if _, known := p.object.Key(key); !known {
					p.refused(t, key)
				}
			}
		})
	}
}

// keysTold are the keys that the reader lists for a bogus one.
func keysTold(problems []campaigns.Problem) (keys []string, told bool) {
	for _, p := range problems {
		if !strings.HasPrefix(p.Message, "unknown key") || !strings.Contains(p.Message, bogus) {
			continue
		}
		list, _ := strings.CutPrefix(p.Mend, "the keys here are ")
		return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }), true
	}
	return nil, false
}

// refused makes sure that a key the reader has heard of, from another form of
// the object, is a mistake in this one.
func (p place) refused(t *testing.T, name string) {
	t.Helper()
	for _, other := range p.forms {
		key, known := other.Key(name)
		if !known {
			continue
		}
		_, problems := read(t, p.file, p.around(needed(p.object).with(name, sample(key))))
		if len(problems) == 0 {
			t.Errorf("the reader takes %s, which the grammar does not have here", name)
		}
		return
	}
	t.Errorf("the reader knows %s, which the grammar does not have", name)
}

// The example of every key is right.
func TestTheReaderTakesEveryExample(t *testing.T) {
	for _, p := range places() {
		t.Run(p.object.Name, func(t *testing.T) {
			document := p.around(whole(p.object))
			if _, problems := read(t, p.file, document); len(malformed(problems)) > 0 {
				t.Errorf("%s\n%v", document, problems)
			}
			refuses(t, p.file, document, false)
		})
	}
}

// shapes are values of every JSON type that are right nowhere.
var shapes = map[string]string{
	"string": `"?"`, "number": "-7.25", "boolean": "true", "array": "[[wrong]]", "object": "{wrong: wrong}", "null": "null",
}

// takes reports whether a type has values of a JSON type.
func takes(t Type, shape string) bool {
	shapes := shapesOf(t)
	return len(shapes) == 0 || slices.Contains(shapes, shape)
}

// A value of another type is refused by the reader and by the schema, where it
// stands.
func TestWrongTypesAreRefused(t *testing.T) {
	for _, p := range places() {
		template := strings.HasPrefix(p.file.Name, "template-") // where every value is text
		t.Run(p.object.Name, func(t *testing.T) {
			for shape, value := range shapes {
				if template && shape != "array" && shape != "object" {
					continue
				}
				var together []Key
				for _, key := range p.object.Keys {
					switch {
					case takes(key.Type, shape):
					case key.Beside != "":
						p.wrong(t, value, template, key)
					default:
						together = append(together, key)
					}
				}
				p.wrong(t, value, template, together...)
			}
		})
	}
}

// wrong puts a value that they do not take into keys, all at once: the reader
// reports every mistake, and the schema stumbles in every place.
func (p place) wrong(t *testing.T, value string, template bool, keys ...Key) {
	t.Helper()
	object := whole(p.object)
	for _, key := range keys {
		object = object.with(key.Name, value)
	}
	document := p.around(object)
	_, problems := read(t, p.file, document)
	places := judged(t, p.file, document)
	for _, key := range keys {
		line := lineOf(document, key.Name+": "+value)
		if !slices.ContainsFunc(problems, func(p campaigns.Problem) bool { return p.Line == line || template }) {
			t.Errorf("the reader says nothing about line %d of\n%s%v", line, document, problems)
		}
		if !slices.ContainsFunc(places, func(place string) bool { return slices.Contains(strings.Split(place, "/"), key.Name) }) {
			t.Errorf("the schema says nothing about %s of\n%s%v", key.Name, document, places)
		}
	}
}

func lineOf(document, part string) int {
	before, _, _ := strings.Cut(document, part)
	return strings.Count(before, "\n") + 1
}

// asMeant compares what campaigns mean, not where they were written.
var asMeant = cmp.Options{
	cmp.Transformer("source", func(p *expression.Program) string {
		if p == nil {
			return ""
		}
		return p.String()
	}),
	cmp.Transformer("zone", func(l *time.Location) string {
		if l == nil {
			return ""
		}
		return l.String()
	}),
	cmpopts.IgnoreUnexported(campaigns.Campaign{}),
	cmpopts.IgnoreFields(campaigns.Campaign{}, "Line"),
	cmpopts.IgnoreFields(campaigns.Step{}, "Line", "Column"),
	cmpopts.IgnoreFields(campaigns.Workspace{}, "Files", "Segments", "Campaigns", "Templates", "Tests", "Warnings"),
}

// Without a key the reader holds what the grammar says it does.
func TestDefaultsAreTheReaders(t *testing.T) {
	for _, p := range places() {
		for _, key := range p.object.Keys {
			inVain := p.object.Name == "winner" // the paths around it leave nobody over
			if key.Default == "" || key.Name == "expires" || inVain || strings.HasPrefix(p.file.Name, "template-") {
				continue
			}
			t.Run(p.object.Name+"."+key.Name, func(t *testing.T) {
				without, problems := read(t, p.file, p.around(whole(p.object).without(key.Name)))
				with, others := read(t, p.file, p.around(whole(p.object).with(key.Name, key.Default)))
				if len(problems)+len(others) > 0 {
					t.Fatal(problems, others)
				}
				if diff := cmp.Diff(with, without, asMeant); diff != "" {
					t.Errorf("rapport.yaml (-default +without):\n%s", diff)
				}
				id := needed(Files()[0].Root)[0].value.(string)
				if diff := cmp.Diff(with.Campaigns[id], without.Campaigns[id], asMeant); diff != "" {
					t.Errorf("the campaign (-default +without):\n%s", diff)
				}
			})
		}
	}
}

// How long a held message waits is known to the journey alone.
func TestHeldMessagesExpireAsTheGrammarSays(t *testing.T) {
	expiry := func(option string) time.Duration {
		w, problems := read(t, Files()[0], "campaign: c\ntopic: service\ntrigger: {manual: true}\nsteps:\n  - {email: welcome"+option+"}\n")
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		now := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
		move := w.Advance(w.Campaigns["c"], campaigns.Traveller{Customer: &customers.Customer{ID: "ann"}, Entry: campaigns.Entry{State: campaigns.Running, EnteredAt: now, ArrivedAt: now}}, now)
		return move.Plan[0].ExpiresAt.Sub(now)
	}
	for _, key := range sending {
		if key.Name == "expires" && expiry("") != expiry(", expires: "+key.Default) {
			t.Errorf("a message expires after %v, not after %s", expiry(""), key.Default)
		}
	}
}
