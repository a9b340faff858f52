package campaigns

import (
	"strconv"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/trust/bounds"
)

func TestScoresAreReadFromWhatCustomersWrite(t *testing.T) {
	for _, c := range []struct {
		scale   Scale
		raw     string
		want    string // "" is no answer
		comment string
	}{
		{CSAT5, "4", "4", ""},
		{CSAT5, " 4 ", "4", ""},
		{CSAT5, "٤", "4", ""},
		{CSAT5, "۴", "4", ""},
		{CSAT5, "４", "4", ""},
		{CSAT5, "4️⃣", "4", ""},
		{CSAT5, "4 ⭐", "4", ""},
		{CSAT5, "4!", "4", ""},
		{CSAT5, "four", "4", ""},
		{CSAT5, "Fünf.", "5", ""},
		{CSAT5, "четыре", "4", ""},
		{CSAT5, "پنج", "5", ""},
		{CSAT5, "quattro", "4", ""},
		{CSAT5, "três", "3", ""},
		{CSAT5, "vijf", "5", ""},
		{CSAT5, "pięć", "5", ""},
		{CSAT5, "П’ять!", "5", ""},
		{CSAT5, "ארבע", "4", ""},
		{CSAT5, "dört", "4", ""},
		{CSAT5, "quatre", "4", ""},
		{CSAT5, "cuatro", "4", ""},
		{CSAT5, "أربعة", "4", ""},
		{CSAT5, "4 - great", "4", "great"},
		{CSAT5, "Four. Thank you", "4", "Thank you"},
		{NPS, "10/10", "10", ""},
		{CSAT5, "10/10", "", ""},
		{CSAT5, "4 or 5", "", ""},
		{CSAT5, "a 4 I guess", "", ""},
		{CSAT5, "👍", "", ""},
		{CSAT5, "4/5", "4", ""},
		{CSAT5, "۴/۵", "4", ""},
		{CSAT5, "4 out of 5", "4", ""},
		{CSAT5, "4 of 5", "4", ""},
		{CSAT5, "2, it came late", "2", "it came late"},
		{CSAT5, "2 - it came late", "2", "it came late"},
		{CSAT5, "1\nterrible", "1", "terrible"},
		{NPS, "0", "0", ""},
		{NPS, "10", "10", ""},
		{NPS, "۱۰", "10", ""},
		{NPS, "zehn", "10", ""},
		{NPS, "9/10", "9", ""},

		{CSAT5, "0", "", ""},
		{CSAT5, "6", "", ""},
		{CSAT5, "10", "", ""},
		{CSAT5, "zehn", "", ""},
		{CSAT5, "4/10", "", ""},
		{CSAT5, "-1", "", ""},
		{CSAT5, "4.5", "", ""},
		{CSAT5, "4,5", "", ""},
		{CSAT5, "3-4", "", ""},
		{CSAT5, "5 days late", "", ""},
		{CSAT5, "great", "", ""},
		{CSAT5, "", "", ""},
		{NPS, "11", "", ""},
		{NPS, "99999999999999999999", "", ""},
	} {
		heard, understood := (&Ask{Scale: c.scale}).read(c.raw)
		got := ""
		if heard.score != nil {
			got = strconv.FormatFloat(*heard.score, 'f', -1, 64)
		}
		if got != c.want || understood != (c.want != "") || heard.text != c.comment {
			t.Errorf("%s %q: %q (%q), want %q (%q)", c.scale, c.raw, got, heard.text, c.want, c.comment)
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
		heard, understood := (&Ask{Scale: YesNo}).read(raw)
		if heard.choice != want || understood != (want != "") {
			t.Errorf("%q is %q, want %q", raw, heard.choice, want)
		}
		if understood && *heard.score != map[string]float64{"yes": 1, "no": 0}[want] {
			t.Errorf("%q scores %g", raw, *heard.score)
		}
	}
}

func TestWordsAndChoices(t *testing.T) {
	colours := &Ask{Scale: Choice, Choices: []string{"Blue", "dark green", "قرمز"}}
	for raw, want := range map[string]string{
		" blue ": "Blue", "BLUE!": "Blue", "Dark-Green": "dark green", "2": "dark green", "۳": "قرمز", "قرمز": "قرمز",
		"blue, like the sea": "Blue",
		"4":                  "", "0": "", "red": "", "blue sky": "", "": "",
	} {
		if heard, understood := colours.read(raw); heard.choice != want || understood != (want != "") {
			t.Errorf("%q is %q, want %q", raw, heard.choice, want)
		}
	}
	if heard, _ := colours.read("blue, like the sea"); heard.text != "like the sea" {
		t.Errorf("comment %q", heard.text)
	}
	if heard, understood := (&Ask{Scale: Text}).read(" it was fine "); !understood || heard.text != "it was fine" {
		t.Errorf("text %+v", heard)
	}
	for _, scale := range []Scale{Choice, Text, "stars"} {
		if _, understood := (&Ask{Scale: scale}).read("  "); understood {
			t.Errorf("%s: nothing is an answer", scale)
		}
	}
}

func FuzzScores(f *testing.F) {
	f.Add("4/5")
	f.Add("۴، دیر رسید")
	f.Add("1\nterrible")
	f.Add("I would say four, please")
	f.Fuzz(func(t *testing.T, raw string) {
		defer bounds.Watch(t)()
		if heard, understood := (&Ask{Scale: CSAT5}).read(raw); understood && (*heard.score < 1 || *heard.score > 5) {
			t.Errorf("%q scores %g", raw, *heard.score)
		}
		(&Ask{Scale: YesNo}).read(raw)
		choice := &Ask{Scale: Choice, Choices: []string{"Size", "Colour", "größer"}}
		for _, q := range []channels.CallQuestion{{Expect: channels.ExpectYesNo}, {Expect: channels.ExpectDigits, Low: 1, High: 5}} {
			for _, ask := range []*Ask{nil, choice} {
				heard, understood := aloud(readerOf(q, ask), raw)
				if key := keyOf(heard, ask); understood && (len(key) != 1 || !strings.Contains("012345", key)) {
					t.Errorf("%q presses %q", raw, key)
				}
			}
		}
	})
}
