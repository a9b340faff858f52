package inbound

import (
	"regexp"
	"strings"
)

// textRead is how many bytes of a letter's text are searched for what its writer
// wrote themselves.
const textRead = 100_000

// said is what the writer of a letter wrote themselves: without the letter that
// is answered, without a signature. Where that is nothing and another letter is not
// quoted, below is that one with whatever they wrote under it. What stands behind
// textRead is not read.
func said(text string) (words, below string) {
	if words, below = parted(text); words != "" {
		below = ""
	}
	return shorten(words, wordsRead), shorten(below, wordsRead)
}

// parted is what stands above another letter, without quotes and signature, and that
// letter with what follows it, where it is not quoted.
func parted(text string) (above, below string) {
	if len(text) > textRead {
		text = strings.ToValidUTF8(text[:textRead], "")
	}
	lines := strings.Split(text, "\n")
	own := make([]string, 0, len(lines))
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if strings.HasPrefix(line, ">") {
			continue
		}
		if length := attribution(lines[i:]); length > 0 {
			if !quotedNext(lines[i+length:]) {
				return unsigned(own), other(lines[i:], length)
			}
			i += length - 1
			continue
		}
		if forwarded(lines[i:]) {
			return unsigned(own), other(lines[i:], 1)
		}
		own = append(own, strings.TrimRight(lines[i], " \t"))
	}
	return unsigned(own), ""
}

// other is another letter and what follows it, without what is quoted; "" where it is
// no more than the lines that begin it, of which the first few have no header's form.
func other(lines []string, first int) string {
	kept := make([]string, 0, len(lines))
	heading, fields, words := true, false, false
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, ">") {
			continue
		}
		kept = append(kept, strings.TrimRight(line, " \t"))
		switch {
		case i < first:
		case trimmed == "":
			heading = heading && !fields
		case heading && field.MatchString(trimmed):
			fields = true
		case heading && original.MatchString(trimmed):
		default:
			heading, words = false, true
		}
	}
	if !words {
		return ""
	}
	return tidy(kept)
}

// tidy joins lines, without empty ones around them and with one at most between.
func tidy(lines []string) string {
	return manyBreaks.ReplaceAllString(strings.TrimSpace(strings.Join(lines, "\n")), "\n\n")
}

// attribution is how many lines a text like "On Tuesday Shop wrote:" takes, which
// mail programs put before what they quote; 0 where there is none.
func attribution(lines []string) int {
	joined := ""
	for n := 0; n < min(len(lines), 4); n++ {
		line := strings.TrimSpace(lines[n])
		if line == "" || len(line) > 400 || strings.HasPrefix(line, ">") || n == 1 && !begins.MatchString(joined) {
			return 0
		}
		if joined = strings.TrimSpace(joined + " " + line); !strings.HasSuffix(joined, ":") {
			continue
		}
		lower := strings.ToLower(joined)
		if dated.MatchString(joined) && wrote.MatchString(lower) {
			return n + 1
		}
		return 0
	}
	return 0
}

var (
	// dated is a date, a time or an address, one of which every such line holds.
	dated = regexp.MustCompile(`\d{4}|\d{1,2}[:.]\d{2}|@`)
	// begins is how the first of several such lines begins, or what it holds.
	begins = regexp.MustCompile(`(?i)^(on|am|le|el|il|em|op|den|w dniu|dnia|в|пн|вт|ср|чт|пт|сб|вс) |\d{4}|\d{1,2}[:.]\d{2}|@`)
	// wrote is "wrote" in the languages of many mail programs.
	wrote = regexp.MustCompile(`wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|пишет|написал|писал|пише|napisał|yazdı|skrev|kirjoitti|napsal|írta|a scris|нап[иі]сав|نوشت|كتب|כתב|写道|寫道|のメール|さんは書きました|작성`)
	// original is the line of programs that put the whole letter below.
	original = regexp.MustCompile(`(?i)^[-_*\s]{2,}\s*(original message|original appointment|forwarded message|begin forwarded message|ursprüngliche nachricht|originalnachricht|weitergeleitete nachricht|message d'origine|message transféré|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|исходное сообщение|пересланное сообщение|пересылаемое сообщение|orijinal ileti|wiadomość oryginalna|原始邮件|元のメッセージ)[-_*\s]*$`)
	// sender and sent are the first fields of a header in the text.
	sender = regexp.MustCompile(`(?i)^\*?(from|von|de|da|van|от|від|od|kimden|gönderen|från|fra|lähettäjä|发件人|差出人)\s?:\*?\s`)
	sent   = regexp.MustCompile(`(?i)^\*?(sent|date|to|gesendet|datum|an|envoyé|à|enviado|fecha|para|inviato|data|a|verzonden|aan|отправлено|дата|кому|надіслано|wysłano|do|gönderilen|tarih|kime|skickat|til|发送时间|收件人|送信日時|宛先)\s?:\*?\s`)
	// field is a line of a header in the text, of whatever name.
	field = regexp.MustCompile(`^\*?\p{L}[\p{L}' -]{0,20}\s?:`)
	rule  = regexp.MustCompile(`^_{20,}$`)
)

// quotedNext reports whether the next line that says something is quoted.
func quotedNext(lines []string) bool {
	for _, line := range lines {
		if line = strings.TrimSpace(line); line != "" {
			return strings.HasPrefix(line, ">")
		}
	}
	return false
}

// forwarded reports whether another letter, with a header of its own, begins, maybe
// behind one rule and one empty line. It looks at a few lines only, however many
// follow.
func forwarded(lines []string) bool {
	if rule.MatchString(strings.TrimSpace(lines[0])) && len(lines) > 1 {
		lines = lines[1:]
		if strings.TrimSpace(lines[0]) == "" && len(lines) > 1 {
			lines = lines[1:]
		}
	}
	line := strings.TrimSpace(lines[0])
	if original.MatchString(line) {
		return true
	}
	if !sender.MatchString(line) {
		return false
	}
	fields := 0
	for _, next := range lines[1:min(len(lines), 6)] {
		if sent.MatchString(strings.TrimSpace(next)) {
			fields++
		}
	}
	return fields >= 2
}

// unsigned leaves out a signature: behind its mark (RFC 3676 §4.3), or the line a
// telephone adds.
func unsigned(lines []string) string {
	for i, line := range lines {
		if line == "--" && i > 0 {
			lines = lines[:i]
			break
		}
	}
	for len(lines) > 0 {
		last := strings.TrimSpace(lines[len(lines)-1])
		if last != "" && !device.MatchString(last) {
			break
		}
		lines = lines[:len(lines)-1]
	}
	return tidy(lines)
}

var (
	device = regexp.MustCompile(`(?i)^((sent|enviado|envoyé|inviato|verzonden|skickat|wysłane)( from| desde| do| de| depuis| da| vanaf| från| z)? (my|mi|meu|mon|il mio|mijn|min)? ?(iphone|ipad|phone|mobile|android|samsung|galaxy|huawei|xiaomi|blackberry|outlook|yahoo|mail|proton|gmail).{0,60}|get outlook for .{1,30}|von (meinem|meiner) .{1,40} gesendet|gesendet (von|mit) .{1,60}|отправлено (с|из|от) .{1,60}|надіслано (з|із) .{1,60}|iphone'?umdan gönderildi|изпратено от .{1,40})$`)

	manyBreaks = regexp.MustCompile(`\n{3,}`)
)
