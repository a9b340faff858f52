package store

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"
)

// fingerprint stands for an event's key where PostgreSQL knows it again: sixteen
// bytes that outlive the event, from which nobody reads who it was about.
//
// Keys of ours hold a number that grows, of a delivery, an entry or a case, and
// most of the timeline is such lines. It leads the fingerprint, so that what is
// written together lies together in the index, however large that has grown:
// entries in random order would each touch a page of their own. 00016_timeline.sql
// computes the same.
type fingerprint struct{ number, digest int64 }

// fingerprintOf is the fingerprint of a key; the zero one of none.
func fingerprintOf(key string) fingerprint {
	if key == "" {
		return fingerprint{}
	}
	sum := sha256.Sum256([]byte(key))
	f := fingerprint{
		number: int64(binary.BigEndian.Uint64(sum[8:16])),
		digest: int64(binary.BigEndian.Uint64(sum[:8])),
	}
	if number, found := numberIn(key); found {
		f.number = number
	}
	return f
}

// numberIn is the first field of a key, after the one that says what it is the
// key of, that is all digits: 812 in "delivery:812:sent:1" and in
// "report:email|812|opened".
func numberIn(key string) (int64, bool) {
	const longest = 18 // digits that any int64 holds
	for {
		at := strings.IndexAny(key, ":|")
		if at < 0 {
			return 0, false
		}
		key = key[at+1:]
		field := key
		if end := strings.IndexAny(key, ":|"); end >= 0 {
			field = key[:end]
		}
		if len(field) > longest || strings.Trim(field, "0123456789") != "" {
			continue
		}
		if number, err := strconv.ParseInt(field, 10, 64); err == nil {
			return number, true
		}
	}
}
