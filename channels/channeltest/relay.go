package channeltest

import (
	"crypto/tls"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// What relays of this package want to be told at sign-in.
const (
	Username = "rapport"
	Password = "a-password-of-the-relay"
)

// Habits are how a relay behaves where it does not simply take everything.
type Habits struct {
	// Greet may answer a connection in the place of the server; it reports
	// whether it did.
	Greet func(net.Conn) bool
	// SignIn, From, To and Message may refuse: with an *smtp.SMTPError what it
	// says. Message is asked once the content was read to its final dot.
	SignIn, From, To, Message func(Call) error
	// Begun is asked before the first byte of the content is read.
	Begun func(Call) error
	// OneByOne offers no PIPELINING; it wants Bare or Implicit. Most is how many
	// connections are taken before all others are turned away; 0 is any number.
	OneByOne bool
	Most     int
	// Data is said in the place of 354, and the connection ended.
	Data string
	// UTF8 offers SMTPUTF8, Largest is SIZE's (0: none is named), and Mechanisms
	// are AUTH's (nil: PLAIN).
	UTF8       bool
	Largest    int64
	Mechanisms []string
	// Bare offers no STARTTLS, Implicit begins with TLS, and Unknown has a
	// certificate that Authority does not vouch for.
	Bare, Implicit, Unknown bool
}

// Call is what a relay knows when it is asked.
type Call struct {
	*Relay
	Conn   net.Conn
	Letter Letter
}

// Letter is one message as a relay was handed it.
type Letter struct {
	From, To string
	UTF8     bool
	Raw      []byte
	// Connection numbers the connection it came by, from 1.
	Connection int
}

// Relay is a mail server on this machine.
type Relay struct {
	habits Habits
	url    string

	mu          sync.Mutex
	letters     []Letter
	connections int
	open        map[net.Conn]bool
	rushed      bool
}

// NewRelay starts a relay, which ends with the test.
func NewRelay(t *testing.T, habits Habits) *Relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{habits: habits, url: "smtp://" + listener.Addr().String(), open: map[net.Conn]bool{}}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return r.session(c), nil }))
	server.Domain, server.ErrorLog, server.EnableSMTPUTF8 = "relay.example", quiet, habits.UTF8
	server.MaxMessageBytes, server.AllowInsecureAuth = habits.Largest, true
	certificate := certificate(t, habits.Unknown)
	listener = &door{Listener: listener, relay: r}
	switch {
	case habits.Implicit:
		r.url = "smtps://" + listener.Addr().String()
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}})
	case !habits.Bare:
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	if habits.OneByOne {
		listener = &oneByOne{Listener: listener, relay: r}
	}
	if habits.Data != "" {
		listener = &rewording{Listener: listener, reply: habits.Data}
	}
	served := make(chan struct{})
	go func() {
		_ = server.Serve(listener) // ends with Close
		close(served)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close() // the server may not have come to know it yet
		<-served
	})
	return r
}

// URL is where the relay is reached: smtp://127.0.0.1:PORT or smtps://.
func (r *Relay) URL() string { return r.url }

func (r *Relay) address() string { return r.url }

// Letters are the messages that were read to their final dot, whatever the relay
// said to them.
func (r *Relay) Letters() []Letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Letter(nil), r.letters...)
}

// Connections is how many connections were ever made.
func (r *Relay) Connections() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.connections
}

// Open is how many connections are open.
func (r *Relay) Open() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.open)
}

// HangUp ends every connection that is open.
func (r *Relay) HangUp() {
	r.mu.Lock()
	open := slices.Collect(maps.Keys(r.open))
	r.mu.Unlock()
	for _, conn := range open {
		_ = conn.Close()
	}
}

func (r *Relay) had(t *testing.T, want int) {
	t.Helper()
	if got := len(r.Letters()); got != want {
		t.Errorf("%d messages reached the relay, want %d", got, want)
	}
}

// session is one client at the relay.
type session struct {
	relay  *Relay
	conn   *smtp.Conn
	number int
	letter Letter
	in     bool
	begun  bool // a transaction
}

func (r *Relay) session(c *smtp.Conn) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &session{relay: r, conn: c, number: r.connections}
}

func (s *session) ask(habit func(Call) error) error {
	if habit == nil {
		return nil
	}
	return habit(Call{Relay: s.relay, Conn: s.conn.Conn(), Letter: s.letter})
}

func (s *session) AuthMechanisms() []string {
	if s.relay.habits.Mechanisms != nil {
		return s.relay.habits.Mechanisms
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(username, password string) error {
		if username != Username || password != Password {
			return smtp.ErrAuthFailed
		}
		s.in = true
		return s.ask(s.relay.habits.SignIn)
	}
	if mechanism == sasl.Login {
		return &login{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, username, password string) error { return check(username, password) }), nil
}

func (s *session) Mail(from string, o *smtp.MailOptions) error {
	if !s.in {
		return smtp.ErrAuthRequired
	}
	if s.begun { // RFC 5321 §4.1.1.2
		return &smtp.SMTPError{Code: 503, EnhancedCode: smtp.EnhancedCode{5, 5, 1}, Message: "a message was begun and not ended"}
	}
	s.letter = Letter{From: from, UTF8: o.UTF8, Connection: s.number}
	err := s.ask(s.relay.habits.From)
	s.begun = err == nil
	return err
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.letter.To = to
	return s.ask(s.relay.habits.To)
}

func (s *session) Data(content io.Reader) error {
	if err := s.ask(s.relay.habits.Begun); err != nil {
		return err
	}
	raw, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	s.letter.Raw = raw
	s.relay.mu.Lock()
	s.relay.letters = append(s.relay.letters, s.letter)
	s.relay.mu.Unlock()
	return s.ask(s.relay.habits.Message)
}

func (s *session) Reset()        { s.letter, s.begun = Letter{}, false }
func (s *session) Logout() error { return nil }

// login is the mechanism LOGIN, which go-sasl has for clients only.
type login struct {
	check    func(username, password string) error
	username *string
	asked    bool
}

func (l *login) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case !l.asked:
		l.asked = true
		return []byte("Username:"), false, nil
	case l.username == nil:
		username := string(response)
		l.username = &username
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.username, string(response))
}

// door counts connections and lets the relay greet in its own way.
type door struct {
	net.Listener
	relay *Relay
}

func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		d.relay.mu.Lock()
		d.relay.connections++
		full := d.relay.habits.Most > 0 && d.relay.connections > d.relay.habits.Most
		conn = &counted{conn, d.relay}
		d.relay.open[conn] = true
		d.relay.mu.Unlock()
		if full {
			saying("421 4.3.2 " + echo + "\r\n")(conn)
			continue
		}
		if greet := d.relay.habits.Greet; greet == nil || !greet(conn) {
			return conn, nil
		}
	}
}

// counted is a connection that is taken off the list when it is closed.
type counted struct {
	net.Conn
	relay *Relay
}

func (c *counted) Close() error {
	c.relay.mu.Lock()
	delete(c.relay.open, c)
	c.relay.mu.Unlock()
	return c.Conn.Close()
}

// rewording says something else in the place of 354 and ends the connection.
type rewording struct {
	net.Listener
	reply string
}

func (r *rewording) Accept() (net.Conn, error) {
	conn, err := r.Listener.Accept()
	return &reworded{conn, r.reply}, err
}

type reworded struct {
	net.Conn
	reply string
}

var errEnded = errors.New("the relay ended the connection")

func (r *reworded) Write(b []byte) (int, error) {
	if len(b) < 4 || string(b[:4]) != "354 " {
		return r.Conn.Write(b)
	}
	_, _ = r.Conn.Write([]byte(r.reply + "\r\n"))
	_ = r.Close()
	return 0, errEnded
}
