package twilio_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/channels/twilio"
	"rapport/trust/bounds"
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

// TestEveryAlterationOfACallbackIsRefused changes one thing of a genuine callback
// at a time: each character of the URL, each field's name and value, each byte of
// the signature. The port, which Twilio itself leaves out and puts in, may differ.
func TestEveryAlterationOfACallbackIsRefused(t *testing.T) {
	for _, c := range vectors(t) {
		if !c.Valid {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			account := client(t, twilio.Account{AuthToken: channels.Secret(c.AuthToken)})
			refused := func(what string, cb channels.Callback) {
				t.Helper()
				if account.Verify(cb) == nil {
					t.Errorf("%s: passes", what)
				}
			}
			for what, cb := range alterations(c) {
				refused(what, cb)
			}
			if client(t, twilio.Account{AuthToken: "another"}).Verify(c.callback()) == nil {
				t.Error("another account's token proves it")
			}
		})
	}
}

// alterations are copies of a callback that differ in one thing each.
func alterations(c signedCase) map[string]channels.Callback {
	all := map[string]channels.Callback{}
	put := func(what, address, body, signature string) {
		all[what] = callback(address, body, signature)
	}
	genuine := c.callback()
	body := string(genuine.Body)
	port := strings.Index(c.URL, ":1234")
	for i := range c.URL {
		if port >= 0 && i > port && i < port+5 {
			continue
		}
		put(fmt.Sprintf("URL without its character %d", i), c.URL[:i]+c.URL[i+1:], body, c.Signature)
		put(fmt.Sprintf("URL with another character %d", i), c.URL[:i]+string(c.URL[i]^1)+c.URL[i+1:], body, c.Signature)
	}
	for what, address := range map[string]string{
		"a slash at the end": c.URL + "/", "a query more": c.URL + "&q=1", "a fragment": c.URL + "#x", "a space": c.URL + " ",
		"another scheme": strings.Replace(c.URL, "http", "hxxp", 1), "capital host": strings.Replace(c.URL, "mycompany", "MyCompany", 1),
		"a trailing dot": strings.Replace(c.URL, ".com", ".com.", 1), "escaped path": strings.Replace(c.URL, "/myapp", "/%6dyapp", 1),
		"no query": strings.SplitN(c.URL, "?", 2)[0],
	} {
		put(what, address, body, c.Signature)
	}
	for i := range c.Signature {
		put(fmt.Sprintf("signature with another byte %d", i), c.URL, body, c.Signature[:i]+string(c.Signature[i]^1)+c.Signature[i+1:])
	}
	put("no signature", c.URL, body, "")
	put("signature twice", c.URL, body, c.Signature+c.Signature)
	put("upper case signature", c.URL, body, strings.ToUpper(c.Signature))
	if c.Kind != "form" {
		for i := range body {
			put(fmt.Sprintf("body with another byte %d", i), c.URL, body[:i]+string(body[i]^1)+body[i+1:], c.Signature)
		}
		put("body longer", c.URL, body+" ", c.Signature)
		put("no body", c.URL, "", c.Signature)
		return all
	}
	fields := func(change func(url.Values)) string {
		form, _ := url.ParseQuery(body)
		change(form)
		return form.Encode()
	}
	for name := range c.Params {
		put(name+" missing", c.URL, fields(func(f url.Values) { f.Del(name) }), c.Signature)
		put(name+" empty", c.URL, fields(func(f url.Values) { f.Set(name, "") }), c.Signature)
		put(name+" changed", c.URL, fields(func(f url.Values) { f.Set(name, f.Get(name)+"1") }), c.Signature)
		put(name+" twice", c.URL, fields(func(f url.Values) { f.Add(name, f.Get(name)+"0") }), c.Signature)
		put(name+" with a foreign letter", c.URL, fields(func(f url.Values) { f.Set(name, f.Get(name)+"\u0301") }), c.Signature)
		put(name+" under another name", c.URL, fields(func(f url.Values) { f.Set(name+"s", f.Get(name)); f.Del(name) }), c.Signature)
	}
	put("a field more", c.URL, fields(func(f url.Values) { f.Set("Zzz", "1") }), c.Signature)
	put("no fields", c.URL, "", c.Signature)
	return all
}

// TestTheOrderOfFieldsIsNotSigned: a form says the same in any order.
func TestTheOrderOfFieldsIsNotSigned(t *testing.T) {
	for _, c := range vectors(t) {
		if !c.Valid || c.Kind != "form" {
			continue
		}
		parts := strings.Split(string(c.callback().Body), "&")
		slices.Reverse(parts)
		account := client(t, twilio.Account{AuthToken: channels.Secret(c.AuthToken)})
		if err := account.Verify(callback(c.URL, strings.Join(parts, "&"), c.Signature)); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
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
		{"https://shop.example/hooks/call/twilio/script/abc?q=0&try=1", "https://shop.example/hooks/call/twilio/script/abc?q=0&try=1"},
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
		defer bounds.Watch(t)()
		if c.Verify(callback(address, body, signature)) == nil {
			t.Error("a signature was guessed")
		}
	})
}
