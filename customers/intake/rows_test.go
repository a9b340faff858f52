package intake

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rapport/trust/bounds"
)

// walk reads a file's rows: its cells joined by "|", or its refusal, after the
// number of the line.
func walk(t *testing.T, name, content string) (header, lines []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := openFile(path, "utf-8")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.rows(nil)
	if err != nil {
		return nil, []string{err.Error()}
	}
	defer rows.Close()
	for r, err := range rows.all(t.Context()) {
		switch {
		case err != nil:
			t.Fatal(err)
		case r.bad != nil:
			lines = append(lines, r.bad.String())
		default:
			lines = append(lines, strconv.Itoa(r.line)+": "+strings.Join(r.cells, "|"))
		}
	}
	return rows.header, lines
}

func TestRowsAreReadOrRefusedWithTheirLine(t *testing.T) {
	const (
		unclosed = "a quote is opened and not closed in its place; close it, or double it inside the cell"
		misplace = "a quote stands where none may: double it inside a quoted cell, or quote the whole cell"
	)
	for _, c := range []struct {
		what, name, content string
		want                []string
	}{
		{"plain", "a.csv", "id,name\n1,Ann\n\n2,Bob\n", []string{"2: 1|Ann", "4: 2|Bob"}},
		{"no end of line at the end, Windows ends", "a.csv", "id,name\r\n1,Ann\r\n2,Bob", []string{"2: 1|Ann", "3: 2|Bob"}},
		{"quoted", "a.csv", "id,name\n1,\"Ann, \"\"A\"\" B\"\n", []string{`2: 1|Ann, "A" B`}},
		{"over lines", "a.csv", "id,name\n1,\"Ann\n\nB\"\n2,Bob\n", []string{"2: 1|Ann\n\nB", "5: 2|Bob"}},
		{"semicolons", "a.csv", "id;name\n1;Ann, B\n", []string{"2: 1|Ann, B"}},
		{"bars", "a.txt", "id|name|city\n1|Ann|Bonn\n", []string{"2: 1|Ann|Bonn"}},
		{"tabs", "a.tsv", "id\tname\n1\tAnn, B\n", []string{"2: 1|Ann, B"}},
		{"too few and too many cells", "a.csv", "id,name\n1\n2,Bob\n3,Cy,Bonn\n", []string{
			"line 2: the line has 1 cells and the header 2; quote cells that hold the separator", "3: 2|Bob",
			"line 4: the line has 3 cells and the header 2; quote cells that hold the separator",
		}},
		{"a quote inside a cell", "a.csv", "id,name\n1,Ann\n2,5\" nail \"x\"\"\n3,Cy\n", []string{
			"2: 1|Ann", "line 3, character 4: " + misplace, "4: 3|Cy",
		}},
		{"characters are counted, not bytes", "a.csv", "id,name\nüé,ä\"\"\n3,Cy\n", []string{"line 2, character 5: " + misplace, "3: 3|Cy"}},
		{"a quote after a quoted cell", "a.csv", "id,name\n1,\"Ann\" B\"\"\n3,Cy\n", []string{"line 2, character 7: " + misplace, "3: 3|Cy"}},
		{"never closed", "a.csv", "id,name\n1,\"Ann\n2,Bob\n3,Cy\n", []string{"line 2, character 3: " + unclosed, "3: 2|Bob", "4: 3|Cy"}},
		{"one in every line", "a.csv", "id,name\n1,5\" nail\n2,6\" nail\n3,Cy\n", []string{
			"line 2, character 4: " + misplace, "line 3, character 4: " + unclosed, "4: 3|Cy",
		}},
		{"closed by chance much later", "a.csv", "id,name\n1,\"Ann\n2,Bob\n3,Cy\",Bonn\n", []string{
			"line 2, character 3: " + unclosed, "3: 2|Bob", "line 4, character 5: " + unclosed,
		}},
		{"an empty file", "a.csv", "", []string{"the file is empty; its first line should name the columns"}},
		{"a broken header", "a.csv", "id,na\"me\n", []string{"line 1, character 6: " + unclosed}},
		{"a line that is too long", "a.csv", "id,name\n1," + strings.Repeat("x", 3<<20) + "\n2,Bob\n", []string{"line 2: the line is longer than 1024 KiB", "3: 2|Bob"}},
		{"Macintosh ends", "a.csv", "id,name\r1,Ann\r\r2,\"Bob\rB\"\r", []string{"2: 1|Ann", "4: 2|Bob\nB"}},
		{"Macintosh ends, and Windows'", "a.csv", "id,name\r1,Ann\r\n2,Bob\r\n", []string{"2: 1|Ann", "3: 2|Bob"}},
		{"Macintosh ends of objects", "a.ndjson", "{\"id\":1}\r{\"id\":2}", []string{"1: 1", "2: 2"}},
		{"two returns and a line feed", "a.csv", "id,name\r\r\n1,Ann\r\r\n", []string{"2: 1|Ann"}},
		{"a return in a header", "a.csv", "id,\"na\rme\"\n1,Ann\n", []string{"2: 1|Ann"}},
		{"Excel's line", "a.csv", "sep=;\r\nid;a,b,c\r\n1;Ann, B\r\n", []string{"3: 1|Ann, B"}},
		{"Excel's line of bars, quoted, behind a mark", "a.csv", "\xef\xbb\xbf\"SEP=|\"\nid|name\n1|Ann\n", []string{"3: 1|Ann"}},
		{"Excel's line, saved once more", "a.csv", "sep=,,,\nid,name\n1,Ann\n", []string{"3: 1|Ann"}},
		{"Excel's line alone", "a.csv", "sep=;\n", []string{"the file is empty; its first line should name the columns"}},
		{"a header like it", "a.csv", "sep=x,id\n1,2\n", []string{"2: 1|2"}},
		{"blank lines first", "a.csv", "\r\n \r\nid;name\r\n1;Ann\r\n", []string{"4: 1|Ann"}},
		{"objects", "a.ndjson", `{"id":1,"name":"Ann"}` + "\n" + `{"id":"2","address":{"city":"Bonn","geo":{"lat":50.7}},"vip":true,"tags":["a",2,null,{"x":1}],"none":null}`, []string{
			"1: 1|Ann", "2: 2||50.7|Bonn|a,2|true",
		}},
		{"no objects", "a.jsonl", "{\"id\":1}\nid\n[1]\nnull\n{\"id\":2}}\n{\"id\":2} {\"id\":3}\n{\"id\":4}", []string{
			"1: 1", "line 2: the line is no JSON object", "line 3: the line is no JSON object", "line 4: the line is no JSON object",
			"line 5: the line is no JSON object", "line 6: the line is no JSON object", "7: 4",
		}},
		{"large numbers keep their digits", "a.ndjson", `{"id":12345678901234567890}`, []string{"1: 12345678901234567890"}},
	} {
		header, got := walk(t, c.name, c.content)
		if strings.HasSuffix(c.name, "json") { // the order of new keys is the map's
			for i, line := range got {
				number, cells, _ := strings.Cut(line, ": ")
				got[i] = number + ": " + sortedCells(header, cells)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.what, got, c.want)
		}
	}
}

// sortedCells puts id and name first and the others in order of their names.
func sortedCells(header []string, cells string) string {
	values := strings.Split(cells, "|")
	named := map[string]string{}
	for i := range values {
		named[header[i]] = values[i]
	}
	var sorted []string
	for _, name := range []string{"id", "name", "address.geo.lat", "address.city", "tags", "vip"} {
		if value, has := named[name]; has {
			sorted = append(sorted, value)
		}
	}
	return strings.Join(sorted, "|")
}

func TestAQuoteNeverClosedCostsOneLine(t *testing.T) {
	content := "id,name\n0,\"Ann\n"
	for i := 1; i <= 3*longestRecord; i++ {
		content += strconv.Itoa(i) + ",Bob\n"
	}
	_, lines := walk(t, "a.csv", content)
	if len(lines) != 3*longestRecord+1 || !strings.HasPrefix(lines[0], "line 2, character 3:") {
		t.Fatalf("%d rows, the first %q", len(lines), lines[0])
	}
	for i, line := range lines[1:] {
		if want := strconv.Itoa(i+3) + ": " + strconv.Itoa(i+1) + "|Bob"; line != want {
			t.Fatalf("row %d is %q, want %q", i, line, want)
		}
	}
}

// However a file is broken, the walk ends, every row has a cell for each column
// or a reason, begins behind the one before it, and is the same the second time.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{
		"id,name\n1,Ann\n", "id;name\n1;\"a\n\";\n", "a,b\n\"\n\"\"\n\"", "id\tname\n\"", "a\n\"\"\"\r\n\"\r\r\n", "a,b\r1,\"\r\n2\r\"", "sep=;\na;b\n1;2", "a\nJ\xc3 \xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\n", "0\n\"\n\"0\n\"", "{\"id\":1}\n{\"a\":{\"id\":[1]}}\n",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, content []byte, separated bool) {
		defer bounds.Watch(t)()
		path := filepath.Join(folder, "a.ndjson")
		if separated {
			path = filepath.Join(folder, "a.csv")
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		var first []row
		for range 2 {
			file, err := openFile(path, "")
			if err != nil {
				return // its bytes are no gzip
			}
			rows, err := file.rows(nil)
			if err != nil {
				return // it has no header
			}
			var all []row
			line := 0
			for r, err := range rows.all(t.Context()) {
				if err != nil {
					break // it breaks off
				}
				if r.line <= line {
					t.Fatalf("line %d after line %d", r.line, line)
				}
				if r.bad == nil && separated && len(r.cells) != len(rows.header) {
					t.Fatalf("line %d has %d cells for %d columns", r.line, len(r.cells), len(rows.header))
				}
				line = r.line
				all = append(all, r)
			}
			if err := rows.Close(); err != nil {
				t.Fatal(err)
			}
			if first != nil && separated && !reflect.DeepEqual(first, all) {
				t.Fatalf("read as %v and as %v", first, all)
			}
			first = all
		}
	})
}
