package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"

	sqlite3 "modernc.org/sqlite/lib"

	"rapport/campaigns/expression"
)

// openSQLite opens a file with one connection that writes and a pool that
// reads. Every commit waits for the disk (synchronous FULL): the ledger's word
// must outlive a power cut. What is deleted is overwritten, so that nobody reads in the
// file what was erased.
func openSQLite(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: expression.SQLite, lock: lock, arrivals: newArrivals(), room: &room{}}
	if err := s.openPools(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, explain(err)), lock.release())
	}
	return s, nil
}

func (s *Store) openPools(ctx context.Context, path string) error {
	if err := registerRegexp(); err != nil {
		return err
	}
	// Made here, because SQLite would make it readable for everybody.
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	if s.writer, err = sql.Open("sqlite", sqliteDSN(path, "immediate", "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(1)")); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	if err := s.writer.PingContext(ctx); err != nil { // puts the file into WAL mode before anyone reads
		return errors.Join(err, s.writer.Close())
	}
	if s.readers, err = sql.Open("sqlite", sqliteDSN(path, "deferred", "query_only(1)")); err != nil {
		return errors.Join(err, s.writer.Close())
	}
	size := max(4, 2*runtime.NumCPU())
	s.readers.SetMaxOpenConns(size)
	s.readers.SetMaxIdleConns(size)
	s.preparedWrites, s.preparedReads = &prepared{db: s.writer}, &prepared{db: s.readers}
	return nil
}

// sqliteDSN is the driver's own form. Foreign keys are off: the order of
// arrival is not the order of reference.
func sqliteDSN(path, begin string, pragmas ...string) string {
	query := url.Values{"_txlock": {begin}}
	for _, pragma := range append(pragmas, "busy_timeout(10000)", "foreign_keys(0)", "temp_store(MEMORY)", "cache_size(-32768)") {
		query.Add("_pragma", pragma)
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// readersWait is how long emptying the log waits for those who still read what it holds,
// and lets nobody write: short, because it is tried again.
const readersWait = 500 * time.Millisecond

// emptyLog copies the write-ahead log into the file and cuts it to nothing, so that it
// no longer holds what was erased. While others read that, it is left for later, as it
// is by an error.
func (s *Store) emptyLog(ctx context.Context) error {
	s.unemptied.Store(true)
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close() // it goes back to the pool
	usual := int64(0)
	if err := conn.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&usual); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", readersWait.Milliseconds())); err != nil {
		return err
	}
	var busy bool
	var frames, copied int64
	err = conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &copied)
	_, restored := conn.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("PRAGMA busy_timeout = %d", usual))
	if err = errors.Join(err, restored); err == nil && !busy {
		s.unemptied.Store(false)
	}
	return explain(err)
}

// fullSQLite reports whether a disk is full by an error of SQLite.
func fullSQLite(code int) bool {
	return code&0xff == sqlite3.SQLITE_FULL || code == sqlite3.SQLITE_IOERR_SHMSIZE
}

// explainSQLite puts into words what an operator can mend.
func explainSQLite(code int) string {
	if code == sqlite3.SQLITE_IOERR_SHMSIZE {
		return "the disk seems to be full, nothing of this was written: free space in the data folder"
	}
	switch code & 0xff {
	case sqlite3.SQLITE_FULL:
		return "the disk is full, nothing of this was written: free space in the data folder"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another program holds the database file: end it"
	case sqlite3.SQLITE_READONLY:
		return "the database file cannot be written: check the owner and the mode of the data folder"
	case sqlite3.SQLITE_CANTOPEN:
		return "the database file cannot be opened: check the owner and the mode of the data folder"
	case sqlite3.SQLITE_IOERR:
		return "the disk reports an error, nothing of this was written"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return "the database file is damaged or is none: restore it from a backup"
	}
	return ""
}
