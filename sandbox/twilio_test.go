package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	twilioclient "github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// redirected sends the official client's requests to the sandbox.
type redirected struct {
	*twilioclient.Client
	base string
}

func (c redirected) SendRequest(method, rawURL string, data url.Values, headers map[string]interface{}, body ...byte) (*http.Response, error) {
	rawURL = strings.Replace(rawURL, "https://api.twilio.com", c.base, 1)
	return c.Client.SendRequest(method, rawURL, data, headers, body...)
}

func (h *house) twilio(token string) *api.ApiService {
	client := &twilioclient.Client{Credentials: twilioclient.NewCredentials(testSID, token), HTTPClient: h.api.Client()}
	client.SetAccountSid(testSID)
	return api.NewApiServiceWithClient(redirected{client, h.api.URL})
}

func (h *house) text(to, body string) (*api.ApiV2010Message, error) {
	params := &api.CreateMessageParams{}
	params.SetTo(to).SetFrom("+4930555111").SetBody(body).SetStatusCallback(h.public.URL + "/hooks/sms/twilio/status/thistexttoken12345")
	return h.twilio(testToken).CreateMessage(params)
}

func (h *house) mustText(to, body string) *api.ApiV2010Message {
	h.t.Helper()
	m, err := h.text(to, body)
	if err != nil {
		h.t.Fatal(err)
	}
	return m
}

func TestATextIsAcceptedLoggedReportedAndFound(t *testing.T) {
	h := build(t, nil)
	sent := h.mustText("+491511234567", strings.Repeat("x", 200))
	if *sent.Status != "queued" || *sent.NumSegments != "2" || !strings.HasPrefix(*sent.Sid, "SM") || len(*sent.Sid) != 34 {
		t.Errorf("the answer is %s, %s segments, %s", *sent.Status, *sent.NumSegments, *sent.Sid)
	}
	line := h.accepted()[0]
	if line.ProviderID != *sent.Sid || line.Token != "thistexttoken12345" || line.Segments != 2 || !strings.HasSuffix(line.StatusURL, line.Token) {
		t.Errorf("the log says %+v", line)
	}
	h.playAll()
	wantList(t, "statuses", h.values("/hooks/sms/twilio/status/thistexttoken12345", "MessageStatus"), "sent", "delivered")

	one, err := h.twilio(testToken).FetchMessage(*sent.Sid, nil)
	if err != nil {
		t.Fatal(err)
	}
	if *one.Status != "delivered" || *one.To != "+491511234567" {
		t.Errorf("the message is %s to %s", *one.Status, *one.To)
	}
}

func TestTheListOfTextsIsFilteredAndPaged(t *testing.T) {
	h := build(t, nil)
	for i := range 5 {
		h.mustText("+491511234567", fmt.Sprintf("number %d", i))
		if i != 3 { // the last two came in the same second
			h.clock.set(h.clock.Now().Add(time.Hour))
		}
	}
	h.mustText("+491519999999", "somebody else's")

	params := &api.ListMessageParams{}
	params.SetTo("+491511234567").SetDateSentAfter(start.Add(2 * time.Hour)).SetPageSize(2)
	listed, err := h.twilio(testToken).ListMessage(params)
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range listed {
		bodies = append(bodies, *m.Body)
	}
	wantList(t, "newest first, from the third hour on", bodies, "number 4", "number 3", "number 2")
}

func TestTextsAndCallsAreRefusedAsTwilioRefusesThem(t *testing.T) {
	h := build(t, nil)
	text := func(to, from, body, callback string) error {
		params := &api.CreateMessageParams{}
		params.SetTo(to).SetFrom(from).SetBody(body)
		if callback != "" {
			params.SetStatusCallback(callback)
		}
		_, err := h.twilio(testToken).CreateMessage(params)
		return err
	}
	call := func(to, from, script string) error {
		params := &api.CreateCallParams{}
		params.SetTo(to).SetFrom(from)
		if script != "" {
			params.SetUrl(script)
		}
		_, err := h.twilio(testToken).CreateCall(params)
		return err
	}
	_, wrongToken := h.twilio("wrong").CreateMessage((&api.CreateMessageParams{}).SetTo("+491511234567").SetFrom("Shop").SetBody("x"))
	_, unknown := h.twilio(testToken).FetchMessage("SM00000000000000000000000000000000", nil)
	cases := []struct {
		name   string
		err    error
		status int
		code   int
	}{
		{"a wrong token", wrongToken, 401, 20003},
		{"a message nobody knows", unknown, 404, 20404},
		{"no To", text("", "Shop", "x", ""), 400, 21604},
		{"no From", text("+491511234567", "", "x", ""), 400, 21603},
		{"no body", text("+491511234567", "Shop", "", ""), 400, 21602},
		{"To is no number", text("01511234567", "Shop", "x", ""), 400, 21211},
		{"From is nothing", text("+491511234567", "a name too long", "x", ""), 400, 21212},
		{"too long", text("+491511234567", "Shop", strings.Repeat("x", 1601), ""), 400, 21617},
		{"a callback that is no URL", text("+491511234567", "Shop", "x", "nowhere"), 400, 21609},
		{"a call to no number", call("123", "+4930555111", "http://127.0.0.1/x"), 400, 21211},
		{"a call without a script", call("+491511234567", "+4930555111", ""), 400, 21205},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var said *twilioclient.TwilioRestError
			if !errors.As(c.err, &said) {
				t.Fatalf("got %v, want an error of Twilio's form", c.err)
			}
			if said.Status != c.status || said.Code != c.code || !strings.HasSuffix(said.MoreInfo, fmt.Sprint(c.code)) {
				t.Errorf("got %d %d %s, want %d %d", said.Status, said.Code, said.MoreInfo, c.status, c.code)
			}
		})
	}
	if lines := h.accepted(); len(lines) != 0 {
		t.Errorf("%d refused messages stand in the log", len(lines))
	}
}

func TestCustomersAnswerTexts(t *testing.T) {
	cases := []struct {
		name string
		sms  SMSBehaviour
		body string
		want string
	}{
		{"a score", SMSBehaviour{Answer: 1}, "How did we do? Answer 0-10", "10"},
		{"words", SMSBehaviour{Reply: 1}, "Your order is on its way", "Everything was great, thank you!"},
		{"a stop", SMSBehaviour{Stop: 1, Answer: 1}, "How did we do? Answer 0-10", "STOP"},
		{"nothing", SMSBehaviour{}, "How did we do? Answer 0-10", ""},
		{"nothing to a text that never arrived", SMSBehaviour{Undelivered: 1, Reply: 1}, "Hello", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			h := build(t, func(o *Options) { o.Behaviour = Behaviour{Mood: Mood{Mean: 1}, SMS: c.sms} })
			h.mustText("+491511234567", c.body)
			h.playAll()
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			wantList(t, "answers", h.values("/hooks/sms/twilio", "Body"), want...)
			if c.want != "" {
				wantList(t, "from", h.values("/hooks/sms/twilio", "From"), "+491511234567")
				wantList(t, "to", h.values("/hooks/sms/twilio", "To"), "+4930555111")
			}
		})
	}
}

func TestAfterAStopTwilioTakesNothingForTheNumber(t *testing.T) {
	h := build(t, nil)
	stop := Text{From: "+491511234567", To: "+4930555111", Body: " stop "}
	if err := h.sandbox.Text(t.Context(), stop); err != nil {
		t.Fatal(err)
	}
	_, err := h.text("+491511234567", "An offer")
	var said *twilioclient.TwilioRestError
	if !errors.As(err, &said) || said.Code != 21610 {
		t.Fatalf("after a stop: got %v, want 21610", err)
	}
	stop.Body = "START"
	if err := h.sandbox.Text(t.Context(), stop); err != nil {
		t.Fatal(err)
	}
	if _, err := h.text("+491511234567", "An offer"); err != nil {
		t.Errorf("after a start: %v", err)
	}
}

func TestASurveyInATextIsAnswered(t *testing.T) {
	h := build(t, func(o *Options) { o.Behaviour = Behaviour{Mood: Mood{Mean: 0.5}, SMS: SMSBehaviour{Answer: 1}} })
	h.answer = h.pages
	h.mustText("+491511234567", "Tell us: "+h.public.URL+"/s/texttoken.")
	h.playAll()
	visits := h.visits("/s/texttoken")
	if len(visits) != 2 || visits[1].form.Get("score") != "3" {
		t.Errorf("the survey was visited %+v", visits)
	}
}

func TestACallbackThatFindsNobodyIsTriedOnceMore(t *testing.T) {
	h := build(t, nil)
	breaks := 1
	h.answer = func(w http.ResponseWriter, r *http.Request, v visitor) bool {
		if v.form.Get("MessageStatus") != "sent" || breaks == 0 {
			return false
		}
		breaks--
		panic(http.ErrAbortHandler)
	}
	h.mustText("+491511234567", "Hello")
	h.playAll()
	wantList(t, "statuses", h.values("/hooks/sms/twilio/status/", "MessageStatus"), "sent", "sent", "delivered")
	if lost := h.sandbox.Tally().Lost; lost != 0 {
		t.Errorf("%d callbacks were lost", lost)
	}
}
