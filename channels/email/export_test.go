package email

import (
	"net/http"
	"time"

	"rapport/channels"
)

// Carried is how many messages a connection carries.
const Carried = longestLine

// KeepFor sets how long a relay's idle connections are kept.
func KeepFor(s channels.Sender, d time.Duration) { s.(*relay).lines.keepFor = d }

// Kept is how many idle connections there are.
func Kept(s channels.Sender) int {
	lines := s.(*relay).lines
	lines.mu.Lock()
	defer lines.mu.Unlock()
	return len(lines.idle)
}

// Through lets requests to SendGrid leave by another way.
func Through(s channels.Sender, way http.RoundTripper) { s.(*mails).client.HTTPClient.Transport = way }
