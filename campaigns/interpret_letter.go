package campaigns

import (
	"fmt"
	"strings"

	"rapport/channels"
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
	return strings.TrimSpace(r.Text) == "" && len(r.Media) == 0 && !h.attached() && (r.Letter == nil || r.Letter.Below == "")
}

// saysNothing reports whether nobody needs to read what was written. A letter out of
// the blue may say all in its subject; that of an answer to ours is ours.
func (h *hearing) saysNothing() bool {
	r := h.report
	if len(r.Media) > 0 || h.attached() || !cheerful(r.Text) || r.Letter != nil && r.Letter.Below != "" {
		return false
	}
	return r.Letter == nil || h.delivery.ID != 0 || cheerful(r.Letter.Subject)
}

// told is what a person who takes up a case reads of the report: the words, the
// files that came with them, and a letter's subject where the customer gave it.
func (h *hearing) told() string {
	var lines []string
	l := h.report.Letter
	if l != nil && h.delivery.ID == 0 && l.Subject != "" {
		lines = append(lines, l.Subject)
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
	return strings.Trim(text, " \n\r\t!.,"+smiles) == ""
}

// smiles are signs of content, with the modifiers of skin and shape.
const smiles = "🙂😀😃😄😁😊☺😉😍🥰😘🤗😎🤩🥳👍👏🙏👌💪🎉❤♥💕💖💚💙🧡💛💜🖤🤍✅✨⭐🌟🌹🌸💐\uFE0F\u200D🏻🏼🏽🏾🏿"
