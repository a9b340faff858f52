package campaigns

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// WriteProblems writes problems in a format: text (a line each, as compilers
// do), json (one array), or github (annotations that GitHub Actions shows
// beside the changed lines).
func WriteProblems(w io.Writer, problems []Problem, format string) error {
	switch format {
	case "text":
		return writeLines(w, problems, Problem.String)
	case "github":
		return writeLines(w, problems, annotation)
	case "json":
		return writeJSON(w, problems)
	}
	return fmt.Errorf("write problems: there is no format %q; choose text, json or github", format)
}

func writeLines(w io.Writer, problems []Problem, line func(Problem) string) error {
	for _, p := range problems {
		if _, err := fmt.Fprintln(w, line(p)); err != nil {
			return fmt.Errorf("write problems: %w", err)
		}
	}
	return nil
}

func writeJSON(w io.Writer, problems []Problem) error {
	if problems == nil {
		problems = []Problem{} // "[]" rather than "null"
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(problems); err != nil {
		return fmt.Errorf("write problems: %w", err)
	}
	return nil
}

// Escapes of GitHub's workflow commands: the message, and the stricter
// properties before it (docs.github.com, "Workflow commands").
var (
	escapeMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func annotation(p Problem) string {
	command := "error"
	if p.Severity == Warning {
		command = "warning"
	}
	p.Severity = "" // the command says it
	return fmt.Sprintf("::%s file=%s,line=%d,col=%d::%s",
		command, escapeProperty.Replace(p.File), p.Line, p.Column, escapeMessage.Replace(p.sentence()))
}
