package replytext

import (
	"strings"
	"testing"

	"rapport/trust/bounds"
)

func TestALetterOfManyLinesCostsLittle(t *testing.T) {
	defer bounds.Watch(t)()
	if Pleasantry(strings.Repeat("best\n", 20000)) {
		t.Error("nobody reads it")
	}
}

func TestThanksNeedNobodyToReadThem(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "thanks!": true, "All good, thank you very much": true, "👍": true, "Great service, keep up the good work!": true, "Vielen Dank, alles super": true, "Alles gut. Danke!": true,
		"merci beaucoup": true, "C'est parfait": true, "todo muy bien, gracias": true, "tutto perfetto": true, "tudo muito bom": true, "heel goed": true, "wszystko dobrze": true,
		"Всё хорошо, спасибо большое": true, "дуже добре": true, "her şey çok güzel": true, "خیلی خوب بود ممنون": true, "شكرا جزيلا": true, "תודה רבה": true,
		"no": true, "Nothing else, thanks": true, "nein danke": true, "нет, спасибо": true, "نه ممنون": true,
		"Best regards\nAnn": true, "Thank you!\n\nMit freundlichen Grüßen\nAnna Weiß": true,

		"but the door is broken, please call me today": false, "not good": false, "no good": false, "all good?": false, "why?": false, "It came late": false, "too expensive": false,
		"You are thieves. My lawyer will write to you.": false, "aber die Tür ist kaputt": false, "дверь сломана": false, "دیر رسید": false, "Call me.\n\nBest regards\nAnn": false, "nothing arrived": false,
		"I loved it when you were good and I think it was so nice and all was well": false, // much for a thanks

		"Thanks\nThe door is broken": false, "Cheers\nwhere is my refund": false, "Best\nplease call me": false, "Thanks\nThe Door Broke": false, "Thanks\nWhy?": false, "Best wishes\nCall 112": false,
		"Thanks\nAnn Smith": true, "Best\n\nJ. Smith-Jones": true, "Cheers\nAnna Maria O’Neill": true, "no, thank you": true, "no s’il vous plaît": true,
	} {
		if got := Pleasantry(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
