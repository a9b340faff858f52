package trust_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// process is one running program, whose words go to a file.
type process struct {
	cmd    *exec.Cmd
	words  string // the file
	frozen bool
	meant  bool // it was told to end
	gone   chan struct{}
}

// launch starts a command. It is killed at the end of the trial at the latest.
func (t *trial) launch(dir string, cmd *exec.Cmd) *process {
	t.Helper()
	out, err := os.CreateTemp(dir, filepath.Base(cmd.Path)+"-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close() // the process has its own
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	p := &process{cmd: cmd, words: out.Name(), gone: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // how it ended is in its words
		close(p.gone)
	}()
	t.Cleanup(func() {
		p.kill()
		if words, err := os.ReadFile(p.words); err != nil || bytes.Contains(words, []byte("WARNING: DATA RACE")) {
			t.Errorf("%s has a data race: %v\n%s", filepath.Base(p.words), err, words)
		}
	})
	return p
}

// kill ends the process as a crash does, and waits for its end.
func (p *process) kill() {
	p.meant = true
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // also where it is frozen
	<-p.gone
}

// terminate asks the process to end and waits until it has.
func (p *process) terminate() {
	p.thaw()
	p.meant = true
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.gone
}

// succeeds waits for the process to end by itself, and reports whether it went well.
func (p *process) succeeds() bool {
	<-p.gone
	p.meant = true
	return p.cmd.ProcessState.Success()
}

// said is all that the process has said.
func (p *process) said() string {
	raw, err := os.ReadFile(p.words)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// ended reports whether the process is gone.
func (p *process) ended() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}

// left reports whether the process ended by itself.
func (p *process) left() bool { return p.ended() && !p.meant }

// freeze stops the process where it stands; thaw lets it go on.
func (p *process) freeze() {
	_ = p.cmd.Process.Signal(syscall.SIGSTOP)
	p.frozen = true
}

func (p *process) thaw() {
	if p.frozen {
		_ = p.cmd.Process.Signal(syscall.SIGCONT)
		p.frozen = false
	}
}

// freePort is a port nobody listens on.
func (t *trial) freePort() string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
}
