package sandbox

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rapport/channels"
)

func TestAnotherSystemHearsWhatIsSigned(t *testing.T) {
	var journal bytes.Buffer
	s := New(Options{Now: func() time.Time { return time.Unix(1, 0) }, Log: &journal})
	tell := func(header ...string) int {
		r := httptest.NewRequest(http.MethodPost, "/webhooks/crm.example/hooks/7?a=b", strings.NewReader(`{"order":"A1"}`))
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answered := httptest.NewRecorder()
		s.Handler().ServeHTTP(answered, r)
		return answered.Code
	}
	if status := tell("Webhook-Id", "dlv_7", "Webhook-Timestamp", "1"); status != http.StatusBadRequest {
		t.Errorf("without a signature: %d", status)
	}
	if status := tell("Webhook-Id", "dlv_7", "Webhook-Timestamp", "1", "Webhook-Signature", "v1,abc="); status != http.StatusNoContent {
		t.Errorf("with one: %d", status)
	}
	var line Accepted
	if err := json.Unmarshal(journal.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.Channel != channels.Webhook || line.Delivery != 7 || line.ProviderID != "dlv_7" || line.To != "crm.example" || line.Body == "" {
		t.Errorf("written down: %+v", line)
	}
	if n := s.Tally().Accepted[channels.Webhook]; n != 1 {
		t.Errorf("%d are counted", n)
	}
}
