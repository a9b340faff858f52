package campaigns

import (
	"testing"

	"rapport/trust/bounds"
)

func TestWishes(t *testing.T) {
	for text, want := range map[string]Wish{
		"STOP": WishStop, "stop": WishStop, " Stop. ": WishStop, "STOP!!!": WishStop, "S.T.O.P": WishStop, "“stop”": WishStop,
		"ＳＴＯＰ": WishStop, "stop 🙏": WishStop, "STOP\u200f": WishStop, "Stop\n": WishStop,
		"STOPALL": WishStop, "stop all": WishStop, "UNSUBSCRIBE": WishStop, "Cancel": WishStop, "END": WishStop, "quit": WishStop,
		"REVOKE": WishStop, "OPTOUT": WishStop, "opt out": WishStop, "Opt-Out": WishStop, "remove": WishStop, "please stop": WishStop,
		"Abmelden": WishStop, "AUFHÖREN": WishStop, "aufhoren": WishStop, "Arrêt": WishStop, "ARRET": WishStop, "desinscription": WishStop,
		"стоп": WishStop, "СТОП": WishStop, "Отписаться!": WishStop, "İPTAL": WishStop, "iptal": WishStop, "IPTAL": WishStop,
		"لغو": WishStop, "لغو ۱۱": WishStop, "لغو11": WishStop, "إلغاء": WishStop, "الغاء": WishStop, "退订": WishStop,
		"START": WishStart, "unstop": WishStart, "старт": WishStart, "YES": WishYes, "yes!": WishYes,
		"HELP": WishHelp, "info": WishHelp, "Hilfe": WishHelp, "راهنما": WishHelp,

		"please don't stop": WishNone, "don't stop": WishNone, "I can't stop smiling": WishNone, "the end is near": WishNone,
		"stop by the shop": WishNone, "cancel my order": WishNone, "non-stop": WishNone, "yes please": WishNone,
		"": WishNone, "👍": WishNone, "5": WishNone,
	} {
		if got := ParseWish(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func FuzzParseWish(f *testing.F) {
	f.Add("Stop!")
	f.Add("لغو ۱۱")
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		if ParseWish(text) != ParseWish(folded(text)) {
			t.Errorf("%q means something else once it is folded", text)
		}
	})
}
