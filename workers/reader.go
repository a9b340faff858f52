package workers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
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
	Lease     time.Duration
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

// Read reads callbacks until none waits. One is marked as read only after
// everything it says is applied; reading it twice applies it once, because each
// line of a timeline is unique. One that cannot be applied waits, and keeps no
// other waiting.
func (r *Reader) Read(ctx context.Context) error {
	_, err := r.readAll(ctx)
	return err
}

// readAll does what Read does, and says whether any callback was there to be read.
func (r *Reader) readAll(ctx context.Context) (some bool, err error) {
	for {
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
			r.Log.Error("a callback cannot be read and is set aside", "inbox", received.ID, "provider", received.Provider, "error", err)
			if err := r.Inbox.Reject(ctx, received.ID, err.Error()); err != nil {
				return fmt.Errorf("set callback %d aside: %w", received.ID, err)
			}
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
	reports, err := listener.Reports(received.Callback)
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

// meet makes the acquaintance of somebody who writes to us and whom nobody knows, so
// that their words are kept and answered like anybody's; nil where there is nothing
// to answer.
func (r *Reader) meet(ctx context.Context, edition *campaigns.Edition, h heard) (*customers.Customer, error) {
	if h.report.Kind != channels.ReportReplied || h.report.From == "" {
		return nil, nil
	}
	if _, err := customers.NormalEmail(h.report.From); h.report.Channel == channels.Email && err != nil {
		return nil, nil
	}
	if campaigns.OnlyAWish(h.report) {
		return nil, nil
	}
	stranger := edition.Strange(h.report, r.Now())
	if _, err := r.Registry.PutCustomers(ctx, r.Now(), []customers.Customer{stranger}); err != nil {
		return nil, fmt.Errorf("keep a profile for somebody who wrote: %w", err)
	}
	people, err := r.Directory.Load(ctx, []string{stranger.ID}, r.Now())
	if err != nil {
		return nil, fmt.Errorf("load somebody who wrote: %w", err)
	}
	return people[stranger.ID], nil
}

// heedStranger keeps the word of somebody who is no customer: a STOP counts
// whoever says it, whichever channel it is of, and so does the START that takes it
// back. There is no timeline to put anything else on. What bounced
// or failed on its way to an erased customer blocks the address only if another customer
// has it.
func (r *Reader) heedStranger(ctx context.Context, edition *campaigns.Edition, h heard) error {
	said := edition.Interpret(nil, h.report, deliveries.Delivery{}, nil, r.Now())
	switch {
	case said.Suppression != nil:
		if nobodys, err := r.nobodys(ctx, h, *said.Suppression); err != nil || nobodys {
			return err
		}
		if err := r.Preferences.Suppress(ctx, []customers.Suppression{*said.Suppression}); err != nil {
			return fmt.Errorf("keep a stranger's stop: %w", err)
		}
	case said.Release != nil:
		if err := r.Preferences.Release(ctx, said.Release.Channel, said.Release.Address, said.Release.At); err != nil {
			return fmt.Errorf("keep a stranger's start: %w", err)
		}
	default:
		r.Log.Warn("a report concerns nobody we know", "channel", h.report.Channel, "kind", h.report.Kind)
	}
	return nil
}

// nobodys reports whether a provider tells of an address that its message does not get
// there, and nobody has it any more: whom the message was for was erased.
func (r *Reader) nobodys(ctx context.Context, h heard, s customers.Suppression) (bool, error) {
	if h.delivery.ID == 0 || h.report.Kind != channels.ReportBounced && h.report.Kind != channels.ReportFailed {
		return false, nil
	}
	others, err := r.Directory.WhoWrites(ctx, s.Channel, s.Address)
	if err != nil {
		return false, fmt.Errorf("find whose an address is: %w", err)
	}
	return len(others) == 0, nil
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

// attribute finds the delivery and the customer of every report: by our id, by
// the provider's, or, for words out of the blue, by the sender's address, and for
// a text by the latest one sent there. E-mail tells what it answers.
func (r *Reader) attribute(ctx context.Context, all []heard) error {
	refs := make([]deliveries.Ref, len(all))
	for i, h := range all {
		refs[i] = deliveries.Ref{ID: h.report.Delivery, Channel: h.report.Channel, ProviderID: h.report.ProviderID}
	}
	found, err := r.Record.Lookup(ctx, refs)
	if err != nil {
		return fmt.Errorf("look up the deliveries of %d reports: %w", len(all), err)
	}
	for i := range all {
		all[i].delivery, all[i].customer = found[i], found[i].Customer
		if found[i].ID == 0 && all[i].report.From != "" {
			if err := r.attributeSender(ctx, &all[i]); err != nil {
				return err
			}
		}
		all[i].report.Delivery = all[i].delivery.ID
		if all[i].report.Channel == "" { // a link does not say what it came by
			all[i].report.Channel = all[i].delivery.Channel
		}
	}
	return nil
}

// attributeSender finds a report's customer by their address. Only what they
// wrote themselves is taken for an answer to what was last sent there: what a
// provider reports about a message that is not ours says nothing about ours. Of
// several customers who share an address it is who was sent that, or else the
// oldest.
func (r *Reader) attributeSender(ctx context.Context, h *heard) error {
	senders, err := r.Directory.WhoWrites(ctx, h.report.Channel, h.report.From)
	if err != nil {
		return fmt.Errorf("find the sender of a reply: %w", err)
	}
	if len(senders) == 0 {
		return nil
	}
	h.customer = senders[0]
	if !written(h.report) {
		return nil
	}
	latest, err := r.Record.Latest(ctx, h.report.Channel, senders)
	if err != nil {
		return fmt.Errorf("find what a reply answers: %w", err)
	}
	for _, d := range latest {
		if newer := cmp.Or(d.TakenAt.Compare(h.delivery.TakenAt), cmp.Compare(d.ID, h.delivery.ID)); newer > 0 {
			h.delivery, h.customer = d, d.Customer
		}
	}
	return nil
}

// written reports whether a report is a text of the customer's own.
func written(r channels.Report) bool {
	switch r.Kind {
	case channels.ReportReplied, channels.ReportUnsubscribed, channels.ReportResubscribed:
		return r.Channel == channels.SMS
	}
	return false
}

// nameQuestion replaces the index under which a call asks a question by the
// question's id.
func nameQuestion(h heard) channels.Report {
	report := h.report
	if report.Channel != channels.Call || h.delivery.Content == nil || h.delivery.Content.Call == nil {
		return report
	}
	index, err := strconv.Atoi(report.Question)
	if questions := h.delivery.Content.Call.Questions; err == nil && index >= 0 && index < len(questions) {
		report.Question = questions[index].ID
	}
	return report
}
