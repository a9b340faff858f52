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

// Every event of the e-commerce spec stands on the timeline as it was sent; the order
// of one that is cancelled is called so.
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
	ended := map[any]bool{}
	for _, e := range events {
		ended[e.Properties["order_id"]] = ended[e.Properties["order_id"]] || e.Name == "Order Cancelled"
	}
	for i, e := range events {
		name := spec.Samples[i].Event
		if name == "Order Completed" && ended[e.Properties["order_id"]] {
			name = customers.OrderCancelled
		}
		if e.Name != name || e.At.After(noon) || !e.Live {
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
		{"nothing", "/v1/track", ``, 400, "the body is empty"},
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
		order("o-4", "m5", `,"total":" ","products":[{"price":"","quantity":9}]`),             // no amount at all
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
	same(t, "events, by whether they may start a journey", live, map[bool]int{true: 5})
	if pending, err := h.store.Pending(t.Context(), 10); err != nil || len(pending) != 5 {
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

func (f *failing) Take(ctx context.Context, now time.Time, messages []customers.Message) (int, error) {
	if !f.failed {
		f.failed = true
		return 0, errors.New("the disk is full")
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

// answer is what a body is answered.
func (h *house) answer(path, body string, header ...string) (status int, told struct {
	Success  bool     `json:"success"`
	Message  string   `json:"message"`
	Mistakes []string `json:"mistakes"`
	Repeated int      `json:"repeated"`
	LeftOut  []string `json:"left_out"`
},
) {
	h.t.Helper()
	w := h.say(path, body, header...)
	if err := json.Unmarshal(w.Body.Bytes(), &told); err != nil {
		h.t.Errorf("%s answered %d %s", path, w.Code, w.Body)
	}
	return w.Code, told
}

// A sender that gives two messages one id hears that the second was not taken.
func TestTheAnswerSaysHowManyCameBefore(t *testing.T) {
	h := open(t)
	const batch = `{"batch":[{"type":"identify","userId":"u1","messageId":"m0","traits":{"firstName":"Ann"}},
		{"type":"track","userId":"u1","event":"Seen","messageId":"m1"},{"type":"track","userId":"u1","event":"Seen","timestamp":"2026-11-28T09:30:00Z"},
		{"type":"page","userId":"u1","messageId":"m2"}]}`
	for _, c := range []struct {
		path, body string
		repeated   int
	}{
		{"/v1/batch", batch, 0},
		{"/v1/batch", batch, 3},
		{"/v1/track", `{"userId":"u1","event":"Seen","messageId":"m1"}`, 1},
		{"/v1/track", `{"userId":"u1","event":"Seen","messageId":"m3"}`, 0},
		{"/v1/history", `{"batch":[{"type":"track","userId":"u1","event":"Seen","messageId":"m3","timestamp":"2026-11-28T09:30:00Z"}]}`, 1},
	} {
		status, told := h.answer(c.path, c.body)
		if status != http.StatusOK || !told.Success || told.Repeated != c.repeated {
			t.Errorf("%s of %s: %d, %+v; %d came before", c.path, c.body, status, told, c.repeated)
		}
	}
	if w := h.say("/v1/track", `{"userId":"u1","event":"Seen","messageId":"m4"}`); strings.Contains(w.Body.String(), "repeated") {
		t.Errorf("of a first message it says %s", w.Body)
	}
}

// An amount that cannot be read makes no order of nothing: the message is refused, and
// counts when it comes again mended.
func TestAnAmountThatCannotBeReadIsRefused(t *testing.T) {
	h, n := open(t), 0
	for properties, want := range map[string]string{
		`"total":"79,90"`:     "properties.total is no number such as 79.90",
		`"total":"79.90 EUR"`: "properties.total is no number such as 79.90",
		`"total":"0x10"`:      "properties.total is no number such as 79.90",
		`"total":true`:        "properties.total is no number such as 79.90",
		`"total":1e15`:        "properties.total is larger than can be kept",
		`"total":-5`:          "properties.total is less than 0",
		`"revenue":"many"`:    "properties.revenue is no number such as 79.90",
		`"total":5,"products":[{"price":"40,00"}]`:                 "properties.products[0].price is no number such as 79.90",
		`"total":5,"products":[{"price":1},{"quantity":-1}]`:       "properties.products[1].quantity is less than 0",
		`"total":5,"products":[{"price":1,"quantity":"three"}]`:    "properties.products[0].quantity is no number such as 79.90",
		`"total":5,"products":[{"price":1e11,"quantity":"1e3"}]`:   "properties.products[0] comes to more than can be kept",
		`"total":5,"products":{"price":1}`:                         "properties.products is no list",
		`"total":5,"products":["p-7"]`:                             "properties.products[0] is no object",
		`"total":5,"products":[{"price":1e400}]`:                   "properties.products[0].price is a number too large to keep",
		`"total":5,"products":[{"product_id":9007199254740993}]`:   "properties.products[0].product_id is a number too large to be exact; write it in quotes",
		`"total":5,"products":[{"id":9007199254740993,"price":1}]`: "properties.products[0].id is a number too large to be exact; write it in quotes",
	} {
		n++
		who := fmt.Sprint("u", n)
		order := func(properties string) string {
			return `{"type":"track","userId":"` + who + `","event":"Order Completed","messageId":"m1","properties":{"order_id":"` + who + `",` + properties + `}}`
		}
		status, told := h.answer("/v1/batch", `{"batch":[`+order(properties)+`,{"type":"identify","userId":"`+who+`"}]}`)
		if status != http.StatusOK || !slices.Equal(told.Mistakes, []string{"batch[0]: " + want}) {
			t.Errorf("%s: answered %d %+v, want %s", properties, status, told, want)
		}
		h.taken("/v1/track", order(`"total":" 79.90 "`))
		same(t, "orders after "+properties, []int64{h.customer(who).Orders.Count, h.customer(who).Orders.Total}, []int64{1, 7990})
	}
}

// A number beyond what a float holds exactly names another order, product or cart.
func TestAnOrdersNumberIsExact(t *testing.T) {
	h := open(t)
	for id, want := range map[string]int{"9007199254740993": http.StatusBadRequest, `"9007199254740993"`: http.StatusOK, "9007199254740992": http.StatusOK, "4711": http.StatusOK} {
		for _, event := range []string{"Order Completed", "Order Delivered"} {
			body := `{"userId":"u1","event":"` + event + `","properties":{"order_id":` + id + `,"total":1}}`
			if status, told := h.answer("/v1/track", body); status != want || (want != http.StatusOK) != (len(told.Mistakes) > 0 && strings.HasSuffix(told.Mistakes[0], "write it in quotes")) {
				t.Errorf("%s %s: answered %d %+v", event, id, status, told)
			}
		}
	}
	if n := h.customer("u1").Orders.Count; n != 3 {
		t.Errorf("%d orders", n)
	}
	_, told := h.answer("/v1/track", `{"userId":"u1","event":"Cart","properties":{"cart":{"no":12345678901234567890,"ok":0.1,"a b":12345678901234567890}}}`)
	const lost = ": the last digits; write so long a number in quotes"
	same(t, "left out", told.LeftOut, []string{"properties.cart.…" + lost, "properties.cart.no" + lost})
	if status, told := h.answer("/v1/track", `{"userId":"u1","event":"Cart","properties":{"cart":[{"no":1e400}]}}`); status != http.StatusBadRequest ||
		!slices.Equal(told.Mistakes, []string{"properties.cart[0].no is a number too large to keep"}) {
		t.Errorf("answered %d %+v", status, told)
	}
}

// What looks like an order and is none is told.
func TestAnEventThatIsNoOrderIsTold(t *testing.T) {
	const missing = "properties.order_id: a text or a number is missing, so this is an event and says nothing of an order"
	h := open(t)
	for body, want := range map[string][]string{
		`"event":"Order Completed","properties":{"total":5}`:                                     {missing},
		`"event":"Order Completed","properties":{"order_id":true,"total":"79,90"}`:               {missing},
		`"event":"order completed","properties":{"order_id":"A1"}`:                               {"event: this says nothing of an order; write Order Completed"},
		`"event":"order_completed","properties":{"order_id":"A1"}`:                               {"event: this says nothing of an order; write Order Completed"},
		`"event":"Order Completed","properties":{"order_id":"A2","currency":"Euro","total":5}`:   {"properties.currency: is no code of ISO 4217, such as EUR; the order is taken for one in the workspace's currency"},
		`"event":"Order Completed","properties":{"order_id":"A3","products":[{"quantity":2}]}`:   {"properties.total: is missing, and not every product has a price; the order counts and comes to nothing new"},
		`"event":" Order Completed ","properties":{"order_id":"A4","currency":"eur","total":5}`:  nil,
		`"event":"Order Delivered","properties":{"order_id":"A4","currency":"Euro","total":"?"}`: nil,
	} {
		status, told := h.answer("/v1/track", `{"userId":"u1",`+body+`}`)
		if status != http.StatusOK || !told.Success || !slices.Equal(told.LeftOut, want) {
			t.Errorf("%s: answered %d %+v, want %v", body, status, told, want)
		}
	}
	if o := h.customer("u1").Orders; o.Count != 3 || o.Total != 1000 {
		t.Errorf("orders %+v", o)
	}
}

// What becomes of an order is told by further events.
func TestEventsTellHowOrdersEnd(t *testing.T) {
	h := open(t)
	for n, c := range []struct {
		event, properties string
		left              []string
		want              customers.OrderTotals
	}{
		{"Order Delivered", `"total":"?"`, nil, customers.OrderTotals{Count: 1, Total: 8000}},
		{"Order Updated", `"total":90`, nil, customers.OrderTotals{Count: 1, Total: 9000}},
		{"Order Refunded", `"total":79.99`, nil, customers.OrderTotals{Count: 1, Total: 8000}},
		{"Order Refunded", `"total":80`, nil, customers.OrderTotals{Returned: 1}},
		{"Order Refunded", `"currency":"eur"`, nil, customers.OrderTotals{Returned: 1}},
		{
			"Order Refunded", `"products":[{"product_id":"p-1"}]`,
			[]string{"properties.total: is missing, and not every product has a price; this is taken for a part, and the order stays"},
			customers.OrderTotals{Count: 1, Total: 8000},
		},
		{"Order Refunded", `"products":[{"product_id":"p-1","price":40,"quantity":2}]`, nil, customers.OrderTotals{Returned: 1}},
		{"Order Returned", ``, nil, customers.OrderTotals{Returned: 1}},
		{"Order Cancelled", `"total":"79,90"`, nil, customers.OrderTotals{}},
		{"order refunded", ``, []string{"event: this says nothing of an order; write Order Refunded"}, customers.OrderTotals{Count: 1, Total: 8000}},
	} {
		id, properties := fmt.Sprint("u", n), strings.TrimSuffix(fmt.Sprintf(`"order_id":"o%d",%s`, n, c.properties), ",")
		h.taken("/v1/track", `{"userId":"`+id+`","event":"Order Completed","properties":{"order_id":"o`+fmt.Sprint(n)+`","total":80}}`)
		placed := h.customer(id).Orders
		status, told := h.answer("/v1/track", `{"userId":"`+id+`","event":"`+c.event+`","properties":{`+properties+`}}`)
		if status != http.StatusOK || !slices.Equal(told.LeftOut, c.left) {
			t.Errorf("%s %s: answered %d %+v, want %v", c.event, properties, status, told, c.left)
		}
		if c.want.Count > 0 {
			c.want.FirstAt, c.want.LastAt = placed.FirstAt, placed.LastAt
		}
		same(t, c.event+" "+properties, h.customer(id).Orders, c.want)
		line := "Order Completed"
		if c.event == "Order Cancelled" {
			line = customers.OrderCancelled
		}
		same(t, "timeline", names(h.timeline(id)), []string{line, c.event})
	}
	if status, told := h.answer("/v1/track", `{"userId":"u1","event":"Order Refunded","properties":{"order_id":"o1","total":"79,90"}}`); status != http.StatusBadRequest {
		t.Errorf("an amount that cannot be read: %d %+v", status, told)
	}
}

// Each word about an order is about the order as the word before left it, in one request
// as in several.
func TestWordsAboutAnOrderAreTakenInTurn(t *testing.T) {
	h := open(t)
	const placed, sale = `"total":80`, `"total":72,"discount":8,"products":[{"product_id":"p","price":40,"quantity":2}]`
	type word struct{ event, properties string }
	for n, c := range []struct {
		placed string
		words  []word
		want   customers.OrderTotals
	}{
		{placed, []word{{"Order Refunded", `"total":10`}, {"Order Updated", `"total":70`}}, customers.OrderTotals{Count: 1, Total: 7000}},
		{placed, []word{{"Order Updated", `"total":70`}, {"Order Refunded", `"total":70`}}, customers.OrderTotals{Returned: 1}},
		{placed, []word{{"Order Updated", ``}, {"Order Refunded", `"total":10`}}, customers.OrderTotals{Count: 1, Total: 8000}},
		{placed, []word{{"Order Refunded", `"total":80`}, {"Order Refunded", `"total":10`}}, customers.OrderTotals{Returned: 1}},
		{placed, []word{{"Order Refunded", `"total":10`}, {"Order Refunded", `"total":80`}}, customers.OrderTotals{Returned: 1}},
		{placed, []word{{"Order Cancelled", ``}, {"Order Refunded", `"total":10`}}, customers.OrderTotals{}},
		{placed, []word{{"Order Cancelled", ``}, {"Order Refunded", ``}}, customers.OrderTotals{}},
		{placed, []word{{"Order Refunded", ``}, {"Order Cancelled", ``}}, customers.OrderTotals{}},
		{placed, []word{{"Order Refunded", `"total":80,"currency":"USD"`}}, customers.OrderTotals{Count: 1, Total: 8000}},
		{placed, []word{{"Order Refunded", `"total":0`}}, customers.OrderTotals{Count: 1, Total: 8000}},
		{sale, []word{{"Order Refunded", sale}}, customers.OrderTotals{Returned: 1}},
		{sale, []word{{"Order Refunded", `"products":[{"product_id":"p","price":40}]`}}, customers.OrderTotals{Count: 1, Total: 8000}},
		{`"total":8000,"currency":"JPY"`, []word{{"Order Refunded", `"total":1000`}}, customers.OrderTotals{Count: 1}},
		{`"total":8000,"currency":"JPY"`, []word{{"Order Refunded", `"total":8000`}}, customers.OrderTotals{Returned: 1}},
	} {
		for _, together := range []bool{false, true} {
			id := fmt.Sprintf("u%d-%t", n, together)
			tell := func(event, properties string) string {
				properties = strings.TrimSuffix(`"order_id":"`+id+`",`+properties, ",")
				return `{"type":"track","userId":"` + id + `","event":"` + event + `","properties":{` + properties + `}}`
			}
			h.taken("/v1/track", tell("Order Completed", c.placed))
			before := h.customer(id).Orders
			var batch []string
			for _, w := range c.words {
				if batch = append(batch, tell(w.event, w.properties)); !together {
					h.taken("/v1/batch", `{"batch":[`+batch[0]+`]}`)
					batch = nil
				}
			}
			if together {
				h.taken("/v1/batch", `{"batch":[`+strings.Join(batch, ",")+`]}`)
			}
			if c.want.Count > 0 {
				c.want.FirstAt, c.want.LastAt = before.FirstAt, before.LastAt
			}
			same(t, fmt.Sprint(c.placed, c.words, together), h.customer(id).Orders, c.want)
		}
	}
}

// History says how an order ended and corrects none that is known; of one that nobody
// knows a correction tells what it came to, where it does.
func TestWordsAboutOrdersThatAreKnownAndNot(t *testing.T) {
	h := open(t)
	h.taken("/v1/track", `{"userId":"u1","event":"Order Completed","properties":{"order_id":"o1","total":80}}`)
	h.taken("/v1/history", `{"batch":[{"type":"track","userId":"u1","event":"Order Updated","timestamp":"2026-11-01T09:00:00Z","properties":{"order_id":"o1","total":5}}]}`)
	if o := h.customer("u1").Orders; o.Total != 8000 {
		t.Errorf("corrected by history: %+v", o)
	}
	h.taken("/v1/history", `{"batch":[{"type":"track","userId":"u1","event":"Order Refunded","timestamp":"2026-11-01T09:00:00Z","properties":{"order_id":"o1"}}]}`)
	same(t, "ended by history", h.customer("u1").Orders, customers.OrderTotals{Returned: 1})

	status, told := h.answer("/v1/track", `{"userId":"u2","event":"Order Updated","properties":{"order_id":"o2"}}`)
	if want := []string{"properties.total: is missing, and not every product has a price; this says nothing new of the order"}; status != http.StatusOK || !slices.Equal(told.LeftOut, want) {
		t.Errorf("answered %d %+v", status, told)
	}
	same(t, "nothing told of nothing known", h.customer("u2").Orders, customers.OrderTotals{})
	h.taken("/v1/track", `{"userId":"u2","event":"Order Updated","properties":{"order_id":"o2","total":5}}`)
	if o := h.customer("u2").Orders; o.Count != 1 || o.Total != 500 {
		t.Errorf("told of nothing known: %+v", o)
	}
	same(t, "its line", names(h.timeline("u2")), []string{"Order Updated", "Order Completed", "Order Updated"})
}

// One messageId for several events, people or orders loses none of them.
func TestAMessageIDIsOfWhomAndOfWhat(t *testing.T) {
	h := open(t)
	for range 2 {
		h.taken("/v1/track", `{"userId":"u1","event":"Order Completed","messageId":"A77","properties":{"order_id":"A77","total":5}}`)
		h.taken("/v1/track", `{"userId":"u1","event":"Order Delivered","messageId":"A77","properties":{"order_id":"A77"}}`)
		h.taken("/v1/track", `{"userId":"u2","event":"Order Delivered","messageId":"A77"}`)
		h.taken("/v1/track", `{"userId":"u2","event":"Order Completed","messageId":"A77","properties":{"order_id":"A78","total":5}}`)
		h.taken("/v1/identify", `{"userId":"u1","messageId":"m1","traits":{"firstName":"Ann"}}`)
		h.taken("/v1/identify", `{"userId":"u2","messageId":"m1","traits":{"firstName":"Bob"}}`)
	}
	for id, name := range map[string]string{"u1": "Ann", "u2": "Bob"} {
		events := names(h.timeline(id))
		slices.Sort(events)
		same(t, id, events, []string{"Order Completed", "Order Delivered"})
		if c := h.customer(id); c.FirstName != name || c.Orders.Count != 1 {
			t.Errorf("%s is %+v", id, c)
		}
	}
	// Of the same customer and event one is lost, and refused by name; a repetition is none.
	seen := func(page string) string {
		return `{"type":"track","userId":"u3","event":"Seen","messageId":"1","properties":{"page":"` + page + `"}}`
	}
	status, told := h.answer("/v1/batch", `{"batch":[`+seen("a")+`,`+seen("b")+`,`+seen("a")+`]}`)
	if status != http.StatusOK || !slices.Equal(told.Mistakes, []string{"batch[1]: messageId is that of batch[0], which says something else; every message has its own"}) {
		t.Errorf("answered %d %+v", status, told)
	}
	if events := h.timeline("u3"); len(events) != 1 || events[0].Properties["page"] != "a" {
		t.Errorf("events %+v", events)
	}
}

// What has a time and no id is known again by its text, whenever it is sent.
func TestWhatHasNoIDIsKnownByItsText(t *testing.T) {
	h := open(t)
	identify := func(sent, email string) string {
		return `{"userId":"u1","timestamp":"2026-11-22T09:00:00Z","sentAt":"` + sent + `","traits":{"email":"` + email + `"}}`
	}
	alias := `{"userId":"u1","previousId":"a1","timestamp":"2026-11-22T09:00:00Z"}`
	seen := func(sent string) string {
		return `{"userId":"u1","event":"Seen","timestamp":"2026-11-22T09:00:00Z","properties":{"n":12345678901234567890},"sentAt":"` + sent + `"}`
	}
	h.taken("/v1/identify", identify("2026-11-22T09:00:00Z", "old@shop.example"))
	h.taken("/v1/identify", identify("2026-11-22T09:00:00Z", "new@shop.example"))
	h.taken("/v1/identify", identify("2026-11-22T09:00:07Z", "old@shop.example"))
	same(t, "email", h.customer("u1").Email, "new@shop.example")
	h.taken("/v1/track", seen("2026-11-22T09:00:00Z"))
	h.taken("/v1/track", seen("2026-11-22T09:00:07Z"))
	h.taken("/v1/track", strings.Replace(seen("2026-11-22T09:00:07Z"), "7890", "7891", 1))
	same(t, "events", names(h.timeline("u1")), []string{"Seen", "Seen"})
	for range 2 {
		h.taken("/v1/alias", alias)
	}
	// Without a time each counts.
	h.taken("/v1/identify", `{"userId":"u1","traits":{"email":"old@shop.example"}}`)
	h.taken("/v1/identify", `{"userId":"u1","traits":{"email":"new@shop.example"}}`)
	h.taken("/v1/identify", `{"userId":"u1","traits":{"email":"old@shop.example"}}`)
	same(t, "email", h.customer("u1").Email, "old@shop.example")
}

func TestTimesThatCannotBe(t *testing.T) {
	h := open(t)
	const seconds = " is before 1995: are seconds taken for milliseconds?"
	for _, path := range []string{"/v1/batch", "/v1/history"} {
		for name, times := range map[string]string{"timestamp": `"timestamp":"1970-01-21T11:00:00Z"`, "originalTimestamp": `"originalTimestamp":"1994-12-31T23:59:59Z"`} {
			status, told := h.answer(path, `{"batch":[{"type":"track","userId":"u1","event":"Seen",`+times+`}]}`)
			if status != http.StatusBadRequest || !slices.Equal(told.Mistakes, []string{"batch[0]: " + name + seconds}) {
				t.Errorf("%s: answered %d %+v", times, status, told)
			}
		}
	}
	const off = "sentAt: is no time within a year of now, and sets no clock right"
	for i, sent := range []string{`"9999-01-01T00:00:00Z"`, `"1734-01-01T00:00:00Z"`, `"1970-01-21T00:00:00Z"`, `1795348800`, `"now"`, `{}`} {
		who := fmt.Sprint("s", i)
		event := `{"type":"track","userId":"` + who + `","event":"Seen","timestamp":"2026-11-22T11:00:00Z"`
		_, single := h.answer("/v1/track", event+`,"messageId":"1","sentAt":`+sent+`}`)
		_, batch := h.answer("/v1/batch", `{"sentAt":`+sent+`,"batch":[`+event+`,"messageId":"2"}]}`)
		_, past := h.answer("/v1/history", `{"sentAt":`+sent+`,"batch":[`+event+`,"messageId":"3"}]}`)
		same(t, "left out with "+sent, [][]string{single.LeftOut, batch.LeftOut, past.LeftOut}, [][]string{{off}, {off}, nil})
		for _, e := range h.timeline(who) {
			if !e.At.Equal(noon.Add(-time.Hour)) {
				t.Errorf("%s: at %v", sent, e.At)
			}
		}
	}
}

// An id is what an import would read: without the blanks around it.
func TestIDsAreTrimmed(t *testing.T) {
	h := open(t)
	h.taken("/v1/track", `{"userId":" dev1 ","event":" Seen\t","messageId":"m1"}`)
	h.taken("/v1/track", `{"userId":"dev1","event":"Seen","messageId":" m1 "}`)
	h.taken("/v1/identify", `{"userId":"\u00a0dev1\n","anonymousId":" 12345678 ","traits":{"firstName":"Ann"}}`)
	same(t, "events", names(h.timeline("dev1")), []string{"Seen"})
	same(t, "name", h.customer("dev1").FirstName, "Ann")
	const unread = " has a character that cannot be read (U+0000, or no UTF-8)"
	for body, want := range map[string]string{
		`{"userId":" ","event":"Seen"}`:                                                "userId or anonymousId is missing",
		`{"userId":"u1","event":" "}`:                                                  "event is missing",
		`{"userId":"\u0000","event":"Seen"}`:                                           "userId" + unread,
		`{"userId":"u\ud800","event":"Seen"}`:                                          "userId" + unread,
		"{\"userId\":\"u\xff\",\"event\":\"Seen\"}":                                    "userId" + unread,
		`{"anonymousId":"\u0000","event":"Seen"}`:                                      "anonymousId" + unread,
		`{"userId":"u1","event":"S\u0000"}`:                                            "event" + unread,
		`{"userId":"u1","event":"Order Completed","properties":{"order_id":"\u0000"}}`: "properties.order_id" + unread,
	} {
		if status, told := h.answer("/v1/track", body); status != http.StatusBadRequest || !slices.Equal(told.Mistakes, []string{want}) {
			t.Errorf("%s: answered %d %+v, want %s", body, status, told, want)
		}
	}
	for _, id := range []string{"", "\x00", "\ufffd", "u\x00"} {
		if c := h.customer(id); c != nil {
			t.Errorf("there is a customer %q", id)
		}
	}
}

// A trait that cannot be read is named, and its value is not.
func TestTraitsThatAreLeftOutAreNamed(t *testing.T) {
	h := open(t)
	_, told := h.answer("/v1/batch", `{"context":{"locale":"Deutsch (Deutschland)","timezone":"Berlin"},"batch":[
		{"type":"identify","userId":"u1","traits":{"email":"secret","phone":"030 1234567","birthday":"01.02.1990","createdAt":"1970-01-21T00:00:00Z","locale":"german",
			"firstName":{},"lastName":"","address":{"country":"Germany","city":["x"]},"birthday_club":"true","favourite":7,"birthdayClub":true,"first_name":"A","company":"X","country":"DE"}},
		{"type":"identify","userId":"u2","traits":{"phone":"12","address":"secret","birthday":"2031-01-01","createdAt":"2031-01-01","email":null,"birthday_club":null},"context":{"locale":"de_AT","timezone":"Europe/Berlin"}},
		{"type":"track","userId":"u3","event":"Seen","context":{"locale":"fa","timezone":"Local","traits":{"address":{"country":"DE"},"phone":"12"}}}]}`)
	want := []string{
		"batch[0]: context.locale: is no language such as de or de-AT",
		"batch[0]: context.timezone: is no time zone such as Europe/Berlin",
		"batch[0]: traits.address.country: is no code of two letters such as DE",
		"batch[0]: traits.address.city: is no text",
		"batch[0]: traits.firstName: is no text",
		"batch[0]: traits.locale: is no language such as de or de-AT",
		"batch[0]: traits.email: is no e-mail address",
		"batch[0]: traits.phone: a national number needs address.country; or write it as +49…",
		"batch[0]: traits.birthday: is no day such as 1990-02-01",
		"batch[0]: traits.createdAt: is of January 1970: are seconds taken for milliseconds?",
		"batch[0]: traits.birthdayClub: is not read; write birthday_club",
		"batch[0]: traits.birthday_club: is neither true nor false, without quotes",
		"batch[0]: traits.country: is not read here; write address.country",
		"batch[0]: traits.favourite: is no text",
		"batch[0]: traits.first_name: is not read; write firstName",
		"batch[1]: traits.address: is no object of country and city",
		"batch[1]: traits.phone: a national number needs address.country; or write it as +49…",
		"batch[1]: traits.birthday: is after now",
		"batch[1]: traits.createdAt: is after now",
		"batch[2]: context.timezone: is no time zone such as Europe/Berlin",
		"batch[2]: context.traits.phone: is no phone number; write it as +49…",
	}
	same(t, "left out", told.LeftOut, want)
	if log := h.log.String(); !strings.Contains(log, "left_out=21") || strings.Contains(log, "secret") {
		t.Errorf("the log is %s", log)
	}
	if c := h.customer("u1"); c.Locale != "" || c.Zone != "" {
		t.Errorf("left are %+v", c)
	}
	if c := h.customer("u2"); c.Locale != "de_AT" || c.Zone != "Europe/Berlin" {
		t.Errorf("left are %+v", c)
	}
	_, told = h.answer("/v1/batch", `{"batch":[`+strings.Repeat(`{"type":"identify","userId":"u1","traits":{"email":"x"}},`, 59)+`{"type":"identify","userId":"u1","traits":{"email":"x"}}]}`)
	if n := len(told.LeftOut); n != 51 || told.LeftOut[50] != "and 10 more" {
		t.Errorf("%d told: %q", n, told.LeftOut)
	}
}

// What a batch says beside its messages holds for each that does not say otherwise.
func TestABatchHasAContext(t *testing.T) {
	h := open(t)
	h.taken("/v1/batch", `{"context":{"locale":"de","timezone":"Europe/Berlin","traits":{"firstName":"Ann","lastName":"Lee"}},"batch":[
		{"type":"track","userId":"u1","event":"Seen","context":{"locale":"fr","traits":{"firstName":"Anna"}}},
		{"type":"identify","userId":"u2","traits":{"lastName":"Roe"}}]}`)
	for id, want := range map[string][]string{"u1": {"fr", "Europe/Berlin", "Anna", "Lee"}, "u2": {"de", "Europe/Berlin", "", "Roe"}} {
		c := h.customer(id)
		same(t, id, []string{c.Locale, c.Zone, c.FirstName, c.LastName}, want)
	}
}

// The usual mistakes of a body are named with their mend.
func TestUsualMistakesOfABody(t *testing.T) {
	const seen = `{"userId":"u1","event":"Seen","messageId":"m1"}`
	h := open(t)
	for body, want := range map[string]string{
		"":                              "the body is empty",
		" \n":                           "the body is empty",
		zipped([]byte(seen)):            "the body is gzip; say so with Content-Encoding: gzip",
		"userId=u1&event=Seen":          "the body is a form; send JSON",
		"--x\r\nContent-Disposition: ":  "the body is a form; send JSON",
		"\xff\xfe{\x00":                 "the body is in UTF-16; send UTF-8",
		`{"userId":815,"event":"Seen"}`: "userId cannot be of type number; write it in quotes",
		`{"userId":"u1","event":"Seen","timestamp":1795348800}`: "timestamp cannot be of type number; write it as 2026-03-01T09:30:00.000Z",
		`{"userId":"u1","event":"Seen","context":{"locale":7}}`: "context.locale cannot be of type number; write it in quotes",
		`{"userId":"u1","event":"Seen","properties":7}`:         "properties cannot be of type number",
		`[` + seen + `]`:                  `it cannot be of type array; several messages go as {"batch": [ … ]} to /v1/batch`,
		`{"user_id":"u1","event":"Seen"}`: "userId or anonymousId is missing; user_id is not read; write userId",
		`{"userId":"u1","event":"Order Completed","properties":{"order_id":"1","total":1e400}}`: "properties.total is a number too large to keep",
	} {
		status, told := h.answer("/v1/track", body)
		if status != http.StatusBadRequest || told.Message != want && !slices.Equal(told.Mistakes, []string{want}) {
			t.Errorf("%q: answered %d %+v, want %s", body, status, told, want)
		}
	}
	if status, told := h.answer("/v1/batch", `[`+seen+`]`); status != http.StatusBadRequest || !strings.HasSuffix(told.Message, `send {"batch": [ … ]}`) {
		t.Errorf("a list for a batch: answered %d %+v", status, told)
	}
	h.taken("/v1/track", "\ufeff"+seen)
	for _, encoding := range []string{"GZIP", " gzip", "x-gzip"} {
		h.taken("/v1/track", zipped([]byte(seen)), "Content-Encoding", encoding)
	}
	same(t, "events", names(h.timeline("u1")), []string{"Seen"})
}

func TestWhatIsNoRouteIsAnsweredForMachines(t *testing.T) {
	h := open(t)
	for path, status := range map[string]int{
		"POST /v1/t": http.StatusNotFound, "GET /v1/": http.StatusNotFound, "POST /v1/track/": http.StatusNotFound,
		"GET /v1/track": http.StatusMethodNotAllowed, "PUT /v1/batch": http.StatusMethodNotAllowed, "OPTIONS /v1/history": http.StatusMethodNotAllowed,
	} {
		method, target, _ := strings.Cut(path, " ")
		w := h.expect(status, request(method, target, nil, nil))
		if !json.Valid(w.Body.Bytes()) || w.Header().Get("Content-Type") != "application/json" || (w.Header().Get("Allow") == "POST") != (status == http.StatusMethodNotAllowed) {
			t.Errorf("%s: answered %v %s", path, w.Header(), w.Body)
		}
	}
}

// A key that is written otherwise than those that are read is named.
func TestKeysThatAreNotReadAreNamed(t *testing.T) {
	h := open(t)
	_, told := h.answer("/v1/batch", `{"sent_at":"2026-11-22T09:00:00Z","batch":[
		{"type":"track","userId":"case3","userid":"case4","event":"Seen","message_id":"m1","original_timestamp":"x","anonymous-id":"a","sent_at":1},
		{"Type":"track","USERID":"case5","Event":"Seen"}]}`)
	same(t, "left out", told.LeftOut, []string{
		"sent_at is not read; write sentAt",
		"batch[0]: message_id is not read; write messageId",
		"batch[0]: userid is not read; write userId",
		"batch[0]: anonymous-id is not read; write anonymousId",
		"batch[0]: original_timestamp is not read; write originalTimestamp",
		"batch[0]: sent_at is not read; write sentAt",
	})
	for id, want := range map[string]int{"case3": 1, "case4": 0, "case5": 1} {
		if n := len(h.timeline(id)); n != want {
			t.Errorf("%s has %d events", id, n)
		}
	}
}
