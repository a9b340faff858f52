package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

const (
	prefix = "whsec_"
	// A secret is 24 to 64 random bytes (Standard Webhooks, signature scheme).
	shortest, longest = 24, 64
)

// GenerateSecret makes a signing secret in the form the settings and the
// receivers' libraries take.
func GenerateSecret() channels.Secret {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return channels.Secret(prefix + base64.StdEncoding.EncodeToString(key))
}

// signer signs with every secret in force: while one replaces another a
// receiver may know either.
type signer [][]byte

func newSigner(secrets []channels.Secret) (signer, error) {
	if len(secrets) == 0 {
		return nil, errors.New("secrets: there is none; a receiver could not tell us from anybody else")
	}
	keys := make(signer, len(secrets))
	for i, secret := range secrets {
		encoded, marked := strings.CutPrefix(string(secret), prefix)
		key, err := base64.StdEncoding.DecodeString(encoded)
		if !marked || err != nil || len(key) < shortest || len(key) > longest {
			return nil, fmt.Errorf("secrets: number %d is not %s and the base64 of %d to %d bytes", i+1, prefix, shortest, longest)
		}
		keys[i] = key
	}
	return keys, nil
}

// sign gives the header webhook-signature for an attempt made at a time.
func (s signer) sign(id string, at time.Time, body []byte) string {
	signatures := make([]string, len(s))
	for i, key := range s {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + timestamp(at) + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " ")
}

func timestamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
