package trust_test

import (
	"path/filepath"
	"time"
)

// killedSQLite: the embedded installation dies as a whole, with its Redis and
// its doors, and finds everything in its file.
var killedSQLite = row{
	id: "R13", fault: "SQLite: the whole program killed", quick: 1_200, full: 20_000,
	play: func(t *trial) {
		need, most, every := 4, 6, 2*time.Second
		if t.full {
			need, most = 200, 1<<20
		}
		people := t.size / len(everyChannel)
		r := t.newRig(setting{
			dsn: "sqlite:" + filepath.Join(t.TempDir(), "data", "rapport.db"), times: hasty, behaviour: late(),
			faults: slowly(20*time.Millisecond, 400*time.Millisecond),
		})
		r.apply(mixed(everyChannel...))
		r.settle(people)
		r.begin(people)
		all := r.start("up")
		kills, next := 0, time.Now().Add(every)
		r.rest(40*time.Minute, people, func() {
			if time.Now().Before(next) || r.accepted.len() == 0 || r.accepted.len() >= t.size*9/10 || kills == most {
				return
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
	},
}
