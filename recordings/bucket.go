package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// partSize is how much of a sound whose length is not known is held in memory at
// a time; S3 takes no part under 5 MiB.
const partSize = 8 << 20

// abandonFor bounds the removal of what a Put that failed has left in the bucket.
const abandonFor = 10 * time.Second

// Bucket is a vault in a bucket of S3, or of a server that speaks its language.
// The bucket must exist and not be public.
type Bucket struct {
	client *minio.Client
	name   string
	role   *role // nil where keys are configured
}

// BucketSettings say where a bucket is and who we are there.
type BucketSettings struct {
	Endpoint string // host and port, such as s3.eu-central-1.amazonaws.com
	Bucket   string
	Region   string
	// AccessKey and SecretKey; without them the machine's role is asked for
	// (EC2, ECS, EKS), which also renews them.
	AccessKey, SecretKey string
	// Plain speaks HTTP without TLS, for a server beside us.
	Plain bool
}

// OpenBucket prepares a vault in a bucket. Nothing is sent.
func OpenBucket(s BucketSettings) (*Bucket, error) {
	var machine *role
	who := credentials.NewStaticV4(s.AccessKey, s.SecretKey, "")
	if s.AccessKey == "" {
		machine = newRole()
		who = credentials.New(machine)
	}
	client, err := minio.New(s.Endpoint, &minio.Options{Creds: who, Secure: !s.Plain, Region: s.Region})
	if err != nil {
		return nil, fmt.Errorf("open the bucket for recordings: %w", err)
	}
	return &Bucket{client: client, name: s.Bucket, role: machine}, nil
}

// Put implements Vault. A sound that breaks off leaves nothing behind, also where it
// does so because its time is over.
func (b *Bucket) Put(ctx context.Context, key, media string, sound io.Reader) (int64, error) {
	if err := b.role.known(ctx); err != nil {
		return 0, fmt.Errorf("keep a sound: %w", err)
	}
	kept, err := b.client.PutObject(ctx, b.name, key, whole{sound}, -1, minio.PutObjectOptions{
		ContentType: media, PartSize: partSize,
		DisableContentSha256: true, // TLS guards the bytes; signed chunks are not understood by every server
	})
	if err != nil {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonFor)
		defer cancel()
		return 0, fmt.Errorf("keep a sound: %w", errors.Join(err, b.abandon(after, key)))
	}
	return kept.Size, nil
}

// whole lets nobody take a sound that broke off for one that is over: the client does
// where a connection ends early.
type whole struct{ sound io.Reader }

func (w whole) Read(p []byte) (int, error) {
	n, err := w.sound.Read(p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the sound breaks off: %w", err)
	}
	return n, err
}

// abandon removes the parts of uploads of a key that were not brought to an end. The
// server keeps them for ever, and shows them to nobody who lists sounds.
func (b *Bucket) abandon(ctx context.Context, key string) error {
	if err := b.client.RemoveIncompleteUpload(ctx, b.name, key); err != nil && !missing(err) {
		return fmt.Errorf("remove the parts of a sound: %w", err)
	}
	return nil
}

// Open implements Vault.
func (b *Bucket) Open(ctx context.Context, key string) (Sound, error) {
	if err := b.role.known(ctx); err != nil {
		return nil, fmt.Errorf("open a sound: %w", err)
	}
	object, err := b.client.GetObject(ctx, b.name, key, minio.GetObjectOptions{})
	if err != nil {
		return nil, fmt.Errorf("open a sound: %w", err)
	}
	if _, err = object.Stat(); err == nil { // GetObject asks nothing before it is read
		return object, nil
	}
	_ = object.Close() // it tells the same
	if missing(err) {
		return nil, ErrUnknown
	}
	return nil, fmt.Errorf("open a sound: %w", err)
}

// Delete implements Vault. The parts that a process left which died in a Put go too.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := b.role.known(ctx); err != nil {
		return fmt.Errorf("delete a sound: %w", err)
	}
	if err := b.client.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{}); err != nil && !missing(err) {
		return fmt.Errorf("delete a sound: %w", err)
	}
	return b.abandon(ctx, key)
}

// missing reports whether a sound, or an upload of one, is not there. Of a bucket that
// is not there nobody knows what is in it.
func missing(err error) bool {
	var said minio.ErrorResponse
	return errors.As(err, &said) && said.StatusCode == http.StatusNotFound && said.Code != minio.NoSuchBucket
}
