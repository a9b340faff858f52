package trust_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
)

// relay lies between a process and its database. It passes everything on until
// it sees a statement, which it holds back until it is let go.
type relay struct {
	t         *trial
	server    string
	statement []byte
	dsn       string
	held      chan struct{} // closed when the statement is seen
	goOn      chan struct{} // closed to let it go
	once      sync.Once
}

// holdBack opens a relay to a database.
func (t *trial) holdBack(dsn, statement string) *relay {
	t.Helper()
	address, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	r := &relay{t: t, server: address.Host, statement: []byte(statement), held: make(chan struct{}), goOn: make(chan struct{})}
	address.Host = listener.Addr().String()
	r.dsn = address.String()
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // the trial is over
			}
			go r.pass(client)
		}
	}()
	return r
}

// pass joins one connection with the server.
func (r *relay) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", r.server)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	buffer := make([]byte, 1<<20)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		if bytes.Contains(buffer[:n], r.statement) {
			r.once.Do(func() { close(r.held) })
			<-r.goOn
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// holds reports whether the statement has come.
func (r *relay) holds() bool {
	select {
	case <-r.held:
		return true
	default:
		return false
	}
}
