package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// vapidAhead is how far ahead a proof may expire (RFC 8292 §2).
const vapidAhead = 24 * time.Hour

// vouch checks the sender's proof (RFC 8292) and says what is wrong with it, ""
// when nothing is. Senders repeat a proof for hours, so one that was checked is
// remembered.
func (s *Sandbox) vouch(r *http.Request) string {
	authorization := r.Header.Get("Authorization")
	now := s.now()
	if until, known := s.vouched.Load(authorization); known && now.Before(until.(time.Time)) {
		return ""
	}
	until, wrong := s.checkVAPID(authorization, r.Host, now)
	if wrong == "" {
		s.vouched.Store(authorization, until)
	}
	return wrong
}

func (s *Sandbox) checkVAPID(authorization, host string, now time.Time) (until time.Time, wrong string) {
	scheme, parameters, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "vapid") {
		return until, "Request did not validate missing authorization header"
	}
	var token, key string
	for parameter := range strings.SplitSeq(parameters, ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(parameter), "="); name {
		case "t":
			token = value
		case "k":
			key = value
		}
	}
	claims, genuine := openJWT(token, key)
	origin := "http://" + host
	if s.options.SelfURL != "" {
		origin = s.options.SelfURL
	}
	until = time.Unix(claims.Expires, 0).UTC()
	switch {
	case !genuine:
		wrong = "Invalid authorization token"
	case claims.Audience != origin:
		wrong = "Invalid audience in the authorization token"
	case !until.After(now) || until.Sub(now) > vapidAhead:
		wrong = "Invalid expiry in the authorization token"
	case claims.Subject != "" && !strings.HasPrefix(claims.Subject, "mailto:") && !strings.HasPrefix(claims.Subject, "https:"):
		wrong = "Invalid subject in the authorization token"
	}
	return until, wrong
}

type vapidClaims struct {
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	Subject  string `json:"sub"`
}

// openJWT reads an ES256 token and checks it against the key it came with.
func openJWT(token, key string) (claims vapidClaims, genuine bool) {
	var header struct {
		Algorithm string `json:"alg"`
	}
	last := strings.LastIndexByte(token, '.')
	if last < 0 {
		return claims, false
	}
	head, body, _ := strings.Cut(token[:last], ".")
	if !decodePart(head, &header) || header.Algorithm != "ES256" || !decodePart(body, &claims) {
		return claims, false
	}
	point, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(key, "="))
	if err != nil {
		return claims, false
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return claims, false
	}
	raw, err := base64.RawURLEncoding.DecodeString(token[last+1:])
	if err != nil || len(raw) != 64 {
		return claims, false
	}
	hash := sha256.Sum256([]byte(token[:last]))
	return claims, ecdsa.Verify(public, hash[:], new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:]))
}

func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}
