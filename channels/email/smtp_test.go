package email_test

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rapport/channels"
	"rapport/channels/channeltest"
	"rapport/channels/email"
)

// settings are those of a relay at an address.
func settings(t *testing.T, address string) email.SMTP {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	port, _ := strconv.Atoi(u.Port())
	return email.SMTP{
		Host: u.Hostname(), Port: port, TLS: map[string]string{"smtp": "starttls", "smtps": "implicit"}[u.Scheme],
		CAFile: channeltest.Authority(t), Username: channeltest.Username, Password: channeltest.Password,
		Hello: "shop.example", Now: func() time.Time { return arrived },
	}
}

func relayed(t *testing.T, s email.SMTP) channels.Sender {
	t.Helper()
	sender, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func TestSMTP(t *testing.T) {
	letter := func(string) channels.Message {
		m := message("")
		m.Envelope.MessageID = "d812.mark@shop.example"
		return m
	}
	refused := map[string]func(*channels.Message){
		"a return path with a line break": func(m *channels.Message) { m.Envelope.ReturnPath = "b@shop.example>\r\nRCPT TO:<x@y.example" },
		"a return path with a name":       func(m *channels.Message) { m.Envelope.ReturnPath = "B <b@shop.example>" },
	}
	for name, change := range unfit {
		refused[name] = change
	}
	channeltest.Suite{
		SMTP: true,
		OpenOne: func(t *testing.T, address string, timeout time.Duration) channels.Sender {
			s := settings(t, address)
			s.Timeout, s.Connections = timeout, 1
			return relayed(t, s)
		},
		Open: func(t *testing.T, address string, timeout time.Duration) channels.Sender {
			s := settings(t, address)
			s.Timeout = timeout
			return relayed(t, s)
		},
		Message: letter,
		Receipt: channels.Receipt{ProviderID: "d812.mark@shop.example"},
		Secrets: []string{channeltest.Password, "ada@", "hello@shop.example", "Countess"},
		Refused: refused,
	}.Run(t)
}

// sendAll sends a message so many times at once.
func sendAll(t *testing.T, sender channels.Sender, times int) {
	t.Helper()
	var all sync.WaitGroup
	for range times {
		all.Go(func() {
			if _, err := sender.Send(t.Context(), whole()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestConnectionsAreFewAndKept(t *testing.T) {
	r := channeltest.NewRelay(t, channeltest.Habits{})
	s := settings(t, r.URL())
	s.Connections = 3
	sender := relayed(t, s)
	sendAll(t, sender, 30)
	sendAll(t, sender, 30)
	if n := r.Connections(); n > 3 || len(r.Letters()) != 60 {
		t.Errorf("%d letters over %d connections", len(r.Letters()), n)
	}
}

func TestEveryWayToSignIn(t *testing.T) {
	for _, c := range []struct {
		auth   string
		habits channeltest.Habits
	}{
		{"", channeltest.Habits{}},
		{"plain", channeltest.Habits{Implicit: true}},
		{"login", channeltest.Habits{Mechanisms: []string{"PLAIN", "LOGIN"}}},
		{"LOGIN", channeltest.Habits{Implicit: true, Mechanisms: []string{"LOGIN"}}},
		{"", channeltest.Habits{Mechanisms: []string{"XOAUTH2", "LOGIN"}}},
	} {
		r := channeltest.NewRelay(t, c.habits)
		s := settings(t, r.URL())
		s.Auth = c.auth
		if _, err := relayed(t, s).Send(t.Context(), whole()); err != nil || len(r.Letters()) != 1 {
			t.Errorf("%q with %v: %v", c.auth, c.habits.Mechanisms, err)
		}
	}
	for _, c := range []struct {
		auth   string
		offers []string
	}{{"cram-md5", []string{"PLAIN"}}, {"", []string{"GSSAPI"}}, {"", []string{}}} {
		r := channeltest.NewRelay(t, channeltest.Habits{Mechanisms: c.offers})
		s := settings(t, r.URL())
		s.Auth = c.auth
		_, err := relayed(t, s).Send(t.Context(), whole())
		if refused := asRefused(t, err); !refused.Broken || !strings.Contains(err.Error(), "does not offer") {
			t.Errorf("%q with %v: %v", c.auth, c.offers, err)
		}
	}
}

func TestAWrongPasswordIsNamedAsSuch(t *testing.T) {
	r := channeltest.NewRelay(t, channeltest.Habits{})
	s := settings(t, r.URL())
	s.Password = "not-the-password"
	_, err := relayed(t, s).Send(t.Context(), whole())
	if refused := asRefused(t, err); !refused.Broken || !strings.Contains(err.Error(), "sign in at the relay: the relay answered 535") {
		t.Errorf("got %v", err)
	}
}

func TestARelayOnThisMachineMayBeSpokenToInTheOpen(t *testing.T) {
	r := channeltest.NewRelay(t, channeltest.Habits{Bare: true})
	s := settings(t, r.URL())
	s.TLS = "none"
	if _, err := relayed(t, s).Send(t.Context(), whole()); err != nil {
		t.Error(err)
	}
}

func TestWhatIsTooLargeForTheRelayStaysHere(t *testing.T) {
	r := channeltest.NewRelay(t, channeltest.Habits{Largest: 500})
	_, err := relayed(t, settings(t, r.URL())).Send(t.Context(), whole())
	if refused := asRefused(t, err); refused.Reason != channels.ReasonTooLarge || len(r.Letters()) != 0 {
		t.Errorf("got %v", err)
	}
}

func TestSettingsOfARelayThatMakeNoSense(t *testing.T) {
	_, err := email.SMTP{
		Port: 70_000, TLS: "maybe", CAFile: "/nowhere", Username: "a", Auth: "smoke", Hello: "a b", From: "nobody", ReplyTo: "no@body\r\n",
		Connections: -1, Timeout: -1,
	}.Open()
	if err == nil {
		t.Fatal("it was opened")
	}
	for _, want := range []string{
		"host is not", `tls "maybe"`, "port 70000", "ca_file", "username and password", `auth "smoke"`, "hello is", "from is not", "reply_to is not",
		"connections -1", "timeout -1ns", "there is no clock",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing is said of %q in:\n%v", want, err)
		}
	}
	clear := email.SMTP{Host: "smtp.shop.example", TLS: "none", Now: time.Now}
	if _, err := clear.Open(); err == nil || !strings.Contains(err.Error(), "on this machine") {
		t.Errorf("another machine without TLS: %v", err)
	}
}

func TestARelayIsProbedWithoutAMessage(t *testing.T) {
	r := channeltest.NewRelay(t, channeltest.Habits{})
	s := settings(t, r.URL())
	if err := relayed(t, s).(channels.Prober).Probe(t.Context()); err != nil || r.Connections() != 1 || len(r.Letters()) != 0 {
		t.Errorf("%v, %d connections", err, r.Connections())
	}
	s.Password = "not-the-password"
	if refused := asRefused(t, relayed(t, s).(channels.Prober).Probe(t.Context())); !refused.Broken {
		t.Errorf("got %v", refused)
	}
}
