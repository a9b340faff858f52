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
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// encodings are those that can be named; UTF-8 needs no decoding.
var encodings = map[string]encoding.Encoding{
	"utf-8":        nil,
	"windows-1252": charmap.Windows1252,
	"windows-1251": charmap.Windows1251,
	"windows-1250": charmap.Windows1250,
	"windows-1256": charmap.Windows1256,
	"iso-8859-1":   charmap.ISO8859_1,
	"iso-8859-2":   charmap.ISO8859_2,
	"utf-16le":     unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
}

// file is one input, opened anew for each reading.
type file struct {
	path     string
	size     int64 // compressed, as on disk
	modified time.Time
	encoding string
	comma    byte // of a separated file; 0 for NDJSON
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
	if f.comma == ',' {
		if err := f.detectComma(); err != nil {
			return nil, err
		}
	}
	return f, nil
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
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		if r.Reader, err = gzip.NewReader(buffered); err != nil {
			return nil, errors.Join(err, opened.Close())
		}
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

// detect looks at every byte: a file that is UTF-8 all through is taken as
// that, one with a byte order mark or an ASCII character of two bytes at its
// beginning as UTF-16, any other as Windows-1252, which is what spreadsheets of
// the West write.
func (f *file) detect() (string, error) {
	r, err := f.bytes()
	if err != nil {
		return "", err
	}
	defer r.Close() // only read
	buffer := make([]byte, 64<<10)
	held := 0
	first := true
	for {
		n, err := io.ReadFull(r, buffer[held:])
		chunk := buffer[:held+n]
		if wide := utf16Of(chunk); first && wide != "" {
			return wide, nil
		}
		first = false
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return "", err
		}
		rest := tail(chunk)
		if ended {
			rest = 0
		}
		if !utf8.Valid(chunk[:len(chunk)-rest]) {
			return "windows-1252", nil
		}
		if ended {
			return "utf-8", nil
		}
		held = copy(buffer, chunk[len(chunk)-rest:])
	}
}

func utf16Of(beginning []byte) string {
	if len(beginning) < 2 {
		return ""
	}
	switch a, b := beginning[0], beginning[1]; {
	case a == 0xff && b == 0xfe, a != 0 && b == 0:
		return "utf-16le"
	case a == 0xfe && b == 0xff, a == 0 && b != 0:
		return "utf-16be"
	}
	return ""
}

// tail is how many bytes at the end may be the beginning of a character.
func tail(chunk []byte) int {
	for n := 1; n <= min(utf8.UTFMax-1, len(chunk)); n++ {
		if utf8.RuneStart(chunk[len(chunk)-n]) {
			if utf8.FullRune(chunk[len(chunk)-n:]) {
				return 0
			}
			return n
		}
	}
	return 0
}

// detectComma takes the separator that the first line has most of.
func (f *file) detectComma() error {
	r, err := f.text()
	if err != nil {
		return err
	}
	defer r.Close() // only read
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	most := strings.Count(line, ",")
	for _, comma := range []byte{';', '\t', '|'} {
		if n := strings.Count(line, string(comma)); n > most {
			f.comma, most = comma, n
		}
	}
	return nil
}
