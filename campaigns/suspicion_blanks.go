package campaigns

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A field whose default is nothing, where the words around it show the hole: before
// a sign that ends a word, and in texts, which keep every space, between two words.
var (
	blankBeforeSign = regexp.MustCompile(`(?m)(?:^|[\s>])(\{\{\s*([\w.]+)[^{}]*\|\s*default:\s*(?:''|"")\s*\}\})[,.;:!?]`)
	blankInText     = regexp.MustCompile(`\S (\{\{\s*([\w.]+)[^{}]*\|\s*default:\s*(?:''|"")\s*\}\}) \S`)
)

// suspectBlanks reports fields of written messages that leave a blank within a
// sentence. In calls nobody hears one.
func (s *suspicion) suspectBlanks() {
	for _, file := range slices.Sorted(maps.Keys(s.files)) {
		folder, _, _ := strings.Cut(strings.TrimPrefix(file, "templates/"), "/")
		content := string(s.files[file])
		switch folder {
		case "email", "layouts":
			s.suspectBlank(file, content, blankBeforeSign)
		case "sms", "push":
			s.suspectBlank(file, content, blankBeforeSign)
			s.suspectBlank(file, content, blankInText)
		}
	}
}

func (s *suspicion) suspectBlank(file, content string, blank *regexp.Regexp) {
	for _, at := range blank.FindAllStringSubmatchIndex(content, -1) {
		field := content[at[4]:at[5]]
		s.warnAt(file, content, at[2], "for who has no "+field+" this leaves a blank in the sentence",
			"write what stands there instead, or put it with its space into {% if "+field+" %} {{ "+field+" }}{% endif %}")
	}
}
