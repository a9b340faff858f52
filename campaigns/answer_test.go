package campaigns

import "testing"

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
