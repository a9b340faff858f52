package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio signs by HMAC-SHA1, which what is known of SHA-1 does not break
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rapport/channels"
)

// twilioError is Twilio's form of an error.
type twilioError struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

func twilioRefusal(status, code int, message string) answer {
	return saying(status, twilioError{
		Code: code, Message: message, Status: status,
		MoreInfo: "https://www.twilio.com/docs/errors/" + strconv.Itoa(code),
	})
}

// twilioVoice words Twilio's troubles.
var twilioVoice = voice{
	limited: func() answer { return twilioRefusal(http.StatusTooManyRequests, 20429, "Too Many Requests") },
	broken:  func(status int) answer { return twilioRefusal(status, 20500, "An internal server error has occurred") },
}

// formLimit bounds a request to Twilio.
const formLimit = 1 << 20

// twilio checks what every request to the account must show.
func (s *Sandbox) twilio(next func(w http.ResponseWriter, r *http.Request, form url.Values)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, password, given := r.BasicAuth()
		account := s.options.Twilio
		if !given || user != account.AccountSID || password != account.AuthToken {
			twilioRefusal(http.StatusUnauthorized, 20003, "Authenticate").with("WWW-Authenticate", `Basic realm="Twilio API"`).write(w)
			return
		}
		if r.PathValue("account") != account.AccountSID {
			twilioRefusal(http.StatusNotFound, 20404, "The requested resource was not found").write(w)
			return
		}
		form := r.URL.Query()
		if r.Method == http.MethodPost {
			body, whole := bodyOf(w, r, formLimit)
			if !whole {
				twilioRefusal(http.StatusRequestEntityTooLarge, 20413, "Request entity too large").write(w)
				return
			}
			parsed, err := url.ParseQuery(string(body))
			if err != nil {
				twilioRefusal(http.StatusBadRequest, 20001, "The request body is not a form").write(w)
				return
			}
			form = parsed
		}
		next(w, r, form)
	}
}

// accept is what texts and calls have in common: a fault, the log, the answer.
// take makes the message's record, plans its story and returns its line and the
// answer; it runs once, and only if the message is taken.
func (s *Sandbox) accept(w http.ResponseWriter, r *http.Request, ch channels.Channel, c chance, take func() (Accepted, answer, *story)) {
	fault := s.faults.pick(ch, c)
	if fault.Kind != "" && !fault.Kind.takes() {
		fault.refuse(w, twilioVoice)
		return
	}
	line, good, told := take()
	line.Fault = fault.Kind
	if err := s.journal.append(line); err != nil {
		twilioVoice.broken(http.StatusInternalServerError).write(w)
		return
	}
	s.tally.accept(ch, 1)
	if s.outside.base != nil {
		s.plan.add(told)
	}
	fault.spoil(w, r, c, twilioVoice, good)
}

// Sign is X-Twilio-Signature: HMAC-SHA1, under the auth token, of the URL and
// the parameters sorted by name, each name followed by its value.
func (t Twilio) Sign(target string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(t.AuthToken))
	mac.Write([]byte(target))
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range form[name] {
			mac.Write([]byte(name))
			mac.Write([]byte(value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// callBack makes one signed request as Twilio does. A connection that fails is
// tried once more, as Twilio does by default; what then fails is lost.
func (s *Sandbox) callBack(ctx context.Context, method, target string, form url.Values) seen {
	v := visit{method: method, url: target, kind: formType}
	signed := form
	if method == http.MethodGet {
		join := "?"
		if strings.Contains(target, "?") {
			join = "&"
		}
		v.url, v.kind, signed = target+join+form.Encode(), "", nil
	} else {
		v.body = []byte(form.Encode())
	}
	v.header = http.Header{
		"User-Agent":                 {twilioAgent},
		"X-Twilio-Signature":         {s.options.Twilio.Sign(v.url, signed)},
		"I-Twilio-Idempotency-Token": {s.sid(s.chance(v.url, string(v.body)), "callback")},
	}
	answered := s.visit(ctx, v)
	if answered.status == 0 {
		answered = s.visit(ctx, v)
	}
	if !answered.ok() {
		s.tally.lost.Add(1)
	}
	return answered
}

// isE164 judges a telephone number: a plus and up to fifteen digits (ITU-T
// E.164).
func isE164(number string) bool {
	if len(number) < 8 || len(number) > 16 || number[0] != '+' || number[1] == '0' {
		return false
	}
	return strings.Trim(number[1:], "0123456789") == ""
}

// isSender judges who a text may come from: a number, a short code or a name
// (alphanumeric sender id).
func isSender(from string) bool {
	if isE164(from) {
		return true
	}
	if digits := strings.Trim(from, "0123456789") == ""; digits {
		return len(from) >= 3 && len(from) <= 8
	}
	return len(from) <= 11 && strings.IndexFunc(from, func(r rune) bool {
		return r != ' ' && r != '-' && r != '_' && r != '&' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}) < 0
}

// isCallbackURL judges a URL a caller names for Twilio to fetch.
func isCallbackURL(target string) bool {
	u, err := url.Parse(target)
	return err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// rfc2822 is how Twilio writes instants.
func rfc2822(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC1123Z)
}

// orNull is Twilio's empty value.
func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// lastSegment is the token at the end of a callback URL.
func lastSegment(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return u.Path[strings.LastIndexByte(u.Path, '/')+1:]
}

// invalidTo is error 21211, in Twilio's words.
func invalidTo(to string) answer {
	return twilioRefusal(http.StatusBadRequest, 21211, fmt.Sprintf("The 'To' number %s is not a valid phone number.", to))
}
