package webhooks

import (
	"strconv"
	"time"
)

// Identity is what a shop's server signs for a customer's own page.
func Identity(writeKey, userID string, expires time.Time) string {
	seconds := strconv.FormatInt(expires.Unix(), 10)
	return seconds + "." + identityMAC(writeKey, userID, seconds)
}
