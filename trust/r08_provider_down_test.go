package trust_test

import (
	"time"

	"rapport/channels"
	"rapport/sandbox"
	"rapport/store/storetest"
)

// providerDown: a provider that answers nothing is left alone but for a probe a
// second, which is no message where there is something that costs nothing, and
// what waited goes out when it is back.
var providerDown = row{
	id: "R8", fault: "the text provider down for a while", quick: 1_200, full: 20_000,
	play: func(t *trial) {
		outage := 20 * time.Second
		if t.full {
			outage = 3 * time.Minute
		}
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: hasty, behaviour: quiet(),
			faults: slowly(10*time.Millisecond, 60*time.Millisecond),
		})
		r.apply(mixed(channels.SMS))
		r.settle(t.size)
		r.startFleet(3)
		r.begin(t.size)
		var down, up, open time.Time
		var asked, atOpen int64 // requests when it went down, and when the breaker was open
		r.rest(30*time.Minute, t.size, func() {
			now, requests := time.Now(), r.sandbox.Tally().Requests
			switch {
			case down.IsZero() && r.accepted.len() >= t.size/10:
				r.sandbox.SetFaults(sandbox.Fault{Kind: sandbox.Down, Rate: 1})
				down, asked = now, requests
			case down.IsZero() || !up.IsZero():
			case open.IsZero() && r.waiting() > 0:
				open, atOpen = now, requests
			case now.Sub(down) >= outage:
				up = now
				t.show("open after %s", open.Sub(down).Round(100*time.Millisecond))
				t.show("%d messages tried before, %d in the %s after", atOpen-asked, requests-atOpen, up.Sub(open).Round(time.Second))
				t.promise(!open.IsZero() && open.Sub(down) <= 10*time.Second, "the breaker opened after %s", open.Sub(down))
				// What was in flight when it opened arrives after it.
				t.promise(requests-atOpen <= int64(up.Sub(open)/time.Second)+1+3*inFlight, "%d requests while it was open", requests-atOpen)
				r.sandbox.SetFaults()
			}
		})
		r.resolve(time.Minute, t.size)
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.promise(!up.IsZero(), "the outage did not happen")
	},
}

// waiting is how many messages wait because their provider is down.
func (r *rig) waiting() int {
	return r.number(`SELECT COUNT(*) FROM deliveries WHERE status = 'planned' AND reason = 'provider_down'`)
}
