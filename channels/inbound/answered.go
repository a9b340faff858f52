package inbound

import (
	"regexp"
	"strings"
)

// attribution is how many lines a text like "On Tuesday Shop wrote:" takes, which
// mail programs put before what they quote; 0 where there is none. Its words are those
// of many languages. By its shape it is a line that ends in a colon and holds a mailbox
// with the moment of a letter, or begins with that moment; wrapped, where the first line
// begins so and a mailbox follows.
func attribution(lines []string, byShape bool) int {
	var taken []string
	joined := ""
	for n := 0; n < min(len(lines), 4); n++ {
		line := bare(lines[n])
		if line == "" || len(line) > 400 || strings.HasPrefix(line, ">") || n == 1 && !begins.MatchString(joined) {
			return 0
		}
		taken = append(taken, line)
		joined = strings.TrimSpace(joined + " " + line)
		if !strings.HasSuffix(joined, ":") && !strings.HasSuffix(joined, "：") && !dashed.MatchString(joined) {
			continue
		}
		if !attributes(taken, byShape, lines[n+1:]) {
			return 0
		}
		for from := 1; from <= n; from++ {
			if opens.MatchString(taken[from]) && attributes(taken[from:], byShape, lines[n+1:]) {
				return 0 // the lines before are the writer's own
			}
		}
		return n + 1
	}
	return 0
}

// attributes reports whether lines, joined again, are an attribution of what follows.
func attributes(lines []string, byShape bool, following []string) bool {
	line := strings.Join(lines, " ")
	switch {
	case dashed.MatchString(line):
		return byShape && box.MatchString(line) && day.MatchString(line)
	case dated.MatchString(line) && wrote.MatchString(strings.ToLower(line)) && says(line, following):
		return true
	case !byShape, len(lines) > 1 && (!box.MatchString(line) || !stamped(line) || !day.MatchString(lines[0])):
		return false
	}
	return shaped(line, following)
}

// says reports whether a line in which somebody wrote is no longer than dates and names
// make it: a sentence that says so goes on.
func says(line string, following []string) bool {
	at, quoted := lastMatch(clock, line), quotedNext(following)
	switch {
	case box.MatchString(line):
		return quoted || day.MatchString(line)
	case at >= 0 && stamped(line):
		return (quoted || day.MatchString(line) && parts(following)) && len(strings.Fields(line[at:])) <= 10
	}
	return quoted && len(strings.Fields(line)) <= 12
}

// shaped reports whether a line is an attribution in a language that nobody listed.
func shaped(line string, following []string) bool {
	at, quoted := lastMatch(clock, line), quotedNext(following)
	hasMoment := at >= 0 && day.MatchString(line)
	switch {
	case box.MatchString(line):
		return quoted || hasMoment
	case !hasMoment || !stamped(line):
		return false
	}
	behind := line[at:]
	if quoted {
		return len(strings.Fields(behind)) <= 6
	}
	return dateFirst.MatchString(line) && parts(following) && byName.MatchString(behind) && signs(behind) && len(strings.Fields(behind)) <= 4
}

// stamped reports whether a line begins as one that begins with a date.
func stamped(line string) bool { return opens.MatchString(line) || dateFirst.MatchString(line) }

// lastMatch is where the last text of some form ends in a line; -1 where there is none.
func lastMatch(form *regexp.Regexp, line string) int {
	if all := form.FindAllStringIndex(line, -1); len(all) > 0 {
		return all[len(all)-1][1]
	}
	return -1
}

// parts reports whether an empty line comes next, or nothing: a letter begins behind one,
// a remark of the writer's goes on.
func parts(lines []string) bool { return len(lines) == 0 || strings.TrimSpace(lines[0]) == "" }

// attributed reports whether the next line that says something begins an attribution.
func attributed(lines []string) bool {
	for n := 0; n < min(len(lines), 3); n++ {
		if strings.TrimSpace(lines[n]) != "" {
			return attribution(lines[n:], true) > 0
		}
	}
	return false
}

// head is how many lines the header of another letter takes, with the rule above it:
// three fields or more, of whatever names, of which one has a mailbox in brackets. The
// last may be an attribution. 0 where there is none.
func head(lines []string) int {
	n := ruled(lines)
	fields, boxed := 0, false
	for ; n < min(len(lines), 16); n++ {
		line := bare(lines[n])
		stamp := strings.HasSuffix(line, ":") && day.MatchString(line) && box.MatchString(line)
		if len(line) > 400 || !stamp && !field.MatchString(line) {
			break
		}
		fields++
		boxed = boxed || box.MatchString(line)
	}
	if fields < 3 || !boxed {
		return 0
	}
	return n
}

// ruled is how many lines a rule takes that stands above another letter, with an
// empty line behind it; 0 where nothing does.
func ruled(lines []string) int {
	if !rule.MatchString(strings.TrimSpace(lines[0])) || len(lines) < 2 {
		return 0
	}
	if strings.TrimSpace(lines[1]) == "" && len(lines) > 2 {
		return 2
	}
	return 1
}

// forwarded reports whether another letter, with a header of its own, begins, maybe
// behind one rule and one empty line. It looks at a few lines only, however many
// follow.
func forwarded(lines []string, byShape bool) bool {
	lines = lines[ruled(lines):]
	line := strings.TrimSpace(lines[0])
	switch {
	case original.MatchString(line):
		return true
	case byShape && titled.MatchString(line):
		return fieldsIn(field, lines[1:]) >= 2 && fieldsIn(moment, lines[1:])+fieldsIn(box, lines[1:]) > 0
	}
	return sender.MatchString(line) && fieldsIn(sent, lines[1:]) >= 2
}

// fieldsIn counts the next few lines that are of some form.
func fieldsIn(form *regexp.Regexp, lines []string) int {
	fields := 0
	for _, line := range lines[:min(len(lines), 5)] {
		if form.MatchString(strings.TrimSpace(line)) {
			fields++
		}
	}
	return fields
}

// bare is a line without what only directs the eye: space around it, and the marks of
// letters from right to left.
func bare(line string) string {
	if strings.ContainsAny(line, directs) {
		line = strings.Map(func(r rune) rune {
			if strings.ContainsRune(directs, r) {
				return -1
			}
			return r
		}, line)
	}
	return strings.TrimSpace(line)
}

const directs = "\u200E\u200F\u061C\u200B"

var (
	// dated is a date, a time or an address, one of which every attribution holds.
	dated = regexp.MustCompile(`\p{Nd}{4}|\p{Nd}{1,2}[:.]\p{Nd}{2}|@|\p{Nd}{1,2}/\p{Nd}{1,2}/`)
	// begins is how the first of several such lines begins, or what it holds; opens is
	// how one begins only.
	begins = regexp.MustCompile(`(?i)^(on|am|le|el|il|em|op|den|w dniu|dnia|в|пн|вт|ср|чт|пт|сб|вс) .*\p{Nd}|\p{Nd}{4}|\p{Nd}{1,2}[:.]\p{Nd}{2}|@`)
	opens  = regexp.MustCompile(`^(On|Am|Le|El|Il|Em|Op|Den|W dniu|Dnia|Vào|Στις|În|[Пп]н|[Вв]т|[Сс]р|[Чч]т|[Пп]т|[Сс]б|[Вв]с|در|في|בתאריך)[ .,]`)
	// wrote is "wrote" in the languages of many mail programs.
	wrote = regexp.MustCompile(`wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|geschreven|пишет|написал|писал|пише|napisał|yazdı|skrev|kirjoitti|napsal|napísal|írta|a scris|нап[иі]сав|έγραψε|đã viết|نوشت|كتب|כתב|写道|寫道|のメール|さんは書きました|작성`)
	// box is a mailbox as header fields have it.
	box = regexp.MustCompile(`[<(\[](mailto:)?[^\s<>()\[\]@]{1,128}@[^\s<>()\[\]@]{1,255}[>)\]]`)
	// day is a date with its year, clock a time of day, moment both; dateFirst is how a
	// line begins that begins with a date and its year, maybe behind a day of the week, and
	// byName what stands behind the time there.
	day       = regexp.MustCompile(`(^|\P{Nd})(\p{Nd}{4}(\P{Nd}|$)|\p{Nd}{1,2}[./-]\p{Nd}{1,2}[./-]\p{Nd}{2})`)
	clock     = regexp.MustCompile(`\p{Nd}{1,2}( ?h ?|:)\p{Nd}{2}|(kl\.?|klo|kello|ore|um|o) \p{Nd}{1,2}\.\p{Nd}{2}|\p{Nd}{1,2} ?[時时点點시]`)
	moment    = regexp.MustCompile(day.String() + `.*(` + clock.String() + `|[^\p{Nd}.,]\p{Nd}{1,2}\.\p{Nd}{2}(\P{Nd}|$))`)
	dateFirst = regexp.MustCompile(`^(\p{L}[\p{L}\p{M}-]{0,13}[.,،]{1,2} )?(` + strings.Join([]string{
		`\p{Nd}{4}[./-]\p{Nd}{1,2}[./-]\p{Nd}{1,2}`, `\p{Nd}{1,2}[./-] ?\p{Nd}{1,2}[./-] ?\p{Nd}{2}`, `\p{Nd}{4} ?[年년]`, `\p{Nd}{4}\. ?\p{L}{2,12}\.? \p{Nd}{1,2}`,
		`\p{Nd}{1,2}\.?( de)? \p{L}{3,12}\.?,?( de)? \p{Nd}{4}`, `\p{L}{3,12}\.? \p{Nd}{1,2}(st|nd|rd|th)?, \p{Nd}{4}`,
	}, `|`) + `)`)
	byName = regexp.MustCompile(`^(:\p{Nd}{2})?( Uhr)?[,،] [\p{Lu}\p{Lo}"]`)
	dashed = regexp.MustCompile(`^-{3,}[^-].*[^-]-{3,}$`)
	// original is the line of programs that put the whole letter below, titled one in any
	// language, which fields follow, one with a date or a mailbox.
	original = regexp.MustCompile(`(?i)^[-_*\s]{2,}\s*(original message|original appointment|forwarded message|begin forwarded message|ursprüngliche nachricht|originalnachricht|original-nachricht|weitergeleitete nachricht|message d'origine|message transféré|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|исходное сообщение|пересланное сообщение|пересылаемое сообщение|orijinal ileti|wiadomość oryginalna|原始邮件|元のメッセージ)[-_*\s]*$`)
	titled   = regexp.MustCompile(`^[-_*=]{3,}\s*\p{L}.{2,60}[-_*=]{3,}$`)
	// sender and sent are the first fields of a header in the text.
	sender = regexp.MustCompile(`(?i)^\*?(from|von|de|da|van|от|від|od|kimden|gönderen|från|fra|lähettäjä|发件人|差出人)\s?:\*?\s`)
	sent   = regexp.MustCompile(`(?i)^\*?(sent|date|to|gesendet|datum|an|envoyé|à|enviado|fecha|para|inviato|data|a|verzonden|aan|отправлено|дата|кому|надіслано|wysłano|do|gönderilen|tarih|kime|skickat|til|发送时间|收件人|送信日時|宛先)\s?:\*?\s`)
	// field is a line of a header in the text, of whatever name.
	field = regexp.MustCompile(`^\*?\p{L}[\p{L}\p{M}' -]{0,20}\s?(:\*?(\s|$)|：)`)
	rule  = regexp.MustCompile(`^(_{20,}|-{10,})$`)
)
