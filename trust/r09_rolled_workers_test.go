package trust_test

import (
	"time"

	"rapport/store/storetest"
)

// rolledWorkers: a worker that is told to end finishes what is in flight. A
// rolling restart leaves nothing in doubt.
var rolledWorkers = row{
	id: "R9", fault: "all workers restarted in turn, again and again", quick: 3_000, full: 30_000,
	play: func(t *trial) {
		rolls := 3
		if t.full {
			rolls = 10
		}
		people := t.size / len(everyChannel)
		// Calls have time enough: on a busy machine a time-out would leave doubts
		// that no restart made.
		patient := times{lease: 25 * time.Second, call: 10 * time.Second, shutdown: 15 * time.Second, doubt: 20 * time.Second}
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: patient, behaviour: quiet(),
			faults: slowly(300*time.Millisecond, 2*time.Second), // so that somebody is always sending
		})
		r.apply(mixed(everyChannel...))
		r.settle(people)
		fleet := r.startFleet(3)
		r.begin(people)
		rolled := 0
		r.rest(30*time.Minute, people, func() {
			if rolled == rolls || r.accepted.len() < (rolled+1)*t.size*8/10/(rolls+1) {
				return
			}
			rolled++
			for n, worker := range fleet.workers {
				worker.terminate()
				fleet.replace(n)
			}
		})
		r.resolve(time.Minute, people)
		t.show("%d times", rolled)
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.promise(rolled == rolls, "restarted %d times of %d", rolled, rolls)
		t.promise(r.doubted() == 0, "%d were in doubt", r.doubted())
		t.promise(j.resent == 0, "%d went out twice", j.resent)
	},
}
