package twilio_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"rapport/channels"
	"rapport/channels/twilio"
)

func TestOpenNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name    string
		account twilio.Account
		says    string
	}{
		{"nothing", twilio.Account{}, "account_sid"},
		{"SID that leaves its path", twilio.Account{AccountSID: "AC/../1", AuthToken: "x"}, "account_sid"},
		{"no token", twilio.Account{AccountSID: "AC1"}, "auth_token"},
		{"half a key", twilio.Account{AccountSID: "AC1", AuthToken: "x", APIKey: "SK1"}, "api_key and api_secret"},
		{"base URL", twilio.Account{AccountSID: "AC1", AuthToken: "x", BaseURL: "ftp://x"}, "base_url"},
		{"timeout", twilio.Account{AccountSID: "AC1", AuthToken: "x", Timeout: -1}, "timeout"},
	} {
		if _, err := c.account.Open(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

// TestRequestsGoWhereTheyAreTold: under the configured base, as the API key
// where there is one, whatever region the environment names.
func TestRequestsGoWhereTheyAreTold(t *testing.T) {
	t.Setenv("TWILIO_REGION", "ie1")
	var path, user, password string
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.Path
		user, password, _ = r.BasicAuth()
		_, _ = w.Write([]byte(`{"sid":"SM1"}`))
	}))
	defer service.Close()
	for _, c := range []struct {
		account        twilio.Account
		user, password string
	}{
		{twilio.Account{AuthToken: "token"}, "AC0123456789abcdef0123456789abcdef", "token"},
		{twilio.Account{AuthToken: "token", APIKey: "SK1", APISecret: "secret"}, "SK1", "secret"},
	} {
		c.account.BaseURL = service.URL + "/twilio/"
		_, err := twilio.Do(t.Context(), client(t, c.account), func(service *api.ApiService) (*api.ApiV2010Message, error) {
			return service.CreateMessage(&api.CreateMessageParams{})
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := "/twilio/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json"; path != want {
			t.Errorf("went to %s", path)
		}
		if user != c.user || password != c.password {
			t.Errorf("as %s, %s", user, password)
		}
	}
}

func TestCodesSayWhatAStatusCannot(t *testing.T) {
	type verdict struct {
		evidence         channels.Evidence
		reason           string
		suppress, broken bool
	}
	refused := func(reason string, suppress bool) verdict {
		return verdict{evidence: channels.KnownRefused, reason: reason, suppress: suppress}
	}
	for _, c := range []struct {
		status int
		body   string
		want   verdict
	}{
		{400, `{"code":21610}`, refused("opted_out", true)},
		{400, `{"code":21211}`, refused("invalid_address", true)},
		{400, `{"code":21614}`, refused("invalid_address", true)},
		{400, `{"code":21217}`, refused("invalid_address", true)},
		{400, `{"code":21408}`, refused("rejected", false)},
		{403, `{"code":21408}`, refused("rejected", false)}, // the country is closed, not the account
		{400, `{"code":21617}`, refused("too_large", false)},
		{400, `{"code":99999}`, refused("rejected", false)},
		{401, `{"code":20003}`, verdict{evidence: channels.KnownRefused, reason: "unauthorized", broken: true}},
		{400, `{"code":20429}`, verdict{evidence: channels.KnownNotSent}},
		{400, `{"code":21611}`, verdict{evidence: channels.KnownNotSent}},
		{429, `{"code":20429}`, verdict{evidence: channels.KnownNotSent}},
		{500, `{"code":21610}`, verdict{evidence: channels.Ambiguous}},
		{400, `<html>`, verdict{evidence: channels.Ambiguous}}, // a word of something in front of Twilio
		{404, `<html>`, verdict{evidence: channels.Ambiguous}},
	} {
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		_, err := twilio.Do(t.Context(), client(t, twilio.Account{AuthToken: "x", BaseURL: service.URL}), func(service *api.ApiService) (*api.ApiV2010Message, error) {
			return service.CreateMessage(&api.CreateMessageParams{})
		})
		service.Close()
		got := verdict{evidence: channels.Classify(err)}
		if r, is := find[*channels.Refused](err); is {
			got.reason, got.suppress, got.broken = r.Reason, r.Suppress, r.Broken
		}
		if got != c.want {
			t.Errorf("%d %s: got %+v", c.status, c.body, got)
		}
		if n, is := find[*channels.NotSent](err); is && n.RetryAfter != 3*time.Second {
			t.Errorf("%d %s: retry after %s", c.status, c.body, n.RetryAfter)
		}
	}
}

func find[T error](err error) (T, bool) {
	var found T
	is := errors.As(err, &found)
	return found, is
}

func TestExplainKnowsCodesOfCallbacks(t *testing.T) {
	for code, want := range map[string]twilio.Meaning{
		"21610": {Reason: "opted_out", Suppress: true},
		"30003": {Reason: "unreachable", Again: true},
		"30005": {Reason: "invalid_address", Suppress: true},
		"30007": {Reason: "filtered"},
		"30023": {Reason: "carrier_limit", Again: true},
		"30034": {Reason: "sender_refused"},
		"21268": {Reason: "invalid_address", Suppress: true},
		"30008": {Reason: "30008"},
		"":      {Reason: "failed"},
		"x":     {Reason: "failed"},
	} {
		if got := twilio.Explain(code); got != want {
			t.Errorf("%q: got %+v", code, got)
		}
	}
}

func TestOnlyASingleMessageIsEvidence(t *testing.T) {
	since := time.Date(2026, 12, 1, 10, 0, 0, 7e8, time.UTC)
	at := func(offset time.Duration) string { return since.Add(offset).Format(time.RFC1123Z) }
	out := func(sid string, offset time.Duration) twilio.Resource {
		return twilio.Resource{SID: sid, Direction: "outbound-api", Created: at(offset)}
	}
	for _, c := range []struct {
		name  string
		list  []twilio.Resource
		more  bool
		found string
		fails bool
	}{
		{"nothing", nil, false, "", false},
		{"one", []twilio.Resource{out("SM1", time.Second)}, false, "SM1", false},
		{"one in the same second", []twilio.Resource{out("SM1", 0)}, false, "SM1", false},
		{"one before", []twilio.Resource{out("SM1", -time.Hour)}, false, "", false},
		{"one and one before", []twilio.Resource{out("SM2", time.Minute), out("SM1", -time.Hour)}, true, "SM2", false},
		{"a reply", []twilio.Resource{{SID: "SM1", Direction: "inbound", Created: at(time.Second)}}, false, "", false},
		{"two", []twilio.Resource{out("SM2", time.Minute), out("SM1", time.Second)}, false, "", true},
		{"the list breaks off", []twilio.Resource{out("SM1", time.Second)}, true, "", true},
		{"a time nobody can read", []twilio.Resource{{SID: "SM1", Direction: "outbound-api"}}, false, "", true},
	} {
		got, is, err := twilio.Only(c.list, c.more, since)
		if got.SID != c.found || is != (c.found != "") || (err != nil) != c.fails {
			t.Errorf("%s: got %+v, %v, %v", c.name, got, is, err)
		}
	}
}
