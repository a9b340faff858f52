//go:build unix

package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse says that another process has the SQLite file.
var ErrInUse = errors.New("is in use by another rapport")

// fileLock keeps a second process from a SQLite file. The system gives it up
// when its holder dies, however it dies; the file itself stays.
type fileLock struct{ file *os.File }

// lockFile takes the lock and writes the process id into the file.
func lockFile(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if errors.Is(err, syscall.EROFS) || errors.Is(err, os.ErrPermission) {
		return nil, fmt.Errorf("open store: %w: the data folder cannot be written; check its owner and mode, and how its disk is mounted", err)
	}
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder := readHolder(file)
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("open store: the folder %s %w (process %s): stop that one, or name another folder",
				filepath.Dir(path), ErrInUse, holder.Process)
		}
		return nil, fmt.Errorf("open store: lock %s: %w", path, err)
	}
	l := &fileLock{file}
	if err := l.sign(Holder{}); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: lock %s: %w", path, err), l.release())
	}
	return l, nil
}

// Holder is the process that has a SQLite file, and how its console is asked for what
// only that process may do.
type Holder struct {
	// Process is its number; "" where the file was never held.
	Process string
	// Console is the URL of its console, and Word what shows the console that its own
	// folder is meant; both are "" where it has none.
	Console, Word string
}

// HolderOf is who holds the SQLite file of a DSN, or who held it last.
func HolderOf(dsn string) (Holder, error) {
	path, isSQLite := strings.CutPrefix(dsn, "sqlite:")
	if !isSQLite {
		return Holder{}, nil
	}
	file, err := os.Open(path + ".lock")
	if err != nil {
		return Holder{}, fmt.Errorf("read who holds the store: %w", err)
	}
	defer file.Close() // it was only read
	return readHolder(file), nil
}

func readHolder(file io.Reader) (h Holder) {
	text, _ := io.ReadAll(io.LimitReader(file, 4096)) // who it is stays unknown
	lines := append(strings.Split(string(text), "\n"), "", "", "")
	h.Process, h.Console, h.Word = lines[0], lines[1], lines[2]
	return h
}

// SignConsole writes beside the lock on a SQLite file how this process's console is asked.
func (s *Store) SignConsole(console, word string) error {
	if s.lock == nil {
		return nil
	}
	if err := s.lock.sign(Holder{Console: console, Word: word}); err != nil {
		return fmt.Errorf("tell where the console is: %w", err)
	}
	return nil
}

// sign writes who has the lock. In between it is too short to be understood, and never
// somebody else's.
func (l *fileLock) sign(h Holder) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	text := strconv.Itoa(os.Getpid()) + "\n"
	if h.Console != "" {
		text += h.Console + "\n" + h.Word + "\n"
	}
	_, err := l.file.WriteAt([]byte(text), 0)
	return err
}

func (l *fileLock) release() error { return l.file.Close() }
