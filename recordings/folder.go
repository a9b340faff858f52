package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is a vault in a folder of this machine, which its owner alone may read.
type Folder struct{ Path string }

// Put implements Vault: the file has its name only when all of it is on the disk. The
// half that a crash leaves is written over by the next try, and deleted with the sound.
func (f Folder) Put(_ context.Context, key, _ string, sound io.Reader) (size int64, err error) {
	file := f.file(key)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return 0, fmt.Errorf("keep a sound: %w", err)
	}
	half, err := os.OpenFile(f.half(key), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("keep a sound: %w", err)
	}
	size, err = io.Copy(half, sound)
	err = errors.Join(err, half.Sync(), half.Close())
	if err == nil {
		err = os.Rename(half.Name(), file)
	}
	if err != nil {
		return 0, fmt.Errorf("keep a sound: %w", errors.Join(err, os.RemoveAll(half.Name())))
	}
	return size, nil
}

// Open implements Vault.
func (f Folder) Open(_ context.Context, key string) (Sound, error) {
	file, err := os.Open(f.file(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("open a sound: %w", err)
	}
	return file, nil
}

// Delete implements Vault.
func (f Folder) Delete(_ context.Context, key string) error {
	for _, file := range []string{f.half(key), f.file(key)} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete a sound: %w", err)
		}
	}
	return nil
}

func (f Folder) file(key string) string { return filepath.Join(f.Path, filepath.FromSlash(key)) }

// half is the file of a sound that is not all there yet.
func (f Folder) half(key string) string {
	folder, name := filepath.Split(f.file(key))
	return filepath.Join(folder, ".half-"+name)
}
