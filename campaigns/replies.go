package campaigns

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// automaticFor is how long an automatic answer is worth sending.
const automaticFor = time.Hour

// repliesTo is what answers a report by itself; nil where nothing does. It is for
// texts that a customer wrote, and none where the provider has answered already:
// two confirmations are one too many.
func (h *hearing) repliesTo() *deliveries.Delivery {
	r := h.report
	if r.Channel != channels.SMS || r.From == "" || r.Answered || h.customer == nil || h.customer.Phone != r.From {
		return nil
	}
	switch {
	case r.Kind == channels.ReportUnsubscribed && !h.optedOut():
		return h.automatic(deliveries.Stopped)
	case r.Kind == channels.ReportResubscribed && h.optedOut():
		return h.automatic(deliveries.Started)
	case h.refused == channels.Call && h.customer.Suppressed[channels.Call] != channels.ReasonOptedOut && h.customer.Suppressed[r.Channel] == "":
		return h.automatic(deliveries.NoCalls)
	case r.Kind == channels.ReportReplied && replytext.ParseWish(r.Text) == replytext.Help && h.customer.Suppressed[r.Channel] == "":
		return h.automatic(deliveries.Help)
	}
	return nil
}

func (h *hearing) automatic(about string) *deliveries.Delivery {
	sum := sha256.Sum256([]byte(h.report.Meaning()))
	d := direct(h.customer, channels.SMS, about, about+":"+hex.EncodeToString(sum[:12]), h.now)
	d.ExpiresAt = h.now.Add(automaticFor)
	d.Content = &channels.Content{SMS: &channels.SMSContent{Text: h.workspace.automaticWords(about, h.customer)}}
	d.Vars = answerFrom(h.report.To)
	return d
}

// automaticWords is what an automatic answer says: the shop's words, or else ours, in
// the customer's language or the nearest there is.
func (w *Workspace) automaticWords(about string, c *customers.Customer) string {
	own := map[string]map[string]string{
		deliveries.Stopped: w.Replies.Stopped, deliveries.Started: w.Replies.Started, deliveries.NoCalls: w.Replies.NoCalls, deliveries.Help: w.Replies.Help,
	}[about]
	wished := []string{c.Locale, w.Locale, "en"}
	if text, written := inLanguage(own, wished); written {
		return text
	}
	for _, text := range own {
		if len(own) == 1 { // the shop speaks one language
			return text
		}
	}
	text, _ := inLanguage(ourWords[about], wished)
	return strings.Join(strings.Fields(strings.NewReplacer(
		"{brand}", w.brandName(), "{phone}", w.Brand.SupportPhone, "{url}", w.Brand.URL,
	).Replace(text)), " ")
}

func (w *Workspace) brandName() string {
	if w.Brand.Name != "" {
		return w.Brand.Name
	}
	return w.Name
}

// inLanguage is a text in the first of some languages that it is written in.
func inLanguage(words map[string]string, wished []string) (text string, written bool) {
	for _, locale := range wished {
		for tag := locale; tag != ""; tag = shorter(tag) {
			if text, written := words[tag]; written {
				return text, true
			}
		}
	}
	return "", false
}

// shorter is a language tag without its last part: pt for pt-BR.
func shorter(tag string) string {
	at := strings.LastIndexAny(tag, "-_")
	if at < 0 {
		return ""
	}
	return tag[:at]
}

// ourWords are what is said where the shop has no words of its own. Each fits one
// segment with a brand of ordinary length.
var ourWords = map[string]map[string]string{
	deliveries.Stopped: {
		"en": "{brand}: you will get no more text messages from us. Reply START to get them again.",
		"de": "{brand}: Sie bekommen keine SMS mehr von uns. Mit START bekommen Sie sie wieder.",
		"fr": "{brand} : vous ne recevrez plus de SMS de notre part. Répondez START pour en recevoir.",
		"es": "{brand}: ya no le enviaremos SMS. Responda START para volver a recibirlos.",
		"it": "{brand}: non riceverà più SMS da noi. Risponda START per riceverli ancora.",
		"pt": "{brand}: deixamos de lhe enviar SMS. Responda START para voltar.",
		"nl": "{brand}: u krijgt geen sms meer van ons. Antwoord START om ze weer te krijgen.",
		"pl": "{brand}: nie będziemy wysyłać SMS-ów. START wznawia.",
		"ru": "{brand}: больше не пишем вам SMS. START - вернуть.",
		"uk": "{brand}: більше не пишемо вам SMS. START - повернути.",
		"tr": "{brand}: size artik SMS gondermeyecegiz. Yeniden almak icin START yazin.",
		"fa": "{brand}: دیگر به شما پیامک نمی\u200cدهیم. برای دریافت دوباره: START",
		"ar": "{brand}: لن نرسل إليك رسائل بعد الآن. للعودة أرسل START",
		"he": "{brand}: לא נשלח לך עוד הודעות. לחידוש: START",
	},
	deliveries.Started: {
		"en": "{brand}: you will get our text messages again. Reply STOP to stop them.",
		"de": "{brand}: Sie bekommen wieder SMS von uns. Mit STOP bestellen Sie sie ab.",
		"fr": "{brand} : vous recevrez de nouveau nos SMS. Répondez STOP pour ne plus en recevoir.",
		"es": "{brand}: le enviaremos SMS de nuevo. Responda STOP para no recibirlos.",
		"it": "{brand}: riceverà di nuovo i nostri SMS. Risponda STOP per non riceverli più.",
		"pt": "{brand}: voltamos a enviar-lhe SMS. Responda STOP para parar.",
		"nl": "{brand}: u krijgt weer sms van ons. Antwoord STOP om te stoppen.",
		"pl": "{brand}: znów będziemy wysyłać SMS-y. STOP kończy.",
		"ru": "{brand}: снова пишем вам SMS. STOP - прекратить.",
		"uk": "{brand}: знову пишемо вам SMS. STOP - припинити.",
		"tr": "{brand}: size yeniden SMS gonderecegiz. Durdurmak icin STOP yazin.",
		"fa": "{brand}: دوباره به شما پیامک می\u200cدهیم. برای لغو: STOP",
		"ar": "{brand}: سنرسل إليك رسائلنا من جديد. للإيقاف أرسل STOP",
		"he": "{brand}: נשלח לך שוב הודעות. להפסקה: STOP",
	},
	deliveries.NoCalls: {
		"en": "{brand}: we will not call you any more. Reply STOP to get no text messages either.",
		"de": "{brand}: Wir rufen Sie nicht mehr an. Mit STOP bekommen Sie auch keine SMS mehr.",
		"fr": "{brand} : nous ne vous appellerons plus. Répondez STOP pour ne plus recevoir de SMS non plus.",
		"es": "{brand}: ya no le llamaremos. Responda STOP para no recibir SMS tampoco.",
		"it": "{brand}: non la chiameremo più. Risponda STOP per non ricevere nemmeno SMS.",
		"pt": "{brand}: deixamos de lhe telefonar. Responda STOP para parar também os SMS.",
		"nl": "{brand}: wij bellen u niet meer. Antwoord STOP om ook geen sms meer te krijgen.",
		"pl": "{brand}: nie będziemy dzwonić. STOP kończy też SMS-y.",
		"ru": "{brand}: больше не звоним вам. STOP - не писать и SMS.",
		"uk": "{brand}: більше не телефонуємо вам. STOP - не писати й SMS.",
		"tr": "{brand}: sizi artik aramayacagiz. SMS de almamak icin STOP yazin.",
		"fa": "{brand}: دیگر به شما زنگ نمی\u200cزنیم. برای لغو پیامک: STOP",
		"ar": "{brand}: لن نتصل بك بعد الآن. لإيقاف الرسائل أرسل STOP",
		"he": "{brand}: לא נתקשר אליך עוד. להפסקת ההודעות: STOP",
	},
	deliveries.Help: {
		"en": "{brand}. We are here to help: {phone} {url} Reply STOP to get no more texts.",
		"de": "{brand}. Wir helfen gern: {phone} {url} Mit STOP bekommen Sie keine SMS mehr.",
		"fr": "{brand}. Nous sommes là pour vous aider : {phone} {url} STOP pour ne plus recevoir de SMS.",
		"es": "{brand}. Estamos para ayudarle: {phone} {url} Responda STOP para no recibir más SMS.",
		"it": "{brand}. Siamo qui per aiutarla: {phone} {url} Risponda STOP per non ricevere altri SMS.",
		"pt": "{brand}. Estamos aqui para ajudar: {phone} {url} Responda STOP para parar os SMS.",
		"nl": "{brand}. Wij helpen graag: {phone} {url} Antwoord STOP voor geen sms meer.",
		"pl": "{brand}. Pomożemy: {phone} {url} STOP kończy SMS-y.",
		"ru": "{brand}. Поможем: {phone} {url} STOP - не писать.",
		"uk": "{brand}. Допоможемо: {phone} {url} STOP - не писати.",
		"tr": "{brand}. Yardim icin: {phone} {url} SMS almamak icin STOP yazin.",
		"fa": "{brand}. پشتیبانی: {phone} {url} لغو: STOP",
		"ar": "{brand}. للمساعدة: {phone} {url} للإيقاف: STOP",
		"he": "{brand}. לעזרה: {phone} {url} להפסקה: STOP",
	},
}
