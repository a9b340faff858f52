package trust_test

import (
	"net/http"
	"strings"
	"sync/atomic"
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
		outage, soon := 20*time.Second, 10*time.Second
		if t.full {
			outage, soon = 3*time.Minute, aside
		}
		var asked texting
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: hasty, behaviour: quiet(),
			faults: slowly(10*time.Millisecond, 60*time.Millisecond), met: asked.note,
		})
		r.apply(mixed(channels.SMS))
		r.settle(t.size)
		r.startFleet(3)
		r.begin(t.size)
		var down, up, open, alone time.Time
		var before, after texted // by when the breaker was open, and from when nothing is under way any more
		r.rest(30*time.Minute, t.size, func() {
			now := time.Now()
			switch {
			case down.IsZero() && r.accepted.len() >= t.size/10:
				r.sandbox.SetFaults(sandbox.Fault{Kind: sandbox.Down, Rate: 1})
				down, before = now, asked.read()
			case down.IsZero() || !up.IsZero():
			case open.IsZero() && r.waiting() > 0:
				open, before = now, asked.read().since(before)
			case alone.IsZero() && !open.IsZero() && now.Sub(open) >= aside:
				alone, after = now, asked.read()
			case now.Sub(down) >= outage:
				r.sandbox.SetFaults()
				up, after = now, asked.read().since(after)
				if t.promise(!alone.IsZero(), "the breaker did not open in time to be watched"); alone.IsZero() {
					return
				}
				t.show("open after %s", open.Sub(down).Round(100*time.Millisecond))
				t.show("%d messages tried before, %d in the %s that began %s after, with %d probes and %d looks for evidence",
					before.sends, after.sends, up.Sub(alone).Round(time.Second), aside, after.probes, after.looks)
				t.promise(open.Sub(down) <= soon, "the breaker opened after %s", open.Sub(down))
				t.promise(after.sends+after.probes <= int64(up.Sub(alone)/time.Second)+1, "%d messages and %d probes in %s while it was open", after.sends, after.probes, up.Sub(alone))
				t.promise(after.probes > 0, "nobody probed")
			}
		})
		r.resolve(time.Minute, t.size)
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.promise(!up.IsZero(), "the outage did not happen")
	},
}

// aside is how long after a breaker has opened what was under way may still come:
// as long as a call may last.
const aside = 2 * time.Second

// texting counts what the text provider is asked for, whatever becomes of it.
type texting struct{ sends, probes, looks atomic.Int64 }

// texted is what was asked for by a moment, or since one.
type texted struct {
	sends  int64
	probes int64 // for the newest text, whoever has it
	looks  int64 // for the texts that one number was sent, which ends a doubt
}

func (a *texting) note(r *http.Request) {
	switch {
	case !strings.HasSuffix(r.URL.Path, "/Messages.json"):
	case r.Method == http.MethodPost:
		a.sends.Add(1)
	case r.URL.Query().Has("To"):
		a.looks.Add(1)
	default:
		a.probes.Add(1)
	}
}

func (a *texting) read() texted { return texted{a.sends.Load(), a.probes.Load(), a.looks.Load()} }

func (a texted) since(b texted) texted {
	return texted{a.sends - b.sends, a.probes - b.probes, a.looks - b.looks}
}

// waiting is how many messages wait because their provider is down.
func (r *rig) waiting() int {
	return r.number(`SELECT COUNT(*) FROM deliveries WHERE status = 'planned' AND reason = 'provider_down'`)
}
