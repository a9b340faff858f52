package email

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
	"pgregory.net/rapid"
)

// Whatever space a body and a subject hold, others who verify the signature come to
// the same form of it (RFC 6376 §3.4).
func TestSpaceOfEveryKindIsSignedAsOthersReadIt(t *testing.T) {
	key := dkimKey{domain: "shop.example", selector: "e1", signer: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}
	record, err := Record(key.signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	check := func(t interface{ Fatalf(string, ...any) }, subject, body string) {
		raw := []byte("From: Shop <hello@shop.example>\r\nSubject: a" + subject + "b\r\n\r\n" + body)
		signatures, err := sign(raw, "hello@shop.example", []dkimKey{key}, time.Now())
		if err != nil {
			t.Fatalf("%v", err)
		}
		found, err := dkim.VerifyWithOptions(bytes.NewReader(append(signatures, raw...)), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
			if name != "e1._domainkey.shop.example" {
				return nil, errors.New("no such name")
			}
			return []string{record}, nil
		}})
		if err != nil || len(found) != 1 || found[0].Err != nil {
			t.Fatalf("subject %q, body %q: %v, %+v", subject, body, err, found)
		}
	}
	for _, body := range []string{
		"a \tb\r\n", "a\t b\r\n", " \ta\r\n", "\ta\tb\t\tc\r\n", "a  \t  b \t\r\n", "a \t \r\n \t\r\n\r\n", "\r\n \tb", "a b  c\td \te\r\n",
	} {
		check(t, " ", body)
	}
	words := rapid.SliceOfN(rapid.SampledFrom([]string{" ", "\t", "a", "b.", "\r\n"}), 0, 40)
	spaces := rapid.SliceOfN(rapid.SampledFrom([]string{" ", "\t", "c", "\r\n d"}), 0, 8)
	rapid.Check(t, func(r *rapid.T) {
		check(r, strings.Join(spaces.Draw(r, "subject"), ""), strings.Join(words.Draw(r, "body"), "")+"\r\n")
	})
}
