package webhooks_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/webhooks"
)

var script = channels.CallScript{
	Say:       "Good morning from Lindenhof.",
	Questions: []channels.CallQuestion{{ID: "csat", Say: "From one to five?", Expect: channels.ExpectDigits, Low: 1, High: 5}},
	Bye:       "Thank you.", Language: "en",
}

func TestOneCallHearsTheScript(t *testing.T) {
	h := open(t)
	d := h.call(script)
	self := h.doors.Addresses.CallScript(d.ID, 1)
	first := url.Values{"CallSid": {"CA1"}, "From": {"+493012345678"}, "CallStatus": {"in-progress"}}
	w := h.expect(http.StatusOK, signed(self, first))
	if body := w.Body.String(); !strings.HasPrefix(w.Header().Get("Content-Type"), "text/xml") ||
		!strings.Contains(body, "Good morning") || !strings.Contains(body, self+"?q=0") {
		t.Fatalf("the first call hears %s %s", w.Header().Get("Content-Type"), body)
	}
	if known, err := h.store.Lookup(t.Context(), []deliveries.Ref{{ID: d.ID}}); err != nil || known[0].ProviderID != "CA1" || known[0].Status != deliveries.Sent {
		t.Errorf("the call was placed, but the ledger says %+v, %v", known, err)
	}
	second := url.Values{"CallSid": {"CA2"}, "From": {"+493012345678"}, "CallStatus": {"in-progress"}}
	hung := h.expect(http.StatusOK, signed(self, second)).Body.String()
	if strings.Contains(hung, "Say") || !strings.Contains(hung, "<Hangup") {
		t.Errorf("the second call hears %s", hung)
	}
	if next := h.expect(http.StatusOK, signed(h.doors.Addresses.CallScript(d.ID, 2), first)).Body.String(); strings.Contains(next, "Say") {
		t.Errorf("an attempt nobody made hears %s", next)
	}
	answered := url.Values{"CallSid": {"CA1"}, "From": {"+493012345678"}, "CallStatus": {"in-progress"}, "Digits": {"4"}}
	bye := h.expect(http.StatusOK, signed(self+"?q=0&try=0", answered)).Body.String()
	if !strings.Contains(bye, "Thank you.") {
		t.Errorf("after the answer the call hears %s", bye)
	}
	var keys []string
	for _, in := range h.stored() {
		reports, err := h.doors.Listeners[webhooks.TwilioCall].Reports(in.Callback)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reports {
			if r.Kind == channels.ReportAnswered {
				keys = append(keys, r.Answer)
			}
		}
	}
	same(t, "stored answers", keys, []string{"4"})
}

func TestAScriptIsForTwilioOnly(t *testing.T) {
	h := open(t)
	d := h.call(script)
	self := h.doors.Addresses.CallScript(d.ID, 1)
	fields := url.Values{"CallSid": {"CA1"}}
	h.form(http.StatusForbidden, self, fields)
	h.expect(http.StatusNotFound, signed(self[:len(self)-1]+"A", fields))
	h.expect(http.StatusNotFound, signed(base+deliveries.PathCallScript+strings.TrimPrefix(h.doors.Addresses.CallStatus(d.ID, 1), base+deliveries.PathCallStatus), fields))
	// Nobody took the call from Twilio meanwhile.
	if w := h.expect(http.StatusOK, signed(self, fields)); !strings.Contains(w.Body.String(), "Good morning") {
		t.Errorf("the call hears %s", w.Body)
	}
}

// An unhappy customer is put through while somebody is there, and hears goodbye
// otherwise.
func TestACallIsPutThroughWithinHours(t *testing.T) {
	for _, c := range []struct {
		hours channels.Hours
		dials bool
	}{
		{channels.Hours{From: noon.Hour() * 60, To: noon.Hour()*60 + 60}, true},
		{channels.Hours{From: noon.Hour()*60 + 60, To: noon.Hour()*60 + 120}, false},
	} {
		h := open(t)
		closing := script
		closing.Transfer = &channels.Transfer{Question: "csat", AtOrBelow: 2, To: "+493012345678", Hours: []channels.Hours{c.hours}}
		self := h.doors.Addresses.CallScript(h.call(closing).ID, 1)
		pressed := url.Values{"CallSid": {"CA1"}, "From": {"+493012345678"}, "CallStatus": {"in-progress"}, "Digits": {"1"}}
		hears := h.expect(http.StatusOK, signed(self+"?q=0&try=0", pressed)).Body.String()
		if dials := strings.Contains(hears, "<Dial"); dials != c.dials || strings.Contains(hears, "Thank you.") == c.dials {
			t.Errorf("within %v the call hears %s", c.hours, hears)
		}
	}
}

// A call whose script was lost, or cannot be put into words, ends.
func TestACallWithNothingToSayHangsUp(t *testing.T) {
	h := open(t, func(d *webhooks.Doors) { d.Talker = speechless{d.Talker} })
	d := h.call(script)
	body := h.expect(http.StatusOK, signed(h.doors.Addresses.CallScript(d.ID, 1), url.Values{"CallSid": {"CA1"}})).Body.String()
	if strings.Contains(body, "Say") || !strings.Contains(body, "<Hangup") {
		t.Errorf("hears %s", body)
	}
}

type speechless struct{ channels.Talker }

func (speechless) Talk(channels.CallScript, string, channels.Callback) (channels.Reply, error) {
	return channels.Reply{}, errors.New("no voice")
}
