// Command testbed starts the servers that tests want, as far as they are
// installed, in a temporary folder and on free ports, runs a command with their
// addresses in its environment, and takes everything down again.
//
//	testbed -quick go test ./...
//
// With -quick PostgreSQL does not wait for the disk, which no test can tell and
// every measurement can.
//
// It sets RAPPORT_TEST_POSTGRES, RAPPORT_TEST_PGBOUNCER (a pooler before it) and
// RAPPORT_TEST_REDIS unless they are set, and says which servers it could not
// find; tests that want those skip by name.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

func main() {
	command := os.Args[1:]
	quick := len(command) > 0 && command[0] == "-quick"
	if quick {
		command = command[1:]
	}
	if len(command) == 0 {
		fmt.Fprintln(os.Stderr, "usage: testbed [-quick] command [argument …]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code, err := run(ctx, quick, command)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "testbed:", err)
	}
	os.Exit(code)
}

func run(ctx context.Context, quick bool, command []string) (code int, err error) {
	folder, err := os.MkdirTemp("", "rapport-testbed-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder) // a temporary folder
	bed := &bed{folder: folder, quick: quick}
	defer bed.stop()
	for _, server := range []struct {
		name, variable string
		start          func(context.Context) (address string, err error)
	}{
		{"PostgreSQL", "RAPPORT_TEST_POSTGRES", bed.postgres},
		{"pgbouncer", "RAPPORT_TEST_PGBOUNCER", bed.pgbouncer},
		{"Redis", "RAPPORT_TEST_REDIS", bed.redis},
	} {
		if os.Getenv(server.variable) != "" {
			continue
		}
		address, err := server.start(ctx)
		if errors.Is(err, exec.ErrNotFound) {
			fmt.Fprintf(os.Stderr, "testbed: %s is not installed; tests that want it are skipped\n", server.name)
			continue
		}
		if err != nil {
			return 1, fmt.Errorf("start %s: %w", server.name, err)
		}
		if err := os.Setenv(server.variable, address); err != nil {
			return 1, err
		}
	}
	return bed.run(ctx, command)
}

// bed is what is running.
type bed struct {
	folder  string
	quick   bool
	servers []*exec.Cmd
}

func (b *bed) run(ctx context.Context, command []string) (int, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}

func (b *bed) stop() {
	for _, server := range b.servers {
		_ = server.Process.Signal(syscall.SIGINT) // PostgreSQL's fast shutdown
		_ = server.Wait()
	}
}

func (b *bed) start(cmd *exec.Cmd, address string) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	b.servers = append(b.servers, cmd)
	return reachable(address)
}

func (b *bed) redis(context.Context) (string, error) {
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		return "", exec.ErrNotFound
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(binary, "--port", port, "--bind", "127.0.0.1", "--dir", b.folder,
		"--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction")
	return "redis://127.0.0.1:" + port + "/0", b.start(cmd, "127.0.0.1:"+port)
}

func (b *bed) postgres(ctx context.Context) (string, error) {
	bin, err := postgresFolder()
	if err != nil {
		return "", err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	who, err := unprivileged()
	if err != nil {
		return "", err
	}
	data := filepath.Join(b.folder, "postgres")
	if err := os.Mkdir(data, 0o700); err != nil {
		return "", err
	}
	if who != nil {
		if err := errors.Join(os.Chmod(b.folder, 0o755), os.Chown(data, int(who.Uid), int(who.Gid))); err != nil {
			return "", err
		}
	}
	init := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-U", "rapport", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	init.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	init.Dir = data
	if out, err := init.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w\n%s", err, out)
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-h", "127.0.0.1", "-k", "",
		"-c", "max_connections=200", "-c", "shared_buffers=128MB", "-c", "max_wal_size=4GB", "-c", "log_min_messages=panic")
	if b.quick {
		cmd.Args = append(cmd.Args, "-c", "fsync=off", "-c", "full_page_writes=off")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	cmd.Dir = data
	return "postgres://rapport@127.0.0.1:" + port + "/postgres?sslmode=disable", b.start(cmd, "127.0.0.1:"+port)
}

// pgbouncer starts a pooler in transaction mode before the PostgreSQL server, so
// small that transactions must share connections. It finds every database.
func (b *bed) pgbouncer(ctx context.Context) (string, error) {
	server, err := url.Parse(os.Getenv("RAPPORT_TEST_POSTGRES"))
	if err != nil || server.Host == "" {
		return "", exec.ErrNotFound // nothing to stand before
	}
	binary, err := exec.LookPath("pgbouncer")
	if err != nil {
		if binary, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil { // not on everybody's PATH
			return "", exec.ErrNotFound
		}
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	who, err := unprivileged() // it refuses root too
	if err != nil {
		return "", err
	}
	account := "user=" + server.User.Username()
	if password, given := server.User.Password(); given {
		account += " password='" + password + "'"
	}
	settings := filepath.Join(b.folder, "pgbouncer.ini")
	if err := os.WriteFile(settings, fmt.Appendf(nil, `[databases]
* = host=%s port=%s %s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %s
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 1000
log_connections = 0
log_disconnections = 0
log_pooler_errors = 0
`, server.Hostname(), cmp.Or(server.Port(), "5432"), account, port), 0o644); err != nil {
		return "", err
	}
	cmd := exec.Command(binary, "--quiet", settings)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	return "postgres://" + server.User.Username() + "@127.0.0.1:" + port + "/?sslmode=disable", b.start(cmd, "127.0.0.1:"+port)
}

// postgresFolder finds the server's programs: beside the one on the PATH, or
// where Debian keeps the newest.
func postgresFolder() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(initdb), nil
	}
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	for i := len(folders) - 1; i >= 0; i-- {
		if _, err := os.Stat(filepath.Join(folders[i], "initdb")); err == nil {
			return folders[i], nil
		}
	}
	return "", exec.ErrNotFound
}

// unprivileged is whom PostgreSQL runs as, which refuses root: nobody special
// when we are not root, the account its package made when we are.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("running as root, which PostgreSQL refuses: %w", err)
	}
	uid, errUID := strconv.ParseUint(account.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(account.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(errUID, errGID)
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer listener.Close() // only the number was wanted
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

// reachable waits until a server takes connections.
func reachable(address string) error {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			return conn.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("nothing answers at %s", address)
}
