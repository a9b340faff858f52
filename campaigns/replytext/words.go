package replytext

import (
	"maps"
	"strings"
)

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
	"fa": {"صفر", "یک", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت", "نُه", "ده"},
	"ar": {"صفر", "واحد", "اثنان", "ثلاثة", "أربعة", "خمسة", "ستة", "سبعة", "ثمانية", "تسعة", "عشرة"},
	"tr": {"sıfır", "bir", "iki", "üç", "dört", "beş", "altı", "yedi", "sekiz", "dokuz", "on"},
}

// inflected are other forms of the numbers from one, each with those of its number
// joined by bars: what is said of a mark, and what stands behind "out of".
var inflected = map[string]string{
	"de": "- zwo",
	"pt": "uma duas",
	"pl": "jednego|jedynka|jedynkę dwóch|dwójka|dwójkę trzech|trójka|trójkę czterech|czwórka|czwórkę pięciu|piątka|piątkę sześciu siedmiu ośmiu dziewięciu dziesięciu",
	"ru": "одного|единица|единицу двух|двойка|двойку трех|тройка|тройку четырех|четверка|четверку пяти|пятерка|пятерку шести семи восьми девяти десяти",
	"uk": "одного|одиниця|одиницю двох|двійка|двійку трьох|трійка|трійку чотирьох|четвірка|четвірку п'яти|п'ятірка|п'ятірку шести семи восьми дев'яти десяти",
	"he": "אחד שניים שלושה ארבעה חמישה שישה שבעה שמונה תשעה עשרה",
	"fa": "- - - چار - شیش",
	"ar": "واحدة اثنين|اثنتان|اثنتين ثلاث أربع خمس ست سبع ثماني|ثمان تسع عشر",
}

// aboveScales are parts of numbers that no scale has: "twenty five" is not a five.
var aboveScales = map[string]string{
	"en": "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand",
	"de": "elf zwölf zwanzig dreißig hundert tausend",
	"fr": "onze douze vingt trente quarante cinquante soixante cent mille",
	"es": "once doce quince veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien ciento mil",
	"it": "undici dodici venti trenta cento mille",
	"pt": "onze doze vinte trinta quarenta cinquenta sessenta setenta oitenta noventa cem cento mil",
	"nl": "elf twaalf twintig dertig honderd duizend",
	"pl": "jedenaście dwanaście dwadzieścia trzydzieści czterdzieści pięćdziesiąt sześćdziesiąt siedemdziesiąt osiemdziesiąt dziewięćdziesiąt sto tysiąc",
	"ru": "одиннадцать двенадцать двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто сто тысяча",
	"uk": "одинадцять дванадцять двадцять тридцять сорок п'ятдесят шістдесят сімдесят вісімдесят дев'яносто сто тисяча",
	"he": "עשרים שלושים ארבעים חמישים שישים שבעים שמונים תשעים מאה אלף",
	"fa": "یازده دوازده بیست سی چهل پنجاه شصت هفتاد هشتاد نود صد هزار",
	"ar": "عشرون عشرين ثلاثون ثلاثين أربعون أربعين خمسون خمسين مئة مائة ألف",
	"tr": "yirmi otuz kırk elli altmış yetmiş seksen doksan yüz bin",
}

// aboveScale stands for a number that is on no scale.
const aboveScale = 1000

// assent and dissent are the words for yes and no, by language, the commonest first.
var assent = map[string]string{
	"en": "yes y yeah yep sure", "de": "ja jawohl jo", "fr": "oui si", "es": "sí", "it": "sì", "pt": "sim", "nl": "ja", "pl": "tak", "ru": "да", "uk": "так",
	"tr": "evet", "fa": "بله بلی آره اره", "ar": "نعم", "he": "כן", "hi": "हाँ", "zh": "是", "ja": "はい",
}

var dissent = map[string]string{
	"en": "no n nope", "de": "nein nee", "fr": "non", "es": "no", "it": "no", "pt": "não", "nl": "nee", "pl": "nie", "ru": "нет", "uk": "ні",
	"tr": "hayır", "fa": "نه خیر نخیر", "ar": "لا", "he": "לא", "hi": "नहीं", "zh": "否 不", "ja": "いいえ",
}

// denials make the contrary of what stands beside them, or leave it open ("na ja").
var denials = map[string]string{
	"en": "not never none nobody nothing neither nor without cannot can't cant don't dont won't wont wouldn't isn't wasn't weren't didn't doesn't couldn't shouldn't aren't haven't hasn't hadn't ain't hardly",
	"de": "nicht kein keine keinen keinem keiner keines nie niemals niemand nichts ohne weder kaum na",
	"fr": "ne pas jamais rien personne aucun aucune sans ni",
	"es": "nunca jamás nadie nada ningún ninguno ninguna sin ni tampoco",
	"it": "non mai niente nulla nessun nessuno nessuna senza né",
	"pt": "nunca jamais ninguém nada nenhum nenhuma sem nem",
	"nl": "niet geen nooit niemand niets zonder nou",
	"pl": "nigdy nikt nic bez ani żaden żadna",
	"ru": "не ни никогда никто ничего нельзя без никак",
	"uk": "не ніколи ніхто нічого без жодна",
	"tr": "değil hiç asla yok",
	"fa": "نیست نبود نمیدم نمی\u200cدهم هیچ بدون",
	"ar": "ليس ليست لم لن غير بدون ما",
	"he": "אין אף בלי",
}

// leading are words before a time, an amount or one of several.
var leading = map[string]string{
	"en": "until till at by since before after from to for than in within minus over under and or around between",
	"de": "bis um seit ab vor nach gegen in für als minus und oder halb viertel zu zwischen",
	"fr": "jusqu'à à vers depuis avant après moins et ou pour en dans entre",
	"es": "hasta a las desde antes después menos y o para en entre",
	"it": "fino a alle dalle da dopo prima meno e o per in tra fra",
	"pt": "até às as desde antes depois menos e ou para em entre",
	"nl": "tot om sinds voor na rond min en of in over tussen",
	"pl": "do o od przed po minus i lub albo za w między",
	"ru": "до в с к после около минус и или за через между",
	"uk": "до о з після близько мінус і або чи за через між",
	"he": "עד בשעה או אחרי לפני מינוס",
	"fa": "تا ساعت از بعد قبل منهای و یا",
	"ar": "حتى الساعة من منذ بعد قبل و أو إلى",
	"tr": "saat eksi ve veya ya",
}

// articles are numbers that stand before others as articles.
var articles = map[string]string{"fr": "un", "pt": "um", "nl": "een", "tr": "bir"}

// others are English and Ukrainian words that mean something else in a language, among
// others at least: "no" alone is a Portuguese customer's no, but a Polish one's "well".
var others = map[string]string{"es": "y", "fr": "y", "pl": "ten one no to by", "nl": "ten", "tr": "ten", "ru": "так", "pt": "no"}

// tongues are all languages of which words are known.
var tongues = func() map[string]vocabulary {
	all := map[string]vocabulary{}
	for language := range assent {
		v := vocabulary{
			numbers: map[string]int{}, agrees: map[string]bool{}, denies: foldSet(denials[language]), leads: foldSet(leading[language]),
			article: foldSet(articles[language]), other: foldSet(others[language]), contrary: foldSet(contraries[language]),
		}
		for word := range foldSet(aboveScales[language]) {
			v.numbers[word] = aboveScale
		}
		for n, forms := range strings.Fields(inflected[language]) {
			for word := range foldSet(strings.ReplaceAll(strings.Trim(forms, "-"), "|", " ")) {
				v.numbers[word] = n + 1
			}
		}
		for n, word := range numerals[language] {
			v.numbers[wordKey(word)] = n
		}
		for word := range foldSet(assent[language]) {
			v.agrees[word] = true
		}
		for word := range foldSet(dissent[language]) {
			v.agrees[word] = false
		}
		v.answers = v.agrees
		all[language] = v
	}
	all[Any] = unmistakable(all)
	return all
}()

// contraries are words of others that may mean the contrary alone too.
var contraries = map[string]string{"pl": "no", "ru": "так"}

// everyday are numbers and yes of one language that are ordinary words or names of
// another. A yes that is all somebody wrote is one.
const everyday = "on due otto sei dix sept null nove tak jo si"

// unmistakable are the numbers, yes and no that mean the same in whichever language they
// are a word.
func unmistakable(all map[string]vocabulary) vocabulary {
	words := vocabulary{numbers: map[string]int{}, agrees: map[string]bool{}, answers: map[string]bool{}}
	twice, contrary := foldSet(everyday), map[string]bool{}
	for _, v := range all {
		for word, n := range v.numbers {
			before, has := words.numbers[word]
			twice[word] = twice[word] || has && before != n
			words.numbers[word] = n
		}
		for word, yes := range v.agrees {
			before, has := words.agrees[word]
			contrary[word] = contrary[word] || has && before != yes
			words.agrees[word], words.answers[word] = yes, yes
		}
	}
	for _, v := range all {
		for word := range words.numbers {
			_, agrees := words.agrees[word]
			twice[word] = twice[word] || agrees || v.denies[word] || v.leads[word] || v.article[word] || v.other[word]
		}
		for word, yes := range words.agrees {
			contrary[word] = contrary[word] || yes && v.denies[word] || yes && v.contrary[word]
			twice[word] = twice[word] || contrary[word] || v.leads[word] || v.other[word]
		}
	}
	maps.DeleteFunc(words.answers, func(word string, _ bool) bool { return contrary[word] })
	for word := range twice {
		if twice[word] {
			delete(words.numbers, word)
			delete(words.agrees, word)
		}
	}
	return words
}

// foldSet is a set of the words of a text, folded.
func foldSet(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[folded(word)] = true
	}
	return set
}
