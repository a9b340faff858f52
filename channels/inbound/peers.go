package inbound

import (
	"crypto/tls"
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
func (p *peers) Accept() (net.Conn, error) {
	for {
		conn, err := p.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := origin(conn.RemoteAddr())
		if !p.enter(from) {
			_, _ = conn.Write([]byte(tooMany)) // nobody is kept waiting for it
			_ = conn.Close()
			continue
		}
		one := &peer{Conn: conn, leave: sync.OnceFunc(func() { p.left(from) })}
		one.over = time.AfterFunc(p.stay, func() { _ = one.end() })
		return one, nil
	}
}

func (p *peers) enter(from netip.Prefix) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.here >= p.most || p.of[from] >= p.ofOne {
		return false
	}
	p.here++
	p.of[from]++
	return true
}

func (p *peers) left(from netip.Prefix) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.here--
	if p.of[from]--; p.of[from] == 0 {
		delete(p.of, from)
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

// peerOf is who is at the other end, encrypted or not.
func peerOf(conn net.Conn) *peer {
	if encrypted, is := conn.(*tls.Conn); is {
		conn = encrypted.NetConn()
	}
	who, _ := conn.(*peer) // Accept gives no other
	return who
}

// Write implements net.Conn: it ends a connection that has had enough replies. The
// last line of a reply has a blank after its code, and a reply is written by lines;
// of an encrypted one each line counts, as nobody can read which is the last.
func (c *peer) Write(p []byte) (int, error) {
	const encrypted = 23 // what begins application data (RFC 8446 §5.1)
	counts := len(p) > 3 && (p[3] == ' ' || p[0] == encrypted)
	if counts && c.vain.Add(1) > repliesInVain {
		if p[0] != encrypted {
			_, _ = c.Conn.Write([]byte(tooMany))
		}
		_ = c.Close()
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// Close implements net.Conn.
func (c *peer) Close() error {
	c.over.Stop()
	return c.end()
}

// end closes the connection and gives its place away.
func (c *peer) end() error {
	c.leave()
	return c.Conn.Close()
}
