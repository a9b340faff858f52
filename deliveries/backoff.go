package deliveries

import "time"

const (
	firstPause   = 30 * time.Second
	longestPause = time.Hour
)

// Backoff is how long a delivery that was certainly not sent waits before its
// next attempt: 30 s, doubling to an hour, spread by up to a quarter over the
// deliveries so that they do not return in one wave. asked is the provider's
// own wish (Retry-After), which is never cut short, and spread too.
func Backoff(d Delivery, asked time.Duration) time.Duration {
	pause := firstPause << min(max(d.Attempts-1, 0), 10)
	pause = min(pause, longestPause)
	if asked >= pause {
		return asked + Spread(d, min(max(asked/4, time.Second), 10*time.Second))
	}
	return max(pause+Spread(d, pause/4), asked)
}

// Spread is a delivery's own part of a span of time, always the same, by which
// deliveries that would all be due at one instant come one after the other.
func Spread(d Delivery, over time.Duration) time.Duration {
	return time.Duration(uint64(d.ID)*0x9E3779B97F4A7C15>>40) * over >> 24
}
