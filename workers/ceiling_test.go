package workers_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/store"
	"rapport/store/storetest/fresh"
	"rapport/workers"
)

// BenchmarkCeiling is how fast messages go through the ledger where their
// provider costs nothing: an audience enters, its journeys are walked, its texts
// of three words are judged, begun and settled, and its journeys walked to their
// end, by as many couriers as a small machine has. Beside it, the same with the
// scheduler, Redis and the tasks between them. RAPPORT_CEILING_PEOPLE sizes the
// audience and RAPPORT_TEST_REDIS names a server instead of the one inside.
func BenchmarkCeiling(b *testing.B) {
	people, err := strconv.Atoi(os.Getenv("RAPPORT_CEILING_PEOPLE"))
	if err != nil {
		people = 10_000
	}
	for name, dsn := range map[string]func(testing.TB) string{"SQLite": fresh.SQLite, "PostgreSQL": fresh.Postgres} {
		b.Run(name, func(b *testing.B) {
			c := openCeiling(b, dsn(b), people)
			for n := 0; b.Loop(); n++ {
				c.byHand(b, n)
			}
			c.byTasks(b)
		})
	}
}

// nobody takes every message at once.
type nobody struct{ taken atomic.Int64 }

func (n *nobody) Send(context.Context, channels.Message) (channels.Receipt, error) {
	return channels.Receipt{}, nil
}

func (n *nobody) SendBatch(_ context.Context, _ <-chan struct{}, messages []channels.Message) []channels.Result {
	results := make([]channels.Result, len(messages))
	for i := range results {
		results[i].Receipt.ProviderID = fmt.Sprintf("SM%032x", n.taken.Add(1))
	}
	return results
}

// ceiling is an installation in real time whose provider costs nothing.
type ceiling struct {
	people  int
	store   *store.Store
	worker  *workers.Worker
	bell    *workers.Bell
	pump    *workers.Pump
	server  *workers.Server
	edition *campaigns.Edition
}

func openCeiling(b *testing.B, dsn string, people int) *ceiling {
	b.Helper()
	db := openCeilingStore(b, dsn, people)
	url := os.Getenv("RAPPORT_TEST_REDIS")
	if url == "" {
		url = "redis://" + miniredis.RunT(b).Addr()
	}
	r, err := workers.OpenRedis(url)
	fine(b, err)
	b.Cleanup(func() { fine(b, r.Close()) })
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	catalog := &campaigns.Catalog{Archive: db.Archive()}
	raw := map[string][]byte{}
	for name, text := range with(map[string]string{
		"campaigns/all.yaml": "campaign: all\ntitle: All\nowner: shop\ntopic: service\nstate: live\ntrigger: {cron: \"0 0 1 1 *\"}\n" +
			"audience: {where: 'country == \"DE\"'}\nentry: {again: always}\ncontact: {caps: [{at_most: 100, per: 7d}], hours: [\"00:00-24:00\"]}\nsteps:\n  - sms: note\n",
	}) {
		raw[name] = []byte(text)
	}
	edition, problems, err := catalog.Apply(b.Context(), raw, now())
	if err != nil || len(problems) > 0 {
		b.Fatal(problems, err)
	}
	queue, bell := workers.OpenQueue(r), &workers.Bell{Redis: r}
	senders := map[channels.Channel]channels.Sender{channels.SMS: &nobody{}}
	doors := deliveries.Addresses{Base: publicURL, Signer: deliveries.NewSigner([]byte("0123456789abcdef0123456789abcdef"))}
	walker := &workers.Walker{Catalog: catalog, Entries: db, News: db, Arrivals: db, Rollouts: db, Now: now, Log: log}
	w := &workers.Worker{
		Courier: &workers.Courier{
			Catalog: catalog, Ledger: db, Entries: db, News: db, Directory: db, Preferences: db, Mailboxes: db,
			Senders: senders, Providers: names, Limits: &workers.SharedLimits{Redis: r, Log: log},
			Outlook: &workers.Outlook{Outlets: db.Outlets(), Now: now, Log: log},
			Post:    &workers.PostOffice{Links: db, Addresses: doors, Providers: names, Log: log}, Walker: walker, Now: now, Log: log,
		},
		Walker:   walker,
		Entrance: &workers.Entrance{Catalog: catalog, Runs: db.Runs(), Dialect: db.Dialect(), Now: now, Log: log},
		Reactor:  &workers.Reactor{}, Reader: &workers.Reader{}, Watcher: &workers.Watcher{}, Stager: &workers.Stager{}, Keeper: &workers.Keeper{},
		Bell: bell, Log: log,
	}
	server := workers.NewServer(r, workers.ServerOptions{Poll: 10 * time.Millisecond, Log: log})
	w.Serve(server)
	return &ceiling{
		people: people, store: db, worker: w, server: server, edition: edition,
		bell: bell, pump: &workers.Pump{Queue: queue, Ledger: db, Entries: db, Runs: db.Runs(), Summary: db.Summary(), Now: now, Log: log},
	}
}

func openCeilingStore(b *testing.B, dsn string, people int) *store.Store {
	b.Helper()
	db, err := store.Open(b.Context(), dsn)
	fine(b, err)
	b.Cleanup(func() { fine(b, db.Close()) })
	fine(b, db.Migrate(b.Context()))
	for from := 0; from < people; from += 5000 {
		part := make([]customers.Customer, min(5000, people-from))
		for i := range part {
			id := from + i
			part[i] = customers.Customer{
				ID: fmt.Sprintf("c-%07d", id), Email: fmt.Sprintf("customer.%d@shop.example", id), Phone: fmt.Sprintf("+49151%08d", id+10_000_000),
				FirstName: "Ada", LastName: "Lovelace", Locale: "de", Country: "DE", City: "Berlin", Zone: "Europe/Berlin",
				Tags: []string{"import"}, Traits: map[string]any{"shoe_size": 39.5, "favourite": "tea"},
				Consents: []customers.Consent{{Topic: "service", Channel: channels.SMS, In: true, At: now(), Source: "import"}},
			}
		}
		_, err := db.PutCustomers(b.Context(), now(), part)
		fine(b, err)
	}
	return db
}

// byHand takes a run through the ledger stage by stage.
func (c *ceiling) byHand(b *testing.B, n int) {
	b.Helper()
	began := now()
	lap := func(stage string) {
		b.ReportMetric(float64(c.people)/now().Sub(began).Seconds(), stage+"/s")
		began = now()
	}
	c.occur(b, now().Add(time.Duration(n)*time.Hour))
	shards, err := c.store.Runs().Pending(b.Context(), now(), 1000)
	fine(b, err)
	for _, shard := range shards {
		fine(b, c.worker.Entrance.Enter(b.Context(), shard))
	}
	entering := now().Sub(began)
	lap("entered")
	bare, err := c.store.BareInsert(b.Context(), "all", now)
	fine(b, err)
	b.ReportMetric(entering.Seconds()/bare.Seconds(), "times_a_bare_insert")
	began = now()
	whole := began
	c.travel(b)
	lap("planned")
	c.deliver(b)
	lap("sent")
	c.travel(b)
	lap("ended")
	began = whole
	lap("in_all")
	c.check(b)
}

// byTasks takes a run through with everything that stands between the stages.
func (c *ceiling) byTasks(b *testing.B) {
	b.Helper()
	fine(b, c.server.Start())
	defer c.server.Stop()
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	rings, polls := c.bell.Listen(ctx), time.NewTicker(time.Second)
	defer polls.Stop()
	began := now()
	c.occur(b, now().Add(1000*time.Hour))
	for {
		_, err := c.pump.Round(ctx)
		fine(b, err)
		waiting, err := c.store.Summary().Backlog(ctx, now())
		fine(b, err)
		if waiting.Idle() {
			break
		}
		select {
		case <-rings:
		case <-polls.C:
		}
	}
	b.ReportMetric(float64(c.people)/now().Sub(began).Seconds(), "by_tasks/s")
	c.check(b)
}

func (c *ceiling) occur(b *testing.B, at time.Time) {
	b.Helper()
	_, err := c.store.Runs().Occur(b.Context(), []campaigns.Run{{
		Campaign: "all", Version: c.edition.Campaigns["all"].Version, At: at, State: campaigns.RunEntering,
	}}, 16)
	fine(b, err)
}

// travel walks what is awake.
func (c *ceiling) travel(b *testing.B) {
	b.Helper()
	c.beside(b, func(ctx context.Context) (bool, error) {
		ids, err := c.store.Awake(ctx, now(), time.Minute, 500)
		if err != nil || len(ids) == 0 {
			return false, err
		}
		return true, c.worker.Walker.Walk(ctx, ids)
	})
}

// deliver sends what is due.
func (c *ceiling) deliver(b *testing.B) {
	b.Helper()
	c.beside(b, func(ctx context.Context) (bool, error) {
		batches, err := c.store.Due(ctx, now(), workers.UsualLease, deliveries.QuotaFor(500), 500)
		if err != nil || len(batches) == 0 {
			return false, err
		}
		for _, batch := range batches { // the last comers have one of their own
			if err := c.worker.Courier.Deliver(ctx, batch.IDs); err != nil {
				return true, err
			}
		}
		return true, nil
	})
}

// beside does something in several goroutines until nothing is left of it.
func (c *ceiling) beside(b *testing.B, do func(context.Context) (more bool, err error)) {
	b.Helper()
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for {
				more, err := do(b.Context())
				if err != nil {
					b.Error(err)
				}
				if !more || err != nil {
					return
				}
			}
		})
	}
	all.Wait()
}

// check sees that every message went and every journey ended.
func (c *ceiling) check(b *testing.B) {
	b.Helper()
	funnels, err := c.store.Summary().Funnels(b.Context(), time.Now())
	fine(b, err)
	for _, f := range funnels {
		if f.Running != 0 || f.Sent != f.Entered || f.Entered == 0 || f.Entered%int64(c.people) != 0 {
			b.Fatalf("%+v", f)
		}
	}
}

func now() time.Time { return time.Now() } //nolint:forbidigo // a measurement

func fine(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
