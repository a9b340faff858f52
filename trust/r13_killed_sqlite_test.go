package trust_test

import (
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// killedSQLite: the embedded installation dies as a whole, with its Redis and
// its doors, and finds everything in its file. It shares the file with nobody, waits
// out a full disk, and says what is wrong with one it cannot write to.
var killedSQLite = row{
	id: "R13", fault: "SQLite: the whole program killed, started twice, its disk full and read-only", quick: 1_200, full: 20_000,
	play: func(t *trial) {
		need, most, every := 4, 6, 2*time.Second
		if t.full {
			need, most = 200, 220
		}
		people, place := t.size/len(everyChannel), t.TempDir()
		small := t.newDisk(512)
		if small != nil {
			place = small.dir
		}
		r := t.newRig(setting{
			dsn: "sqlite:" + filepath.Join(place, "data", "rapport.db"), times: hasty, behaviour: late(),
			faults: slowly(20*time.Millisecond, 400*time.Millisecond),
		})
		r.apply(mixed(everyChannel...))
		r.settle(people)
		r.begin(people)
		all := r.start("up")
		kills, next := 0, time.Now().Add(every)
		r.rest(60*time.Minute, people, func() {
			if time.Now().Before(next) || r.accepted.len() == 0 || r.accepted.len() >= t.size*9/10 || kills == most {
				return
			}
			switch kills {
			case 1:
				r.startTwice(all)
			case 2:
				if small != nil {
					r.fillUp(small)
				}
			}
			next = time.Now().Add(every)
			all.kill()
			all = r.start("up")
			kills++
		})
		r.pause = func() func() {
			all.terminate()
			return func() { all = r.start("up") }
		}
		r.resolve(5*time.Minute, people) // events that found nobody come again after half a minute, two, four and a half
		t.show("%d kills", kills)
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.promise(kills >= need, "only %d kills", kills)
		t.promise(r.doubted() <= kills*inFlight, "%d were in doubt, more than %d kills leave", r.doubted(), kills)
		all.terminate()
		if small == nil {
			t.show("nothing may be mounted here, so no disk was full or read-only")
		} else {
			r.refuseToWrite(small)
		}
		t.promise(r.sound(), "the file is damaged")
	},
}

// startTwice starts a second program on the file of one that runs.
func (r *rig) startTwice(first *process) {
	r.Helper()
	said := r.refused("RAPPORT_LISTEN=127.0.0.1:"+r.freePort(), "up")
	r.promise(strings.Contains(said, strconv.Itoa(first.cmd.Process.Pid)), "a second program does not say who holds the file: %s", said)
}

// fillUp leaves no room on the disk until that was noticed. Nobody starts anything
// anew afterwards.
func (r *rig) fillUp(small *disk) {
	r.Helper()
	small.fill()
	r.wait(time.Minute, "the full disk is noticed", func() bool { return strings.Contains(r.lastWords(), "the disk is full") })
	small.free()
	before := r.accepted.len()
	r.wait(3*time.Minute, "messages go out again after the disk was full", func() bool { return r.accepted.len() > before })
}

// refuseToWrite starts the program where it cannot write.
func (r *rig) refuseToWrite(small *disk) {
	r.Helper()
	small.protect()
	said := r.refused("", "up")
	r.promise(strings.Contains(said, "cannot be written"), "the program does not say that it cannot write: %s", said)
	small.unprotect()
}

// refused starts the program where it cannot run, and returns what it says to that.
func (r *rig) refused(setting string, args ...string) string {
	r.Helper()
	p := r.startWith(setting, args...)
	p.meant = true
	r.wait(time.Minute, "a program that cannot run ends", p.ended)
	r.promise(!p.cmd.ProcessState.Success(), "a program that cannot run ends as if all were well")
	return p.said()
}

// sound reports whether SQLite finds its file as it ought to be.
func (r *rig) sound() (sound bool) {
	r.Helper()
	r.query("PRAGMA integrity_check", func(scan func(...any) error) error {
		var says string
		err := scan(&says)
		sound = says == "ok"
		return err
	})
	return sound
}
