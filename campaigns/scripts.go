package campaigns

import (
	"maps"
	"slices"
	"strings"
)

// script is one file of a call template, for the questions it asks. What is
// wrong with it the templates report.
type script struct {
	file      string
	questions []scriptQuestion
}

// scriptQuestion is one of them: its id, and what it expects, such as digits 1-5; ""
// where it records.
type scriptQuestion struct{ id, expect string }

func (s script) ids() []string {
	ids := make([]string, len(s.questions))
	for i, q := range s.questions {
		ids[i] = q.id
	}
	return ids
}

// scripts lists the files of a call template, one for each language.
func (r *reader) scripts(name string) []script {
	var found []script
	for _, file := range slices.Sorted(maps.Keys(r.files)) {
		if !isTemplate(file, "templates/call/"+name) {
			continue
		}
		one := script{file: file}
		for _, root := range documents(file, r.files[file], &findings{}) {
			one.questions = append(one.questions, questions(root)...)
		}
		found = append(found, one)
	}
	return found
}

// isTemplate reports whether a file is a template's: its name, perhaps a
// locale, and an extension.
func isTemplate(file, template string) bool {
	rest, found := strings.CutPrefix(file, template+".")
	return found && !strings.Contains(rest, "/") && strings.Count(rest, ".") <= 1
}

func questions(script node) []scriptQuestion {
	if script.kind() != aMap {
		return nil
	}
	asks, found := script.fields("").pair("ask")
	if !found || asks.value.kind() != aList {
		return nil
	}
	var all []scriptQuestion
	for _, item := range asks.value.items("") {
		if item.kind() != aMap {
			continue
		}
		if id, named := item.fields("").pair("id"); named {
			expect, _ := item.fields("").pair("expect")
			all = append(all, scriptQuestion{id.value.raw(), expect.value.raw()})
		}
	}
	return all
}
