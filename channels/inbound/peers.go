package inbound

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// tooMany is the answer to a server for which there is no room, or which wants too
// much without bringing anything; it comes again later (RFC 5321 §3.8).
const tooMany = "421 4.7.0 Too much at once; try again later\r\n"

// peers is a listener for strangers. There is room for some at once, for fewer of
// one address, and whoever finds none is told so at once. Each stays for a time in
// all, whatever they say, and says only so much without bringing a message: silence,
// or chatter, takes nobody's place for long.
type peers struct {
	net.Listener
	most, ofOne int
	stay        time.Duration

	mu   sync.Mutex
	here int
	of   map[netip.Prefix]int
}

// Accept implements net.Listener.
func (g *peers) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := origin(conn.RemoteAddr())
		if !g.enter(from) {
			_, _ = conn.Write([]byte(tooMany)) // nobody is kept waiting for it
			_ = conn.Close()
			continue
		}
		one := &peer{Conn: conn, leave: sync.OnceFunc(func() { g.left(from) })}
		one.over = time.AfterFunc(g.stay, func() { _ = one.Close() })
		return one, nil
	}
}

func (g *peers) enter(from netip.Prefix) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.here >= g.most || g.of[from] >= g.ofOne {
		return false
	}
	g.here++
	g.of[from]++
	return true
}

func (g *peers) left(from netip.Prefix) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.here--
	if g.of[from]--; g.of[from] == 0 {
		delete(g.of, from)
	}
}

// origin is whom an address belongs to: of IPv6 the network, which one machine has
// for itself.
func origin(remote net.Addr) netip.Prefix {
	at, err := netip.ParseAddrPort(remote.String())
	if err != nil {
		return netip.Prefix{}
	}
	address, bits := at.Addr().Unmap(), 32
	if address.Is6() {
		bits = 64
	}
	from, _ := address.WithZone("").Prefix(bits) // it has so many bits
	return from
}

// peer is one connection.
type peer struct {
	net.Conn
	over  *time.Timer
	leave func()
	// vain counts replies since the last message that was taken.
	vain atomic.Int64
}

// Write implements net.Conn: it ends a connection that has had enough replies. The
// last line of a reply has a blank after its code, and a reply is written by lines.
func (g *peer) Write(p []byte) (int, error) {
	if len(p) > 3 && p[3] == ' ' && g.vain.Add(1) > repliesInVain {
		_, _ = g.Conn.Write([]byte(tooMany))
		_ = g.Close()
		return 0, net.ErrClosed
	}
	return g.Conn.Write(p)
}

// Close implements net.Conn.
func (g *peer) Close() error {
	g.over.Stop()
	g.leave()
	return g.Conn.Close()
}
