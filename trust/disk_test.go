package trust_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// disk is a small file system of its own, which can be full or read-only. It needs
// the right to mount one.
type disk struct {
	trial *trial
	dir   string
}

// newDisk mounts one of so many megabytes; nil where this machine does not let us.
func (t *trial) newDisk(megabytes int) *disk {
	t.Helper()
	d := &disk{trial: t, dir: t.TempDir()}
	if err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", megabytes), "tmpfs", d.dir).Run(); err != nil {
		return nil
	}
	t.Cleanup(func() {
		if err := exec.Command("umount", "--lazy", d.dir).Run(); err != nil {
			t.Errorf("unmount %s: %v", d.dir, err)
		}
	})
	return d
}

// ballast is what fills the disk.
func (d *disk) ballast() string { return filepath.Join(d.dir, "ballast") }

// fill leaves no room for another byte.
func (d *disk) fill() {
	d.trial.Helper()
	file, err := os.Create(d.ballast())
	if err != nil {
		d.trial.Fatal(err)
	}
	defer file.Close() // it is written as far as it goes
	for size := 1 << 20; size > 0; {
		if _, err := file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

// free gives the room back.
func (d *disk) free() {
	d.trial.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.trial.Fatal(err)
	}
}

// protect lets nobody write to the disk, unprotect everybody again.
func (d *disk) protect()   { d.remount("ro") }
func (d *disk) unprotect() { d.remount("rw") }

func (d *disk) remount(how string) {
	d.trial.Helper()
	if out, err := exec.Command("mount", "-o", "remount,"+how, d.dir).CombinedOutput(); err != nil {
		d.trial.Fatalf("mount %s %s: %v %s", d.dir, how, err, out)
	}
}
