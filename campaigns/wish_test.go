package campaigns

import (
	"testing"

	"rapport/channels"
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

		"Do not call me": WishNoCalls, "Don’t call me again!": WishNoCalls, "STOP CALLING ME": WishNoCalls, "no more calls": WishNoCalls,
		"Rufen Sie mich nicht mehr an.": WishNoCalls, "Ne m’appelez plus": WishNoCalls, "no me llame mas": WishNoCalls, "Больше не звоните": WishNoCalls,
		"Beni aramayın": WishNoCalls, "BENİ ARAMAYIN": WishNoCalls, "زنگ نزنید": WishNoCalls, "não me ligue mais": WishNoCalls, "Non chiamatemi piu": WishNoCalls,
		"niet meer bellen": WishNoCalls, "Proszę nie dzwonić": WishNoCalls, "не телефонуйте": WishNoCalls, "لا تتصل بي": WishNoCalls, "אל תתקשרו": WishNoCalls,
		"Stop texting me!": WishNoTexts, "no more texts": WishNoTexts, "Keine SMS mehr": WishNoTexts, "не присылайте СМС": WishNoTexts,

		"do not call me before nine": WishNone, "call me": WishNone, "no calls on Sundays": WishNone, "plus d'appels": WishNone,
		"please don't stop": WishNone, "don't stop": WishNone, "I can't stop smiling": WishNone, "the end is near": WishNone,
		"stop by the shop": WishNone, "cancel my order": WishNone, "non-stop": WishNone, "yes please": WishNone,
		"": WishNone, "👍": WishNone, "5": WishNone,
	} {
		if got := ParseWish(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// Words about a channel mean that one, whichever they are said on; a STOP its own.
func TestWishesStopAChannel(t *testing.T) {
	for _, said := range channels.All() {
		for wish, want := range map[Wish]channels.Channel{
			WishStop: said, WishNoCalls: channels.Call, WishNoTexts: channels.SMS, WishStart: "", WishHelp: "", WishYes: "", WishNone: "",
		} {
			if got := wish.stops(said); got != want {
				t.Errorf("%q on %s stops %q, want %q", wish, said, got, want)
			}
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
