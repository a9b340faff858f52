package intake

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
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

// detect looks at every byte: a file whose characters beyond ASCII are UTF-8 is
// taken as that, one with a byte order mark or an ASCII character of two bytes at
// its beginning as UTF-16, any other as Windows-1252, which is what spreadsheets of
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
	var seen characters
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
		seen.count(chunk[:len(chunk)-rest])
		if ended {
			return seen.encoding()
		}
		held = copy(buffer, chunk[len(chunk)-rest:])
	}
}

// characters are those beyond ASCII: of UTF-8, and bytes that are no part of one.
type characters struct{ utf8, others int }

func (c *characters) count(chunk []byte) {
	if utf8.Valid(chunk) {
		for _, b := range chunk {
			if b >= utf8.RuneSelf && utf8.RuneStart(b) {
				c.utf8++
			}
		}
		return
	}
	for len(chunk) > 0 {
		character, size := utf8.DecodeRune(chunk)
		switch {
		case character == utf8.RuneError && size == 1:
			c.others++
		case size > 1:
			c.utf8++
		}
		chunk = chunk[size:]
	}
}

// outweighs is how many times as many characters of one encoding there are to be as
// of the other: those of the other are mistakes then, or chance.
const outweighs = 4

func (c *characters) encoding() (string, error) {
	switch {
	case c.utf8 >= outweighs*c.others:
		return "utf-8", nil
	case c.others >= outweighs*c.utf8:
		return "windows-1252", nil
	}
	return "", fmt.Errorf("it holds %d characters of UTF-8 and %d bytes of another encoding; say which it is with --encoding, such as utf-8 or windows-1252", c.utf8, c.others)
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

// legible reports whether a text has no bytes that its encoding lacks, no mark of
// such (U+FFFD) that another program left, and no NUL, which no database keeps.
func legible(text string) bool {
	return utf8.ValidString(text) && !strings.Contains(text, string(utf8.RuneError)) && strings.IndexByte(text, 0) < 0
}
