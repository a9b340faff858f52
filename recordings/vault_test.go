package recordings_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"rapport/recordings"
)

// vaults are both kinds, the bucket on a server that speaks S3.
func vaults(t *testing.T) map[string]recordings.Vault {
	t.Helper()
	bucket, _ := bucketOf(t, "key")
	return map[string]recordings.Vault{"folder": recordings.Folder{Path: t.TempDir()}, "bucket": bucket}
}

// bucketOf is a bucket on a server that speaks S3, and that server as an operator sees it.
// Without a key the machine's role is asked for.
func bucketOf(t *testing.T, key string) (*recordings.Bucket, *minio.Client) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("voices"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	at := strings.TrimPrefix(server.URL, "http://")
	bucket, err := recordings.OpenBucket(recordings.BucketSettings{
		Endpoint: at, Bucket: "voices", Region: "eu-central-1", AccessKey: key, SecretKey: "secret", Plain: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	operator, err := minio.New(at, &minio.Options{Creds: credentials.NewStaticV4("key", "secret", ""), Region: "eu-central-1"})
	if err != nil {
		t.Fatal(err)
	}
	return bucket, operator
}

func TestASoundIsKeptUntilItIsDeleted(t *testing.T) {
	sounds := map[string][]byte{"short": []byte("RIFF....WAVE"), "long": bytes.Repeat([]byte("la la "), 3<<20)} // over two parts
	for name, vault := range vaults(t) {
		for length, sound := range sounds {
			key := recordings.Recording{ID: int64(len(sound))}.Key()
			for range 2 { // a repeated fetch replaces the first
				size, err := vault.Put(t.Context(), key, "audio/x-wav", bytes.NewReader(sound))
				if err != nil || size != int64(len(sound)) {
					t.Fatalf("%s, %s: kept %d, %v", name, length, size, err)
				}
			}
			open, err := vault.Open(t.Context(), key)
			if err != nil {
				t.Fatalf("%s, %s: %v", name, length, err)
			}
			whole, err := io.ReadAll(open)
			if err != nil || !bytes.Equal(whole, sound) {
				t.Errorf("%s, %s: %d bytes, %v", name, length, len(whole), err)
			}
			at, seekErr := open.Seek(4, io.SeekStart)
			rest, err := io.ReadAll(io.LimitReader(open, 4))
			if at != 4 || seekErr != nil || err != nil || !bytes.Equal(rest, sound[4:8]) {
				t.Errorf("%s, %s: from the fourth byte %q, %v, %v", name, length, rest, seekErr, err)
			}
			if err := open.Close(); err != nil {
				t.Error(err)
			}
			for range 2 {
				if err := vault.Delete(t.Context(), key); err != nil {
					t.Errorf("%s, %s: %v", name, length, err)
				}
			}
			if _, err := vault.Open(t.Context(), key); !errors.Is(err, recordings.ErrUnknown) {
				t.Errorf("%s, %s: after it was deleted: %v", name, length, err)
			}
		}
	}
}

func TestASoundThatBreaksOffIsNotKept(t *testing.T) {
	for name, vault := range vaults(t) {
		for _, broken := range []error{errors.New("the line went dead"), io.ErrUnexpectedEOF} {
			sound := io.MultiReader(bytes.NewReader(make([]byte, 9<<20)), iotest.ErrReader(broken))
			if _, err := vault.Put(t.Context(), "recordings/1", "audio/x-wav", sound); !errors.Is(err, broken) {
				t.Errorf("%s keeps what breaks off: %v", name, err)
			}
			if _, err := vault.Open(t.Context(), "recordings/1"); !errors.Is(err, recordings.ErrUnknown) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// parts are the uploads of a bucket that were not brought to an end.
func parts(t *testing.T, operator *minio.Client) (keys []string) {
	t.Helper()
	for upload := range operator.ListIncompleteUploads(t.Context(), "voices", "", true) {
		if upload.Err != nil {
			t.Fatal(upload.Err)
		}
		keys = append(keys, upload.Key)
	}
	return keys
}

// A fetch whose time is over ends in the middle of an upload. So does a process that
// dies: the parts that it leaves go with the sound, and nobody else's do.
func TestNoPartsOfASoundStayInTheBucket(t *testing.T) {
	bucket, operator := bucketOf(t, "key")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	sound := io.MultiReader(bytes.NewReader(make([]byte, 9<<20)), stalling{ctx, stop})
	if _, err := bucket.Put(ctx, "recordings/1", "audio/x-wav", sound); !errors.Is(err, context.Canceled) {
		t.Errorf("kept in no time: %v", err)
	}
	if left := parts(t, operator); len(left) > 0 {
		t.Errorf("after its time there are parts of %v", left)
	}
	died := minio.Core{Client: operator}
	for _, key := range []string{"recordings/1", "recordings/1", "recordings/12"} {
		upload, err := died.NewMultipartUpload(t.Context(), "voices", key, minio.PutObjectOptions{})
		if err == nil {
			_, err = died.PutObjectPart(t.Context(), "voices", key, upload, 1, strings.NewReader("voice"), 5, minio.PutObjectPartOptions{})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := bucket.Delete(t.Context(), "recordings/1"); err != nil {
		t.Fatal(err)
	}
	if left := parts(t, operator); !slices.Equal(left, []string{"recordings/12"}) {
		t.Errorf("after the deletion there are parts of %v", left)
	}
}

// stalling is a sound that goes on when its time is over.
type stalling struct {
	ctx  context.Context
	stop func()
}

func (s stalling) Read([]byte) (int, error) {
	s.stop()
	return 0, s.ctx.Err()
}

func TestNobodyElseReadsTheFolder(t *testing.T) {
	folder := t.TempDir()
	if _, err := (recordings.Folder{Path: folder}).Put(t.Context(), "recordings/1", "", strings.NewReader("voice")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{"recordings": 0o700, "recordings/1": 0o600} {
		is, err := os.Stat(filepath.Join(folder, name))
		if err != nil || is.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, is.Mode().Perm(), err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(folder, "recordings")); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A process that dies while it keeps a sound leaves half of it. The next try, and the
// deletion, leave nothing of it.
func TestTheHalfOfASoundGoesWithIt(t *testing.T) {
	folder := t.TempDir()
	vault := recordings.Folder{Path: folder}
	crash := func() {
		t.Helper()
		defer func() { _ = recover() }()
		_, _ = vault.Put(t.Context(), "recordings/1", "", io.MultiReader(strings.NewReader("a voice that is longer than"), dying{}))
	}
	left := func(want ...string) {
		t.Helper()
		files, err := os.ReadDir(filepath.Join(folder, "recordings"))
		var names []string
		for _, file := range files {
			names = append(names, file.Name())
		}
		if err != nil || !slices.Equal(names, want) {
			t.Errorf("there are %v, %v; want %v", names, err, want)
		}
	}
	crash()
	left(".half-1")
	if _, err := vault.Put(t.Context(), "recordings/1", "", strings.NewReader("voice")); err != nil {
		t.Fatal(err)
	}
	left("1")
	if kept, err := os.ReadFile(filepath.Join(folder, "recordings", "1")); string(kept) != "voice" {
		t.Errorf("kept %q, %v", kept, err)
	}
	crash()
	if err := vault.Delete(t.Context(), "recordings/1"); err != nil {
		t.Fatal(err)
	}
	left()
}

// dying ends whoever reads from it.
type dying struct{}

func (dying) Read([]byte) (int, error) { panic("the process dies") }

func TestABucketThatIsNotThereIsTold(t *testing.T) {
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	defer server.Close()
	bucket, err := recordings.OpenBucket(recordings.BucketSettings{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "nowhere", Region: "eu-central-1", AccessKey: "key", SecretKey: "hush", Plain: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = bucket.Put(t.Context(), "recordings/1", "", strings.NewReader("voice")); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
	if err := bucket.Delete(t.Context(), "recordings/1"); err == nil {
		t.Error("what is in it counts as deleted")
	}
}

// The machine's role is asked for where no keys are configured.
func TestAMachinesRoleOpensTheBucket(t *testing.T) {
	var asked atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprintf(w, `{"AccessKeyId": "key", "SecretAccessKey": "secret", "Token": "token", "Expiration": %q}`, time.Now().Add(time.Hour).Format(time.RFC3339))
	}))
	defer service.Close()
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", service.URL+"/role")
	bucket, _ := bucketOf(t, "")
	if size, err := bucket.Put(t.Context(), "recordings/1", "audio/x-wav", strings.NewReader("voice")); err != nil || size != 5 {
		t.Fatalf("kept %d, %v", size, err)
	}
	sound, err := bucket.Open(t.Context(), "recordings/1")
	if err != nil {
		t.Fatal(err)
	}
	if whole, err := io.ReadAll(sound); err != nil || string(whole) != "voice" {
		t.Errorf("heard %q, %v", whole, err)
	}
	if err := errors.Join(sound.Close(), bucket.Delete(t.Context(), "recordings/1")); err != nil || asked.Load() != 1 {
		t.Errorf("the role was asked for %d times, %v", asked.Load(), err)
	}
}

func TestASilentRoleHoldsNobodyPastItsTime(t *testing.T) {
	silence := make(chan struct{})
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-silence }))
	defer service.Close()
	defer close(silence)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", service.URL+"/role")
	bucket, _ := bucketOf(t, "")
	for name, do := range map[string]func(context.Context) error{
		"put": func(ctx context.Context) error {
			_, err := bucket.Put(ctx, "recordings/1", "audio/x-wav", strings.NewReader("voice"))
			return err
		},
		"open":   func(ctx context.Context) error { _, err := bucket.Open(ctx, "recordings/1"); return err },
		"delete": func(ctx context.Context) error { return bucket.Delete(ctx, "recordings/1") },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		began := time.Now()
		err := do(ctx)
		cancel()
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > time.Second {
			t.Errorf("%s with 50 ms of time took %s: %v", name, took, err)
		}
	}
	began := time.Now()
	if err := bucket.Delete(t.Context(), "recordings/1"); err == nil || time.Since(began) > 10*time.Second {
		t.Errorf("with all the time there is it took %s: %v", time.Since(began), err)
	}
}
