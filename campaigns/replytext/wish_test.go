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

		"stop pls": Stop, "Stop bitte": Stop, "bitte stop": Stop, "STOP STOP STOP": Stop, "Hi, stop": Stop, "ok stop now": Stop, "Stop, thanks": Stop, "стоп пожалуйста": Stop,
		"unsubscribe please": Stop, "Please unsubscribe me!": Stop, "Unsubscribe me, please": Stop, "bitte abmelden": Stop, "Bitte melden Sie mich ab.": Stop,
		"désabonnez-moi": Stop, "Désabonnez-moi s’il vous plaît": Stop, "remove me from your list": Stop, "Please take me off your mailing list": Stop, "отпишите меня, пожалуйста": Stop,
		"لطفا لغو": Stop, "STOP SVP": Stop, "stop por favor": Stop, "cancel please": Stop, "do not contact me anymore": Stop, "Stop, unsubscribe me!": Stop,
		"SТОP": Stop, "ЅТОР": Stop, "CTOП": Stop, "ST0P": Stop, "ꜱᴛᴏᴘ": Stop, "Рleаse unsubsсribe": Stop,
		"Unsubscribe\n\nJohn": Stop, "STOP\n-- John Smith": Stop, "Bitte abmelden.\n\nAnna Weiß": Stop,
		"Please unsubscribe me, stop emailing me.": Stop,
		"info please": Help,

		"stop emailing me": NoMails, "do not email me again": NoMails, "Don't e-mail me any more!": NoMails, "no more emails": NoMails, "keine E-Mails mehr": NoMails, "Bitte keine Mails mehr": NoMails,
		"ne m’envoyez plus d’e-mails": NoMails, "no me envíen más correos": NoMails, "Não me enviem mais e-mails": NoMails, "basta mail": NoMails, "geen e-mails meer": NoMails,
		"proszę nie wysyłać maili": NoMails, "Больше не присылайте мне писем": NoMails, "не надсилайте мені більше листів": NoMails, "bana mail atmayın": NoMails, "دیگه ایمیل نفرستید": NoMails,
		"אל תשלחו לי מיילים": NoMails, "لا ترسلوا بريدا إلكترونيا": NoMails,
		"don't text me anymore": NoTexts, "no more texts ever": NoTexts, "STOP SMS": NoTexts, "never call again": NoCalls, "don't call me anymore": NoCalls, "دیگه زنگ نزنید": NoCalls,
		"دیگه به من زنگ نزنید": NoCalls, "не звоните мне больше никогда!": NoCalls, "Bitte rufen Sie mich nie wieder an": NoWish,
		"не пишите мне больше": NoWriting, "Не пишіть мені більше": NoWriting, "don't write to me again": NoWriting, "دیگر پیام ندهید": NoWriting, "nie piszcie do mnie więcej": NoWriting,

		"please don't stop!": NoWish, "when will it stop raining?": NoWish, "stop stalling and send it": NoWish, "yes please thanks": NoWish, "please": NoWish, "stop calling, text me": NoWish,
		"stop, do not call me": Stop, "no me": NoWish, "no más": Stop, "more": NoWish, "Cancel\n\nOrder": NoWish, "Unsubscribe\n\nonly from offers": NoWish, "Stop\n\nOrder 1234": NoWish,
		"I wrote STOP last week, and you still send me things. What does unsubscribe mean to you?": NoWish, "do not email me before Monday": NoWish, "cancel and refund": NoWish,

		// that we write or call too little is no wish
		"You never call me": NoWish, "Hello, you never call me, please": NoWish, "Sie rufen mich nicht an": NoWish, "Sie ruft mich nicht mehr an": NoWish, "Vous ne m’appelez plus": NoWish,
		"You never email me": NoWish, "You don't email me anymore": NoWish, "Sie schicken mir keine E-Mails mehr": NoWish, "Vous ne m’envoyez plus de mails": NoWish,
		"You never write to me": NoWish, "Sie schreiben mir nicht": NoWish, "Vous ne m’écrivez plus": NoWish, "پیام مرا ندید": NoWish, "You never text me": NoWish,
		"Keine Nachrichten": NoWish, "No messages": NoWish, "niente mail": NoWish, "Geen mail": NoWish, "No more emails?": NoWish, "no more emails？": NoWish, "Do not call me, ok?": NoWish,
		"no más\nAna": NoWish, "STOP?": Stop, "ⓢⓣⓞⓟ?": Stop, "Rufen Sie mich bitte nicht an!": NoCalls, "Schicken Sie mir bitte keine Mails mehr": NoMails, "Schreiben Sie mir nicht": NoWriting, "keine Nachrichten mehr": Stop, "no more messages please": Stop,
		"niente più mail": NoMails, "Geen mail meer": NoMails, "no me envíe correos": NoMails, "به من پیام ندهید": NoWriting, "دیگه به من پیامک ندهید": NoTexts, "Thank you, stop": Stop, "Stop. Thank you!": Stop, "من فضلك توقف": Stop,

		// nor is what is about a thing
		"Please do not ring": NoWish, "Please don't ring\nAnn": NoWish, "Please do not mail this": NoWish, "Do not text this": NoWish, "Do not write this": NoWish, "Do not write": NoWish, "Stop these": NoWish, "Stop the": NoWish, "Stop ringing": NoWish,
		"Do not ring me again": NoCalls, "please don't ring us": NoCalls, "do not mail me": NoMails, "do not write me": NoWriting, "stop these emails": NoMails, "stop the messages": Stop, "Please don't ring me\nAnn": NoCalls,
		"Stop calling me\nWhy": NoCalls, "Stop calling me\nWhy!": NoWish,
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
			Stop: said, NoCalls: channels.Call, NoTexts: channels.SMS, NoMails: channels.Email, Start: "", Help: "", Yes: "", NoWish: "",
		} {
			if got := wish.Stops(said); got != want {
				t.Errorf("%q on %s stops %q, want %q", wish, said, got, want)
			}
		}
		want := said
		if said == channels.Call { // who calls does not write
			want = channels.SMS
		}
		if got := NoWriting.Stops(said); got != want {
			t.Errorf("no writing on %s stops %q, want %q", said, got, want)
		}
	}
}

func FuzzParseWish(f *testing.F) {
	f.Add("Stop!")
	f.Add("Unsubscribe\nJohn")
	f.Add("لغو ۱۱")
	f.Fuzz(func(t *testing.T, text string) {
		defer bounds.Watch(t)()
		if ParseWish(text) != ParseWish(text+" \u200f") {
			t.Errorf("%q means something else before a mark of direction", text)
		}
		if wishes[folded(text)] != wishes[folded(folded(text))] {
			t.Errorf("%q means something else once it is folded", text)
		}
	})
}
