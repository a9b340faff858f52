package workers

import (
	"math/rand/v2"
	"testing"
	"time"

	"rapport/deliveries"
)

// Half of all messages shows that a provider is ill, not half of those near a
// failure: with one message in a window, each failure is followed by what went well.
func TestAFewFailuresAreNoOutage(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	chance := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		ill  float64
		down bool
	}{{0.05, false}, {0.8, true}} {
		var h deliveries.Health
		for n := 0; n < 20*600 && !h.Down; n++ { // twenty a second
			at, signs := now.Add(time.Duration(n)*50*time.Millisecond), deliveries.Signs{Well: 1}
			if chance.Float64() < c.ill {
				signs = deliveries.Signs{Ill: 1}
			}
			if !idle(signs, h, at) {
				h = h.After(signs, at)
			}
		}
		if h.Down != c.down {
			t.Errorf("with %g of all ill: %+v", c.ill, h)
		}
	}
}
