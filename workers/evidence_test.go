package workers_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"rapport/channels"
	"rapport/channels/call"
	"rapport/channels/channeltest"
	"rapport/channels/email"
	"rapport/channels/sms"
	"rapport/channels/twilio"
	"rapport/channels/webpush"
	"rapport/deliveries"
	"rapport/sandbox"
)

// What may appear nowhere but in the requests themselves.
const (
	secretKey   = "SG.a-key-nobody-may-read"
	secretToken = "a-token-nobody-may-read"
)

// ends is how a provider behaves: a fault of the sandbox, or what becomes of the
// connection once the request is read.
type ends struct {
	name    string
	fault   sandbox.Fault
	answer  func(http.ResponseWriter, *http.Request)
	cut     func(*net.TCPConn)
	unmoved map[channels.Channel]bool // whose word is the status line, which came
	want    standing
}

type standing struct {
	status deliveries.Status
	reason string
}

var (
	sent    = standing{deliveries.Sent, ""}
	doubted = standing{deliveries.Unconfirmed, "no_answer_from_provider"}
	putOff  = standing{deliveries.Planned, "provider_unavailable"}
)

// statusLine are the providers whose word for "accepted" is the status line.
var statusLine = map[channels.Channel]bool{channels.Email: true, channels.Push: true}

// manyEnds are the classes of evidence, as each may end.
var manyEnds = []ends{
	{name: "accepted", want: sent},
	{name: "429", fault: sandbox.Fault{Kind: sandbox.Limit, RetryAfter: 120}, want: putOff},
	{name: "503", fault: sandbox.Fault{Kind: sandbox.Fail}, want: doubted},
	{name: "nobody behind the balancer", fault: sandbox.Fault{Kind: sandbox.Down}, want: doubted},
	{name: "too slow", fault: sandbox.Fault{Kind: sandbox.Slow, Delay: sandbox.Between(time.Minute, time.Minute)}, want: doubted},
	{name: "taken, and 503", fault: sandbox.Fault{Kind: sandbox.AcceptedFail}, want: doubted},
	{name: "taken, and reset", fault: sandbox.Fault{Kind: sandbox.AcceptedBreak}, want: doubted},
	{name: "taken, and half an answer", fault: sandbox.Fault{Kind: sandbox.HalfAnswer}, want: doubted},
	{name: "taken, and nonsense", fault: sandbox.Fault{Kind: sandbox.Garbage}, unmoved: statusLine, want: doubted},
	{name: "half closed", cut: func(c *net.TCPConn) { _ = c.CloseWrite() }, want: doubted},
	{name: "not HTTP", cut: func(c *net.TCPConn) { _, _ = c.Write([]byte("220 " + secretToken + "\r\n")); _ = c.Close() }, want: doubted},
	{name: "a header that breaks off", cut: func(c *net.TCPConn) { _, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Le")); _ = c.Close() }, want: doubted},
	{name: "a redirect", answer: says(http.StatusFound), want: doubted},
	{name: "408", answer: says(http.StatusRequestTimeout), want: doubted},
	{name: "400", answer: says(http.StatusBadRequest), want: standing{deliveries.Failed, "rejected"}},
	{name: "413", answer: says(http.StatusRequestEntityTooLarge), want: standing{deliveries.Failed, "too_large"}},
}

// says answers with a status and repeats what it was sent, as providers do.
func says(status int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/"+secretKey)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code": 99999, "message": %q, "errors": [{"message": %q, "field": %q}]}`, phoneOf("ann"), "ann@home.example", r.Header.Get("Authorization"))
	}
}

// tried is a shop whose providers are the sandbox, behind a door that may behave
// otherwise.
func tried(t *testing.T, e ends) (*shop, *sandbox.Sandbox) {
	t.Helper()
	s := open(t, files)
	var simulated *sandbox.Sandbox
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case e.answer != nil:
			e.answer(w, r)
		case e.cut != nil:
			connection, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				e.cut(connection.(*net.TCPConn))
				t.Cleanup(func() { connection.Close() })
			}
		default:
			simulated.Handler().ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	o := sandbox.Options{
		SelfURL: server.URL, Now: s.clock,
		SendGrid: sandbox.SendGrid{APIKey: secretKey}, Twilio: sandbox.Twilio{AccountSID: "AC1", AuthToken: secretToken},
	}
	if e.fault.Kind != "" {
		e.fault.Rate = 1
		o.Faults = []sandbox.Fault{e.fault}
	}
	simulated = sandbox.New(o)
	ok(t, s.store.Subscribe(s.ctx(), "ann", simulated.NewSubscription("ann"), s.clock().Add(time.Minute)))
	public, private, err := webpush.GenerateVAPIDKeys()
	ok(t, err)
	account := twilio.Account{AccountSID: "AC1", AuthToken: secretToken, BaseURL: server.URL}
	for ch, settings := range map[channels.Channel]interface {
		Open() (channels.Sender, error)
	}{
		channels.Email: email.SendGrid{APIKey: secretKey, BaseURL: server.URL},
		channels.SMS:   sms.Twilio{Account: account},
		channels.Call:  call.Twilio{Account: account},
		channels.Push: webpush.VAPID{
			PublicKey: public, PrivateKey: channels.Secret(private), Subject: "mailto:ops@shop.example", BaseURL: server.URL, Now: s.clock,
		},
	} {
		sender, err := settings.Open()
		ok(t, err)
		s.senders[ch] = sender
	}
	if e.fault.Kind == sandbox.Slow {
		s.courier.Call = 300 * time.Millisecond // the provider's patience, not the test's
	}
	return s, simulated
}

// However a send ends, the ledger concludes what may be concluded and no more, and
// nothing that is secret or a customer's stands in what is logged or kept about it.
func TestEveryEndOfASendIsJudgedAndGivesNothingAway(t *testing.T) {
	for event, ch := range map[string]channels.Channel{"Wrote": channels.Email, "Texted": channels.SMS, "Rang": channels.Call, "Nudged": channels.Push} {
		for _, e := range manyEnds {
			t.Run(string(ch)+"/"+e.name, func(t *testing.T) {
				s, simulated := tried(t, e)
				s.plan("ann", event)
				s.deliver()
				want := e.want
				if e.unmoved[ch] {
					want = sent
				}
				d := s.stands(want.status, want.reason)
				if d.Provider != names[ch] {
					t.Errorf("it is %q's", d.Provider)
				}
				if want == putOff && d.DueAt.Before(noon.Add(2*time.Minute)) {
					t.Errorf("the provider asked for two minutes, and it is due at %s", d.DueAt)
				}
				accepted := simulated.Tally().Accepted[ch]
				if want == sent && accepted != 1 || (want == putOff || want.status == deliveries.Failed) && accepted != 0 {
					t.Errorf("it is %s, and the provider has %d", d.Status, accepted)
				}
				gone := deliveries.Health{}
				for _, h := range s.allHealth() {
					if h.Failures > 0 {
						gone = h
					}
				}
				if ill := want == doubted; ill != (gone.Failures == 1) {
					t.Errorf("it is %s, and the outlet's health is %+v", d.Status, gone)
				}
				s.discreet(d)
			})
		}
	}
}

// manyWords are what a relay may say to a letter, or leave unsaid.
var manyWords = []struct {
	name   string
	habits channeltest.Habits
	want   standing
	ill    bool // the outlet, not the letter
	had    int  // letters that the relay read to their final dot
}{
	{name: "accepted", want: sent, had: 1},
	{name: "greylisted", habits: channeltest.Habits{To: relaySays(450, 4, 2, 0)}, want: putOff},
	{name: "busy", habits: channeltest.Habits{From: relaySays(421, 4, 3, 2)}, want: putOff, ill: true},
	{name: "nobody answers", habits: channeltest.Habits{Greet: hangsUp}, want: putOff, ill: true},
	{name: "put off after the dot", habits: channeltest.Habits{Message: relaySays(451, 4, 3, 0)}, want: putOff, ill: true, had: 1},
	{name: "no such mailbox", habits: channeltest.Habits{To: relaySays(550, 5, 1, 1)}, want: standing{deliveries.Failed, channels.ReasonInvalidAddress}},
	{name: "too large", habits: channeltest.Habits{From: relaySays(552, 5, 3, 4)}, want: standing{deliveries.Failed, channels.ReasonTooLarge}},
	{name: "policy after the dot", habits: channeltest.Habits{Message: relaySays(550, 5, 7, 1)}, want: standing{deliveries.Failed, channels.BounceBlocked}, had: 1},
	{name: "the end before the content", habits: channeltest.Habits{To: func(c channeltest.Call) error { return c.Conn.Close() }}, want: putOff, ill: true},
	{name: "the end after the dot", habits: channeltest.Habits{Message: func(c channeltest.Call) error { return c.Conn.Close() }}, want: doubted, ill: true, had: 1},
}

// relaySays answers with a code and repeats what it was told, as relays do.
func relaySays(code, class, subject, detail int) func(channeltest.Call) error {
	return func(channeltest.Call) error {
		return &smtp.SMTPError{
			Code: code, EnhancedCode: smtp.EnhancedCode{class, subject, detail}, Message: "<ann@home.example> " + channeltest.Password,
		}
	}
}

func hangsUp(c net.Conn) bool {
	_ = c.Close()
	return true
}

// A relay's word is judged like a provider's status.
func TestEveryEndOfALetterThroughARelay(t *testing.T) {
	authority := channeltest.Authority(t)
	for _, e := range manyWords {
		t.Run(e.name, func(t *testing.T) {
			relay := channeltest.NewRelay(t, e.habits)
			host, port, err := net.SplitHostPort(strings.TrimPrefix(relay.URL(), "smtp://"))
			ok(t, err)
			number, err := strconv.Atoi(port)
			ok(t, err)
			s := open(t, files)
			s.senders[channels.Email], err = email.SMTP{
				Host: host, Port: number, CAFile: authority, Hello: "rapport.shop.example",
				Username: channeltest.Username, Password: channeltest.Password, Timeout: 5 * time.Second, Now: s.clock,
			}.Open()
			ok(t, err)
			t.Cleanup(relay.HangUp) // or the kept connection outlives the test
			s.plan("ann", "Wrote")
			s.deliver()
			d := s.stands(e.want.status, e.want.reason)
			if got := len(relay.Letters()); got != e.had {
				t.Errorf("it is %s, and the relay has %d letters, want %d", d.Status, got, e.had)
			}
			ill := slices.ContainsFunc(s.allHealth(), func(h deliveries.Health) bool { return h.Failures > 0 })
			if ill != e.ill {
				t.Errorf("it is %s, and the outlets' health is %+v", d.Status, s.allHealth())
			}
			s.discreet(d)
		})
	}
}

func (s *shop) allHealth() []deliveries.Health {
	s.t.Helper()
	all, err := s.store.Outlets().Health(s.ctx(), "")
	ok(s.t, err)
	return all
}

// discreet checks that nothing secret stands in the log, in what the ledger keeps
// of a delivery, or in what is known of the outlets.
func (s *shop) discreet(d deliveries.Delivery) {
	s.t.Helper()
	kept, err := json.Marshal(map[string]any{"reason": d.Reason, "provider": d.Provider, "outlets": s.allHealth()})
	ok(s.t, err)
	for _, private := range []string{secretKey, secretToken, channeltest.Password, "home.example", phoneOf("ann"), phoneOf("ann")[1:], "/push/", "Bearer", "Jo "} {
		for what, text := range map[string]string{"the log": s.said.String(), "what is kept": string(kept)} {
			if strings.Contains(text, private) {
				s.t.Errorf("%s holds %q:\n%s", what, private, text)
			}
		}
	}
}
