package webpush

import (
	"crypto/ecdh"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
	"testing"
	"time"

	"rapport/channels"
)

// spent is the time that processors have worked for this program.
func spent() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func measured(b *testing.B, work func(i int)) {
	b.ReportAllocs()
	b.ResetTimer()
	start := spent()
	for i := range b.N {
		work(i)
	}
	b.ReportMetric(float64((spent()-start).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
}

// BenchmarkPush is what a notification costs: bare is encryption alone, under a token
// that is there.
func BenchmarkPush(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
	}))
	b.Cleanup(server.Close)
	public, private, err := GenerateVAPIDKeys()
	if err != nil {
		b.Fatal(err)
	}
	s, err := VAPID{PublicKey: public, PrivateKey: channels.Secret(private), Subject: "mailto:a@shop.example", BaseURL: server.URL, Now: time.Now}.open()
	if err != nil {
		b.Fatal(err)
	}
	browser, _ := ecdh.P256().GenerateKey(rand.Reader)
	auth := make([]byte, 16)
	m := channels.Message{
		Delivery: 1, Attempt: 1, To: server.URL + "/push/abcdef", Token: "cAEBYWJjZGVmZ2hpamts", ReportURL: "https://news.shop.example/push/reports",
		Push:    &channels.PushSubscription{P256dh: encode(browser.PublicKey().Bytes()), Auth: encode(auth)},
		Content: channels.Content{Push: &channels.PushContent{Title: "Your parcel is on its way", Body: "It will be there tomorrow between nine and twelve.", URL: "https://shop.example/orders/1"}},
	}
	p, err := s.prepare(m)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bare", func(b *testing.B) {
		measured(b, func(int) {
			if _, err := p.to.seal(p.text); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("written", func(b *testing.B) {
		measured(b, func(int) {
			p, err := s.prepare(m)
			if err == nil {
				_, err = s.request(b.Context(), p)
			}
			if err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("sent", func(b *testing.B) {
		b.ReportAllocs()
		start := spent()
		for n := b.N; n > 0; n -= 100 {
			var all sync.WaitGroup
			for range min(n, 100) {
				all.Go(func() {
					if _, err := s.Send(b.Context(), m); err != nil {
						b.Error(fmt.Errorf("send: %w", err))
					}
				})
			}
			all.Wait()
		}
		b.ReportMetric(float64((spent()-start).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
	})
}
