package replytext

import "strings"

// longestPleasantry is how many words of thanks nobody needs to read.
const longestPleasantry = 12

// Pleasantry reports whether words beside an answer say nothing that a person should
// read: thanks, praise in common words, "no, nothing else". A question is none.
func Pleasantry(text string) bool {
	text = withoutRegards(text)
	if strings.ContainsAny(text, questionMarks) {
		return false
	}
	var said []string
	pleasant := true
	for _, w := range withoutPolite(utterance(text)) {
		if word := folded(w.word); word != "" && !courtesy[word] {
			said, pleasant = append(said, word), pleasant && pleasing[word]
		}
	}
	return len(said) <= longestPleasantry && pleasant || nothing[strings.Join(said, "")]
}

// questionMarks are those of several scripts.
const questionMarks = "?؟？"

// withoutRegards cuts what ends a letter, and the name below it.
func withoutRegards(text string) string {
	below := len(strings.Fields(text))
	for start := 0; start < len(text); {
		line, _, _ := strings.Cut(text[start:], "\n")
		rest := min(start+len(line)+1, len(text))
		below -= len(strings.Fields(line))
		longest := longestName
		end := folded(line)
		if end == "thanks" || end == "best" { // which also begin a sentence
			longest = 2
		}
		if regards[end] && below <= longest && isName(text[rest:], longest) {
			return text[:start]
		}
		start = rest
	}
	return text
}

// regards are the ends of letters, folded.
var regards = func() map[string]bool {
	ends := map[string]bool{}
	for _, end := range []string{
		"regards", "best regards", "kind regards", "best", "best wishes", "cheers", "sincerely", "yours", "thanks", "many thanks", "mit freundlichen Grüßen", "freundliche Grüße", "viele Grüße", "liebe Grüße",
		"beste Grüße", "Grüße", "mfg", "lg", "vg", "cordialement", "bien cordialement", "saludos", "un saludo", "cordiali saluti", "saluti", "atenciosamente", "abraços", "met vriendelijke groet", "groeten", "pozdrawiam",
		"с уважением", "з повагою", "saygılarımla", "با احترام", "مع التحية", "בברכה",
	} {
		ends[folded(end)] = true
	}
	return ends
}()

// nothing are answers to "anything else?" by which nothing is meant, folded and joined.
var nothing = foldSet(`no none nope nothing nothingelse nothingmore nein nichts keine nichtsweiter keiner non rien rienautre nada nadamás niente nulla não nee niets nie nic
	нет ничего ні нічого hayır yok نه هیچ هیچی خیر لا لاشيء לא כלום na`)

// pleasing are the words of praise and thanks, and those that stand among them, folded.
var pleasing = foldSet(`thanks thank you very much so all everything good great fine ok okay nice perfect excellent awesome amazing wonderful super superb top best lovely happy
	satisfied love loved it was is were well done as always really absolutely the and for your service team a lot guess think say i we keep up work cool brilliant fantastic quick fast delivery
	danke vielen dank sehr gut alles toll prima passt bestens klasse perfekt gerne weiter war ist wie immer zufrieden bin ich hat gepasst schön schnell schnelle lieferung guter und
	merci beaucoup très bien bon parfait tout va excellent génial était c'est et
	gracias muchas muy bien bueno todo perfecto excelente genial estupendo fue y grazie mille molto bene buono tutto perfetto ottimo eccellente e
	obrigado obrigada muito bom bem tudo perfeito ótimo dank je wel bedankt heel goed uitstekend en dziękuję bardzo dobrze dobra wszystko świetnie
	спасибо большое всё хорошо отлично супер прекрасно нормально очень понравилось доволен довольна и дякую дуже добре все чудово
	teşekkürler çok iyi güzel harika her şey süper ممنون مرسی خیلی خوب عالی همه چیز بود سپاس شكرا جزيلا جيد جدا ممتاز كل شيء תודה רבה מצוין הכל טוב מעולה`)
