package sandbox

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sendgrid/rest"
	twilioclient "github.com/twilio/twilio-go/client"

	"rapport/channels"
)

func TestFaultsAsASenderSeesThem(t *testing.T) {
	cases := []struct {
		fault    Fault
		status   int  // of an e-mail's answer; 0: no whole answer came
		accepted bool // the log has it
		readable bool // a text's answer can be read
	}{
		{Fault{Kind: Limit, RetryAfter: 3}, 429, false, false},
		{Fault{Kind: Fail}, 503, false, false},
		{Fault{Kind: Fail, Status: 500}, 500, false, false},
		{Fault{Kind: Down}, 0, false, false},
		{Fault{Kind: Slow, Delay: exactly(time.Millisecond)}, 202, true, true},
		{Fault{Kind: AcceptedFail}, 503, true, false},
		{Fault{Kind: AcceptedBreak}, 0, true, false},
		{Fault{Kind: HalfAnswer}, 0, true, false},
		{Fault{Kind: Garbage}, 202, true, false},
	}
	for _, c := range cases {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			c.fault.Rate = 1
			h := build(t, func(o *Options) { o.Faults = []Fault{c.fault} })
			answer, err := h.mail(letterTo("ada@customer.example", "<p>Hi</p>", 1))
			if status := statusOf(answer, err); status != c.status {
				t.Errorf("an e-mail: got %d (%v), want %d", status, err, c.status)
			}
			if c.fault.Kind == Limit && http.Header(answer.Headers).Get("Retry-After") != "3" {
				t.Errorf("a limit asks for %q", http.Header(answer.Headers).Get("Retry-After"))
			}
			if _, err := h.text("+491511234567", "Hello"); (err == nil) != c.readable {
				t.Errorf("a text: got %v", err)
			}
			wantAccepted(t, h, c.accepted, c.fault.Kind)
			h.playAll()
			if callbacks := len(h.visits("/hooks/")) > 0; callbacks != c.accepted {
				t.Errorf("callbacks came: %v, want %v", callbacks, c.accepted)
			}
		})
	}
}

func TestWhatIsTakenInSilenceIsInTheLog(t *testing.T) {
	h := build(t, func(o *Options) { o.Faults = []Fault{{Kind: AcceptedSilence, Rate: 1}} })
	ctx, cancel := context.WithCancel(t.Context())
	h.log.told = cancel // who waits for an answer gives up then
	form := url.Values{"To": {"+491511234567"}, "From": {"+4930555111"}, "Body": {"Hello"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.api.URL+"/2010-04-01/Accounts/"+testSID+"/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(testSID, testToken)
	r.Header.Set("Content-Type", formType)
	if _, err := h.api.Client().Do(r); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if lines := h.accepted(); len(lines) != 1 || lines[0].Fault != AcceptedSilence {
		t.Errorf("the log has %+v", lines)
	}
}

// A provider that is down says so to whoever asks for nothing.
func TestSendGridIsAskedForNothing(t *testing.T) {
	h := build(t, nil)
	ask := func(key string) (status, wait string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.api.URL+"/v3/scopes", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+key)
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return "none", ""
		}
		defer answer.Body.Close()
		return answer.Status[:3], answer.Header.Get("Retry-After")
	}
	for _, c := range []struct {
		key, want string
		fault     Fault
	}{
		{testKey, "200", Fault{}},
		{"SG.other", "401", Fault{}},
		{testKey, "500", Fault{Kind: Fail, Status: 500, Rate: 1}},
		{testKey, "none", Fault{Kind: Down, Rate: 1}},
		{testKey, "429", Fault{Kind: Limit, RetryAfter: 3, Rate: 1}},
		{testKey, "200", Fault{Kind: Down, Rate: 1, Channel: channels.SMS}},
	} {
		h.sandbox.SetFaults(c.fault)
		if got, wait := ask(c.key); got != c.want || (got == "429") != (wait == "3") {
			t.Errorf("%+v: %s, to wait %q", c, got, wait)
		}
	}
	if accepted := h.accepted(); len(accepted) > 0 {
		t.Errorf("accepted %+v", accepted)
	}
}

func statusOf(answer *rest.Response, err error) int {
	if err != nil || answer == nil {
		return 0
	}
	return answer.StatusCode
}

func wantAccepted(t *testing.T, h *house, accepted bool, kind FaultKind) {
	t.Helper()
	lines := h.accepted()
	if !accepted {
		if len(lines) != 0 {
			t.Errorf("the log has %d messages that were not taken", len(lines))
		}
		return
	}
	if len(lines) != 2 {
		t.Fatalf("the log has %d messages, want both", len(lines))
	}
	for _, line := range lines {
		if line.Fault != kind {
			t.Errorf("the log blames %q", line.Fault)
		}
	}
}

func TestAFaultKeepsToItsChannel(t *testing.T) {
	h := build(t, func(o *Options) { o.Faults = []Fault{{Kind: Fail, Rate: 1, Channel: channels.SMS}} })
	h.mustMail(letterTo("ada@customer.example", "<p>Hi</p>", 1))
	_, err := h.text("+491511234567", "Hello")
	var said *twilioclient.TwilioRestError
	if !errors.As(err, &said) || said.Status != 503 || said.Code != 20500 {
		t.Errorf("a text: got %v", err)
	}
	h.sandbox.SetFaults()
	h.mustText("+491511234567", "Hello")
}

func TestAFaultMeetsItsShareAndARetryIsAFreshDraw(t *testing.T) {
	h := build(t, func(o *Options) { o.Faults = []Fault{{Kind: Limit, Rate: 0.5}} })
	refused := 0
	for range 200 {
		if answer, err := h.mail(letterTo("ada@customer.example", "<p>Hi</p>", 1)); statusOf(answer, err) == 429 {
			refused++
		}
	}
	if refused < 70 || refused > 130 {
		t.Errorf("of 200 attempts at one mail %d were refused, want about 100", refused)
	}
}

func TestCallbacksMayComeTwiceAndOutOfOrder(t *testing.T) {
	h := build(t, func(o *Options) { o.Disorder = Disorder{Duplicate: 1, Shuffle: 1} })
	for range 8 {
		h.mustMail(letterTo("ada@customer.example", "<p>Hi</p>", 1))
	}
	h.playAll()
	ids, count, sameID := map[any]int{}, map[any]int{}, 0
	for _, e := range h.events() {
		count[e["sg_message_id"].(string)+e["event"].(string)]++
		if ids[e["sg_event_id"]]++; ids[e["sg_event_id"]] > 1 {
			sameID++
		}
	}
	for what, n := range count {
		if n != 2 {
			t.Errorf("%v came %d times, want 2", what, n)
		}
	}
	if sameID == 0 || sameID == 16 {
		t.Errorf("%d of 16 repetitions kept their id, want some and not all", sameID)
	}
	shuffled := false
	seen := map[any]bool{}
	for _, e := range h.events() {
		if e["event"] == "processed" {
			shuffled = shuffled || seen[e["sg_message_id"]]
		}
		seen[e["sg_message_id"]] = true
	}
	if !shuffled {
		t.Error("every message's events came in order")
	}
}

func TestControlChangesTheSandboxAtRunTime(t *testing.T) {
	h := build(t, nil)
	order := func(body, kind string) int {
		resp, err := h.api.Client().Post(h.api.URL+"/control", kind, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		return resp.StatusCode
	}
	cases := []struct {
		name, body, kind string
		want             int
	}{
		{"a fault", `{"faults": [{"kind": "limit", "channel": "email", "rate": 1, "retry_after": 2}]}`, jsonType, 200},
		{"a page of another origin", `{"faults": []}`, "text/plain", 415},
		{"a kind nobody knows", `{"faults": [{"kind": "tired", "rate": 1}]}`, jsonType, 400},
		{"a rate above one", `{"faults": [{"kind": "slow", "rate": 2}]}`, jsonType, 400},
		{"a word nobody knows", `{"fault": []}`, jsonType, 400},
		{"a customer of one's own", `{"customers": {"ada@customer.example": {"email": {"hard_bounce": 1, "delivery": "2s-5s"}}}}`, jsonType, 200},
		{"a text", `{"texts": [{"from": "+491511234567", "to": "+4930555111", "body": "HELP"}]}`, jsonType, 200},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := order(c.body, c.kind); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
	wantList(t, "texts", h.values("/hooks/sms/twilio", "Body"), "HELP")
	if answer, err := h.mail(letterTo("ada@customer.example", "<p>Hi</p>", 1)); statusOf(answer, err) != 429 {
		t.Errorf("the fault is not in force: %v %v", answer, err)
	}
	h.sandbox.SetFaults()
	h.mustMail(letterTo("ada@customer.example", "<p>Hi</p>", 1))
	h.playAll()
	wantList(t, "events", h.eventNames(), "processed", "bounce")
}
