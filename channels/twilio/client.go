package twilio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	library "github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"rapport/channels"
)

// Do makes one call of Twilio's library on behalf of an account. The context
// ends the request itself. The error is classified as channels.Sender says and
// names codes only: Twilio's own words repeat phone numbers.
func Do[T any](ctx context.Context, c *Client, call func(*api.ApiService) (T, error)) (T, error) {
	r := &request{ctx: ctx, client: c}
	// A handler made by the library's constructor would read the region from
	// the environment.
	result, err := call(api.NewApiService(&library.RequestHandler{Client: r}))
	if err != nil && r.err == nil {
		err = errors.New("twilio's answer could not be read")
	}
	return result, err
}

// request carries one call's context through the library, whose functions take
// none. It is the library's BaseClient.
type request struct {
	ctx    context.Context
	client *Client
	err    error // what SendRequest returned
}

// SendRequest sends one request and judges the answer.
func (r *request) SendRequest(method, rawURL string, data url.Values, _ map[string]any, _ ...byte) (*http.Response, error) {
	var answer *http.Response
	answer, r.err = r.send(method, rawURL, data)
	return answer, r.err
}

func (r *request) send(method, rawURL string, data url.Values) (*http.Response, error) {
	req, err := r.client.build(r.ctx, method, rawURL, data)
	if err != nil {
		return nil, err
	}
	answer, err := r.client.http.Do(req)
	if err != nil {
		return nil, channels.Cause(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, unread := io.ReadAll(answer.Body)
	if err := judge(answer.StatusCode, answer.Header, body); err != nil {
		return nil, err
	}
	if unread != nil {
		return nil, errors.New("twilio's answer broke off")
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// build places a request of the library at our base URL. Its headers are left
// out: they are the content type of a form, and none may make net/http repeat
// a POST.
func (c *Client) build(ctx context.Context, method, rawURL string, data url.Values) (*http.Request, error) {
	target, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("twilio: the library built no URL")
	}
	target = c.base.JoinPath(target.Path)
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(data.Encode())
	} else {
		target.RawQuery = data.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, errors.New("twilio: the library built no request")
	}
	req.SetBasicAuth(c.user, c.password)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "rapport")
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, nil
}

// AccountSid, SetTimeout, SetOauth and OAuth complete the library's interface;
// an account's client settles what they would.

func (r *request) AccountSid() string       { return r.client.account }
func (r *request) SetTimeout(time.Duration) {}
func (r *request) SetOauth(library.OAuth)   {}
func (r *request) OAuth() library.OAuth     { return nil }
