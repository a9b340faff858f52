package webhooks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

func identityMAC(writeKey, userID, seconds string) string {
	sum := hmac.New(sha256.New, []byte(writeKey))
	sum.Write([]byte("identity:" + userID + ":" + seconds))
	return hex.EncodeToString(sum.Sum(nil))
}

// longestIdentity is how far ahead an identity may expire.
const longestIdentity = 24 * time.Hour

// identified reports whether an identity is genuine for a customer and not over.
// A shop's server signs it for the customer's own page, so that the page may say
// whose browser it is: EXPIRES.MAC, where EXPIRES is a Unix time in seconds and MAC
// the lower-case hex HMAC-SHA256, under the write key, of "identity:USERID:EXPIRES".
// Whoever has no write key can sign for nobody.
func (i *Ingest) identified(userID, identity string, now time.Time) bool {
	seconds, mac, found := strings.Cut(identity, ".")
	expires, err := strconv.ParseInt(seconds, 10, 64)
	if !found || err != nil || userID == "" {
		return false
	}
	if at := time.Unix(expires, 0); now.After(at) || at.After(now.Add(longestIdentity)) {
		return false
	}
	genuine := false
	for _, key := range i.WriteKeys {
		genuine = key != "" && hmac.Equal([]byte(mac), []byte(identityMAC(key, userID, seconds))) || genuine
	}
	return genuine
}
