package email_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"rapport/channels"
	"rapport/channels/channeltest"
	"rapport/channels/email"
)

// pemOf is a private key as operators have it.
func pemOf(t *testing.T, key any) channels.Secret {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return channels.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// zone is what DNS knows of keys, by selector._domainkey.domain.
type zone map[string]string

func (z zone) publish(t *testing.T, name string, public crypto.PublicKey) {
	t.Helper()
	record, err := email.Record(public)
	if err != nil {
		t.Fatal(err)
	}
	z[name] = record
}

func (z zone) verify(t *testing.T, raw []byte) []*dkim.Verification {
	t.Helper()
	found, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
		record, there := z[name]
		if !there {
			return nil, errors.New("no such name: " + name)
		}
		return []string{record}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// keys are one RSA and one Ed25519 key for shop.example, and one for a domain
// that is somebody else's.
func keys(t *testing.T) ([]email.DKIM, zone) {
	t.Helper()
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, short, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte(pemOf(t, long)), 0o600); err != nil {
		t.Fatal(err)
	}
	z := zone{}
	z.publish(t, "r1._domainkey.shop.example", long.Public())
	z.publish(t, "e1._domainkey.shop.example", short.Public())
	return []email.DKIM{
		{Domain: "shop.example", Selector: "r1", KeyFile: file},
		{Domain: "Shop.example", Selector: "e1", Key: pemOf(t, short)},
		{Domain: "other.example", Selector: "e1", Key: pemOf(t, short)},
	}, z
}

// signedBy sends a message signed by keys and gives what arrived.
func signedBy(t *testing.T, k []email.DKIM, m channels.Message) []byte {
	t.Helper()
	r := channeltest.NewRelay(t, channeltest.Habits{})
	s := settings(t, r.URL())
	s.DKIM = k
	if _, err := relayed(t, s).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return r.Letters()[0].Raw
}

func TestBothKeysOfTheDomainSign(t *testing.T) {
	k, z := keys(t)
	for _, from := range []string{"Shop <hello@shop.example>", "Shop <hello@news.Shop.example>"} {
		m := whole()
		m.From = from
		raw := signedBy(t, k, m)
		found := z.verify(t, raw)
		if len(found) != 2 {
			t.Fatalf("%d signatures", len(found))
		}
		for _, v := range found {
			if v.Err != nil || v.Domain != "shop.example" {
				t.Errorf("%s: %v", v.Domain, v.Err)
			}
		}
		for _, change := range []struct{ what, old, new string }{
			{"the way out", "/u/token-of-ada", "/u/token-of-eve"},
			{"the promise of one click", "List-Unsubscribe=One-Click", "List-Unsubscribe=Not-At-All"},
			{"the subject", "How was it?", "How was that?"},
			{"a second sender", "From: ", "From: <eve@evil.example>\r\nFrom: "},
			{"the content", "Hello", "Hullo"},
		} {
			altered := bytes.Replace(raw, []byte("\r\n"+change.old), []byte("\r\n"+change.new), 1)
			if bytes.Equal(altered, raw) {
				altered = bytes.Replace(raw, []byte(change.old), []byte(change.new), 1)
			}
			for _, v := range z.verify(t, altered) {
				if v.Err == nil {
					t.Errorf("%s can be altered", change.what)
				}
			}
		}
	}
}

// TestOneClickIsCovered holds a letter against the list of RFC 8058's musts.
func TestOneClickIsCovered(t *testing.T) {
	raw, err := os.ReadFile("../../../shared/vectors/email/rfc8058_checks.json")
	if err != nil {
		t.Skip("the vectors are not here: ", err)
	}
	var checks struct {
		Musts []string `json:"message_must"`
	}
	if err := json.Unmarshal(raw, &checks); err != nil || len(checks.Musts) != 4 {
		t.Fatalf("%d musts, %v: this test knows four", len(checks.Musts), err)
	}
	k, z := keys(t)
	letter := signedBy(t, k, whole())
	head := string(letter[:bytes.Index(letter, []byte("\r\n\r\n"))]) + "\r\n"
	if !strings.Contains(head, "\r\nList-Unsubscribe: <https://") || !strings.Contains(head, "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n") {
		t.Errorf("the fields are\n%s", head)
	}
	for _, v := range z.verify(t, letter) {
		for _, name := range []string{"List-Unsubscribe", "List-Unsubscribe-Post"} {
			if !slices.Contains(v.HeaderKeys, name) {
				t.Errorf("h= lacks %s: %v", name, v.HeaderKeys)
			}
		}
		if n := len(slices.DeleteFunc(slices.Clone(v.HeaderKeys), func(k string) bool { return k != "From" })); n != 2 {
			t.Errorf("From is signed %d times", n)
		}
	}
}

func TestNothingLeavesUnderKeysOfOthers(t *testing.T) {
	k, _ := keys(t)
	r := channeltest.NewRelay(t, channeltest.Habits{})
	s := settings(t, r.URL())
	s.DKIM = k[2:]
	_, err := relayed(t, s).Send(t.Context(), whole())
	if refused := asRefused(t, err); refused.Suppress || len(r.Letters()) != 0 {
		t.Errorf("got %+v", refused)
	}
}

func TestKeysThatAreNone(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good, _ := keys(t)
	for _, c := range []struct {
		name string
		key  email.DKIM
		says string
	}{
		{"none", email.DKIM{Domain: "shop.example", Selector: "a"}, "dkim[0]: give one of key and key_file"},
		{"two", email.DKIM{Domain: "shop.example", Selector: "a", Key: good[1].Key, KeyFile: "x"}, "dkim[0]: give one of key and key_file"},
		{"no file", email.DKIM{Domain: "shop.example", Selector: "a", KeyFile: "/nowhere"}, "dkim[0]: key_file"},
		{"not PEM", email.DKIM{Domain: "shop.example", Selector: "a", Key: "hush"}, "dkim[0]: the key is not in PEM"},
		{"weak", email.DKIM{Domain: "shop.example", Selector: "a", Key: pemOf(t, weak)}, "1024 bits"},
		{"domain", email.DKIM{Domain: "shop example", Selector: "a", Key: good[1].Key}, "domain is not"},
		{"selector", email.DKIM{Domain: "shop.example", Selector: "a;b", Key: good[1].Key}, "selector is not"},
	} {
		s := settings(t, "smtp://127.0.0.1:25")
		s.DKIM = []email.DKIM{c.key}
		_, err := s.Open()
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: got %v, want %q", c.name, err, c.says)
		}
	}
}
