package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"rapport/channels"
)

// Webhooks is the path under which every other system is stood in for: its host
// and the path of its own follow.
const Webhooks = "/webhooks"

var hookVoice = voice{
	limited: func() answer { return answer{status: http.StatusTooManyRequests} },
	broken:  func(status int) answer { return answer{status: status} },
}

// hookLimit is the largest body a receiver commonly takes.
const hookLimit = 256 << 10

// hear is POST /webhooks/{host}/{path...}: another system, which takes whatever is
// signed as Standard Webhooks says. It knows no secret and checks no signature.
func (s *Sandbox) hear(w http.ResponseWriter, r *http.Request) {
	s.tally.requests.Add(1)
	body, whole := bodyOf(w, r, hookLimit)
	if !whole {
		answer{status: http.StatusRequestEntityTooLarge}.write(w)
		return
	}
	id := r.Header.Get("Webhook-Id")
	if id == "" || r.Header.Get("Webhook-Timestamp") == "" || !strings.HasPrefix(r.Header.Get("Webhook-Signature"), "v1,") {
		answer{status: http.StatusBadRequest}.write(w)
		return
	}
	c := s.ordinals.next(s.chance(string(channels.Webhook), id))
	fault := s.faults.pick(channels.Webhook, c)
	if fault.Kind != "" && !fault.Kind.takes() {
		fault.refuse(w, hookVoice)
		return
	}
	sum := sha256.Sum256(body)
	delivery, _ := strconv.ParseInt(strings.TrimPrefix(id, "dlv_"), 10, 64)
	line := Accepted{
		At: s.now(), Channel: channels.Webhook, ProviderID: id, Delivery: delivery,
		To: r.PathValue("host"), Body: hex.EncodeToString(sum[:8]), Fault: fault.Kind,
	}
	if err := s.journal.append(line); err != nil {
		hookVoice.broken(http.StatusInternalServerError).write(w)
		return
	}
	s.tally.accept(channels.Webhook, 1)
	fault.spoil(w, r, c, hookVoice, answer{status: http.StatusNoContent})
}
