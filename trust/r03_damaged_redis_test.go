package trust_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"time"

	"rapport/store/storetest"
)

// damagedRedis: what the queue keeps may be torn out of it piece by piece, and
// its file cut short. Nobody has to repair anything.
var damagedRedis = row{
	id: "R3", fault: "Redis damaged: leases and task hashes deleted, its file cut", quick: 3_000, full: 20_000,
	play: func(t *trial) {
		people := t.size / len(everyChannel)
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(true), times: hasty, behaviour: late(),
			faults: slowly(10*time.Millisecond, 200*time.Millisecond),
		})
		r.apply(mixed(everyChannel...))
		r.settle(people)
		r.startFleet(3)
		r.begin(people)
		chance := rand.New(rand.NewPCG(t.seed, 3))
		keys, cuts := 0, 0
		var next time.Time
		r.rest(30*time.Minute, people, func() {
			if n := r.accepted.len(); n == 0 || n >= t.size*9/10 || time.Now().Before(next) {
				return
			}
			next = time.Now().Add(time.Second)
			keys += r.redis.tear(chance)
			if cuts < 3 && r.accepted.len() >= (cuts+1)*t.size/4 {
				cuts++
				r.redis.kill()
				r.redis.cutFile(chance)
				r.redis.start()
			}
		})
		r.resolve(time.Minute, people)
		t.show("%d keys torn out, %d cuts", keys, cuts)
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.promise(r.held == 0, byHandWords, r.held)
		t.promise(keys > 10 && cuts == 3, "only %d keys and %d cuts", keys, cuts)
	},
}

// tear deletes the queues' leases and half of the tasks they hold.
func (r *redisServer) tear(chance *rand.Rand) (torn int) {
	ctx := context.Background()
	for _, pattern := range []string{"asynq:{*}:lease", "asynq:{*}:t:*"} {
		found := r.client.Scan(ctx, 0, pattern, 1000).Iterator()
		for found.Next(ctx) {
			if chance.IntN(2) == 0 && r.client.Del(ctx, found.Val()).Err() == nil {
				torn++
			}
		}
	}
	return torn
}

// cutFile takes some of the end off what the server would read at its start.
func (r *redisServer) cutFile(chance *rand.Rand) {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) == 0 {
		r.t.Fatalf("Redis wrote no append-only file: %v", err)
	}
	if err := cut(files[len(files)-1], 1+chance.Int64N(4096)); err != nil {
		r.t.Fatal(err)
	}
}
