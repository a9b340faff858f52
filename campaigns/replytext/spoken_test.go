package replytext

import (
	"testing"

	"rapport/channels"
)

func TestHintsAreInTheLanguageOfTheCall(t *testing.T) {
	three := channels.CallQuestion{Expect: channels.ExpectDigits, Low: 1, High: 3}
	if got := HintsFor(three, "de-AT"); len(got) != 3 || got[0] != "eins" {
		t.Errorf("got %v", got)
	}
	if got := HintsFor(three, "ga"); got != nil {
		t.Errorf("an unknown language: %v", got)
	}
}
