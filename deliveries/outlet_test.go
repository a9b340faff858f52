package deliveries_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/deliveries"
)

func TestWhatBringsAnOutletDown(t *testing.T) {
	ill, well := deliveries.Signs{Ill: 1}, deliveries.Signs{Well: 1}
	many := func(s deliveries.Signs, n int) (all []deliveries.Signs) {
		for range n {
			all = append(all, s)
		}
		return all
	}
	for _, c := range []struct {
		name  string
		signs []deliveries.Signs
		apart time.Duration
		down  bool
	}{
		{"four failures", many(ill, 4), time.Second, false},
		{"five failures", many(ill, 5), time.Second, true},
		{"five failures over hours", many(ill, 5), time.Hour, true},
		{"failures with a success between", append(append(many(ill, 4), well), many(ill, 4)...), time.Second, false},
		{"a window in which half fails", []deliveries.Signs{{Well: 10, Ill: 10}}, 0, true},
		{"a window in which less than half fails", []deliveries.Signs{{Well: 11, Ill: 10}}, 0, false},
		{"a small window in which half fails", []deliveries.Signs{{Well: 4, Ill: 4}}, 0, false},
		{"small windows in which half fails", many(deliveries.Signs{Well: 4, Ill: 4}, 3), time.Second, true},
		{"the same, far apart", many(deliveries.Signs{Well: 4, Ill: 4}, 9), 10 * time.Second, false},
		{"a refused account", []deliveries.Signs{{Well: 50, Refused: true}}, 0, true},
		{"a wish to wait", many(deliveries.Signs{Well: 1, Limited: true}, 50), time.Second, false},
	} {
		h, now := deliveries.Health{}, noon
		for _, s := range c.signs {
			h = h.After(s, now)
			now = now.Add(c.apart)
		}
		if h.Down != c.down {
			t.Errorf("%s: down is %v: %+v", c.name, h.Down, h)
		}
	}
}

func TestAPauseIsAsLongAsWishedAndNotForEver(t *testing.T) {
	for wish, want := range map[time.Duration]time.Duration{0: 2 * time.Second, time.Minute: time.Minute, 24 * time.Hour: 15 * time.Minute} {
		h := deliveries.Health{}.After(deliveries.Signs{Well: 1, Limited: true, Wish: wish}, noon)
		if got := h.PausedUntil.Sub(noon); got != want {
			t.Errorf("a wish of %s is a pause of %s", wish, got)
		}
		if shorter := h.After(deliveries.Signs{Limited: true, Wish: time.Second}, noon); shorter.PausedUntil.Before(h.PausedUntil) {
			t.Error("a shorter wish cuts a longer pause")
		}
		if _, a := h.Admit(noon); a.Free || a.Probe || !a.Until.Equal(h.PausedUntil) {
			t.Errorf("meanwhile %+v", a)
		}
	}
}

// However workers ask and whatever they see: there is one probe at a time, at
// most one a second, and only a good one brings the outlet up.
func TestProbesAreSingle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := deliveries.Health{}.After(deliveries.Signs{Ill: 9}, noon)
		now, probing, last := noon, false, noon.Add(-time.Hour)
		for range rapid.IntRange(1, 60).Draw(t, "turns") {
			now = now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "ms")) * time.Millisecond)
			if !h.Down {
				return
			}
			if rapid.Bool().Draw(t, "straggler") { // from before the outage
				h = h.After(deliveries.Signs{Well: 3}, now)
				if !h.Down {
					t.Fatal("a message from before the outage ended it")
				}
			}
			lost := now.Sub(last) >= 20*time.Second
			var a deliveries.Admission
			h, a = h.Admit(now)
			switch {
			case a.Free:
				t.Fatal("it is down, and everything may leave")
			case a.Probe && probing && !lost:
				t.Fatal("two probes at once")
			case a.Probe && now.Sub(last) < time.Second:
				t.Fatalf("two probes within %s", now.Sub(last))
			case a.Probe:
				probing, last = true, now
			case !a.Until.After(now):
				t.Fatalf("come back at %s, which is past", a.Until)
			}
			if probing && rapid.Bool().Draw(t, "ends") {
				well := rapid.Bool().Draw(t, "well")
				signs := deliveries.Signs{Probe: true, Ill: 1}
				if well {
					signs = deliveries.Signs{Probe: true, Well: 1}
				}
				if h = h.After(signs, now); h.Down == well {
					t.Fatalf("after a probe that went well (%v): %+v", well, h)
				}
				probing = false
			}
		}
	})
}
