package store

import (
	"strings"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite reports a disk without room for its shared memory as one that is broken.
func TestAFullDiskIsNamedWhereverItShows(t *testing.T) {
	for code, want := range map[int]string{
		sqlite3.SQLITE_FULL: "the disk is full", sqlite3.SQLITE_IOERR_SHMSIZE: "the disk seems to be full",
		sqlite3.SQLITE_IOERR_FSYNC: "the disk reports an error",
	} {
		if got := explainSQLite(code); !strings.Contains(got, want) {
			t.Errorf("%d means %q, want %q", code, got, want)
		}
	}
}
