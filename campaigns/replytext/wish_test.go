package replytext

import (
	"testing"

	"rapport/channels"
	"rapport/trust/bounds"
)

func TestWishes(t *testing.T) {
	for text, want := range map[string]Wish{
		"STOP": Stop, "stop": Stop, " Stop. ": Stop, "STOP!!!": Stop, "S.T.O.P": Stop, "“stop”": Stop,
		"ＳＴＯＰ": Stop, "stop 🙏": Stop, "STOP\u200f": Stop, "Stop\n": Stop,
		"STOPALL": Stop, "stop all": Stop, "UNSUBSCRIBE": Stop, "Cancel": Stop, "END": Stop, "quit": Stop,
		"REVOKE": Stop, "OPTOUT": Stop, "opt out": Stop, "Opt-Out": Stop, "remove": Stop, "please stop": Stop,
		"Abmelden": Stop, "AUFHÖREN": Stop, "aufhoren": Stop, "Arrêt": Stop, "ARRET": Stop, "desinscription": Stop,
		"стоп": Stop, "СТОП": Stop, "Отписаться!": Stop, "İPTAL": Stop, "iptal": Stop, "IPTAL": Stop,
		"لغو": Stop, "لغو ۱۱": Stop, "لغو11": Stop, "إلغاء": Stop, "الغاء": Stop, "退订": Stop,
		"START": Start, "unstop": Start, "старт": Start, "YES": Yes, "yes!": Yes,
		"HELP": Help, "info": Help, "Hilfe": Help, "راهنما": Help,

		"Do not call me": NoCalls, "Don’t call me again!": NoCalls, "STOP CALLING ME": NoCalls, "no more calls": NoCalls,
		"Rufen Sie mich nicht mehr an.": NoCalls, "Ne m’appelez plus": NoCalls, "no me llame mas": NoCalls, "Больше не звоните": NoCalls,
		"Beni aramayın": NoCalls, "BENİ ARAMAYIN": NoCalls, "زنگ نزنید": NoCalls, "não me ligue mais": NoCalls, "Non chiamatemi piu": NoCalls,
		"niet meer bellen": NoCalls, "Proszę nie dzwonić": NoCalls, "не телефонуйте": NoCalls, "لا تتصل بي": NoCalls, "אל תתקשרו": NoCalls,
		"Stop texting me!": NoTexts, "no more texts": NoTexts, "Keine SMS mehr": NoTexts, "не присылайте СМС": NoTexts,

		"do not call me before nine": NoWish, "call me": NoWish, "no calls on Sundays": NoWish, "plus d'appels": NoWish,
		"please don't stop": NoWish, "don't stop": NoWish, "I can't stop smiling": NoWish, "the end is near": NoWish,
		"stop by the shop": NoWish, "cancel my order": NoWish, "non-stop": NoWish, "yes please": NoWish,
		"": NoWish, "👍": NoWish, "5": NoWish,
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
			Stop: said, NoCalls: channels.Call, NoTexts: channels.SMS, Start: "", Help: "", Yes: "", NoWish: "",
		} {
			if got := wish.Stops(said); got != want {
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
