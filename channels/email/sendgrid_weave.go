package email

import (
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rapport/channels"
)

// A batch is written once: what its letters have in common, with a mark where
// they differ, and beside each recipient what stands at the marks (SendGrid's
// substitutions). Whether that gives every letter back to the byte is tried
// before anything leaves.

// longestValues is what the substitutions of one recipient may hold together,
// with room for what they are called.
const longestValues = 9_000

// piece is where letters may differ: a word, and what stands between words or
// around a link.
var piece = regexp.MustCompile(`[^\s<>"'=]+|[\s<>"'=]+`)

// woven are letters written as one.
type woven struct {
	common [4]string // as forms
	values []map[string]string
}

// forms are the parts of a letter that substitutions reach: subject, text, HTML,
// and what stands before the @ of the address for replies.
func (l letter) forms() [4]string {
	forms := [4]string{l.content.Subject, l.content.Text, l.content.HTML}
	if l.reply != nil {
		forms[3], _ = halves(l.reply.Address)
	}
	return forms
}

// letter is what the woven ones have in common.
func (w woven) letter(first letter) letter {
	first.content = &channels.EmailContent{Subject: w.common[0], Text: w.common[1], HTML: w.common[2]}
	if first.reply != nil {
		_, domain := halves(first.reply.Address)
		first.reply = &mail.Address{Name: first.reply.Name, Address: w.common[3] + "@" + domain}
	}
	return first
}

// shape is the same for letters that may be written as one: as many pieces, from
// the same sender, with the same fields but for those that name the recipient.
func (l letter) shape() string {
	shape := []string{mailbox(l.from)}
	if l.reply != nil {
		_, domain := halves(l.reply.Address)
		shape = append(shape, l.reply.Name, domain)
	}
	for _, f := range l.fields {
		if f.name == "List-ID" || f.name == "Feedback-ID" || f.name == "Auto-Submitted" {
			shape = append(shape, f.name, f.value)
		}
	}
	for _, form := range l.forms() {
		shape = append(shape, strconv.Itoa(len(piece.FindAllStringIndex(form, -1))))
	}
	return strings.Join(shape, "\n")
}

// weave writes letters of one shape as one. ok is false where they have too
// little in common, or where a letter would not come out as it is.
func weave(letters []letter) (w woven, ok bool) {
	w.values = make([]map[string]string, len(letters))
	for i := range w.values {
		w.values[i] = map[string]string{}
	}
	mark := markOf(letters)
	marks := 0
	for f := range w.common {
		pieces := make([][]string, len(letters))
		for i, l := range letters {
			pieces[i] = piece.FindAllString(l.forms()[f], -1)
		}
		var common strings.Builder
		for at := 0; at < len(pieces[0]); {
			end := at
			for end < len(pieces[0]) && !same(pieces, end) {
				end++
			}
			if end == at {
				common.WriteString(pieces[0][at])
				at++
				continue
			}
			name := mark(marks)
			marks++
			common.WriteString(name)
			for i := range letters {
				w.values[i][name] = strings.Join(pieces[i][at:end], "")
			}
			at = end
		}
		w.common[f] = common.String()
	}
	return w, w.gives(letters)
}

func same(pieces [][]string, at int) bool {
	return !slices.ContainsFunc(pieces, func(p []string) bool { return p[at] != pieces[0][at] })
}

// markOf names the places of one request by a digest of all its letters, so that
// no letter holds such a word, none of them begins with another, and the same
// letters are always written the same way.
func markOf(letters []letter) func(int) string {
	digest := sha256.New()
	for _, l := range letters {
		for _, form := range l.forms() {
			digest.Write(append([]byte(form), 0))
		}
	}
	word := hex.EncodeToString(digest.Sum(nil)[:8])
	return func(n int) string { return "-rapport" + word + "." + strconv.Itoa(n) + "-" }
}

// gives reports whether every letter comes out of what is woven as it is, with
// values that SendGrid takes.
func (w woven) gives(letters []letter) bool {
	for i, l := range letters {
		size := 0
		var pairs []string
		for name, value := range w.values[i] {
			size += len(name) + len(value)
			pairs = append(pairs, name, value)
		}
		replace := strings.NewReplacer(pairs...)
		if size > longestValues {
			return false
		}
		for f, form := range l.forms() {
			if replace.Replace(w.common[f]) != form {
				return false
			}
		}
	}
	return true
}
