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

// While a changed public URL comes into force, and for what waited, a visit was stored
// by a process that knows another one than who reads it.
func TestAVisitIsReadUnderAnotherPublicURL(t *testing.T) {
	signer := deliveries.NewSigner([]byte("a key for links"))
	before := deliveries.Addresses{Base: "https://news.old.example", Signer: signer}
	own := webhooks.Own{Addresses: deliveries.Addresses{Base: base, Signer: signer}}
	for url, want := range map[string]channels.ReportKind{
		before.Click(7, 3): channels.ReportClicked, before.Open(7): channels.ReportOpened, before.Unsubscribe(7): channels.ReportUnsubscribed,
		before.Survey(7): channels.ReportAnswered, before.NotMe(7, "ann@shop.example"): channels.ReportDisowned,
		before.PushReports(): channels.ReportDelivered,
	} {
		body := "at=1&kind=shown&token=" + signer.Sign(deliveries.Token{Purpose: deliveries.PushReport, Delivery: 7})
		reports, err := own.Reports(channels.Callback{URL: url, Body: []byte(body)})
		if err != nil || len(reports) != 1 || reports[0].Kind != want {
			t.Errorf("%s reads as %+v (%v), want %s", url, reports, err, want)
		}
	}
}
