package webhooks_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"rapport/customers"
	"rapport/webhooks"
)

// say posts a body as a shop does.
func (h *house) say(path, body string, header ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := request(http.MethodPost, path, []byte(body), map[string]string{"Content-Type": "application/json"})
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if r.Header.Get("Authorization") == "" {
		r.SetBasicAuth(writeKey, "")
	}
	return h.serve(r)
}

// taken wants a body to be taken.
func (h *house) taken(path, body string, header ...string) {
	h.t.Helper()
	if w := h.say(path, body, header...); w.Code != http.StatusOK || !strings.HasPrefix(w.Body.String(), `{"success":true`) {
		h.t.Errorf("%s answered %d %s", path, w.Code, w.Body)
	}
}

func (h *house) timeline(customer string) []customers.Event {
	h.t.Helper()
	events, err := h.store.Of(h.t.Context(), customer, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	return events
}

func names(events []customers.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, e.Name)
	}
	return all
}

func (h *house) customer(id string) *customers.Customer {
	h.t.Helper()
	all, err := h.store.Load(h.t.Context(), []string{id}, noon)
	if err != nil {
		h.t.Fatal(err)
	}
	return all[id]
}

func zipped(text []byte) string {
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	_, _ = zip.Write(text) // to memory
	_ = zip.Close()
	return out.String()
}

// vectors reads one of the collected files.
func vectors(t *testing.T, name string, into any) {
	t.Helper()
	path := filepath.Join("..", "..", "shared", "vectors", "segment", name)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Skip(path + " is not here")
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

// What the official clients of two vendors send, as they send it, is taken, and
// taken once when they repeat it.
func TestRecordedClients(t *testing.T) {
	var recorded struct {
		Requests []struct {
			Path    string            `json:"path"`
			Client  string            `json:"client"`
			Headers map[string]string `json:"headers"`
			Body    json.RawMessage   `json:"body"`
		} `json:"requests"`
	}
	vectors(t, "recorded_client_requests.json", &recorded)
	want := map[string][]string{ // tracked for u1, by client
		"npm @segment/analytics-node": {"Order Completed"}, "npm analytics-node": {"Product Viewed"}, "npm @rudderstack": {"Product Viewed"},
		"Go segmentio": {"Order Completed"}, "Go rudderlabs": {"Product Viewed"},
	}
	if len(recorded.Requests) != len(want) {
		t.Errorf("%d requests are recorded, want %d", len(recorded.Requests), len(want))
	}
	for _, r := range recorded.Requests {
		t.Run(r.Client, func(t *testing.T) {
			h := open(t, func(d *webhooks.Doors) {
				d.Ingest.WriteKeys = []string{"WK_node", "WK_legacy", "WK_rudder", "WK_go", "WK_rgo"}
			})
			body := string(r.Body)
			if r.Headers["content-encoding"] == "gzip" {
				body = zipped(r.Body)
			}
			for range 2 {
				h.taken(r.Path, body, "Authorization", r.Headers["authorization"], "Content-Type", r.Headers["content-type"],
					"Content-Encoding", r.Headers["content-encoding"])
			}
			events := h.timeline("u1")
			found := false
			for client, tracked := range want {
				if strings.HasPrefix(r.Client, client) {
					found = true
					same(t, "events", names(events), tracked)
				}
			}
			if !found {
				t.Error("a client nobody expects")
			}
			for _, e := range events {
				if e.At.After(noon) || e.At.Before(noon.Add(-time.Second)) || len(e.Properties) == 0 && !strings.Contains(r.Client, "rudderlabs") {
					t.Errorf("stored as %+v", e)
				}
			}
			if strings.Contains(body, "ann@example.com") || strings.Contains(r.Client, "rudderlabs") {
				if c := h.customer("u1"); c == nil || c.Email != "ann@example.com" {
					t.Errorf("the customer is %+v", c)
				}
			}
			if c := h.customer("anonymous:anon-1"); c != nil {
				t.Error("a page view made a customer")
			}
			if names(events)[0] == "Order Completed" && h.customer("u1").Orders.Count != 1 {
				t.Errorf("orders %+v", h.customer("u1").Orders)
			}
		})
	}
}

// Every event of the e-commerce spec stands on the timeline as it was sent.
func TestECommerceEvents(t *testing.T) {
	var spec struct {
		Samples []struct {
			Event      string         `json:"event"`
			Properties map[string]any `json:"properties"`
		} `json:"samples"`
	}
	vectors(t, "ecommerce_v2_samples.json", &spec)
	h := open(t)
	for i, sample := range spec.Samples {
		body, err := json.Marshal(map[string]any{
			"userId": "u1", "event": sample.Event, "properties": sample.Properties, "messageId": fmt.Sprint("m-", i),
			"timestamp": noon.Add(time.Duration(i) * time.Second).Format(time.RFC3339), "sentAt": noon.Add(time.Hour).Format(time.RFC3339),
		})
		if err != nil {
			t.Fatal(err)
		}
		h.taken("/v1/track", string(body))
	}
	events := h.timeline("u1")
	if len(events) != len(spec.Samples) || len(events) < 20 {
		t.Fatalf("%d events of %d", len(events), len(spec.Samples))
	}
	for i, e := range events {
		if e.Name != spec.Samples[i].Event || e.At.After(noon) || !e.Live {
			t.Errorf("event %d is %+v", i, e)
		}
		if len(spec.Samples[i].Properties) > 0 {
			same(t, e.Name, e.Properties, spec.Samples[i].Properties)
		}
	}
}

// What is sent as history happened when it says, whenever it is sent, and begins
// nothing. The door that old clients call import is for what happens now.
func TestHistoryStandsOnTheTimelineAndBeginsNothing(t *testing.T) {
	h := open(t)
	hours := func(n int) string { return noon.Add(time.Duration(-n) * time.Hour).Format(time.RFC3339) }
	batch := func(id, name string) string {
		return `{"sentAt":"` + hours(2) + `","batch":[{"type":"track","userId":"u1","messageId":"` + id + `","event":"` + name +
			`","timestamp":"` + hours(3) + `","properties":{"order_id":"` + id + `","total":10}}]}`
	}
	h.taken("/v1/history", batch("m1", "Order Delivered"))
	h.taken("/v1/history", batch("m2", "Order Completed"))
	h.taken("/v1/batch", batch("m1", "Order Delivered")) // known already
	h.taken("/v1/import", batch("m3", "Order Delivered"))
	var got []string
	for _, e := range h.timeline("u1") {
		got = append(got, fmt.Sprint(e.Name, " ", noon.Sub(e.At), " live ", e.Live))
	}
	slices.Sort(got)
	same(t, "events", got, []string{"Order Completed 3h0m0s live false", "Order Delivered 1h0m0s live true", "Order Delivered 3h0m0s live false"})
	if n := h.customer("u1").Orders.Count; n != 1 {
		t.Errorf("%d orders", n)
	}
	w := h.say("/v1/history", `{"batch":[{"type":"track","userId":"u1","event":"Seen"}]}`)
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "batch[0]: timestamp is missing") {
		t.Errorf("without a time: answered %d %s", w.Code, w.Body)
	}
}

func TestIdentifyFillsAProfile(t *testing.T) {
	h := open(t)
	h.taken("/v1/identify", `{"userId":"u1","messageId":"m1","traits":{"email":" Ann@Shop.example","phone":"030 1234567","firstName":"Ann",
		"lastName":"Lee","birthday":"1990-05-01T00:30:00+02:00","createdAt":"2020-02-03T04:05:06.000Z","address":{"city":"Berlin","country":"de"},
		"birthday_club":true,"favourite":"tea","plan":"gold"},"context":{"locale":"de-DE","timezone":"Europe/Berlin"}}`)
	h.taken("/v1/identify", `{"userId":"u1","traits":{"email":"nobody","phone":"1","birthday_club":"perhaps","favourite":7,"city":7},"context":{"timezone":"Local"}}`)
	h.taken("/v1/identify", `{"anonymousId":"a1","traits":{"firstName":"Bob","favourite":7}}`)
	ann := h.customer("u1")
	same(t, "addresses", []string{ann.Email, ann.Phone, ann.City, ann.Country}, []string{"ann@shop.example", "+49301234567", "Berlin", "DE"})
	same(t, "names", []string{ann.FirstName, ann.LastName, ann.Locale, ann.Zone}, []string{"Ann", "Lee", "de-DE", "Europe/Berlin"})
	same(t, "days", []time.Time{ann.BornOn, ann.CreatedAt}, []time.Time{time.Date(1990, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)})
	same(t, "declared traits", ann.Traits, map[string]any{"birthday_club": true, "favourite": "tea"})
	if bob := h.customer("anonymous:a1"); bob == nil || bob.FirstName != "Bob" || len(bob.Traits) > 0 {
		t.Errorf("the visitor is %+v", bob)
	}
}

// A trait that is null takes what it names off the profile, and one that is missing or
// empty leaves it. Nobody was made after now.
func TestATraitThatIsNullIsTakenOff(t *testing.T) {
	h := open(t)
	h.taken("/v1/identify", `{"userId":"c-1","traits":{"email":"ann@shop.example","phone":"+493012345678","firstName":"Ann","createdAt":"2031-01-01","birthday":"1990-01-02",
		"address":{"city":"Bonn","country":"de"},"favourite":"tea","birthday_club":true}}`)
	before := h.customer("c-1")
	if before.CreatedAt.After(noon) || before.Country != "DE" {
		t.Errorf("made at %v in %q", before.CreatedAt, before.Country)
	}
	h.taken("/v1/identify", `{"userId":"c-1","traits":{"email":"","lastName":"Lee"}}`)
	if c := h.customer("c-1"); c.Email != before.Email || c.Phone != before.Phone {
		t.Errorf("left are %+v", c)
	}
	h.taken("/v1/batch", `{"batch":[
		{"type":"identify","userId":"c-1","traits":{"email":"bob@shop.example","phone":null,"favourite":null,"birthday":[],"firstName":null,"address":{"city":null,"country":"Germany"}}},
		{"type":"identify","userId":"c-1","traits":{"email":null,"firstName":"Anna"}}]}`)
	c := h.customer("c-1")
	if c.Email+c.Phone+c.City != "" || !c.BornOn.IsZero() || c.FirstName != "Anna" || c.LastName != "Lee" || c.Country != "DE" {
		t.Errorf("left are %+v", c)
	}
	same(t, "declared traits", c.Traits, map[string]any{"birthday_club": true})
}

func TestNobodyWritesWithoutAKey(t *testing.T) {
	h := open(t)
	body := `{"userId":"u1","event":"Seen","messageId":"m1"}`
	for what, key := range map[string]string{"none": "", "wrong": "WK_wrong", "part": "WK_sho", "more": writeKey + "x"} {
		for _, path := range []string{"/v1/identify", "/v1/track", "/v1/batch", "/v1/import", "/v1/history"} {
			r := request(http.MethodPost, path, []byte(body), nil)
			if key != "" {
				r.SetBasicAuth(key, "")
			}
			if w := h.expect(http.StatusUnauthorized, r); w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s: no challenge", what)
			}
		}
	}
	h.expect(http.StatusUnauthorized, request(http.MethodPost, "/v1/track", []byte(body), map[string]string{"Authorization": "Bearer " + writeKey}))
	if len(h.timeline("u1")) > 0 || h.rings > 0 {
		t.Error("a stranger's event was taken")
	}
}

// The limits and mistakes of Segment's HTTP API; each is named, by its place,
// and none repeats what was sent.
func TestRulesOfTheHTTPAPI(t *testing.T) {
	event := func(size int) string {
		const frame = `{"userId":"u1","event":"Seen","messageId":"large","properties":{"x":""}}`
		return strings.Replace(frame, `""`, `"`+strings.Repeat("x", size-len(frame))+`"`, 1)
	}
	batch := func(events ...string) string { return `{"batch":[` + strings.Join(events, ",") + `]}` }
	many := func(n int) string {
		events := make([]string, n)
		for i := range events {
			events[i] = fmt.Sprintf(`{"type":"track","userId":"u1","event":"Seen","messageId":"many-%d"}`, i)
		}
		return batch(events...)
	}
	typed := strings.Replace(event(32<<10), `{`, `{"type":"track",`, 1)
	fill := func(size int) string { // a batch of exactly so many bytes
		body := batch(slices.Repeat([]string{`{"type":"page","userId":"u1","messageId":"p"}`}, 1)...)
		return strings.Replace(body, `{"batch"`, `{"pad":"`+strings.Repeat("x", size-len(body)-len(`"pad":"",`))+`","batch"`, 1)
	}
	for _, c := range []struct {
		what, path, body string
		status           int
		want             string
	}{
		{"an event of 32 KiB", "/v1/track", event(32 << 10), 200, `"success":true`},
		{"a larger one", "/v1/track", event(32<<10 + 1), 400, "the body is too large; at most 32 KiB are taken"},
		{"a larger one in a batch", "/v1/batch", batch(typed), 400, "batch[0]: the message is larger than 32 KiB"},
		{"a batch of 500 KiB", "/v1/batch", fill(500 << 10), 200, `"success":true`},
		{"a larger one", "/v1/batch", fill(500<<10 + 1), 400, "the body is too large; at most 500 KiB are taken"},
		{"2500 events", "/v1/batch", many(2500), 200, `"success":true`},
		{"2501 events", "/v1/batch", many(2501), 400, "batch has 2501 messages; send at most 2500"},
		{"an empty batch", "/v1/batch", `{"batch":[]}`, 200, `"success":true`},
		{"no batch", "/v1/batch", `{"userId":"u1"}`, 400, "batch is missing"},
		{"no JSON", "/v1/track", `{"userId":secret`, 400, "the body is not the JSON expected here: it breaks at byte 11"},
		{"no object", "/v1/track", `["secret"]`, 400, "it cannot be of type array"},
		{"nothing", "/v1/track", ``, 400, "it breaks at byte 0"},
		{"a batch that is none", "/v1/batch", `{"batch":"secret"}`, 400, "batch cannot be of type string"},
		{"nobody", "/v1/track", `{"event":"Seen"}`, 400, "userId or anonymousId is missing"},
		{"nobody to identify", "/v1/identify", `{"traits":{}}`, 400, "userId or anonymousId is missing"},
		{"nothing that happened", "/v1/track", `{"userId":"u1"}`, 400, "event is missing"},
		{"a number for a name", "/v1/track", `{"userId":4711,"event":"Seen"}`, 400, "userId cannot be of type number"},
		{"a messageId of 99 characters", "/v1/track", `{"userId":"u1","event":"Seen","messageId":"` + strings.Repeat("é", 99) + `"}`, 200, `"success":true`},
		{"one of 100", "/v1/track", `{"userId":"u1","event":"Seen","messageId":"` + strings.Repeat("x", 100) + `"}`, 400, "messageId is longer than 99 characters"},
		{"an id of 255 bytes", "/v1/track", `{"userId":"` + strings.Repeat("x", 255) + `","event":"Seen"}`, 200, `"success":true`},
		{"a longer one", "/v1/track", `{"userId":"` + strings.Repeat("x", 256) + `","event":"Seen"}`, 400, "userId is longer than 255 bytes"},
		{"a visitor's", "/v1/track", `{"anonymousId":"` + strings.Repeat("x", 256) + `","event":"Seen"}`, 400, "anonymousId is longer than 255 bytes"},
		{"a long name in a batch", "/v1/batch", batch(`{"type":"track","userId":"u1","event":"` + strings.Repeat("x", 3000) + `"}`), 400, "batch[0]: event is longer than 255 bytes"},
		{"a long order", "/v1/track", `{"userId":"u1","event":"Order Completed","properties":{"order_id":"` + strings.Repeat("x", 256) + `"}}`, 400, "properties.order_id is longer than 255 bytes"},
		{"a broken timestamp", "/v1/track", `{"userId":"u1","event":"Seen","timestamp":"secret"}`, 400, "timestamp is no time such as 2026-03-01T09:30:00.000Z"},
		{"a timestamp of another type", "/v1/track", `{"userId":"u1","event":"Seen","timestamp":4711}`, 400, "timestamp cannot be of type number"},
		{"a broken sentAt is not needed", "/v1/track", `{"userId":"u1","event":"Seen","messageId":"s","sentAt":17}`, 200, `"success":true`},
		{"a type nobody knows", "/v1/batch", batch(`{"type":"secret","userId":"u1"}`), 400, "batch[0]: type is none of identify, track, page, screen, group, alias"},
		{"several mistakes", "/v1/batch", batch(`7`, `{"type":"track","userId":"u1"}`), 400, `"mistakes":["batch[0]: it cannot be of type number","batch[1]: event is missing"]`},
		{"what no journey speaks of", "/v1/alias", `{"userId":"u1","previousId":"a1"}`, 200, `"success":true`},
	} {
		h := open(t)
		w := h.say(c.path, c.body)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "4711") {
			t.Errorf("%s: answered %d %.300s, want %d %s", c.what, w.Code, w.Body, c.status, c.want)
		}
		if c.status != http.StatusOK && len(h.timeline("u1")) > 0 {
			t.Errorf("%s: was taken all the same", c.what)
		}
		if log := h.log.String(); strings.Contains(log, "secret") {
			t.Errorf("%s: the log is %s", c.what, log)
		}
	}
}

func TestGzip(t *testing.T) {
	h := open(t)
	body := []byte(`{"userId":"u1","event":"Seen","messageId":"m1"}`)
	bomb := zipped(bytes.Repeat([]byte(" "), 33<<10))
	for _, kind := range []string{"application/json", "application/x-www-form-urlencoded", "text/plain", ""} {
		h.taken("/v1/track", zipped(body), "Content-Encoding", "gzip", "Content-Type", kind)
	}
	for what, c := range map[string]struct{ body, encoding, want string }{
		"not zipped":     {string(body), "gzip", "the body is not gzip, as its header says"},
		"half of it":     {zipped(body)[:30], "gzip", "the body broke off"},
		"a bomb":         {bomb, "gzip", "the body is too large; at most 32 KiB are taken"},
		"something else": {string(body), "br", "the body's encoding is neither gzip nor identity"},
	} {
		if w := h.say("/v1/track", c.body, "Content-Encoding", c.encoding); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: answered %d %s", what, w.Code, w.Body)
		}
	}
	same(t, "events", names(h.timeline("u1")), []string{"Seen"})
}

// Clients do not come again with what was refused, and come again where we could not.
func TestABodyThatCameTooSlowlyIsAskedForAgain(t *testing.T) {
	h := open(t)
	body := `{"userId":"u1","event":"Seen","messageId":"m1"}`
	for encoding, begin := range map[string]string{"identity": body[:20], "gzip": zipped([]byte(body))[:5], "gzip ": zipped([]byte(body))[:30]} {
		r := httptest.NewRequest(http.MethodPost, "/v1/track", io.MultiReader(strings.NewReader(begin), iotest.ErrReader(&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded})))
		r.Header.Set("Content-Encoding", strings.TrimSpace(encoding))
		r.SetBasicAuth(writeKey, "")
		if w := h.serve(r); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "send it again") {
			t.Errorf("%s: answered %d %s", encoding, w.Code, w.Body)
		}
	}
}

// One bad message does not cost the others: clients drop a batch that is
// refused.
func TestTheSoundMessagesOfABatchAreTaken(t *testing.T) {
	h := open(t)
	w := h.say("/v1/batch", `{"batch":[{"type":"track","userId":"u1","event":"First","messageId":"m1"},
		{"type":"track","userId":"u1","event":"Second","messageId":"m2","timestamp":"soon"},
		{"type":"identify","userId":"u1","messageId":"m3","traits":{"firstName":"Ann"}}]}`)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"mistakes":["batch[1]: timestamp is no time`) {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	same(t, "events", names(h.timeline("u1")), []string{"First"})
	if h.customer("u1").FirstName != "Ann" {
		t.Error("the identify after the mistake is lost")
	}
	if log := h.log.String(); !strings.Contains(log, "refused=1 taken=2") {
		t.Errorf("the log is %s", log)
	}
}

func TestAnEventCountsOnce(t *testing.T) {
	h := open(t)
	for range 2 {
		h.taken("/v1/track", `{"userId":"u1","event":"By Id","messageId":"m1"}`)
		h.taken("/v1/batch", `{"batch":[{"type":"track","userId":"u1","event":"By Id","messageId":"m1"},{"type":"track","userId":"u1","event":"By Id","messageId":"m1"}]}`)
		h.taken("/v1/track", `{"userId":"u1","event":"By Text","timestamp":"2026-11-22T11:00:00Z"}`)
	}
	h.taken("/v1/track", `{"userId":"u1","event":"By Text","timestamp":"2026-11-22T11:00:01Z"}`)
	same(t, "events", names(h.timeline("u1")), []string{"By Text", "By Text", "By Id"})
	// Without an id and a time nothing tells a repetition from a second event.
	h.taken("/v1/batch", `{"batch":[{"type":"track","userId":"u2","event":"Seen"},{"type":"track","userId":"u2","event":"Seen"}]}`)
	same(t, "events", names(h.timeline("u2")), []string{"Seen", "Seen"})
}

func TestTheSendersClockIsCorrected(t *testing.T) {
	h := open(t)
	for i, c := range []struct {
		what, times string
		ago         time.Duration
	}{
		{"no time", ``, 0},
		{"no clock to compare", `,"timestamp":"2026-11-22T11:00:00Z"`, time.Hour},
		{"a clock two hours behind", `,"timestamp":"2026-11-22T09:30:00Z","sentAt":"2026-11-22T10:00:00Z"`, 30 * time.Minute},
		{"a clock ahead", `,"timestamp":"2027-01-01T00:00:00Z","sentAt":"2027-01-01T00:10:00.000Z"`, 10 * time.Minute},
		{"in the future", `,"timestamp":"2026-11-22T15:00:00Z","sentAt":"2026-11-22T12:00:00Z"`, 0},
		{"another zone", `,"timestamp":"2026-11-22T12:00:00+01:00"`, time.Hour},
		{"an offset without its colon", `,"timestamp":"2026-11-22T12:00:00.000+0100"`, time.Hour},
		{"another vendor's word", `,"originalTimestamp":"2026-11-22T09:00:00Z","sentAt":"2026-11-22T10:00:00Z"`, time.Hour},
		{"a sentAt that is none", `,"timestamp":"2026-11-22T11:00:00Z","sentAt":"now"`, time.Hour},
	} {
		who := fmt.Sprint("u", i)
		h.taken("/v1/track", `{"userId":"`+who+`","event":"Seen"`+c.times+`}`)
		if events := h.timeline(who); len(events) != 1 || !events[0].At.Equal(noon.Add(-c.ago)) || !events[0].ReceivedAt.Equal(noon) {
			t.Errorf("%s: %+v", c.what, events)
		}
	}
	// What the whole batch says goes before what a message says.
	h.taken("/v1/batch", `{"sentAt":"2026-11-22T10:00:00Z","batch":[{"type":"track","userId":"b","event":"Seen","timestamp":"2026-11-22T09:00:00Z","sentAt":"2026-11-22T09:00:00Z"}]}`)
	if events := h.timeline("b"); len(events) != 1 || !events[0].At.Equal(noon.Add(-time.Hour)) {
		t.Errorf("in a batch: %+v", events)
	}
}

func TestACompletedOrderIsAnOrderAndOneEvent(t *testing.T) {
	h := open(t)
	imported := customers.Order{ID: "o-1", Customer: "u1", At: noon.Add(-time.Hour), Total: 2500, Status: "completed"}
	if _, err := h.store.PutOrders(t.Context(), noon, []customers.Order{imported}); err != nil {
		t.Fatal(err)
	}
	order := func(id, message, rest string) string {
		return `{"userId":"u1","event":"Order Completed","messageId":"` + message + `","timestamp":"2026-11-22T11:30:00Z","properties":{"order_id":"` + id + `","currency":"eur"` + rest + `}}`
	}
	lines := `,"total":27.5,"products":[{"product_id":"p1","price":9.5,"quantity":2},{"product_id":"p2","price":"6"}]`
	for _, body := range []string{
		order("o-1", "m1", lines), // imported before
		order("o-2", "m2", lines), order("o-2", "m2", lines),
		order("o-2", "m3", lines), // the same order, said anew
		order("o-3", "m4", `,"revenue":"12.34","products":[{"product_id":"p1"}]`),             // no prices
		order("o-4", "m5", `,"total":1e300,"products":[{"price":1e300,"quantity":9}]`),        // no money in the world
		`{"userId":"u1","event":"Order Completed","messageId":"m6","properties":{"total":5}}`, // no order to tell from another
	} {
		h.taken("/v1/track", body)
	}
	same(t, "orders", h.customer("u1").Orders, customers.OrderTotals{
		Count: 4, Total: 2500 + 2500 + 1234, FirstAt: noon.Add(-30 * time.Minute), LastAt: noon.Add(-30 * time.Minute),
	})
	live := map[bool]int{}
	for _, e := range h.timeline("u1") {
		if e.Name != "Order Completed" {
			t.Errorf("an event %q", e.Name)
		}
		live[e.Live]++
	}
	same(t, "events, by whether they may start a journey", live, map[bool]int{false: 1, true: 4})
	if pending, err := h.store.Pending(t.Context(), 10); err != nil || len(pending) != 4 {
		t.Errorf("%d events wait for journeys, %v", len(pending), err)
	}
	// Importing the same orders afterwards adds no events.
	imported.ID = "o-2"
	if _, err := h.store.PutOrders(t.Context(), noon, []customers.Order{imported}); err != nil {
		t.Fatal(err)
	}
	if events := h.timeline("u1"); len(events) != 5 {
		t.Errorf("%d events after the import", len(events))
	}
}

func TestARepetitionUndoesNothing(t *testing.T) {
	h := open(t)
	identify := func(message, email string) string {
		return `{"type":"identify","userId":"u1","messageId":"` + message + `","timestamp":"2020-01-01T00:00:00Z","traits":{"email":"` + email + `"}}`
	}
	const order = `{"userId":"u1","event":"Order Completed","messageId":"m1","properties":{"order_id":"o-1","total":80,"currency":"EUR"}}`
	h.taken("/v1/track", order)
	h.taken("/v1/identify", identify("m2", "old@shop.example"))
	h.taken("/v1/identify", identify("m3", "new@shop.example"))
	if _, err := h.store.PutOrders(t.Context(), noon, []customers.Order{{ID: "o-1", Customer: "u1", At: noon, Total: 8000, Status: "returned"}}); err != nil {
		t.Fatal(err)
	}
	h.taken("/v1/track", order)
	h.taken("/v1/identify", identify("m2", "old@shop.example"))
	h.taken("/v1/history", `{"batch":[`+identify("m4", "older@shop.example")+`]}`)
	c := h.customer("u1")
	same(t, "email", c.Email, "new@shop.example")
	same(t, "orders", c.Orders, customers.OrderTotals{Returned: 1})
}

func TestEachMessageOfABatchSaysWhereSomebodyIs(t *testing.T) {
	h := open(t)
	h.taken("/v1/batch", `{"batch":[{"type":"track","userId":"u1","event":"Seen","context":{"locale":"de"}},
		{"type":"track","userId":"u1","event":"Seen","context":{"locale":"fr","timezone":"Europe/Paris"}},
		{"type":"identify","userId":"u1","traits":{"address":{"country":"DE"}}},{"type":"identify","userId":"u1","traits":{"phone":"030 1234567"}}]}`)
	c := h.customer("u1")
	same(t, "locale, zone, number", []string{c.Locale, c.Zone, c.Phone}, []string{"fr", "Europe/Paris", "+49301234567"})
}

func TestAnOrderInAnotherCurrencyIsInNoTotal(t *testing.T) {
	h := open(t)
	h.taken("/v1/batch", `{"batch":[
		{"type":"track","userId":"u1","event":"Order Completed","properties":{"order_id":"o-1","total":1000,"currency":"JPY"}},
		{"type":"track","userId":"u1","event":"Order Completed","properties":{"order_id":"o-2","total":10,"currency":"eur"}},
		{"type":"track","userId":"u1","event":"Order Completed","properties":{"order_id":"o-3","total":5}}]}`)
	c := h.customer("u1")
	same(t, "orders", []int64{c.Orders.Count, c.Orders.Total}, []int64{3, 1500})
	if !strings.Contains(h.log.String(), "another currency") {
		t.Error("nobody was told")
	}
}

// failing is a store that cannot write the first time.
type failing struct {
	customers.Messages
	failed bool
}

func (f *failing) Take(ctx context.Context, now time.Time, messages []customers.Message) error {
	if !f.failed {
		f.failed = true
		return errors.New("the disk is full")
	}
	return f.Messages.Take(ctx, now, messages)
}

// The sender hears that nothing was stored, and its repetition mends all.
func TestWhatCannotBeStoredIsAskedForAgain(t *testing.T) {
	const body = `{"batch":[{"type":"identify","userId":"u1","messageId":"m0","traits":{"firstName":"Ann"}},
		{"type":"track","userId":"u1","event":"Order Completed","messageId":"m1","properties":{"order_id":"o-1","total":5}},
		{"type":"track","userId":"u1","event":"Seen","messageId":"m2"}]}`
	h := open(t, func(d *webhooks.Doors) { d.Ingest.Messages = &failing{Messages: d.Ingest.Messages} })
	if w := h.say("/v1/batch", body); w.Code != http.StatusServiceUnavailable || h.rings > 0 {
		t.Errorf("answered %d, %d rings", w.Code, h.rings)
	}
	if len(h.timeline("u1")) > 0 {
		t.Error("an event stands there though the sender was told it does not")
	}
	h.taken("/v1/batch", body)
	same(t, "events", names(h.timeline("u1")), []string{"Order Completed", "Seen"})
	if c := h.customer("u1"); c.FirstName != "Ann" || c.Orders.Total != 500 {
		t.Errorf("the customer is %+v", c)
	}
}
