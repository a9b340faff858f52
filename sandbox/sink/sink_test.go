package sink_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"rapport/sandbox/sink"
)

func listen(t *testing.T, serve func(net.Listener) error) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- serve(listener) }()
	t.Cleanup(func() {
		_ = listener.Close()
		if err := <-ended; err != nil {
			t.Errorf("the server ended: %v", err)
		}
	})
	return listener.Addr().String()
}

func wantCount(t *testing.T, s *sink.Sink, kind sink.Kind, want sink.Count) {
	t.Helper()
	if got := s.Counts()[kind]; got != want {
		t.Errorf("of %s the sink counts %+v, want %+v", kind, got, want)
	}
}

func TestMailIsTakenUpToItsDot(t *testing.T) {
	s := sink.New()
	address := listen(t, s.ServeSMTP)
	large := strings.Repeat(strings.Repeat("x", 70)+"\r\n", 5000) // over several buffers
	bodies := []string{"one line", "two\r\nlines", large + "end", large}
	total := 0
	for _, body := range bodies {
		if err := smtp.SendMail(address, nil, "a@shop.example", []string{"b@shop.example"}, []byte(body)); err != nil {
			t.Fatal(err)
		}
		total += len(strings.TrimSuffix(body, "\r\n"))
	}
	wantCount(t, s, sink.Mail, sink.Count{Requests: 4, Messages: 4, Bytes: int64(total)})
}

func TestPipelinedMailIsAnsweredInOrder(t *testing.T) {
	s := sink.New()
	conn, err := net.Dial("tcp", listen(t, s.ServeSMTP))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	message := "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\nwords\r\n.\r\n"
	if _, err := io.WriteString(conn, "EHLO me\r\n"+strings.Repeat(message, 3)+"QUIT\r\n"); err != nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for line := range strings.Lines(string(said)) {
		codes = append(codes, line[:4])
	}
	want := "220 ,250-,250-,250-,250-,250-,250 " + strings.Repeat(",250 ,250 ,354 ,250 ", 3) + ",221 "
	if got := strings.Join(codes, ","); got != want {
		t.Errorf("the sink says %s, want %s", got, want)
	}
	wantCount(t, s, sink.Mail, sink.Count{Requests: 3, Messages: 3, Bytes: 15})
}

func TestRequestsAreAnsweredAsTheirProvidersDo(t *testing.T) {
	s := sink.New()
	base := "http://" + listen(t, s.ServeHTTP)
	post := func(path, body string) (*http.Response, string) {
		t.Helper()
		answer, err := http.Post(base+path, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		said, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer, string(said)
	}
	if answer, _ := post("/v3/mail/send", `{"personalizations":[{"to":[{}]},{"to":[{}]}]}`); answer.StatusCode != http.StatusAccepted || answer.Header.Get("X-Message-Id") == "" {
		t.Errorf("a letter is answered %s, %v", answer.Status, answer.Header)
	}
	if answer, said := post("/2010-04-01/Accounts/AC1/Messages.json", "Body=hello"); answer.StatusCode != http.StatusCreated || !strings.Contains(said, `"sid":"SM`) {
		t.Errorf("a text is answered %s, %s", answer.Status, said)
	}
	if answer, _ := post("/push/b1", "sealed"); answer.StatusCode != http.StatusCreated || answer.Header.Get("Location") == "" {
		t.Errorf("a notification is answered %s, %v", answer.Status, answer.Header)
	}
	if answer, _ := post("/hooks/email/some", "[]"); answer.StatusCode != http.StatusNoContent {
		t.Errorf("a callback is answered %s", answer.Status)
	}
	if answer, said := post("/samples/push", ""); answer.StatusCode != http.StatusOK || said != `["c2VhbGVk"]` {
		t.Errorf("the samples are %s, %s", answer.Status, said)
	}
	wantCount(t, s, sink.Letter, sink.Count{Requests: 1, Messages: 2, Bytes: 46})
	wantCount(t, s, sink.Text, sink.Count{Requests: 1, Messages: 1, Bytes: 10})
	wantCount(t, s, sink.Push, sink.Count{Requests: 1, Messages: 1, Bytes: 6})
	wantCount(t, s, sink.Callback, sink.Count{Requests: 1, Messages: 1, Bytes: 2})
}

func TestSamplesAreBounded(t *testing.T) {
	s := sink.New()
	base := "http://" + listen(t, s.ServeHTTP)
	for n := range 3 * sink.Samples {
		answer, err := http.Post(base+"/push/1", "text/plain", bytes.NewReader(fmt.Append(nil, n)))
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
	if got := s.Counts()[sink.Push].Requests; got != 3*sink.Samples {
		t.Errorf("%d requests are counted, want %d", got, 3*sink.Samples)
	}
}

// TestADotIsSeenWhereverABufferEnds sends mail of all lengths around that of the
// sink's buffer, so that the end is cut in every way.
func TestADotIsSeenWhereverABufferEnds(t *testing.T) {
	s := sink.New()
	conn, err := net.Dial("tcp", listen(t, s.ServeSMTP))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil { // a sink that misses an end waits for ever
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	say := func(text, want string) {
		t.Helper()
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatalf("no %s: %v", want, err)
			}
			if strings.HasPrefix(line, want+" ") {
				return
			}
		}
	}
	say("", "220")
	for length := 64<<10 - 8; length <= 64<<10+8; length++ {
		say("MAIL FROM:<a@x.example>\r\n", "250")
		say("RCPT TO:<b@x.example>\r\n", "250")
		say("DATA\r\n", "354")
		say(strings.Repeat("x", length)+"\r\n.\r\n", "250")
	}
	if got := s.Counts()[sink.Mail].Requests; got != 17 {
		t.Errorf("%d messages are counted, want 17", got)
	}
}
