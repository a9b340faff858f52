package deliveries

import "time"

const (
	firstPause   = 30 * time.Second
	longestPause = time.Hour
)

// Backoff is how long a delivery that was certainly not sent waits before its
// next attempt: 30 s, doubling to an hour, spread by up to a quarter over the
// deliveries so that they do not return in one wave. asked is the provider's
// own wish (Retry-After), which is never cut short.
func Backoff(d Delivery, asked time.Duration) time.Duration {
	pause := firstPause << min(max(d.Attempts-1, 0), 10)
	pause = min(pause, longestPause)
	spread := time.Duration(uint64(d.ID)*0x9E3779B97F4A7C15>>40) * pause / 4 >> 24
	return max(pause+spread, asked)
}
