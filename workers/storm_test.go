package workers_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	crand "crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rapport/channels"
	"rapport/channels/email"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
	"rapport/store/storetest"
)

// letterbox signs and posts callbacks to the public doors, as providers do.
type letterbox struct {
	*shop
	key   *ecdsa.PrivateKey
	doors http.Handler
}

// opensDoors gives a shop a key of SendGrid's and its doors.
func opensDoors(t *testing.T, db *store.Store) *letterbox {
	t.Helper()
	s := openOn(t, db, files)
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	ok(t, err)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	ok(t, err)
	s.senders[channels.Email], err = email.SendGrid{
		APIKey: "SG.key", BaseURL: s.provider.server.URL, WebhookPublicKeys: []string{base64.StdEncoding.EncodeToString(der)},
	}.Open()
	ok(t, err)
	s.wire()
	return &letterbox{shop: s, key: key, doors: s.public()}
}

// events is a batch of SendGrid's.
func (l *letterbox) events(some []string) *http.Request {
	body := "[" + strings.Join(some, ",\r\n") + "]\r\n"
	stamp := strconv.FormatInt(l.clock().Unix(), 10)
	sum := sha256.Sum256([]byte(stamp + body))
	signature, err := ecdsa.SignASN1(crand.Reader, l.key, sum[:])
	ok(l.t, err)
	r := httptest.NewRequest(http.MethodPost, mailHook, strings.NewReader(body))
	r.Header.Set("X-Twilio-Email-Event-Webhook-Signature", base64.StdEncoding.EncodeToString(signature))
	r.Header.Set("X-Twilio-Email-Event-Webhook-Timestamp", stamp)
	return r
}

// twilio is one callback of Twilio's.
func (l *letterbox) twilio(address, body string) *http.Request {
	fields, err := url.ParseQuery(body)
	ok(l.t, err)
	text := address
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		text += name + fields.Get(name)
	}
	mac := hmac.New(sha1.New, []byte("token"))
	mac.Write([]byte(text))
	r := httptest.NewRequest(http.MethodPost, strings.TrimPrefix(address, publicURL), strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}

// post hands a request in and reports whether it was taken.
func (l *letterbox) post(r *http.Request) bool {
	w := httptest.NewRecorder()
	l.doors.ServeHTTP(w, r)
	return w.Code >= 200 && w.Code < 400 // a link leads on
}

// sends plans and sends an e-mail, a text and a question to each of so many.
func (l *letterbox) sends(people int) []deliveries.Delivery {
	l.t.Helper()
	var all []customers.Customer
	for n := range people {
		all = append(all, customers.Customer{
			ID: fmt.Sprintf("c%04d", n), Email: fmt.Sprintf("c%d@home.example", n), Phone: fmt.Sprintf("+4915112%06d", n), Country: "DE", Zone: "Europe/Berlin",
		})
	}
	_, err := l.store.PutCustomers(l.ctx(), l.clock(), all)
	ok(l.t, err)
	for _, c := range all {
		for _, event := range []string{"Wrote", "Texted"} {
			l.happen(c.ID, event)
		}
		l.happen(c.ID, "Delivered", "order", "o"+c.ID)
	}
	for range 3 * people / 100 {
		ok(l.t, l.reactor.React(l.ctx()))
		l.travel()
		l.deliverEach()
	}
	return l.sent()
}

func (l *letterbox) sent() []deliveries.Delivery {
	l.t.Helper()
	refs := make([]deliveries.Ref, 4000)
	for i := range refs {
		refs[i].ID = int64(i + 1)
	}
	found, err := l.store.Lookup(l.ctx(), refs)
	ok(l.t, err)
	return slices.DeleteFunc(found, func(d deliveries.Delivery) bool { return d.Status.Rank() < deliveries.Sent.Rank() })
}

// happening is one event of a provider or a visit of one of our links, in the
// order it happened.
type happening struct {
	mail  string // an event of SendGrid's, without its id
	url   string // else a callback of Twilio's
	body  string
	agent string // or who visits the URL, and when
	at    time.Time
}

// come hands in what comes by itself: a callback of Twilio's, or a visit at its
// moment.
func (l *letterbox) come(h happening) bool {
	if h.agent == "" {
		return l.post(l.twilio(h.url, h.body))
	}
	now := l.clock()
	l.later(h.at.Sub(now))
	defer func() { l.later(now.Sub(h.at)) }()
	r := httptest.NewRequest(http.MethodGet, strings.TrimPrefix(h.url, publicURL), http.NoBody)
	r.Header.Set("User-Agent", h.agent)
	return l.post(r)
}

// visits are what a letter's own picture and link see: a scanner's program on some,
// then a reader who opens it once and follows its link now and again.
func (l *letterbox) visits(d deliveries.Delivery, link int64) []happening {
	read := noon.Add(time.Hour)
	all := []happening{{url: l.shop.doors.Open(d.ID), agent: l.agent(), at: read}}
	for i := range 4 {
		all = append(all, happening{url: l.shop.doors.Click(d.ID, link), agent: l.agent(), at: read.Add(time.Duration(1+i) * 10 * time.Minute)})
	}
	if d.ID%17 == 0 {
		all = append(all, happening{url: l.shop.doors.Click(d.ID, link), agent: "Proofpoint", at: noon.Add(6 * time.Second)})
	}
	return all
}

// lives is what becomes of deliveries: read, clicked, stopped, bounced, answered.
func (l *letterbox) lives(sent []deliveries.Delivery, each int) []happening {
	const sale = "https://shop.example/sale?a=1&b=2"
	links, err := l.store.Intern(l.ctx(), []string{sale}) // its number was given out when letters were sent
	ok(l.t, err)
	var all []happening
	for _, d := range sent {
		n := int(d.ID)
		address := "c" + strings.TrimLeft(strings.TrimPrefix(d.Customer, "c"), "0")
		if address == "c" {
			address = "c0"
		}
		mail := func(event string, after int, more string) {
			all = append(all, happening{mail: fmt.Sprintf(`{"event": %q, "email": "%s@home.example", "timestamp": %d, "delivery": "%d", "sg_message_id": "%s.f"%s`,
				event, address, noon.Unix()+int64(after), d.ID, d.ProviderID, more)})
		}
		switch {
		case d.Channel == channels.Email && n%29 == 0:
			mail("bounce", 5, `, "type": "bounce", "status": "5.1.1"`)
		case d.Channel == channels.Email:
			mail("delivered", 5, "")
			for i := range each { // clicks on links of other houses, which only SendGrid knows of
				mail("click", 3601+2*i, fmt.Sprintf(`, "url": "https://shop.example/%d"`, i))
				if i%8 == 0 {
					mail("open", 3600+2*i, "")
				}
			}
			all = append(all, l.visits(d, links[sale])...)
			if n%7 == 0 {
				mail("unsubscribe", 9000, "")
			}
			if n%11 == 0 {
				mail("spamreport", 9001, "")
			}
		default:
			status := l.shop.doors.Status(textOut, d.ID, 1)
			last := "delivered"
			if n%13 == 0 {
				last = "undelivered"
			}
			for _, word := range []string{"queued", "sent", last} {
				all = append(all, happening{url: status, body: form("MessageSid", d.ProviderID, "MessageStatus", word, "To", d.Customer)})
			}
			if d.Campaign == "survey" && n%3 == 0 && last == "delivered" { // who did not get it cannot answer
				score := strconv.Itoa(1 + n%5)
				all = append(all, happening{
					url:  publicURL + textHook,
					body: form("MessageSid", fmt.Sprint("IN", d.ID), "From", l.phone(d.Customer), "To", "+493012345678", "Body", score),
				})
			}
		}
	}
	return all
}

func (l *letterbox) phone(customer string) string {
	n, _ := strconv.Atoi(strings.TrimPrefix(customer, "c"))
	return fmt.Sprintf("+4915112%06d", n)
}

// arrive posts what happened, times over, in batches, and reads it meanwhile.
func (l *letterbox) arrive(all []happening, times int, luck *rand.Rand) {
	l.t.Helper()
	var mails []string
	var posts []func() bool
	for n, h := range all {
		for again := range times {
			if h.mail == "" {
				posts = append(posts, func() bool { return l.come(h) })
				continue
			}
			// A repeat may come under another id, as SendGrid's do.
			mails = append(mails, h.mail+fmt.Sprintf(`, "sg_event_id": "e%d-%d"}`, n, again%3))
		}
	}
	if luck != nil {
		luck.Shuffle(len(mails), func(i, j int) { mails[i], mails[j] = mails[j], mails[i] })
	}
	for some := range slices.Chunk(mails, 1000) {
		posts = append(posts, func() bool { return l.post(l.events(some)) })
	}
	if luck != nil {
		luck.Shuffle(len(posts), func(i, j int) { posts[i], posts[j] = posts[j], posts[i] })
	}
	for n, comes := range posts {
		if !comes() {
			l.t.Fatal("a callback was not taken")
		}
		if n%(1+len(posts)/8) == 0 {
			ok(l.t, l.reader.Read(l.ctx()))
		}
	}
	ok(l.t, l.reader.Read(l.ctx()))
}

// state is what a pass leaves behind, without what tells when it was read.
type state struct {
	Deliveries  []string
	Lines       map[string]int // what stands on timelines, and how often
	Suppressed  []string
	Scores      map[string]customers.Score
	Funnels     []deliveries.Funnel
	Cases       []string
	Unanswered  int64
	Happenings  int
	AnySkipped  bool
	AnyRejected int
}

func (l *letterbox) state(people, happenings int) state {
	l.t.Helper()
	ctx := l.ctx()
	at := state{Lines: map[string]int{}, Scores: map[string]customers.Score{}, Happenings: happenings}
	for _, d := range l.sent() {
		at.Deliveries = append(at.Deliveries, fmt.Sprint(d.ID, d.Customer, " ", d.Status, " ", d.Reason, " ", d.ProviderID != "", d.Attempts))
	}
	var ids []string
	for n := range people {
		ids = append(ids, fmt.Sprintf("c%04d", n))
	}
	loaded, err := l.store.Load(ctx, ids, l.clock())
	ok(l.t, err)
	for _, id := range ids {
		at.Suppressed = append(at.Suppressed, fmt.Sprint(id, loaded[id].Suppressed))
		at.Scores[id] = loaded[id].CSAT
		events, err := l.store.Of(ctx, id, 1000)
		ok(l.t, err)
		for _, e := range events {
			at.Lines[fmt.Sprint(id, " ", e.Name, " ", e.At.Unix(), " ", e.Properties["link"], e.Properties["score"])]++
		}
	}
	at.Funnels, err = l.store.Summary().Funnels(ctx, time.Now())
	ok(l.t, err)
	open, err := l.store.Casebook().Cases(ctx, "", 1000)
	ok(l.t, err)
	for _, c := range open {
		at.Cases = append(at.Cases, c.Customer+" "+c.Why)
	}
	slices.Sort(at.Cases)
	waiting, err := l.store.Summary().Backlog(ctx, l.clock())
	ok(l.t, err)
	at.Unanswered = waiting.Inbox
	return at
}

// Twenty thousand events, ten times each and in any order, leave behind what one
// clean pass leaves.
func TestAStormLeavesWhatACalmDayLeaves(t *testing.T) {
	people, each := 200, 84
	if testing.Short() {
		people, each = 100, 9
	}
	play := func(t *testing.T, db *store.Store, times int, luck *rand.Rand) state {
		l := opensDoors(t, db)
		lives := l.lives(l.sends(people), each)
		l.arrive(lives, times, luck)
		return l.state(people, len(lives))
	}
	calm := play(t, storetest.Open(t, storetest.SQLite(t)), 1, nil)
	if calm.Happenings < 20_000 && !testing.Short() {
		t.Errorf("only %d events", calm.Happenings)
	}
	if len(calm.Cases) == 0 || len(calm.Deliveries) != 3*people || calm.Unanswered != 0 {
		t.Fatalf("a calm day leaves %d cases and %d deliveries", len(calm.Cases), len(calm.Deliveries))
	}
	storetest.Each(t, func(t *testing.T, db *store.Store) {
		storm := play(t, db, 10, rand.New(rand.NewPCG(1, 2)))
		if diff := cmp.Diff(calm, storm); diff != "" {
			t.Errorf("a calm day (-), a storm (+):\n%.4000s", diff)
		}
	})
}

// While callbacks come in as fast as they are answered, sending goes on, and
// reading too: neither waits for the other to end.
func TestABurstOfCallbacksIsAnsweredWhileSendingGoesOn(t *testing.T) {
	l := opensDoors(t, storetest.Open(t, storetest.SQLite(t)))
	sent := l.sends(100)
	var posts []func() *http.Request
	for _, d := range sent {
		if d.Channel == channels.SMS {
			for _, word := range []string{"queued", "sending", "sent", "delivered"} {
				body := form("MessageSid", d.ProviderID, "MessageStatus", word, "To", l.phone(d.Customer))
				posts = append(posts, func() *http.Request { return l.twilio(l.shop.doors.Status(textOut, d.ID, 1), body) })
			}
		}
	}
	for n := range 100 { // what is sent meanwhile
		l.happen(fmt.Sprintf("c%04d", n), "Texted once")
	}
	ok(t, l.reactor.React(l.ctx()))
	l.travel()
	before := len(l.provider.requests())
	due := l.due()

	var answered, burstSent atomic.Int64
	var all sync.WaitGroup
	all.Go(func() { // sending
		for some := range slices.Chunk(due, 10) {
			if err := l.courier.Deliver(l.ctx(), some); err != nil {
				t.Error(err)
			}
			burstSent.Add(int64(len(some)))
		}
	})
	stop := running(t, func(ctx context.Context) {
		for ctx.Err() == nil {
			if err := l.reader.Read(ctx); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
	work := make(chan func() *http.Request)
	for range 8 {
		all.Go(func() {
			for request := range work {
				if l.post(request()) {
					answered.Add(1)
				}
			}
		})
	}
	for _, request := range posts {
		work <- request
	}
	close(work)
	during := burstSent.Load()
	all.Wait()
	if got := answered.Load(); got != int64(len(posts)) {
		t.Errorf("%d of %d callbacks were taken", got, len(posts))
	}
	if during == 0 {
		t.Error("while callbacks came in nothing was sent")
	}
	if got := len(l.provider.requests()) - before; got != 100 {
		t.Errorf("%d of 100 messages left", got)
	}
	eventually(t, "all callbacks are read", func() bool {
		waiting, err := l.store.Summary().Backlog(l.ctx(), l.clock().Add(time.Hour))
		return err == nil && waiting.Inbox == 0
	})
	stop()
	for _, d := range l.sent() {
		if d.Channel == channels.SMS && d.Campaign != "once" && d.Status != deliveries.Delivered {
			t.Errorf("delivery %d is %s", d.ID, d.Status)
		}
	}
}
