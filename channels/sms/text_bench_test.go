package sms_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rapport/channels"
	"rapport/channels/sms"
	"rapport/channels/twilio"
)

// BenchmarkText is a text from its words to Twilio's answer; bare posts a ready-made
// form and reads no answer.
func BenchmarkText(b *testing.B) {
	const answer = `{"account_sid":"AC0","api_version":"2010-04-01","body":"Your parcel is on its way","date_created":"Tue, 01 Dec 2026 10:00:00 +0000","date_sent":null,` +
		`"date_updated":"Tue, 01 Dec 2026 10:00:00 +0000","direction":"outbound-api","error_code":null,"error_message":null,"from":"+493012345678","messaging_service_sid":null,` +
		`"num_media":"0","num_segments":"1","price":null,"price_unit":"USD","sid":"SM00000000000000000000000000000000","status":"queued","subresource_uris":{"media":"/2010-04-01/x.json"},"to":"+493012345679","uri":"/2010-04-01/y.json"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, answer)
	}))
	b.Cleanup(server.Close)
	m := channels.Message{
		Delivery: 1, Attempt: 1, To: "+493012345679", From: "+493012345678", Country: "DE", StatusURL: "https://news.shop.example/hooks/sms/twilio/cAEBYWJjZGVmZ2hpamts",
		Content: channels.Content{SMS: &channels.SMSContent{Text: "Your parcel is on its way. It will be there tomorrow between nine and twelve."}},
	}
	sender, err := sms.Twilio{Account: twilio.Account{AccountSID: "AC0", AuthToken: "token", BaseURL: server.URL}}.Open()
	if err != nil {
		b.Fatal(err)
	}
	form := url.Values{"To": {m.To}, "From": {m.From}, "Body": {m.Content.SMS.Text}, "StatusCallback": {m.StatusURL}}.Encode()
	client := channels.NewClient(10*time.Second, nil)
	for name, send := range map[string]func() error{
		"rapport": func() error {
			_, err := sender.Send(b.Context(), m)
			return err
		},
		"bare": func() error {
			answer, err := client.Post(server.URL+"/2010-04-01/Accounts/AC0/Messages.json", "application/x-www-form-urlencoded", strings.NewReader(form))
			if err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				err = answer.Body.Close()
			}
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			start := spent()
			for n := b.N; n > 0; n -= 100 {
				var all sync.WaitGroup
				for range min(n, 100) {
					all.Go(func() {
						if err := send(); err != nil {
							b.Error(err)
						}
					})
				}
				all.Wait()
			}
			b.ReportMetric(float64((spent()-start).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
		})
	}
}

// spent is the time that processors have worked for this program.
func spent() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
