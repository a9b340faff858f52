package store

import (
	"strings"
	"testing"

	"rapport/store/storetest/fresh"
)

// What the migration computes of old keys must be what is computed of new ones.
func TestBothComputeTheSameFingerprint(t *testing.T) {
	s := openMigrated(t, fresh.Postgres(t))
	for key, number := range map[string]int64{
		"delivery:812:sent:1":                          812,
		"report:email|812|opened|1700000000|a@b.c|":    812,
		"report:sms|SM0815|delivered|1700000000":       1700000000,
		"order:10023":                                  10023,
		"order:2024-0001":                              0,
		"segment:3f2504e0-4f89-11d3-9a0c-0305e82c3301": 0,
		"5:x":                                  0,
		"a::7":                                 7,
		"a:" + strings.Repeat("9", 18):         999999999999999999,
		"a:" + strings.Repeat("9", 19):         0,
		"a:" + strings.Repeat("9", 40) + ":6|": 6,
		"ق:5\n6:7":                             7,
		"x:\n8":                                0,
	} {
		want := fingerprintOf(key)
		if number != 0 && want.number != number {
			t.Errorf("%q: number %d, want %d", key, want.number, number)
		}
		var got fingerprint
		err := s.readers.QueryRowContext(t.Context(), "SELECT number, digest FROM "+fingerprintInSQL, key).Scan(&got.number, &got.digest)
		if err != nil || got != want {
			t.Errorf("%q: the migration has %v, %v, want %v", key, got, err, want)
		}
	}
}

// fingerprintInSQL is the expressions of 00016_timeline.sql.
const fingerprintInSQL = `(SELECT
	coalesce(substring(key FROM '[:|]([0-9]{1,18})(?:[:|]|$)')::BIGINT, ('x' || encode(substr(sha256(convert_to(key, 'UTF8')), 9, 8), 'hex'))::BIT(64)::BIGINT) AS number,
	('x' || encode(substr(sha256(convert_to(key, 'UTF8')), 1, 8), 'hex'))::BIT(64)::BIGINT AS digest FROM (SELECT $1::TEXT AS key) AS k) AS f`
