package channels

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Sender hands one message to one provider.
//
// A nil error means the provider accepted the message. An error that is a
// *NotSent or a *Refused says what is known; any other error is ambiguous: the
// provider may have the message. A Sender never repeats a request, follows no
// redirect, and puts no secret, address or number into an error.
type Sender interface {
	Send(ctx context.Context, m Message) (Receipt, error)
}

// BatchSender is the ability to hand over many messages in one request, or one after
// the other. The results stand in the order of the messages.
type BatchSender interface {
	// SendBatch begins no message once late is closed, so that what it has begun by
	// then has the rest of ctx's time to be answered. Nil never is.
	SendBatch(ctx context.Context, late <-chan struct{}, messages []Message) []Result
}

// Result is what became of one message of a batch.
type Result struct {
	Receipt Receipt
	Err     error
}

// Receipt is a provider's word that it accepted a message.
type Receipt struct {
	// ProviderID is the provider's name for the message, which its callbacks
	// repeat.
	ProviderID string
	// Segments is the number of SMS segments billed; 0 elsewhere.
	Segments int
}

// Listener is the ability to understand a provider's callbacks.
type Listener interface {
	// Verify checks the callback's signature over its raw bytes and its public
	// URL, in constant time. It fails closed: without a key nothing passes.
	Verify(c Callback) error
	// Reports reads a verified callback, later and as it was stored: of its header
	// there is Content-Type and User-Agent alone. One that carries nothing of
	// interest gives no report and no error.
	Reports(c Callback) ([]Report, error)
}

// Sealed is the ability of a Listener to tell from a request's header alone that
// Verify would refuse it, before anything of the body is read.
type Sealed interface {
	// Sealed reports whether a header bears a signature at all.
	Sealed(header http.Header) bool
}

// Talker is the ability of a voice provider to be told, turn by turn, what to
// say: the provider fetches Message.ScriptURL by POST and posts what was heard.
// Whoever talks also listens.
type Talker interface {
	// CallOf is the provider's name of the call that a callback is about, which
	// Receipt.ProviderID gave; "" where it names none.
	CallOf(c Callback) string
	// Talk answers one turn of a script with the provider's own document
	// (TwiML). What was heard in the turn is read from the same callback by
	// Listener.Reports.
	Talk(turn CallTurn) (Reply, error)
	// Machine reports whether a callback says that no person took a call that is
	// under way. What Talk answers to it is for the machine.
	Machine(c Callback) bool
	// Interrupt makes a call under way go on with a document, whatever it does.
	Interrupt(ctx context.Context, call string, with Reply) error
	// HangUp is the reply to a call that must say nothing.
	HangUp() Reply
}

// Recorder is the ability of a voice provider to give out what it recorded, by
// the name that Report.Recording gives.
type Recorder interface {
	// Recording opens a recording's sound and names its media type; the caller
	// closes it. ErrNoRecording where the provider does not have it, or not yet.
	Recording(ctx context.Context, name string) (sound io.ReadCloser, media string, err error)
	// DeleteRecording deletes it at the provider. One that is gone is no error.
	DeleteRecording(ctx context.Context, name string) error
}

// ErrNoRecording says that the provider does not have a recording.
var ErrNoRecording = errors.New("the provider has no such recording")

// Reply is an HTTP answer for a provider.
type Reply struct {
	ContentType string
	Body        []byte
}

// Finder is the ability to ask a provider whether it has a message: evidence
// for a send whose outcome is not known.
type Finder interface {
	// Find looks for the message of a delivery sent to an address at or after
	// since. It reports whether it was found; an error means not known, as
	// when several messages could be the one. Providers give back nothing of
	// ours, so what is found is the only message to that address in that time:
	// a caller must not take it while another delivery holds its ProviderID, or may
	// turn out to be it.
	Find(ctx context.Context, delivery int64, to string, since time.Time) (Receipt, bool, error)
}

// Prober is the ability to find out, without sending anything, whether a provider
// is there and takes the account.
type Prober interface {
	// Probe asks something harmless. nil and a *NotSent that is Limited say that
	// it is there, a *Refused that is Broken that it refuses the account; any
	// other error that it is not there.
	Probe(ctx context.Context) error
}

// Herald is the ability to tell another system something that is no delivery.
type Herald interface {
	// Tell makes one request. id is the same for a repeat. It fails as Send does.
	Tell(ctx context.Context, id string, what WebhookContent) error
}

// Subscribed is the ability of a push provider to be subscribed to.
type Subscribed interface {
	// SubscriptionKey is the public key browsers subscribe with (Push API's
	// applicationServerKey, base64url).
	SubscriptionKey() string
}

// Checker is the ability to judge rendered content before anything is sent.
type Checker interface {
	Check(m Message) error
}

// Callback is one HTTP request from a provider, as it arrived.
type Callback struct {
	Method string
	// URL is the configured public URL plus path and query, never built from
	// the Host header or X-Forwarded-*.
	URL        string
	Header     http.Header
	Body       []byte
	ReceivedAt time.Time
	// ReadAt is when it may be read at the earliest, and About the delivery it
	// speaks of: what visits our links is judged by all its visits of a message
	// together. Both are zero for everything else.
	ReadAt time.Time
	About  int64
}

// NotSent says that the provider does not have the message and that trying
// again later is safe.
type NotSent struct {
	Err error
	// RetryAfter is the provider's wish; 0 when it named none.
	RetryAfter time.Duration
	// Limited says that the provider was reached and wants fewer messages (429):
	// nobody sends to it from the same sender for as long.
	Limited bool
	// Own says that the provider is well and that it is this message alone it does
	// not take now, as where a recipient's server wants to be asked again.
	Own bool
	// Untried says that the message's turn did not come: nothing is known of the
	// provider, and nothing stands in the way of another attempt.
	Untried bool
}

func (e *NotSent) Error() string { return fmt.Sprintf("not sent: %v", e.Err) }

// Unwrap gives the cause.
func (e *NotSent) Unwrap() error { return e.Err }

// Refused says that the provider will never take this message.
type Refused struct {
	Err error
	// Reason is a short stable word: invalid_address, opted_out, gone,
	// unauthorized, rejected, too_large.
	Reason string
	// Suppress asks that the address be suppressed on this channel.
	Suppress bool
	// Broken says that the account rather than the message is at fault
	// (401, 403): no other message will pass either.
	Broken bool
}

func (e *Refused) Error() string { return fmt.Sprintf("refused (%s): %v", e.Reason, e.Err) }

// Unwrap gives the cause.
func (e *Refused) Unwrap() error { return e.Err }

// Reasons of Refused, and of reports that say the same.
const (
	ReasonInvalidAddress = "invalid_address"
	ReasonOptedOut       = "opted_out"
	ReasonComplained     = "complained"
	ReasonGone           = "gone"
	ReasonExpired        = "expired" // Message.ValidFor was over before it left the provider's queue
	ReasonUnauthorized   = "unauthorized"
	ReasonRejected       = "rejected"
	ReasonTooLarge       = "too_large"
)

// Evidence is what is known after a send.
type Evidence int

// Classes of evidence.
const (
	Accepted Evidence = iota
	KnownNotSent
	KnownRefused
	Ambiguous
)

// Classify names what err says about the message.
func Classify(err error) Evidence {
	var notSent *NotSent
	var refused *Refused
	switch {
	case err == nil:
		return Accepted
	case errors.As(err, &notSent):
		return KnownNotSent
	case errors.As(err, &refused):
		return KnownRefused
	}
	return Ambiguous
}
