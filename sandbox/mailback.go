package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// MailDomain is the domain whose mail the sandbox's SendGrid passes on, as
// Inbound Parse does, where InboundURL is set. Answers to other addresses go to
// people's mailboxes, and nobody hears of them here.
const MailDomain = "reply.sandbox.example"

// away plans the automatic reply of somebody who is on holiday.
func (s *Sandbox) away(l *letter, at time.Time) []act {
	if !s.canAnswer(l) {
		return nil
	}
	return []act{{at: at, do: func(ctx context.Context) []act {
		s.mail(ctx, l, "Automatic reply: "+expand(l.subject, l.substitutions), "I am on holiday until the 24th and will read this afterwards.", "Auto-Submitted: auto-replied\n", "away")
		return nil
	}}}
}

// writeBack plans a customer's own reply: the score where the letter asks for one
// in its text, a few words otherwise.
func (s *Sandbox) writeBack(l *letter, who person, at time.Time) []act {
	if !s.canAnswer(l) {
		return nil
	}
	words := who.comment(l.chance)
	if low, high, asked := rangeIn(l.text); asked {
		words = strconv.Itoa(who.score(l.chance, low, high))
	}
	return []act{{at: at, do: func(ctx context.Context) []act {
		quoted := "\n\nOn " + l.at.Format("Mon, 2 Jan 2006 at 15:04") + ", " + l.from + " wrote:\n> " + expand(l.subject, l.substitutions) + "\n"
		s.mail(ctx, l, "Re: "+expand(l.subject, l.substitutions), words+quoted, "", "reply")
		return nil
	}}}
}

// canAnswer reports whether an answer to the letter comes by here.
func (s *Sandbox) canAnswer(l *letter) bool {
	return s.options.SendGrid.InboundURL != "" && strings.HasSuffix(l.replyTo, "@"+MailDomain)
}

// mail posts a customer's e-mail as SendGrid's Inbound Parse does, in pieces and
// signed.
func (s *Sandbox) mail(ctx context.Context, l *letter, subject, text, header, what string) {
	id := s.sid(l.chance, what) + "@mailbox.example"
	headers := fmt.Sprintf("MIME-Version: 1.0\nFrom: <%s>\nTo: <%s>\nSubject: %s\nMessage-ID: <%s>\nIn-Reply-To: %s\nReferences: %s\n%sContent-Type: text/plain; charset=UTF-8\n",
		l.to, l.replyTo, subject, id, l.messageID, l.messageID, header)
	envelope, err := json.Marshal(map[string]any{"to": []string{l.replyTo}, "from": l.to})
	if err != nil {
		s.tally.fail("encode an envelope")
		return
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.SetBoundary("xYzZY" + s.sid(l.chance, what)) // it is one
	for _, field := range [][2]string{
		{"headers", headers},
		{"dkim", "{@mailbox.example : pass}"},
		{"to", l.replyTo},
		{"from", l.to},
		{"text", text},
		{"sender_ip", homeIP},
		{"envelope", string(envelope)},
		{"attachments", "0"},
		{"subject", subject},
		{"charsets", `{"to":"UTF-8","subject":"UTF-8","from":"UTF-8","text":"UTF-8"}`},
		{"SPF", "pass"},
	} {
		_ = form.WriteField(field[0], field[1]) // a buffer takes all
	}
	_ = form.Close()
	signed, err := s.SignEvents(body.Bytes(), s.now())
	if err != nil {
		s.tally.fail("sign a letter")
		return
	}
	s.visit(ctx, visit{
		method: http.MethodPost, url: s.options.SendGrid.InboundURL, header: signed, body: body.Bytes(), kind: form.FormDataContentType(),
	})
}
