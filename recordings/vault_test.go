package recordings_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"rapport/recordings"
)

// vaults are both kinds, the bucket on a server that speaks S3.
func vaults(t *testing.T) map[string]recordings.Vault {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("voices"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	bucket, err := recordings.OpenBucket(recordings.BucketSettings{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Bucket: "voices", Region: "eu-central-1",
		AccessKey: "key", SecretKey: "secret", Plain: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]recordings.Vault{"folder": recordings.Folder{Path: t.TempDir()}, "bucket": bucket}
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
	broken := errors.New("the line went dead")
	for name, vault := range vaults(t) {
		sound := io.MultiReader(bytes.NewReader(make([]byte, 9<<20)), iotest.ErrReader(broken))
		if _, err := vault.Put(t.Context(), "recordings/1", "audio/x-wav", sound); err == nil {
			t.Errorf("%s keeps half of it", name)
		}
		if _, err := vault.Open(context.WithoutCancel(t.Context()), "recordings/1"); !errors.Is(err, recordings.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
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
}
