package sandbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"rapport/channels"
)

// Options say whom the sandbox stands in for and how its customers behave.
type Options struct {
	// PublicURL is where Rapport's own public routes are reached, the only
	// place the sandbox ever contacts. It must be on the loopback interface.
	// Empty: messages are accepted and nothing ever follows.
	PublicURL string
	// SelfURL is where the sandbox is reached itself; push endpoints and
	// recordings are under it.
	SelfURL string

	SendGrid SendGrid
	Twilio   Twilio

	// Seed decides every outcome, and the keys the sandbox makes.
	Seed      uint64
	Behaviour Behaviour
	// Person names the customer behind an address, so that one person has one
	// mood on every channel; for push the address is already the customer of
	// NewSubscription. Nil: every address is a person.
	Person func(address string) string
	// Now is the clock; required.
	Now func() time.Time

	// Log receives one line of JSON (Accepted) for every accepted message,
	// before the message is answered. Lines that arrive together are one write.
	Log io.Writer
	// Sync also calls Log's Sync method, where it has one, before answering.
	Sync bool

	Faults   []Fault
	Disorder Disorder
	// Concurrency bounds the callbacks and visits under way at once; 0 means 32.
	Concurrency int
}

// SendGrid is the e-mail account.
type SendGrid struct {
	// APIKey is what requests must carry; empty accepts any key.
	APIKey string
	// EventsURL is the event webhook; empty means /hooks/email/sendgrid under
	// the public URL.
	EventsURL string
	// InboundURL is where Inbound Parse posts mail for MailDomain; empty: nobody
	// writes back.
	InboundURL string
	// Key signs the webhooks; nil derives one from the seed.
	Key *ecdsa.PrivateKey
}

// Twilio is the account for texts and calls.
type Twilio struct {
	AccountSID string
	AuthToken  string
	// InboundURL receives the customers' texts; empty means
	// /hooks/sms/twilio under the public URL.
	InboundURL string
}

// Sandbox is the providers and the customers behind them. It is safe for
// concurrent use.
type Sandbox struct {
	options Options
	born    string // tells two lives of a sandbox apart in the ids it gives out
	key     *ecdsa.PrivateKey

	journal  *journal
	plan     plan
	playing  sync.Mutex
	outside  outside
	ordinals ordinals
	faults   faults
	tally    tally

	personal sync.Map // address -> Behaviour
	stopped  sync.Map // "from to" of texts -> struct{}: who told whom to stop
	dropped  sync.Map // mailbox -> reason SendGrid drops its mail
	gone     sync.Map // push subscription id -> struct{}
	vouched  sync.Map // VAPID authorization -> time.Time until it is valid
	texts    archive
	calls    archive
	tapes    sync.Map // recording SID -> time.Duration
}

// New makes a sandbox. Options that cannot work are told by Check.
func New(o Options) *Sandbox {
	o.PublicURL = strings.TrimSuffix(o.PublicURL, "/")
	o.SelfURL = strings.TrimSuffix(o.SelfURL, "/")
	if o.Concurrency <= 0 {
		o.Concurrency = 32
	}
	if o.SendGrid.EventsURL == "" && o.PublicURL != "" {
		o.SendGrid.EventsURL = o.PublicURL + "/hooks/email/sendgrid"
	}
	if o.Twilio.InboundURL == "" && o.PublicURL != "" {
		o.Twilio.InboundURL = o.PublicURL + "/hooks/sms/twilio"
	}
	s := &Sandbox{
		options: o,
		born:    strconv.FormatInt(o.Now().UnixNano(), 36),
		key:     o.SendGrid.Key,
		journal: newJournal(o.Log, o.Sync),
		outside: newOutside(o.PublicURL, o.Concurrency),
	}
	if s.key == nil {
		s.key = s.deriveKey()
	}
	s.plan.changed = make(chan struct{}, 1)
	s.faults.set(o.Faults, o.Disorder)
	return s
}

// Check says what of the options cannot work: a public URL that is not on the
// loopback interface, callback URLs that are not under it, a fault nobody
// knows.
func (s *Sandbox) Check() error {
	problems := []error{s.outside.problem}
	for what, target := range map[string]string{"SendGrid's events URL": s.options.SendGrid.EventsURL, "SendGrid's inbound URL": s.options.SendGrid.InboundURL, "Twilio's inbound URL": s.options.Twilio.InboundURL} {
		if _, err := s.outside.allow(target); target != "" && err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", what, err))
		}
	}
	for _, fault := range s.options.Faults {
		problems = append(problems, fault.check())
	}
	return errors.Join(problems...)
}

// SendGridPublicKey is the key the event webhook is verified with, as
// SendGrid's settings show it: base64 of its DER (SPKI).
func (s *Sandbox) SendGridPublicKey() string {
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		return ""
	}
	return base64.StdEncoding.EncodeToString(der)
}

// deriveKey makes the webhook's key from the seed, so that whoever verifies it
// need not be told anew when the sandbox restarts.
func (s *Sandbox) deriveKey() *ecdsa.PrivateKey {
	for n := 0; ; n++ {
		sum := s.digest("sendgrid webhook key", strconv.Itoa(n))
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:]); err == nil {
			return key
		}
	}
}

// Behave gives one address a behaviour of its own; for push the address is the
// customer of NewSubscription.
func (s *Sandbox) Behave(address string, b Behaviour) { s.personal.Store(address, b) }

func (s *Sandbox) behaviourOf(address string) Behaviour {
	if own, found := s.personal.Load(address); found {
		return own.(Behaviour)
	}
	return s.options.Behaviour
}

func (s *Sandbox) now() time.Time { return s.options.Now().UTC() }

// Handler serves the providers and, under /control, the sandbox itself.
func (s *Sandbox) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3/mail/send", s.sendMail)
	mux.HandleFunc("GET /v3/scopes", s.scopes)

	const account = "/2010-04-01/Accounts/{account}"
	mux.HandleFunc("POST "+account+"/Messages.json", s.twilio(s.sendText))
	mux.HandleFunc("GET "+account+"/Messages.json", s.twilio(s.list(channels.SMS, &s.texts, "messages", "DateSent")))
	mux.HandleFunc("GET "+account+"/Messages/{sid}", s.twilio(s.one(channels.SMS, &s.texts)))
	mux.HandleFunc("POST "+account+"/Calls.json", s.twilio(s.placeCall))
	mux.HandleFunc("GET "+account+"/Calls.json", s.twilio(s.list(channels.Call, &s.calls, "calls", "StartTime")))
	mux.HandleFunc("GET "+account+"/Calls/{sid}", s.twilio(s.one(channels.Call, &s.calls)))
	mux.HandleFunc("POST "+account+"/Calls/{sid}", s.twilio(s.changeCall))
	mux.HandleFunc("GET "+account+"/Recordings/{file}", s.twilio(s.playRecording))
	mux.HandleFunc("DELETE "+account+"/Recordings/{file}", s.twilio(s.dropRecording))

	mux.HandleFunc("POST /push/{id}", s.push)
	mux.HandleFunc("POST "+Webhooks+"/{host}/{path...}", s.hear)

	mux.HandleFunc("GET /control", s.showControl)
	mux.HandleFunc("POST /control", s.control)
	mux.HandleFunc("POST /control/subscriptions", s.controlSubscription)
	return mux
}
