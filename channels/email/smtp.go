package email

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"rapport/channels"
)

// SMTP is the settings of e-mail through a relay: a mail server of the shop's
// own, or a provider's (RFC 5321, RFC 6409).
type SMTP struct {
	Host string `yaml:"host"`
	// Port is 587 with starttls, 465 with implicit and 25 with none, unless set.
	Port int `yaml:"port"`
	// TLS is starttls (the usual), implicit or none. Without TLS nothing is sent
	// to another machine.
	TLS string `yaml:"tls"`
	// CAFile names certificates in PEM to trust in place of the system's.
	CAFile string `yaml:"ca_file"`

	Username string          `yaml:"username"`
	Password channels.Secret `yaml:"password"`
	// Auth is plain, login, cram-md5, scram-sha-1, scram-sha-256 or xoauth2; empty
	// takes the best that the relay offers, xoauth2 excepted.
	Auth string `yaml:"auth"`
	// Hello is the name this machine gives itself; empty is its host name.
	Hello string `yaml:"hello"`
	// From and ReplyTo are used where the workspace names none.
	From    string `yaml:"from"`
	ReplyTo string `yaml:"reply_to"`
	// Connections bounds how many are open at once; 0 is 10.
	Connections int `yaml:"connections"`
	// Timeout bounds one message from its connection to the relay's word; 0 is
	// 10 s.
	Timeout time.Duration `yaml:"timeout"`
	// DKIM signs what leaves (RFC 6376); without keys that is left to the relay.
	DKIM []DKIM `yaml:"dkim"`

	// Now is the clock that dates messages.
	Now func() time.Time `yaml:"-"`
}

// usualConnections is how many connections a relay is asked for.
const usualConnections = 10

// Open gives the sender, which is also a BatchSender, a Checker and a Prober. A relay tells
// nothing later but by bounces.
func (o SMTP) Open() (channels.Sender, error) {
	s, err := o.open()
	if err != nil {
		return nil, fmt.Errorf("open e-mail through smtp: %w", err)
	}
	return s, nil
}

func (o SMTP) open() (*relay, error) {
	way, mistakes := o.route()
	wrong := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	for name, address := range map[string]string{"from": o.From, "reply_to": o.ReplyTo} {
		if _, err := mail.ParseAddress(address); address != "" && (err != nil || !channels.OneLine(address)) {
			wrong("%s is not a mailbox", name)
		}
	}
	switch {
	case o.Connections < 0:
		wrong("connections %d is negative", o.Connections)
	case o.Connections == 0:
		o.Connections = usualConnections
	}
	switch {
	case o.Timeout < 0:
		wrong("timeout %s is negative", o.Timeout)
	case o.Timeout == 0:
		o.Timeout = usualTimeout
	}
	if o.Now == nil {
		wrong("there is no clock")
	}
	keys, wrongKeys := openKeys(o.DKIM)
	if err := errors.Join(append(mistakes, wrongKeys...)...); err != nil {
		return nil, err
	}
	return &relay{
		from: o.From, replyTo: o.ReplyTo, timeout: o.Timeout, keys: keys, now: o.Now,
		lines: newPool(o.Connections, way.connect),
	}, nil
}

// relay hands messages to a mail server.
type relay struct {
	from, replyTo string
	timeout       time.Duration
	keys          []dkimKey
	now           func() time.Time
	lines         *pool
}

// Send hands one e-mail to the relay. It gives the Message-ID as the provider's name
// for the message: whatever comes back later, a bounce or a reply, repeats it.
func (r *relay) Send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	result := r.SendBatch(ctx, nil, []channels.Message{m})[0]
	return result.Receipt, result.Err
}

// Probe signs in at the relay and leaves.
func (r *relay) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	l, err := r.lines.connect(ctx)
	if err != nil {
		return fmt.Errorf("probe the relay: %w", err)
	}
	l.goodbye()
	return nil
}

// Check refuses a message that could not be sent.
func (r *relay) Check(m channels.Message) error {
	_, err := r.write(m, nil)
	return err
}

// parcel is a message as it goes over the wire.
type parcel struct {
	id       string // its Message-ID
	from, to string // RFC 5321's reverse-path and forward-path, without brackets
	signed   []byte // the signatures that go before it
	raw      []byte
	utf8     bool // a header or an address is not ASCII (RFC 6531)
}

func (p parcel) size() int { return len(p.signed) + len(p.raw) }

// write writes a message in the place of scratch, which the parcel then holds.
func (r *relay) write(m channels.Message, scratch []byte) (parcel, error) {
	if m.Envelope.MessageID == "" {
		m.Envelope.MessageID = uuid.NewString() + "@" + domainOf(either(m.From, r.from))
	}
	l, err := read(m, r.from, r.replyTo)
	if err != nil {
		return parcel{}, err
	}
	p := parcel{id: m.Envelope.MessageID, from: l.from.Address, to: l.to.Address}
	if back := m.Envelope.ReturnPath; back != "" {
		if !isMailbox(back) {
			return parcel{}, &channels.Refused{Reason: channels.ReasonRejected, Err: errors.New("the return path is not a mailbox")}
		}
		p.from = back
	}
	now := r.now()
	p.raw = l.mime(scratch, now)
	p.signed, err = sign(p.raw, l.from.Address, r.keys, now)
	p.utf8 = !isASCII(l.from.Address) || !isASCII(l.to.Address) || !isASCII(p.from) || l.reply != nil && !isASCII(l.reply.Address)
	return p, err
}

// domainOf is the domain of a mailbox that may have a name, in ASCII; a message
// whose sender has none is refused later.
func domainOf(mailbox string) string {
	address, err := mail.ParseAddress(mailbox)
	if err != nil || !asciiDomain(address) {
		return "localhost.localdomain"
	}
	_, domain := halves(address.Address)
	return strings.ToLower(domain)
}

// hostName is what this machine is called, or a name that is always allowed.
func hostName() string {
	if name, err := os.Hostname(); err == nil && name != "" && channels.OneLine(name) {
		return name
	}
	return "localhost"
}
