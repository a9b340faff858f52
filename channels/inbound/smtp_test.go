package inbound_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"rapport/channels/inbound"
)

// kept is what a listener was told to keep.
type kept struct {
	mu       sync.Mutex
	messages []string
	fail     error
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
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &inbound.SMTP{Domain: "reply.shop.example", Ours: house{}, Keep: k.keep, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
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
		"\"" + replyBox + "\"@elsewhere.example", "postmaster@reply.shop.example",
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
