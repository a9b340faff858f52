package channels

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// longestWait bounds what a provider may ask us to wait.
const longestWait = 24 * time.Hour

// Judge says what the status of a provider's answer proves. 2xx is nil. 429 is
// a *NotSent with the provider's wish. The other 4xx are *Refused, 401 and 403
// with Broken, except 408 and 425, which prove nothing. 3xx and 5xx are
// ambiguous: the provider may have the message. provider and detail stand in
// the error; neither may hold an address.
func Judge(provider string, status int, header http.Header, detail string) error {
	if status >= 200 && status < 300 {
		return nil
	}
	cause := fmt.Errorf("%s answered %d", provider, status)
	if detail != "" {
		cause = fmt.Errorf("%w: %s", cause, detail)
	}
	switch {
	case status == http.StatusTooManyRequests:
		return &NotSent{Err: cause, RetryAfter: RetryAfter(header), Limited: true}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return &Refused{Err: cause, Reason: ReasonUnauthorized, Broken: true}
	case status == http.StatusRequestEntityTooLarge:
		return &Refused{Err: cause, Reason: ReasonTooLarge}
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly:
		return cause
	case status >= 400 && status < 500:
		return &Refused{Err: cause, Reason: ReasonRejected}
	}
	return cause
}

// RetryAfter reads how long a provider wants us to wait: Retry-After in
// seconds or as a date (RFC 9110 §10.2.3), or X-RateLimit-Reset in Unix
// seconds. Moments are measured against the answer's own Date. 0 when nothing
// is said; at most 24 h.
func RetryAfter(header http.Header) time.Duration {
	said := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(said, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, longestWait)
	}
	answered, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	until, err := http.ParseTime(said)
	if err != nil {
		reset, err := strconv.ParseInt(header.Get("X-Ratelimit-Reset"), 10, 64)
		if err != nil {
			return 0
		}
		until = time.Unix(reset, 0)
	}
	return min(max(until.Sub(answered), 0), longestWait)
}

// OneLine reports whether no value holds CR, LF or NUL, and so may stand in a
// header or an address.
func OneLine(values ...string) bool {
	for _, value := range values {
		if strings.ContainsAny(value, "\r\n\x00") {
			return false
		}
	}
	return true
}

// BaseURL reads where a provider's API is reached: an absolute http or https
// URL, without a slash at its end. Empty gives the usual place.
func BaseURL(configured, usual string) (*url.URL, error) {
	if configured == "" {
		configured = usual
	}
	base, err := url.Parse(strings.TrimRight(configured, "/"))
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" ||
		base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, errors.New("base_url is not an address such as " + usual)
	}
	return base, nil
}
