package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"rapport/campaigns"
	"rapport/campaigns/examples"
	"rapport/config"
	"rapport/customers"
	"rapport/sandbox"
	"rapport/telemetry"
	"rapport/workers"
)

// demoStart is when the sample shop's thirty days begin: a Tuesday in Advent.
var demoStart = time.Date(2026, time.December, 1, 6, 0, 0, 0, time.UTC)

// demoTick is the grain of the demo's clock: whatever is due within it is done
// together.
const demoTick = 30 * time.Minute

func demoCommand(o *options) *cobra.Command {
	var people, days int
	var seed uint64
	command := &cobra.Command{
		Use:   "demo",
		Short: "Play thirty days of the sample shop with simulated customers, and sum them up",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("data") {
				folder, err := os.MkdirTemp("", "rapport-demo-")
				if err != nil {
					return err
				}
				defer os.RemoveAll(folder) // a temporary folder
				o.data = folder
			}
			return playDemo(cmd.Context(), o, cmd.OutOrStdout(), people, days, seed)
		},
	}
	flags := command.Flags()
	flags.IntVar(&people, "people", 2000, "how many customers the shop has")
	flags.IntVar(&days, "days", 30, "how many days to play")
	flags.Uint64Var(&seed, "seed", 1, "seed of what is drawn at random: the same seed plays the same days")
	return command
}

// playDemo runs a whole installation on a virtual clock and prints what became
// of its campaigns.
func playDemo(ctx context.Context, o *options, out io.Writer, people, days int, seed uint64) error {
	began := time.Now()
	debug.SetGCPercent(400) // memory is small here, and time is what people wait for
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	clock := &virtualClock{now: demoStart}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))

	play, err := stage(ctx, o, clock, seed, log, nil, nil)
	if err != nil {
		return err
	}
	defer play.Close()
	shop := sandbox.NewShop(seed, people, demoStart, days)
	if err := play.open(ctx, shop); err != nil {
		return err
	}
	if err := play.through(ctx, shop.Life, demoStart.Add(time.Duration(days)*24*time.Hour)); err != nil {
		return err
	}
	return play.report(ctx, o, out, people, days, time.Since(began))
}

// theatre is an installation on a virtual clock, with customers who react.
type theatre struct {
	*installation
	embedding *embedding
	clock     *virtualClock
	scheduler *workers.Scheduler
	server    *workers.Server
	rings     <-chan struct{}
}

// stage sets an embedded installation up with its doors on a free port. Metrics and
// traces may be nil: nobody watches.
func stage(ctx context.Context, o *options, clock *virtualClock, seed uint64, log *slog.Logger, m *telemetry.Metrics, traces *telemetry.Traces) (*theatre, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the demo's doors: %w", err)
	}
	c := config.Defaults()
	c.PublicURL = "http://" + listener.Addr().String()
	e, err := embed(ctx, o, c, clock.Now, sandbox.Lifelike(), seed, log)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	i, err := assembleMigrated(ctx, e.backing, clock.Now, log)
	if err != nil {
		e.Close()
		return nil, errors.Join(err, listener.Close())
	}
	if m != nil {
		i.watch(m, traces)
	}
	doors := &http.Server{Handler: m.Routes(traces, i.publicRoutes()), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = doors.Serve(listener) }() // ends with Close
	t := &theatre{
		installation: i, embedding: e, clock: clock, scheduler: i.scheduler(),
		server: i.server(workers.ServerOptions{Poll: 4 * time.Millisecond, Concurrency: 4}), rings: i.Bell.Listen(ctx),
	}
	if err := t.server.Start(); err != nil {
		e.Close()
		return nil, errors.Join(err, doors.Close())
	}
	e.close = append(e.close, doors.Close, func() error { t.server.Stop(); return nil })
	return t, nil
}

// open fills the shop and puts its campaigns in force.
func (t *theatre) open(ctx context.Context, shop sandbox.Shop) error {
	if err := t.fill(ctx, t.embedding.Sandbox, shop); err != nil {
		return err
	}
	files, err := campaigns.ReadFolder(examples.Shop())
	if err != nil {
		return err
	}
	_, problems, err := t.Catalog.Apply(ctx, files, t.Now())
	if err == nil && len(problems) > 0 {
		err = fmt.Errorf("the sample shop has a mistake: %s", problems[0])
	}
	return err
}

// fill writes a made-up shop into the store.
func (i *installation) fill(ctx context.Context, s *sandbox.Sandbox, shop sandbox.Shop) error {
	now := i.Now()
	if _, err := i.Store.PutProducts(ctx, shop.Products); err != nil {
		return err
	}
	if _, err := i.Store.PutCustomers(ctx, now, shop.People); err != nil {
		return err
	}
	if _, err := i.Store.PutOrders(ctx, now, shop.Orders); err != nil {
		return err
	}
	for _, id := range shop.Browsers {
		if err := i.Store.Subscribe(ctx, id, s.NewSubscription(id), now); err != nil {
			return err
		}
	}
	return i.Store.Rank(ctx, now)
}

// through plays from the clock's now to an end: whatever happens in the shop,
// falls due or is answered, in order of time.
func (t *theatre) through(ctx context.Context, life []customers.Event, end time.Time) error {
	reconciled := t.clock.Now()
	for {
		now := t.clock.Now()
		due := 0
		for due < len(life) && !life[due].At.After(now) {
			due++
		}
		if err := t.live(ctx, life[:due]); err != nil {
			return err
		}
		life = life[due:]
		if now.Sub(reconciled) >= time.Hour {
			reconciled = now
			if err := t.scheduler.Reconciler.Round(ctx); err != nil {
				return err
			}
			if err := t.attend(ctx, now); err != nil {
				return err
			}
		}
		next, err := t.settle(ctx, now)
		if err != nil {
			return err
		}
		if !now.Before(end) {
			return nil
		}
		if len(life) > 0 {
			next = earlier(next, life[0].At)
		}
		t.clock.forward(tick(next, now, end))
	}
}

// tick is the next turn of the clock that is not before the next thing to do.
// Broadcasts are looked for every hour.
func tick(next, now, end time.Time) time.Time {
	latest := now.Truncate(time.Hour).Add(time.Hour)
	if next.IsZero() || next.After(latest) {
		next = latest
	}
	turn := next.Truncate(demoTick)
	if turn.Before(next) || !turn.After(now) {
		turn = turn.Add(demoTick)
	}
	return earlier(turn, end)
}

// live lets things happen in the shop.
func (t *theatre) live(ctx context.Context, events []customers.Event) error {
	if len(events) == 0 {
		return nil
	}
	var orders []customers.Order
	for _, event := range events {
		if event.Name == "Order Completed" {
			total, _ := event.Properties["total"].(float64)
			id, _ := event.Properties["order_id"].(string)
			orders = append(orders, customers.Order{
				ID: id, Customer: event.Customer, At: event.At, Total: int64(total*100 + 0.5),
				Currency: "EUR", Status: "completed", Announced: true,
			})
		}
	}
	if _, err := t.Store.PutOrders(ctx, t.Now(), orders); err != nil {
		return err
	}
	_, err := t.Store.Append(ctx, events)
	return err
}

// settle works until nothing is due at the clock's now, and gives the instant
// at which something will be.
func (t *theatre) settle(ctx context.Context, now time.Time) (time.Time, error) {
	if err := t.scheduler.Upkeep(ctx); err != nil {
		return time.Time{}, err
	}
	for {
		tasks, err := t.scheduler.Pump.Round(ctx)
		if err != nil {
			return time.Time{}, err
		}
		played, err := t.embedding.Sandbox.Play(ctx, now)
		if err != nil {
			return time.Time{}, err
		}
		if played > 0 {
			continue
		}
		if tasks == 0 {
			waiting, err := t.Store.Summary().Backlog(ctx, now)
			if err != nil {
				return time.Time{}, err
			}
			if waiting.Idle() {
				next := waiting.Next
				if reaction, planned := t.embedding.Sandbox.Next(); planned {
					next = earlier(next, reaction)
				}
				return next, nil
			}
		}
		t.await(ctx)
	}
}

// await waits until a task ends.
func (t *theatre) await(ctx context.Context) {
	patience := time.NewTimer(time.Second)
	defer patience.Stop()
	select {
	case <-ctx.Done():
	case <-t.rings:
	case <-patience.C:
	}
}

// earlier is the earlier of two instants; zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
