package inbound_test

import (
	"strings"
	"testing"
)

// What is quoted and what signs is not what the customer says.
func TestOnlyOwnWordsAreTaken(t *testing.T) {
	for name, c := range map[string]struct{ body, says, below string }{
		"Gmail":           {"4\n\nOn Tue, 1 Dec 2026 at 13:00, Shop <hello@shop.example> wrote:\n\n> From 1 to 5?\n> Stop\n", "4", ""},
		"Gmail, wrapped":  {"late again\n\nOn Tue, 1 Dec 2026 at 13:00, A Very Long Shop's Name\n<reply-812@reply.shop.example> wrote:\n> Hello\n", "late again", ""},
		"no line between": {"late again\nOn Tue, 1 Dec 2026 at 13:00, Shop wrote:\n> Hello\n", "late again", ""},
		"wrapped early":   {"late again\n\nOn Tuesday, December 1,\n2026 at 13:00 Shop wrote:\n> Hello\n", "late again", ""},
		"below the quote": {"On Tue, 1 Dec 2026 at 13:00, Shop wrote:\n> From 1 to 5?\n\nfour\n-- \nAnn Miller\nHome Ltd", "four", ""},
		"between":         {"> Did it arrive?\nyes\n> Was it whole?\nno, broken", "yes\nno, broken", ""},
		"Apple, German":   {"Alles gut.\n\nVon meinem iPhone gesendet\n\n> Am 01.12.2026 um 13:00 schrieb Shop <hello@shop.example>:\n> \n> Hallo", "Alles gut.", ""},
		"German":          {"Danke!\n\nAm Di., 1. Dez. 2026 um 13:00 Uhr schrieb Shop <hello@shop.example>:\n\n> Hallo", "Danke!", ""},
		"French":          {"4\n\nLe mar. 1 déc. 2026 à 13:00, Shop <hello@shop.example> a écrit :\n> Bonjour", "4", ""},
		"Mail.ru":         {"пять\n\nВторник, 1 декабря 2026, 13:00 +03:00 от Shop <hello@shop.example> написал:\n>Привет", "пять", ""},
		"Outlook":         {"It came late.\n\nFrom: Shop <hello@shop.example>\nSent: Tuesday, December 1, 2026 1:00 PM\nTo: Ann <ann@home.example>\nSubject: How was it?\n\nFrom 1 to 5?", "It came late.", ""},
		"Outlook, German": {"Kam zu spät.\n\n________________________________\nVon: Shop <hello@shop.example>\nGesendet: Dienstag, 1. Dezember 2026 13:00\nAn: Ann\nBetreff: Wie war es?\n\nHallo", "Kam zu spät.", ""},
		"rule and line":   {"Zu spät.\n\n________________________________\n\nVon: Shop <hello@shop.example>\nGesendet: Dienstag\nAn: Ann\n\nHallo", "Zu spät.", ""},
		"a rule is none":  {"one\n____________________\n\n____________________\ntwo", "one\n____________________\n\n____________________\ntwo", ""},
		"two rules":       {"no\n____________________\n____________________\n-----Original Message-----\nhello", "no\n____________________", ""},
		"original":        {"no\n\n-----Original Message-----\nFrom: Shop\nhello", "no", ""},
		"below another":   {"-----Original Message-----\nFrom: Shop\nSubject: Hello\n\nFrom 1 to 5?\n\n\n\nIt never came\n", "", "-----Original Message-----\nFrom: Shop\nSubject: Hello\n\nFrom 1 to 5?\n\nIt never came"},
		"below Outlook's": {"\nFrom: Shop <hello@shop.example>\nSent: Tuesday\nTo: Ann\n\nFrom 1 to 5?\n> a quote\nIt never came", "", "From: Shop <hello@shop.example>\nSent: Tuesday\nTo: Ann\n\nFrom 1 to 5?\nIt never came"},
		"below who wrote": {"On Tuesday, December 1,\n2026 at 13:00 Shop wrote:\n\nFrom 1 to 5?\n\nIt never came", "", "On Tuesday, December 1,\n2026 at 13:00 Shop wrote:\n\nFrom 1 to 5?\n\nIt never came"},
		"above and below": {"no\n-----Original Message-----\nFrom: Shop\n\nFrom 1 to 5?\n\nIt never came", "no", ""},
		"a colon below":   {"-----Original Message-----\nFrom: Shop\n\nAnswer: it never came", "", "-----Original Message-----\nFrom: Shop\n\nAnswer: it never came"},
		"only a head":     {"-----Original Message-----\nFrom: Shop\nSent: Tuesday\nSubject: Hello\n\n> From 1 to 5?", "", ""},
		"only who wrote":  {"On Tuesday, December 1,\n2026 at 13:00 Shop wrote:\n", "", ""},
		"a telephone":     {"great\n\nSent from my iPhone", "great", ""},
		"a signature":     {"great\n\n-- \nAnn Miller\nCEO, stop the world", "great", ""},
		"a colon is none": {"Two things:\nit came late\nit was broken", "Two things:\nit came late\nit was broken", ""},
		"a date is none":  {"Ordered on 1 Dec 2026 10:00, please say when:\nAnn", "Ordered on 1 Dec 2026 10:00, please say when:\nAnn", ""},
		"from is none":    {"From: my side all is well\nthank you", "From: my side all is well\nthank you", ""},
		"only a quote":    {"> From 1 to 5?\n", "", ""},
		"Windows breaks":  {"4\r\n\r\nOn Tue, 1 Dec 2026 at 13:00, Shop wrote:\r\n> x", "4", ""},
	} {
		got := reply(t, "Content-Type: text/plain; charset=utf-8\n", c.body)
		if got.Text != c.says || got.Letter.Below != c.below {
			t.Errorf("%s: %q and below %q, want %q and %q", name, got.Text, got.Letter.Below, c.says, c.below)
		}
	}
}

// fromAnn is the header of a letter whose writer has a name.
const fromAnn = "From: Ann Miller <ann@home.example>\nSubject: Re: How was it?\nContent-Type: text/plain; charset=utf-8\n\n"

// A word is read as a whole whatever the writer's program puts below it: the line over
// a quote, the header of our letter, the advertisement of the program.
func TestAWordIsWholeInEveryProgram(t *testing.T) {
	const quote, letter = "\n\n> From 1 to 5?\n> \n> Shop\n", "\n\nFrom 1 to 5?\n"
	for name, below := range map[string]string{
		"Gmail, Russian":            "вт, 1 дек. 2026 г. в 13:00, Shop <hello@shop.example>:" + quote,
		"Gmail, Japanese":           "2026年12月1日(火) 13:00 Shop <hello@shop.example>:" + quote,
		"Gmail, Arabic":             "في الثلاثاء، 1 ديسمبر 2026 في 1:00 م تمت كتابة ما يلي بواسطة \u202aShop\u202c\u200f <\u202ahello@shop.example\u202c\u200f>:" + quote,
		"Gmail, Hebrew":             "\u202bבתאריך יום ג׳, 1 בדצמ׳ 2026 ב-13:00 מאת \u202aShop\u202c\u200f <\u202ahello@shop.example\u202c\u200f>:\u202c" + quote,
		"Gmail, Chinese":            "Shop <hello@shop.example> 于2026年12月1日周二 13:00写道：" + quote,
		"Gmail, Greek":              "Στις Τρί 1 Δεκ 2026 στις 1:00 μ.μ., ο χρήστης Shop <hello@shop.example> έγραψε:" + quote,
		"Gmail, Vietnamese":         "Vào Th 3, 1 thg 12, 2026 vào lúc 13:00 Shop <hello@shop.example> đã viết:" + quote,
		"Gmail, Persian, wrapped":   "در تاریخ سه\u200cشنبه ۱ دسامبر ۲۰۲۶ ساعت ۱۳:۰۰ Shop\n<hello@shop.example> نوشت:" + quote,
		"Gmail, Polish, wrapped":    "wt., 1 gru 2026 o 13:00 Shop and Sons of Old Town <hello@shop.example>\nnapisał(a):" + quote,
		"Thunderbird, Persian":      "در ۰۱/۱۲/۲۶ ساعت ۱۳:۰۰، Shop نوشت:" + quote,
		"Thunderbird, Lithuanian":   "2026-12-01 13:00, Shop rašė:" + quote,
		"Yandex":                    "01.12.2026, 13:00, \"Shop\" <hello@shop.example>:" + quote,
		"Yandex, with a head":       "----------------\nКому: Ann (ann@home.example);\nТема: Как всё прошло?;\n01.12.2026, 13:00, \"Shop\" <hello@shop.example>:" + quote,
		"Mail.ru":                   " \nВторник, 1 декабря 2026, 13:00 +03:00 от Shop <hello@shop.example>:\n " + letter,
		"Mail.ru, signed":           "--\nАнна\n \nВторник, 1 декабря 2026, 13:00 +03:00 от Shop <hello@shop.example>:\n " + letter,
		"Gmail, Russian, wrapped":   "вт, 1 дек. 2026 г. в 13:00, Shop and Sons of Old Town\n<hello@shop.example>:" + quote,
		"Gmail, Arabic, wrapped":    "في الثلاثاء، 1 ديسمبر 2026 في 1:00 م تمت كتابة ما يلي بواسطة Shop\n<hello@shop.example>:" + quote,
		"Mail.ru, wrapped":          "Вторник, 1 декабря 2026, 13:00 +03:00 от Shop and Sons\n<hello@shop.example>:" + letter,
		"a tongue nobody listed":    "Tue, 1 Dec 2026, 13:00 Shop zapisao:" + quote,
		"Zoho":                      "---- On Tue, 01 Dec 2026 13:00:00 +0100 Shop <hello@shop.example> wrote ----" + quote,
		"Zoho, German":              "---- Am Di., 01 Dez. 2026 13:00:00 +0100 Shop <hello@shop.example> hat geantwortet ----" + letter,
		"a date, then a name":       "1. Dezember 2026 13:00, Shop:" + letter,
		"GMX":                       " \n\nGesendet: Dienstag, 01. Dezember 2026 um 13:00 Uhr\nVon: \"Shop\" <hello@shop.example>\nAn: ann@gmx.example\nBetreff: Wie war es?" + letter,
		"Web.de, telephone":         "--\nDiese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.\nAm 01.12.26, 13:00 schrieb Shop <hello@shop.example>:" + letter,
		"T-Online":                  "-----Original-Nachricht-----\nBetreff: Wie war es?\nDatum: 2026-12-01T13:00:00+0100\nVon: \"Shop\" <hello@shop.example>\nAn: \"Ann\" <ann@home.example>" + letter,
		"a title nobody listed":     "-------- Alkuperäinen viesti --------\nLähettäjä: Shop\nPäivämäärä: 1.12.2026 13.00" + letter,
		"Outlook, Swedish":          "________________________________\nFrån: Shop <hello@shop.example>\nSkickat: den 1 december 2026 13:00\nTill: Ann\nÄmne: Hur var det?" + letter,
		"Outlook, Danish":           "Fra: Shop <hello@shop.example>\nSendt: 1. december 2026 13:00\nTil: Ann\nEmne: Hvordan var det?" + letter,
		"Outlook, Finnish":          "Lähettäjä: Shop <hello@shop.example>\nLähetetty: tiistai 1. joulukuuta 2026\nVastaanottaja: Ann\nAihe: Miten meni?" + letter,
		"Outlook, Polish":           "Od: Shop <hello@shop.example>\nWysłane: wtorek, 1 grudnia 2026 13:00\nDo: Ann\nTemat: Jak było?" + letter,
		"Outlook, Turkish":          "Gönderen: Shop <hello@shop.example>\nGönderildi: 1 Aralık 2026 Salı 13:00\nKime: Ann\nKonu: Nasıldı?" + letter,
		"Outlook, Czech":            "Od: Shop <hello@shop.example>\nOdesláno: úterý 1. prosince 2026 13:00\nKomu: Ann\nPředmět: Jaké to bylo?" + letter,
		"Outlook, Hungarian":        "Feladó: Shop <hello@shop.example>\nElküldve: 2026. december 1., kedd\nCímzett: Ann\nTárgy: Milyen volt?" + letter,
		"Outlook, Korean":           "보낸 사람: Shop <hello@shop.example>\n보낸 날짜: 2026년 12월 1일\n받는 사람: Ann\n제목: 어땠나요?" + letter,
		"Outlook, Persian":          "از: Shop <hello@shop.example>\nارسال شده: ۱ دسامبر ۲۰۲۶\nبه: Ann\nموضوع: چطور بود؟" + letter,
		"Outlook, Arabic":           "من: Shop <hello@shop.example>\nتم الإرسال: الثلاثاء 1 ديسمبر 2026\nإلى: Ann\nالموضوع: كيف كان؟" + letter,
		"Outlook, Hebrew":           "מאת: Shop <hello@shop.example>\nנשלח: יום שלישי 1 דצמבר 2026\nאל: Ann\nנושא: איך היה?" + letter,
		"Outlook, Chinese":          "发件人： Shop <hello@shop.example>\n发送时间： 2026年12月1日\n收件人： Ann\n主题： 怎么样？" + letter,
		"Outlook, bold":             "*From:* Shop <hello@shop.example>\n*Sent:* Tuesday\n*To:* Ann" + letter,
		"Outlook for Android":       "Get Outlook for Android<https://aka.ms/x1>\n________________________________\nFrom: Shop <hello@shop.example>\nSent: Tuesday\nTo: Ann" + letter,
		"Outlook for Android, de":   "Outlook für Android<https://aka.ms/x1> herunterladen",
		"Outlook for iOS, ru":       "Скачать Outlook для iOS<https://aka.ms/x2>",
		"Outlook for iOS, fr":       "Télécharger Outlook pour iOS<https://aka.ms/x2>",
		"iPhone, Dutch":             "Verstuurd vanaf mijn iPhone\n\n> Op 1 dec 2026 om 13:00 heeft Shop het volgende geschreven:\n> \n> hallo",
		"iPhone, Japanese":          "iPhoneから送信" + quote,
		"iPhone, Chinese":           "发自我的iPhone" + quote,
		"iPhone, Korean":            "나의 iPhone에서 보냄" + quote,
		"iPhone, Persian":           "ارسال شده از iPhone من" + quote,
		"iPhone, Polish":            "Wysłane z iPhone'a" + quote,
		"iPhone, Finnish":           "Lähetetty iPhonesta" + quote,
		"iPhone, Danish":            "Sendt fra min iPhone" + quote,
		"iPhone, Turkish":           "iPhone'umdan gönderildi" + quote,
		"Samsung, German":           "Von meinem Samsung Galaxy Smartphone gesendet.\n\n-------- Ursprüngliche Nachricht --------\nVon: Shop\nDatum: 01.12.26" + letter,
		"Samsung, Russian":          "Отправлено с моего устройства Samsung Galaxy",
		"Proton":                    "Sent with Proton Mail secure email.\n\nOn Tuesday, December 1st, 2026 at 1:00 PM, Shop <hello@shop.example> wrote:" + quote,
		"Proton, telephone":         "Sent from Proton Mail for iOS.\n\n-------- Original Message --------\nOn Tuesday, 12/01/26 at 13:00 Shop <hello@shop.example> wrote:" + quote,
		"Yahoo":                     "Sent from Yahoo Mail for iPhone\n\n\nOn Tuesday, December 1, 2026, 1:00 PM, Shop <hello@shop.example> wrote:" + letter,
		"AVG":                       "Virus-free.www.avg.com\n" + quote,
		"Avast, with a link":        "Без вирусов. www.avast.ru<https://www.avast.ru/x>\n" + quote,
		"two of them":               "Sent from my iPad\n\nVirus-free.www.avast.com" + quote,
		"a name":                    "Ann Miller",
		"a first name":              "Ann",
		"regards":                   "Kind regards,\nAnn Miller\nHome Ltd\n+49 30 5501200",
		"regards, German":           "Mit freundlichen Grüßen\n\nAnn Miller",
		"regards, Russian":          "С уважением,\nАнна",
		"regards, Persian":          "با احترام\nمریم",
		"a firm":                    "Ann Miller\nHead of Things\nwww.home.example",
		"regards, and a telephone":  "LG\nAnn\n\nVon meinem iPhone gesendet",
		"what firms add":            "This e-mail and any attachments are confidential. If you are not the intended recipient, tell us and delete it.\nHome Ltd, 1 High Street.",
		"regards and what firms do": "Regards\nAnn\n\nDiese E-Mail enthält vertrauliche Informationen. Bitte löschen Sie sie.",
	} {
		for _, word := range []string{"STOP", "4"} {
			got := one(t, replyBox, crlf(fromAnn)+word+"\n\n"+below)
			if got.Text != word || got.Letter.Below != "" {
				t.Errorf("%s: %q and below %q", name, got.Text, got.Letter.Below)
			}
		}
	}
}

// What only looks like another letter, a footer or a signature is what was written.
func TestWordsThatLookLikeALetterAreKept(t *testing.T) {
	for name, body := range map[string]string{
		"a list":                 "Please change:\nName: Ann Miller\nMail: ann@new.example\nPhone: 030 5501200",
		"a moment":               "It should have come on 1 Dec 2026 13:00, and the driver said:\nnot before Friday",
		"a day":                  "Dear all,\nI wrote on 1 Dec 2026:\nno answer",
		"a mailbox":              "I wrote to hello@shop.example:\nno answer",
		"a mailbox in brackets":  "On 1 Dec 2026 I asked Shop <hello@shop.example>:\nno answer",
		"a quote of one's own":   "You told me:\n> it comes tomorrow",
		"a telephone":            "4\n\nThe iPhone case is broken",
		"a telephone, sent back": "4\n\nI sent my iPhone back a week ago",
		"a telephone, late":      "2\n\nОтправлено с опозданием, iPhone разбит, и никто не отвечает на мои письма, звонки и сообщения. Когда же вы наконец вернёте мне все мои деньги, которые я заплатил ещё в октябре?",
		"Outlook":                "no\n\nYour letters look broken in Outlook for Windows, please mend that soon",
		"mail":                   "2\n\nDas Paket wurde an meine alte Mail gesendet.",
		"who is not the writer":  "4\n\nBroken",
		"words after regards":    "2\n\nRegards to your driver who dropped it",
		"a question below":       "2\n\nBest regards\nAnn\nwhere is my money?",
		"a sentence below":       "4\n\nLG\nich warte immer noch auf mein Geld von euch",
		"words below a name":     "2\nAnn\nit never came",
		"words in no capitals":   "2\n\nبا احترام\nبسته من هرگز نرسید لطفا تماس بگیرید",
		"an order":               "late\n--- Order ---\nItem: a door\nSize: large",
		"words and regards":      "It never came, and nobody answers\n\nBest regards\nAnn",
		"a title":                "--- my list ---\nthe door\nthe window",
		"two lines of one's own": "On Monday I waited all day\nand nobody came.\nIn your mail of 12.03.2024 at 10:30 you said:\n> it comes tomorrow",
		"days of one's own":      "On 11 March I waited all day\nand nobody came.\nIn your mail of 12.03.2024 at 10:30 you said:\n> it comes tomorrow\nGive me my money back.",
		"a day wrapped":          "On Monday 12.03.2024 at 10:30 I waited\nand you said:\n> it comes tomorrow",
		"a number first":         "Hello,\n2 parcels came on 12.03.2024 at 10:30, both broken:\n- the cup\n- the plate\nPlease refund me.",
		"a number and a quote":   "Hello,\n2 parcels came on 12.03.2024 at 10:30, though you said:\n> it comes tomorrow",
		"a call":                 "Hello,\n12.03.2024 10:30 I called you:\nnobody answered\nI want my money back.",
		"a call, apart":          "Hello,\n12.03.2024 10:30 I called you:\n\nnobody answered\nI want my money back.",
		"a name, then words":     "What we said:\n12.03.2024 10:30 Ann:\nwhere is it?\n12.03.2024 10:31 Shop:\nsoon",
		"a promise":              "Hi,\nThe driver was to come on 12.03.2024 at 10:00 and never did, though you promised me:\n> it comes tomorrow\nI want my money back.",
		"a long promise":         "On 12.03.2024 at 10:00 the driver was to come and never did, though you promised me:\n> it comes tomorrow",
		"a promise in writing":   "Hi,\nThe driver was to come on 12.03.2024 at 10:00 and never did, though you wrote:\n> it comes tomorrow\nI want my money back.",
		"a promise, stamped":     "On 12.03.2024 at 10:00 the driver was to come and never did, though you wrote:\n> it comes tomorrow",
		"what one wrote":         "Hi,\nI wrote to you on 12.03.2024 at 10:30:\nit never came\nand nobody answered",
		"what a driver wrote":    "Hi,\nOn 12.03.2024 at 10:30 your driver wrote:\nnot today\nI want my money",
		"days":                   "5. Mai 2024, 14:00 Uhr:\n\nnobody came\n\n6. Mai 2024, 15:00 Uhr:\n\nnobody again",
		"a talk":                 "Here it is:\n\n12.03.2024 10:30 Ann:\n\nwhere is it?\n\n12.03.2024 10:31 Shop:\n\nsoon",
		"an order by its number": "Hi,\n--- My order ---\nOrder: 48213\nName: Ann\nThe shoe is torn, please send a new one.",
		"an order of four":       "Hi,\n--- My order ---\nOrder: 4821\nPrice: 10.30\nThe shoe is torn, please send a new one.",
		"an order of a day":      "Hi,\n--- My order ---\nOrder: 48213\nDay: 12.03.2024\nThe shoe is torn, please send a new one.",
		"one line of one's own":  "late again\nOn 1 Dec. it should have come",
	} {
		want := strings.ReplaceAll(body, "\n> it comes tomorrow", "")
		if got := one(t, replyBox, crlf(fromAnn)+body); got.Text != want || got.Letter.Below != "" {
			t.Errorf("%s: %q and below %q, want %q", name, got.Text, got.Letter.Below, want)
		}
	}
	for name, own := range map[string]string{
		"a day, no digit": "On Monday I waited all day\nand nobody came.",
		"a day, digits":   "On 11 March I waited all day\nand nobody came.",
	} {
		if got := text(t, "", own+"\nOn 12.03.2024 at 10:30 Shop wrote:\n> x\n"); got != own {
			t.Errorf("%s above who wrote: %q", name, got)
		}
	}
	got := reply(t, "", "I paid on 12.11.2026 at 10:00\nOn Tue, 1 Dec 2026 at 13:00, Shop <hello@shop.example> wrote:\n> x\n")
	if got.Text != "I paid on 12.11.2026 at 10:00" {
		t.Errorf("a line right above who wrote: %q", got.Text)
	}
}

func TestQuotesInHTMLAreCutOff(t *testing.T) {
	for name, html := range map[string]string{
		"Gmail":   `<div dir="ltr">4</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, Shop wrote:<br></div><blockquote class="gmail_quote"><div>From 1 to 5?</div></blockquote></div>`,
		"Apple":   `<html><body>4<div><br><blockquote type="cite"><div>On 1 Dec 2026, at 13:00, Shop wrote:</div><div>From 1 to 5?</div></blockquote></div></body></html>`,
		"Outlook": `<div>4</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>From:</b> Shop<br><b>Sent:</b> Tuesday<br></div><div>From 1 to 5?</div>`,
		"Yahoo":   `<div>4</div><div id="x" class="yahoo_quoted"><div>On Tue<div>From 1 to 5?</div></div></div>`,
		"Yandex":  `<div>4</div><div> </div><div>01.12.2026, 13:00, &quot;Shop&quot; &lt;hello@shop.example&gt;:</div><blockquote><p>From 1 to 5?</p></blockquote>`,
		"Zoho":    `<div>4</div><div class="zmail_extra"><div><br></div><div id="Zm-_Id_-Sgn1">---- On Tue, 01 Dec 2026 13:00:00 +0100 <b>Shop &lt;hello@shop.example&gt;</b> wrote ---<br></div><blockquote>From 1 to 5?</blockquote></div>`,
		"GMX":     `<div>4<div>&nbsp;<div name="quote"><div><b>Gesendet:</b>&nbsp;Dienstag<br/><b>Von:</b>&nbsp;Shop &lt;hello@shop.example&gt;<br/><b>Betreff:</b>&nbsp;Wie?</div><div>From 1 to 5?</div></div></div></div>`,
		"Word":    `<p class=MsoNormal>4</p><div><p class=MsoNormal><b>Fra:</b> Shop &lt;hello@shop.example&gt; <br><b>Sendt:</b> tirsdag<br><b>Til:</b> Ann</p></div><p>From 1 to 5?</p>`,
		"Proton":  `<div>4</div><div class="protonmail_signature_block">Sent with <a href="https://proton.example">Proton Mail</a> secure email.</div><div class="protonmail_quote">On Tuesday, December 1st, 2026 at 1:00 PM, Shop &lt;hello@shop.example&gt; wrote:<br><blockquote>x</blockquote></div>`,
		"Thunder": `<p>4</p><div class="moz-cite-prefix">Am 01.12.26 um 13:00 schrieb Shop:<br></div><blockquote type="cite"><p>From 1 to 5?</p></blockquote>`,
	} {
		if got := text(t, "Content-Type: text/html; charset=utf-8\n", html); got != "4" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAMessageWithoutEndIsCutForTheTimeline(t *testing.T) {
	if got := text(t, "", strings.Repeat("word ", 10_000)); len([]rune(got)) > 10_001 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters", len([]rune(got)))
	}
}

// A letter takes time that grows with its length and no faster: lines that begin
// another letter are looked for behind one rule, not behind all that follow. If
// each line were compared with all below it, this test would take many minutes.
func TestALetterOfRulesIsReadInItsTurn(t *testing.T) {
	rules := strings.Repeat(strings.Repeat("_", 20)+"\n", 50_000)
	apart := strings.Repeat(strings.Repeat("_", 20)+"\n\n", 50_000)
	heads := "____" + strings.Repeat("\n"+strings.Repeat("To: Ann\n", 9)+strings.Repeat("\n", 9), 50_000)
	moments := "____" + strings.Repeat("\nOn 1 Dec 2026 at 13:00:"+strings.Repeat("\n", 9), 50_000)
	wrapped := "____" + strings.Repeat("\nOn 1 Dec 2026"+strings.Repeat("\nOn"+strings.Repeat(" 13:00", 60), 3)+":", 50_000)
	listed := "____" + strings.Repeat("\n--- My order ---\nOrder: 12.03.2024"+strings.Repeat(" 1", 150)+"\nName: Ann", 50_000)
	devices := "____" + strings.Repeat("\nSent from my iPhone"+strings.Repeat("\n", 2), 50_000)
	for _, body := range []string{rules, apart, heads, moments, wrapped, listed, devices} {
		if got := text(t, "", "late\n"+body); !strings.HasPrefix(got, "late\n____") {
			t.Fatalf("%.40q", got)
		}
	}
}

// What stands far below is not searched, and no character is cut in two.
func TestTheEndOfAVeryLongLetterIsNotRead(t *testing.T) {
	for shift := range 2 {
		body := strings.Repeat("x", shift) + "\n" + strings.Repeat("> "+strings.Repeat("é", 50)+"\n", 2_000) + "stop\n"
		if got := text(t, "Content-Type: text/plain; charset=utf-8\n", body); got != strings.Repeat("x", shift) {
			t.Errorf("%.40q", got)
		}
	}
}
