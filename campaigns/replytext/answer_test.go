package replytext

import (
	"slices"
	"strconv"
	"testing"

	"rapport/trust/bounds"
)

func TestScoresAreReadFromWhatCustomersWrite(t *testing.T) {
	type scale struct{ low, high int }
	csat, nps := scale{1, 5}, scale{0, 10}
	for _, c := range []struct {
		scale   scale
		raw     string
		want    string // "" is no answer
		comment string
	}{
		{csat, "4", "4", ""},
		{csat, " 4 ", "4", ""},
		{csat, "٤", "4", ""},
		{csat, "۴", "4", ""},
		{csat, "４", "4", ""},
		{csat, "4️⃣", "4", ""},
		{csat, "4 ⭐", "4", ""},
		{csat, "4!", "4", ""},
		{csat, "four", "4", ""},
		{csat, "Fünf.", "5", ""},
		{csat, "четыре", "4", ""},
		{csat, "پنج", "5", ""},
		{csat, "quattro", "4", ""},
		{csat, "três", "3", ""},
		{csat, "vijf", "5", ""},
		{csat, "pięć", "5", ""},
		{csat, "П’ять!", "5", ""},
		{csat, "ארבע", "4", ""},
		{csat, "dört", "4", ""},
		{csat, "quatre", "4", ""},
		{csat, "cuatro", "4", ""},
		{csat, "أربعة", "4", ""},
		{csat, "4 - great", "4", "great"},
		{csat, "Four. Thank you", "4", "Thank you"},
		{nps, "10/10", "10", ""},
		{csat, "10/10", "", ""},
		{csat, "4 or 5", "", ""},
		{csat, "a 4 I guess", "", ""},
		{csat, "👍", "", ""},
		{csat, "4/5", "4", ""},
		{csat, "۴/۵", "4", ""},
		{csat, "4 out of 5", "4", ""},
		{csat, "4 of 5", "4", ""},
		{csat, "2, it came late", "2", "it came late"},
		{csat, "2 - it came late", "2", "it came late"},
		{csat, "1\nterrible", "1", "terrible"},
		{nps, "0", "0", ""},
		{nps, "10", "10", ""},
		{nps, "۱۰", "10", ""},
		{nps, "zehn", "10", ""},
		{nps, "9/10", "9", ""},

		{csat, "0", "", ""},
		{csat, "6", "", ""},
		{csat, "10", "", ""},
		{csat, "zehn", "", ""},
		{csat, "4/10", "", ""},
		{csat, "-1", "", ""},
		{csat, "4.5", "", ""},
		{csat, "4,5", "", ""},
		{csat, "3-4", "", ""},
		{csat, "5 days late", "", ""},
		{csat, "great", "", ""},
		{csat, "", "", ""},
		{nps, "11", "", ""},
		{nps, "99999999999999999999", "", ""},
	} {
		heard, understood := ReadScore(c.raw, c.scale.low, c.scale.high)
		got := ""
		if heard.Score != nil {
			got = strconv.FormatFloat(*heard.Score, 'f', -1, 64)
		}
		if got != c.want || understood != (c.want != "") || heard.Text != c.comment {
			t.Errorf("%v %q: %q (%q), want %q (%q)", c.scale, c.raw, got, heard.Text, c.want, c.comment)
		}
	}
}

func TestYesAndNo(t *testing.T) {
	for raw, want := range map[string]string{
		"1": "yes", "2": "no", "0": "no", "۱": "yes", "Yes": "yes", "YES!": "yes", "y": "yes", "Ja": "yes", "да": "yes", "Да.": "yes",
		"بله": "yes", "آره": "yes", "نعم": "yes", "no": "no", "Nein": "no", "нет": "no", "نه": "no", "خیر": "no", "não": "no", "nao": "no",
		"no, never": "no", "yes - gladly": "yes",
		"maybe": "", "3": "", "": "", "no idea": "", "yesterday": "",
	} {
		heard, understood := ReadYesNo(raw)
		if heard.Choice != want || understood != (want != "") {
			t.Errorf("%q is %q, want %q", raw, heard.Choice, want)
		}
		if understood && *heard.Score != map[string]float64{"yes": 1, "no": 0}[want] {
			t.Errorf("%q scores %g", raw, *heard.Score)
		}
	}
}

func TestChoices(t *testing.T) {
	colours := []string{"Blue", "dark green", "قرمز"}
	for raw, want := range map[string]string{
		" blue ": "Blue", "BLUE!": "Blue", "Dark-Green": "dark green", "2": "dark green", "۳": "قرمز", "قرمز": "قرمز",
		"blue, like the sea": "Blue",
		"4":                  "", "0": "", "red": "", "blue sky": "", "": "", "  ": "",
	} {
		if heard, understood := ReadChoice(raw, colours); heard.Choice != want || understood != (want != "") {
			t.Errorf("%q is %q, want %q", raw, heard.Choice, want)
		}
	}
	if heard, _ := ReadChoice("blue, like the sea", colours); heard.Text != "like the sea" {
		t.Errorf("comment %q", heard.Text)
	}
}

// What is read of an answer, written or said, is one that its question takes.
func FuzzScores(f *testing.F) {
	f.Add("4/5")
	f.Add("۴، دیر رسید")
	f.Add("1\nterrible")
	f.Add("I would say four, please")
	f.Fuzz(func(t *testing.T, raw string) {
		defer bounds.Watch(t)()
		sizes := []string{"Size", "Colour", "größer"}
		score := func(raw string) (Reading, bool) { return ReadScore(raw, 1, 5) }
		choice := func(raw string) (Reading, bool) { return ReadChoice(raw, sizes) }
		for _, read := range []func(string) (Reading, bool){score, func(said string) (Reading, bool) { return Aloud(score, said) }} {
			if heard, understood := read(raw); understood && (*heard.Score < 1 || *heard.Score > 5) {
				t.Errorf("%q scores %g", raw, *heard.Score)
			}
		}
		if heard, understood := Aloud(ReadYesNo, raw); understood && heard.Choice != "yes" && heard.Choice != "no" {
			t.Errorf("%q is %q", raw, heard.Choice)
		}
		if heard, understood := Aloud(choice, raw); understood && !slices.Contains(sizes, heard.Choice) {
			t.Errorf("%q chooses %q", raw, heard.Choice)
		}
	})
}
