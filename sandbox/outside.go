package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrForeign says that the sandbox was asked to contact something other than
// the configured public URL, or a public URL that is not on this machine.
var ErrForeign = errors.New("the sandbox contacts nothing but the public URL, on the loopback interface")

// outside is the sandbox's only way out.
type outside struct {
	base    *url.URL
	problem error
	client  *http.Client
	refused *atomic.Pointer[error]
}

// answerLimit bounds what is read of an answer.
const answerLimit = 4 << 20

func newOutside(publicURL string, concurrency int) outside {
	o := outside{refused: new(atomic.Pointer[error])}
	if publicURL != "" {
		base, err := url.Parse(publicURL)
		switch {
		case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https":
			o.problem = errors.New("public URL: it must be an absolute http or https URL")
		case !onLoopback(base.Hostname()):
			o.problem = fmt.Errorf("public URL: %w", ErrForeign)
		default:
			o.base = base
		}
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: loopbackOnly}
	o.client = &http.Client{
		Timeout:       15 * time.Second, // Twilio's patience with a webhook
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:         dialer.DialContext,
			MaxIdleConnsPerHost: concurrency,
			IdleConnTimeout:     30 * time.Second,
		},
	}
	return o
}

// onLoopback judges a host's name; the address it stands for is judged again
// when it is dialled.
func onLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

func loopbackOnly(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("dial: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return ErrForeign
	}
	return nil
}

// allow reads a target and refuses it unless it is under the public URL.
func (o *outside) allow(target string) (*url.URL, error) {
	u, err := url.Parse(target)
	if err != nil || o.base == nil || u.Scheme != o.base.Scheme || u.Host != o.base.Host {
		return nil, ErrForeign
	}
	return u, nil
}

// refusal is a target that was refused since it was last asked for.
func (o *outside) refusal() error {
	if err := o.refused.Swap(nil); err != nil {
		return *err
	}
	return nil
}

// visit is one request to the public URL.
type visit struct {
	method string // GET, or POST with a body
	url    string
	header http.Header
	body   []byte
	kind   string // the content type of the body
}

// seen is what came of a visit. status is 0 when nobody answered.
type seen struct {
	status int
	header http.Header
	body   []byte
}

func (a seen) ok() bool { return a.status >= 200 && a.status < 300 }

// The agents people and scanners come with.
const (
	browser     = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
	scanner     = "Mozilla/5.0 (compatible; SafeLinks-Scanner/1.0; bot)"
	twilioAgent = "TwilioProxy/1.1"
)

// visit performs a request and counts it. Failures are the other side's to
// explain; the tally remembers the last.
func (s *Sandbox) visit(ctx context.Context, v visit) seen {
	u, err := s.outside.allow(v.url)
	if err != nil {
		s.outside.refused.Store(&err)
		s.tally.fail(v.method + ": refused to contact anything but the public URL")
		return seen{}
	}
	answer, err := s.outside.do(ctx, u, v)
	route := v.method + " " + routeOf(u.Path)
	switch {
	case err != nil:
		s.tally.fail(route + ": nobody answered")
	case answer.status >= 400:
		s.tally.fail(fmt.Sprintf("%s: answered %d", route, answer.status))
	default:
		s.tally.visits.Add(1)
	}
	return answer
}

func (o *outside) do(ctx context.Context, u *url.URL, v visit) (seen, error) {
	req, err := http.NewRequestWithContext(ctx, v.method, u.String(), bytes.NewReader(v.body))
	if err != nil {
		return seen{}, fmt.Errorf("make request: %w", err)
	}
	for name, values := range v.header {
		req.Header[name] = values
	}
	if v.kind != "" {
		req.Header.Set("Content-Type", v.kind)
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return seen{}, fmt.Errorf("visit: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	if err != nil {
		return seen{}, fmt.Errorf("read the answer: %w", err)
	}
	return seen{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// browse fetches a page as a person does.
func (s *Sandbox) browse(ctx context.Context, target string) seen {
	return s.visit(ctx, visit{method: http.MethodGet, url: target, header: http.Header{"User-Agent": {browser}}})
}

// submit posts a form as a person's browser does.
func (s *Sandbox) submit(ctx context.Context, target string, form url.Values) seen {
	return s.visit(ctx, visit{
		method: http.MethodPost, url: target, header: http.Header{"User-Agent": {browser}},
		body: []byte(form.Encode()), kind: formType,
	})
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// routeOf names a path without the token at its end.
func routeOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i > 0 && len(path)-i > 16 {
		return path[:i] + "/…"
	}
	return path
}
