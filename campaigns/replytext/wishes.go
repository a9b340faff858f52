package replytext

import "strings"

// wishLists holds the words that carriers prescribe (CTIA Messaging Principles
// §5.1.3, Twilio error 21610) and what customers write in their own language.
var wishLists = map[Wish][]string{
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
		"unsub", "reply stop", "stop messages", "stop the messages", "stop these messages", "stop messaging", "stop messaging me", "stop sending me messages", "stop contacting me", "do not contact me", "do not message me", "no more messages",
		"remove me from your list", "remove me from your mailing list", "take me off your list", "take me off your mailing list", "unsubscribe me from your list", "unsubscribe me from your mailing list", "leave me alone",
		"melden sie mich ab", "melde mich ab", "melden sie mich vom newsletter ab", "newsletter abbestellen", "newsletter abmelden", "nehmen sie mich aus dem verteiler", "keine werbung mehr", "keine nachrichten mehr", "stop alles", "lassen sie mich in ruhe",
		"désabonnez-moi", "désabonne-moi", "désabonnement", "désinscrivez-moi", "me désabonner", "je veux me désabonner", "retirez-moi de votre liste",
		"cancelar suscripción", "denme de baja", "deme de baja", "quiero darme de baja", "no más mensajes",
		"cancellatemi", "cancellatemi dalla lista", "disiscrivetemi", "basta messaggi",
		"cancelar inscrição", "descadastrar", "me descadastre", "parem de me enviar mensagens",
		"schrijf mij uit", "schrijf me uit", "meld mij af", "meld me af", "geen berichten meer",
		"wypiszcie mnie", "proszę mnie wypisać",
		"отпишите меня от рассылки", "уберите меня из рассылки", "удалите меня из рассылки", "хватит рекламы", "не присылайте рекламу",
		"відпишіть", "відпишіть мене", "відпишіть мене від розсилки", "приберіть мене з розсилки",
		"aboneliğimi iptal edin", "listeden çıkarın", "beni listeden çıkarın",
		"اشتراکم را لغو کنید", "مرا از لیست حذف کنید",
		"ألغوا اشتراكي", "הסירו אותי", "הסירו אותי מהרשימה",
		"退订", "退訂", "取消", "停止", "td", // Chinese, Japanese
	},
	NoCalls: {
		"do not call", "do not call me", "do not call me again", "do not call again", "don't call", "don't call me", "don't call me again", "don't call again",
		"please do not call", "please do not call me", "please do not call me again", "please don't call", "please don't call me", "please don't call me again",
		"stop calling", "stop calling me", "please stop calling", "please stop calling me", "stop calling me please", "stop ringing me", "do not ring me", "don't ring me",
		"never call", "never call me", "never phone me", "do not phone me", "no calls", "no calls please", "no more calls", "no more calls please", "no more phone calls",
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
		"زنگ نزنید", "دیگر زنگ نزنید", "به من زنگ نزنید", "دیگر به من زنگ نزنید", "تماس نگیرید", "دیگر تماس نگیرید", "با من تماس نگیرید", "دیگر با من تماس نگیرید", "زنگ نزن", "تماس نگیر", // Persian
		"لا تتصل بي", "لا تتصلوا بي", "لا تتصل", "لا تتصلوا", // Arabic
		"אל תתקשרו", "אל תתקשרו אלי", "אל תתקשרו אליי", "לא להתקשר", // Hebrew
	},
	NoTexts: {
		"never text me", "stop sms", "stop sending me texts", "stop sending texts", "arrêt sms",
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
		"پیامک ندهید", "دیگر پیامک ندهید", "پیامک نفرستید", "دیگر پیامک نفرستید", "به من پیامک ندهید", "به من پیامک نفرستید", // Persian
		"لا ترسلوا رسائل نصية", "لا ترسل رسائل نصية", // Arabic
		"בלי סמס", "אל תשלחו סמס", "אל תשלחו לי סמס", // Hebrew
	},
	NoMails: {
		"stop emailing", "stop emailing me", "stop mailing me", "stop emails", "stop the emails", "stop these emails", "stop mails", "stop the mails", "stop these mails", "stop sending me emails", "stop sending me mails", "do not email me", "do not mail me", "do not send me emails", "never email me",
		"no emails", "no more emails", "no more mails",
		"keine mails", "keine mails mehr", "keine e-mails", "keine e-mails mehr", "schicken sie mir keine e-mails mehr", "schicken sie mir keine mails mehr", "senden sie mir keine e-mails mehr", "senden sie mir keine mails mehr", // German
		"ne m'envoyez plus d'e-mails", "ne m'envoyez plus de mails", "arrêtez les e-mails", "arrêtez les mails", "arrêtez de m'envoyer des e-mails", "arrêtez de m'envoyer des mails", // French
		"no más correos", "no más emails", "no me envíe más correos", "no me envíen más correos", "no me mande más correos", "no me manden más correos", // Spanish
		"não me envie mais e-mails", "não me enviem mais e-mails", "parem de me enviar e-mails", "chega de e-mails", // Portuguese
		"basta e-mail", "basta mail", "niente più e-mail", "niente più mail", "non mi mandi più mail", "non mandatemi più mail", "non inviatemi più e-mail", // Italian
		"geen mail meer", "geen mails meer", "geen e-mails meer", "stuur mij geen mail meer", "stuur mij geen e-mails meer", "stuur me geen e-mails meer", "stop met mailen", // Dutch
		"nie wysyłaj maili", "nie wysyłajcie maili", "nie wysyłajcie mi maili", "nie wysyłać maili", // Polish
		"не присылайте письма", "не присылайте мне письма", "не присылайте писем", "не присылайте мне писем", "не шлите письма", "не шлите писем", // Russian
		"не надсилайте листи", "не надсилайте листів", "не надсилайте мені листів", // Ukrainian
		"e-posta göndermeyin", "bana e-posta göndermeyin", "mail atmayın", "bana mail atmayın", // Turkish
		"ایمیل نفرستید", "ایمیل ندهید", "ایمیل نزنید", "به من ایمیل نفرستید", // Persian
		"لا ترسلوا بريدا إلكترونيا", "لا ترسل لي بريدا إلكترونيا", // Arabic
		"אל תשלחו מיילים", "אל תשלחו לי מיילים", "בלי מיילים", // Hebrew
	},
	NoWriting: {
		"do not write me", "do not write to me", "stop writing me", "stop writing to me", "never write to me",
		"schreiben sie mir nicht mehr", "schreiben sie mir nicht", "schreibt mir nicht mehr", "nicht mehr schreiben", // German
		"ne m'écrivez plus", "arrêtez de m'écrire", // French
		"no me escriba más", "no me escriban más", "dejen de escribirme", // Spanish
		"não me escreva mais", "não me escrevam mais", "parem de me escrever", // Portuguese
		"non scrivetemi più", "non mi scriva più", "non mi scrivete più", // Italian
		"schrijf mij niet meer", "schrijf me niet meer", "niet meer schrijven", // Dutch
		"nie pisz do mnie", "nie piszcie do mnie", "nie pisać do mnie", // Polish
		"не пишите", "не пишите мне", "не пишите мне больше", "перестаньте писать", "хватит писать", "не присылайте сообщения", // Russian
		"не пишіть", "не пишіть мені", "не пишіть мені більше", // Ukrainian
		"yazmayın", "bana yazmayın", "mesaj atmayın", "bana mesaj atmayın", // Turkish
		"پیام ندهید", "پیام نفرستید", "به من پیام ندهید", "به من پیام نفرستید", "دیگر پیام ندهید", // Persian
		"لا تراسلوني", "لا تكتبوا لي", // Arabic
		"אל תכתבו לי", "אל תשלחו לי הודעות", // Hebrew
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
}

// wishes are the lists by what they say, folded.
var wishes = func() map[string]Wish {
	words := map[string]Wish{}
	for wish, list := range wishLists {
		for _, word := range list {
			words[folded(word)] = wish
		}
	}
	return words
}()

// strong are the opt-outs in one word that mean nothing else.
const strong = `stop unsubscribe unsub optout stopp abmelden abbestellen désabonner désabonnement désabonnezmoi désinscription désinscrire arrêt
	stoppen afmelden uitschrijven wypisz стоп отписка отписаться отпишите відписка відписатися відпишіть`

// phrases are the wishes that say what they mean whatever stands around them, by the
// words that say it.
var phrases = func() map[string]Wish {
	said := map[string]Wish{}
	for word := range foldSet(strong) {
		said[word] = Stop
	}
	for wish, list := range wishLists {
		if wish.Stops("") == "" && wish != Stop && wish != NoWriting {
			continue
		}
		for _, entry := range list {
			words := core(spoken(utterance(entry)))
			if sense := strings.Fields(words); len(sense) > 1 && !more[sense[len(sense)-1]] || len(sense) > 2 { // "no más" alone may be an answer
				said[words] = wish
			}
		}
	}
	return said
}()

// polite are words that say nothing of a wish or an answer, folded.
var polite = foldSet(`please pls plz thanks thx bitte danke svp stp merci gracias grazie obrigado obrigada alstublieft aub dank bedankt proszę dziękuję
	пожалуйста пж спасибо дякую lütfen teşekkürler لطفا لطفاً ممنون مرسی رجاء شكرا בבקשה תודה`)

// politePhrases are words that are polite only together, folded.
var politePhrases = func() (phrases [][]string) {
	for _, phrase := range []string{"thank you", "s'il vous plaît", "por favor", "per favore", "будь ласка", "من فضلك"} {
		var words []string
		for _, w := range utterance(phrase) {
			words = append(words, folded(w.word))
		}
		phrases = append(phrases, words)
	}
	return phrases
}()

// courtesy are other words around a wish that say nothing of it.
var courtesy = foldSet("kindly hi hello hey ok okay now just sir hallo bonjour hola ciao olá здравствуйте سلام")

// fillers are words within a wish that change nothing of it.
var fillers = foldSet(`me us again anymore any ever all to mir mich uns wieder jemals encore nos
	mi ci mij ons mnie mi więcej już мне меня нам больше никогда уже мені мене більше ніколи
	bana beni bir daha artık دیگر دیگه به با لي بي לי בי אלי אליי יותר`)

// more are fillers too, but not of "no more calls": whoever writes "no calls" may miss them.
var (
	more = foldSet("more mehr más più meer")
	none = foldSet("no keine geen niente בלי")
)

// transitive are verbs that mean us only with "me": "do not ring" may be about a bell.
var transitive = foldSet("ring ringing mail mailing write writing")

// joints join two wishes.
var joints = foldSet("and und et y e en i и та і ve و")

// inLatin and inCyrillic are letters by those of the other alphabet that look the same.
var inLatin, inCyrillic = func() (latin, cyrillic map[rune]rune) {
	latin = map[rune]rune{
		'і': 'i', 'ѕ': 's', 'ј': 'j', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'α': 'a', 'ε': 'e', 'ν': 'n', 'ι': 'i', 'κ': 'k', 'υ': 'u',
		'ᴛ': 't', 'ᴏ': 'o', 'ᴘ': 'p', 'ꜱ': 's', 'ᴜ': 'u', 'ɴ': 'n', 'ʙ': 'b', 'ᴄ': 'c', 'ʀ': 'r', 'ɪ': 'i', 'ᴇ': 'e', '0': 'o',
	}
	cyrillic = map[rune]rune{'0': 'о'}
	twins := [2][]rune{[]rune("aceopxykmthb"), []rune("асеорхукмтнв")}
	for i, letter := range twins[0] {
		latin[twins[1][i]], cyrillic[letter] = letter, twins[1][i]
	}
	return latin, cyrillic
}()

// spelled writes words in an alphabet, folded; nil leaves them.
func spelled(words []token, alphabet map[rune]rune) []token {
	if alphabet == nil {
		return words
	}
	other := make([]token, len(words))
	for i, w := range words {
		other[i] = token{strings.Map(func(r rune) rune {
			if twin, has := alphabet[r]; has {
				return twin
			}
			return r
		}, folded(w.word)), w.clause}
	}
	return other
}
