package campaigns

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Wish is what a customer who writes back wants of us as a sender.
type Wish string

// The wishes. A text that is none of them is an ordinary reply.
const (
	WishNone  Wish = ""
	WishStop  Wish = "stop"
	WishStart Wish = "start"
	WishHelp  Wish = "help"
	// WishYes lifts a stop where there is one; otherwise it is a plain yes.
	WishYes Wish = "yes"
)

// ParseWish reads a reply. Only a message that is an opt-out word as a whole is
// one, in any case, script form, accent and punctuation: "please don't stop" is
// not a stop.
func ParseWish(text string) Wish { return wishes[folded(text)] }

// wishes holds the words that carriers prescribe (CTIA Messaging Principles
// §5.1.3, Twilio error 21610) and what customers write in their own language,
// folded.
var wishes = foldWords(map[Wish][]string{
	WishStop: {
		"stop", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "opt out", "remove",
		"do not call", "do not call me", "do not call me again", "don't call me", "don't call me again", "stop calling me", "no more calls",
		"stop it", "stop please", "please stop", "unsubscribe me", "remove me", "stop texting me",
		"stopp", "abmelden", "abmeldung", "abbestellen", "austragen", "aufhören", "widerruf", "bitte stoppen",
		"nicht mehr anrufen", "rufen sie mich nicht mehr an", "rufen sie nicht mehr an", "keine anrufe mehr", // German
		"arrêt", "arrêter", "arrêtez", "désabonner", "désinscription", "désinscrire", "ne m'appelez plus", "n'appelez plus", // French
		"alto", "baja", "cancelar", "darse de baja", "dar de baja", "no más", "no me llame más", "no me llamen más", // Spanish
		"parar", "pare", "sair", "remover", // Portuguese
		"basta", "ferma", "cancella", "cancellami", "annulla", "disiscrivimi", // Italian
		"stoppen", "afmelden", "uitschrijven", // Dutch
		"rezygnuję", "wypisz", "wypisz mnie", // Polish
		"стоп", "отписка", "отписаться", "отпишите", "отпишите меня", "отмена", "не писать", "хватит", "не звоните", "не звоните мне", "больше не звоните", // Russian
		"відписка", "відписатися", "припинити", // Ukrainian
		"iptal", "dur", "durdur", "ret", "beni aramayın", // Turkish
		"لغو", "لغو۱۱", "لغو اشتراک", "لغو عضویت", "توقف", "انصراف", "دیگر زنگ نزنید", "زنگ نزنید", // Persian
		"إيقاف", "أوقف", "إلغاء", "إلغاء الاشتراك", // Arabic
		"הסר", "הסירו", // Hebrew
		"रोको", "बंद करो", // Hindi
		"退订", "退訂", "取消", "停止", "td", // Chinese, Japanese
	},
	WishStart: {
		"start", "unstop", "opt in",
		"anmelden", "старт", "подписаться", "شروع", "ابدأ",
	},
	WishHelp: {
		"help", "info", "hilfe", "aide", "ayuda", "ajuda", "aiuto", "помощь", "инфо", "справка",
		"yardım", "راهنما", "کمک", "مساعدة",
	},
	WishYes: {"yes"},
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

// folded brings a text into the form words are compared in: compatible
// characters made one, lower case, no accents, nothing but letters and digits.
// Opt out, OPT-OUT and ＯＰＴＯＵＴ are the same.
func folded(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mc, r) {
			return -1 // accents, marks of direction, punctuation, space, emoji
		}
		if value, digit := digitValue(r); digit {
			return '0' + rune(value)
		}
		if kin, has := kinLetters[r]; has {
			return kin
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
}

// kinLetters are letters that keyboards confuse: Arabic forms on a Persian
// keyboard, the Turkish dotless i.
var kinLetters = map[rune]rune{'ي': 'ی', 'ى': 'ی', 'ك': 'ک', 'ة': 'ه', 'ı': 'i'}

// digitValue reads a decimal digit of the scripts our customers write in.
func digitValue(r rune) (int, bool) {
	for _, zero := range [...]rune{'0', '٠', '۰', '०', '০', '๐', '０'} {
		if r >= zero && r <= zero+9 {
			return int(r - zero), true
		}
	}
	return 0, false
}
