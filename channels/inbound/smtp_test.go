package inbound_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"rapport/channels"
	"rapport/channels/inbound"
)

// kept is what a listener was told to keep.
type kept struct {
	mu       sync.Mutex
	messages []string
	fail     error
	memory   channels.LetterMemory
}

func (k *kept) keep(_ context.Context, from string, to []string, message []byte) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		return k.fail
	}
	k.messages = append(k.messages, from+" "+strings.Join(to, ",")+" "+string(message))
	return nil
}

// listen serves SMTP on a free port of this machine.
func listen(t *testing.T, k *kept) (address string) {
	t.Helper()
	return serve(t, k, 0)
}

// serve is listen with an end to every connection.
func serve(t *testing.T, k *kept, stay time.Duration) (address string) {
	t.Helper()
	return serveBy(t, k, stay, nil)
}

// serveBy is serve with a certificate.
func serveBy(t *testing.T, k *kept, stay time.Duration, encrypted *tls.Config) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &inbound.SMTP{Domain: "reply.shop.example", Ours: house{}, Keep: k.keep, Stay: stay, TLS: encrypted, Memory: &k.memory, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

func dial(t *testing.T, address string) *smtp.Client {
	t.Helper()
	client, err := smtp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() }) // it may have quit
	return client
}

func send(c *smtp.Client, from, to, message string) error {
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, message); err != nil {
		return err
	}
	return w.Close()
}

func codeOf(err error) int {
	var said *textproto.Error
	if errors.As(err, &said) {
		return said.Code
	}
	return 0
}

// RFC 5321 §4.5.1: whoever runs a server that takes mail can be written to.
func TestMailForThePostmasterIsTaken(t *testing.T) {
	k := &kept{}
	client := dial(t, listen(t, k))
	for _, to := range []string{"postmaster@reply.shop.example", "PostMaster@Reply.shop.example"} {
		if err := send(client, "ann@home.example", to, "Subject: x\r\n\r\nYour server loops\r\n"); err != nil {
			t.Errorf("%s: %v", to, err)
		}
		if got := read(t, to, crlf("From: eve@far.example\nSubject: x\n\nYour server loops")); len(got) != 1 || got[0].Kind != channels.ReportReplied || got[0].Delivery != 0 {
			t.Errorf("%s: %+v", to, got)
		}
	}
	if len(k.messages) != 2 {
		t.Errorf("%d were kept", len(k.messages))
	}
	for _, to := range []string{"postmaster@other.example", "postmasters@reply.shop.example"} {
		if err := send(client, "ann@home.example", to, ""); codeOf(err) != 550 {
			t.Errorf("%s: %v", to, err)
		}
		_ = client.Reset()
	}
}

func TestTheListenerTakesMailForOurAddresses(t *testing.T) {
	k := &kept{}
	client := dial(t, listen(t, k))
	long := strings.Repeat("x", 100_000) // a letter without line breaks
	if err := send(client, "ann@home.example", replyBox, "Subject: x\r\n\r\nhello "+long+"\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := send(client, "", bounceBox, "Subject: failure notice\r\n\r\n550 5.1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := client.Quit(); err != nil {
		t.Fatal(err)
	}
	if len(k.messages) != 2 || !strings.HasPrefix(k.messages[0], "ann@home.example "+replyBox+" Subject: x\r\n\r\nhello ") ||
		!strings.HasPrefix(k.messages[1], " "+bounceBox+" ") {
		t.Errorf("kept %.200q", k.messages)
	}
}

// It is no open relay and never has to send anything back.
func TestTheListenerRefusesEverybodyElse(t *testing.T) {
	k := &kept{}
	client := dial(t, listen(t, k))
	for _, to := range []string{
		"hello@reply.shop.example", "somebody@elsewhere.example", "reply-813@reply.shop.example", replyBox + ".evil.example",
		"\"" + replyBox + "\"@elsewhere.example",
	} {
		if code := codeOf(send(client, "ann@home.example", to, "x")); code != 550 && code != 501 {
			t.Errorf("mail to %s is answered with %d", to, code)
		}
		if err := client.Reset(); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.messages) != 0 {
		t.Errorf("kept %q", k.messages)
	}
}

func TestWhatIsNotStoredIsNotTaken(t *testing.T) {
	k := &kept{fail: errors.New("the disk is full")}
	address := listen(t, k)
	if code := codeOf(send(dial(t, address), "ann@home.example", replyBox, "x")); code != 451 {
		t.Errorf("answered with %d", code)
	}
	client := dial(t, address)
	if has, most := client.Extension("SIZE"); !has || most != "31457280" {
		t.Errorf("the listener takes %q bytes", most)
	}
}

func TestALargeLetterWaitsForAnother(t *testing.T) {
	k := &kept{}
	client := dial(t, listen(t, k))
	other, done := k.memory.Letter(strings.NewReader(strings.Repeat("x", 30<<20)))
	if _, err := io.Copy(io.Discard, other); err != nil {
		t.Fatal(err)
	}
	large := "Subject: x\r\n\r\n" + strings.Repeat("hello, this is a line\r\n", 200_000)
	err := send(client, "ann@home.example", replyBox, large)
	if codeOf(err) != 451 || !strings.Contains(err.Error(), "4.3.2") {
		t.Errorf("beside another it is answered with %v", err)
	}
	if err := send(client, "ann@home.example", replyBox, "Subject: x\r\n\r\nhello\r\n"); err != nil {
		t.Errorf("a small one, by the same connection: %v", err)
	}
	done()
	if err := send(client, "ann@home.example", replyBox, large); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

// from connects from an address of this machine and gives the connection with the
// first line that it is told.
func from(t *testing.T, source, address string) (conn net.Conn, said string) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the listener may have closed it
	said, err = textproto.NewReader(bufio.NewReader(conn)).ReadLine()
	if err != nil {
		t.Fatal(err)
	}
	return conn, said
}

func TestStrangersWhoAreSilentLeaveRoomForOthers(t *testing.T) {
	const ofOne = 20
	k := &kept{}
	address := listen(t, k)
	var silent net.Conn
	for n := range ofOne {
		conn, said := from(t, "127.0.0.2", address)
		if !strings.HasPrefix(said, "220 ") {
			t.Fatalf("number %d is told %q", n+1, said)
		}
		silent = conn
	}
	if _, said := from(t, "127.0.0.2", address); !strings.HasPrefix(said, "421 ") {
		t.Errorf("one more from there is told %q", said)
	}
	if err := send(dial(t, address), "ann@home.example", replyBox, "Subject: x\r\n\r\nhello\r\n"); err != nil {
		t.Errorf("a letter from elsewhere: %v", err)
	}
	// Who leaves gives their place back.
	if err := silent.Close(); err != nil {
		t.Fatal(err)
	}
	for {
		if _, said := from(t, "127.0.0.2", address); strings.HasPrefix(said, "220 ") {
			break
		}
	}
}

func TestThereIsRoomForSomeOnly(t *testing.T) {
	address := listen(t, &kept{})
	for n := range 50 {
		if _, said := from(t, fmt.Sprintf("127.0.0.%d", 2+n/20), address); !strings.HasPrefix(said, "220 ") {
			t.Fatalf("number %d is told %q", n+1, said)
		}
	}
	if _, said := from(t, "127.0.0.9", address); !strings.HasPrefix(said, "421 ") {
		t.Errorf("one more is told %q", said)
	}
}

func TestAConnectionEndsInTime(t *testing.T) {
	conn, _ := from(t, "127.0.0.2", serve(t, &kept{}, 200*time.Millisecond))
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("it was told %q, %v", rest, err)
	}
}

// Commands that bring nothing come to an end; letters may follow each other.
func TestChatterEnds(t *testing.T) {
	k := &kept{}
	client := dial(t, listen(t, k))
	for range 30 {
		if err := send(client, "ann@home.example", replyBox, "Subject: x\r\n\r\nhello\r\n"); err != nil {
			t.Fatalf("after %d letters: %v", len(k.messages), err)
		}
	}
	for n := range 1000 {
		if err := client.Noop(); err != nil {
			if code := codeOf(err); code != 421 || n < 30 {
				t.Errorf("after %d commands it is told %v", n, err)
			}
			return
		}
	}
	t.Error("there is no end")
}
