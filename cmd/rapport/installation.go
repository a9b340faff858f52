package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/config"
	"rapport/console"
	"rapport/deliveries"
	"rapport/recordings"
	"rapport/store"
	"rapport/telemetry"
	"rapport/webhooks"
	"rapport/workers"
)

// backing is all that tells an embedded installation from a production one.
type backing struct {
	DSN         string
	Redis       redis.UniversalClient
	RedisInside bool // the process's own
	opened

	Addresses deliveries.Addresses
	Inbound   config.Inbound
	letters   map[string]channels.Listener // read e-mail that comes in
	WriteKeys []string
	// ErasureKeys know the addresses of erased people again.
	ErasureKeys [][]byte
	Limits      map[channels.Channel]workers.Limit
	AlertURL    string // "" tells nobody
	TestMode    workers.TestMode
	// Vault is where recordings lie; nil leaves them at the provider.
	Vault          recordings.Vault
	MoveRecordings bool
	Retention      config.Retention
	Worker         config.Worker
	// Conditions is how long one may be judged; zero is the store's default.
	Conditions time.Duration
	close      []func() error

	gate workers.Witness // looks whose Redis is as long as a role waits to begin
}

// Close gives back what the backing opened, the latest first.
func (b *backing) Close() {
	for i := len(b.close) - 1; i >= 0; i-- {
		_ = b.close[i]() // nothing is left to do about it
	}
}

// installation is one process's parts, wired together.
type installation struct {
	*backing
	Store   *store.Store
	Catalog *campaigns.Catalog
	Bell    *workers.Bell
	Metrics *telemetry.Metrics // nil: nobody watches
	Traces  *telemetry.Traces
	Health  *health
	Now     func() time.Time
	Log     *slog.Logger

	letterMemory channels.LetterMemory
	hadWorkspace atomic.Bool // the workspace in force could be read, or there was none
}

// assemble opens the store and wires the parts.
func assemble(ctx context.Context, b *backing, clock func() time.Time, log *slog.Logger) (*installation, error) {
	i, schema, err := b.open(ctx, clock, log)
	if err != nil {
		return nil, err
	}
	if err := migratedFirst(schema); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
}

// assembleMigrated is assemble for a store whose schema may be brought up to date here.
// One that a newer program has migrated is gone on with, as the roles go back by one
// release.
func assembleMigrated(ctx context.Context, b *backing, clock func() time.Time, log *slog.Logger) (*installation, error) {
	i, schema, err := b.open(ctx, clock, log)
	switch {
	case err != nil:
		return nil, err
	case len(schema.Pending) == 0 && len(schema.Foreign) > 0:
		log.Warn(newerProgram(schema))
		return i, nil
	}
	if err := i.Store.Migrate(ctx); err != nil {
		return nil, err
	}
	return i, nil
}

// open opens the store and furnishes it, and says how its schema stands.
func (b *backing) open(ctx context.Context, clock func() time.Time, log *slog.Logger) (*installation, store.Schema, error) {
	s, err := store.Open(ctx, b.DSN)
	if err != nil {
		return nil, store.Schema{}, err
	}
	schema, err := s.Schema(ctx)
	return b.furnish(s, clock, log), schema, err
}

// migratedFirst refuses a schema that lacks what this program's commands read and write.
func migratedFirst(schema store.Schema) error {
	if len(schema.Pending) == 0 {
		return nil
	}
	return fmt.Errorf("%s of this program: run `rapport migrate` with the same --config or --data; `rapport up` does it when it starts", lacking(schema))
}

// furnish tells a store that was just opened what the backing knows, and wires the
// parts around it.
func (b *backing) furnish(s *store.Store, clock func() time.Time, log *slog.Logger) *installation {
	s.ConditionTimeout, s.ErasureKeys = b.Conditions, b.ErasureKeys
	s.Dropped = func(table string) {
		log.Info("dropped a table of the timeline: all in it is older than retention keeps", "table", table)
	}
	b.close = append(b.close, s.Close)
	return wire(b, s, clock, log)
}

// reading is a command that looks at the installation, which is closed behind it.
func (o *options) reading(look func(*cobra.Command, []string, *installation) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		i, err := o.openReading(cmd.Context())
		if err != nil {
			return err
		}
		defer i.Close()
		return look(cmd, args, i)
	}
}

// openReading opens the installation for a command that looks and leaves. The
// embedded one may be running meanwhile.
func (o *options) openReading(ctx context.Context) (*installation, error) {
	c, log, err := o.load()
	if err != nil {
		return nil, err
	}
	if err := o.named(c); err != nil {
		return nil, err
	}
	s, err := store.OpenReading(ctx, o.dsn(c))
	if err != nil {
		return nil, err
	}
	schema, err := s.Schema(ctx)
	if err == nil {
		err = migratedFirst(schema)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.ConditionTimeout = c.ConditionTimeout
	return wire(&backing{close: []func() error{s.Close}}, s, now, log), nil
}

// openWriting opens the installation for a command that changes something and
// leaves. There must be one: a new folder would be taken for it, and all be done in vain.
func (o *options) openWriting(ctx context.Context) (*installation, error) {
	return o.openToWrite(ctx, false)
}

// openOrMake is openWriting for a command that may come first: an embedded store is made
// where there is none.
func (o *options) openOrMake(ctx context.Context) (*installation, error) {
	return o.openToWrite(ctx, true)
}

func (o *options) openToWrite(ctx context.Context, first bool) (*installation, error) {
	c, b, log, err := o.written(first)
	if err != nil {
		return nil, err
	}
	if err := b.knowErased(o, c); err != nil {
		return nil, err
	}
	if c.Store == "" {
		return assembleMigrated(ctx, b, now, log)
	}
	return assemble(ctx, b, now, log)
}

// openTrying opens the installation for a command that takes back whatever it changes:
// its schema stays as it is, and its folder too.
func (o *options) openTrying(ctx context.Context) (*installation, error) {
	_, b, log, err := o.written(false)
	if err != nil {
		return nil, err
	}
	return assemble(ctx, b, now, log)
}

// written is the store that a command writes to. With first it need not be there yet.
func (o *options) written(first bool) (config.Config, *backing, *slog.Logger, error) {
	c, log, err := o.load()
	if err != nil {
		return c, nil, nil, err
	}
	if err := o.named(c); err != nil {
		return c, nil, nil, err
	}
	if c.Store == "" && !first {
		if _, err := os.Stat(filepath.Join(o.data, "rapport.db")); err != nil {
			return c, nil, nil, fmt.Errorf("open store: %w; %s", err, o.nameOne())
		}
	}
	return c, &backing{DSN: o.dsn(c), Conditions: c.ConditionTimeout}, log, nil
}

// knowErased takes the keys by which erased people are known again, those of the
// folder where none are configured and the store lies in it.
func (b *backing) knowErased(o *options, c config.Config) error {
	if b.ErasureKeys = keysOf(c.ErasureKeys); len(b.ErasureKeys) > 0 || c.Store != "" {
		return nil
	}
	k, err := loadKeys(o.data)
	b.ErasureKeys = [][]byte{[]byte(k.Erasure)}
	return err
}

func wire(b *backing, s *store.Store, clock func() time.Time, log *slog.Logger) *installation {
	return &installation{
		backing: b, Store: s, Catalog: &campaigns.Catalog{Archive: s.Archive()},
		Bell: &workers.Bell{Redis: b.Redis}, Health: newHealth(clock, log), Now: clock, Log: log,
	}
}

func (i *installation) scheduler() *workers.Scheduler {
	return &workers.Scheduler{
		Witness:  i.witness(),
		Schedule: &workers.Schedule{Catalog: i.Catalog, Runs: i.Store.Runs(), Facts: i.Store, Telemetry: i.workerTelemetry(), Now: i.Now, Log: i.Log},
		Watcher:  i.watcher(),
		Stager:   i.stager(),
		Pump: &workers.Pump{
			Queue: i.queue(), Ledger: i.Store, Entries: i.Store, Runs: i.Store.Runs(), Summary: i.Store.Summary(),
			Parts: i.Worker.QueueParts, Lease: i.Worker.Lease, Call: i.Worker.Call, Conditions: i.Store.ConditionTimeout,
			Telemetry: i.workerTelemetry(), Now: i.Now, Log: i.Log,
		},
		Reconciler: &workers.Reconciler{
			Ledger: i.Store, Doubts: i.Store, Record: i.Store, Directory: i.Store, Facts: i.Store, Redis: i.Redis, Senders: i.Senders,
			Doubt: i.Worker.Doubt, Telemetry: i.workerTelemetry(), Now: i.Now, NewEpoch: uuid.NewString, Log: i.Log,
		},
		Decider: &workers.Decider{Catalog: i.Catalog, Splits: i.Store.Splits(), Now: i.Now, Log: i.Log},
		Sweeper: &workers.Sweeper{Catalog: i.Catalog, Exodus: i.Store, Dialect: i.Store.Dialect(), Now: i.Now, Log: i.Log},
		Keeper:  i.keeper(),
		Retention: &workers.Retention{
			Inbox: i.Store, ForgetTraffic: i.Store.ForgetTraffic, ForgetMessages: i.Store.ForgetMessages, PrepareTimeline: i.Store.PrepareTimeline, PrepareNames: i.Store.PrepareNames, ForgetTimeline: i.Store.ForgetTimeline,
			Timeline: time.Duration(i.Retention.Timeline), Callbacks: time.Duration(i.Retention.Callbacks), Trails: i.workerTelemetry().Trails, Now: i.Now,
		},
		Gauges: i.gauges(), Telemetry: i.workerTelemetry(),
		Facts: i.Store, Bell: i.Bell, Holder: holder(), ReconcileEvery: min(30*time.Second, i.Worker.Lease/2),
		Turned: i.Health.Expect("the scheduler's loop", patientWith(i.Store.ConditionTimeout)), Now: i.Now, Log: i.Log,
	}
}

func (i *installation) worker() *workers.Worker {
	rows := workers.NewRowBudget(i.Worker.InHand)
	walker := &workers.Walker{Rows: rows, Catalog: i.Catalog, Entries: i.Store, News: i.Store, Arrivals: i.Store, Rollouts: i.Store, Telemetry: i.workerTelemetry(), Now: i.Now, Log: i.Log}
	return &workers.Worker{
		Witness: i.witness(),
		Courier: &workers.Courier{
			Catalog: i.Catalog, Ledger: i.Store, Entries: i.Store, News: i.Store, Directory: i.Store, Preferences: i.Store, Mailboxes: i.Store,
			Senders: i.Senders, Providers: i.Names, Limits: &workers.SharedLimits{Redis: i.Redis, Limits: i.Limits, Telemetry: i.workerTelemetry(), Log: i.Log},
			Outlook: i.outlook(), TestMode: i.TestMode, Post: &workers.PostOffice{Links: i.Store, Addresses: i.Addresses, Providers: i.Names, Log: i.Log},
			Walker: walker, Rows: rows, Window: i.Worker.Window, Call: i.Worker.Call, Lease: i.Worker.Lease, Conditions: i.Store.ConditionTimeout,
			Telemetry: i.workerTelemetry(), Now: i.Now, Log: i.Log,
		},
		Walker:   walker,
		Entrance: &workers.Entrance{Catalog: i.Catalog, Runs: i.Store.Runs(), Dialect: i.Store.Dialect(), Telemetry: i.workerTelemetry(), Now: i.Now, Log: i.Log},
		Reactor: &workers.Reactor{
			Catalog: i.Catalog, Entries: i.Store, News: i.Store, Arrivals: i.Store, Goals: i.Store.Goals(), Directory: i.Store, Telemetry: i.workerTelemetry(), Now: i.Now, Log: i.Log,
		},
		Watcher: i.watcher(), Stager: i.stager(), Keeper: i.keeper(),
		Reader: i.reader(),
		Bell:   i.Bell, Log: i.Log,
	}
}

// witness compares the ledger with what Redis saw of it.
func (i *installation) witness() *workers.Witness {
	return &workers.Witness{Ledger: i.Store, Redis: i.Redis, Now: i.Now}
}

// reader reads what came back: a worker's all of it, the doors' what our own
// pages take.
func (i *installation) reader() *workers.Reader {
	return &workers.Reader{
		Catalog: i.Catalog, Inbox: i.Store, Record: i.Store, Responses: i.Store.Responses(), Registry: i.Store, Directory: i.Store, Preferences: i.Store,
		Listeners: i.listeners(), Addresses: i.Addresses, Lease: i.Worker.Lease, Telemetry: i.workerTelemetry(), Now: i.Now, Log: i.Log,
	}
}

// outlook keeps how providers do, and tells the operator's webhook.
func (i *installation) outlook() *workers.Outlook {
	o := &workers.Outlook{Outlets: i.Store.Outlets(), Telemetry: i.workerTelemetry(), Now: i.Now, Log: i.Log}
	if herald, able := i.Senders[channels.Webhook].(channels.Herald); able && i.AlertURL != "" {
		o.Alarm = &workers.Alarm{Herald: herald, URL: i.AlertURL, Log: i.Log}
	}
	return o
}

// watcher watches segments: the scheduler's starts looks, a worker's does them.
func (i *installation) watcher() *workers.Watcher {
	return &workers.Watcher{
		Catalog: i.Catalog, Memberships: i.Store.Memberships(), Queue: i.queue(),
		Dialect: i.Store.Dialect(), Conditions: i.Store.ConditionTimeout, Now: i.Now, Log: i.Log,
	}
}

// stager watches rollouts, in the same two places.
func (i *installation) stager() *workers.Stager {
	return &workers.Stager{Catalog: i.Catalog, Rollouts: i.Store, Queue: i.queue(), Now: i.Now, Log: i.Log}
}

const (
	// schedulerPatience outlasts a round of slow conditions, and serverPatience a few
	// of a server's turns.
	schedulerPatience = 5 * time.Minute
	serverPatience    = time.Minute
)

// patientWith is schedulerPatience where a condition may take so long, or more for
// long ones.
func patientWith(conditions time.Duration) time.Duration {
	return max(schedulerPatience, 2*conditions)
}

// server takes tasks for this installation's worker.
func (i *installation) server(o workers.ServerOptions) *workers.Server {
	o.Log, o.Grace, o.Parts = i.Log, i.Worker.Shutdown, i.Worker.QueueParts
	o.Turned = i.Health.Expect("the worker's server", serverPatience)
	o.Telemetry = i.workerTelemetry()
	server := workers.NewServer(i.Redis, o)
	worker := i.worker()
	worker.LeaveOn(server.Stopping())
	worker.Serve(server)
	return server
}

// doors is the public HTTP side.
func (i *installation) doors() *webhooks.Doors {
	checker, _ := i.Senders[channels.Push].(channels.Checker)
	return &webhooks.Doors{
		Addresses: i.Addresses, Inbox: i.Store, Links: i.Store, Record: i.Store, Catalog: i.Catalog,
		Listeners: i.listeners(), Directory: i.Store, Preferences: i.Store, Visitors: i.Store, PushKey: i.subscriptionKey(), PushCheck: checker,
		Ingest: &webhooks.Ingest{
			Catalog: i.Catalog, Registry: i.Store, Messages: i.Store, WriteKeys: i.WriteKeys,
			Ring: i.Bell.Ring, Metrics: i.Metrics, Trails: i.workerTelemetry().Trails, Now: i.Now, Log: i.Log,
		},
		Letters: lettersBy(i.Inbound, &i.letterMemory), Heed: i.reader().Heed, ReadAfter: readVisitsAfter, Ring: i.Bell.Ring, Now: i.Now, Log: i.Log,
	}
}

// readVisitsAfter is how long an open or a click waits for others of the same
// letter before it counts: longer than a scanner takes for all links, and than a
// provider takes to say that the letter was handed over.
const readVisitsAfter = 15 * time.Second

// starter starts manual campaigns.
func (i *installation) starter() campaigns.Starter {
	return campaigns.Starter{Catalog: i.Catalog, Entries: i.Store, News: i.Store, NewID: uuid.NewString, Started: i.started, Now: i.Now}
}

// replier answers customers from their cases.
func (i *installation) replier() campaigns.Replier {
	return campaigns.Replier{
		Catalog: i.Catalog, Casebook: i.Store.Casebook(), Directory: i.Store, Timeline: i.Store, Letters: i.Store.Replies(), Now: i.Now,
	}
}

// applier puts workspaces in force.
func (i *installation) applier() campaigns.Applier {
	return campaigns.Applier{Catalog: i.Catalog, Census: i.Store, Journeys: i.Store, Now: i.Now}
}

// pauser pauses and resumes campaigns.
func (i *installation) pauser() campaigns.Pauser {
	return campaigns.Pauser{Catalog: i.Catalog, Brake: i.Store, Now: i.Now}
}

// console is the operators' and agents' HTTP side.
func (i *installation) console() *console.Console {
	return &console.Console{
		Catalog: i.Catalog, Directory: i.Store, Timeline: i.Store, Summary: i.Store.Summary(), Ledger: i.Store, Casebook: i.Store.Casebook(),
		Outlets: i.Store.Outlets(), TestMode: i.TestMode.On, Shelf: i.Store.Recordings(), Vault: i.Vault,
		Starter: i.starter(), Applier: i.applier(), Replier: i.replier(), Access: i.Store, Audit: i.Store.Accounts(), Eraser: i.Store, NewKey: uuid.NewString, Pauser: i.pauser(), Ring: i.Bell.Ring, Now: i.Now, Log: i.Log,
	}
}

// listeners understand callbacks, each by the name it is stored under.
func (i *installation) listeners() map[string]channels.Listener {
	listeners := i.opened.listeners()
	listeners[webhooks.OwnLinks] = webhooks.Own{Addresses: i.Addresses}
	maps.Copy(listeners, i.letters)
	return listeners
}

// publicRoutes are what the world may reach.
func (i *installation) publicRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	i.doors().Mount(mux)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	return mux
}

// mountConsole adds the console, which answers this machine alone, and what belongs
// to it.
func (i *installation) mountConsole(mux *http.ServeMux) {
	i.console().Mount(mux)
	i.mountTryPage(mux)
}

// holder names this process among schedulers.
func holder() string {
	host, _ := os.Hostname()
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), uuid.NewString()[:8])
}
