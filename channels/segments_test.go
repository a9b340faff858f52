package channels

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// vector reads one of the official vectors beside the checkout.
func vector(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("../../shared/vectors/" + name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("../shared/vectors is not beside this checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func TestSegmentsOfVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name     string
			Body     string
			Encoding Encoding
			Segments int
		}
	}
	vector(t, "sms/segments.json", &file)
	for _, c := range file.Cases {
		if count, encoding := Segments(c.Body); count != c.Segments || encoding != c.Encoding {
			t.Errorf("%s: got %d of %s, want %d of %s", c.Name, count, encoding, c.Segments, c.Encoding)
		}
	}
	if len(file.Cases) == 0 {
		t.Error("the vectors hold no case")
	}
}

// TestSevenBitCharactersAreThoseOfTheTable asks about every character there is:
// how many of it fill one segment tells how wide it is.
func TestSevenBitCharactersAreThoseOfTheTable(t *testing.T) {
	var file struct {
		Table []struct {
			CP  rune
			GSM []int
		}
	}
	vector(t, "sms/gsm7_table.json", &file)
	septets := map[rune]int{}
	for _, c := range file.Table {
		septets[c.CP] = len(c.GSM)
	}
	for r := range rune(utf8.MaxRune + 1) {
		if !utf8.ValidRune(r) {
			continue
		}
		width, listed := septets[r]
		_, encoding := Segments(string(r))
		if (encoding == GSM7) != listed {
			t.Errorf("%U: %s", r, encoding)
		}
		if !listed {
			continue
		}
		full := strings.Repeat(string(r), 160/width)
		if count, _ := Segments(full); count != 1 {
			t.Errorf("%U: %d of them do not fit one segment", r, 160/width)
		}
		if count, _ := Segments(full + string(r)); count != 2 {
			t.Errorf("%U: one more than fits gives %d segments", r, count)
		}
	}
}

func TestNoCharacterIsSplitBetweenSegments(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"nothing":                       {"", 1},
		"two full parts":                {strings.Repeat("a", 2*153), 2},
		"an escape at the first's end":  {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 3},
		"an escape within it":           {strings.Repeat("a", 151) + "€" + strings.Repeat("a", 153), 2},
		"UCS-2, two full parts":         {strings.Repeat("ж", 2*67), 2},
		"a pair at the first's end":     {strings.Repeat("ж", 66) + "😜" + strings.Repeat("ж", 66), 3},
		"a pair within it":              {strings.Repeat("ж", 65) + "😜" + strings.Repeat("ж", 67), 2},
		"pairs alone":                   {strings.Repeat("😜", 35), 1},
		"pairs alone, 33 to a part":     {strings.Repeat("😜", 67), 3},
		"bytes that are no character":   {"\xff", 1},
		"an accent beside its letter":   {strings.Repeat("e\u0301", 35), 1},
		"and what does not fit with it": {strings.Repeat("e\u0301", 36), 2},
	} {
		if got, _ := Segments(c.text); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
