package twilio

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"rapport/channels"
)

const (
	usualBase    = "https://api.twilio.com"
	usualTimeout = 10 * time.Second
)

// Account is how we are known to Twilio. Channels that use it embed it in their
// own settings.
type Account struct {
	AccountSID string          `yaml:"account_sid"`
	AuthToken  channels.Secret `yaml:"auth_token"`
	// PreviousAuthToken still proves callbacks while tokens are rotated.
	PreviousAuthToken channels.Secret `yaml:"previous_auth_token"`
	// APIKey and APISecret sign requests in place of the auth token, which then
	// only proves callbacks.
	APIKey    string          `yaml:"api_key"`
	APISecret channels.Secret `yaml:"api_secret"`
	// BaseURL is where the API is reached; empty is https://api.twilio.com.
	BaseURL string `yaml:"base_url"`
	// Timeout bounds one request from dialling to the end of the answer; 0 is
	// 10 s.
	Timeout time.Duration `yaml:"timeout"`
}

// Client speaks to Twilio for one account. It is safe for concurrent use.
type Client struct {
	account        string
	user, password string
	base           *url.URL
	http           *http.Client
	tokens         []channels.Secret
}

var accountSID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Open checks the settings and gives the account's client. Nothing is sent.
func (a Account) Open() (*Client, error) {
	base, err := channels.BaseURL(a.BaseURL, usualBase)
	if err != nil {
		return nil, err
	}
	switch {
	case !accountSID.MatchString(a.AccountSID):
		return nil, errors.New("account_sid is missing or not an account's SID (AC…)")
	case a.AuthToken == "":
		return nil, errors.New("auth_token is missing; callbacks cannot be verified without it")
	case (a.APIKey == "") != (a.APISecret == ""):
		return nil, errors.New("api_key and api_secret belong together")
	case a.Timeout < 0:
		return nil, fmt.Errorf("timeout %s is negative", a.Timeout)
	case a.Timeout == 0:
		a.Timeout = usualTimeout
	}
	c := &Client{
		account: a.AccountSID, user: a.AccountSID, password: string(a.AuthToken),
		base: base, http: channels.NewClient(a.Timeout, nil),
		tokens: []channels.Secret{a.AuthToken},
	}
	if a.PreviousAuthToken != "" {
		c.tokens = append(c.tokens, a.PreviousAuthToken)
	}
	if a.APIKey != "" {
		c.user, c.password = a.APIKey, string(a.APISecret)
	}
	return c, nil
}
