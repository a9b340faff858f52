package grammar

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rapport/campaigns"
)

// anyOf draws a value of a type. Steps within steps are at most so deep.
func anyOf(t *rapid.T, typ Type, deep int) any {
	switch typ := typ.(type) {
	case *Object:
		return anyObject(t, typ, deep)
	case *Forms:
		return anyObject(t, rapid.SampledFrom(typ.Forms).Draw(t, "form"), deep)
	case *Scalar:
		return rapid.SampledFrom(typ.Examples).Draw(t, typ.Title)
	case *Words:
		return rapid.SampledFrom(typ.Words).Draw(t, typ.Title).Word
	case *List:
		items := []any{}
		for range rapid.IntRange(typ.Least, typ.Least+2).Draw(t, "length") {
			items = append(items, anyOf(t, typ.Of, deep))
		}
		return items
	case *Map:
		return typ.Example
	case Either:
		return anyOf(t, rapid.SampledFrom(typ).Draw(t, "kind"), deep)
	case Ref:
		return anyOf(t, step(), deep-1)
	}
	panic("there is no such type")
}

func anyObject(t *rapid.T, o *Object, deep int) any {
	f := needed(o)
	for _, key := range o.Keys {
		if key.Need || key.Beside == "" && rapid.Bool().Draw(t, key.Name) {
			f = f.with(key.Name, anyValue(t, key, deep))
		}
	}
	return f
}

// anyValue draws a value for a key. What names something else in the workspace
// is taken from the example, and so is what would nest too deep.
func anyValue(t *rapid.T, key Key, deep int) any {
	if key.Example != "" && (names(key.Type) || deep <= 0 && holdsSteps(key.Type)) {
		return key.Example
	}
	return anyOf(t, key.Type, deep)
}

func names(t Type) bool {
	switch t := t.(type) {
	case *Scalar:
		return true
	case *List:
		return names(t.Of)
	}
	return false
}

func holdsSteps(t Type) bool {
	list, is := t.(*List)
	if !is {
		return false
	}
	_, within := list.Of.(Ref)
	return within || list.Of.Describe() == arm().Title
}

// Whatever the grammar can write, the reader and the schema can read.
func TestWhateverTheGrammarWritesIsRead(t *testing.T) {
	for _, file := range Files() {
		t.Run(file.Name, func(t *testing.T) {
			rapid.Check(t, func(draw *rapid.T) {
				document := write(anyObject(draw, file.Root, 2))
				if wrong := judged(t, file, document); len(wrong) > 0 {
					draw.Fatalf("the schema finds mistakes at %v of\n%s", wrong, document)
				}
				_, problems := read(t, file, document)
				if wrong := malformed(problems); len(wrong) > 0 {
					draw.Fatalf("%s\n%v", document, wrong)
				}
			})
		})
	}
}

// malformed leaves out what the reader says of documents that are well formed
// and make no sense.
func malformed(problems []campaigns.Problem) []campaigns.Problem {
	return slices.DeleteFunc(slices.Clone(problems), func(p campaigns.Problem) bool {
		return slices.ContainsFunc(nonsense, func(words string) bool { return strings.Contains(p.Message, words) })
	})
}

// nonsense is what stands in such messages: parts that do not go together, and
// names of what is not there.
var nonsense = []string{
	"there already", "is there already", "there is another step", "appears twice", "a question csat already",
	"there is no topic", "there is no push template", "there is no email template", "there is no sms template",
	"event.order_id", "this step is never reached", "is not the last arm",
	`"retry" repeats calls`, `"min_sample" means nothing`, `"case" says what a low score opens`, "has no score", "is not a score of", "has the scale",
	`"choices" belongs to`, `"choices" is missing`, "cannot be told from",
	"so it never wins", "a split has two paths or more", "the shares make",
	"does not happen to", "is done about the message", "this answer says nothing", "this is before the line above", "happens after the test has begun",
	"before its script", "a status is where things stand", "has no goal", "sends nothing by", "there is another customer",
	"the call says nothing", "the script asks no question", "and answers on the scale",
}
