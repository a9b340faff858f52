package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"rapport/campaigns/expression"
)

// OpenReading connects to look and not to change. On SQLite it needs no lock,
// so that one may look into a folder whose program is running; every write
// fails.
func OpenReading(ctx context.Context, dsn string) (*Store, error) {
	path, isSQLite := strings.CutPrefix(dsn, "sqlite:")
	if !isSQLite {
		return Open(ctx, dsn)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open store: %w; `rapport up` and `rapport import` make one", err)
	}
	readers, err := sql.Open("sqlite", sqliteDSN(path, "deferred", "query_only(1)"))
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, explain(err))
	}
	readers.SetMaxOpenConns(max(4, 2*runtime.NumCPU()))
	return &Store{dialect: expression.SQLite, writer: readers, readers: readers, room: &room{}}, nil
}
