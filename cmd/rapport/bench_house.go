package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/config"
	"rapport/customers/intake"
	"rapport/sandbox"
	"rapport/workers"
)

// bench is an installation in real time that sends into a sink.
type bench struct {
	*installation
	c       config.Config
	sizes   benchSizes
	folder  string
	sandbox *sandbox.Sandbox // signs what providers call back
	keys    keys
	sink    *sinkProcess
	usual   map[channels.Channel]channels.Sender // the stand-ins
	edition *campaigns.Edition
	known   int // customers there are
	ceiling *ceiling
}

func openBench(ctx context.Context, c config.Config, folder string, sizes benchSizes) (*bench, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.PublicURL = "http://" + listener.Addr().String()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	e, err := embed(ctx, &options{data: folder}, c, now, sandbox.Behaviour{}, 1, log)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	i, err := assembleMigrated(ctx, e.backing, now, log)
	if err != nil {
		e.Close()
		return nil, errors.Join(err, listener.Close())
	}
	doors := &http.Server{Handler: i.publicRoutes(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = doors.Serve(listener) }() // ends with Close
	e.close = append(e.close, doors.Close)
	b := &bench{
		installation: i, c: c, sizes: sizes, folder: folder, sandbox: e.Sandbox, keys: e.Keys, usual: maps.Clone(e.Senders),
	}
	if b.sink, err = startSink(ctx); err != nil {
		e.Close()
		return nil, err
	}
	e.close = append(e.close, b.sink.end)
	if b.edition, err = b.apply(ctx); err != nil {
		e.Close()
		return nil, err
	}
	return b, nil
}

// onPostgres reports whether the parts run as programs of their own here.
func (b *bench) onPostgres() bool { return b.c.Store != "" }

// populate sees to it that there are so many customers.
func (b *bench) populate(ctx context.Context, people int) error {
	if people <= b.known {
		return nil
	}
	_, err := b.importPeople(ctx, b.known, people)
	return err
}

// importPeople takes in the customers of some numbers and says how long that took.
func (b *bench) importPeople(ctx context.Context, from, to int) (time.Duration, error) {
	path := filepath.Join(b.folder, "people.csv")
	if err := writePeople(path, from, to); err != nil {
		return 0, err
	}
	began := time.Now()
	report, err := intake.Import(ctx, b.Store, []string{path}, intake.Options{Kind: intake.Customers, Now: b.Now()})
	took := time.Since(began)
	if err == nil && report.Taken != to-from {
		err = fmt.Errorf("%d of %d customers were taken", report.Taken, to-from)
	}
	b.known = max(b.known, to)
	return took, err
}

// firstNames make letters differ.
var firstNames = [...]string{"Ada", "Boris", "Chiara", "Dmitri", "Elif", "Farid", "Greta", "Hüseyin", "Inès", "Jörg"}

func writePeople(path string, from, to int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "customer_id,email,phone,first_name,last_name,country,zone,city")
	for n := from; n < to; n++ {
		fmt.Fprintf(w, "%s,b%07d@bench.example,+4915%09d,%s,Mark,DE,Europe/Berlin,Berlin\n", customerNumber(n), n, 112000000+n, firstNames[n%len(firstNames)])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}

func customerNumber(n int) string { return fmt.Sprintf("b%07d", n) }

// benchCampaigns are the campaigns that a row can begin once: a step for the first
// so many customers.
func (b *bench) benchCampaigns() map[string]string {
	all := map[string]string{"everybody": benchCampaign("everybody", `country == "DE"`, "stop: true")}
	add := func(id string, people int, step string) {
		all[id] = benchCampaign(id, fmt.Sprintf(`id < "%s"`, customerNumber(people)), step)
	}
	for _, way := range []struct{ name, step string }{
		{"ledger", "email: empty"},
		{"smtp", "email: bench"},
		{"single", "email: bench"},
		{"woven", "email: bench"},
		{"text", "sms: bench"},
		{"push", "push: bench"},
	} {
		add(way.name+"-stage", b.sizes.N, way.step)
		add(way.name+"-whole", b.sizes.N, way.step)
	}
	add("events", b.sizes.Events/eventsOfOne, "email: empty")
	add("statuses", b.sizes.Singles, "sms: bench")
	for n, audience := range b.sizes.Audiences {
		add(fmt.Sprintf("memory-%d", n), audience, "email: bench")
	}
	return all
}

func benchCampaign(id, where, step string) string {
	return fmt.Sprintf("campaign: %s\ntitle: %s\nowner: bench\ntopic: service\nstate: live\ntrigger: {cron: \"0 0 1 1 *\"}\naudience: {where: '%s'}\nsteps:\n  - %s\n",
		id, id, where, step)
}

// benchWords are the templates. The letter is 5 KB as it leaves.
var benchWords = map[string][]byte{
	"rapport.yaml": []byte(`
workspace: bench
brand: {name: Bench, url: "https://bench.example", address: "1 Bench Street"}
locale: en
zone: Europe/Berlin
currency: EUR
topics: [{id: service, title: Service, default: in}]
senders: {email: {from: "Bench <bench@bench.example>"}, sms: {from: "+493012345678"}, call: {from: "+493012345678"}}
contact: {countries: {sms: [DE], call: [DE]}}
`),
	"templates/email/empty.liquid": []byte("---\nsubject: Hello\nformat: html\n---\n<p>Hello</p>\n"),
	"templates/email/bench.liquid": []byte("---\nsubject: \"Hello {{ customer.first_name | default: 'you' }}\"\nlayout: none\nformat: html\n---\n" +
		"<h1>Dear {{ customer.first_name | default: 'you' }} {{ customer.last_name | default: '' }}</h1>\n" +
		strings.Repeat("<p>Some words about bread and coffee, and about what came in this week.</p>\n", 23) +
		"<p>In {{ customer.city | default: 'your town' }} we open at eight.</p><p><a href=\"https://bench.example/more\">More</a></p>\n" +
		"<p><a href=\"{{ links.unsubscribe }}\">Unsubscribe</a> {{ brand.address }}</p>\n"),
	"templates/sms/bench.liquid": []byte("Hello {{ customer.first_name | default: 'you' }}, your order is on its way.\n"),
	"templates/push/bench.yaml":  []byte("title: Hello\nbody: \"{{ customer.first_name | default: 'You' }}, read on\"\nurl: https://bench.example/more\n"),
}

// apply puts the workspace in force.
func (b *bench) apply(ctx context.Context) (*campaigns.Edition, error) {
	files := maps.Clone(benchWords)
	for id, text := range b.benchCampaigns() {
		files["campaigns/"+id+".yaml"] = []byte(text)
	}
	edition, problems, err := b.Catalog.Apply(ctx, files, b.Now())
	if len(problems) > 0 {
		return nil, fmt.Errorf("the bench's workspace has a mistake: %s", problems[0])
	}
	return edition, err
}

// occur begins a run of a campaign.
func (b *bench) occur(ctx context.Context, campaign string) error {
	_, err := b.Store.Runs().Occur(ctx, []campaigns.Run{{
		Campaign: campaign, Version: b.edition.Campaigns[campaign].Version, At: b.Now(), State: campaigns.RunEntering,
	}}, 16)
	return err
}

// enterAll takes the audiences of all runs into the ledger, without a queue.
func (b *bench) enterAll(ctx context.Context) error {
	entrance := b.worker().Entrance
	shards, err := b.Store.Runs().Pending(ctx, b.Now(), 1000)
	if err != nil {
		return err
	}
	for _, shard := range shards {
		if err := entrance.Enter(ctx, shard); err != nil {
			return err
		}
	}
	return nil
}

const (
	walkedAtOnce = 500
	walkers      = 8
)

// walk takes journeys as far as they go now, without a queue.
func (b *bench) walk(ctx context.Context) error {
	traveller := b.worker().Walker
	for {
		ids, err := b.Store.Awake(ctx, b.Now(), time.Minute, walkers*walkedAtOnce)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := inParallel(ids, walkedAtOnce, func(some []int64) error { return traveller.Walk(ctx, some) }); err != nil {
			return err
		}
	}
}

// inParallel does something to all parts of a list at once.
func inParallel[T any](all []T, size int, do func([]T) error) error {
	mistakes := make([]error, (len(all)+size-1)/size)
	var parts sync.WaitGroup
	for n := range mistakes {
		parts.Go(func() { mistakes[n] = do(all[n*size : min((n+1)*size, len(all))]) })
	}
	parts.Wait()
	return errors.Join(mistakes...)
}

// serve runs a scheduler, and a worker of some queues; nil are all.
func (b *bench) serve(ctx context.Context, queues map[string]int) (stop func(), err error) {
	server := b.server(workers.ServerOptions{Queues: queues, Poll: 10 * time.Millisecond, Concurrency: b.c.Worker.Concurrency})
	if err := server.Start(); err != nil {
		return nil, err
	}
	resign := runBeside(ctx, func(ctx context.Context) { _ = b.scheduler().Run(ctx) }) // its Redis is its own
	return func() { resign(); server.Stop() }, nil
}

// drain waits until nothing is left to do.
func (b *bench) drain(ctx context.Context) error {
	for {
		waiting, err := b.Store.Summary().Backlog(ctx, b.Now())
		if err != nil || waiting.Idle() {
			return err
		}
		if err := moment(ctx); err != nil {
			return err
		}
	}
}

// moment lets a little time pass.
func moment(ctx context.Context) error { return until(ctx, time.Now().Add(10*time.Millisecond)) }

// until waits for a moment.
func until(ctx context.Context, due time.Time) error {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
