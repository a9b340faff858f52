package workers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"rapport/campaigns"
	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
)

// Reader reads callbacks that were stored before they were answered, and
// applies what they say.
type Reader struct {
	Catalog     *campaigns.Catalog
	Inbox       deliveries.Inbox
	Record      deliveries.Record
	Responses   campaigns.Responses
	Directory   customers.Directory
	Registry    customers.Registry
	Preferences customers.Preferences
	// Listeners understand callbacks, by the provider they were stored under.
	Listeners map[string]channels.Listener
	Addresses deliveries.Addresses
	// Lease is how long callbacks are kept for whoever reads them, a minute at
	// most; 0 is that.
	Lease time.Duration
	// Stopping is closed when the worker is to leave: the batch in hand is read and the
	// rest waits. Nil is never.
	Stopping  <-chan struct{}
	Telemetry Telemetry
	Now       func() time.Time
	Log       *slog.Logger
}

// reportsAtOnce is how many reports are looked up and applied together: as many as
// a provider's callback often holds.
const reportsAtOnce = 1000

// unknownWait is how long a callback waits for a process that knows its provider:
// longer than any new configuration needs to come into force.
const unknownWait = 6 * time.Hour

// heard is one report on its way to its meaning.
type heard struct {
	received int64 // the callback it stood in
	own      bool  // an open or a click, told by a door of ours
	report   channels.Report
	delivery deliveries.Delivery
	customer string
}

// Read reads callbacks until none waits, or the worker is to leave. One is marked as read
// only after everything it says is applied; reading it twice applies it once, because each
// line of a timeline is unique. One that cannot be applied waits, and keeps no other
// waiting.
func (r *Reader) Read(ctx context.Context) error {
	_, err := r.readAll(ctx)
	return err
}

// readAll does what Read does, and says whether any callback was there to be read.
func (r *Reader) readAll(ctx context.Context) (some bool, err error) {
	for !isClosed(r.Stopping) {
		waiting, err := r.Inbox.Waiting(ctx, r.Now(), controlLease(r.Lease), batchSize)
		if err != nil {
			return some, fmt.Errorf("read the inbox: %w", err)
		}
		if len(waiting) == 0 {
			return some, nil
		}
		some = true
		if err := isolateFailuresBy(ctx, waiting, message, r.read); err != nil {
			return some, err
		}
	}
	return some, nil
}

// message is what visits are judged together by.
func message(r deliveries.Received) int64 { return r.Callback.About }

func (r *Reader) read(ctx context.Context, waiting []deliveries.Received) error {
	var all []heard
	done := make([]int64, 0, len(waiting))
	unheard := map[string]int{}
	for _, received := range waiting {
		reports, err := r.understand(received)
		if errors.Is(err, errNobodyListens) && r.Now().Sub(received.Callback.ReceivedAt) < unknownWait {
			unheard[received.Provider]++ // it waits until its lease ends, for a process that knows its provider
			continue
		}
		if err != nil {
			r.Log.Error("a callback cannot be read and is set aside",
				append([]any{"inbox", received.ID, "provider", received.Provider, "error", err}, channels.StackIn(err)...)...)
			if err := r.Inbox.Reject(ctx, received.ID, err.Error()); err != nil {
				return fmt.Errorf("set callback %d aside: %w", received.ID, err)
			}
			r.Telemetry.Metrics.SetAside()
			continue
		}
		done = append(done, received.ID)
		for _, report := range reports {
			all = append(all, heard{received: received.ID, own: received.Callback.About != 0, report: report})
		}
	}
	for provider, callbacks := range unheard {
		r.Log.Warn("callbacks of a provider that this process does not know wait for one that does", "provider", provider, "callbacks", callbacks)
	}
	later := map[int64]bool{}
	for some := range slices.Chunk(all, reportsAtOnce) { // one callback may hold thousands of reports
		tally := r.tally(some)
		if err := r.apply(ctx, some, later); err != nil {
			return err
		}
		r.Telemetry.heard(tally)
	}
	return r.Inbox.Done(ctx, slices.DeleteFunc(done, func(id int64) bool { return later[id] }))
}

// Heed applies at once what one stored callback says. It is read again with the
// others in its turn, and brings about nothing more then, because its lines
// stand on the timelines already.
func (r *Reader) Heed(ctx context.Context, provider string, c channels.Callback) error {
	reports, err := r.understand(deliveries.Received{Provider: provider, Callback: c})
	if err != nil {
		return fmt.Errorf("heed a callback of %s: %w", provider, err)
	}
	all := make([]heard, len(reports))
	for i, report := range reports {
		all[i].report = report
	}
	return r.apply(ctx, all, map[int64]bool{})
}

// tally is what metrics keep of reports.
func (r *Reader) tally(some []heard) []told {
	if r.Telemetry.Metrics == nil {
		return nil
	}
	now := r.Now()
	all := make([]told, len(some))
	for i, h := range some {
		all[i] = told{channel: h.report.Channel, kind: h.report.Kind}
		if !h.report.At.IsZero() {
			all[i].lag = now.Sub(h.report.At)
		}
	}
	return all
}

func (r *Reader) apply(ctx context.Context, some []heard, later map[int64]bool) (err error) {
	if err := r.attribute(ctx, some); err != nil {
		return err
	}
	ctx, span := r.Telemetry.returned(ctx, "read", deliveriesOf(some))
	span.Count("reports", len(some))
	defer func() { span.End(err) }()
	responses, err := r.interpret(ctx, some, later)
	if err != nil {
		return err
	}
	if err := r.Responses.Apply(ctx, r.Now(), responses); err != nil {
		return fmt.Errorf("apply %d responses: %w", len(responses), err)
	}
	return nil
}

// deliveriesOf lists the deliveries that reports are about.
func deliveriesOf(some []heard) []int64 {
	var ids []int64
	for _, h := range some {
		if h.delivery.ID != 0 {
			ids = append(ids, h.delivery.ID)
		}
	}
	return ids
}

// errNobodyListens is that a process does not know a provider, as while a new
// configuration comes into force here and there.
var errNobodyListens = errors.New("nobody listens to it")

// understand turns one callback into reports that name their delivery where the
// URL does.
func (r *Reader) understand(received deliveries.Received) ([]channels.Report, error) {
	listener, known := r.Listeners[received.Provider]
	if !known {
		return nil, fmt.Errorf("provider %q: %w", received.Provider, errNobodyListens)
	}
	var reports []channels.Report
	err := channels.Recovered(func() (err error) {
		reports, err = listener.Reports(received.Callback)
		return err
	})
	if err != nil {
		return nil, err
	}
	if token, named := r.Addresses.Named(received.Callback.URL); named {
		for i := range reports {
			reports[i].Delivery = token.Delivery
		}
	}
	return reports, nil
}

// interpret finds out whom the reports concern and what they mean. Callbacks
// about a campaign that cannot be read at present are noted as to be read later:
// nobody's answer is lost over it.
func (r *Reader) interpret(ctx context.Context, some []heard, later map[int64]bool) ([]campaigns.Response, error) {
	some = r.toldTwice(some)
	judgeVisits(some)
	ids := make([]string, 0, len(some))
	for _, h := range some {
		ids = append(ids, h.customer)
	}
	people, err := r.Directory.Load(ctx, ids, r.Now())
	if err != nil {
		return nil, fmt.Errorf("load the customers of %d reports: %w", len(some), err)
	}
	edition, err := r.Catalog.Current(ctx)
	if err != nil {
		return nil, err
	}
	shelf := newShelf(r.Catalog, r.Log)
	responses := make([]campaigns.Response, 0, len(some))
	for _, h := range some {
		customer := people[h.customer]
		if customer == nil {
			if customer, err = r.meet(ctx, edition, h); err != nil {
				return nil, err
			}
		}
		if customer == nil {
			if err := r.heedStranger(ctx, edition, h); err != nil {
				return nil, err
			}
			continue
		}
		report := nameQuestion(h)
		var campaign *campaigns.Campaign
		if h.delivery.ID != 0 && !h.delivery.Direct() {
			if campaign, err = shelf.campaign(ctx, h.delivery.Campaign, h.delivery.Version); err != nil {
				return nil, err
			}
			if campaign == nil && !campaigns.Binding(report, h.delivery) {
				later[h.received] = true
				continue
			}
		}
		responses = append(responses, edition.Interpret(campaign, report, h.delivery, customer, r.Now()))
	}
	return responses, nil
}

// toldTwice leaves out what a provider tells of opens and clicks that our own
// doors tell too: every letter carries our picture, and a provider that wraps
// its links wraps ours.
func (r *Reader) toldTwice(all []heard) []heard {
	return slices.DeleteFunc(all, func(h heard) bool {
		if h.own || h.report.Channel != channels.Email || h.delivery.ID == 0 {
			return false
		}
		return h.report.Kind == channels.ReportOpened || h.report.Kind == channels.ReportClicked && r.Addresses.Own(h.report.Link)
	})
}

// judgeVisits marks what the visits of a message say together.
func judgeVisits(all []heard) {
	visits := map[int64][]*channels.Report{}
	since := map[int64]time.Time{}
	for i, h := range all {
		if h.own && h.delivery.ID != 0 {
			visits[h.delivery.ID] = append(visits[h.delivery.ID], &all[i].report)
			since[h.delivery.ID] = h.delivery.Arrived()
		}
	}
	for id, reports := range visits {
		channels.MarkMachines(reports, since[id])
	}
}
