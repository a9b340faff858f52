package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// SilentHosts is how long Open may wait for hosts of a DSN that do not answer before
// it has asked all of them: twice, for it connects twice. It is 0 where one is named.
func SilentHosts(dsn string) time.Duration {
	config, err := readDSN(dsn)
	if err != nil {
		return 0 // Open tells
	}
	each := eachHost(config)
	if len(each) == 1 {
		return 0
	}
	tries := 0
	for _, host := range each {
		tries += 1 + len(host.Fallbacks)
	}
	return 2 * time.Duration(tries) * config.ConnectTimeout
}

// eachHost splits a configuration of several hosts into one for each, in their order.
func eachHost(config *pgx.ConnConfig) (each []*pgx.ConnConfig) {
	ways := append([]*pgconn.FallbackConfig{{Host: config.Host, Port: config.Port, TLSConfig: config.TLSConfig}}, config.Fallbacks...)
	for _, way := range ways {
		if n := len(each); n > 0 && each[n-1].Host == way.Host && each[n-1].Port == way.Port { // without TLS, say
			each[n-1].Fallbacks = append(each[n-1].Fallbacks, way)
			continue
		}
		host := config.Copy()
		host.Host, host.Port, host.TLSConfig, host.Fallbacks = way.Host, way.Port, way.TLSConfig, nil
		each = append(each, host)
	}
	return each
}

// connectors make the connections for work and for looks. Where any host will do, their
// order is the operator's choice; where one is looked for that can be written, say, the
// one found last is asked first. Looks, which have no time for a silent host, always do so.
func (s *Store) connectors(config *pgx.ConnConfig) (work, looks driver.Connector) {
	greeted := stdlib.OptionAfterConnect(s.greet)
	h := &hosts{}
	for _, host := range eachHost(config) {
		h.each = append(h.each, stdlib.GetConnector(*host, greeted))
	}
	if len(h.each) == 1 || config.ValidateConnect == nil {
		return stdlib.GetConnector(*config, greeted), h
	}
	return h, h
}

// hosts are servers of which one is the right one. A silent host costs every new
// connection its time-out, which whoever asks may not have; so it is not asked first
// again.
type hosts struct {
	each  []driver.Connector
	first atomic.Int64
}

// Connect implements driver.Connector.
func (h *hosts) Connect(ctx context.Context) (driver.Conn, error) {
	var all error
	first, n := h.first.Load(), int64(len(h.each))
	for i := range n {
		at := (first + i) % n
		conn, err := h.each[at].Connect(ctx)
		if err == nil {
			h.first.Store(at)
			return conn, nil
		}
		all = errors.Join(all, err)
		if ctx.Err() != nil {
			h.first.CompareAndSwap(first, (at+1)%n) // the next who asks goes on there
			break
		}
	}
	return nil, all
}

// Driver implements driver.Connector.
func (h *hosts) Driver() driver.Driver { return h.each[0].Driver() }
