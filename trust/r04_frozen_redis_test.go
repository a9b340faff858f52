package trust_test

import (
	"time"

	"rapport/store/storetest"
)

// frozenRedis: Redis and the workers stand still for longer than a lease. What
// they hold is given to another worker; when they wake last, while that one sends,
// and go on with what they held, their fences are refused.
var frozenRedis = row{
	id: "R4", fault: "Redis and its workers frozen with sends in flight", quick: 2_000, full: 20_000,
	play: func(t *trial) {
		freezes, long := 2, 8*time.Second
		if t.full {
			freezes, long = 5, 45*time.Second
		}
		people := t.size / len(everyChannel)
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: hasty, behaviour: late(),
			faults: slowly(300*time.Millisecond, 1200*time.Millisecond),
		})
		r.apply(mixed(everyChannel...))
		r.settle(people)
		fleet := r.startFleet(3)
		r.begin(people)
		frozen, seen := 0, 0
		r.rest(30*time.Minute, people, func() {
			n := r.accepted.len()
			sending := n > seen
			seen = n
			if !sending || frozen == freezes || n < (frozen+1)*t.size/(freezes+1)/2 {
				return
			}
			frozen++
			for _, worker := range fleet.workers {
				worker.freeze()
			}
			r.redis.freeze()
			held := r.claimed()
			time.Sleep(long) // the fault itself
			before := r.accepted.len()
			r.redis.thaw()
			another := r.start("worker")
			r.awaitAny(held, before)
			for _, worker := range fleet.workers {
				worker.thaw()
			}
			another.terminate()
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

// claimed are the deliveries that workers hold and have not begun to send.
func (r *rig) claimed() map[int64]bool {
	r.Helper()
	held := map[int64]bool{}
	for _, id := range r.ids(`SELECT id FROM deliveries WHERE status = 'queued' AND fence IS NOT NULL`) {
		held[id] = true
	}
	return held
}

// awaitAny waits until one of some deliveries is accepted, after so many others:
// whoever sends it now has a window of its like in flight. If none ever is, there
// were none.
func (r *rig) awaitAny(held map[int64]bool, after int) {
	r.Helper()
	doors := r.doors()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		list, err := r.accepted.since(after)
		if err != nil {
			r.Fatal(err)
		}
		for _, m := range list {
			if held[r.deliveryOf(doors, m)] {
				return
			}
		}
		after += len(list)
	}
}
