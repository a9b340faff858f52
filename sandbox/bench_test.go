package sandbox

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sendgrid/sendgrid-go/helpers/mail"
)

// letters makes requests for e-mails of ordinary size.
func letters(b *testing.B) func(i int) *http.Request {
	b.Helper()
	html := `<a href="http://127.0.0.1:1/l/token">offer</a>` + strings.Repeat(`<p style="margin:0;padding:0">Words of an ordinary letter, with markup.</p>`, 100)
	return func(i int) *http.Request {
		body := mail.GetRequestBody(letterTo(fmt.Sprintf("c%d@customer.example", i), html, i))
		r := httptest.NewRequest(http.MethodPost, "/v3/mail/send", strings.NewReader(string(body)))
		r.Header.Set("Authorization", "Bearer "+testKey)
		r.Header.Set("Content-Type", jsonType)
		return r
	}
}

func texts(i int) *http.Request {
	form := url.Values{"To": {fmt.Sprintf("+49151%07d", i%9_999_999)}, "From": {"+4930555111"}, "Body": {"Your order is on its way"}, "StatusCallback": {"http://127.0.0.1:1/hooks/sms/twilio/status/token"}}
	r := httptest.NewRequest(http.MethodPost, "/2010-04-01/Accounts/"+testSID+"/Messages.json", strings.NewReader(form.Encode()))
	r.SetBasicAuth(testSID, testToken)
	r.Header.Set("Content-Type", formType)
	return r
}

func benchmark(b *testing.B, handler http.Handler, request func(i int) *http.Request) {
	b.Helper()
	requests := make([]*http.Request, b.N)
	for i := range requests {
		requests[i] = request(i)
	}
	b.ResetTimer()
	for _, r := range requests {
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, r); w.Code >= 300 {
			b.Fatalf("answered %d: %s", w.Code, w.Body)
		}
	}
}

func benchSandbox() *Sandbox {
	return New(Options{
		PublicURL: "http://127.0.0.1:1", SendGrid: SendGrid{APIKey: testKey}, Twilio: Twilio{AccountSID: testSID, AuthToken: testToken},
		Behaviour: Lifelike(), Now: func() time.Time { return start }, Log: &ledgerFile{},
	})
}

// One e-mail of 8 KB, accepted, logged and planned.
func BenchmarkMail(b *testing.B) { benchmark(b, benchSandbox().Handler(), letters(b)) }

// One text, accepted, logged and planned.
func BenchmarkText(b *testing.B) { benchmark(b, benchSandbox().Handler(), texts) }
