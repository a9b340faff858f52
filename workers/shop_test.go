package workers_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/channels/call"
	"rapport/channels/email"
	"rapport/channels/inbound"
	"rapport/channels/sms"
	"rapport/channels/twilio"
	"rapport/channels/webpush"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/sandbox"
	"rapport/store"
	"rapport/webhooks"
	"rapport/workers"
)

// The outlets that call back, and where each does.
var (
	mailOut = deliveries.Outlet{Channel: channels.Email, Provider: "sendgrid"}
	textOut = deliveries.Outlet{Channel: channels.SMS, Provider: "twilio"}
	callOut = deliveries.Outlet{Channel: channels.Call, Provider: "twilio"}
)

const (
	mailHook = "/hooks/email/sendgrid"
	textHook = "/hooks/sms/twilio"
)

func TestMain(m *testing.M) {
	workers.LogRedis(slog.New(slog.DiscardHandler))
	// go-redis looks at a closed pool once more after a second.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

const publicURL = "https://news.shop.example"

// names are the providers'.
var names = map[channels.Channel]string{
	channels.Email: "sendgrid", channels.SMS: "twilio", channels.Call: "twilio", channels.Push: "vapid", channels.Webhook: "standard",
}

// noon is a Tuesday, 13:00 in Berlin.
var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// files are a small shop. Every campaign begins with an event of its own.
var files = map[string]string{
	"rapport.yaml": `
workspace: shop
brand: {name: Shop, url: "https://shop.example", address: "1 High Street"}
locale: en
zone: Europe/Berlin
currency: EUR
topics:
  - {id: service, title: About your orders, default: in}
  - {id: marketing, title: Offers, default: out}
senders:
  email: {from: "Shop <hello@shop.example>"}
  sms: {from: "+493012345678"}
  call: {from: "+493012345678"}
contact:
  caps: [{at_most: 1, per: 7d, topics: [marketing]}]
  countries: {sms: [DE], call: [DE]}
`,
	"campaigns/letter.yaml": campaign("letter", "Wrote", "{email: note}"),
	"campaigns/text.yaml":   campaign("text", "Texted", "{sms: note}"),
	"campaigns/once.yaml":   campaign("once", "Texted once", "{sms: note, ambiguous: hold}"),
	"campaigns/twice.yaml":  campaign("twice", "Texted twice", "{sms: note, ambiguous: resend}"),
	"campaigns/nudge.yaml":  campaign("nudge", "Nudged", "{push: note}"),
	"campaigns/ring.yaml":   campaign("ring", "Rang", "{call: note}"),
	"campaigns/share.yaml":  replace(campaign("share", "Shared", "{sms: share}"), "Shared}", "Shared, where: event.among != nil}"),
	"campaigns/survey.yaml": campaign("survey", "Delivered", "{ask: csat, by: sms, template: rate, answer_within: 2d}") +
		"  - branch:\n      - if: answers.csat.score >= 4\n        then: [{tag: [+happy]}]\n" +
		"exit: [{event: Returned}]\nentry: {key: event.order, again: always}\n",
	"templates/email/note.liquid": "---\nsubject: Hello\nlayout: base\nformat: mjml\n---\n" +
		"<mj-text><a href=\"https://shop.example/sale?a=1&amp;b=2\">Sale</a> <a href=\"{{ links.unsubscribe }}\">Stop</a></mj-text>\n",
	"templates/sms/note.liquid":  "A note from {{ brand.name }}\n",
	"templates/sms/rate.liquid":  "From 1 to 5?\n",
	"templates/sms/share.liquid": "Your share is {{ 100 | divided_by: event.among }}\n",
	"templates/push/note.yaml":   "title: A note\nbody: Read it\nurl: https://shop.example/sale\n",
	"templates/call/note.yaml":   "say: A note from {{ brand.name }}.\nbye: Goodbye.\n",
}

func campaign(id, event, step string) string {
	return fmt.Sprintf("campaign: %s\ntitle: %s\nowner: support\ntopic: service\nstate: live\ntrigger: {event: %s}\nsteps:\n  - %s\n", id, id, event, step)
}

// with is the shop's files with some added or changed; an empty one is removed.
func with(changed map[string]string) map[string]string {
	all := maps.Clone(files)
	maps.Copy(all, changed)
	maps.DeleteFunc(all, func(_, text string) bool { return text == "" })
	return all
}

// shop is an installation in one process whose parts are called one by one.
type shop struct {
	t        *testing.T
	store    *store.Store
	catalog  *campaigns.Catalog
	redis    redis.UniversalClient
	mini     *miniredis.Miniredis
	provider *provider
	browser  string // that visits links; "" is a telephone's
	senders  map[channels.Channel]channels.Sender
	doors    deliveries.Addresses
	log      *slog.Logger
	said     *logged
	pump     *workers.Pump
	courier  *workers.Courier
	walker   *workers.Walker
	entrance *workers.Entrance
	reactor  *workers.Reactor
	reader   *workers.Reader
	schedule *workers.Schedule
	mender   *workers.Reconciler
	decider  *workers.Decider
	sweeper  *workers.Sweeper
	watcher  *workers.Watcher
	stager   *workers.Stager

	mu     sync.Mutex
	now    time.Time
	events int
}

// open makes a shop with one customer, ann, who can be reached in every way.
func open(t *testing.T, files map[string]string) *shop {
	t.Helper()
	return openOn(t, openStore(t), files)
}

// openOn makes the shop on a store.
func openOn(t *testing.T, db *store.Store, files map[string]string) *shop {
	t.Helper()
	s := &shop{t: t, now: noon, said: &logged{}, provider: newProvider(t)}
	s.log = slog.New(slog.NewTextHandler(s.said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s.doors = deliveries.Addresses{Base: publicURL, Signer: deliveries.NewSigner([]byte("0123456789abcdef0123456789abcdef"))}
	s.mini = miniredis.RunT(t)
	s.redis = connect(t, "redis://"+s.mini.Addr())
	s.store = db
	s.catalog = &campaigns.Catalog{Archive: s.store.Archive()}
	s.senders = s.provider.senders(t, s.clock)
	s.wire()
	s.apply(files)
	s.person("ann")
	return s
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "rapport.db"))
	ok(t, err)
	t.Cleanup(func() { ok(t, db.Close()) })
	ok(t, db.Migrate(t.Context()))
	return db
}

func connect(t *testing.T, url string) redis.UniversalClient {
	t.Helper()
	client, err := workers.OpenRedis(url)
	ok(t, err)
	t.Cleanup(func() { _ = client.Close() }) // a test may have closed it
	return client
}

// wire puts the parts together.
func (s *shop) wire() {
	db, now := s.store, s.clock
	limits := &workers.SharedLimits{Redis: s.redis, Log: s.log}
	s.pump = &workers.Pump{
		Queue: workers.OpenQueue(s.redis), Ledger: db, Entries: db, Runs: db.Runs(), Summary: db.Summary(), Now: now, Log: s.log,
	}
	s.courier = &workers.Courier{
		Catalog: s.catalog, Ledger: db, Entries: db, News: db, Directory: db, Preferences: db, Mailboxes: db, Senders: s.senders, Providers: names, Limits: limits,
		Outlook: &workers.Outlook{Outlets: db.Outlets(), Now: now, Log: s.log},
		Post:    &workers.PostOffice{Links: db, Addresses: s.doors, Providers: names, Log: s.log}, Now: now, Log: s.log,
	}
	s.walker = &workers.Walker{Catalog: s.catalog, Entries: db, News: db, Arrivals: db, Rollouts: db, Now: now, Log: s.log}
	s.entrance = &workers.Entrance{Catalog: s.catalog, Runs: db.Runs(), Dialect: db.Dialect(), Now: now, Log: s.log}
	s.reactor = &workers.Reactor{Catalog: s.catalog, Entries: db, News: db, Arrivals: db, Goals: db.Goals(), Directory: db, Now: now, Log: s.log}
	s.reader = &workers.Reader{
		Catalog: s.catalog, Inbox: db, Record: db, Responses: db.Responses(), Registry: db, Directory: db, Preferences: db,
		Listeners: map[string]channels.Listener{
			mailOut.String():  s.senders[channels.Email].(channels.Listener),
			textOut.String():  s.senders[channels.SMS].(channels.Listener),
			webhooks.OwnLinks: webhooks.Own{Addresses: s.doors},
			webhooks.Letter:   inbound.Raw{Ours: s.doors},
		},
		Addresses: s.doors, Now: now, Log: s.log,
	}
	s.schedule = &workers.Schedule{Catalog: s.catalog, Runs: db.Runs(), Facts: db, Now: now, Log: s.log}
	s.decider = &workers.Decider{Catalog: s.catalog, Splits: db.Splits(), Now: now, Log: s.log}
	s.sweeper = &workers.Sweeper{Catalog: s.catalog, Exodus: db, Dialect: db.Dialect(), Now: now, Log: s.log}
	s.watcher = &workers.Watcher{
		Catalog: s.catalog, Memberships: db.Memberships(), Queue: workers.OpenQueue(s.redis), Dialect: db.Dialect(), Now: now, Log: s.log,
	}
	s.stager = &workers.Stager{Catalog: s.catalog, Rollouts: db, Queue: workers.OpenQueue(s.redis), Now: now, Log: s.log}
	epochs := 0
	s.mender = &workers.Reconciler{
		Ledger: db, Doubts: db, Record: db, Directory: db, Facts: db, Redis: s.redis, Senders: s.senders, Now: now,
		NewEpoch: func() string { epochs++; return "epoch " + strconv.Itoa(epochs) }, Log: s.log,
	}
}

func (s *shop) worker() *workers.Worker {
	return &workers.Worker{
		Courier: s.courier, Walker: s.walker, Entrance: s.entrance, Reactor: s.reactor, Reader: s.reader,
		Watcher: s.watcher, Stager: s.stager,
		Bell: &workers.Bell{Redis: s.redis}, Log: s.log,
	}
}

func (s *shop) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *shop) later(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func (s *shop) ctx() context.Context { return s.t.Context() }

// apply puts files in force.
func (s *shop) apply(files map[string]string) {
	s.t.Helper()
	raw := map[string][]byte{}
	for name, text := range files {
		raw[name] = []byte(text)
	}
	_, problems, err := s.catalog.Apply(s.ctx(), raw, s.clock())
	if err != nil || len(problems) > 0 {
		s.t.Fatalf("apply: %v %v", err, problems)
	}
}

// person adds a customer who can be reached in every way.
func (s *shop) person(id string) {
	s.t.Helper()
	_, err := s.store.PutCustomers(s.ctx(), s.clock(), []customers.Customer{{
		ID: id, Email: id + "@home.example", Phone: phoneOf(id), FirstName: "Jo", Country: "DE", Zone: "Europe/Berlin",
	}})
	ok(s.t, err)
	ok(s.t, s.store.Subscribe(s.ctx(), id, s.provider.browser(id), s.clock()))
}

// phoneOf is a German mobile number, another one for every id.
func phoneOf(id string) string { return fmt.Sprintf("+4915112345%03d", customers.Shard(id)%1000) }

// happen lets something happen to a customer. Pairs are properties.
func (s *shop) happen(who, name string, pairs ...any) {
	s.t.Helper()
	properties := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		properties[pairs[i].(string)] = pairs[i+1]
	}
	s.events++
	_, err := s.store.Append(s.ctx(), []customers.Event{{
		Customer: who, Name: name, At: s.clock(), ReceivedAt: s.clock(), Properties: properties,
		Key: "event " + strconv.Itoa(s.events), Live: true,
	}})
	ok(s.t, err)
}

// plan lets an event happen and walks journeys up to the delivery it plans.
func (s *shop) plan(who, event string, pairs ...any) {
	s.t.Helper()
	s.happen(who, event, pairs...)
	ok(s.t, s.reactor.React(s.ctx()))
	s.travel()
}

// travel walks every journey that is awake.
func (s *shop) travel() {
	s.t.Helper()
	ids, err := s.store.Awake(s.ctx(), s.clock(), time.Minute, 1000)
	ok(s.t, err)
	ok(s.t, s.walker.Walk(s.ctx(), ids))
}

// due queues what is due, as the pump does, and gives the numbers.
func (s *shop) due() []int64 {
	s.t.Helper()
	batches, err := s.store.Due(s.ctx(), s.clock(), workers.UsualLease, deliveries.QuotaFor(1000), 500)
	ok(s.t, err)
	var ids []int64
	for _, batch := range batches {
		ids = append(ids, batch.IDs...)
	}
	return ids
}

// deliver sends what is due.
func (s *shop) deliver() {
	s.t.Helper()
	ok(s.t, s.courier.Deliver(s.ctx(), s.due()))
}

// ledger lists every delivery.
func (s *shop) ledger() []deliveries.Delivery {
	s.t.Helper()
	refs := make([]deliveries.Ref, 1000)
	for i := range refs {
		refs[i].ID = int64(i + 1)
	}
	found, err := s.store.Lookup(context.WithoutCancel(s.ctx()), refs)
	ok(s.t, err)
	for i, d := range found {
		if d.ID == 0 {
			return found[:i]
		}
	}
	return found
}

// only is the one delivery there is.
func (s *shop) only() deliveries.Delivery {
	s.t.Helper()
	all := s.ledger()
	if len(all) != 1 {
		s.t.Fatalf("there are %d deliveries, one was meant", len(all))
	}
	return all[0]
}

// stands checks where the one delivery stands, and why.
func (s *shop) stands(status deliveries.Status, reason string) deliveries.Delivery {
	s.t.Helper()
	d := s.only()
	if d.Status != status || d.Reason != reason {
		s.t.Fatalf("the delivery is %s (%q), want %s (%q)", d.Status, d.Reason, status, reason)
	}
	return d
}

func (s *shop) customer(id string) *customers.Customer {
	s.t.Helper()
	found, err := s.store.Load(s.ctx(), []string{id}, s.clock())
	ok(s.t, err)
	if found[id] == nil {
		s.t.Fatalf("there is no customer %s", id)
	}
	return found[id]
}

// timeline lists the names of what happened to a customer, oldest first.
func (s *shop) timeline(id string) []string {
	s.t.Helper()
	events, err := s.store.Of(s.ctx(), id, 100)
	ok(s.t, err)
	var names []string
	for _, event := range events {
		names = append(names, event.Name)
	}
	return names
}

// receive stores a callback as the public doors do, and reads the inbox.
func (s *shop) receive(provider, url, body string) {
	s.t.Helper()
	s.store.Receive(s.ctx(), provider, callback(url, body, s.clock()))
	ok(s.t, s.reader.Read(s.ctx()))
}

func callback(address, body string, at time.Time) channels.Callback {
	return channels.Callback{Method: http.MethodPost, URL: address, Header: http.Header{}, Body: []byte(body), ReceivedAt: at}
}

func form(pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values.Encode()
}

// reply is a text from a customer, as Twilio hands it over.
func (s *shop) reply(from, text string) {
	s.t.Helper()
	s.events++
	s.receive(textOut.String(), publicURL+textHook, form("From", from, "Body", text, "MessageSid", "IN"+strconv.Itoa(s.events)))
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// logged keeps what was logged.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// provider stands in for all providers and keeps what it was sent.
type provider struct {
	server  *httptest.Server
	browser func(customer string) channels.PushSubscription

	mu     sync.Mutex
	got    []request
	answer func(w http.ResponseWriter, r request) bool // false: the usual answer
}

type request struct {
	*http.Request
	body  string
	place int // from 1
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{}
	p.server = httptest.NewServer(p)
	t.Cleanup(p.server.Close)
	p.browser = sandbox.New(sandbox.Options{SelfURL: p.server.URL, Now: func() time.Time { return noon }}).NewSubscription
	return p
}

// ServeHTTP accepts everything, unless answer says otherwise.
func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	answer := p.answer
	if r.Method == http.MethodPost {
		p.got = append(p.got, request{r, string(body), len(p.got) + 1})
	}
	got := request{r, string(body), len(p.got)}
	p.mu.Unlock()
	if answer != nil && answer(w, got) {
		return
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/mail/send"):
		w.Header().Set("X-Message-Id", fmt.Sprintf("M%d", got.place))
		w.WriteHeader(http.StatusAccepted)
	case strings.HasPrefix(r.URL.Path, "/push/"):
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodGet:
		fmt.Fprint(w, `{"messages": [], "calls": []}`)
	default:
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"sid": "SM%d"}`, got.place)
	}
}

// answers makes the provider answer with a status and a body from now on.
func (p *provider) answers(status int, body string, header ...string) {
	p.does(func(w http.ResponseWriter, _ request) bool {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
		return true
	})
}

func (p *provider) does(answer func(http.ResponseWriter, request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// requests lists the messages it was handed.
func (p *provider) requests() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]request(nil), p.got...)
}

func (p *provider) senders(t *testing.T, now func() time.Time) map[channels.Channel]channels.Sender {
	t.Helper()
	public, private, err := webpush.GenerateVAPIDKeys()
	ok(t, err)
	account := twilio.Account{AccountSID: "AC1", AuthToken: "token", BaseURL: p.server.URL}
	senders := map[channels.Channel]channels.Sender{}
	for ch, settings := range map[channels.Channel]interface {
		Open() (channels.Sender, error)
	}{
		channels.Email: email.SendGrid{APIKey: "SG.key", BaseURL: p.server.URL},
		channels.SMS:   sms.Twilio{Account: account},
		channels.Call:  call.Twilio{Account: account},
		channels.Push: webpush.VAPID{
			PublicKey: public, PrivateKey: channels.Secret(private), Subject: "mailto:ops@shop.example", BaseURL: p.server.URL, Now: now,
		},
	} {
		sender, err := settings.Open()
		ok(t, err)
		senders[ch] = sender
	}
	return senders
}

func replace(text, old, with string) string { return strings.Replace(text, old, with, 1) }
