//go:build deploy

package check

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const root = "../.." // of the project

// buildCommand is how the image's program is made, as its Dockerfile says.
func buildCommand(t *testing.T) string {
	t.Helper()
	for _, step := range readDockerfile(t) {
		if step.word == "RUN" && strings.Contains(step.rest, "go build") {
			return step.rest[strings.Index(step.rest, "CGO_ENABLED"):]
		}
	}
	t.Fatal("the Dockerfile builds no program")
	return ""
}

// program builds the image's program once, by the Dockerfile's own words.
func program(t *testing.T) string {
	t.Helper()
	built.Do(func() {
		folder, err := os.MkdirTemp("", "rapport-image-")
		if err != nil {
			t.Fatal(err)
		}
		built.folder, built.path = folder, filepath.Join(folder, "rapport")
		script := strings.ReplaceAll(buildCommand(t), "/out/rapport", built.path)
		build := exec.Command("sh", "-euc", script)
		build.Dir = root
		build.Env = append(os.Environ(), "VERSION=of-the-image", "TARGETOS=", "TARGETARCH=")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
		// Whoever runs it is somebody else.
		if err := errors.Join(os.Chmod(folder, 0o755), os.Chmod(built.path, 0o755)); err != nil {
			t.Fatal(err)
		}
	})
	return built.path
}

var built struct {
	sync.Once
	folder, path string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if built.folder != "" {
		_ = os.RemoveAll(built.folder) // a temporary folder
	}
	os.Exit(code)
}

// container is the program as it would run in the image: a user without a name, a
// working folder and a home that cannot be written, and no environment but its own.
type container struct {
	*exec.Cmd
	t      *testing.T
	said   *bytes.Buffer
	folder string // what stands for /etc/rapport and the volumes
	ended  chan struct{}
}

func contain(t *testing.T, args []string, env map[string]string) *container {
	t.Helper()
	c := &container{t: t, said: &bytes.Buffer{}, folder: t.TempDir(), ended: make(chan struct{})}
	for path := c.folder; len(path) > 1; path = filepath.Dir(path) {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o055 != 0o055 {
			if err := os.Chmod(path, info.Mode().Perm()|0o055); err != nil {
				break // not ours
			}
		}
	}
	sealed, temporary := filepath.Join(c.folder, "sealed"), filepath.Join(c.folder, "tmp")
	if err := errors.Join(os.Mkdir(sealed, 0o555), os.Mkdir(temporary, 0o777), os.Chmod(temporary, 0o777)); err != nil {
		t.Fatal(err)
	}
	c.Cmd = exec.Command(program(t), args...)
	c.Dir = sealed
	c.Env = []string{"HOME=" + sealed, "TMPDIR=" + temporary, "GOCOVERDIR="}
	for name, value := range env {
		c.Env = append(c.Env, name+"="+value)
	}
	c.Stdout, c.Stderr = c.said, c.said
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	}
	return c
}

// put writes a file that the container may read.
func (c *container) put(name, text string) string {
	c.t.Helper()
	path := filepath.Join(c.folder, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil { // read by another user
		c.t.Fatal(err)
	}
	return path
}

// runs starts it, and ends it with SIGTERM when check has passed: it must leave
// with 0.
func (c *container) runs(check func()) {
	c.t.Helper()
	if err := c.Start(); err != nil {
		c.t.Fatal(err)
	}
	var left error
	go func() {
		defer close(c.ended)
		left = c.Wait()
	}()
	defer func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		if <-c.ended; left != nil {
			c.t.Errorf("it left with %v\n%s", left, c.said)
		}
	}()
	check()
}

// answers waits until a port of the container answers with a status and says
// something.
func (c *container) answers(port, path string, status int, says string) {
	t := c.t
	t.Helper()
	url := "http://127.0.0.1:" + port + path
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	last := "nobody answers"
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := http.DefaultClient.Do(request); err == nil {
			raw, _ := io.ReadAll(answer.Body)
			_ = answer.Body.Close() // read
			if last = string(raw); answer.StatusCode == status && strings.Contains(last, says) {
				return
			}
		}
		select {
		case <-c.ended:
			t.Fatalf("it ended before %s answered %d with %q", url, status, says)
		case <-ctx.Done():
			t.Fatalf("%s never answered %d with %q; the last: %s", url, status, says, last)
		case <-look.C:
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	return port
}

func TestTheImagesProgramIsStatic(t *testing.T) {
	raw, err := os.ReadFile(program(t))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(raw, []byte("ld-linux")) && regexp.MustCompile(`/lib(64)?/ld-linux[^\x00]*\.so`).Match(raw) {
		t.Error("it wants a dynamic linker, which the image does not have")
	}
	out, err := exec.Command(program(t), "--version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "of-the-image") {
		t.Errorf("its version: %s %v", out, err)
	}
}

// All of it in one process writes to its volume and to nothing else.
func TestUpNeedsOnlyItsVolume(t *testing.T) {
	port := freePort(t)
	c := contain(t, nil, map[string]string{"RAPPORT_LISTEN": "127.0.0.1:" + port, "RAPPORT_OPS_LISTEN": "127.0.0.1:" + freePort(t)})
	volume := filepath.Join(c.folder, "volume")
	if err := errors.Join(os.Mkdir(volume, 0o777), os.Chmod(volume, 0o777)); err != nil { // another user's volume
		t.Fatal(err)
	}
	c.Args = append(c.Args, "up", "--data", volume)
	c.runs(func() { c.answers(port, "/readyz", http.StatusOK, `"ready": true`) })
	if _, err := os.Stat(filepath.Join(volume, "rapport.db")); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(c.Dir); err != nil || len(left) > 0 {
		t.Errorf("it wrote beside its volume: %v %v", left, err)
	}
}
