package replytext

import (
	"slices"
	"strconv"
	"testing"

	"rapport/trust/bounds"
)

// everyTongue is all languages in which numbers are known.
var everyTongue = Languages{"en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "uk", "he", "fa", "ar", "tr"}

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
		{csat, "four out of five", "4", ""},
		{csat, "4 von 5, aber spät", "4", "aber spät"},
		{csat, "4 из 5", "4", ""},
		{csat, "4 از 5", "4", ""},
		{csat, "2 von 10", "", ""},
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
		heard, understood := everyTongue.Score(c.raw, c.scale.low, c.scale.high)
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
		heard, understood := everyTongue.YesNo(raw)
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

// A word is read in the customer's language, then in English where it is no word of
// theirs: what is a number in another is none.
func TestWordsAreReadInTheLanguageTheyAreIn(t *testing.T) {
	for tag, words := range map[string]map[string]int{
		"en": {"on": -1, "um": -1, "due": -1, "otto": -1, "no": -1, "ten": 10, "four": 4, "vier": -1},
		"de": {"um": -1, "sei": -1, "acht": 8, "four": 4, "zwo": 2},
		"tr": {"on": 10, "bir": 1, "four": 4, "ten": -1},
		"pt": {"um": 1, "duas": 2, "no": -1, "on": -1},
		"pl": {"ten": -1, "one": -1, "cztery": 4, "four": 4},
		"it": {"due": 2, "otto": 8},
		"fa": {"نه": -1, "نُه": 9, "۹": 9, "هشت": 8, "چار": 4},
		"ar": {"نه": -1, "أربع": 4},
		"he": {"אחד": 1},
		"":   {"four": 4, "vier": -1},
		"cs": {"four": 4, "on": -1},
		Any:  {"четыре": 4, "پنج": 5, "vier": 4, "four": 4, "quatre": 4, "on": -1, "um": -1, "un": -1, "نه": -1, "نُه": 9, "so": -1, "otto": -1},
	} {
		for word, want := range words {
			heard, understood := Languages{tag + "-XX"}.Score(word, 0, 10)
			if understood != (want >= 0) || understood && *heard.Score != float64(want) {
				t.Errorf("%s %q: %+v %v, want %d", tag, word, heard.Score, understood, want)
			}
		}
	}
	for tag, words := range map[string]map[string]string{
		"en": {"yes": "yes", "так": "", "ja": "", "sure": "yes"},
		"ru": {"так": "", "да": "yes", "нет": "no", "yes": "yes"},
		"uk": {"так": "yes", "ні": "no"},
		"es": {"y": "yes", "sí": "yes", "no": "no"},
		"pt": {"no": "no", "No, obrigado": "no", "não": "no"},
		"fa": {"نه": "no", "بله": "yes"},
		"pl": {"no": "", "nie": "no", "tak": "yes"},
		Any:  {"ja": "yes", "да": "yes", "بله": "yes", "so": "", "так": "", "tak": "yes", "si": "yes", "sí": "yes", "Si, gracias": "yes", "jo": "yes", "nie": "no", "no": "no", "yes": "yes", "nein": "no"},
	} {
		for word, want := range words {
			if heard, _ := (Languages{tag}).YesNo(word); heard.Choice != want {
				t.Errorf("%s %q is %q, want %q", tag, word, heard.Choice, want)
			}
		}
	}
	if heard, understood := (Languages{""}).Score("four", 1, 5); !understood || *heard.Score != 4 {
		t.Errorf("no language: %+v", heard)
	}
	if heard, understood := (Languages{"en", "de"}).Score("vier", 1, 5); !understood || *heard.Score != 4 {
		t.Errorf("the workspace's language: %+v", heard)
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
		for _, read := range []func(string, int, int) (Reading, bool){everyTongue.Score, everyTongue.ScoreAloud} {
			if heard, understood := read(raw, 1, 5); understood && (*heard.Score < 1 || *heard.Score > 5) {
				t.Errorf("%q scores %g", raw, *heard.Score)
			}
		}
		if heard, understood := everyTongue.YesNoAloud(raw); understood && heard.Choice != "yes" && heard.Choice != "no" {
			t.Errorf("%q is %q", raw, heard.Choice)
		}
		if heard, understood := everyTongue.ChoiceAloud(raw, sizes); understood && !slices.Contains(sizes, heard.Choice) {
			t.Errorf("%q chooses %q", raw, heard.Choice)
		}
	})
}
