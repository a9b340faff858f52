package intake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/text/transform"
)

// file is one input, opened anew for each reading.
type file struct {
	path     string
	size     int64 // compressed, as on disk
	modified time.Time
	encoding string
	comma    byte // of a separated file; 0 for NDJSON
	end      byte // of a line: a line feed, or a carriage return alone
	saysSep  bool // its first line is Excel's, sep=; and the like
}

// reading is one pass over a file's text.
type reading struct {
	io.Reader
	raw    *counter
	closer io.Closer
}

func (r *reading) Close() error { return r.closer.Close() }

// counter tells how much of the file on disk has been read.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// openFile finds out how a file is written: its format by its name, its
// encoding by its bytes unless one is named.
func openFile(path, named string) (*file, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	f := &file{path: path, size: info.Size(), modified: info.ModTime(), encoding: strings.ToLower(named)}
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".gz")
	switch filepath.Ext(name) {
	case ".tsv", ".tab":
		f.comma = '\t'
	case ".ndjson", ".jsonl", ".json":
		f.comma = 0
	default:
		f.comma = ','
	}
	if f.encoding == "" {
		if f.encoding, err = f.detect(); err != nil {
			return nil, err
		}
	}
	if _, known := encodings[f.encoding]; !known {
		return nil, fmt.Errorf("encoding %q is not known; name one of utf-8, windows-1250, windows-1251, windows-1252, windows-1256, iso-8859-1, iso-8859-2, utf-16le, utf-16be", named)
	}
	return f, f.lines()
}

// bytes opens the file's bytes, unzipped.
func (f *file) bytes() (*reading, error) {
	opened, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	raw := &counter{Reader: opened}
	buffered := bufio.NewReaderSize(raw, 256<<10)
	r := &reading{Reader: buffered, raw: raw, closer: opened}
	magic, _ := buffered.Peek(4)
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		r.Reader, err = gzip.NewReader(buffered)
	case string(magic) == "PK\x03\x04", string(magic) == "\xd0\xcf\x11\xe0":
		err = errors.New("this is a workbook of a spreadsheet, or a zip; save it as CSV")
	}
	if err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return r, nil
}

// text opens the file's text in UTF-8, without a byte order mark.
func (f *file) text() (*reading, error) {
	r, err := f.bytes()
	if err != nil {
		return nil, err
	}
	if decoder := encodings[f.encoding]; decoder != nil {
		r.Reader = transform.NewReader(r.Reader, decoder.NewDecoder())
		return r, nil
	}
	buffered := bufio.NewReader(r.Reader)
	if mark, _ := buffered.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = buffered.Discard(3) // peeked already
	}
	r.Reader = buffered
	return r, nil
}

// lines finds out by the first line that is not blank how lines end, and what
// stands between cells: what Excel's line sep=; says, else the separator that the
// line has most of.
func (f *file) lines() error {
	r, err := f.text()
	if err != nil {
		return err
	}
	defer r.Close() // only read
	line, err := f.firstLine(bufio.NewReader(r))
	if err != nil {
		return err
	}
	if f.comma == 0 {
		if strings.HasPrefix(line, "[") {
			return errors.New("it holds an array; write one object a line, as `jq -c '.[]'` does")
		}
		return nil
	}
	if said, is := strings.CutPrefix(strings.ToLower(strings.Trim(line, `"`)), "sep="); is && separates(said) {
		f.comma, f.saysSep = said[0], true
	}
	if f.comma != ',' || f.saysSep {
		return nil
	}
	most := strings.Count(line, ",")
	for _, comma := range []byte{';', '\t', '|'} {
		if n := strings.Count(line, string(comma)); n > most {
			f.comma, most = comma, n
		}
	}
	return nil
}

// separates reports whether a text is a separator; a spreadsheet that saved the line
// once more wrote it several times.
func separates(said string) bool {
	return said != "" && strings.Contains(",;\t|:~^#", said[:1]) && strings.Trim(said, said[:1]) == ""
}

// firstLine reads the beginning of a text up to the end of its first line that is not
// blank, or as much as a line may have. A carriage return ends lines when neither
// another nor a line feed follows it, outside of quotes.
func (f *file) firstLine(r *bufio.Reader) (string, error) {
	var line []byte
	quoted := false
	f.end = '\n'
	for len(line) < longestLine {
		b, err := r.ReadByte()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		switch b {
		case '"':
			quoted = !quoted && f.comma != 0
		case '\r':
			if next, _ := r.Peek(1); !quoted && len(next) == 1 && next[0] != '\r' && next[0] != '\n' {
				f.end = '\r'
			}
		}
		blank := b == ' ' || b == '\r' || b == '\n'
		if len(line) > 0 && b == f.end {
			break
		}
		if len(line) > 0 || !blank {
			line = append(line, b)
		}
	}
	return strings.TrimRight(string(line), "\r"), nil
}
