package twilio

import (
	"net/http"
	"testing"

	"rapport/channels"
	"rapport/trust/bounds"
)

// FuzzJudge holds that no answer but a refusal is read as one: whatever else a
// body says, a message that may have left is not sent again.
func FuzzJudge(f *testing.F) {
	for _, body := range []string{`{"code":21610,"message":"x"}`, `{"code":20429}`, `{"code":-1}`, `{"code":1e99}`, `<html>`, ``, `[]`} {
		f.Add(uint16(400), []byte(body), "5")
		f.Add(uint16(503), []byte(body), "")
	}
	f.Fuzz(func(t *testing.T, status uint16, body []byte, after string) {
		defer bounds.Watch(t)()
		err := judge(int(status), http.Header{"Retry-After": {after}}, body)
		if (status >= 500 || status == http.StatusRequestTimeout) && channels.Classify(err) != channels.Ambiguous {
			t.Errorf("%d %q is judged %v", status, body, err)
		}
		Explain(string(body))
	})
}
