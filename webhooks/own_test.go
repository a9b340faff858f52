package webhooks_test

import (
	"testing"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/webhooks"
)

// What the doors did not write themselves is not a visit.
func TestOwnReadsNothingButVisits(t *testing.T) {
	addresses := deliveries.Addresses{Base: base, Signer: deliveries.NewSigner([]byte("a key for links"))}
	own := webhooks.Own{Addresses: addresses}
	for what, c := range map[string]channels.Callback{
		"no moment":            {URL: addresses.Open(7), Body: []byte("link=x")},
		"no form":              {URL: addresses.Open(7), Body: []byte("at=%zz")},
		"no door of ours":      {URL: base + "/console", Body: []byte("at=1")},
		"a push report, alone": {URL: addresses.PushReports(), Body: []byte("at=1&kind=shown")},
	} {
		if reports, err := own.Reports(c); err == nil {
			t.Errorf("%s reads as %+v", what, reports)
		}
		if own.Verify(c) == nil {
			t.Errorf("%s is taken from outside", what)
		}
	}
}
