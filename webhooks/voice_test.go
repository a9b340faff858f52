package webhooks_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rapport/channels"
	"rapport/deliveries"
	"rapport/webhooks"
)

var script = channels.CallScript{
	Say:       "Good morning from Lindenhof.",
	Questions: []channels.CallQuestion{{ID: "csat", Say: "From one to five?", Expect: channels.ExpectDigits, Low: 1, High: 5}},
	Bye:       "Thank you.", Language: "en",
}

// workday is within the shop's hours for calls, and a little after they end.
var workday, evening = noon.AddDate(0, 0, 2).Add(-2 * time.Hour), noon.AddDate(0, 0, 2).Add(8 * time.Hour)

func clock(at time.Time) func(*webhooks.Doors) {
	return func(d *webhooks.Doors) { d.Now = func() time.Time { return at } }
}

func TestOneCallHearsTheScript(t *testing.T) {
	h := open(t, clock(workday))
	d := h.call(script)
	self := h.doors.Addresses.Script(callOut, d.ID, 1)
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
	if next := h.expect(http.StatusOK, signed(h.doors.Addresses.Script(callOut, d.ID, 2), first)).Body.String(); strings.Contains(next, "Say") {
		t.Errorf("an attempt nobody made hears %s", next)
	}
	answered := url.Values{"CallSid": {"CA1"}, "From": {"+493012345678"}, "CallStatus": {"in-progress"}, "Digits": {"4"}}
	bye := h.expect(http.StatusOK, signed(self+"?q=0&try=0", answered)).Body.String()
	if !strings.Contains(bye, "Thank you.") {
		t.Errorf("after the answer the call hears %s", bye)
	}
	var keys []string
	for _, in := range h.stored() {
		reports, err := h.doors.Listeners[callOut.String()].Reports(in.Callback)
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
	h := open(t, clock(workday))
	d := h.call(script)
	self := h.doors.Addresses.Script(callOut, d.ID, 1)
	fields := url.Values{"CallSid": {"CA1"}}
	h.form(http.StatusForbidden, self, fields)
	h.expect(http.StatusNotFound, signed(self[:len(self)-1]+"A", fields))
	h.expect(http.StatusNotFound, signed(strings.Replace(h.doors.Addresses.Status(callOut, d.ID, 1), deliveries.HookStatus, deliveries.HookScript, 1), fields))
	h.expect(http.StatusBadRequest, signed(self, url.Values{"From": {"+493012345678"}})) // which call?
	h.expect(http.StatusNotFound, signed(strings.Replace(self, "/call/", "/sms/", 1), fields))
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
		self := h.doors.Addresses.Script(callOut, h.call(closing).ID, 1)
		pressed := url.Values{"CallSid": {"CA1"}, "From": {"+493012345678"}, "CallStatus": {"in-progress"}, "Digits": {"1"}}
		hears := h.expect(http.StatusOK, signed(self+"?q=0&try=0", pressed)).Body.String()
		if dials := strings.Contains(hears, "<Dial"); dials != c.dials || strings.Contains(hears, "Thank you.") == c.dials {
			t.Errorf("within %v the call hears %s", c.hours, hears)
		}
	}
}

// A call that waited at the provider until dinner asks nothing of anybody, and is
// planned anew for the next hours that fit.
func TestACallThatComesTooLateSaysSo(t *testing.T) {
	h := open(t, clock(evening))
	late := script
	late.Late = "This call comes too late."
	d := h.call(late)
	self := h.doors.Addresses.Script(callOut, d.ID, 1)
	fetch := url.Values{"CallSid": {"CA1"}, "From": {"+493012345678"}, "CallStatus": {"in-progress"}}
	for range 2 { // the provider may ask again
		hears := h.expect(http.StatusOK, signed(self, fetch)).Body.String()
		if !strings.Contains(hears, "too late") || strings.Contains(hears, "<Gather") || !strings.Contains(hears, "<Hangup") {
			t.Errorf("the call hears %s", hears)
		}
	}
	known, err := h.store.Lookup(t.Context(), []deliveries.Ref{{ID: d.ID}})
	if err != nil {
		t.Fatal(err)
	}
	if got := known[0]; got.Status != deliveries.Planned || !got.DueAt.After(evening.Add(8*time.Hour)) || got.Rung != 1 {
		t.Errorf("the ledger says %+v", got)
	}
	// What the provider still tells of the call that came too late moves nothing.
	h.expect(http.StatusNoContent, signed(h.doors.Addresses.Status(callOut, d.ID, 1), url.Values{"CallSid": {"CA1"}, "CallStatus": {"completed"}, "CallDuration": {"6"}}))
}

// A machine is told so while the call goes on; a person who answered is not.
func TestAMachineIsToldSo(t *testing.T) {
	for _, c := range []struct {
		status deliveries.Status
		told   bool
	}{{deliveries.Sent, true}, {deliveries.Answered, false}} {
		var interrupted []string
		h := open(t, clock(workday), func(d *webhooks.Doors) {
			d.Listeners[callOut.String()] = recorder{talkerOf(d), &interrupted}
		})
		left := script
		left.Voicemail = "We called."
		d := h.call(left)
		h.expect(http.StatusOK, signed(h.doors.Addresses.Script(callOut, d.ID, 1), url.Values{"CallSid": {"CA1"}, "CallStatus": {"in-progress"}}))
		if err := h.store.Advance(t.Context(), workday, []deliveries.Progress{{ID: d.ID, Status: c.status, ProviderID: "CA1", At: workday}}); err != nil {
			t.Fatal(err)
		}
		status := h.doors.Addresses.Status(callOut, d.ID, 1)
		h.expect(http.StatusNoContent, signed(status, url.Values{"CallSid": {"CA1"}, "AnsweredBy": {"human"}, "MachineDetectionDuration": {"2400"}}))
		if len(interrupted) > 0 {
			t.Fatalf("a person's call is interrupted: %v", interrupted)
		}
		h.expect(http.StatusNoContent, signed(status, url.Values{"CallSid": {"CA1"}, "AnsweredBy": {"machine_end_beep"}, "MachineDetectionDuration": {"12000"}}))
		if told := len(interrupted) == 1 && strings.Contains(interrupted[0], "CA1 ") && strings.Contains(interrupted[0], "We called."); told != c.told {
			t.Errorf("%s: interrupted with %v", c.status, interrupted)
		}
	}
}

// talker is what the provider of calls is.
type talker interface {
	channels.Listener
	channels.Talker
}

func talkerOf(d *webhooks.Doors) talker { return d.Listeners[callOut.String()].(talker) }

// recorder writes down what calls are interrupted with.
type recorder struct {
	talker
	with *[]string
}

func (r recorder) Interrupt(_ context.Context, call string, with channels.Reply) error {
	*r.with = append(*r.with, call+" "+string(with.Body))
	return nil
}

// A call whose script was lost, or cannot be put into words, ends.
func TestACallWithNothingToSayHangsUp(t *testing.T) {
	h := open(t, func(d *webhooks.Doors) { d.Listeners[callOut.String()] = speechless{talkerOf(d)} })
	d := h.call(script)
	body := h.expect(http.StatusOK, signed(h.doors.Addresses.Script(callOut, d.ID, 1), url.Values{"CallSid": {"CA1"}})).Body.String()
	if strings.Contains(body, "Say") || !strings.Contains(body, "<Hangup") {
		t.Errorf("hears %s", body)
	}
}

type speechless struct{ talker }

func (speechless) Talk(channels.CallTurn) (channels.Reply, error) {
	return channels.Reply{}, errors.New("no voice")
}
