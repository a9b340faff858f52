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
		holder, _ := io.ReadAll(io.LimitReader(file, 20))
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("open store: the folder %s %w (process %s): stop that one, or name another folder",
				filepath.Dir(path), ErrInUse, strings.TrimSpace(string(holder)))
		}
		return nil, fmt.Errorf("open store: lock %s: %w", path, err)
	}
	l := &fileLock{file}
	if err := l.sign(); err != nil {
		return nil, errors.Join(fmt.Errorf("open store: lock %s: %w", path, err), l.release())
	}
	return l, nil
}

func (l *fileLock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func (l *fileLock) release() error { return l.file.Close() }
