package recordings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// partSize is how much of a sound whose length is not known is held in memory at
// a time; S3 takes no part under 5 MiB.
const partSize = 8 << 20

// Bucket is a vault in a bucket of S3, or of a server that speaks its language.
// The bucket must exist and not be public.
type Bucket struct {
	client *minio.Client
	name   string
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
	who := credentials.NewIAM("")
	if s.AccessKey != "" {
		who = credentials.NewStaticV4(s.AccessKey, s.SecretKey, "")
	}
	client, err := minio.New(s.Endpoint, &minio.Options{Creds: who, Secure: !s.Plain, Region: s.Region})
	if err != nil {
		return nil, fmt.Errorf("open the bucket for recordings: %w", err)
	}
	return &Bucket{client: client, name: s.Bucket}, nil
}

// Put implements Vault. A sound that breaks off leaves nothing behind.
func (b *Bucket) Put(ctx context.Context, key, media string, sound io.Reader) (int64, error) {
	kept, err := b.client.PutObject(ctx, b.name, key, sound, -1, minio.PutObjectOptions{
		ContentType: media, PartSize: partSize,
		DisableContentSha256: true, // TLS guards the bytes; signed chunks are not understood by every server
	})
	if err != nil {
		return 0, fmt.Errorf("keep a sound: %w", err)
	}
	return kept.Size, nil
}

// Open implements Vault.
func (b *Bucket) Open(ctx context.Context, key string) (Sound, error) {
	object, err := b.client.GetObject(ctx, b.name, key, minio.GetObjectOptions{})
	if err == nil {
		_, err = object.Stat() // GetObject asks nothing before it is read
	}
	if missing(err) {
		return nil, ErrUnknown
	}
	if err != nil {
		return nil, fmt.Errorf("open a sound: %w", err)
	}
	return object, nil
}

// Delete implements Vault.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := b.client.RemoveObject(ctx, b.name, key, minio.RemoveObjectOptions{}); err != nil && !missing(err) {
		return fmt.Errorf("delete a sound: %w", err)
	}
	return nil
}

func missing(err error) bool {
	var said minio.ErrorResponse
	return errors.As(err, &said) && said.StatusCode == http.StatusNotFound
}
