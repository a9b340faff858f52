package trust_test

import (
	"slices"
	"time"
)

// crashedPostgres: what was committed is there after the crash, what was not
// never happened, and the program goes on by itself.
var crashedPostgres = row{
	id: "R5", fault: "PostgreSQL crashed and restarted every 20 s", quick: 3_000, full: 70_000, // fewer are gone before the fifteenth crash
	play: func(t *trial) {
		need, most, every := 2, 4, 3*time.Second
		if t.full {
			need, most, every = 15, t.size, 20*time.Second
		}
		people := t.size / len(everyChannel)
		postgres := t.startPostgres()
		r := t.newRig(setting{
			dsn: postgres.dsn(), redis: t.startRedis(false), times: hasty, behaviour: late(),
			// So slow that the crashes find something to do.
			faults: slowly(200*time.Millisecond, 1500*time.Millisecond),
		})
		r.apply(mixed(everyChannel...))
		r.settle(people)
		r.startFleet(3)
		r.begin(people)
		var crashes int
		var recoveries []time.Duration
		var next, up time.Time
		at, before := 0, 0 // accepted when it was up again, and at the last look
		r.rest(60*time.Minute, people, func() {
			n := r.accepted.len()
			if !up.IsZero() && n > at {
				recoveries, up = append(recoveries, time.Since(up)), time.Time{}
			}
			if next.IsZero() && n > 0 {
				next = time.Now().Add(every)
			}
			sending := n > before // a window has just begun, and its mark is young
			before = n
			if !sending || crashes == most || next.IsZero() || time.Now().Before(next) || n >= t.size*9/10 {
				return
			}
			postgres.crash()
			crashes++
			// What was in flight is accepted yet without a database.
			time.Sleep(time.Second)
			at, up, next = r.accepted.len(), time.Now().Add(-time.Second), time.Now().Add(every)
		})
		r.resolve(time.Minute, people)
		t.show("%d crashes", crashes)
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.promise(crashes >= need, "only %d crashes", crashes)
		if len(recoveries) > 0 {
			worst := slices.Max(recoveries)
			t.show("sending again after %s at most", worst.Round(100*time.Millisecond))
			t.promise(worst <= 10*time.Second, "it took %s until messages went out again", worst)
		}
	},
}
