package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/config"
	"rapport/customers/intake"
	"rapport/sandbox"
	"rapport/workers"
)

func benchCommand(o *options) *cobra.Command {
	var people, messages int
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measure this machine: import, audiences, messages end to end, callbacks, memory",
		Long: "Measure this machine on SQLite with a Redis inside the process and, where RAPPORT_TEST_POSTGRES and\n" +
			"RAPPORT_TEST_REDIS name servers, on PostgreSQL and Redis. The simulated providers run in the same process\n" +
			"and take their share of it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			t := newTable(out, "store", "what", "n", "seconds", "per second")
			backings := []config.Config{config.Defaults()}
			if dsn, url := os.Getenv("RAPPORT_TEST_POSTGRES"), os.Getenv("RAPPORT_TEST_REDIS"); dsn != "" && url != "" {
				c := config.Defaults()
				c.Store, c.Redis = config.Secret(dsn), config.Secret(url)
				backings = append(backings, c)
			} else {
				fmt.Fprintln(cmd.ErrOrStderr(), "PostgreSQL and Redis are left out: RAPPORT_TEST_POSTGRES and RAPPORT_TEST_REDIS are not set")
			}
			for _, c := range backings {
				name := "SQLite"
				if c.Store != "" {
					name = "PostgreSQL"
				}
				results, err := benchmark(cmd.Context(), c, people, messages)
				if err != nil {
					return fmt.Errorf("on %s: %w", name, err)
				}
				for _, r := range results {
					t.AppendRow([]any{name, r.what, r.n, fmt.Sprintf("%.2f", r.took.Seconds()), fmt.Sprintf("%.0f", float64(r.n)/r.took.Seconds())})
				}
			}
			t.Render()
			fmt.Fprintf(out, "peak memory with %d customers, simulated providers included: %s\n", people, peakMemory())
			return nil
		},
	}
	flags := command.Flags()
	flags.IntVar(&people, "people", 100_000, "how many customers are imported")
	flags.IntVar(&messages, "messages", 5000, "how many messages are sent on each channel")
	return command
}

// measurement is how long something took.
type measurement struct {
	what string
	n    int
	took time.Duration
}

// benchmark measures one installation in real time.
func benchmark(ctx context.Context, c config.Config, people, messages int) ([]measurement, error) {
	folder, err := os.MkdirTemp("", "rapport-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder) // a temporary folder
	b, err := openBench(ctx, c, folder)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	imported, err := b.importPeople(ctx, folder, people)
	if err != nil {
		return nil, err
	}
	results := []measurement{imported}
	if err := b.subscribe(ctx, messages); err != nil {
		return nil, err
	}
	edition, err := b.applyBench(ctx, messages)
	if err != nil {
		return nil, err
	}
	entered, err := b.enterEverybody(ctx, edition, people)
	if err != nil {
		return nil, err
	}
	bare, err := b.Store.BareInsert(ctx, "everybody", time.Now)
	if err != nil {
		return nil, err
	}
	results = append(results, entered, measurement{
		fmt.Sprintf("the same rows by a bare INSERT … SELECT (%.1f times as fast)", entered.took.Seconds()/bare.Seconds()), people, bare,
	})
	began := time.Now()
	defer runBeside(ctx, b.scheduler().Run)()
	if err := b.drain(ctx); err != nil {
		return nil, err
	}
	results = append(results, measurement{"journeys walked to their end", people, time.Since(began)})
	for _, ch := range channels.All() {
		sent, err := b.send(ctx, edition, ch, messages)
		if err != nil {
			return nil, err
		}
		results = append(results, sent)
	}
	back, err := b.callbacks(ctx, edition, messages)
	if err != nil {
		return nil, err
	}
	planned, err := b.planMany(ctx, edition.Files)
	return slices.Concat(results, back, planned), err
}

// bench is an installation in real time whose customers do not react.
type bench struct {
	*installation
	sandbox *sandbox.Sandbox
	keys    keys
}

// benchBeside are the campaigns that send while callbacks come in.
var benchBeside = []string{"beside-single", "beside-burst"}

func openBench(ctx context.Context, c config.Config, folder string) (*bench, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c.PublicURL = "http://" + listener.Addr().String()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	e, err := embed(ctx, &options{data: folder}, c, now, sandbox.Behaviour{}, 1, log)
	if err != nil {
		return nil, err
	}
	i, err := assemble(ctx, e.backing, true, now, log)
	if err != nil {
		e.Close()
		return nil, err
	}
	doors := &http.Server{Handler: i.publicRoutes(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = doors.Serve(listener) }() // ends with Close
	server := i.server(workers.ServerOptions{Poll: 10 * time.Millisecond, Concurrency: c.Worker.Concurrency})
	if err := server.Start(); err != nil {
		e.Close()
		return nil, err
	}
	e.close = append(e.close, doors.Close, func() error { server.Stop(); return nil })
	return &bench{installation: i, sandbox: e.Sandbox, keys: e.Keys}, nil
}

// importPeople writes a file of customers and takes it in.
func (b *bench) importPeople(ctx context.Context, folder string, people int) (measurement, error) {
	path := filepath.Join(folder, "people.csv")
	if err := writePeople(path, people); err != nil {
		return measurement{}, err
	}
	began := time.Now()
	report, err := intake.Import(ctx, b.Store, []string{path}, intake.Options{Kind: intake.Customers, Now: b.Now()})
	if err == nil && report.Taken != people {
		err = fmt.Errorf("%d of %d customers were taken", report.Taken, people)
	}
	return measurement{"import customers, rows", people, time.Since(began)}, err
}

func writePeople(path string, people int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "customer_id,email,phone,first_name,last_name,country,zone,city")
	for n := range people {
		fmt.Fprintf(w, "b%07d,b%07d@bench.example,+4915%09d,Bench,Mark,DE,Europe/Berlin,Berlin\n", n, n, 112000000+n)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return file.Close()
}

// subscribe gives the customers who are sent to a browser.
func (b *bench) subscribe(ctx context.Context, messages int) error {
	for n := range messages {
		id := fmt.Sprintf("b%07d", n)
		if err := b.Store.Subscribe(ctx, id, b.sandbox.NewSubscription(id), b.Now()); err != nil {
			return err
		}
	}
	return nil
}

// applyBench puts a workspace in force: a campaign for everybody that sends
// nothing, one a channel for as many as are sent to, and those that
// send to them while callbacks come in.
func (b *bench) applyBench(ctx context.Context, messages int) (*campaigns.Edition, error) {
	files := map[string][]byte{
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
		"campaigns/everybody.yaml":     []byte(benchCampaign("everybody", `country == "DE"`, "stop: true")),
		"templates/email/bench.liquid": []byte("---\nsubject: \"Hello {{ customer.first_name | default: 'you' }}\"\nlayout: base\nformat: mjml\n---\n<mj-text>" + strings.Repeat("Some words about bread and coffee. ", 40) + "</mj-text><mj-button href=\"https://bench.example/more\">More</mj-button>\n"),
		"templates/sms/bench.liquid":   []byte("Hello {{ customer.first_name | default: 'you' }}\n"),
		"templates/push/bench.yaml":    []byte("title: Hello\nbody: Read on\nurl: https://bench.example/more\n"),
		"templates/call/bench.yaml":    []byte("say: \"Hello {{ customer.first_name | default: 'you' }}.\"\nbye: Goodbye.\n"),
	}
	for _, ch := range channels.All() {
		files["campaigns/"+string(ch)+".yaml"] = []byte(benchCampaign(string(ch), fmt.Sprintf(`id < "b%07d"`, messages), string(ch)+": bench"))
	}
	for _, campaign := range benchBeside {
		files["campaigns/"+campaign+".yaml"] = []byte(benchCampaign(campaign, fmt.Sprintf(`id < "b%07d"`, messages), "email: bench"))
	}
	edition, problems, err := b.Catalog.Apply(ctx, files, b.Now())
	if len(problems) > 0 {
		return nil, fmt.Errorf("the bench's workspace has a mistake: %s", problems[0])
	}
	return edition, err
}

func benchCampaign(id, where, step string) string {
	return fmt.Sprintf("campaign: %s\ntitle: %s\nowner: bench\ntopic: service\nstate: live\ntrigger: {cron: \"0 0 1 1 *\"}\naudience: {where: '%s'}\nsteps:\n  - %s\n",
		id, id, where, step)
}

// enterEverybody takes the whole audience into the ledger.
func (b *bench) enterEverybody(ctx context.Context, edition *campaigns.Edition, people int) (measurement, error) {
	began := time.Now()
	if err := b.occur(ctx, edition, "everybody"); err != nil {
		return measurement{}, err
	}
	entrance := b.worker().Entrance
	shards, err := b.Store.Runs().Pending(ctx, 1000)
	if err != nil {
		return measurement{}, err
	}
	for _, shard := range shards {
		if err := entrance.Enter(ctx, shard); err != nil {
			return measurement{}, err
		}
	}
	return measurement{"audience to ledger, rows", people, time.Since(began)}, nil
}

func (b *bench) occur(ctx context.Context, edition *campaigns.Edition, campaign string) error {
	_, err := b.Store.Runs().Occur(ctx, []campaigns.Run{{
		Campaign: campaign, Version: edition.Campaigns[campaign].Version, At: b.Now(), State: campaigns.RunEntering,
	}}, 16)
	return err
}

// send runs one channel's campaign until the ledger knows the fate of all.
func (b *bench) send(ctx context.Context, edition *campaigns.Edition, ch channels.Channel, messages int) (measurement, error) {
	before := b.sandbox.Tally().Accepted[ch]
	began := time.Now()
	if err := b.occur(ctx, edition, string(ch)); err != nil {
		return measurement{}, err
	}
	b.Bell.Ring(ctx)
	for b.sandbox.Tally().Accepted[ch] < before+int64(messages) {
		if err := b.pause(ctx); err != nil {
			return measurement{}, err
		}
	}
	err := b.drain(ctx)
	return measurement{string(ch) + " end to end, messages", messages, time.Since(began)}, err
}

// drain waits until nothing is left to do.
func (b *bench) drain(ctx context.Context) error {
	for {
		waiting, err := b.Store.Summary().Backlog(ctx, b.Now())
		if err != nil || waiting.Idle() {
			return err
		}
		if err := b.pause(ctx); err != nil {
			return err
		}
	}
}

// pause lets a moment pass.
func (b *bench) pause(ctx context.Context) error {
	timer := time.NewTimer(10 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// peakMemory is the most memory this process ever had, as the kernel counts.
func peakMemory() string {
	file, err := os.Open("/proc/self/status")
	if err != nil {
		return "not known here"
	}
	defer file.Close() // only read
	raw, err := io.ReadAll(file)
	if err != nil {
		return "not known here"
	}
	for line := range strings.Lines(string(raw)) {
		if value, is := strings.CutPrefix(line, "VmHWM:"); is {
			return strings.TrimSpace(value)
		}
	}
	return "not known here"
}
