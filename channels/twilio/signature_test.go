package twilio_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/channels/twilio"
)

type signedCase struct {
	Name      string            `json:"name"`
	Kind      string            `json:"kind"`
	AuthToken string            `json:"auth_token"`
	URL       string            `json:"url"`
	Params    map[string]string `json:"params"`
	Body      string            `json:"body"`
	Signature string            `json:"signature"`
	Valid     bool              `json:"valid"`
}

func (c signedCase) callback() channels.Callback {
	body := c.Body
	if c.Kind == "form" {
		form := url.Values{}
		for name, value := range c.Params {
			form.Set(name, value)
		}
		body = form.Encode()
	}
	return callback(c.URL, body, c.Signature)
}

func callback(address, body, signature string) channels.Callback {
	return channels.Callback{
		Method: http.MethodPost, URL: address, Body: []byte(body),
		Header: http.Header{"X-Twilio-Signature": {signature}},
	}
}

func client(t *testing.T, account twilio.Account) *twilio.Client {
	t.Helper()
	account.AccountSID = "AC0123456789abcdef0123456789abcdef"
	c, err := account.Open()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func vectors(t *testing.T) []signedCase {
	t.Helper()
	raw, err := os.ReadFile("../../../shared/vectors/twilio/x_twilio_signature.json")
	if err != nil {
		t.Skip("the vectors are not here: ", err)
	}
	var file struct {
		Cases []signedCase `json:"cases"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

func TestOnlyWhatTwilioSignedIsBelieved(t *testing.T) {
	for _, c := range vectors(t) {
		t.Run(c.Name, func(t *testing.T) {
			err := client(t, twilio.Account{AuthToken: channels.Secret(c.AuthToken)}).Verify(c.callback())
			if (err == nil) != c.Valid {
				t.Errorf("got %v, want valid %v", err, c.Valid)
			}
			if err != nil && !errors.Is(err, twilio.ErrSignature) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestEveryAlterationOfACallbackIsRefused(t *testing.T) {
	for _, c := range vectors(t) {
		if !c.Valid {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			account := client(t, twilio.Account{AuthToken: channels.Secret(c.AuthToken)})
			for name, alter := range map[string]func(*channels.Callback){
				"path":           func(cb *channels.Callback) { cb.URL = strings.Replace(cb.URL, "/myapp.php", "/myapp.ph", 1) },
				"host":           func(cb *channels.Callback) { cb.URL = strings.Replace(cb.URL, "mycompany", "yourcompany", 1) },
				"query":          func(cb *channels.Callback) { cb.URL += "&q=1" },
				"a field more":   func(cb *channels.Callback) { cb.Body = append(cb.Body, "&Zzz=1"...) },
				"a field twice":  func(cb *channels.Callback) { cb.Body = append(cb.Body, "&Digits=5"...) },
				"a byte of body": func(cb *channels.Callback) { cb.Body[len(cb.Body)-1]++ },
				"no body":        func(cb *channels.Callback) { cb.Body = nil },
				"no signature":   func(cb *channels.Callback) { cb.Header = http.Header{} },
				"empty":          func(cb *channels.Callback) { cb.Header.Set("X-Twilio-Signature", "") },
				"upper case":     func(cb *channels.Callback) { cb.Header.Set("X-Twilio-Signature", strings.ToUpper(c.Signature)) },
				"shortened":      func(cb *channels.Callback) { cb.Header.Set("X-Twilio-Signature", c.Signature[:27]) },
			} {
				cb := c.callback()
				alter(&cb)
				if account.Verify(cb) == nil {
					t.Errorf("%s altered: passes", name)
				}
			}
			if client(t, twilio.Account{AuthToken: "another"}).Verify(c.callback()) == nil {
				t.Error("another account's token proves it")
			}
		})
	}
}

func sign(token, text string) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// TestRepeatedFields follows Twilio's own libraries: the values of one field
// sorted, each once.
func TestRepeatedFields(t *testing.T) {
	const address = "https://shop.example/hooks"
	signature := sign("token", address+"MediaUrlaMediaUrlbTo+49")
	account := client(t, twilio.Account{AuthToken: "token"})
	for _, body := range []string{"MediaUrl=a&MediaUrl=b&To=%2B49", "To=%2B49&MediaUrl=b&MediaUrl=a", "MediaUrl=b&MediaUrl=a&MediaUrl=b&To=%2B49"} {
		if err := account.Verify(callback(address, body, signature)); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
	for _, body := range []string{"MediaUrl=a&To=%2B49", "MediaUrl=a&MediaUrl=c&To=%2B49"} {
		if account.Verify(callback(address, body, signature)) == nil {
			t.Errorf("%s passes", body)
		}
	}
}

func TestURLsAreSignedAsTheyAreSpelt(t *testing.T) {
	account := client(t, twilio.Account{AuthToken: "token"})
	for _, c := range []struct{ configured, signed string }{
		{"https://shop.example/hooks/twilio/voice/abc?q=0&try=1", "https://shop.example/hooks/twilio/voice/abc?q=0&try=1"},
		{"https://shop.example/a%2Fb?x=%20y", "https://shop.example/a%2Fb?x=%20y"},
		{"https://shop.example/a%2Fb?x=%20y", "https://shop.example:443/a%2Fb?x=%20y"},
		{"https://shop.example/?at=10:30", "https://shop.example:443/?at=10:30"},
		{"https://shop.example?x", "https://shop.example:443?x"},
		{"https://shop.example:8443/x", "https://shop.example/x"},
		{"https://shop.example/ünïcode?ß=ß", "https://shop.example/ünïcode?ß=ß"},
		{"http://[2001:db8::1]/x", "http://[2001:db8::1]:80/x"},
		{"http://[2001:db8::1]:8080/x", "http://[2001:db8::1]/x"},
		{"https://u:p@shop.example/x", "https://u:p@shop.example:443/x"},
	} {
		if err := account.Verify(callback(c.configured, "A=1", sign("token", c.signed+"A1"))); err != nil {
			t.Errorf("%s signed as %s: %v", c.configured, c.signed, err)
		}
	}
}

func TestBothTokensHoldDuringRotation(t *testing.T) {
	account := client(t, twilio.Account{AuthToken: "new", PreviousAuthToken: "old"})
	for token, want := range map[string]bool{"new": true, "old": true, "older": false, "": false} {
		err := account.Verify(callback("https://shop.example/x", "A=1", sign(token, "https://shop.example/xA1")))
		if (err == nil) != want {
			t.Errorf("%q: %v", token, err)
		}
	}
}

func TestAGetIsSignedByItsURLAlone(t *testing.T) {
	account := client(t, twilio.Account{AuthToken: "token"})
	cb := callback("https://shop.example/x?A=1", "", sign("token", "https://shop.example/x?A=1"))
	cb.Method = http.MethodGet
	if err := account.Verify(cb); err != nil {
		t.Error(err)
	}
	form, _, err := twilio.Fields(cb)
	if err != nil || form.Get("A") != "1" {
		t.Errorf("got %v, %v", form, err)
	}
}

func TestABodyThatIsNoFormIsRefused(t *testing.T) {
	account := client(t, twilio.Account{AuthToken: "token"})
	for _, body := range []string{"A=%zz", "A=1;B=2"} {
		cb := callback("https://shop.example/x", body, sign("token", "https://shop.example/x"))
		if err := account.Verify(cb); !errors.Is(err, twilio.ErrSignature) {
			t.Errorf("%s: %v", body, err)
		}
		if _, _, err := twilio.Fields(cb); err == nil {
			t.Errorf("%s is read", body)
		}
	}
}

func FuzzVerify(f *testing.F) {
	c, err := twilio.Account{AccountSID: "AC1", AuthToken: "token"}.Open()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("https://u:p@shop.example:443/x?bodySHA256=00", "A=1&A=2", "sig")
	f.Add("://", "", "")
	f.Fuzz(func(t *testing.T, address, body, signature string) {
		if c.Verify(callback(address, body, signature)) == nil {
			t.Error("a signature was guessed")
		}
	})
}
