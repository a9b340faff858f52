package inbound

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"rapport/channels"
)

// messageLimit is how large an e-mail may be, in bytes, by whatever way it comes.
const messageLimit = 30 << 20

const (
	// patience is how long the other side may be silent (RFC 5321 §4.5.3.2 asks a
	// server for five minutes).
	patience = 5 * time.Minute
	// visitors is how many may be connected at once, ofOneAddress how many of them
	// from one address: as many as a Postfix that hands over to us opens.
	visitors     = 50
	ofOneAddress = 20
	// usualStay is how long a connection lasts, whatever is said on it: the largest
	// letter takes as long at 35 KB/s.
	usualStay = 15 * time.Minute
	// repliesInVain is how many replies a connection gets without bringing a message;
	// one with all its recipients takes some fifteen.
	repliesInVain = 60
	// recipients is how many a message may have here: one letter answers one of
	// ours.
	recipients = 10
	// lineLimit is far above RFC 5321 §4.5.3.1.6, for HTML letters whose senders
	// break no lines.
	lineLimit = 1 << 20
)

// SMTP takes mail from other servers. It accepts mail only for addresses that we
// made and for the domain's postmaster, refuses any other recipient before the message is sent (RFC 5321 §3.3), so
// that it never has anything to send back, and keeps a message before it says
// that it has it. It sends nothing.
type SMTP struct {
	// Domain is the one whose mail comes here.
	Domain string
	Ours   Ours
	// Keep makes a message durable, with its envelope.
	Keep func(ctx context.Context, from string, to []string, message []byte) error
	// TLS encrypts connections for whom it is offered; nil: it is to nobody.
	TLS *tls.Config
	// Stay is how long a connection lasts at most; 0 is a quarter of an hour.
	Stay time.Duration
	// Memory is what its letters share with those that come in by other ways.
	Memory *channels.LetterMemory
	Log    *slog.Logger
}

// Serve takes connections until ctx ends, then lets messages under way finish.
func (s *SMTP) Serve(ctx context.Context, listener net.Listener) error {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{smtp: s, ctx: context.WithoutCancel(ctx), peer: peerOf(c.Conn())}, nil
	}))
	server.TLSConfig = s.TLS
	server.Domain, server.MaxMessageBytes, server.MaxRecipients, server.MaxLineLength = s.Domain, messageLimit, recipients, lineLimit
	server.ReadTimeout, server.WriteTimeout = patience, patience
	server.EnableSMTPUTF8 = true
	server.ErrorLog = slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug)
	room := &peers{Listener: listener, most: visitors, ofOne: ofOneAddress, stay: cmp.Or(s.Stay, usualStay), of: map[netip.Prefix]int{}}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(room) }()
	select {
	case err := <-stopped:
		return fmt.Errorf("take mail on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		return server.Shutdown(ending)
	}
}

// postmaster reports whether an address is the one that every server takes mail for
// (RFC 5321 §4.5.1). What comes there is read like a letter to any address that says
// nothing. Without a domain the library refuses it.
func (s *SMTP) postmaster(address string) bool {
	local, domain, _ := strings.Cut(address, "@")
	return strings.EqualFold(local, "postmaster") && strings.EqualFold(domain, s.Domain)
}

// session is one connection.
type session struct {
	smtp *SMTP
	ctx  context.Context
	peer *peer
	from string
	to   []string
}

// Mail implements smtp.Session. Failures come from nobody: an empty sender is
// taken.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from, s.to = from, nil
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if _, known := s.smtp.Ours.Mailbox(to); !known && !s.smtp.postmaster(to) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such mailbox here"}
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	letter, done := s.smtp.Memory.Letter(r)
	defer done()
	message, err := io.ReadAll(letter)
	if errors.Is(err, channels.ErrNoRoom) {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Many letters are coming in; try again later"}
	}
	if err != nil {
		return err // too large or broken off: the library has the words
	}
	if err := s.smtp.Keep(s.ctx, s.from, s.to, message); err != nil {
		s.smtp.Log.Error("a letter could not be stored", "error", err)
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Not stored; try again later"}
	}
	s.peer.vain.Store(0)
	return nil
}

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

var _ smtp.Session = (*session)(nil)
