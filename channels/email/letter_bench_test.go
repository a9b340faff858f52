package email

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rapport/channels"
)

// offer is a letter of about 5 KB of HTML and 2 KB of text, as the workers write it.
func offer(n int) channels.Message {
	token := fmt.Sprintf("YwH%04dAAAAbm9ib2R5IGNhbiByZWFk", n)
	var html, text strings.Builder
	fmt.Fprintf(&html, "<!doctype html><html lang=\"en\" dir=\"ltr\"><head><meta charset=\"utf-8\"></head><body><p>Dear Ada%d Müller,</p>\n<p>your %d points are good for one of these until Sunday night.</p>\n", n%97, n)
	fmt.Fprintf(&text, "Dear Ada%d Müller,\n\nyour %d points are good for one of these until Sunday night.\n\n", n%97, n)
	for i := range 9 {
		fmt.Fprintf(&html, "<table role=\"presentation\" width=\"100%%\"><tr><td style=\"padding:8px 0\"><a href=\"https://news.shop.example/l/%s%d\"><img src=\"https://shop.example/pictures/%d.jpg\" width=\"120\" alt=\"\"></a></td>"+
			"<td style=\"padding:8px 16px;font-family:Arial,sans-serif;font-size:16px\"><b>Thing %d</b><br>It keeps for weeks — if nobody finds it — and costs less than before.<br><a style=\"color:#1a56db\" href=\"https://news.shop.example/l/%s%d\">Have a look</a></td></tr></table>\n", token, i, i, i, token, i)
		fmt.Fprintf(&text, "https://shop.example/things/%d?from=letter\n\nThing %d\nIt keeps for weeks — if nobody finds it — and costs less than before.\nHave a look (https://shop.example/things/%d)\n\n", i, i, i)
	}
	fmt.Fprintf(&html, "<p><a href=\"https://news.shop.example/u/%s\">Unsubscribe</a></p><img src=\"https://news.shop.example/o/%s\" width=\"1\" height=\"1\" alt=\"\"></body></html>", token, token)
	fmt.Fprintf(&text, "Unsubscribe (https://news.shop.example/u/%s)", token)
	return channels.Message{
		Delivery: int64(n), Attempt: 1, To: "c" + strconv.Itoa(n) + "@example.com", ToName: "Ada Müller",
		From: "Shop <hello@shop.example>", ReplyTo: `"Shop" <reply-` + token + "@in.shop.example>", Unsubscribe: "https://news.shop.example/u/" + token,
		Envelope: channels.Envelope{
			MessageID: "d" + token + "@in.shop.example", ReturnPath: "bounce-" + token + "@in.shop.example", StopMail: "stop-" + token + "@in.shop.example",
			ListID: "Offers <marketing.shop.example>", FeedbackID: "offers:marketing:email:shop",
		},
		Content: channels.Content{Email: &channels.EmailContent{Subject: fmt.Sprintf("Ada%d, fifteen per cent until Sunday", n%97), HTML: html.String(), Text: text.String()}},
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

// measured runs work for b.N letters and tells the processors' time of each.
func measured(b *testing.B, work func(n int)) {
	b.ReportAllocs()
	b.ResetTimer()
	start := spent()
	work(b.N)
	b.ReportMetric(float64((spent()-start).Nanoseconds())/1000/float64(b.N), "cpu-µs/op")
}

func offers(n int) []channels.Message {
	all := make([]channels.Message, n)
	for i := range all {
		all[i] = offer(i)
	}
	return all
}

// BenchmarkLetterMIME is what a letter costs between its words and the wire.
func BenchmarkLetterMIME(b *testing.B) {
	elliptic, _ := edKey()
	long, _ := rsa.GenerateKey(rand.Reader, 2048)
	for name, keys := range map[string][]dkimKey{
		"unsigned": nil, "ed25519": {{"shop.example", "a", elliptic}}, "rsa2048": {{"shop.example", "a", long}},
	} {
		b.Run(name, func(b *testing.B) {
			r := &relay{keys: keys, now: time.Now}
			letters := offers(100)
			measured(b, func(n int) {
				for i := range n {
					p, err := r.write(letters[i%100], nil)
					if err != nil {
						b.Fatal(err)
					}
					if i == 0 {
						b.ReportMetric(float64(len(p.raw)), "bytes")
					}
				}
			})
		})
	}
}

func edKey() (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

// sink is a mail server that looks at nothing.
func sink(b *testing.B) (address string, received *atomic.Int64) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	received = &atomic.Int64{}
	var all sync.WaitGroup
	b.Cleanup(func() { _ = listener.Close(); all.Wait() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { swallow(conn, received) })
		}
	}()
	return listener.Addr().String(), received
}

func swallow(conn net.Conn, received *atomic.Int64) {
	defer func() { _ = conn.Close() }()
	in, out := bufio.NewReaderSize(conn, 64<<10), bufio.NewWriter(conn)
	say := func(words string) { _, _ = out.WriteString(words + "\r\n") }
	say("220 sink")
	content := false
	for {
		if in.Buffered() == 0 && out.Flush() != nil {
			return
		}
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		switch {
		case content:
			if len(line) == 3 && line[0] == '.' {
				content = false
				received.Add(1)
				say("250 2.0.0 queued")
			}
		case bytes.HasPrefix(line, []byte("EHLO")):
			say("250-sink\r\n250-PIPELINING\r\n250 8BITMIME")
		case bytes.HasPrefix(line, []byte("DATA")):
			content = true
			say("354 go on")
		case bytes.HasPrefix(line, []byte("QUIT")):
			say("221 bye")
			_ = out.Flush()
			return
		default:
			say("250 2.1.0 ok")
		}
	}
}

// BenchmarkLetterSMTP is a letter from its words to the relay's answer, over ten
// connections; bare pushes ready-made bytes over as many.
func BenchmarkLetterSMTP(b *testing.B) {
	const lines, window = 10, 500
	letters := offers(window)
	b.Run("rapport", func(b *testing.B) {
		address, received := sink(b)
		host, port, _ := net.SplitHostPort(address)
		number, _ := strconv.Atoi(port)
		sender, err := SMTP{Host: host, Port: number, TLS: "none", Connections: lines, Now: time.Now}.Open()
		if err != nil {
			b.Fatal(err)
		}
		measured(b, func(n int) {
			for n > 0 {
				now := min(n, window)
				n -= now
				for _, result := range handOver(b.Context(), sender, letters[:now]) {
					if result.Err != nil {
						b.Fatal(result.Err)
					}
				}
			}
		})
		if received.Load() < int64(b.N) {
			b.Fatal("letters are missing")
		}
	})
	b.Run("bare", func(b *testing.B) {
		address, received := sink(b)
		r := &relay{now: time.Now}
		ready := make([][]byte, window)
		for i, m := range letters {
			p, err := r.write(m, nil)
			if err != nil {
				b.Fatal(err)
			}
			ready[i] = fmt.Appendf(nil, "MAIL FROM:<%s>\r\nRCPT TO:<%s>\r\nDATA\r\n", p.from, p.to)
			ready[i] = append(ready[i], p.raw...)
			ready[i] = append(ready[i], ".\r\n"...)
		}
		measured(b, func(n int) {
			var next atomic.Int64
			var all sync.WaitGroup
			for range lines {
				all.Go(func() { push(b, address, ready, &next, int64(n)) })
			}
			all.Wait()
		})
		if received.Load() < int64(b.N) {
			b.Fatal("letters are missing")
		}
	})
}

// push is the least that a client can do and still hear every answer.
func push(b *testing.B, address string, ready [][]byte, next *atomic.Int64, n int64) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Error(err)
		return
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	hear := func(lines int) {
		for range lines {
			if line, err := in.ReadSlice('\n'); err != nil || line[0] > '3' {
				b.Errorf("%s %v", line, err)
				return
			}
		}
	}
	hear(1)
	_, _ = io.WriteString(conn, "EHLO bare\r\n")
	hear(3)
	var out []byte
	head := func(i int64) (content []byte) {
		letter := ready[i%int64(len(ready))]
		end := bytes.Index(letter, []byte("DATA\r\n")) + 6
		out = append(out, letter[:end]...)
		return letter[end:]
	}
	i := next.Add(1) - 1
	if i >= n {
		return
	}
	content := head(i)
	for {
		_, _ = conn.Write(out)
		hear(3)
		out = append(out[:0], content...)
		if i = next.Add(1) - 1; i >= n {
			break
		}
		content = head(i)
		_, _ = conn.Write(out)
		out = out[:0]
		hear(1)
		hear(3)
		out = append(out, content...)
		if i = next.Add(1) - 1; i >= n {
			break
		}
		content = head(i)
		_, _ = conn.Write(out)
		hear(1)
		out = out[:0]
	}
	_, _ = conn.Write(out)
	hear(1)
}

// handOver gives letters to a sender as the courier does.
func handOver(ctx context.Context, sender channels.Sender, letters []channels.Message) []channels.Result {
	if batch, able := sender.(channels.BatchSender); able {
		return batch.SendBatch(ctx, nil, letters)
	}
	results := make([]channels.Result, len(letters))
	var all sync.WaitGroup
	for i, m := range letters {
		all.Go(func() { results[i].Receipt, results[i].Err = sender.Send(ctx, m) })
	}
	all.Wait()
	return results
}

// BenchmarkLetterSendGrid is a letter from its words to the API's answer.
func BenchmarkLetterSendGrid(b *testing.B) {
	letters := offers(500)
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		requests.Add(1)
		w.Header().Set("X-Message-Id", "m")
		w.WriteHeader(http.StatusAccepted)
	}))
	b.Cleanup(server.Close)
	for name, batch := range map[string]int{"alone": 1, "together": 100} {
		b.Run(name, func(b *testing.B) {
			sender, err := SendGrid{APIKey: "key", BaseURL: server.URL, Batch: batch}.open()
			if err != nil {
				b.Fatal(err)
			}
			requests.Store(0)
			measured(b, func(n int) {
				for n > 0 {
					now := min(n, 100)
					n -= now
					for _, result := range sender.SendBatch(b.Context(), nil, letters[:now]) {
						if result.Err != nil {
							b.Fatal(result.Err)
						}
					}
				}
			})
			b.ReportMetric(float64(requests.Load())/float64(b.N), "requests/op")
		})
	}
	b.Run("bare", func(b *testing.B) {
		sender, _ := SendGrid{APIKey: "key", BaseURL: server.URL, Batch: 1}.open()
		var bodies [][]byte
		for _, m := range letters {
			body, err := sender.body(m)
			if err != nil {
				b.Fatal(err)
			}
			bodies = append(bodies, body)
		}
		client := channels.NewClient(10*time.Second, nil)
		measured(b, func(n int) {
			for n > 0 {
				now := min(n, 100)
				n -= now
				var all sync.WaitGroup
				for i := range now {
					all.Go(func() {
						request, _ := http.NewRequest(http.MethodPost, sender.url, bytes.NewReader(bodies[i]))
						answer, err := client.Do(request)
						if err != nil {
							b.Error(err)
							return
						}
						_, _ = io.Copy(io.Discard, answer.Body)
						_ = answer.Body.Close()
					})
				}
				all.Wait()
			}
		})
	})
}
