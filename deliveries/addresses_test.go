package deliveries_test

import (
	"testing"

	"rapport/channels"
	"rapport/deliveries"
)

// A changed public URL must not make strangers of what was written before.
func TestAChangedPublicURLKeepsWhatItsLinksName(t *testing.T) {
	signer := deliveries.NewSigner(oldKey)
	before := deliveries.Addresses{Base: "https://news.old.example", Signer: signer}
	after := deliveries.Addresses{Base: "https://news.shop.example", Signer: signer}
	text := deliveries.Outlet{Channel: channels.SMS, Provider: "twilio"}
	for _, url := range []string{
		before.Click(7, 3), before.Open(7), before.Unsubscribe(7) + "?from=mail", before.Status(text, 7, 2), before.Script(text, 7, 2),
	} {
		if token, named := after.Named(url); !named || token.Delivery != 7 {
			t.Errorf("%s names %+v", url, token)
		}
		if !after.Own(url) {
			t.Errorf("%s is taken for another's, and would be wrapped or counted twice", url)
		}
	}
	forged := deliveries.Addresses{Base: after.Base, Signer: deliveries.NewSigner([]byte("the key of somebody else"))}
	if token, named := after.Named(forged.Click(7, 3)); named {
		t.Errorf("a token of another key names %+v", token)
	}
	for _, url := range []string{"https://news.old.example/shoes", "https://news.old.example/l/", "mailto:ann@shop.example", ""} {
		if after.Own(url) {
			t.Errorf("%q is taken for ours", url)
		}
	}
}
