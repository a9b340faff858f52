package trust_test

import (
	"time"

	"rapport/store/storetest"
)

// frozenRedis: a machine stands still, with the Redis and one of the workers on
// it, for longer than a lease. What that worker holds is given to others; when it
// wakes last and goes on with what it held, its fence is refused.
var frozenRedis = row{
	id: "R4", fault: "Redis and a worker frozen with sends in flight", quick: 3_000, full: 20_000,
	play: func(t *trial) {
		freezes, long := 2, 8*time.Second
		if t.full {
			freezes, long = 5, 45*time.Second
		}
		people := t.size / len(everyChannel)
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: hasty, behaviour: quiet(),
			faults: slowly(100*time.Millisecond, 900*time.Millisecond),
		})
		r.apply(mixed(everyChannel...))
		r.settle(people)
		fleet := r.startFleet(3)
		r.begin(people)
		frozen := 0
		r.rest(30*time.Minute, people, func() {
			if frozen == freezes || r.accepted.len() < (frozen+1)*t.size/(freezes+1)/2 {
				return
			}
			still := fleet.workers[frozen%len(fleet.workers)]
			frozen++
			still.freeze()
			r.redis.freeze()
			time.Sleep(long) // the fault itself
			r.redis.thaw()
			// It wakes when others are at work on what it held.
			before := r.accepted.len()
			t.wait(time.Minute, "others send", func() bool { return r.accepted.len() >= before+2*window })
			still.thaw()
		})
		r.resolve(time.Minute, people)
		stale := r.said("deliveries were taken over while they were being sent", "deliveries") +
			r.said("deliveries were taken over before they were sent", "deliveries")
		t.show("%d times %s", frozen, long)
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.show("stale fences refused %d", stale)
		t.promise(frozen == freezes, "frozen %d times of %d", frozen, freezes)
		t.promise(stale > 0, "no stale fence was refused; the run proves little")
	},
}
