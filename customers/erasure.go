package customers

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"rapport/channels"
)

// Erased is why an address is suppressed whose owner had their data erased (GDPR
// Article 17): whoever imports it again may keep it and may not write to it.
const Erased = "erased"

// veil begins what stands for an erased address on the suppression list.
const veil = "erased:"

// Veil is what stands on the suppression list for an address that must no longer
// be readable: the same for the same address and key, and of no use without the
// key.
func Veil(key []byte, ch channels.Channel, address string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(string(ch) + "\x00" + address))
	return veil + hex.EncodeToString(mac.Sum(nil))
}

// Alias is the name under which an erased customer's messages are still counted;
// key is random.
func Alias(key string) string { return veil + key }

// Erasure is what went when a customer was erased.
type Erasure struct {
	// Events, Orders and Subscriptions are gone; Messages and Journeys stay to be
	// counted, without a word in them and under no customer's name.
	Events        int64 `json:"events"`
	Orders        int64 `json:"orders"`
	Subscriptions int64 `json:"subscriptions"`
	Messages      int64 `json:"messages"`
	Journeys      int64 `json:"journeys"`
	// Stopped are the messages among them that were still to be sent.
	Stopped int64 `json:"stopped"`
	// Recordings are deleted by the workers within moments.
	Recordings int64 `json:"recordings"`
	// Twins are other profiles with the same address or number. They are not erased.
	Twins []string `json:"twins,omitempty"`
}

// Eraser forgets customers for good.
type Eraser interface {
	// Erase forgets a customer in one step: profile, consents, timeline, orders,
	// browsers, answers and cases' words. What was still to be sent is not sent. What
	// was sent stays countable under the name alias, which tells nothing. The
	// addresses stay suppressed, veiled. What is only named by the id, without a profile,
	// goes too; ErrUnknown when nothing names it.
	Erase(ctx context.Context, id, alias string, now time.Time) (Erasure, error)
}
