package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"rapport/campaigns/expression"
)

// Store is one database.
type Store struct {
	// ConditionTimeout is how long one statement may judge a marketer's condition
	// before it is given up with ErrSlowCondition; zero is a minute. It is set
	// before the store is used.
	ConditionTimeout time.Duration
	// ErasureKeys tell whether an address belongs to somebody who was erased; the
	// first veils, all are known. They are set before the store is used.
	ErasureKeys [][]byte
	// Timed is told that an operation begins and calls back when it ends; nil
	// measures nothing. It is set before the store is used.
	Timed func(operation string) (ended func())
	// Dropped is told of each table of the timeline that was dropped because all in
	// it is too old; nil tells nobody. It is set before the store is used.
	Dropped func(table string)

	dialect expression.Dialect
	// writer and readers are two pools on SQLite, where one connection writes,
	// and the same pool on PostgreSQL.
	writer, readers *sql.DB
	// What is kept parsed for each pool; nil on PostgreSQL.
	preparedWrites, preparedReads *prepared
	lock                          *fileLock // SQLite only
	// Where the timeline's tables begin, in Unix milliseconds, see reachBack.
	reached   atomic.Int64
	unreached atomic.Pointer[time.Time] // when none could be made the last time
	pooled    bool                      // a pooler stands between us and PostgreSQL, see pooled
	aside     *Store                    // PostgreSQL only, see Aside
	// Whether a write has lately found no room, see Writable.
	room *room
	// SQLite's log may hold what was erased, see emptyLog.
	unemptied atomic.Bool
	// Callbacks that are being stored.
	arrivals gathering[*arrival]
}

// Open connects to the database a DSN names: "sqlite:/path/to/file.db", whose
// folder is made where it is missing, or "postgres://…". It neither creates nor
// changes a schema; Migrate does. A SQLite file that another process has open
// is refused.
func Open(ctx context.Context, dsn string) (*Store, error) {
	switch scheme, rest, _ := strings.Cut(dsn, ":"); scheme {
	case "sqlite":
		return openSQLite(ctx, rest)
	case "postgres", "postgresql":
		return openPostgres(ctx, dsn)
	}
	return nil, &Unfit{`open store: the DSN must begin with "sqlite:" or "postgres://"`}
}

// Place names the database of a DSN for people, without user and password: a file, or
// "database at host:port"; "" where the DSN cannot be read, which Open tells.
func Place(dsn string) string {
	switch scheme, rest, _ := strings.Cut(dsn, ":"); scheme {
	case "sqlite":
		return rest
	case "postgres", "postgresql":
		config, err := readDSN(dsn)
		if err != nil {
			return ""
		}
		var hosts []string
		for _, host := range eachHost(config) {
			hosts = append(hosts, net.JoinHostPort(host.Host, strconv.Itoa(int(host.Port))))
		}
		return cmp.Or(config.Database, config.User) + " at " + strings.Join(hosts, ", ")
	}
	return ""
}

// preparedFor is what is kept parsed for a pool.
func (s *Store) preparedFor(db *sql.DB) *prepared {
	if db == s.writer {
		return s.preparedWrites
	}
	return s.preparedReads
}

// Dialect is the SQL the database speaks.
func (s *Store) Dialect() expression.Dialect { return s.dialect }

// Aside is the same database by a connection of its own: who only looks whether it is
// there waits for nobody's work, however long the queue for connections is. The
// connection is kept, and made anew when it broke. SQLite's store is its own aside.
func (s *Store) Aside() *Store {
	if s.aside == nil {
		return s
	}
	return s.aside
}

// Close gives the database back. Nothing may be in use any more.
func (s *Store) Close() error {
	err := s.readers.Close()
	if s.writer != s.readers {
		err = errors.Join(err, s.writer.Close())
	}
	if s.aside != nil {
		err = errors.Join(err, s.aside.Close())
	}
	if s.lock != nil {
		err = errors.Join(err, s.lock.release())
	}
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// timed begins to measure an operation, where somebody wants to know.
func (s *Store) timed(operation string) (ended func()) {
	if s.Timed == nil {
		return func() {}
	}
	return s.Timed(operation)
}

// Pools are the database's connections, by the pool's name.
func (s *Store) Pools() map[string]func() sql.DBStats {
	if s.writer == s.readers {
		return map[string]func() sql.DBStats{"all": s.writer.Stats}
	}
	return map[string]func() sql.DBStats{"write": s.writer.Stats, "read": s.readers.Stats}
}
