package main

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/campaigns/grammar"
	"rapport/deliveries"
	"rapport/templates"
)

// table writes rows of cells under a head.
func table(head []string, rows [][]string) string {
	var out strings.Builder
	line := func(cells []string) { out.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(head)
	out.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, row := range rows {
		for i, cell := range row {
			row[i] = strings.ReplaceAll(cell, "|", `\|`)
		}
		line(row)
	}
	return strings.TrimRight(out.String(), "\n")
}

// shared are options that many objects have whose names begin alike. They are
// told once, of a model, and only named below the tables of the others.
var shared = []struct {
	prefix, model, place string
	keys                 []string
}{
	{"step-", "step-sms", "options-that-steps-share", []string{"id", "vars", "ambiguous", "expires"}},
	{"expect-", "expect-tag", "to-whom-and-when", []string{"customer", "at", "after", "before", "within"}},
}

// sharedTable tells the options that many objects share.
func (b *book) sharedTable(prefix string) (string, error) {
	for _, group := range shared {
		if group.prefix != prefix {
			continue
		}
		var rows [][]string
		for _, name := range group.keys {
			if key, known := b.objects[group.model].Key(name); known {
				rows = append(rows, b.row(key))
			}
		}
		return table(keysHead, rows), nil
	}
	return "", fmt.Errorf("nothing is shared by %q", prefix)
}

var keysHead = []string{"key", "value", "meaning", "without it"}

func (b *book) row(key grammar.Key) []string {
	return []string{code(key.Name), b.value(key), b.meaning(key), without(key)}
}

// keysTable shows the keys of objects of the grammar, those of several joined:
// of forms that have most of them in common.
func (b *book) keysTable(names ...string) (string, error) {
	var rows [][]string
	var also []string
	var where string
	told := map[string]bool{}
	for _, name := range names {
		object, known := b.objects[name]
		if !known {
			return "", fmt.Errorf("the grammar has no object %q", name)
		}
		b.shown[name] = true
		for _, key := range object.Keys {
			if told[key.Name] {
				continue
			}
			told[key.Name] = true
			if place := placeOfShared(name, key.Name); place != "" {
				also, where = append(also, code(key.Name)), place
				continue
			}
			row := b.row(key)
			if len(names) > 1 && key.Name == object.First() {
				row[3] = "one of these is **needed**"
			}
			rows = append(rows, row)
		}
	}
	text := table(keysHead, rows)
	if len(also) > 0 {
		text += "\n\nAlso " + strings.Join(also, " ") + ": [" + strings.ReplaceAll(where, "-", " ") + "](#" + where + ")."
	}
	return text, nil
}

// placeOfShared is the heading under which an option is told that the object
// shares with others; "" where it is the object's own.
func placeOfShared(object, key string) string {
	for _, group := range shared {
		if strings.HasPrefix(object, group.prefix) && slices.Contains(group.keys, key) {
			return group.place
		}
	}
	return ""
}

// value says what may stand after a key, and shows it.
func (b *book) value(key grammar.Key) string {
	cell := b.typeCell(key.Type)
	example := key.Example
	if scalar, is := key.Type.(*grammar.Scalar); is && example == "" && len(scalar.Examples) > 0 {
		example = scalar.Examples[0]
	}
	if example == "" || cell == code(example) {
		return cell
	}
	return cell + ", such as " + code(example)
}

func code(text string) string { return "`" + text + "`" }

func (b *book) typeCell(t grammar.Type) string {
	switch t := t.(type) {
	case *grammar.Words:
		words := make([]string, len(t.Words))
		for i, word := range t.Words {
			words[i] = code(word.Word)
		}
		return strings.Join(words, " ")
	case *grammar.Scalar:
		if t.Yes {
			return code("true")
		}
		if t.Means != "" {
			return "[" + t.Title + "](" + b.beside("values.md") + "#" + anchor(heading(t.Title)) + ")"
		}
		return t.Title
	case *grammar.List:
		return "a list, each " + b.typeCell(t.Of)
	case grammar.Either:
		parts := make([]string, len(t))
		for i, one := range t {
			parts[i] = b.typeCell(one)
			if list, is := one.(*grammar.List); is && slices.Contains(parts[:i], b.typeCell(list.Of)) {
				parts[i] = "a list of them"
			}
		}
		return strings.Join(parts, ", or ")
	case grammar.Ref:
		return b.told(t.Describe(), "a step")
	case *grammar.Object:
		return b.told(t.Name, t.Title)
	case *grammar.Forms:
		return b.told(t.Name, t.Title)
	case *grammar.Map:
		return b.told(t.Name, t.Title)
	}
	return t.Describe()
}

// told is the title of an object, and leads to where it is told.
func (b *book) told(name, title string) string {
	place, known := placesOf[name]
	if !known {
		return title
	}
	return "[" + title + "](" + b.beside(place) + ")"
}

// placesOf are the headings under which objects are told.
var placesOf = map[string]string{
	"trigger": "who-and-when.md#triggers", "audience": "who-and-when.md#audience", "entry": "who-and-when.md#entry", "exit": "who-and-when.md#exit",
	"goal": "measuring.md#goal", "rollout": "measuring.md#rollout", "step": "steps.md#steps",
	"contact-narrowed": "contact.md#hours-caps-and-budgets", "contact": "workspace.md#contact", "cap": "contact.md#caps",
	"retry": "steps.md#call", "case": "steps.md#case", "set": "steps.md#set",
	"brand": "workspace.md#brand", "topic": "workspace.md#topics", "traits": "workspace.md#traits", "senders": "workspace.md#senders", "prices": "workspace.md#prices",
	"person": "tests.md#customers", "line": "tests.md#the-script", "expectation": "tests.md#what-is-expected",
}

// beside is the way from the page that is written to another of the folder.
func (b *book) beside(place string) string {
	if b.page == index {
		return "campaign-file/" + place
	}
	return place
}

// meaning is what a key means, and each word that may stand after it.
func (b *book) meaning(key grammar.Key) string {
	text := key.Means
	if words, is := key.Type.(*grammar.Words); is {
		for i, word := range words.Words {
			text += map[bool]string{true: " ", false: "; "}[i == 0] + code(word.Word) + ": " + word.Means
		}
		text += "."
	}
	if key.Beside != "" {
		text += " Goes with " + key.Beside + "."
	}
	return text
}

func without(key grammar.Key) string {
	switch {
	case key.Need:
		return "**needed**"
	case key.Default != "":
		return code(key.Default)
	}
	return key.Otherwise
}

// heading is a type's title as a heading: "Duration" of "a duration".
func heading(title string) string {
	for _, article := range []string{"a ", "an ", "the "} {
		title = strings.TrimPrefix(title, article)
	}
	title = strings.ReplaceAll(title, "`", "")
	return strings.ToUpper(title[:1]) + title[1:]
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchor is the fragment that GitHub gives a heading.
func anchor(heading string) string {
	return strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(heading), ""), " ", "-")
}

// valuesList tells every small value under a heading of its own.
func (b *book) valuesList() string {
	var out strings.Builder
	for _, scalar := range b.scalars {
		examples := make([]string, len(scalar.Examples))
		for i, example := range scalar.Examples {
			examples[i] = code(example)
		}
		fmt.Fprintf(&out, "### %s\n\n%s\n\n%s\n\n", heading(scalar.Title), strings.Join(examples, " "), scalar.Means)
	}
	return out.String()
}

// wordsList tells the words of a choice.
func (b *book) wordsList(name string) (string, error) {
	words, known := b.words[name]
	if !known {
		return "", fmt.Errorf("the grammar has no choice %q", name)
	}
	rows := make([][]string, len(words.Words))
	for i, word := range words.Words {
		rows[i] = []string{code(word.Word), word.Means}
	}
	return table([]string{"word", "meaning"}, rows), nil
}

// typeWords name the types of fields.
var typeWords = map[expression.Type]string{
	expression.Any: "depends", expression.Bool: "true or false", expression.Number: "number",
	expression.String: "text", expression.Time: "time", expression.List: "list",
}

func fieldsTable() string {
	var rows [][]string
	for _, field := range expression.FieldWords() {
		meaning := field.Meaning
		if len(field.Values) > 0 {
			meaning += ": " + code(strings.Join(field.Values, "` `"))
		}
		rows = append(rows, []string{code(field.Name), typeWords[field.Type], meaning})
	}
	return table([]string{"field", "is", "meaning"}, rows)
}

func functionsTable() string {
	var rows [][]string
	for _, function := range expression.FunctionWords() {
		rows = append(rows, []string{code(strings.ReplaceAll(strings.ReplaceAll(function.Usage, ", did(", "` `did("), " or did(", "` `did(")), typeWords[function.Type], function.Meaning})
	}
	return table([]string{"function", "gives", "meaning"}, rows)
}

// statusMeanings are the statuses of a delivery in reading order.
var statusMeanings = []struct {
	status  deliveries.Status
	meaning string
}{
	{deliveries.Planned, "it is due at a time, or waits for hours, a cap, priority or a budget"},
	{deliveries.Queued, "it is about to be sent"},
	{deliveries.Sending, "it is being sent"},
	{deliveries.Sent, "the provider has taken it"},
	{deliveries.Delivered, "the provider has handed it over"},
	{deliveries.Opened, "the e-mail was opened; mail programs open some by themselves"},
	{deliveries.Clicked, "a link or the notification was followed"},
	{deliveries.Answered, "the customer answered it: the question, or in words what asks nothing"},
	{deliveries.Unconfirmed, "nobody knows whether it was sent: the provider's answer was lost. Evidence lifts it to sent or further; else `ambiguous` decides"},
	{deliveries.Skipped, "it was not sent, for a reason of ours"},
	{deliveries.Failed, "it could not be sent, or reached nobody"},
	{deliveries.Expired, "the provider gave up in time"},
	{deliveries.Bounced, "it came back"},
	{deliveries.Unsubscribed, "the customer wants no more of it"},
	{deliveries.Complained, "the customer reported it as spam"},
}

func statusesTable() string {
	rows := make([][]string, len(statusMeanings))
	for i, row := range statusMeanings {
		rows[i] = []string{code(string(row.status)), row.meaning}
	}
	return table([]string{"status", "meaning"}, rows)
}

func skipReasonsTable() string {
	var rows [][]string
	for _, reason := range campaigns.SkipReasons() {
		waits := ""
		if reason.Waits() {
			waits = "yes"
		}
		rows = append(rows, []string{code(reason.Word), reason.Meaning, waits, reason.Advice})
	}
	return table([]string{"reason", "meaning", "waits first", "what to do"}, rows)
}

func failureReasonsTable() string {
	var rows [][]string
	for _, reason := range campaigns.FailureReasons() {
		rows = append(rows, []string{code(reason.Word), reason.Meaning, reason.Advice})
	}
	return table([]string{"reason", "meaning", "what to do"}, rows)
}

// warningsList shows each kind of warning as the tests of the reader have it.
func (b *book) warningsList() (string, error) {
	files, err := fs.Glob(b.project, "campaigns/testdata/suspicious/*/warnings.txt")
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("there are no examples of warnings: %w", err)
	}
	var out strings.Builder
	for _, file := range files {
		content, err := fs.ReadFile(b.project, file)
		if err != nil {
			return "", err
		}
		kind := strings.ReplaceAll(path.Base(path.Dir(file)), "-", " ")
		fmt.Fprintf(&out, "### %s\n\n```text\n%s\n```\n\n", heading(kind), strings.TrimSpace(string(content)))
	}
	return out.String(), nil
}

// tagsList names the tags of templates, their ends and clauses left out.
func tagsList() string {
	names := slices.DeleteFunc(templates.Tags(), func(name string) bool {
		return strings.HasPrefix(name, "end") || slices.Contains([]string{"else", "elsif", "when"}, name)
	})
	return listed(names)
}

// filtersList names the filters of templates.
func filtersList() string { return listed(templates.Filters()) }

func listed(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "`" + name + "`"
	}
	return strings.Join(quoted, ", ")
}
