package trust_test

import (
	"slices"
	"testing"
	"time"

	"rapport/channels"
	"rapport/store/storetest"
)

// emptiedRedis: a Redis that forgets everything costs time and no message. Leases are
// as long as they usually are, so that nothing waits for their end: what Redis lost
// is put into it again.
var emptiedRedis = row{
	id: "R2", fault: "Redis killed and restarted empty at 25, 50 and 75 %", quick: 4_000, full: 100_000,
	play: func(t *trial) {
		by := []channels.Channel{channels.Email, channels.SMS, channels.Push}
		t.size -= t.size % len(by)
		people := t.size / len(by)
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: ordinary, behaviour: quiet(),
			faults: slowly(5*time.Millisecond, 100*time.Millisecond),
		})
		r.apply(mixed(by...))
		r.settle(people)
		r.startFleet(3)
		pace := r.watchPace()
		r.begin(people)
		emptied, lost := 0, map[int64]time.Time{} // since when there is a Redis again that does not know of them
		r.rest(40*time.Minute, people, func() {
			pace.look()
			if emptied < 3 && r.accepted.len() >= (emptied+1)*t.size/4 {
				emptied++
				r.redis.kill()
				forgotten := r.ids(`SELECT id FROM deliveries WHERE status = 'queued' AND fence IS NULL`)
				r.redis.start()
				for _, id := range forgotten {
					lost[id] = time.Now()
				}
				pace.mark()
			}
		})
		r.resolve(time.Minute, people)
		t.show("Redis emptied %d times, of %d messages that nobody had claimed", emptied, len(lost))
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.promise(r.held == 0, byHandWords, r.held)
		t.promise(emptied == 3, "Redis was emptied %d times of 3", emptied)
		worst := slices.Max(pace.recoveries())
		truth, last := r.outside(), time.Duration(0)
		for id, since := range lost {
			last = max(last, truth.latest[id].Sub(since))
		}
		t.show("full rate again after %s, the last that it lost was accepted after %s", worst.Round(100*time.Millisecond), last.Round(100*time.Millisecond))
		t.promise(len(lost) > 0, "Redis lost nothing; the run proves little")
		t.promise(last <= time.Minute, "what Redis lost was accepted after %s only", last)
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

// steady is how many good seconds in a row are a rate, and not what workers had
// claimed before.
const steady = 3

// recoveries are how long it took after each mark until so many seconds in a row
// began of which each was nine tenths as good as the median one before it; what
// never was again before the end counts as the rest of the time.
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
		usual, good := before[len(before)/2], 0
		took := len(p.seconds) - mark
		for n, accepted := range p.seconds[min(mark+1, len(p.seconds)):] {
			if good++; accepted < usual*9/10 {
				good = 0
			}
			if good == steady {
				took = n + 1 - steady
				break
			}
		}
		found = append(found, time.Duration(took+1)*time.Second)
	}
	return found
}

// One good second is no rate.
func TestARateIsMoreThanAGoodSecond(t *testing.T) {
	for _, c := range []struct {
		name    string
		seconds []int
		want    time.Duration
	}{
		{"at once", []int{10, 10, 0, 10, 10, 10, 10}, time.Second},
		{"one good second and a pause", []int{10, 10, 0, 10, 0, 0, 9, 12, 10, 1}, 4 * time.Second},
		{"never again", []int{10, 10, 0, 10, 10, 0, 10}, 6 * time.Second},
		{"the end", []int{10, 10}, time.Second},
	} {
		p := pace{seconds: c.seconds, marks: []int{2}}
		if got := p.recoveries()[1]; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
