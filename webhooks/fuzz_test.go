package webhooks

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/campaigns/expression"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/trust/bounds"
)

// Whatever a body holds, each of its messages is taken or refused by name, and
// what is taken can be stored.
func FuzzTaking(f *testing.F) {
	for _, seed := range []string{
		`{"batch":[{"type":"track","userId":"u1","event":"Order Completed","properties":{"order_id":"o","total":"1e9","products":[{"price":1},7]}}]}`,
		`{"batch":[{"type":"identify","anonymousId":"a","traits":{"club":true,"since":"2020-01-01","birthday":"0000-01-01","address":{"country":"DE"}}}]}`,
		`{"batch":[{"type":"track","userId":"u","event":"e","timestamp":"9999-12-31T23:59:59-12:00","sentAt":"0001-01-01T00:00:00Z"},null,[],"x"],"sentAt":7}`,
		`{"batch":[{"Type":"track","user_id":"u","userId":" u ","event":"Order Completed","messageId":"m","properties":{"order_id":90071992547409931,"products":[{"id":"p","price":"1,5"}]}}],"context":{"traits":{"n":1e400}}}`,
		`{"batch":[{"type":"track","userId":"u","event":"E","messageId":"m"},{"type":"track","userId":"u","event":"E","messageId":"m","properties":{}}],"sentAt":"9999-01-01T00:00:00Z","sent_at":1}`,
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
		defer bounds.Watch(t)()
		taking, messages, taken := newTaking(workspace, now), 0, false
		handler := func(w http.ResponseWriter, r *http.Request) {
			var b batchBody
			if taken = decode(w, r, batchLimit, &b); taken {
				messages = len(b.Batch)
				taking.batch(b)
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
		if told := taking.leftover(); len(told) > mostLeft+1 {
			t.Fatalf("%d things left out are told", len(told))
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
	for _, m := range taken.messages {
		if e := m.Event; e != nil && (e.Key == "" || e.Customer != m.Person.ID || e.Name == "" || e.At.IsZero() || e.At.After(taken.now) || !e.Live) {
			t.Fatalf("event %+v", e)
		}
		if e := m.Event; e != nil && (unkeepable(e.Name) != "" || strings.TrimSpace(e.Name) != e.Name || e.At.Before(earliest.Add(-farthest))) {
			t.Fatalf("event %+v", e)
		}
		if id := strings.TrimPrefix(m.Person.ID, anonymous); unkeepable(id) != "" || strings.TrimSpace(id) != id || id == "" {
			t.Fatalf("customer %q", m.Person.ID)
		}
		if o := m.Order; o != nil && (o.ID == "" || o.Customer != m.Person.ID || m.Key == "" || o.At.IsZero() || !o.Announced || o.Total > 1e16 || o.Total < -1e16) {
			t.Fatalf("order %+v", o)
		}
		if _, err := json.Marshal(m.Person); err != nil || m.Person.ID == "" {
			t.Fatalf("customer %+v: %v", m.Person, err)
		}
	}
}

// Whatever a browser or somebody in its place sends, a subscription that is kept
// has an owner and an endpoint, and nobody is taken for a customer unproven.
func FuzzSubscription(f *testing.F) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	forged := Identity("another key", "u1", now.Add(time.Hour))
	for _, seed := range []string{
		`{"userId":"u1","identity":"` + forged + `","subscription":{"endpoint":"https://fcm.googleapis.com/x","keys":{"p256dh":"a","auth":"b"}}}`,
		`{"anonymousId":"12345678","topic":"offers","subscription":{"endpoint":"e","keys":{"p256dh":"a","auth":"b"}}}`,
		`{"replaces":"e","subscription":{"endpoint":"f","expirationTime":null,"keys":{"p256dh":"a","auth":"b"}}}`, `{"subscription":[]}`, `{"userId":7}`, `null`,
	} {
		f.Add([]byte(seed))
	}
	ingest := &Ingest{WriteKeys: []string{"the key"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		defer bounds.Watch(t)()
		var s subscription
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, deliveries.PathPushSubscribe, bytes.NewReader(body))
		if !decode(w, r, formLimit, &s) {
			if w.Code != http.StatusBadRequest || !json.Valid(w.Body.Bytes()) {
				t.Errorf("refused with %d %s", w.Code, w.Body)
			}
			return
		}
		if browser := s.browser(); s.check(nil) == nil && (s.UserID+s.AnonymousID+s.Replaces == "" || browser.Endpoint == "" || browser.P256dh == "" || browser.Auth == "") {
			t.Errorf("kept: %+v", s)
		}
		if ingest.identified(s.UserID, s.Identity, now) {
			t.Errorf("%q is taken for %q", s.Identity, s.UserID)
		}
	})
}

// Whatever a form holds that claims to be of a page of ours, it chooses nothing but
// what the page showed, and what is stored of it can be read.
func FuzzForms(f *testing.F) {
	for _, seed := range []string{
		"shown=offers%2Femail&was=offers%2Femail", "shown=offers/sms&in=offers/sms&free=email", "stop=1", "in=nothing/fax&shown=nothing/fax", "score=5&text=%F0%9F%91%8D", "yes=%", "a;b",
		"at=1795348860000&kind=clicked&link=https://x.example&token=", "page=1&no=offers/email&from=a@b.c&also=call",
	} {
		f.Add(seed, "de-AT,de;q=0.7,*;q=0.1")
	}
	d := &Doors{Addresses: deliveries.Addresses{Base: "https://news.shop.example", Signer: deliveries.NewSigner([]byte("a key for links"))}, Log: slog.New(slog.DiscardHandler)}
	guest := guest{
		edition: &campaigns.Edition{Workspace: &campaigns.Workspace{
			Topics: []campaigns.Topic{{ID: "offers"}}, Senders: map[channels.Channel]campaigns.SenderRule{channels.Email: {}, channels.SMS: {}},
		}},
		customer: &customers.Customer{ID: "u1", Email: "a@b.c", Phone: "+4930123456", Suppressed: map[channels.Channel]string{channels.Email: channels.ReasonOptedOut}},
	}
	doors := []string{deliveries.PathClick, deliveries.PathOpen, deliveries.PathUnsubscribe, deliveries.PathPreferences, deliveries.PathNotMe, deliveries.PathSurvey, deliveries.PathPushReports}
	f.Fuzz(func(t *testing.T, body, languages string) {
		defer bounds.Watch(t)()
		g := guest
		g.speech = spoken(accepted(languages))
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, deliveries.PathPreferences+"x", strings.NewReader(body))
		form, taken := d.form(w, r, g)
		if !taken {
			if w.Code != http.StatusBadRequest || w.Body.Len() == 0 {
				t.Errorf("refused with %d %s", w.Code, w.Body)
			}
			return
		}
		for _, report := range preferred(channels.Report{}, changes(g, form)) {
			for _, choice := range report.Choices {
				if choice.Topic != "offers" || !choice.Channel.Valid() {
					t.Errorf("%q chooses %+v", body, choice)
				}
			}
		}
		for _, door := range doors {
			reports, err := Own{Addresses: d.Addresses}.Reports(channels.Callback{Method: http.MethodPost, URL: d.Addresses.Base + door, Body: []byte(body)})
			for _, report := range reports {
				if err != nil || report.Kind == "" {
					t.Errorf("at %s %q is %+v, %v", door, body, report, err)
				}
			}
		}
	})
}
