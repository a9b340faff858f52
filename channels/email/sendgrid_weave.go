package email

import (
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rapport/channels"
)

// A batch is written once: what its letters have in common, with a mark where
// they differ, and beside each recipient what stands at the marks (SendGrid's
// substitutions). Whether that gives every letter back to the byte is tried
// before anything leaves.

// longestValues is what the substitutions of one recipient may hold together,
// with room for what they are called.
const longestValues = 9_000

// cut finds where the pieces of a text end: words, and what stands between words or
// around a link. Letters may differ by whole pieces. What is found goes into ends,
// which may have room of another letter.
func cut(ends []int32, text string) []int32 {
	ends = slices.Grow(ends[:0], len(text)/4+1)
	for i := 1; i < len(text); i++ {
		if between[text[i]] != between[text[i-1]] {
			ends = append(ends, int32(i))
		}
	}
	if text != "" {
		ends = append(ends, int32(len(text)))
	}
	return ends
}

// between are the signs that stand between words.
var between = func() (table [256]bool) {
	for _, c := range []byte("\t\n\f\r <>\"'=") {
		table[c] = true
	}
	return table
}()

// draft is a letter that may be written with others.
type draft struct {
	letter
	place int // of its message in the batch
	forms [4]string
	ends  [4][]int32 // of the pieces of each form
}

// drafts have room for the pieces of a letter from others that have left.
var drafts = sync.Pool{New: func() any { return &draft{} }}

// begin makes a draft that of a letter.
func (d *draft) begin(l letter, place int) {
	d.letter, d.place, d.forms = l, place, l.forms()
	for f, form := range d.forms {
		d.ends[f] = cut(d.ends[f], form)
	}
}

// end gives a draft back.
func (d *draft) end() {
	*d = draft{ends: d.ends}
	drafts.Put(d)
}

// pieces are those of a form from one up to another.
func (d *draft) pieces(f, from, to int) string {
	begin := int32(0)
	if from > 0 {
		begin = d.ends[f][from-1]
	}
	return d.forms[f][begin:d.ends[f][to-1]]
}

func (d *draft) piece(f, n int) string { return d.pieces(f, n, n+1) }

// woven are letters written as one.
type woven struct {
	common [4]string // as forms
	marks  []string
	values [][]string // of each letter, at the marks
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
func (d *draft) shape() string {
	shape := []byte(mailbox(d.from))
	add := func(words ...string) {
		for _, word := range words {
			shape = append(append(shape, '\n'), word...)
		}
	}
	if d.reply != nil {
		_, domain := halves(d.reply.Address)
		add(d.reply.Name, domain)
	}
	for _, f := range d.fields {
		if f.name == "List-ID" || f.name == "Feedback-ID" || f.name == "Auto-Submitted" {
			add(f.name, f.value)
		}
	}
	for _, ends := range d.ends {
		shape = strconv.AppendInt(append(shape, '\n'), int64(len(ends)), 10)
	}
	return string(shape)
}

// weave writes letters of one shape as one. ok is false where they have too
// little in common, or where a letter would not come out as it is.
func weave(letters []*draft) (w woven, ok bool) {
	w.values = make([][]string, len(letters))
	word := markOf(letters[0])
	for f := range w.common {
		var common strings.Builder
		common.Grow(len(letters[0].forms[f]))
		for at := 0; at < len(letters[0].ends[f]); {
			end := at
			for ; end < len(letters[0].ends[f]) && !same(letters, f, end); end++ {
			}
			if end == at {
				common.WriteString(letters[0].piece(f, at))
				at++
				continue
			}
			mark := word + strconv.Itoa(len(w.marks)) + "-"
			w.marks = append(w.marks, mark)
			common.WriteString(mark)
			for i, l := range letters {
				w.values[i] = append(w.values[i], l.pieces(f, at, end))
			}
			at = end
		}
		w.common[f] = common.String()
	}
	return w, w.gives(letters, word)
}

func same(letters []*draft, f, at int) bool {
	first := letters[0].piece(f, at)
	for _, l := range letters[1:] {
		if l.piece(f, at) != first {
			return false
		}
	}
	return true
}

// markOf begins the names of the places of one request, by a digest of its first
// letter: the same letters are always written the same way, and no letter holds such
// a word, which gives tries.
func markOf(first *draft) string {
	digest := sha256.New()
	for _, form := range first.forms {
		digest.Write([]byte(form))
		digest.Write([]byte{0})
	}
	return "-rapport" + hex.EncodeToString(digest.Sum(nil)[:8]) + "."
}

// gives reports whether every letter comes out of what is woven as it is, with
// values that SendGrid takes. Marks stand where they were put and nowhere else, so
// that it makes no difference in which order they are replaced.
func (w woven) gives(letters []*draft, word string) bool {
	found := 0
	for _, common := range w.common {
		found += strings.Count(common, word)
	}
	if found != len(w.marks) {
		return false
	}
	for i, l := range letters {
		size, n := 0, 0
		for f, rest := range w.common {
			form := l.forms[f]
			for {
				at := strings.Index(rest, word)
				if at < 0 {
					break
				}
				value := w.values[i][n]
				if size += len(w.marks[n]) + len(value); strings.Contains(value, word) || !strings.HasPrefix(rest[at:], w.marks[n]) {
					return false
				}
				if !strings.HasPrefix(form, rest[:at]) || !strings.HasPrefix(form[at:], value) {
					return false
				}
				form, rest = form[at+len(value):], rest[at+len(w.marks[n]):]
				n++
			}
			if form != rest {
				return false
			}
		}
		if size > longestValues {
			return false
		}
	}
	return true
}
