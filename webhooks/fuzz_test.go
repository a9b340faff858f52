package webhooks

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
)

// Whatever a body holds, each of its messages is taken or refused by name, and
// what is taken can be stored.
func FuzzTaking(f *testing.F) {
	for _, seed := range []string{
		`{"batch":[{"type":"track","userId":"u1","event":"Order Completed","properties":{"order_id":"o","total":"1e9","products":[{"price":1},7]}}]}`,
		`{"batch":[{"type":"identify","anonymousId":"a","traits":{"club":true,"since":"2020-01-01","birthday":"0000-01-01","address":{"country":"DE"}}}]}`,
		`{"batch":[{"type":"track","userId":"u","event":"e","timestamp":"9999-12-31T23:59:59-12:00","sentAt":"0001-01-01T00:00:00Z"},null,[],"x"],"sentAt":7}`,
		`{"userId":"u","type":"page","messageId":"é"}`, `[]`, `{"batch":{}}`, "{\"batch\":[{\"userId\":\"\\u0000\",\"type\":\"alias\"}]}",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	workspace := &campaigns.Workspace{Currency: "EUR", Traits: map[string]expression.Type{
		"club": expression.Bool, "since": expression.Time, "plan": expression.String, "size": expression.Number,
	}}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte, zipped bool) {
		taking, messages, taken := newTaking(workspace, now), 0, false
		handler := func(w http.ResponseWriter, r *http.Request) {
			var b struct {
				Batch []json.RawMessage `json:"batch"`
			}
			if taken = decode(w, r, batchLimit, &b); taken {
				messages = len(b.Batch)
				taking.batch(b.Batch, time.Time{})
			}
		}
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/v1/batch", asSent(t, body, zipped))
		if zipped {
			r.Header.Set("Content-Encoding", "gzip")
		}
		handler(w, r)
		if !taken && (w.Code != http.StatusBadRequest || !json.Valid(w.Body.Bytes())) {
			t.Fatalf("refused with %d %s", w.Code, w.Body)
		}
		if taking.taken+len(taking.mistakes) != messages {
			t.Fatalf("%d of %d messages are taken, %d refused", taking.taken, messages, len(taking.mistakes))
		}
		sound(t, taking)
	})
}

func asSent(t *testing.T, body []byte, zipped bool) io.Reader {
	if !zipped {
		return bytes.NewReader(body)
	}
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := zip.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return &out
}

func sound(t *testing.T, taken *taking) {
	for _, e := range taken.events {
		if e.Key == "" || e.Customer == "" || e.Name == "" || e.At.IsZero() || e.At.After(taken.now) || !e.Live {
			t.Fatalf("event %+v", e)
		}
	}
	for _, o := range taken.orders {
		if o.ID == "" || o.Customer == "" || o.At.IsZero() || !o.Announced || o.Total > 1e14 || o.Total < -1e14 {
			t.Fatalf("order %+v", o)
		}
	}
	for _, c := range taken.people {
		if _, err := json.Marshal(c); err != nil || c.ID == "" {
			t.Fatalf("customer %+v: %v", c, err)
		}
	}
}
