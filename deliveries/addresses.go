package deliveries

import (
	"strings"
)

// Paths of the public doors; what follows a path that ends in a slash is a
// token.
const (
	PathClick         = "/l/"
	PathOpen          = "/o/"
	PathUnsubscribe   = "/u/"
	PathSurvey        = "/s/"
	PathPreferences   = "/p/"
	PathNotMe         = "/n/"
	PathPushKey       = "/push/key"
	PathPushWorker    = "/push/worker.js"
	PathPushSubscribe = "/push/subscriptions"
	PathPushReports   = "/push/reports"
	PathPushScript    = "/push/subscribe.js"
	PathPushGone      = "/push/unsubscriptions"
)

// Addresses writes the absolute URLs and the mailboxes at which the world may speak
// about one delivery.
type Addresses struct {
	// Base is the configured public URL, without a slash at its end.
	Base string
	// Mail is the domain whose mail reaches us; "" where none does.
	Mail   string
	Signer Signer
}

// Click is the URL of a stored link in a delivery.
func (d Addresses) Click(delivery, link int64) string {
	return d.door(PathClick, Token{ClickLink, delivery, link})
}

// Open is the URL of the picture that tells that an e-mail was opened.
func (d Addresses) Open(delivery int64) string {
	return d.door(PathOpen, Token{OpenPixel, delivery, 0})
}

// Unsubscribe is where the recipient says stop (RFC 8058).
func (d Addresses) Unsubscribe(delivery int64) string {
	return d.door(PathUnsubscribe, Token{Unsubscribe, delivery, 0})
}

// Survey is where the recipient answers the delivery's question.
func (d Addresses) Survey(delivery int64) string {
	return d.door(PathSurvey, Token{Survey, delivery, 0})
}

// Preferences is where the recipient chooses what to hear about, and how.
func (d Addresses) Preferences(delivery int64) string {
	return d.door(PathPreferences, Token{Preferences, delivery, 0})
}

// NotMe is where whoever got the delivery at an address says that they are not
// the customer. The link carries a mark of the address, so that it never speaks
// of one the customer has moved to since.
func (d Addresses) NotMe(delivery int64, to string) string {
	return d.door(PathNotMe, Token{NotMe, delivery, d.Signer.Mark(to)})
}

// Links are the addresses that a delivery's template may name. to is where the
// delivery goes.
func (d Addresses) Links(delivery int64, to string) map[string]any {
	return map[string]any{
		"unsubscribe": d.Unsubscribe(delivery), "preferences": d.Preferences(delivery),
		"survey": d.Survey(delivery), "not_me": d.NotMe(delivery, to),
	}
}

// PushReports is where a browser tells what became of a notification.
func (d Addresses) PushReports() string { return d.Base + PathPushReports }

// Own reports whether a URL is one of ours, which is never wrapped again. One that
// was written before the public URL changed is known by its token.
func (d Addresses) Own(url string) bool {
	if strings.HasPrefix(url, d.Base+"/") {
		return true
	}
	_, named := d.Named(url)
	return named
}

// Door is the path at which a URL knocks. The host is left out: what was written, or
// stored, under another public URL is still ours, and the token in the path proves it.
func Door(url string) string {
	if _, rest, absolute := strings.Cut(url, "://"); absolute {
		_, path, _ := strings.Cut(rest, "/")
		url = "/" + path
	}
	path, _, _ := strings.Cut(url, "?")
	return path
}

// Named finds the delivery and attempt that a callback's URL names, whichever
// door it came by.
func (d Addresses) Named(url string) (Token, bool) {
	path := Door(url)
	if token, named := d.hooked(path); named {
		return token, true
	}
	for prefix, purpose := range map[string]Purpose{
		PathClick: ClickLink, PathOpen: OpenPixel, PathUnsubscribe: Unsubscribe, PathSurvey: Survey,
		PathPreferences: Preferences, PathNotMe: NotMe,
	} {
		if text, match := strings.CutPrefix(path, prefix); match {
			token, err := d.Signer.Open(purpose, text)
			return token, err == nil
		}
	}
	return Token{}, false
}

func (d Addresses) door(path string, t Token) string { return d.Base + path + d.Signer.Sign(t) }
