package inbound_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"

	"rapport/channels"
)

func TestAReplyIsReadWhole(t *testing.T) {
	got := one(t, replyBox, crlf(`
From: "Ann, Miller" <Ann@Home.example>
To: Shop <reply-812@reply.shop.example>
Subject: =?koi8-r?B?8NLJ18XU?= =?utf-8?Q?_!?=
Message-ID: <a1@home.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

This is a multi-part message in MIME format.
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

It arrived =E2=80=94 broken=
.
--inner
Content-Type: text/html; charset=utf-8

<p>It arrived — <b>broken</b>.</p>
--inner--
--outer
Content-Type: image/jpeg; name="../../etc/box.jpg"
Content-Disposition: attachment; filename="../../etc/box.jpg"
Content-Transfer-Encoding: base64

`)+strings.Repeat("QUFB", 1024)+crlf(`
--outer--
`))
	want := channels.Report{
		Channel: channels.Email, Delivery: 812, Kind: channels.ReportReplied, At: arrived, Key: "a1@home.example/812",
		From: "ann@home.example", Text: "It arrived — broken.",
		Letter: &channels.Letter{Subject: "Привет !", MessageID: "a1@home.example", Attachments: []string{"box.jpg (3 KB)"}, Proven: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func encoded(t *testing.T, in encoding.Encoding, words string) string {
	t.Helper()
	raw, err := in.NewEncoder().String(words)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Whatever a letter says of its charset, its words are read.
func TestEveryCharsetIsRead(t *testing.T) {
	const russian, chinese, japaneseText, german = "Коробка пришла разбитой, жду звонка", "包裹到的时候已经坏了，请联系我", "箱が壊れていました。", "Die Kiste war schön, aber zu groß für uns"
	for name, c := range map[string]struct {
		charset string
		in      encoding.Encoding
		words   string
	}{
		"windows-1251":                  {"windows-1251", charmap.Windows1251, russian},
		"cp1251":                        {"cp1251", charmap.Windows1251, russian},
		"koi8-r":                        {"KOI8-R", charmap.KOI8R, russian},
		"iso-2022-jp":                   {"iso-2022-jp", japanese.ISO2022JP, japaneseText},
		"gb18030":                       {"gb18030", simplifiedchinese.GB18030, chinese},
		"gb2312":                        {"gb2312", simplifiedchinese.GBK, chinese},
		"latin1":                        {"iso-8859-1", charmap.ISO8859_1, german},
		"utf-8 as latin1":               {"iso-8859-1", encoding.Nop, russian},
		"utf-8 as gb18030":              {"gb18030", encoding.Nop, chinese},
		"utf-8 as nothing":              {"", encoding.Nop, russian},
		"windows-1251 as nothing":       {"", charmap.Windows1251, russian},
		"windows-1251 as utf-8":         {"utf-8", charmap.Windows1251, russian},
		"koi8-r as nothing":             {"", charmap.KOI8R, russian},
		"koi8-r as us-ascii":            {"us-ascii", charmap.KOI8R, russian},
		"iso-2022-jp as nothing":        {"", japanese.ISO2022JP, japaneseText},
		"gb18030 as nothing":            {"", simplifiedchinese.GB18030, chinese},
		"latin1 as utf-8":               {"utf-8", charmap.ISO8859_1, german},
		"a charset that does not exist": {"x-klingon", encoding.Nop, russian},
	} {
		t.Run(name, func(t *testing.T) {
			raw := encoded(t, c.in, c.words)
			declared := "Content-Type: text/plain; charset=" + c.charset + "\n"
			if c.charset == "" {
				declared = ""
			}
			if got := text(t, declared, raw); got != c.words {
				t.Errorf("8-bit: %q, want %q", got, c.words)
			}
			if got := text(t, declared+"Content-Transfer-Encoding: base64\n", base64.StdEncoding.EncodeToString([]byte(raw))); got != c.words {
				t.Errorf("base64: %q, want %q", got, c.words)
			}
		})
	}
}

// What is broken is read as far as it can be.
func TestBrokenLettersLoseNoText(t *testing.T) {
	whole := base64.StdEncoding.EncodeToString([]byte("It never came, please call me."))
	for name, c := range map[string]struct{ header, body, says string }{
		"base64 with rubbish":          {"Content-Transfer-Encoding: base64\n", whole[:8] + "!\r\n*" + whole[8:], "It never came, please call me."},
		"base64 without padding":       {"Content-Transfer-Encoding: base64\n", strings.TrimRight(whole, "="), "It never came, please call me."},
		"base64 cut off":               {"Content-Transfer-Encoding: base64\n", whole[:len(whole)-9], "It never came, please c"},
		"base64 that is none":          {"Content-Transfer-Encoding: base64\n", "It never came, please call me.", "It never came, please call me."},
		"two base64 joined":            {"Content-Transfer-Encoding: base64\n", base64.StdEncoding.EncodeToString([]byte("It never")) + base64.StdEncoding.EncodeToString([]byte(" came")), "It never came"},
		"quoted-printable broken":      {"Content-Transfer-Encoding: quoted-printable\n", "50=% off =ZZ =4", "50=% off =ZZ =4"},
		"quoted-printable with CRLF":   {"Content-Transfer-Encoding: quoted-printable\n", "a=\r\nb  \r\nc=3D", "ab\nc="},
		"a boundary that never comes":  {"Content-Type: multipart/mixed; boundary=nowhere\n", "It never came.", "It never came."},
		"a multipart without boundary": {"Content-Type: multipart/mixed\n", "It never came.", "It never came."},
		"a multipart nobody closes":    {"Content-Type: multipart/mixed; boundary=b\n", "--b\r\n\r\nIt never came.", "It never came."},
		"a part without a header":      {"Content-Type: multipart/mixed; boundary=b\n", "--b\r\nIt never came.\r\n--b--", "It never came."},
		"a content type of nonsense":   {"Content-Type: text\n", "It never came.", "It never came."},
		"parameters of nonsense":       {"Content-Type: text/plain; charset=\"utf-8; format=flowed\n", "It never came.", "It never came."},
		"a folded header":              {"X-Long: a\n\tb\n c\n", "It never came.", "It never came."},
		"a line that is no field":      {"what is this\n", "It never came.", "It never came."},
		"an empty alternative":         {"Content-Type: multipart/alternative; boundary=b\n", "--b\r\nContent-Type: text/plain\r\n\r\n \r\n--b\r\nContent-Type: text/html\r\n\r\n<p>It never <b>came</b>.\r\n--b--", "It never came."},
		"a NUL and an escape":          {"", "It \x00never\x1b[31m came.", "It never[31m came."},
		"words turned around":          {"", "It \u202Enever\u202C came.", "It never came."},
	} {
		if got := text(t, c.header, c.body); got != c.says {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
}

func TestDeepAndWideLettersEnd(t *testing.T) {
	deep := "It never came."
	for n := range 60 {
		deep = fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%s\r\n--b%d--\r\n", n, n, deep, n)
	}
	_ = read(t, replyBox, "From: ann@home.example\r\n"+deep)
	wide := "Content-Type: multipart/mixed; boundary=b\n"
	body := "--b\r\n\r\nfirst\r\n" + strings.Repeat("--b\r\nContent-Type: image/png; name=x.png\r\n\r\n\r\n", 5000)
	got := one(t, replyBox, crlf("From: ann@home.example\n"+wide+"\n")+body)
	if got.Text != "first" || len(got.Letter.Attachments) > 20 {
		t.Errorf("got %q and %d attachments", got.Text, len(got.Letter.Attachments))
	}
	long := "From: ann@home.example\r\nX-Much: " + strings.Repeat("x ", 1<<19) + "\r\n" + strings.Repeat("nonsense\r\n", 1<<16) + "Subject: Re: late\r\n\r\nhello"
	if got := one(t, replyBox, long); got.Text != "hello" || got.Letter.Subject != "Re: late" {
		t.Errorf("a header of a megabyte: %q, %q", got.Letter.Subject, got.Text)
	}
}

func TestHTMLIsReadAsText(t *testing.T) {
	for html, want := range map[string]string{
		"<html><head><title>x</title><style>p{}</style></head><body><p>One</p><p>Two &amp; three</p></body></html>": "One\nTwo & three",
		"a<br>b<br/>c":                              "a\nb\nc",
		"<ul><li>one<li>two</ul>after":              "- one\n- two\nafter",
		"<script>alert(1)</script>safe":             "safe",
		"x <b>bold</b>, <i>it</i>":                  "x bold, it",
		"<div>4</div><div><br></div><div>Joe</div>": "4\n\nJoe",
		"unfinished <b":                             "unfinished",
	} {
		if got := text(t, "Content-Type: text/html; charset=utf-8\n", html); got != want {
			t.Errorf("%s: %q, want %q", html, got, want)
		}
	}
}

// Where a letter belongs is told by an address of ours, wherever a server put it,
// or by the message it answers.
func TestALetterFindsItsDelivery(t *testing.T) {
	for name, c := range map[string]struct {
		to, header string
		delivery   int64
		provider   string
		proven     bool
	}{
		"the envelope":          {strings.ToUpper(replyBox), "To: hello@shop.example\n", 812, "", true},
		"To":                    {"hello@shop.example", "To: \"A, b\" <x@y.example>, <" + replyBox + ">\n", 812, "", true},
		"X-Original-To":         {"hello@shop.example", "X-Original-To: " + replyBox + "\n", 812, "", true},
		"In-Reply-To":           {"hello@shop.example", "In-Reply-To: <" + messageID + ">\n", 812, "", true},
		"References":            {"hello@shop.example", "References: <x@y.example>\n <" + messageID + "> <z@home.example>\n", 812, "", true},
		"the provider's own id": {"hello@shop.example", "In-Reply-To: <14c5d75ce93.dfd.64b469@ismtpd-555>\n", 0, "14c5d75ce93.dfd.64b469", false},
		"nothing":               {"hello@shop.example", "", 0, "", false},
		"somebody else's":       {"reply-813@reply.shop.example", "", 0, "", false},
	} {
		got := one(t, c.to, crlf("From: ann@home.example\n"+c.header+"\nhello"))
		if got.Delivery != c.delivery || got.ProviderID != c.provider || got.Letter.Proven != c.proven || got.Kind != channels.ReportReplied || got.From != "ann@home.example" {
			t.Errorf("%s: %+v, %+v", name, got, got.Letter)
		}
	}
}

func TestMailToTheStopAddressStops(t *testing.T) {
	got := one(t, stopBox, crlf("From: Ann <ann@other.example>\nSubject: unsubscribe\n\n\n"))
	if got.Kind != channels.ReportUnsubscribed || got.Delivery != 812 || got.Suppress || got.From != "" {
		t.Errorf("got %+v", got)
	}
}

// An answer repeats the id of what it answers: one that no header may hold is not
// kept, and the letter is told by its digest.
func TestAStrangeMessageIDIsNotRepeated(t *testing.T) {
	for _, id := range []string{"", "<>", "<x>", "<a b@home.example>", "<a@b\">", "<" + strings.Repeat("x", 500) + "@home.example>", "<привет@home.example>"} {
		message := crlf("From: ann@home.example\nMessage-ID: " + id + "\n\nhello")
		got, again := one(t, replyBox, message), one(t, bounceBox, message)
		if got.Letter.MessageID != "" || got.Key == "/812" || got.Key != again.Key {
			t.Errorf("%q: %q, keys %q and %q", id, got.Letter.MessageID, got.Key, again.Key)
		}
	}
}
