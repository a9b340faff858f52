package channels

import (
	"net/http"
	"testing"
	"time"

	"rapport/trust/bounds"
)

// FuzzRetryAfter holds that whatever a provider asks for, nobody waits longer than a
// day for it.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range [][3]string{
		{"30", "", ""}, {"Sun, 22 Nov 2026 12:00:30 GMT", "Sun, 22 Nov 2026 12:00:00 GMT", ""}, {"", "Sun, 22 Nov 2026 12:00:00 GMT", "1795348860"}, {"-1", "x", "9223372036854775807"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, after, date, reset string) {
		defer bounds.Watch(t)()
		wait := RetryAfter(http.Header{"Retry-After": {after}, "Date": {date}, "X-Ratelimit-Reset": {reset}})
		if wait < 0 || wait > 24*time.Hour {
			t.Errorf("%q at %q, reset %q: a wait of %s", after, date, reset, wait)
		}
		MachineVisit(http.MethodGet, after)
	})
}
