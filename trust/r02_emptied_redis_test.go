package trust_test

import (
	"slices"
	"time"

	"rapport/channels"
	"rapport/store/storetest"
)

// emptiedRedis: a Redis that forgets everything costs time and no message.
var emptiedRedis = row{
	id: "R2", fault: "Redis killed and restarted empty at 25, 50 and 75 %", quick: 4_000, full: 100_000,
	play: func(t *trial) {
		by := []channels.Channel{channels.Email, channels.SMS, channels.Push}
		t.size -= t.size % len(by)
		people := t.size / len(by)
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: hasty, behaviour: quiet(),
			faults: slowly(5*time.Millisecond, 100*time.Millisecond),
		})
		r.apply(mixed(by...))
		r.settle(people)
		r.startFleet(3)
		pace := r.watchPace()
		r.begin(people)
		emptied := 0
		r.rest(40*time.Minute, people, func() {
			pace.look()
			if emptied < 3 && r.accepted.len() >= (emptied+1)*t.size/4 {
				emptied++
				r.redis.restart()
				pace.mark()
			}
		})
		r.resolve(time.Minute, people)
		t.show("Redis emptied %d times", emptied)
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.promise(emptied == 3, "Redis was emptied %d times of 3", emptied)
		worst := slices.Max(pace.recoveries())
		t.show("full rate again after %s", worst.Round(100*time.Millisecond))
		t.promise(worst <= time.Minute, "it took %s until the full rate came again", worst)
	},
}

// pace watches how fast messages are accepted, second by second.
type pace struct {
	rig     *rig
	seconds []int // accepted in each
	last    int
	until   time.Time
	marks   []int // seconds at which something broke
}

func (r *rig) watchPace() *pace { return &pace{rig: r, until: time.Now().Add(time.Second)} }

// look counts; it is called more often than once a second, or catches up.
func (p *pace) look() {
	for now := time.Now(); !now.Before(p.until); p.until = p.until.Add(time.Second) {
		n := p.rig.accepted.len()
		p.seconds, p.last = append(p.seconds, n-p.last), n
	}
}

func (p *pace) mark() { p.marks = append(p.marks, len(p.seconds)) }

// recoveries are how long it took after each mark until a second was as good as
// half of the median one before it; what never was again before the end counts
// as the rest of the time.
func (p *pace) recoveries() []time.Duration {
	found := []time.Duration{0}
	for _, mark := range p.marks {
		var before []int
		for _, n := range p.seconds[:mark] {
			if n > 0 {
				before = append(before, n)
			}
		}
		if len(before) == 0 {
			continue
		}
		slices.Sort(before)
		usual := before[len(before)/2]
		after := slices.IndexFunc(p.seconds[min(mark+1, len(p.seconds)):], func(n int) bool { return n >= usual*9/10 })
		if after < 0 {
			after = len(p.seconds) - mark
		}
		found = append(found, time.Duration(after+1)*time.Second)
	}
	return found
}
