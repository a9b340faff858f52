package rehearsal_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"rapport/campaigns"
	"rapport/campaigns/rehearsal"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
	"rapport/workers"
)

// standing is how everything stands after some days.
type standing struct {
	Deliveries []deliveries.Delivery
	Journeys   []campaigns.Entry
	Cases      []customers.Case
	People     []customers.Customer
}

// alike compares what must be the same in both worlds. Numbers that rows are
// given are not.
var alike = []gocmp.Option{
	cmpopts.IgnoreFields(deliveries.Delivery{}, "ID", "Entry", "ProviderID", "Content", "Version", "Provider", "DeliveredAt", "Did"),
	cmpopts.IgnoreFields(campaigns.Entry{}, "ID", "Trigger", "Revision", "Run", "Version"),
	cmpopts.IgnoreFields(customers.Case{}, "ID", "Entry", "Said"),
	cmpopts.IgnoreFields(customers.Customer{}, "CreatedAt", "Browsers"),
	cmpopts.IgnoreFields(customers.Consent{}, "Customer", "At", "Source"),
	cmpopts.IgnoreFields(customers.OrderTotals{}, "FirstAt"), // which a test need not give
	cmpopts.SortSlices(func(a, b customers.Consent) bool { return a.Topic+string(a.Channel) < b.Topic+string(b.Channel) }),
	cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0),
}

// The same days played by the real store and workers on SQLite and in memory
// come to the same deliveries, journeys, cases and customers, to the instant.
func TestARehearsalIsProductionInMiniature(t *testing.T) {
	shop, whole, compared := shop(t), wholeLanguage(t), 0
	compare := func(w *campaigns.Workspace, test campaigns.Test) {
		t.Run(test.Title, func(t *testing.T) {
			test.Campaigns = liveOnes(w)
			want, got := produced(t, w, test), rehearsed(w, test)
			compared += len(want.Deliveries)
			if diff := gocmp.Diff(want, got, alike...); diff != "" {
				t.Errorf("production (-) and rehearsal (+) differ:\n%s", diff)
			}
		})
	}
	for _, test := range append(shop.Tests, crowded(t)) {
		compare(shop, test)
	}
	compare(whole, eventful(t))
	if compared < 120 {
		t.Errorf("only %d deliveries were compared", compared)
	}
}

// Who unsubscribes from a letter or reports it gets no text of the same journey, nor
// does who answers it in words: from the live workers as in a rehearsal.
func TestWhatIsSaidToALetterHoldsForItsTextInBothWorlds(t *testing.T) {
	w, problems := campaigns.Load(map[string][]byte{
		"rapport.yaml": []byte(`
workspace: second
brand: {name: Second, url: "https://second.example", address: "Lindenstraße 1, Berlin"}
locale: en
zone: Europe/Berlin
currency: EUR
topics: [{id: marketing, title: Offers, default: out}]
senders: {email: {from: "Second <hello@second.example>"}, sms: {from: "+493012345678"}}
contact: {countries: {sms: [DE]}}
`),
		"campaigns/second.yaml": []byte(`
campaign: second
topic: marketing
state: live
trigger: {event: Signed Up}
steps:
  - email: note
    id: letter
  - wait: 3d
  - branch:
      - if: steps.letter.status in ["opened", "clicked", "answered"]
        then: []
      - else: [{sms: note}]
`),
		"templates/sms/note.liquid":   []byte("A note from {{ brand.name }}\n"),
		"templates/email/note.liquid": []byte("---\nsubject: A note\nformat: markdown\n---\nA note. {{ links.unsubscribe }}\n"),
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	start := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	test := campaigns.Test{Title: "said", Campaigns: []string{"second"}, Start: start, Until: start.Add(6 * 24 * time.Hour), Zone: time.UTC}
	for n, said := range []campaigns.Act{
		{Kind: campaigns.ActComplain}, {Kind: campaigns.ActUnsubscribe}, {Kind: campaigns.ActReply, Text: "Does it come in blue?"}, {},
	} {
		id := fmt.Sprintf("c%d", n)
		c := customers.Customer{
			ID: id, Kind: "consumer", Email: id + "@home.example", Phone: fmt.Sprintf("+491511234500%d", n), PhoneZone: "Europe/Berlin",
			Country: "DE", Zone: "Europe/Berlin", CreatedAt: start,
		}
		for _, ch := range []channels.Channel{channels.Email, channels.SMS} {
			c.Consents = append(c.Consents, customers.Consent{Topic: "marketing", Channel: ch, In: true, Source: "test"})
		}
		test.Customers = append(test.Customers, c)
		test.Script = append(test.Script, campaigns.Scene{At: start.Add(time.Hour), Customer: id, Event: "Signed Up"})
		if said.Kind != "" {
			test.Cues = append(test.Cues, campaigns.Cue{
				On: campaigns.Message{Channel: channels.Email, Template: "note"}, Customer: id, After: time.Hour, Acts: []campaigns.Act{said},
			})
		}
	}
	want, got := produced(t, w, test), rehearsed(w, test)
	if diff := gocmp.Diff(want, got, alike...); diff != "" {
		t.Errorf("production (-) and rehearsal (+) differ:\n%s", diff)
	}
	stand := map[string]string{}
	for _, d := range got.Deliveries {
		stand[d.Customer] += string(d.Channel) + " " + string(d.Status) + " " + d.Reason + ";"
	}
	for id, want := range map[string]string{
		"c0": "email complained ;sms skipped said_no;", "c1": "email unsubscribed ;sms skipped said_no;",
		"c2": "email answered ;", "c3": "email delivered ;sms delivered ;",
	} {
		if stand[id] != want {
			t.Errorf("%s: %s, want %s", id, stand[id], want)
		}
	}
}

// Who answers a text that they want no calls is called in neither world, and texted in
// both.
func TestNoCallsByTextInBothWorlds(t *testing.T) {
	w, problems := campaigns.Load(map[string][]byte{
		"rapport.yaml": []byte(`
workspace: quiet
brand: {name: Quiet, url: "https://quiet.example"}
locale: en
zone: Europe/Berlin
currency: EUR
topics: [{id: service, title: Service, default: in}]
senders: {sms: {from: "+493012345678"}, call: {from: "+493012345678"}}
contact: {countries: {sms: [DE], call: [DE]}}
`),
		"campaigns/ring.yaml": []byte(`
campaign: ring
topic: service
state: live
trigger: {event: Order Delivered}
steps:
  - sms: note
  - wait: 2h
  - call: note
  - sms: note
`),
		"templates/sms/note.liquid": []byte("A note from {{ brand.name }}\n"),
		"templates/call/note.yaml":  []byte("say: A note.\nbye: Goodbye.\n"),
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	start := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	test := campaigns.Test{
		Title: "no calls", Campaigns: []string{"ring"}, Start: start, Until: start.Add(24 * time.Hour), Zone: time.UTC,
		Customers: []customers.Customer{{
			ID: "ann", Kind: "consumer", Phone: "+4915112345001", PhoneZone: "Europe/Berlin", Country: "DE", Zone: "Europe/Berlin", CreatedAt: start,
		}},
		Script: []campaigns.Scene{{At: start.Add(time.Hour), Customer: "ann", Event: "Order Delivered"}},
		Cues: []campaigns.Cue{{
			On: campaigns.Message{Channel: channels.SMS, Template: "note"}, Customer: "ann", After: time.Minute,
			Acts: []campaigns.Act{{Kind: campaigns.ActReply, Text: "Do not call me"}},
		}},
	}
	want, got := produced(t, w, test), rehearsed(w, test)
	if diff := gocmp.Diff(want, got, alike...); diff != "" {
		t.Errorf("production (-) and rehearsal (+) differ:\n%s", diff)
	}
	stand := map[channels.Channel][]deliveries.Status{}
	for _, d := range got.Deliveries {
		stand[d.Channel] = append(stand[d.Channel], d.Status)
	}
	if calls, texts := stand[channels.Call], stand[channels.SMS]; !slices.Equal(calls, []deliveries.Status{deliveries.Skipped}) || len(texts) != 3 || slices.Contains(texts, deliveries.Skipped) {
		t.Errorf("messages stand at %v", stand)
	}
	if blocked := got.People[0].Suppressed; len(blocked) != 1 || blocked[channels.Call] != channels.ReasonOptedOut {
		t.Errorf("blocked: %v", blocked)
	}
}

func liveOnes(w *campaigns.Workspace) []string {
	var live []string
	for id, c := range w.Campaigns {
		if c.State == campaigns.Live {
			live = append(live, id)
		}
	}
	slices.Sort(live)
	return live
}

// rehearsed plays a test in memory.
func rehearsed(w *campaigns.Workspace, test campaigns.Test) standing {
	cases := map[int64]customers.Case{}
	world := rehearsal.New(rehearsal.Stage{
		Workspace: w, Campaigns: test.Campaigns, Start: test.Start, Until: test.Until, Audience: rehearsal.Scripted(test),
		Tell: func(l rehearsal.Line) {
			if l.Case != nil {
				cases[l.Case.ID] = *l.Case
			}
		},
	})
	world.Cast(test)
	world.Play()
	s := standing{Deliveries: world.Ledger(), Journeys: world.Journeys()}
	for _, c := range cases {
		s.Cases = append(s.Cases, c)
	}
	for _, c := range test.Customers {
		s.People = append(s.People, *world.Customer(c.ID))
	}
	return s.inOrder()
}

// inOrder sorts what has no order of its own.
func (s standing) inOrder() standing {
	slices.SortFunc(s.Deliveries, func(a, b deliveries.Delivery) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Campaign, b.Campaign), a.PlannedAt.Compare(b.PlannedAt), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Group, b.Group))
	})
	slices.SortFunc(s.Journeys, func(a, b campaigns.Entry) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Campaign, b.Campaign), a.EnteredAt.Compare(b.EnteredAt), cmp.Compare(a.Key, b.Key))
	})
	slices.SortFunc(s.Cases, func(a, b customers.Case) int {
		return cmp.Or(cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Campaign, b.Campaign), a.OpenedAt.Compare(b.OpenedAt))
	})
	return s
}

// produced plays a test with the real store and workers.
func produced(t *testing.T, w *campaigns.Workspace, test campaigns.Test) standing {
	t.Helper()
	p := openProduction(t, w, test)
	p.play()
	return p.standing()
}

// production is an installation whose parts are called in the order of the pump,
// on a clock that jumps from one thing that is due to the next. Its provider is
// the same audience as the rehearsal's; what comes back goes through the inbox.
type production struct {
	t        *testing.T
	test     campaigns.Test
	store    *store.Store
	catalog  *campaigns.Catalog
	edition  *campaigns.Edition
	audience rehearsal.Audience

	schedule  *workers.Schedule
	entrance  *workers.Entrance
	reactor   *workers.Reactor
	reader    *workers.Reader
	traveller *workers.Walker
	courier   *workers.Courier
	decider   *workers.Decider
	stager    *workers.Stager
	watcher   *workers.Watcher
	sweeper   *workers.Sweeper

	mu      sync.Mutex
	now     time.Time
	scenes  []campaigns.Scene
	reports []due
	number  int
}

// due is a report on its way.
type due struct {
	at     time.Time
	report channels.Report
}

func openProduction(t *testing.T, w *campaigns.Workspace, test campaigns.Test) *production {
	t.Helper()
	db, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "rapport.db"))
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	must(t, db.Migrate(t.Context()))
	p := &production{t: t, test: test, store: db, now: test.Start, scenes: test.Script, audience: rehearsal.Scripted(test)}
	p.catalog = &campaigns.Catalog{Archive: db.Archive()}
	edition, problems, err := p.catalog.Apply(t.Context(), w.Files, test.Start)
	must(t, err)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p.edition = edition
	p.wire()
	for _, c := range test.Customers {
		p.join(c)
	}
	return p
}

func (p *production) wire() {
	log, db, now := slog.New(slog.DiscardHandler), p.store, p.clock
	redis, err := workers.OpenRedis("redis://" + miniredis.RunT(p.t).Addr())
	must(p.t, err)
	p.t.Cleanup(func() { _ = redis.Close() })
	doors := deliveries.Addresses{Base: "https://shop.example", Signer: deliveries.NewSigner([]byte("0123456789abcdef0123456789abcdef"))}
	senders := map[channels.Channel]channels.Sender{}
	for _, ch := range channels.All() {
		senders[ch] = p
	}
	p.schedule = &workers.Schedule{Catalog: p.catalog, Runs: db.Runs(), Facts: db, Now: now, Log: log}
	p.entrance = &workers.Entrance{Catalog: p.catalog, Runs: db.Runs(), Dialect: db.Dialect(), Now: now, Log: log}
	p.reactor = &workers.Reactor{Catalog: p.catalog, Entries: db, News: db, Arrivals: db, Goals: db.Goals(), Directory: db, Now: now, Log: log}
	p.reader = &workers.Reader{
		Catalog: p.catalog, Inbox: db, Record: db, Responses: db.Responses(), Registry: db, Directory: db, Preferences: db,
		Listeners: map[string]channels.Listener{"audience": p}, Addresses: doors, Now: now, Log: log,
	}
	p.traveller = &workers.Walker{Catalog: p.catalog, Entries: db, News: db, Arrivals: db, Rollouts: db, Now: now, Log: log}
	p.decider = &workers.Decider{Catalog: p.catalog, Splits: db.Splits(), Now: now, Log: log}
	p.stager = &workers.Stager{Catalog: p.catalog, Rollouts: db, Now: now, Log: log}
	p.watcher = &workers.Watcher{Catalog: p.catalog, Memberships: db.Memberships(), Dialect: db.Dialect(), Now: now, Log: log}
	p.sweeper = &workers.Sweeper{Catalog: p.catalog, Exodus: db, Dialect: db.Dialect(), Now: now, Log: log}
	p.courier = &workers.Courier{
		Catalog: p.catalog, Ledger: db, Entries: db, News: db, Directory: db, Preferences: db, Mailboxes: db, Senders: senders,
		Limits: &workers.SharedLimits{Redis: redis, Log: log}, Outlook: &workers.Outlook{Outlets: db.Outlets(), Now: now, Log: log}, Post: &workers.PostOffice{Links: db, Addresses: doors, Log: log},
		Walker: p.traveller, Now: now, Log: log,
	}
}

func (p *production) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *production) join(c customers.Customer) {
	for i := range c.Consents {
		c.Consents[i].At = p.now
	}
	_, err := p.store.PutCustomers(p.t.Context(), p.now, []customers.Customer{c})
	must(p.t, err)
	for _, browser := range c.Browsers {
		must(p.t, p.store.Subscribe(p.t.Context(), c.ID, browser, p.now))
	}
	if c.Orders.Count > 0 { // totals are sums of orders here
		must(p.t, p.putTotals(c))
	}
}

// putTotals gives a customer orders that sum up to totals.
func (p *production) putTotals(c customers.Customer) error {
	var orders []customers.Order
	for n := range c.Orders.Count {
		order := customers.Order{ID: fmt.Sprintf("past-%s-%d", c.ID, n), Customer: c.ID, At: c.Orders.LastAt, Status: "completed", Currency: "EUR", Announced: true}
		if n == 0 {
			order.Total = c.Orders.Total
			if !c.Orders.FirstAt.IsZero() {
				order.At = c.Orders.FirstAt
			}
		}
		orders = append(orders, order)
	}
	_, err := p.store.PutOrders(p.t.Context(), p.now, orders)
	return err
}

// Send implements channels.Sender: everything is taken.
func (p *production) Send(ctx context.Context, m channels.Message) (channels.Receipt, error) {
	found, err := p.store.Lookup(ctx, []deliveries.Ref{{ID: m.Delivery}})
	if err != nil {
		return channels.Receipt{}, err
	}
	d := found[0]
	people, err := p.store.Load(ctx, []string{d.Customer}, p.clock())
	if err != nil {
		return channels.Receipt{}, err
	}
	d.ProviderID = fmt.Sprintf("m%d.%d", d.ID, m.Attempt)
	d.Attempts = m.Attempt
	message := rehearsal.Message{Delivery: d, Step: p.edition.Campaigns[d.Campaign].StepAt(d.Step), Customer: people[d.Customer], Content: m.Content}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.audience.Receive(message) {
		p.reports = append(p.reports, due{p.now.Add(r.After), r.Report})
	}
	receipt := channels.Receipt{ProviderID: d.ProviderID}
	if text := m.Content.SMS; text != nil {
		receipt.Segments, _ = channels.Segments(text.Text)
	}
	return receipt, nil
}

// Verify implements channels.Listener.
func (p *production) Verify(channels.Callback) error { return nil }

// Reports implements channels.Listener.
func (p *production) Reports(c channels.Callback) ([]channels.Report, error) {
	var r channels.Report
	err := json.Unmarshal(c.Body, &r)
	return []channels.Report{r}, err
}

// play goes from one thing that is due to the next.
func (p *production) play() {
	for {
		p.settle()
		next := p.next()
		if next.IsZero() || next.After(p.test.Until) {
			return
		}
		p.mu.Lock()
		p.now = next
		p.mu.Unlock()
	}
}

// settle works, in the order of the pump's round, until nothing is due.
func (p *production) settle() {
	ctx, now := p.t.Context(), p.clock()
	for {
		p.happen(now)
		must(p.t, p.schedule.Round(ctx))
		must(p.t, p.decider.Round(ctx))
		must(p.t, p.stager.Due(ctx)) // judges,
		must(p.t, p.stager.Due(ctx)) // and lets in at once
		must(p.t, p.reactor.React(ctx))
		p.report(now)
		must(p.t, p.reader.Read(ctx))
		shards, err := p.store.Runs().Pending(ctx, now, 1000)
		must(p.t, err)
		for _, shard := range shards {
			must(p.t, p.entrance.Enter(ctx, shard))
		}
		p.compare()
		awake, err := p.store.Awake(ctx, now, time.Minute, 1000)
		must(p.t, err)
		must(p.t, p.traveller.Walk(ctx, awake))
		batches, err := p.store.Due(ctx, now, workers.UsualLease, deliveries.QuotaFor(1000), 500)
		must(p.t, err)
		for _, batch := range batches {
			must(p.t, p.courier.Deliver(ctx, batch.IDs))
		}
		waiting, err := p.store.Summary().Backlog(ctx, now)
		must(p.t, err)
		if waiting.Idle() && !p.pending(now) {
			return
		}
	}
}

// compare looks at watched segments and at exits that hold at any time.
func (p *production) compare() {
	for _, segment := range p.edition.Watched() {
		for number := range campaigns.SegmentParts {
			must(p.t, p.watcher.Compare(p.t.Context(), campaigns.SegmentPart{Segment: segment, Number: number}))
		}
	}
	must(p.t, p.sweeper.Round(p.t.Context()))
}

func (p *production) pending(now time.Time) bool {
	return len(p.scenes) > 0 && !p.scenes[0].At.After(now) || slices.ContainsFunc(p.reports, func(r due) bool { return !r.at.After(now) })
}

// happen performs the scenes that are due.
func (p *production) happen(now time.Time) {
	ctx := p.t.Context()
	for len(p.scenes) > 0 && !p.scenes[0].At.After(now) {
		scene := p.scenes[0]
		p.scenes = p.scenes[1:]
		p.number++
		switch {
		case scene.Change != nil:
			changed := customers.Customer{ID: scene.Customer}
			scene.Change(&changed)
			_, err := p.store.PutCustomers(ctx, now, []customers.Customer{changed})
			must(p.t, err)
		case scene.Starts != "":
			people, err := p.store.Load(ctx, []string{scene.Customer}, now)
			must(p.t, err)
			starter := campaigns.Starter{Catalog: p.catalog, Entries: p.store, News: p.store, NewID: func() string { return strconv.Itoa(p.number) }, Now: p.clock}
			_, err = starter.Start(ctx, scene.Starts, people[scene.Customer], scene.With)
			must(p.t, err)
		default:
			p.event(scene, now)
		}
	}
}

func (p *production) event(scene campaigns.Scene, now time.Time) {
	event := customers.Event{
		Customer: scene.Customer, Name: scene.Event, At: now, ReceivedAt: now, Properties: scene.With,
		Key: "scene " + strconv.Itoa(p.number), Live: true,
	}
	if id, isOrder := scene.With["order_id"].(string); isOrder && scene.Event == "Order Completed" {
		total, _ := scene.With["total"].(float64)
		event.ProviderKey = "order:" + id
		_, err := p.store.PutOrders(p.t.Context(), now, []customers.Order{{
			ID: id, Customer: scene.Customer, At: now, Total: p.edition.MinorUnits(total), Status: "completed", Announced: true,
		}})
		must(p.t, err)
	} else if isOrder && scene.Event == "Order Returned" {
		_, err := p.store.PutOrders(p.t.Context(), now, []customers.Order{{
			ID: id, Customer: scene.Customer, At: now, Status: "returned", Unpriced: true, Announced: true, Afterwards: true,
		}})
		must(p.t, err)
	}
	_, err := p.store.Append(p.t.Context(), []customers.Event{event})
	must(p.t, err)
}

// report stores the callbacks that have come.
func (p *production) report(now time.Time) {
	p.mu.Lock()
	var come []due
	p.reports = slices.DeleteFunc(p.reports, func(r due) bool {
		if !r.at.After(now) {
			come = append(come, r)
			return true
		}
		return false
	})
	p.mu.Unlock()
	for _, r := range come {
		p.number++
		body, err := json.Marshal(r.report)
		must(p.t, err)
		callback := channels.Callback{
			Method: http.MethodPost, URL: "https://shop.example/hooks/" + strconv.Itoa(p.number), Header: http.Header{}, Body: body, ReceivedAt: now,
		}
		if r.report.Kind == channels.ReportOpened {
			callback.About = r.report.Delivery // our own picture tells, whatever the provider does
		}
		_, err = p.store.Receive(p.t.Context(), "audience", callback)
		must(p.t, err)
	}
}

// next is the instant of the next thing to do; zero when there is none.
func (p *production) next() time.Time {
	waiting, err := p.store.Summary().Backlog(p.t.Context(), p.now)
	must(p.t, err)
	times := []time.Time{waiting.Next}
	if len(p.scenes) > 0 {
		times = append(times, p.scenes[0].At)
	}
	for _, r := range p.reports {
		times = append(times, r.at)
	}
	for _, c := range p.edition.Campaigns {
		if c.State == campaigns.Live && c.Trigger.Broadcast() {
			times = append(times, p.edition.Occurrences(c, p.now, p.test.Until)...)
		}
	}
	if len(p.edition.Watched()) > 0 { // time alone may change who belongs
		sinceStart := p.now.Sub(p.test.Start).Truncate(time.Hour)
		times = append(times, p.test.Start.Add(sinceStart+time.Hour))
	}
	stages, err := p.store.Stages(p.t.Context(), p.test.Until)
	must(p.t, err)
	for _, stage := range stages {
		times = append(times, stage.JudgeAt)
	}
	splits, err := p.store.Splits().Undecided(p.t.Context())
	must(p.t, err)
	for _, split := range splits {
		step := p.edition.Campaigns[split.Campaign].StepAt(split.Step)
		winner := step.Winner
		sample, err := p.store.Splits().Sample(p.t.Context(), split, step.SplitPaths())
		must(p.t, err)
		times = append(times, split.OpenedAt.Add(winner.After), winner.Latest(split, sample))
		for _, d := range p.ledger() {
			times = append(times, d.TakenAt.Add(winner.After))
		}
	}
	times = slices.DeleteFunc(times, func(at time.Time) bool { return !at.After(p.now) })
	if len(times) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(times, time.Time.Compare)
}

// standing reads how everything stands.
func (p *production) standing() standing {
	ctx := p.t.Context()
	s := standing{Deliveries: p.ledger()}
	numbers := make([]int64, 2000)
	for i := range numbers {
		numbers[i] = int64(i + 1)
	}
	travellers, err := p.store.Travellers(ctx, numbers, p.now)
	must(p.t, err)
	for _, traveller := range travellers {
		s.Journeys = append(s.Journeys, traveller.Entry)
	}
	s.Cases, err = p.store.Casebook().Cases(ctx, "", 1000)
	must(p.t, err)
	for _, c := range p.test.Customers {
		people, err := p.store.Load(ctx, []string{c.ID}, p.now)
		must(p.t, err)
		s.People = append(s.People, *people[c.ID])
	}
	return s.inOrder()
}

// ledger lists all deliveries.
func (p *production) ledger() []deliveries.Delivery {
	refs := make([]deliveries.Ref, 2000)
	for i := range refs {
		refs[i].ID = int64(i + 1)
	}
	found, err := p.store.Lookup(p.t.Context(), refs)
	must(p.t, err)
	return slices.DeleteFunc(found, func(d deliveries.Delivery) bool { return d.ID == 0 })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
