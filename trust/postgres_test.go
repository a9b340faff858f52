package trust_test

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresServer is a PostgreSQL of the trial's own, which may be crashed.
type postgresServer struct {
	*process
	t    *trial
	bin  string
	data string
	port string
	who  *syscall.Credential
}

// startPostgres makes a cluster and starts it. It is as durable as one in
// production.
func (t *trial) startPostgres() *postgresServer {
	t.Helper()
	bin := postgresFolder()
	if bin == "" {
		t.Skip("PostgreSQL: initdb is not installed")
	}
	dir := t.TempDir()
	p := &postgresServer{t: t, bin: bin, data: filepath.Join(dir, "data"), port: t.freePort()}
	if err := os.Mkdir(p.data, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // which PostgreSQL refuses to be
		if p.who = account0(t); p.who == nil {
			return nil
		}
		for at := dir; at != os.TempDir() && len(at) > 1; at = filepath.Dir(at) {
			if err := os.Chmod(at, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(p.data, int(p.who.Uid), int(p.who.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	made := p.command("initdb", "-D", p.data, "-U", "rapport", "-A", "trust", "-E", "UTF8", "--locale=C")
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	p.start()
	return p
}

// account0 is whom PostgreSQL runs as where we are root.
func account0(t *trial) *syscall.Credential {
	t.Helper()
	account, err := user.Lookup("postgres")
	if err != nil {
		t.Skip("PostgreSQL: it refuses to run as root, and there is no account postgres")
	}
	uid, errUID := strconv.ParseUint(account.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// postgresFolder is where the server's programs are, "" where it is not installed.
func postgresFolder() string {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // where Debian keeps them
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

func (p *postgresServer) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, name), args...)
	cmd.Dir = p.data
	if p.who != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.who}
	}
	return cmd
}

func (p *postgresServer) dsn() string {
	return "postgres://rapport@127.0.0.1:" + p.port + "/postgres?sslmode=disable"
}

func (p *postgresServer) start() {
	p.t.Helper()
	p.process = p.t.launch(filepath.Dir(p.data), p.command("postgres", "-D", p.data, "-p", p.port, "-h", "127.0.0.1", "-k", "",
		"-c", "max_connections=200", "-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB"))
	p.t.wait(2*time.Minute, "PostgreSQL answers", func() bool {
		conn, err := pgx.Connect(p.t.Context(), p.dsn())
		return err == nil && conn.Close(p.t.Context()) == nil
	})
}

// crash ends the server and starts it again.
func (p *postgresServer) crash() {
	p.t.Helper()
	p.stop()
	p.start()
}

// stop ends the server at once, without a word to its clients and without a
// checkpoint (an immediate shutdown).
func (p *postgresServer) stop() {
	p.meant = true
	_ = p.cmd.Process.Signal(syscall.SIGQUIT)
	<-p.gone
}

// copyAs makes a second database of the first, which nobody may be using, and
// returns where it is.
func (p *postgresServer) copyAs(name string) string {
	p.t.Helper()
	at := func(database string) string { return strings.Replace(p.dsn(), "/postgres?", "/"+database+"?", 1) }
	conn, err := pgx.Connect(p.t.Context(), at("template1"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close(p.t.Context()) // nothing is left to lose
	if _, err := conn.Exec(p.t.Context(), "CREATE DATABASE "+name+" TEMPLATE postgres"); err != nil {
		p.t.Fatal(err)
	}
	return at(name)
}
