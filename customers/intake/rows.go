package intake

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	longestLine = 1 << 20 // bytes
	// longestRecord is how many lines a quoted cell may span. A quote that is
	// never closed would otherwise swallow the file.
	longestRecord = 50
)

// row is one record of a file, or why there is none.
type row struct {
	line  int // where it begins, from 1
	cells []string
	said  []saying // of NDJSON, what there is of each cell
	bad   *Refusal
}

// saying is whether an object has a key, and with a value.
type saying byte

const (
	unsaid    saying = iota
	something        // a value, "" too
	nothing          // null, or an empty list
)

// rows walks the records of a file. Records that cannot be read come as bad
// rows, and the walk goes on behind them.
type rows struct {
	file    *file
	reading *reading
	lines   *bufio.Reader
	line    int      // of the last line read
	ahead   []string // lines to read again, after a quote that was never closed
	header  []string // of a separated file: the first line; of NDJSON: the keys
	index   map[string]int
	unended int // the last line, where it has no end
}

// rows opens a file at its first record. header names the cells of NDJSON as
// far as they are known; a separated file names its own.
func (f *file) rows(header []string) (*rows, error) {
	reading, err := f.text()
	if err != nil {
		return nil, err
	}
	r := &rows{file: f, reading: reading, lines: bufio.NewReaderSize(reading, 256<<10), index: map[string]int{}}
	if f.comma == 0 {
		for _, name := range header {
			r.column(name)
		}
		return r, nil
	}
	if f.saysSep {
		_, err = r.next() // no cell of it is read
	}
	var first row
	if err == nil {
		first, err = r.next()
	}
	switch {
	case errors.Is(err, io.EOF):
		err = errors.New("the file is empty; its first line should name the columns")
	case err == nil && first.bad != nil:
		err = errors.New(first.bad.String())
	}
	if err != nil {
		return nil, errors.Join(err, reading.Close())
	}
	for _, name := range first.cells {
		r.header = append(r.header, strings.TrimSpace(name))
	}
	return r, nil
}

func (r *rows) Close() error { return r.reading.Close() }

// next is the next row; io.EOF at the end.
func (r *rows) next() (row, error) {
	for {
		text, err := r.readLine()
		if err != nil {
			return row{}, err
		}
		switch {
		case strings.TrimSpace(text) == "":
			continue
		case len(text) > longestLine:
			return r.refuse(r.line, 0, fmt.Sprintf("the line is longer than %d KiB", longestLine>>10)), nil
		case r.file.comma == 0:
			return r.object(text), nil
		}
		return r.record(text)
	}
}

// all walks the rows until the end, a broken file, or the end of ctx.
func (r *rows) all(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for {
			next, err := r.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				err = ctx.Err()
			}
			if !yield(next, err) || err != nil {
				return
			}
		}
	}
}

// readLine is the next line without its end. Of one that is longer than
// longestLine it keeps a beginning that is too long as well.
func (r *rows) readLine() (string, error) {
	if len(r.ahead) > 0 {
		text := r.ahead[0]
		r.ahead = r.ahead[1:]
		r.line++
		return text, nil
	}
	var text []byte
	for {
		part, err := r.lines.ReadSlice(r.file.end)
		if len(text) <= longestLine {
			text = append(text, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err == nil, errors.Is(err, io.EOF) && len(text) > 0:
			r.line++
			line := strings.TrimRight(string(text), "\r\n")
			if err != nil && len(line) == len(text) {
				r.unended = r.line
			}
			if r.file.end == '\r' { // a line feed is of the end before
				line = strings.TrimLeft(line, "\n")
			}
			return line, nil
		}
		return "", err
	}
}

// record reads a separated line, and the lines after it while a quote is open.
func (r *rows) record(text string) (row, error) {
	if !strings.Contains(text, `"`) {
		return r.counted(r.line, strings.Split(text, string(r.file.comma))), nil
	}
	begins, whole := r.line, []string{text}
	for open := oddQuotes(text); open; {
		more, err := r.readLine()
		if err != nil && !errors.Is(err, io.EOF) {
			return row{}, err
		}
		if err != nil || len(whole) == longestRecord {
			if err == nil {
				whole = append(whole, more)
			}
			return r.unclosed(begins, whole), nil
		}
		whole = append(whole, more)
		open = open != oddQuotes(more)
	}
	reader := csv.NewReader(strings.NewReader(strings.Join(whole, "\n")))
	reader.Comma = rune(r.file.comma)
	reader.FieldsPerRecord = -1
	cells, err := reader.Read()
	var broken *csv.ParseError
	switch {
	case errors.As(err, &broken) && broken.Line > 1:
		return r.unclosed(begins, whole), nil
	case broken != nil:
		r.putBack(whole[1:])
		character := utf8.RuneCountInString(text[:min(broken.Column-1, len(text))]) + 1
		return r.refuse(begins, character, "a quote stands where none may: double it inside a quoted cell, or quote the whole cell"), nil
	case err != nil:
		return row{}, err
	}
	read := r.counted(begins, cells)
	if read.bad != nil && len(whole) > 1 { // a quote too many joined lines that have nothing to do with each other
		return r.unclosed(begins, whole), nil
	}
	return read, nil
}

// oddQuotes reports whether a line opens a quote without closing it, or closes
// one that was open.
func oddQuotes(line string) bool { return strings.Count(line, `"`)%2 == 1 }

// counted refuses a record that has not one cell for every column.
func (r *rows) counted(line int, cells []string) row {
	if r.header != nil && len(cells) != len(r.header) {
		return r.refuse(line, 0, fmt.Sprintf("the line has %d cells and the header %d; quote cells that hold the separator", len(cells), len(r.header)))
	}
	return row{line: line, cells: cells}
}

// unclosed gives up on a record whose quote is never closed and returns to the
// line after the one that opened it.
func (r *rows) unclosed(begins int, whole []string) row {
	r.putBack(whole[1:])
	return r.refuse(begins, openQuote(whole[0]), "a quote is opened and not closed in its place; close it, or double it inside the cell")
}

// openQuote is the character, from 1, at which a line opens the quote that it
// does not close.
func openQuote(line string) int {
	place, open := 0, false
	for i, character := range []rune(line) {
		if character == '"' {
			if open = !open; open {
				place = i + 1
			}
		}
	}
	return place
}

func (r *rows) putBack(lines []string) {
	r.ahead = append(slices.Clone(lines), r.ahead...)
	r.line -= len(lines)
}

// object reads a line of NDJSON into the cells of the header; nested objects
// have dotted names.
func (r *rows) object(text string) row {
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err := decoder.Decode(&object)
	if err == nil {
		_, err = decoder.Token() // there is none behind the object
	}
	if object == nil || !errors.Is(err, io.EOF) {
		return r.refuse(r.line, 0, "the line is no JSON object")
	}
	flat, empty := map[string]string{}, map[string]bool{}
	flatten(flat, empty, "", object)
	for _, name := range slices.Sorted(maps.Keys(flat)) {
		r.column(name)
	}
	read := row{line: r.line, cells: make([]string, len(r.header)), said: make([]saying, len(r.header))}
	for name, value := range flat {
		at := r.index[name]
		read.cells[at], read.said[at] = value, something
	}
	for at, name := range r.header {
		if read.said[at] == unsaid && within(name, empty) || empty[name] {
			read.said[at] = nothing
		}
	}
	return read
}

// within reports whether a key, or an object that it is of, is among some.
func within(name string, some map[string]bool) bool {
	for len(some) > 0 {
		if some[name] {
			return true
		}
		at := strings.LastIndexByte(name, '.')
		if at < 0 {
			break
		}
		name = name[:at]
	}
	return false
}

// column adds a column to the header of NDJSON.
func (r *rows) column(name string) {
	if _, known := r.index[name]; !known {
		r.index[name] = len(r.header)
		r.header = append(r.header, name)
	}
}

// flatten also notes which keys are null or an empty list; these are columns too.
func flatten(into map[string]string, empty map[string]bool, prefix string, object map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		switch value := object[name].(type) {
		case nil:
			into[prefix+name], empty[prefix+name] = "", true
		case map[string]any:
			flatten(into, empty, prefix+name+".", value)
		case []any:
			empty[prefix+name] = len(value) == 0
			var words []string
			for _, word := range value {
				if text, plain := textOf(word); plain {
					words = append(words, text)
				}
			}
			into[prefix+name] = strings.Join(words, ",")
		default:
			if text, plain := textOf(value); plain {
				into[prefix+name] = text
			}
		}
	}
}

// textOf is a JSON value as a cell holds it; null, objects and lists are none.
func textOf(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case bool:
		return strconv.FormatBool(value), true
	case json.Number:
		return value.String(), true
	}
	return "", false
}

func (r *rows) refuse(line, character int, why string) row {
	return row{line: line, bad: &Refusal{File: r.file.path, Line: line, Character: character, Why: why}}
}
