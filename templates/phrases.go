package templates

import (
	"strings"

	"rapport/channels"
)

// phrase is what every call must be able to say, in one language, where a script
// does not word it itself.
type phrase struct {
	stop          string // how not to be called again, with the key in the place of {key}
	nine, star    string // the keys
	stopped       string // to somebody who will not be called again
	late          string // to somebody whom a call reached too late
	nobodyIsThere string // to somebody who could not be put through
}

// phrases are by language. A call in any other language leaves unsaid what its
// script does not say: better silence than words nobody understands.
var phrases = map[string]phrase{
	"en": {
		stop: "If you do not want to be called again, press {key} at any time.", nine: "nine", star: "the star key",
		stopped:       "All right, we will not call you again. Goodbye.",
		late:          "Excuse us, this call comes at the wrong time. We will try again another time. Goodbye.",
		nobodyIsThere: "I am sorry, nobody is free at the moment. A colleague will call you back. Goodbye.",
	},
	"de": {
		stop: "Wenn Sie nicht mehr angerufen werden möchten, drücken Sie jederzeit die {key}.", nine: "Neun", star: "Sterntaste",
		stopped:       "In Ordnung, wir rufen Sie nicht mehr an. Auf Wiederhören.",
		late:          "Entschuldigen Sie, dieser Anruf kommt zur falschen Zeit. Wir versuchen es ein andermal. Auf Wiederhören.",
		nobodyIsThere: "Es tut mir leid, im Moment ist niemand frei. Eine Kollegin oder ein Kollege ruft Sie zurück. Auf Wiederhören.",
	},
	"fr": {
		stop: "Si vous ne souhaitez plus être appelé, appuyez à tout moment sur {key}.", nine: "neuf", star: "étoile",
		stopped:       "C'est noté, nous ne vous appellerons plus. Au revoir.",
		late:          "Excusez-nous, cet appel arrive au mauvais moment. Nous réessaierons une autre fois. Au revoir.",
		nobodyIsThere: "Je suis désolé, personne n'est libre en ce moment. Un collègue vous rappellera. Au revoir.",
	},
	"es": {
		stop: "Si no desea que le llamemos más, pulse {key} en cualquier momento.", nine: "nueve", star: "asterisco",
		stopped:       "De acuerdo, no le llamaremos más. Adiós.",
		late:          "Disculpe, esta llamada llega en mal momento. Lo intentaremos en otra ocasión. Adiós.",
		nobodyIsThere: "Lo siento, en este momento no hay nadie libre. Un compañero le devolverá la llamada. Adiós.",
	},
	"it": {
		stop: "Se non desidera più essere chiamato, prema {key} in qualsiasi momento.", nine: "nove", star: "asterisco",
		stopped:       "Va bene, non la chiameremo più. Arrivederci.",
		late:          "Ci scusi, questa chiamata arriva nel momento sbagliato. Riproveremo un'altra volta. Arrivederci.",
		nobodyIsThere: "Mi dispiace, al momento nessuno è libero. Un collega la richiamerà. Arrivederci.",
	},
	"nl": {
		stop: "Wilt u niet meer gebeld worden, druk dan op elk moment op {key}.", nine: "negen", star: "het sterretje",
		stopped:       "Goed, wij bellen u niet meer. Tot ziens.",
		late:          "Excuus, dit gesprek komt op het verkeerde moment. Wij proberen het een andere keer. Tot ziens.",
		nobodyIsThere: "Het spijt me, op dit moment is er niemand vrij. Een collega belt u terug. Tot ziens.",
	},
	"ru": {
		stop: "Если вы не хотите, чтобы вам звонили, в любой момент нажмите {key}.", nine: "девять", star: "звёздочку",
		stopped:       "Хорошо, мы больше не будем вам звонить. До свидания.",
		late:          "Извините, этот звонок не ко времени. Мы попробуем в другой раз. До свидания.",
		nobodyIsThere: "К сожалению, сейчас все заняты. Коллега вам перезвонит. До свидания.",
	},
	"tr": {
		stop: "Bir daha aranmak istemiyorsanız istediğiniz zaman {key} tuşuna basın.", nine: "dokuz", star: "yıldız",
		stopped:       "Tamam, sizi bir daha aramayacağız. Hoşça kalın.",
		late:          "Affedersiniz, bu arama uygun olmayan bir saatte geldi. Başka bir zaman deneyeceğiz. Hoşça kalın.",
		nobodyIsThere: "Üzgünüm, şu anda kimse müsait değil. Bir arkadaşımız sizi geri arayacak. Hoşça kalın.",
	},
	"fa": {
		stop: "اگر نمی\u200cخواهید دوباره با شما تماس بگیریم، هر زمان {key} را فشار دهید.", nine: "عدد نه", star: "ستاره",
		stopped:       "بسیار خوب، دیگر با شما تماس نمی\u200cگیریم. خدانگهدار.",
		late:          "ببخشید، این تماس دیر رسید. وقت دیگری تلاش می\u200cکنیم. خدانگهدار.",
		nobodyIsThere: "متأسفم، در حال حاضر کسی آزاد نیست. همکارم با شما تماس می\u200cگیرد. خدانگهدار.",
	},
}

// phrasesIn are the phrases of a language; "" leaves one unsaid.
func phrasesIn(tag string) phrase {
	language, _, _ := strings.Cut(tag, "-")
	return phrases[language]
}

// stopFor is how a script that asks these questions tells which key stops calls.
func (p phrase) stopFor(questions []channels.CallQuestion) string {
	if len(questions) == 0 {
		return ""
	}
	key := p.nine
	for _, q := range questions {
		if q.StopKey() != "9" {
			key = p.star
		}
	}
	return strings.ReplaceAll(p.stop, "{key}", key)
}
