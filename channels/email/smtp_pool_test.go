package email

import (
	"context"
	"net"
	"net/url"
	"testing"
	"time"

	"rapport/channels/channeltest"
)

// to is a pool of one connection to a relay.
func to(t *testing.T, r *channeltest.Relay) *pool {
	t.Helper()
	u, err := url.Parse(r.URL())
	if err != nil {
		t.Fatal(err)
	}
	way, mistakes := SMTP{
		Host: u.Hostname(), CAFile: channeltest.Authority(t), Username: channeltest.Username, Password: channeltest.Password,
	}.route()
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	way.port = u.Port()
	return newPool(1, way.connect)
}

var note = parcel{from: "shop@shop.example", to: "ada@customer.example", raw: []byte("Subject: Hi\r\n\r\nHello\r\n")}

func deliver(t *testing.T, p *pool) {
	t.Helper()
	if err := p.send(t.Context(), note); err != nil {
		t.Fatal(err)
	}
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatal("never: " + what)
		case <-tick.C:
		}
	}
}

func TestAConnectionIsGivenBackAfterAHundredMessages(t *testing.T) {
	r := channeltest.NewRelay(t, channeltest.Habits{})
	p := to(t, r)
	for range longestLine {
		deliver(t, p)
	}
	until(t, "the connection ends", func() bool { return r.Open() == 0 })
	deliver(t, p)
	if n := r.Connections(); n != 2 {
		t.Errorf("%d connections carried %d messages", n, longestLine+1)
	}
}

func TestAnIdleConnectionIsEnded(t *testing.T) {
	r := channeltest.NewRelay(t, channeltest.Habits{})
	p := to(t, r)
	p.keepFor = 0
	deliver(t, p)
	until(t, "the connection ends", func() bool { return r.Open() == 0 })
	until(t, "the pool forgets it", func() bool { p.mu.Lock(); defer p.mu.Unlock(); return len(p.idle) == 0 })
	deliver(t, p)
	if n := r.Connections(); n != 2 {
		t.Errorf("%d connections", n)
	}
}

func TestARefusalKeepsTheConnection(t *testing.T) {
	refuse := true
	r := channeltest.NewRelay(t, channeltest.Habits{To: func(channeltest.Call) error {
		if refuse {
			return &net.AddrError{Err: "no"} // the relay makes 451 of it
		}
		return nil
	}})
	p := to(t, r)
	if p.send(t.Context(), note) == nil {
		t.Fatal("it was taken")
	}
	refuse = false
	deliver(t, p)
	if n := r.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
}
