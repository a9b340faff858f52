package channels

import (
	"testing"
	"time"
)

func TestNobodyIsPutThroughOutsideHours(t *testing.T) {
	day, night := Hours{9 * 60, 18 * 60}, Hours{22 * 60, 2 * 60}
	for _, c := range []struct {
		hours []Hours
		zone  string
		now   string
		want  bool
	}{
		{nil, "", "2026-12-01T03:00:00Z", true},
		{[]Hours{day}, "", "2026-12-01T09:00:00Z", true},
		{[]Hours{day}, "", "2026-12-01T08:59:59Z", false},
		{[]Hours{day}, "", "2026-12-01T18:00:00Z", false},
		{[]Hours{day}, "Europe/Berlin", "2026-12-01T08:00:00Z", true},
		{[]Hours{day}, "Europe/Berlin", "2026-12-01T17:30:00Z", false},
		{[]Hours{day}, "Europe/Berlin", "2026-07-01T16:30:00Z", false}, // summer
		{[]Hours{night}, "", "2026-12-01T23:00:00Z", true},
		{[]Hours{night}, "", "2026-12-01T01:59:00Z", true},
		{[]Hours{night}, "", "2026-12-01T02:00:00Z", false},
		{[]Hours{day, night}, "", "2026-12-01T22:00:00Z", true},
		{[]Hours{day}, "Europe/Nowhere", "2026-12-01T12:00:00Z", false},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		script := CallScript{Say: "Hello.", Transfer: &Transfer{To: "+493012345678", Hours: c.hours, Zone: c.zone}}
		if got := script.At(now).Transfer != nil; got != c.want {
			t.Errorf("%v %s at %s: put through %v, want %v", c.hours, c.zone, c.now, got, c.want)
		}
		if script.Transfer == nil {
			t.Error("the script itself was changed")
		}
	}
}
