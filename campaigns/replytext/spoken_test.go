package replytext

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/trust/bounds"
)

func TestHintsAreInTheLanguageOfTheCall(t *testing.T) {
	three := channels.CallQuestion{Expect: channels.ExpectDigits, Low: 1, High: 3}
	if got := HintsFor(three, "de-AT"); len(got) != 3 || got[0] != "eins" {
		t.Errorf("got %v", got)
	}
	if got := HintsFor(channels.CallQuestion{Expect: channels.ExpectYesNo}, "pt-BR"); !slices.Equal(got, []string{"sim", "não"}) {
		t.Errorf("yes and no: %v", got)
	}
	if got := HintsFor(three, "ga"); got != nil {
		t.Errorf("an unknown language: %v", got)
	}
}

// A score is taken from what was said only where there is one number and no word that
// denies it; everything else is asked again.
func TestScoresSaidAloud(t *testing.T) {
	for _, c := range []struct{ tag, said, five, ten string }{
		{"en", "Four.", "4", "4"},
		{"en", "I would say four", "4", "4"},
		{"en", "I would say a five, please.", "5", "5"},
		{"en", "Yes, four", "4", "4"},
		{"en", "four stars thank you", "4", "4"},
		{"en", "Five. Five!", "5", "5"},
		{"en", "Two, it never came", "2", "2"},
		{"en", "one out of five", "1", ""},
		{"en", "I'd give it 2 out of 5.", "2", ""},
		{"en", "I'd give it 2 out of 5, it never came", "2", ""},
		{"en", "I'd say 2/5", "2", ""},
		{"en", "1 out of 5 stars", "1", ""},
		{"en", "2 points out of 5", "2", ""},
		{"en", "two out of ten", "", "2"},
		{"en", "ten out of ten", "", "10"},
		{"en", "definitely not a five", "", ""},
		{"en", "not five out of five", "", ""},
		{"en", "I can't give five", "", ""},
		{"en", "Five? No!", "", ""},
		{"en", "4 or 5", "", ""},
		{"en", "4 5", "", ""},
		{"en", "4.5", "", ""},
		{"en", "-1", "", ""},
		{"en", "minus one", "", ""},
		{"en", "twenty five", "", ""},
		{"en", "what, from one to five?", "", ""},
		{"en", "I waited until five", "", ""},
		{"en", "call me back at five", "", ""},
		{"en", "no one", "", ""},
		{"en", "one moment", "", ""},
		{"en", "Hold on.", "", ""},
		{"en", "um", "", ""},
		{"en", "um, four", "4", "4"},
		{"en", "hello?", "", ""},
		{"en", "", "", ""},
		{"en", "five, no complaints", "5", "5"},
		{"en", "Five. Not bad at all.", "5", "5"},
		{"en", "five, no", "", ""},
		{"en", "five, no, no", "", ""},
		{"en", "five, not really", "", ""},
		{"en", "five, no, not bad", "", ""},
		{"en", "five, not five", "", ""},
		{"en", "five, no, four", "", ""},
		{"en", "five not", "", ""},
		{"en", "twenty, five", "", ""},
		{"en", "five twenty", "", ""},
		{"en", "two out of five, no thanks to you", "2", ""},
		{"en", "two out of five, no", "", ""},
		{"it", "cinque, grazie mille", "5", "5"},
		{"es", "cinco, mil gracias", "5", "5"},
		{"de", "fünf, tausend Dank", "5", "5"},
		{"de", "fünf, nichts zu meckern", "5", "5"},
		{"fr", "cinq, rien à dire", "5", "5"},
		{"ru", "пять, не жалуюсь", "5", "5"},
		{"it", "per cinque", "", ""},
		{"de", "Ich würde sagen zwei bitte", "2", "2"},
		{"de", "zwei von fünf", "2", ""},
		{"de", "2 von 5", "2", ""},
		{"de", "zwei von zehn", "", "2"},
		{"de", "keine fünf", "", ""},
		{"de", "nicht fünf", "", ""},
		{"de", "um fünf", "", ""},
		{"de", "vier oder fünf", "", ""},
		{"fr", "je mets un cinq", "5", "5"},
		{"fr", "un peu cher", "", ""},
		{"fr", "deux sur cinq", "2", ""},
		{"fr", "pas cinq", "", ""},
		{"fr", "jusqu'à cinq", "", ""},
		{"es", "uno de cinco", "1", ""},
		{"es", "no cinco", "", ""},
		{"es", "a las cinco", "", ""},
		{"it", "uno su cinque", "1", ""},
		{"it", "non cinque", "", ""},
		{"pt", "um cinco", "5", "5"},
		{"pt", "dois de cinco", "2", ""},
		{"pt", "não cinco", "", ""},
		{"nl", "een vier", "4", "4"},
		{"nl", "twee van de vijf", "", ""},
		{"nl", "twee van vijf", "2", ""},
		{"nl", "geen vijf", "", ""},
		{"pl", "to cztery", "4", "4"},
		{"pl", "dwa na pięć", "2", ""},
		{"pl", "nie pięć", "", ""},
		{"ru", "ну три", "3", "3"},
		{"ru", "пятёрка", "5", "5"},
		{"ru", "2 из 5", "2", ""},
		{"ru", "два из пяти", "2", ""},
		{"ru", "Не пять.", "", ""},
		{"ru", "до пяти", "", ""},
		{"uk", "два з п'яти", "2", ""},
		{"uk", "П’ять", "5", "5"},
		{"uk", "не п'ять", "", ""},
		{"tr", "beş üzerinden iki", "2", ""},
		{"tr", "bir beş", "5", "5"},
		{"tr", "on", "", "10"},
		{"fa", "1 از 5", "1", ""},
		{"fa", "یک از پنج", "1", ""},
		{"fa", "از یک تا پنج", "", ""},
		{"fa", "نه", "", ""},
		{"fa", "نُه", "", "9"},
		{"fa", "نه پنج", "", ""},
		{"ar", "اثنان من خمسة", "2", ""},
		{"ar", "ليس خمسة", "", ""},
		{"he", "שתיים מתוך חמש", "2", ""},
		{"he", "לא חמש", "", ""},
	} {
		for _, scale := range []struct {
			low, high int
			want      string
		}{{1, 5, c.five}, {0, 10, c.ten}} {
			heard, understood := Languages{c.tag}.ScoreAloud(c.said, scale.low, scale.high)
			got := ""
			if understood {
				got = strconv.FormatFloat(*heard.Score, 'f', -1, 64)
			}
			if got != scale.want {
				t.Errorf("%s, to %d, %q is %q, want %q", c.tag, scale.high, c.said, got, scale.want)
			}
		}
	}
}

// Every number of every language is heard, alone and out of the highest.
func TestEveryNumberIsHeard(t *testing.T) {
	between := map[string]string{
		"en": "out of", "de": "von", "fr": "sur", "es": "de", "it": "su", "pt": "em", "nl": "op", "pl": "na", "uk": "з", "he": "מתוך", "ru": "из", "fa": "از", "ar": "من",
	}
	for tag, words := range numerals {
		for n, word := range words {
			said := []string{word, word + " " + between[tag] + " " + words[10]}
			if between[tag] == "" {
				said[1] = words[10] + " üzerinden " + word
			}
			for _, what := range said {
				if got, understood := (Languages{tag}).ScoreAloud(what, 0, 10); !understood || *got.Score != float64(n) {
					t.Errorf("%s %q: %+v %v, want %d", tag, what, got, understood, n)
				}
			}
		}
	}
}

func TestYesAndNoSaidAloud(t *testing.T) {
	for _, c := range []struct{ tag, said, want string }{
		{"en", "yes", "yes"},
		{"en", "oh yes", "yes"},
		{"en", "Yes, I would", "yes"},
		{"en", "Yes, but it was not good", "yes"},
		{"en", "sure", "yes"},
		{"en", "1", "yes"},
		{"en", "No, never", "no"},
		{"en", "No, I'm not sure", "no"},
		{"en", "that's a no", "no"},
		{"en", "I'm not sure", ""},
		{"en", "not so sure", ""},
		{"en", "I can't say yes", ""},
		{"en", "yes no", ""},
		{"en", "perhaps", ""},
		{"en", "definitely not", ""},
		{"en", "no problem", ""},
		{"en", "Ja", ""},
		{"de", "ja", "yes"},
		{"de", "nein danke", "no"},
		{"de", "Na ja.", ""},
		{"de", "naja", ""},
		{"de", "ja nein", ""},
		{"de", "nicht ja", ""},
		{"fr", "oui", "yes"},
		{"fr", "pas oui", ""},
		{"es", "sí", "yes"},
		{"es", "no", "no"},
		{"it", "sì", "yes"},
		{"it", "non sì", ""},
		{"pt", "sim", "yes"},
		{"pt", "no", ""},
		{Any, "si", ""},
		{"pt", "não", "no"},
		{"nl", "ja", "yes"},
		{"nl", "nou ja", ""},
		{"pl", "tak", "yes"},
		{"pl", "no tak", "yes"},
		{"pl", "nie", "no"},
		{"ru", "ну да", "yes"},
		{"ru", "да нет", ""},
		{"ru", "не так", ""},
		{"ru", "всё не так", ""},
		{"ru", "так", ""},
		{"uk", "так", "yes"},
		{"uk", "не так", ""},
		{"tr", "evet", "yes"},
		{"fa", "نه ممنون", "no"},
		{"fa", "بله", "yes"},
		{"ar", "نعم", "yes"},
		{"he", "כן", "yes"},
		{"he", "לא", "no"},
	} {
		heard, understood := Languages{c.tag}.YesNoAloud(c.said)
		if heard.Choice != c.want || understood != (c.want != "") {
			t.Errorf("%s %q is %q, want %q", c.tag, c.said, heard.Choice, c.want)
		}
	}
}

func TestALongStoryEndsInAChoice(t *testing.T) {
	defer bounds.Watch(t)()
	long := strings.Repeat("I waited / ", 200) + "and then it was blue"
	if heard, understood := (Languages{"en"}).ChoiceAloud(long, []string{"Blue", "green"}); !understood || heard.Choice != "Blue" {
		t.Errorf("got %+v", heard)
	}
}

func TestChoicesSaidAloud(t *testing.T) {
	choices := []string{"Blue", "dark green", "No thanks"}
	for said, want := range map[string]string{
		"blue": "Blue", "I would take dark green": "dark green", "Blue, please": "Blue", "blue, like the sea": "Blue", "two": "dark green", "I think dark-green": "dark green", "it is darkgreen": "dark green", "no thanks": "No thanks",
		"not blue": "", "blue or dark green": "", "I don't want the blue": "", "blue sky": "", "what?": "",
	} {
		if heard, understood := (Languages{"en"}).ChoiceAloud(said, choices); heard.Choice != want || understood != (want != "") {
			t.Errorf("%q is %q, want %q", said, heard.Choice, want)
		}
	}
}
