package replytext

import "rapport/channels"

// Wish is what a customer who writes back wants of us as a sender.
type Wish string

// The wishes. A text that is none of them is an ordinary reply.
const (
	NoWish Wish = ""
	Stop   Wish = "stop"
	Start  Wish = "start"
	Help   Wish = "help"
	// Yes lifts a stop where there is one; otherwise it is a plain yes.
	Yes Wish = "yes"
	// NoCalls and NoTexts name the channel they mean, on whichever they are said.
	NoCalls Wish = "no calls"
	NoTexts Wish = "no texts"
)

// Stops is the channel by which a wish wants nothing more: a plain STOP by the one it
// is said on. "" is none.
func (w Wish) Stops(saidOn channels.Channel) channels.Channel {
	switch w {
	case Stop:
		return saidOn
	case NoCalls:
		return channels.Call
	case NoTexts:
		return channels.SMS
	}
	return ""
}

// ParseWish reads a reply. Only a message that is an opt-out word as a whole is
// one, in any case, script form, accent and punctuation: "please don't stop" is
// not a stop.
func ParseWish(text string) Wish { return wishes[folded(text)] }

// wishes holds the words that carriers prescribe (CTIA Messaging Principles
// §5.1.3, Twilio error 21610) and what customers write in their own language,
// folded.
var wishes = foldWords(map[Wish][]string{
	Stop: {
		"stop", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "opt out", "remove",
		"stop it", "stop please", "please stop", "unsubscribe me", "remove me",
		"stopp", "abmelden", "abmeldung", "abbestellen", "austragen", "aufhören", "widerruf", "bitte stoppen", // German
		"arrêt", "arrêter", "arrêtez", "désabonner", "désinscription", "désinscrire", // French
		"alto", "baja", "cancelar", "darse de baja", "dar de baja", "no más", // Spanish
		"parar", "pare", "sair", "remover", // Portuguese
		"basta", "ferma", "cancella", "cancellami", "annulla", "disiscrivimi", // Italian
		"stoppen", "afmelden", "uitschrijven", // Dutch
		"rezygnuję", "wypisz", "wypisz mnie", // Polish
		"стоп", "отписка", "отписаться", "отпишите", "отпишите меня", "отмена", "не писать", "хватит", // Russian
		"відписка", "відписатися", "припинити", // Ukrainian
		"iptal", "dur", "durdur", "ret", // Turkish
		"لغو", "لغو۱۱", "لغو اشتراک", "لغو عضویت", "توقف", "انصراف", // Persian
		"إيقاف", "أوقف", "إلغاء", "إلغاء الاشتراك", // Arabic
		"הסר", "הסירו", // Hebrew
		"रोको", "बंद करो", // Hindi
		"退订", "退訂", "取消", "停止", "td", // Chinese, Japanese
	},
	NoCalls: {
		"do not call", "do not call me", "do not call me again", "do not call again", "don't call", "don't call me", "don't call me again", "don't call again",
		"please do not call", "please do not call me", "please do not call me again", "please don't call", "please don't call me", "please don't call me again",
		"stop calling", "stop calling me", "please stop calling", "please stop calling me", "stop calling me please", "stop ringing me", "do not ring me", "don't ring me",
		"no calls", "no calls please", "no more calls", "no more calls please", "no more phone calls",
		"nicht mehr anrufen", "bitte nicht mehr anrufen", "rufen sie mich nicht mehr an", "rufen sie mich bitte nicht mehr an", "bitte rufen sie mich nicht mehr an",
		"rufen sie nicht mehr an", "rufen sie mich nicht an", "ruft mich nicht mehr an", "ruf mich nicht mehr an", "keine anrufe", "keine anrufe mehr", "bitte keine anrufe mehr", // German
		"ne m'appelez plus", "n'appelez plus", "ne m'appelez pas", "arrêtez de m'appeler", // French
		"no me llame", "no me llamen", "no me llame más", "no me llamen más", "no llame más", "no llamen más", "dejen de llamarme", "deje de llamarme", "no más llamadas", // Spanish
		"não me ligue", "não me ligue mais", "não me liguem", "não me liguem mais", "não ligue mais", "parem de me ligar", "pare de me ligar", // Portuguese
		"non chiamatemi", "non chiamatemi più", "non mi chiami", "non mi chiami più", "non mi chiamate più", "basta chiamate", // Italian
		"bel mij niet", "bel mij niet meer", "bel me niet meer", "niet meer bellen", "stop met bellen", // Dutch
		"nie dzwoń", "nie dzwońcie", "nie dzwonić", "proszę nie dzwonić", "proszę do mnie nie dzwonić", "nie dzwońcie do mnie", // Polish
		"не звоните", "не звоните мне", "не звоните мне больше", "больше не звоните", "больше не звоните мне", "больше мне не звоните", "прекратите звонить", "не звонить", // Russian
		"не дзвоніть", "не дзвоніть мені", "більше не дзвоніть", "не телефонуйте", "не телефонуйте мені", "більше не телефонуйте", // Ukrainian
		"aramayın", "beni aramayın", "beni bir daha aramayın", "bir daha aramayın", "beni aramayınız", // Turkish
		"زنگ نزنید", "دیگر زنگ نزنید", "به من زنگ نزنید", "دیگر به من زنگ نزنید", "تماس نگیرید", "دیگر تماس نگیرید", "با من تماس نگیرید", "دیگر با من تماس نگیرید", // Persian
		"لا تتصل بي", "لا تتصلوا بي", "لا تتصل", "لا تتصلوا", // Arabic
		"אל תתקשרו", "אל תתקשרו אלי", "אל תתקשרו אליי", "לא להתקשר", // Hebrew
	},
	NoTexts: {
		"stop texting", "stop texting me", "please stop texting", "please stop texting me", "stop texting me please", "do not text", "do not text me", "do not text me again",
		"don't text", "don't text me", "don't text me again", "please do not text me", "please don't text me", "no more texts", "no more texts please", "no more text messages",
		"keine sms", "keine sms mehr", "bitte keine sms mehr", "schicken sie mir keine sms mehr", "bitte schicken sie mir keine sms mehr", "senden sie mir keine sms mehr", // German
		"ne m'envoyez plus de sms", "arrêtez les sms", // French
		"no más sms", "no me envíe más sms", "no me envíen más sms", "no me mande más sms", "no me manden más sms", // Spanish
		"não me envie mais sms", "não me enviem mais sms", "não envie mais sms", // Portuguese
		"basta sms", "niente più sms", "non mi mandi più sms", "non mandatemi più sms", // Italian
		"geen sms", "geen sms meer", "stuur mij geen sms meer", "stuur me geen sms meer", // Dutch
		"nie wysyłaj sms", "nie wysyłajcie sms", "nie wysyłajcie mi sms", "proszę nie wysyłać sms", // Polish
		"не присылайте смс", "больше не присылайте смс", "не присылайте мне смс", "не шлите смс", "не пишите смс", "не присылайте sms", "больше не присылайте sms", // Russian
		"не надсилайте смс", "більше не надсилайте смс", "не надсилайте sms", // Ukrainian
		"sms göndermeyin", "bana sms göndermeyin", "bir daha sms göndermeyin", // Turkish
		"پیامک ندهید", "دیگر پیامک ندهید", "پیامک نفرستید", "دیگر پیامک نفرستید", // Persian
		"لا ترسلوا رسائل نصية", "لا ترسل رسائل نصية", // Arabic
		"בלי סמס", "אל תשלחו סמס", "אל תשלחו לי סמס", // Hebrew
	},
	Start: {
		"start", "unstop", "opt in",
		"anmelden", "старт", "подписаться", "شروع", "ابدأ",
	},
	Help: {
		"help", "info", "hilfe", "aide", "ayuda", "ajuda", "aiuto", "помощь", "инфо", "справка",
		"pomoc", "допомога", "довідка", "yardım", "راهنما", "کمک", "مساعدة", "עזרה", "मदद", "帮助", "幫助", "ヘルプ",
	},
	Yes: {"yes"},
})

func foldWords(lists map[Wish][]string) map[string]Wish {
	words := map[string]Wish{}
	for wish, list := range lists {
		for _, word := range list {
			words[folded(word)] = wish
		}
	}
	return words
}
