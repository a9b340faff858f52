package inbound_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/channels/inbound"
)

// house knows one delivery, 812.
type house struct{}

const (
	replyBox  = "reply-812@reply.shop.example"
	bounceBox = "bounce-812@reply.shop.example"
	stopBox   = "stop-812@reply.shop.example"
	messageID = "m812@news.shop.example"
)

func (house) Mailbox(address string) (channels.Mailbox, bool) {
	use, known := map[string]channels.MailboxUse{replyBox: channels.MailReply, bounceBox: channels.MailBounce, stopBox: channels.MailStop}[strings.ToLower(address)]
	return channels.Mailbox{Use: use, Delivery: 812}, known
}

func (house) DeliveryOf(id string) int64 {
	if strings.Trim(id, "<> \t") == messageID {
		return 812
	}
	return 0
}

var arrived = time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)

// crlf is a message as it travels.
func crlf(lines string) string {
	return strings.ReplaceAll(strings.TrimPrefix(lines, "\n"), "\n", "\r\n")
}

// read reads a raw letter that came to an address.
func read(t *testing.T, to, message string) []channels.Report {
	t.Helper()
	body := channels.Traced("ann@home.example", []string{to}, []byte(message))
	reports, err := inbound.Raw{Ours: house{}}.Reports(channels.Callback{Body: body, ReceivedAt: arrived})
	if err != nil {
		t.Fatal(err)
	}
	return reports
}

// one is the single report of a letter.
func one(t *testing.T, to, message string) channels.Report {
	t.Helper()
	reports := read(t, to, message)
	if len(reports) != 1 {
		t.Fatalf("%d reports: %+v", len(reports), reports)
	}
	return reports[0]
}

// text is what a letter with a header and a body says.
func text(t *testing.T, header, body string) string {
	t.Helper()
	return reply(t, header, body).Text
}

func reply(t *testing.T, header, body string) channels.Report {
	t.Helper()
	return one(t, replyBox, crlf("From: ann@home.example\nSubject: Re: How was it?\n"+header+"\n")+body)
}

// posted is a form as it arrives.
type posted struct{ contentType, body string }

func form(t *testing.T, p posted) ([]channels.Report, error) {
	t.Helper()
	listener, err := inbound.SendGrid{Ours: house{}}.Open()
	if err != nil {
		t.Fatal(err)
	}
	return listener.Reports(channels.Callback{
		Method: http.MethodPost, Header: http.Header{"Content-Type": {p.contentType}}, Body: []byte(p.body), ReceivedAt: arrived,
	})
}

func replace(text string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(text) }
