package expression

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The book of reference tells every field and every function, and none that is
// not there.
func TestEveryWordHasAMeaning(t *testing.T) {
	known := slices.Collect(maps.Keys(fields))
	known = append(known, slices.Collect(maps.Keys(ownTypes))...)
	compareNames(t, "fields", known, FieldWords())
	compareNames(t, "functions", slices.Clone(functions), FunctionWords())
}

func compareNames(t *testing.T, what string, want []string, words []Word) {
	t.Helper()
	var got []string
	for _, word := range words {
		got = append(got, word.Name)
		if word.Meaning == "" || word.Type == "" {
			t.Errorf("%s has no meaning or no type", word.Name)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-known +told):\n%s", what, diff)
	}
}

// A function is told to give what it gives.
func TestFunctionsGiveWhatTheReferenceSays(t *testing.T) {
	scope := Scope{Topics: map[string]bool{"marketing": true}, Segments: map[string]*Program{"id": nil}}
	for _, word := range FunctionWords() {
		call := word.Usage
		if word.Name == "did" {
			call = `did("Order Completed", "90d")`
		}
		program, problems := Compile(call, scope)
		if len(problems) > 0 {
			t.Fatalf("%s: %v", call, problems)
		}
		if got := program.root.kind(); got != word.Type {
			t.Errorf("%s is %s, and told to be %s", call, got, word.Type)
		}
	}
}
