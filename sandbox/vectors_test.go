package sandbox

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vector reads a file of the shared vectors.
func vector(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "shared", "vectors", name))
	if os.IsNotExist(err) {
		t.Skipf("the shared vectors are not here: %s", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func TestSignatureOfTwilioVectors(t *testing.T) {
	var file struct {
		Cases []struct {
			Name      string
			Kind      string
			AuthToken string `json:"auth_token"`
			URL       string
			Params    map[string]string
			Signature string
			Valid     bool
		}
	}
	vector(t, "twilio/x_twilio_signature.json", &file)
	checked := 0
	for _, c := range file.Cases {
		// Cases that were signed for the URL with another port test a verifier's
		// tolerance; a signer signs the URL it calls.
		if c.Kind != "form" || strings.Contains(c.Name, "signed with") && !strings.HasSuffix(c.Name, "signed with it") {
			continue
		}
		form := url.Values{}
		for name, value := range c.Params {
			form.Set(name, value)
		}
		checked++
		if got := (Twilio{AuthToken: c.AuthToken}).Sign(c.URL, form); (got == c.Signature) != c.Valid {
			t.Errorf("%s: got %s, valid %v is %s", c.Name, got, c.Valid, c.Signature)
		}
	}
	if checked < 5 {
		t.Errorf("only %d vectors apply", checked)
	}
}

func TestSignatureOfTwilioCallbacks(t *testing.T) {
	var file struct {
		Cases []struct {
			Name      string
			Body      string
			SignedFor struct {
				AuthToken string `json:"auth_token"`
				URL       string
				Signature string
			} `json:"signed_for"`
		}
	}
	vector(t, "twilio/callbacks.json", &file)
	for _, c := range file.Cases {
		form, err := url.ParseQuery(c.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := (Twilio{AuthToken: c.SignedFor.AuthToken}).Sign(c.SignedFor.URL, form); got != c.SignedFor.Signature {
			t.Errorf("%s: got %s, want %s", c.Name, got, c.SignedFor.Signature)
		}
	}
}

func TestDecryptionOfRFC8291(t *testing.T) {
	var file struct {
		A struct {
			Plaintext  string
			UAPrivate  string `json:"ua_private"`
			AuthSecret string `json:"auth_secret"`
			Body       string
		} `json:"rfc8291_A"`
	}
	vector(t, "webpush/rfc8188_rfc8291.json", &file)
	decode := func(text string) []byte {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	private, err := ecdh.P256().NewPrivateKey(decode(file.A.UAPrivate))
	if err != nil {
		t.Fatal(err)
	}
	keys := browserKeys{private: private, auth: decode(file.A.AuthSecret)}
	plain, err := keys.decrypt(decode(file.A.Body))
	if err != nil || string(plain) != file.A.Plaintext {
		t.Errorf("got %q, %v", plain, err)
	}
	for i := range decode(file.A.Body) {
		broken := decode(file.A.Body)
		broken[i] ^= 1
		if plain, err := keys.decrypt(broken); err == nil && i >= 21 {
			t.Errorf("byte %d changed and it still reads %q", i, plain)
		}
	}
}
