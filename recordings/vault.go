package recordings

import (
	"context"
	"io"
)

// Vault keeps sound under keys. It is never reached by the public: whoever
// listens does so through the console.
type Vault interface {
	// Put keeps all of a sound under a key, in the place of an earlier one, or
	// nothing of it. It returns how many bytes there were.
	Put(ctx context.Context, key, media string, sound io.Reader) (size int64, err error)
	// Open opens a sound; ErrUnknown when there is none. The caller closes it.
	Open(ctx context.Context, key string) (Sound, error)
	// Delete deletes a sound. One that is gone is no error.
	Delete(ctx context.Context, key string) error
}

// Sound is an open sound, which can be heard from any place on.
type Sound interface {
	io.ReadSeeker
	io.Closer
}
