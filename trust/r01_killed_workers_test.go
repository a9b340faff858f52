package trust_test

import (
	"math/rand/v2"
	"time"

	"rapport/store/storetest"
)

// killedWorkers: what is in flight when a worker dies is in doubt, and nothing
// else. The doubts end by evidence; only notifications, of which there may be
// none, are sent a second time, flagged.
var killedWorkers = row{
	id: "R1", fault: "a worker of three killed every 3 s", quick: 2_400, full: 100_000,
	play: func(t *trial) {
		if t.full {
			t.killing(3*time.Second, 1, 100, 1<<20)
		} else {
			t.killing(3*time.Second, 3, 6, 12) // all at once, so that these few hit what is in flight
		}
	},
}

// killing kills workers of three every so often, some at once, while messages go
// out, until all is sent or most kills are done.
func (t *trial) killing(every time.Duration, atOnce, need, most int) {
	t.Helper()
	people := t.size / len(everyChannel)
	r := t.newRig(setting{
		dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: hasty, behaviour: late(),
		faults: slowly(20*time.Millisecond, 400*time.Millisecond),
	})
	r.apply(mixed(everyChannel...))
	r.settle(people)
	fleet := r.startFleet(3)
	r.begin(people)
	chance := rand.New(rand.NewPCG(t.seed, 2))
	kills, next, before := 0, time.Now(), 0
	r.rest(40*time.Minute, people, func() {
		n := r.accepted.len()
		sending := n > before
		before = n
		if !sending || time.Now().Before(next) || kills >= most {
			return
		}
		next = time.Now().Add(every)
		victims := chance.Perm(len(fleet.workers))[:atOnce]
		for _, victim := range victims { // before any has time to finish
			fleet.workers[victim].kill()
		}
		for _, victim := range victims {
			fleet.replace(victim)
		}
		kills += len(victims)
	})
	r.resolve(time.Minute, people)
	t.show("%d kills", kills)
	j := r.judge(t.size)
	t.tell(j, t.size)
	t.promise(r.doubted() <= kills*inFlight, "%d were in doubt, more than %d kills leave", r.doubted(), kills)
	t.promise(kills >= need, "only %d kills", kills)
}
