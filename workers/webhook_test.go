package workers_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/channels/webhook"
	"rapport/deliveries"
)

// hookSecret is one of the specification's own examples.
const hookSecret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receiver is another system, behind TLS, that says what it is told to.
type receiver struct {
	server *httptest.Server
	says   []int // the statuses, one an attempt; 204 after the last
	heard  []*http.Request
	bodies []string
}

// ServeHTTP takes down what it is told.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.heard, r.bodies = append(r.heard, req), append(r.bodies, string(body))
	status := http.StatusNoContent
	if n := len(r.heard); n <= len(r.says) {
		status = r.says[n-1]
	}
	w.WriteHeader(status)
}

// hook is a campaign that tells of every order.
func hook(webhook string) string {
	return replace(campaign("hook", "Ordered", "{id: told, webhook: "+webhook+"}"), "Ordered}", "Ordered, where: event.order != nil}")
}

// telling is a shop with a campaign that tells a receiver, and sends nothing.
func telling(t *testing.T, says ...int) (*shop, *receiver) {
	t.Helper()
	r := &receiver{says: says}
	r.server = httptest.NewUnstartedServer(r)
	r.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	r.server.StartTLS()
	t.Cleanup(r.server.Close)
	s := open(t, with(map[string]string{
		"campaigns/hook.yaml": hook(`{url: "https://crm.example/hook?from=shop", body: {customer: "{{ customer.id }}", order: "{{ event.order }}", kept: true}}`),
	}))
	roots := x509.NewCertPool()
	roots.AddCert(r.server.Certificate())
	sender, err := webhook.Standard{
		Secrets: []channels.Secret{"whsec_" + hookSecret}, BaseURL: r.server.URL, Roots: roots, Now: s.clock,
	}.Open()
	ok(t, err)
	s.senders[channels.Webhook] = sender
	return s, r
}

// signed checks a signature by the specification's own words: HMAC-SHA256 over
// id.timestamp.body.
func (r *receiver) signed(t *testing.T, n int) {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(hookSecret)
	ok(t, err)
	h := r.heard[n].Header
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("Webhook-Id") + "." + h.Get("Webhook-Timestamp") + "." + r.bodies[n]))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); h.Get("Webhook-Signature") != want {
		t.Errorf("attempt %d is signed %s", n+1, h.Get("Webhook-Signature"))
	}
}

// A receiver that is down at first is told again, under the same id, although the
// journey did not wait and is over.
func TestAWebhookIsToldUntilItIsHeard(t *testing.T) {
	s, r := telling(t, http.StatusInternalServerError, http.StatusOK)
	s.plan("ann", "Ordered", "order", "A1")
	if running := s.runningEntries("ann"); len(running) != 0 {
		t.Fatalf("the journey waits: %v", running)
	}
	s.deliver()
	d := s.stands(deliveries.Planned, "provider_unavailable")
	if !d.DueAt.After(s.clock()) || d.Attempts != 1 {
		t.Errorf("after %d attempts due at %s", d.Attempts, d.DueAt)
	}
	s.deliver()
	s.later(d.DueAt.Sub(s.clock()))
	s.deliver()
	d = s.stands(deliveries.Sent, "")
	s.later(time.Hour)
	s.deliver()
	if len(r.heard) != 2 || d.Attempts != 2 {
		t.Fatalf("it was told %d times in %d attempts", len(r.heard), d.Attempts)
	}
	for n := range r.heard {
		r.signed(t, n)
		if id := r.heard[n].Header.Get("Webhook-Id"); id != "dlv_1" {
			t.Errorf("attempt %d is known as %s", n+1, id)
		}
	}
	if r.bodies[1] != `{"customer":"ann","kept":true,"order":"A1"}` || r.heard[1].URL.String() != "/crm.example/hook?from=shop" {
		t.Errorf("told %s at %s", r.bodies[1], r.heard[1].URL)
	}
	if c := s.customer("ann"); !c.Contacted.LastAt.IsZero() || c.Contacted.Last7d != 0 {
		t.Errorf("the customer counts as contacted: %+v", c.Contacted)
	}
	if names := strings.Join(s.timeline("ann"), ", "); names != "Ordered, webhook sent" {
		t.Errorf("on the timeline: %s", names)
	}
}

func TestAWebhookThatIsRefusedIsNotRepeated(t *testing.T) {
	s, r := telling(t, http.StatusGone)
	s.plan("ann", "Ordered", "order", "A1")
	s.deliver()
	s.stands(deliveries.Failed, channels.ReasonGone)
	s.later(time.Hour)
	s.deliver()
	if len(r.heard) != 1 {
		t.Errorf("told %d times", len(r.heard))
	}
}

// A receiver that refuses us does not silence the others.
func TestOneReceiverThatRefusesDoesNotSilenceTheOthers(t *testing.T) {
	s, r := telling(t, http.StatusUnauthorized)
	s.plan("ann", "Ordered", "order", "A1")
	s.deliver()
	s.plan("ann", "Ordered", "order", "A2")
	s.deliver()
	if all := s.ledger(); all[0].Status != deliveries.Failed || all[1].Status != deliveries.Sent {
		t.Errorf("they are %s and %s", all[0].Status, all[1].Status)
	}
	if len(r.heard) != 2 {
		t.Errorf("told %d times", len(r.heard))
	}
}

// A receiver that never comes back is given up in the end.
func TestAWebhookIsGivenUpInTheEnd(t *testing.T) {
	down := make([]int, 200)
	for i := range down {
		down[i] = http.StatusBadGateway
	}
	s, r := telling(t, down...)
	s.plan("ann", "Ordered", "order", "A1")
	for s.only().Status == deliveries.Planned && s.clock().Before(noon.Add(100*time.Hour)) {
		s.deliver()
		s.later(time.Hour)
	}
	s.stands(deliveries.Failed, "provider_unavailable")
	if hours := s.clock().Sub(noon).Hours(); hours < 71 || hours > 74 {
		t.Errorf("given up after %.0f hours and %d attempts", hours, len(r.heard))
	}
}

// A webhook that cannot be written fails; nothing is told with a hole in it.
func TestAWebhookWithAHoleIsNotTold(t *testing.T) {
	s, r := telling(t)
	s.apply(with(map[string]string{"campaigns/hook.yaml": hook(`{url: "https://crm.example/hook", body: {share: "{{ 100 | divided_by: event.order }}"}}`)}))
	s.plan("ann", "Ordered", "order", 0)
	s.deliver()
	s.stands(deliveries.Failed, "not_rendered")
	if len(r.heard) != 0 {
		t.Errorf("told %v", r.bodies)
	}
}

// Who left is not spoken about any more.
func TestAWebhookOfAJourneyThatWasLeftIsDropped(t *testing.T) {
	s, r := telling(t)
	s.apply(with(map[string]string{
		"campaigns/hook.yaml": hook(`{url: "https://crm.example/hook", body: {order: "{{ event.order }}"}}`) + "  - {wait: 1d}\nexit: [{event: Returned}]\n",
	}))
	s.plan("ann", "Ordered", "order", "A1")
	s.happen("ann", "Returned")
	ok(t, s.reactor.React(s.ctx()))
	s.deliver()
	s.stands(deliveries.Skipped, string(deliveries.Exited))
	if len(r.heard) != 0 {
		t.Error("it was told")
	}
	if e, err := s.store.Travellers(s.ctx(), []int64{1}, s.clock()); err != nil || e[0].Entry.State != campaigns.Left {
		t.Errorf("the journey: %+v %v", e, err)
	}
}
