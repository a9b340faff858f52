package webpush

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"rapport/channels"
)

type rfcVectors struct {
	Walrus struct {
		Body, Key, Plaintext string
	} `json:"rfc8188_3_1"`
	TwoRecords struct {
		Body, Key, Plaintext string
	} `json:"rfc8188_3_2"`
	Watermelon struct {
		Plaintext  string
		ASPrivate  string `json:"as_private"`
		UAPrivate  string `json:"ua_private"`
		UAPublic   string `json:"ua_public"`
		AuthSecret string `json:"auth_secret"`
		Salt, Body string
	} `json:"rfc8291_A"`
}

func vectors(t *testing.T) rfcVectors {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/vectors/webpush/rfc8188_rfc8291.json")
	if err != nil {
		t.Skip("the vectors are not here: ", err)
	}
	var v rfcVectors
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func raw(t *testing.T, text string) []byte {
	t.Helper()
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}

// open reads the content coding of RFC 8188 under a key, record by record. It
// is written for these tests alone, from the RFC.
func open(body, key []byte) (text []byte, err error) {
	if len(body) < 21 || len(body) < 21+int(body[20]) {
		return nil, errors.New("no header")
	}
	salt, size, records := body[:16], int(binary.BigEndian.Uint32(body[16:])), body[21+int(body[20]):]
	cek, _ := hkdf.Key(sha256.New, key, salt, "Content-Encoding: aes128gcm\x00", 16)
	base, _ := hkdf.Key(sha256.New, key, salt, "Content-Encoding: nonce\x00", 12)
	block, _ := aes.NewCipher(cek)
	gcm, _ := cipher.NewGCM(block)
	for number := uint64(0); len(records) > 0; number++ {
		n := min(size, len(records))
		nonce := bytes.Clone(base)
		binary.BigEndian.PutUint64(nonce[4:], binary.BigEndian.Uint64(nonce[4:])^number)
		record, err := gcm.Open(nil, nonce, records[:n], nil)
		if err != nil {
			return nil, err
		}
		records = records[n:]
		record = bytes.TrimRight(record, "\x00")
		end := byte(1)
		if len(records) == 0 {
			end = 2
		}
		if len(record) == 0 || record[len(record)-1] != end {
			return nil, errors.New("a record ends wrong")
		}
		text = append(text, record[:len(record)-1]...)
	}
	return text, nil
}

// browser is the receiving side of RFC 8291.
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

func newBrowser(t testing.TB) browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth := make([]byte, 16)
	_, _ = rand.Read(auth)
	return browser{key: key, auth: auth}
}

func (b browser) subscription(endpoint string) *channels.PushSubscription {
	return &channels.PushSubscription{Endpoint: endpoint, P256dh: encode(b.key.PublicKey().Bytes()), Auth: encode(b.auth)}
}

func (b browser) read(t testing.TB, body []byte) string {
	t.Helper()
	if len(body) < 86 || body[20] != 65 {
		t.Fatalf("a body of %d bytes has no sender's key", len(body))
	}
	sender, err := ecdh.P256().NewPublicKey(body[21:86])
	if err != nil {
		t.Fatal(err)
	}
	shared, err := b.key.ECDH(sender)
	if err != nil {
		t.Fatal(err)
	}
	info := "WebPush: info\x00" + string(b.key.PublicKey().Bytes()) + string(sender.Bytes())
	key, _ := hkdf.Key(sha256.New, shared, b.auth, info, 32)
	text, err := open(body, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheReaderOfTheseTestsFollowsRFC8188(t *testing.T) {
	v := vectors(t)
	for _, c := range []struct{ body, key, want string }{
		{v.Walrus.Body, v.Walrus.Key, v.Walrus.Plaintext},
		{v.TwoRecords.Body, v.TwoRecords.Key, v.TwoRecords.Plaintext},
	} {
		if text, err := open(raw(t, c.body), raw(t, c.key)); err != nil || string(text) != c.want {
			t.Errorf("got %q, %v", text, err)
		}
	}
}

func TestSealGivesTheBytesOfRFC8291(t *testing.T) {
	v := vectors(t).Watermelon
	to, err := recipientOf(&channels.PushSubscription{P256dh: v.UAPublic, Auth: v.AuthSecret})
	if err != nil {
		t.Fatal(err)
	}
	once, err := ecdh.P256().NewPrivateKey(raw(t, v.ASPrivate))
	if err != nil {
		t.Fatal(err)
	}
	body, err := to.sealWith([]byte(v.Plaintext), once, raw(t, v.Salt))
	if err != nil || encode(body) != v.Body {
		t.Errorf("got %s, %v", encode(body), err)
	}
}

func TestABrowserReadsWhatIsSealed(t *testing.T) {
	b := newBrowser(t)
	to, err := recipientOf(b.subscription(""))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, n := range []int{0, 1, 100, longest} {
		text := strings.Repeat("ж", n/2) + strings.Repeat("x", n%2)
		body, err := to.seal([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := b.read(t, body); got != text {
			t.Errorf("%d bytes are read as %d", n, len(got))
		}
		if len(body) > recordSize {
			t.Errorf("%d bytes become %d", n, len(body))
		}
		if key := string(body[:headerSize]); seen[key] {
			t.Error("a salt and a key are used twice")
		} else {
			seen[key] = true
		}
	}
	if _, err := to.seal(make([]byte, longest+1)); err == nil {
		t.Error("a text longer than a record is sealed")
	}
}

func TestSealLeavesTheTextAsItWas(t *testing.T) {
	text := append(make([]byte, 0, 10), "abc"...)
	to, _ := recipientOf(newBrowser(t).subscription(""))
	if _, err := to.seal(text); err != nil || string(text[:4]) != "abc\x00" {
		t.Errorf("got %q, %v", text[:4], err)
	}
}

func TestKeysOfStrangersAreChecked(t *testing.T) {
	good := newBrowser(t).subscription("")
	offCurve := raw(t, good.P256dh)
	offCurve[64] ^= 1
	for name, s := range map[string]*channels.PushSubscription{
		"none":           nil,
		"empty":          {},
		"not base64":     {P256dh: "?", Auth: good.Auth},
		"short":          {P256dh: good.P256dh[:40], Auth: good.Auth},
		"off the curve":  {P256dh: encode(offCurve), Auth: good.Auth},
		"at infinity":    {P256dh: encode([]byte{0}), Auth: good.Auth},
		"no auth":        {P256dh: good.P256dh},
		"auth too short": {P256dh: good.P256dh, Auth: "AAAA"},
		"auth no base64": {P256dh: good.P256dh, Auth: "?"},
	} {
		if _, err := recipientOf(s); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	padded := base64.URLEncoding.EncodeToString(raw(t, good.P256dh))
	standard := base64.StdEncoding.EncodeToString(raw(t, good.P256dh))
	for _, key := range []string{padded, standard} {
		if _, err := recipientOf(&channels.PushSubscription{P256dh: key, Auth: good.Auth}); err != nil {
			t.Error(err)
		}
	}
}
