package email_test

import (
	"bytes"
	"io"
	netmail "net/mail"
	"regexp"
	"strings"
	"testing"

	gomail "github.com/emersion/go-message/mail"
	"pgregory.net/rapid"

	"rapport/channels"
	"rapport/channels/channeltest"
)

// handed sends a message over SMTP and gives the letter that arrived.
func handed(t *testing.T, habits channeltest.Habits, m channels.Message) channeltest.Letter {
	t.Helper()
	r := channeltest.NewRelay(t, habits)
	if _, err := relayed(t, settings(t, r.URL())).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return r.Letters()[0]
}

func whole() channels.Message {
	m := message("")
	m.Envelope = channels.Envelope{
		MessageID: "d812.mark@shop.example", InReplyTo: "q.1@customer.example", ReturnPath: "bounce+812@shop.example",
		StopMail: "stop-812@in.shop.example", ListID: "Offers and news <marketing.shop.example>", AutoSubmitted: "auto-generated", FeedbackID: "spring:marketing:email:shop",
	}
	return m
}

func TestALetterIsWrittenAsItStands(t *testing.T) {
	letter := handed(t, channeltest.Habits{}, whole())
	if letter.From != "bounce+812@shop.example" || letter.To != "ada@customer.example" || letter.UTF8 {
		t.Errorf("the envelope is %q, %q, UTF-8 %v", letter.From, letter.To, letter.UTF8)
	}
	text := regexp.MustCompile(`[0-9a-f]{60}`).ReplaceAllString(string(letter.Raw), "BOUNDARY")
	want := strings.ReplaceAll(`Date: Tue, 01 Dec 2026 10:00:00 +0000
From: "Shop" <hello@shop.example>
To: "Ada, Countess" <ada@customer.example>
Reply-To: <help@shop.example>
Subject: How was it?
Message-ID: <d812.mark@shop.example>
In-Reply-To: <q.1@customer.example>
References: <q.1@customer.example>
List-ID: "Offers and news" <marketing.shop.example>
List-Unsubscribe: <https://shop.example/u/token-of-ada>,
 <mailto:stop-812@in.shop.example?subject=unsubscribe>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
Auto-Submitted: auto-generated
Feedback-ID: spring:marketing:email:shop
MIME-Version: 1.0
Content-Type: multipart/alternative;
 boundary=BOUNDARY

--BOUNDARY
Content-Transfer-Encoding: quoted-printable
Content-Type: text/plain; charset=utf-8

Hello
--BOUNDARY
Content-Transfer-Encoding: quoted-printable
Content-Type: text/html; charset=utf-8

<p>Hello</p>
--BOUNDARY--
`, "\n", "\r\n")
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

// TestWhatIsWrittenIsReadBack lets another library read letters of all kinds of
// text, and holds their form against RFC 5322.
func TestWhatIsWrittenIsReadBack(t *testing.T) {
	r := channeltest.NewRelay(t, channeltest.Habits{UTF8: true})
	sender := relayed(t, settings(t, r.URL()))
	words := rapid.StringOf(rapid.OneOf(
		rapid.RuneFrom([]rune(`abc XYZ 019 .,;:"()<>@\=?_-'`)), rapid.RuneFrom([]rune("äßøŁ№日本語עבר👍🏽\u00a0\u200b")),
	))
	line := rapid.Map(words, func(s string) string { return strings.Join(strings.Fields(s), " ") })
	body := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("ab .=\t\n-")), rapid.Rune().Filter(func(r rune) bool { return r != '\r' && r != 0 })))
	rapid.Check(t, func(t *rapid.T) {
		m := whole()
		content := channels.EmailContent{
			Subject: "S" + rapid.OneOf(line, rapid.Map(rapid.IntRange(890, 1200), func(n int) string { return strings.Repeat("a", n) }), rapid.Just("=?utf-8?q?no?=")).Draw(t, "subject"),
			Text:    "T" + body.Draw(t, "text"),
			HTML:    rapid.OneOf(body, rapid.Map(rapid.IntRange(0, 3000), func(n int) string { return "<p>" + strings.Repeat("a", n) + "</p>" })).Draw(t, "html"),
		}
		m.Content.Email = &content
		m.ToName = line.Draw(t, "name")
		m.From = (&netmail.Address{Name: strings.ReplaceAll(line.Draw(t, "shop"), `\`, ""), Address: "hello@shop.example"}).String()
		if _, err := sender.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		letters := r.Letters()
		raw := letters[len(letters)-1].Raw
		wellFormed(t, raw)
		reader, err := gomail.CreateReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if subject, err := reader.Header.Subject(); err != nil || subject != content.Subject {
			t.Errorf("the subject is %q, %v; want %q", subject, err, content.Subject)
		}
		to, err := reader.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != m.To || to[0].Name != m.ToName && len(m.ToName) <= 256 {
			t.Errorf("To is %v, %v; want %q", to, err, m.ToName)
		}
		for _, form := range []string{content.Text, content.HTML} {
			if form == "" {
				continue
			}
			part, err := reader.NextPart()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(part.Body)
			if got := strings.ReplaceAll(string(text), "\r\n", "\n"); err != nil || got != form && got != form+"\n" {
				t.Errorf("the content is %q, %v; want %q", got, err, form)
			}
		}
	})
}

// wellFormed holds a letter against what every relay may count on.
func wellFormed(t *rapid.T, raw []byte) {
	header, _, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		t.Fatal("there is no end of the header")
	}
	if bytes.IndexFunc(raw, func(r rune) bool { return r > 126 || r < ' ' && r != '\r' && r != '\n' && r != '\t' }) >= 0 {
		t.Errorf("it is not ASCII throughout:\n%s", raw)
	}
	for line := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d bytes, or one ended by less than CRLF: %q", len(line), line)
		}
	}
	for line := range bytes.SplitSeq(header, []byte("\r\n")) {
		if len(bytes.TrimSpace(line)) == 0 {
			t.Error("a line of the header holds nothing")
		}
	}
}

func TestAddressesBeyondASCII(t *testing.T) {
	m := whole()
	m.To, m.From = "ada@bücher.example", "Shop <hello@größe.example>"
	m.Envelope.ReturnPath = ""
	letter := handed(t, channeltest.Habits{}, m)
	if letter.To != "ada@xn--bcher-kva.example" || letter.From != "hello@xn--gre-6ka8i.example" || letter.UTF8 {
		t.Errorf("a domain of letters is written %q, %q, UTF-8 %v", letter.To, letter.From, letter.UTF8)
	}
	m.To = "adä@bücher.example"
	letter = handed(t, channeltest.Habits{UTF8: true}, m)
	if letter.To != "adä@xn--bcher-kva.example" || !letter.UTF8 || !strings.Contains(string(letter.Raw), "<adä@xn--bcher-kva.example>") {
		t.Errorf("a mailbox of letters is written %q, UTF-8 %v:\n%s", letter.To, letter.UTF8, letter.Raw)
	}
	r := channeltest.NewRelay(t, channeltest.Habits{})
	_, err := relayed(t, settings(t, r.URL())).Send(t.Context(), m)
	if refused := asRefused(t, err); refused.Suppress || refused.Reason != channels.ReasonRejected || len(r.Letters()) != 0 {
		t.Errorf("a relay without SMTPUTF8: %+v", refused)
	}
}

func TestAListIsNamedWhateverItIsCalled(t *testing.T) {
	for name, want := range map[string]string{
		"Offers (new) <a.shop.example>": `"Offers (new)" <a.shop.example>`,
		"Größen <a.shop.example>":       "=?utf-8?b?R3LDtsOfZW4=?= <a.shop.example>",
		"<a.shop.example>":              "<a.shop.example>",
	} {
		m := whole()
		m.Envelope.ListID = name
		if raw := string(handed(t, channeltest.Habits{}, m).Raw); !strings.Contains(raw, "\r\nList-ID: "+want+"\r\n") {
			t.Errorf("%s is not written %s:\n%s", name, want, raw)
		}
	}
}

func TestALetterWithoutAnIDGetsOne(t *testing.T) {
	m := whole()
	m.Envelope.MessageID = ""
	r := channeltest.NewRelay(t, channeltest.Habits{})
	receipt, err := relayed(t, settings(t, r.URL())).Send(t.Context(), m)
	if err != nil || !strings.HasSuffix(receipt.ProviderID, "@shop.example") || !strings.Contains(string(r.Letters()[0].Raw), "<"+receipt.ProviderID+">") {
		t.Errorf("got %+v, %v", receipt, err)
	}
}
