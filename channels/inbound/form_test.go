package inbound_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/textproto"
	"os"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/channels/email"
	"rapport/channels/inbound"
	"rapport/trust/bounds"
)

func vector(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/vectors/sendgrid/" + name)
	if err != nil {
		t.Skip("the vectors are not here: ", err)
	}
	return string(raw)
}

func TestBothFormsOfInboundParseAreRead(t *testing.T) {
	for name, subject := range map[string]string{
		"inbound_sendgridgo_default.multipart.txt": "Inbound Parse Test Data",
		"inbound_sendgridgo_raw.multipart.txt":     "Inbound Parse Test Raw Data",
	} {
		for _, body := range []string{vector(t, name), strings.ReplaceAll(vector(t, name), "\n", "\r\n")} {
			got, err := form(t, posted{"multipart/form-data; boundary=xYzZY", body})
			if err != nil || len(got) != 1 {
				t.Fatalf("%s: %+v, %v", name, got, err)
			}
			r := got[0]
			if r.Kind != channels.ReportReplied || r.From != "test@example.com" || r.Text != "Hello Twilio SendGrid!" || r.Letter.Subject != subject {
				t.Errorf("%s: %+v, %+v", name, r, r.Letter)
			}
		}
	}
}

func TestRecordedFieldsOfOthersAreRead(t *testing.T) {
	var fields map[string]string
	if err := json.Unmarshal([]byte(vector(t, "inbound_anymail_test_inbound_basics.fields.json")), &fields); err != nil {
		t.Fatal(err)
	}
	fields["envelope"] = `{"to":["` + replyBox + `"],"from":"envelope-from@example.org"}`
	got, err := form(t, formOf(t, fields))
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if r := got[0]; r.Delivery != 812 || r.From != "from+test@example.org" || r.Text != "Test body plain" || r.Letter.Subject != "Test subject" || r.Key != "CAEPk3R+4Zr@mail.example.org/812" {
		t.Errorf("got %+v, %+v", r, r.Letter)
	}
}

// formOf is a form as SendGrid posts it.
func formOf(t *testing.T, fields map[string]string, files ...[2]string) posted {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range files {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="attachment1"; filename="part"`}, "Content-Type": {file[0]},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(file[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return posted{w.FormDataContentType(), out.String()}
}

// The charset that a form names is often not the one its bytes are in.
func TestFieldsOfAFormAreReadInTheirCharset(t *testing.T) {
	fields := map[string]string{
		"from": "ann@home.example", "subject": "Re: x", "text": "\xcf\xf0\xe8\xe2\xe5\xf2", "charsets": `{"text":"windows-1251"}`,
		"envelope": `{"to":["` + replyBox + `"],"from":"ann@home.example"}`,
	}
	for _, charsets := range []string{`{"text":"windows-1251"}`, `{"text":"utf-8"}`, "", "{"} {
		fields["charsets"] = charsets
		got, err := form(t, formOf(t, fields))
		if err != nil || len(got) != 1 || got[0].Text != "Привет" {
			t.Errorf("%s: %+v, %v", charsets, got, err)
		}
	}
}

// SendGrid takes a notification apart, too.
func TestANotificationInPiecesIsRead(t *testing.T) {
	got, err := form(t, formOf(t, map[string]string{
		"headers": "From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail\nContent-Type: multipart/report; report-type=delivery-status; boundary=x",
		"text":    "This is the mail system", "envelope": `{"to":["` + bounceBox + `"],"from":""}`,
	}, [2]string{"message/delivery-status", "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; ann@home.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"}))
	if err != nil || len(got) != 1 || got[0].Kind != channels.ReportBounced || got[0].Reason != "hard" || got[0].Delivery != 812 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatIsNoFormIsAnError(t *testing.T) {
	for contentType, body := range map[string]string{
		"": "x", "multipart/form-data": "x", "multipart/form-data; boundary=b": "", "application/json": "{}",
	} {
		if got, err := form(t, posted{contentType, body}); err == nil {
			t.Errorf("%q: %+v", contentType, got)
		}
	}
}

func TestInboundParseIsSigned(t *testing.T) {
	listener, err := inbound.SendGrid{Ours: house{}}.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Verify(channels.Callback{}); !errors.Is(err, email.ErrSignature) {
		t.Errorf("without a key %v", err)
	}
	if _, err := (inbound.SendGrid{PublicKeys: []string{"?"}}).Open(); err == nil || !strings.Contains(err.Error(), "webhook_public_keys[0]") {
		t.Errorf("a key of nonsense: %v", err)
	}
	if err := (inbound.Raw{}).Verify(channels.Callback{}); err == nil {
		t.Error("a raw message proves something")
	}
}

func FuzzRaw(f *testing.F) {
	f.Add([]byte(crlf(postfix)))
	f.Add([]byte(crlf(abuse)))
	f.Add([]byte("From: x@y\r\nContent-Type: text/html; charset=koi8-r\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+"))
	f.Fuzz(func(t *testing.T, body []byte) {
		defer bounds.Watch(t)()
		reports, err := inbound.Raw{Ours: house{}}.Reports(channels.Callback{Body: body, ReceivedAt: arrived})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reports {
			if strings.ContainsAny(r.Text+r.Letter.Subject, "\x00\x1b\r") {
				t.Errorf("a screen obeys %q %q", r.Text, r.Letter.Subject)
			}
		}
	})
}

func FuzzForm(f *testing.F) {
	f.Add("xYzZY", []byte("--xYzZY\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\nFrom: x@y\r\n\r\nhello\r\n--xYzZY--"))
	listener, err := inbound.SendGrid{Ours: house{}}.Open()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, boundary string, body []byte) {
		defer bounds.Watch(t)()
		_, _ = listener.Reports(channels.Callback{
			Header: map[string][]string{"Content-Type": {"multipart/form-data; boundary=" + boundary}}, Body: body,
		})
	})
}
