package webhook

import (
	"strings"
	"testing"
	"time"

	"rapport/channels"
)

// known is the secret of the specification's own libraries' tests.
const known = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func TestSignaturesAreThoseOfTheSpecificationsLibraries(t *testing.T) {
	keys, err := newSigner([]channels.Secret{known})
	if err != nil {
		t.Fatal(err)
	}
	got := keys.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 999), []byte(`{"test": 2432232314}`))
	if got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("got %s", got)
	}
}

func TestEverySecretInForceSigns(t *testing.T) {
	other := GenerateSecret()
	sign := func(secrets ...channels.Secret) string {
		keys, err := newSigner(secrets)
		if err != nil {
			t.Fatal(err)
		}
		return keys.sign("dlv_1", time.Unix(1, 0), []byte("{}"))
	}
	if both := sign(other, known); both != sign(other)+" "+sign(known) {
		t.Errorf("got %s", both)
	}
}

func TestASecretIsAsReceiversLibrariesReadIt(t *testing.T) {
	for name, secrets := range map[string][]channels.Secret{
		"none":       nil,
		"no mark":    {"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
		"short":      {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaA="},
		"long":       {channels.Secret("whsec_" + strings.Repeat("AAAA", 22))},
		"not base64": {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!"},
		"the second": {known, "whsec_"},
	} {
		_, err := newSigner(secrets)
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, secret := range secrets {
			if len(secret) > len(prefix) && strings.Contains(err.Error(), string(secret)) {
				t.Errorf("%s: the error tells the secret", name)
			}
		}
	}
	first, second := GenerateSecret(), GenerateSecret()
	if _, err := newSigner([]channels.Secret{first, second}); err != nil {
		t.Error(err)
	}
	if first == second {
		t.Error("a secret is made twice")
	}
}
