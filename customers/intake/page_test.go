package intake

import (
	"os"
	"strings"
	"testing"
)

// TestThePageNamesEveryColumn holds docs/import.md to the fields and their headers.
func TestThePageNamesEveryColumn(t *testing.T) {
	page, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	said := map[Kind]map[string]bool{}
	var kind Kind
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		if name := Kind(strings.TrimSpace(cells[1])); name != "" {
			kind = name
		}
		if said[kind] == nil {
			said[kind] = map[string]bool{}
		}
		for n, code := range strings.Split(cells[2]+cells[3], "`") {
			if n%2 == 1 {
				said[kind][code], said[kind][plain(code)] = true, true
			}
		}
	}
	for kind, of := range fields {
		for field, headers := range of {
			for _, name := range append(headers, field) {
				if !said[kind][name] {
					t.Errorf("%s of %s is not there as %q", field, kind, name)
				}
			}
		}
	}
}
