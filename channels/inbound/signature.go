package inbound

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// unsigned leaves out a signature: behind its mark (RFC 3676 §4.3), and the lines that
// telephones, mail programs and scanners of viruses add.
func unsigned(lines []string) string {
	for i, line := range lines {
		if line == "--" && i > 0 {
			lines = lines[:i]
			break
		}
	}
	for len(lines) > 0 {
		last := bare(lines[len(lines)-1])
		if last != "" && !footer(last) {
			break
		}
		lines = lines[:len(lines)-1]
	}
	return tidy(lines)
}

// alone is a few words of one line without the signature that follows them, which has
// no mark: so a STOP or a score is one as a whole. Longer words keep theirs, for what
// looks like a signature may be more of them.
func (l *letter) alone(words string) string {
	first, rest, more := strings.Cut(words, "\n")
	if !more || utf8.RuneCountInString(first) > 40 || len(strings.Fields(first)) > 5 {
		return words
	}
	var lines []string
	for line := range strings.SplitSeq(rest, "\n") {
		line = bare(line)
		if secret.MatchString(line) {
			break // down to the end
		}
		if line != "" {
			lines = append(lines, line)
		}
		if len(lines) > 8 {
			return words
		}
	}
	if len(lines) > 0 && !closing.MatchString(lines[0]) && !l.names(lines[0]) {
		return words
	}
	for _, line := range lines[min(1, len(lines)):] {
		if !l.names(line) && !signs(line) {
			return words
		}
	}
	return strings.TrimSpace(first)
}

// signs reports whether a line may be a name, a firm or an address: a few words, none of
// which begins small. In scripts without capitals they are fewer still.
func signs(line string) bool {
	fields := strings.Fields(line)
	if len(fields) > 6 || strings.ContainsAny(line, "?!？！。") {
		return false
	}
	caseless := false
	for i, word := range fields {
		first, _ := utf8.DecodeRuneInString(word)
		between := i > 0 && i < len(fields)-1 && utf8.RuneCountInString(word) <= 3
		if unicode.IsLower(first) && !between && !strings.ContainsAny(word, "@./") {
			return false
		}
		caseless = caseless || unicode.IsLetter(first) && !unicode.IsUpper(first) && !unicode.IsLower(first)
	}
	return !caseless || len(fields) <= 3 && utf8.RuneCountInString(line) <= 16
}

// names reports whether a line is the writer's name, or a part of it.
func (l *letter) names(line string) bool {
	from := decodeHeader(l.header.Get("From"))
	if open := strings.LastIndexByte(from, '<'); open > 0 {
		from = from[:open]
	} else {
		from = strings.NewReplacer(".", " ", "_", " ", "-", " ").Replace(l.name())
	}
	known := map[string]bool{}
	for _, word := range strings.Fields(strings.ToLower(from)) {
		known[strings.Trim(word, `"',.()`)] = true
	}
	fields := strings.Fields(strings.ToLower(line))
	for _, word := range fields {
		if !known[strings.Trim(word, `"',.()`)] {
			return false
		}
	}
	return len(fields) > 0
}

// footer reports whether a line was added by a telephone, a mail program or a scanner.
// What a person writes about a telephone names it too: only with words that say what
// was sent from it, or where the program is to be had, is it such a line.
func footer(line string) bool {
	switch {
	case utf8.RuneCountInString(line) > 160:
		return false
	case scanned.MatchString(line), sentByDevice.MatchString(line):
		return true
	}
	return program.MatchString(line) && (sentFrom.MatchString(line) || strings.Contains(strings.ToLower(line), "outlook") && had.MatchString(line) && len(strings.Fields(line)) <= 9)
}

var (
	// sentFrom is how such lines begin, or end.
	sentFrom = regexp.MustCompile(`(?i)^(` + strings.Join([]string{
		`sent (from|with|via|using|by)`, `gesendet (von|mit|aus|über|via)`, `envoyé (de|depuis|à partir|avec|par|via)`, `enviad[oa] (desde|do|da|de|con|com|pel[oa]|por|via)`, `enviat (des|amb)`,
		`inviato (da|dal|dall|con|tramite)`, `(verzonden|verstuurd) (vanaf|met|vanuit|via)`, `skickat (från|med)`, `sendt (fra|med|via)`, `lähetetty`,
		`wysłan[aeoy] (z|ze|za|przez)`, `odesláno (z|ze|pomocí)`, `odoslané (z|zo)`, `(el)?küldve`, `trimis (de|din|cu)`, `poslano (s|sa|z|iz)`,
		`στάλθηκε (από|με)`, `εστάλη (από|με)`, `(отправлено|послано) (с|со|из|от|через)`, `(надіслано|відправлено) (з|із|зі|за|через)`, `изпратено (от|с)`,
		`(đã |được )?gửi từ`, `dikirim dari`, `ส่งจาก`, `ارسال (شده )?(از|با)`, `فرستاده شده از`, `(أرسلت|أُرسلت|أرسل|مرسل|تم الإرسال) من`, `נשלח`, `发自`, `發自`, `傳送自`, `從.{1,30}傳送$`,
	}, `|`) + `)|(gönderildi|から送信|から送信されました|에서 보냄|से भेजा( गया)?)\.?$`)
	// sentByDevice needs no name of a device.
	sentByDevice = regexp.MustCompile(`(?i)^(von (meinem|meiner|mein) .{1,60} gesendet|diese (nachricht|e-?mail|mail) wurde (von|mit) .{1,90} gesendet)\.?$`)
	program      = regexp.MustCompile(`(?i)iphone|ipad|apple|айфон|آیفون|آيفون|android|андроид|اندروید|آندروید|أندرويد|samsung|galaxy|huawei|honor|xiaomi|redmi|poco|oppo|vivo|oneplus|realme|pixel|nokia|xperia|motorola|blackberry|windows|outlook|yahoo|gmail|mail|почт|пошт|proton|tuta|zoho|gmx|web\.de|thunderbird|foxmail|bluemail|yandex|яндекс|rambler|рамблер|smartphone|handy|telefoon|mobile|\bphone|телефона|смартфона|устройства|приложени|\bapp\b|пристрою|手机|手機|スマ|携帯`)
	had          = regexp.MustCompile(`(?i)\b(ios|android|mac|windows)\b|<https?://`)
	scanned      = regexp.MustCompile(`(?i)^.{1,60}\bwww\.(avg|avast)\.[a-z]{2,3}(<\S*>)?\.?$`)

	// closing is what a letter ends with before its writer's name.
	closing = regexp.MustCompile(`(?i)^(` + strings.Join([]string{
		`(with )?(kind|best|warm|kindest|many) regards`, `regards`, `best wishes`, `all the best`, `(yours )?(sincerely|faithfully|truly)`, `cheers`, `br`,
		`mit (freundlichen|besten|vielen|lieben|herzlichen) grüßen`, `mit freundlichem gruß`, `((freundliche|viele|liebe|beste|herzliche|schöne) )?grüße`, `gruß`, `lg`, `mfg`, `vg`,
		`(bien )?cordialement`, `(cordiales )?salutations`, `bien à vous`, `(un )?saludos?( cordial(es)?)?`, `atentamente`, `(cordiali|distinti) saluti`, `saluti`, `atenciosamente`, `(com os melhores )?cumprimentos`,
		`met vriendelijke groet(en)?`, `groet(en|jes)?`, `mvg`, `z poważaniem`, `pozdrawiam`, `с уважением`, `всего доброго`, `з повагою`, `saygılarımla`,
		`(med )?vänliga? hälsning(ar)?`, `(med )?venn?lig hilsen`, `hilsen`, `mvh`, `(ystävällisin )?terveisin`, `s pozdrave?o?m`, `üdvözlettel`, `tisztelettel`, `cu stimă`, `με εκτίμηση`,
		`با احترام`, `(مع )?تحياتي`, `בברכה`, `此致`, `敬具`, `よろしくお願い(いた)?します`,
	}, `|`) + `)[\s,.!。、]*$`)
	// secret begins what firms put below letters.
	secret = regexp.MustCompile(`(?i)^[*"(]?(confidential|this (e-?mail|message|communication|transmission)|the (information|contents)|diese (e-?mail|nachricht)|der inhalt dieser|ce (message|courriel|mail)|este (mensaje|correo|e-?mail)|esta mensagem|questa e-?mail|il presente messaggio|dit (bericht|e-?mail)|(это|данное|настоящее) (электронное |письмо|сообщение)|bu (e-?posta|mesaj)|ta wiadomość).*(confidential|privileged|vertraulich|confidentiel|confidencial|confidenciais|riservat|vertrouwelijk|конфиденциальн|gizli|poufn)`)

	manyBreaks = regexp.MustCompile(`\n{3,}`)
)
