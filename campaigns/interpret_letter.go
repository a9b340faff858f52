package campaigns

import (
	"fmt"
	"regexp"
	"strings"

	"rapport/campaigns/replytext"
	"rapport/channels"
	"rapport/templates"
)

// claimed reports whether the report is a letter that only says whom it is from.
func (h *hearing) claimed() bool { return h.report.Letter != nil && !h.report.Letter.Proven }

// letterAddress is the mailbox that a letter about a customer speaks of. That is
// theirs, whatever address the letter names, for anybody may write one; "" where a
// failure is about another, to which theirs passes mail on.
func (h *hearing) letterAddress() string {
	own := h.customer.Address(channels.Email)
	names := h.report.From
	if h.report.Kind == channels.ReportBounced && names != "" && !strings.EqualFold(names, own) {
		return ""
	}
	return own
}

// showLetter adds to a timeline's line what an e-mail brought besides its words.
func showLetter(l *channels.Letter, properties map[string]any) {
	if l == nil {
		return
	}
	if l.Subject != "" {
		properties["subject"] = l.Subject
	}
	if l.MessageID != "" {
		properties["message_id"] = l.MessageID
	}
	if len(l.Attachments) > 0 {
		properties["attachments"] = l.Attachments
	}
	if l.Below != "" {
		properties["below"] = l.Below
	}
	if !l.Proven {
		properties["claimed"] = true // nothing but the letter says whom it is from
	}
}

// attached reports whether the customer sent files, such as a picture of what is
// broken.
func (h *hearing) attached() bool {
	return h.report.Letter != nil && len(h.report.Letter.Attachments) > 0
}

// blank reports whether there is nothing in a reply at all.
func (h *hearing) blank() bool {
	r := h.report
	return wordless(r.Text) && len(r.Media) == 0 && !h.attached() && (r.Letter == nil || r.Letter.Below == "")
}

// saysNothing reports whether nobody needs to read what was written. A letter may say
// all in its subject.
func (h *hearing) saysNothing() bool {
	r := h.report
	if len(r.Media) > 0 || h.attached() || !cheerful(r.Text) || r.Letter != nil && r.Letter.Below != "" {
		return false
	}
	return cheerful(h.ownSubject())
}

// ownSubject is the subject of a letter where its writer gave it: out of the blue, or in
// the place of ours. Under that of an answer which has words of its own stand these.
// Where ours cannot be read that of an answer is the writer's only if it is a wish.
func (h *hearing) ownSubject() string {
	l := h.report.Letter
	switch {
	case l == nil:
		return ""
	case h.delivery.ID == 0:
		return l.Subject
	}
	subject, answers := replyless(l.Subject)
	may, known := h.ours(subject)
	switch {
	case may, answers && !cheerful(h.report.Text):
		return ""
	case answers && !known && replytext.ParseWish(subject).Stops(channels.Email) == "":
		return "" // ours, more likely than not; of a wish a person judges
	}
	return subject
}

// ours reports whether a subject may be the one that our message had; known is false
// where nobody can tell.
func (h *hearing) ours(subject string) (may, known bool) {
	d := h.delivery
	if d.Direct() {
		if d.Content == nil || d.Content.Email == nil {
			return false, false
		}
		had, _ := replyless(d.Content.Email.Subject)
		return strings.EqualFold(had, subject), true
	}
	if h.workspace.Templates == nil {
		return false, false
	}
	ref := templates.Ref{Channel: channels.Email, Name: d.Template}
	if may, known = h.workspace.Templates.Subjected(ref, subject); may || !known {
		return may, known
	}
	untagged := tag.ReplaceAllString(subject, "")
	may, _ = h.workspace.Templates.Subjected(ref, untagged)
	return may, known
}

// hearMachine takes an automatic reply for a person's where nothing but the subject
// looks like one and that is ours, and where STOP is all it says: whoever wrote that,
// nobody answers it.
func (h *hearing) hearMachine() {
	r := &h.report
	if r.Kind != channels.ReportAutoReplied || r.Letter == nil {
		return
	}
	subject, _ := replyless(r.Letter.Subject)
	may, _ := h.ours(subject)
	if r.Letter.BySubject && may || h.wants().Stops(r.Channel) == r.Channel {
		r.Kind = channels.ReportReplied
	}
}

// replyless is a subject without what mail programs put before that of an answer or a
// forwarded letter, and whether there was any.
func replyless(subject string) (bare string, answers bool) {
	bare = strings.TrimSpace(subject)
	for range 10 { // "Re: AW: Re: …"
		found := replyMark.FindString(bare)
		if found == "" {
			break
		}
		bare, answers = bare[len(found):], true
	}
	return bare, answers
}

var (
	// tag is what gateways put before subjects: [EXTERNAL], ***SPAM***.
	tag       = regexp.MustCompile(`^\s*(\[[^\]]{1,40}\]|\{[^}]{1,40}\}|\*{2,}[^*]{1,40}\*{2,})\s*`)
	replyMark = regexp.MustCompile(`(?i)^((\[[^\]]{1,40}\]|\{[^}]{1,40}\}|\*{2,}[^*]{1,40}\*{2,})\s*)?(re|aw|antw|antwort|sv|vs|odp|rif|res|rv|ynt|yan|vá|bls|atb|r|σχετ|απ|отв|ответ|на|відп|ha|رد|پاسخ|השב|תגובה|回复|回覆|答复|返信|답장|회신|fwd?|wg|tr|enc|i|vb|vl|pd|ilt|пер|пересл|fs|转发|轉寄|転送|전달)(\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s?[:：]\s*`)
)

// told is what a person who takes up a case reads of the report: the words, the
// files that came with them, and a letter's subject where the customer gave it.
func (h *hearing) told() string {
	var lines []string
	l := h.report.Letter
	if subject := h.ownSubject(); subject != "" {
		lines = append(lines, subject)
	}
	text := strings.TrimSpace(h.report.Text)
	if text == "" && l != nil {
		text = l.Below
	}
	switch n := len(h.report.Media); n {
	case 0:
	case 1:
		text = strings.TrimSpace(text + " (with a file)")
	default:
		text = strings.TrimSpace(fmt.Sprintf("%s (with %d files)", text, n))
	}
	if text != "" {
		lines = append(lines, text)
	}
	if l != nil {
		for _, name := range l.Attachments {
			lines = append(lines, "["+name+"]")
		}
	}
	return strings.Join(lines, "\n")
}

// cheerful reports whether a text is nothing, or nothing but smiles: nobody needs to
// answer it.
func cheerful(text string) bool {
	return strings.Trim(text, "!"+dots+smiles) == ""
}

// wordless reports whether a text is nothing but space and dots.
func wordless(text string) bool { return strings.Trim(text, dots) == "" }

const dots = " \n\r\t\u00A0\u200B.,…;-–—_*"

// frown is a sign of discontent, as a picture or in letters.
var frown = regexp.MustCompile(`[😡😠🤬👎😞😢😭😤💩😖😣🙁☹😒😔😩😫🤮🤢😾💔😕]|(^|[\s\d.,!])(>?[:=]['-]?\(+|\(\(+)(\s|$)`)

// smiles are signs of content, with the modifiers of skin and shape.
const smiles = "🙂😀😃😄😁😊☺😉😍🥰😘🤗😎🤩🥳👍👏🙏👌💪🎉❤♥💕💖💚💙🧡💛💜🖤🤍✅✨⭐🌟🌹🌸💐\uFE0F\u200D🏻🏼🏽🏾🏿"
