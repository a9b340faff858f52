package replytext

// numerals are the numbers of the scales in words, from zero, by language.
var numerals = map[string][]string{
	"en": {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"},
	"de": {"null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"},
	"fr": {"zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"},
	"es": {"cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"},
	"it": {"zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci"},
	"pt": {"zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez"},
	"nl": {"nul", "één", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen", "tien"},
	"pl": {"zero", "jeden", "dwa", "trzy", "cztery", "pięć", "sześć", "siedem", "osiem", "dziewięć", "dziesięć"},
	"uk": {"нуль", "один", "два", "три", "чотири", "п'ять", "шість", "сім", "вісім", "дев'ять", "десять"},
	"he": {"אפס", "אחת", "שתיים", "שלוש", "ארבע", "חמש", "שש", "שבע", "שמונה", "תשע", "עשר"},
	"ru": {"ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять"},
	"fa": {"صفر", "یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نه", "ده"},
	"ar": {"صفر", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة"},
	"tr": {"sıfır", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz", "on"},
}

// numberWords are all of them, folded.
var numberWords = func() map[string]int {
	numbers := map[string]int{}
	for _, words := range numerals {
		for n, word := range words {
			numbers[folded(word)] = n
		}
	}
	return numbers
}()

var yesWords = foldYes(
	[]string{
		"yes", "y", "yeah", "yep", "sure", "ja", "jawohl", "jo", "oui", "sí", "sim", "si", "tak", "да", "так",
		"evet", "بله", "بلی", "آره", "اره", "نعم", "हाँ", "כן", "是", "はい",
	},
	[]string{
		"no", "n", "nope", "nein", "nee", "non", "não", "nie", "нет", "ні", "hayır", "نه", "خیر", "نخیر", "لا",
		"नहीं", "לא", "否", "不", "いいえ",
	},
)

func foldYes(yes, no []string) map[string]bool {
	words := map[string]bool{}
	for _, word := range yes {
		words[folded(word)] = true
	}
	for _, word := range no {
		words[folded(word)] = false
	}
	return words
}

// agreement is yes and no, by language.
var agreement = map[string][]string{
	"en": {"yes", "no"}, "de": {"ja", "nein"}, "fr": {"oui", "non"}, "es": {"sí", "no"}, "it": {"sì", "no"},
	"pt": {"sim", "não"}, "nl": {"ja", "nee"}, "pl": {"tak", "nie"}, "ru": {"да", "нет"}, "uk": {"так", "ні"},
	"tr": {"evet", "hayır"}, "fa": {"بله", "نه"}, "ar": {"نعم", "لا"},
}
