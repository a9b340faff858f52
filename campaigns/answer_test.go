package campaigns

import (
	"testing"

	"rapport/campaigns/replytext"
)

// A date is no score, whatever else stands behind a number is its comment; stars before
// a number are none.
func TestNumbersBesideAScore(t *testing.T) {
	for text, want := range map[string]float64{
		"5, order 4711 arrived fine": 5, "1, order 10234 came broken": 1, "2. Bestellung 4711 kam kaputt": 2, "4, Auftrag 2024-11": 4, "2. Bestellung 20244711": 2,
		"1. December 2026": 0, "4. Dezember 2026 wäre besser": 0, "1.Dez. 2026": 0, "3. März, 1998": 0,
		"⭐⭐": 2, "★★☆☆☆ late": 2, "⭐⭐ un peu tard": 2, "⭐x5": 0, "⭐: 5 out of 5": 0, "⭐: cinq sur cinq": 0, "⭐ ۵": 5,
	} {
		heard, understood := (&Ask{Scale: CSAT5}).read(text, replytext.Languages{"fr", "de"})
		if understood != (want > 0) || understood && *heard.Score != want {
			t.Errorf("%q: %+v, want %g", text, heard.Score, want)
		}
	}
}

func TestWordsAreAnAnswerToAnOpenQuestion(t *testing.T) {
	if heard, understood := (&Ask{Scale: Text}).read(" it was fine ", nil); !understood || heard.Text != "it was fine" {
		t.Errorf("text %+v", heard)
	}
	for _, scale := range []Scale{CSAT5, NPS, YesNo, Choice, Text, "stars"} {
		if _, understood := (&Ask{Scale: scale}).read("  ", nil); understood {
			t.Errorf("%s: nothing is an answer", scale)
		}
	}
}
