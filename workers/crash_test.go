package workers_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/workers"
)

// dying is a ledger whose process is killed at a chosen moment: from then on no
// word of it is written.
type dying struct {
	deliveries.Ledger
	after string // the last call that is still written
	dead  bool
}

var errKilled = errors.New("killed")

func (d *dying) Claim(ctx context.Context, ids []int64, now time.Time, lease time.Duration) (deliveries.Fence, []deliveries.Delivery, error) {
	fence, claimed, err := d.Ledger.Claim(ctx, ids, now, lease)
	d.dead = d.after == "claim"
	return fence, claimed, err
}

func (d *dying) Begin(ctx context.Context, fence deliveries.Fence, now, horizon time.Time, all []deliveries.Candidate, judge func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict) ([]deliveries.Verdict, error) {
	if d.dead {
		return nil, errKilled
	}
	verdicts, err := d.Ledger.Begin(ctx, fence, now, horizon, all, judge)
	d.dead = d.after == "begin"
	return verdicts, err
}

func (d *dying) Settle(ctx context.Context, fence deliveries.Fence, now time.Time, outcomes []deliveries.Outcome) (int, error) {
	if d.dead {
		return 0, errKilled
	}
	return d.Ledger.Settle(ctx, fence, now, outcomes)
}

// crash delivers what is due with a courier that is killed.
func (s *shop) crash(after string) {
	s.t.Helper()
	s.courier.Ledger = &dying{Ledger: s.store, after: after}
	// How long it tries to say that nothing was sent.
	s.courier.Lease, s.courier.Call, s.courier.Conditions = time.Second, time.Second, time.Millisecond
	if err := s.courier.Deliver(s.ctx(), s.due()); !errors.Is(err, errKilled) {
		s.t.Fatalf("the courier survived: %v", err)
	}
	s.courier.Ledger, s.courier.Lease, s.courier.Conditions = s.store, 0, 0
}

// slow is a ledger that takes longer to write down what became of messages than a
// provider may take to answer.
type slow struct {
	deliveries.Ledger
	takes time.Duration
}

func (l slow) Settle(ctx context.Context, fence deliveries.Fence, now time.Time, outcomes []deliveries.Outcome) (int, error) {
	written := time.NewTimer(l.takes)
	defer written.Stop()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-written.C:
		return l.Ledger.Settle(ctx, fence, now, outcomes)
	}
}

func TestASlowDatabaseLeavesNoDoubtWhileTheLeaseLasts(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	s.courier.Call = 2 * time.Second
	s.courier.Ledger = slow{s.store, s.courier.Call + time.Second/2}
	ok(t, s.courier.Deliver(s.ctx(), s.due()))
	s.stands(deliveries.Sent, "")
}

// away is a ledger that cannot be reached once, when it is told what was sent, or is
// gone before it says that this is written.
type away struct {
	deliveries.Ledger
	writes, was bool
}

func (l *away) Settle(ctx context.Context, fence deliveries.Fence, now time.Time, outcomes []deliveries.Outcome) (int, error) {
	if l.was || outcomes[0].Status != deliveries.Sent {
		return l.Ledger.Settle(ctx, fence, now, outcomes)
	}
	l.was = true
	if l.writes {
		if _, err := l.Ledger.Settle(ctx, fence, now, outcomes); err != nil {
			return 0, err
		}
	}
	return 0, errors.New("connection refused")
}

func TestWhatAProviderAnsweredIsWrittenOnceTheDatabaseIsBack(t *testing.T) {
	var costs []int64
	for _, writes := range []bool{false, true} {
		s := open(t, files)
		s.plan("ann", "Texted once")
		s.courier.Ledger = &away{Ledger: s.store, writes: writes}
		ok(t, s.courier.Deliver(s.ctx(), s.due()))
		s.stands(deliveries.Sent, "")
		costs = append(costs, s.only().Cost)
	}
	if costs[0] != costs[1] {
		t.Errorf("they cost %v", costs)
	}
}

// tardy is a ledger whose answer to a Begin takes long, while somebody else does
// something.
type tardy struct {
	deliveries.Ledger
	meanwhile func()
}

func (l tardy) Begin(ctx context.Context, fence deliveries.Fence, now, horizon time.Time, all []deliveries.Candidate, judge func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict) ([]deliveries.Verdict, error) {
	verdicts, err := l.Ledger.Begin(ctx, fence, now, horizon, all, judge)
	l.meanwhile()
	return verdicts, err
}

func TestNothingLeavesOnAnOldVerdict(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	s.courier.Ledger = tardy{s.store, func() {
		s.later(40 * time.Second)
		ok(t, s.store.Suppress(s.ctx(), []customers.Suppression{{Channel: channels.SMS, Address: phoneOf("ann"), Reason: channels.ReasonOptedOut, At: s.clock()}}))
	}}
	ok(t, s.courier.Deliver(s.ctx(), s.due()))
	s.stands(deliveries.Planned, "")
	s.courier.Ledger = s.store
	s.deliver()
	s.stands(deliveries.Skipped, string(deliveries.Suppressed))
	if n := len(s.provider.requests()); n != 0 {
		t.Errorf("%d messages went out", n)
	}
}

func (s *shop) mend() {
	s.t.Helper()
	ok(s.t, s.mender.Round(s.ctx()))
}

func TestACrashBeforeTheSendLosesNothing(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	s.crash("claim")
	s.deliver()
	s.mend()
	s.stands(deliveries.Queued, "") // its lease is not over
	s.later(workers.UsualLease)
	s.mend()
	s.stands(deliveries.Planned, "")
	s.deliver()
	s.stands(deliveries.Sent, "")
	if n := len(s.provider.requests()); n != 1 {
		t.Errorf("%d messages went out", n)
	}
}

// torn is a ledger whose answer to a Begin is lost on the way, once.
type torn struct {
	deliveries.Ledger
	lost bool
}

func (l *torn) Begin(ctx context.Context, fence deliveries.Fence, now, horizon time.Time, all []deliveries.Candidate, judge func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict) ([]deliveries.Verdict, error) {
	verdicts, err := l.Ledger.Begin(ctx, fence, now, horizon, all, judge)
	for _, verdict := range verdicts {
		if verdict.Go && !l.lost {
			l.lost = true
			return nil, errors.New("unexpected EOF")
		}
	}
	return verdicts, err
}

func TestAWindowWhoseBeginningIsNotKnownIsSentLaterAndNotInDoubt(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	s.courier.Ledger = &torn{Ledger: s.store}
	if err := s.courier.Deliver(s.ctx(), s.due()); err == nil {
		t.Fatal("the lost answer is not told")
	}
	s.stands(deliveries.Planned, "")
	s.deliver()
	s.stands(deliveries.Sent, "")
	if n := len(s.provider.requests()); n != 1 {
		t.Errorf("%d messages went out", n)
	}
}

// late are outlets that are read for the second time when the task's time is over.
type late struct {
	deliveries.Outlets
	reads int
	wait  func()
	over  context.CancelFunc
}

func (l *late) Health(ctx context.Context, ch channels.Channel) ([]deliveries.Health, error) {
	if l.reads++; l.reads == 1 {
		l.wait()
		return l.Outlets.Health(ctx, ch)
	}
	l.over()
	return nil, ctx.Err()
}

func TestWhatATaskHasNoTimeForGoesBackAtOnce(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	ctx, over := context.WithCancel(s.ctx())
	defer over()
	s.courier.Outlook.Outlets = &late{
		Outlets: s.store.Outlets(), over: over,
		wait: func() { s.later(2 * time.Second) }, // so that what it read is old when it begins to send
	}
	ok(t, s.courier.Deliver(ctx, s.due()))
	s.stands(deliveries.Planned, "")
}

func TestATaskWhoseTimeEndsWithAWindowGivesTheRestBackAtOnce(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	s.person("ben")
	s.plan("ben", "Texted once")
	ctx, over := context.WithCancel(s.ctx())
	defer over()
	s.courier.Window = 1
	s.provider.does(func(http.ResponseWriter, request) bool {
		s.later(2 * time.Second)
		over()
		return false
	})
	ok(t, s.courier.Deliver(ctx, s.due()))
	waiting, err := s.store.Summary().Backlog(s.ctx(), s.pump.Now())
	if err != nil || waiting.Held != 0 || waiting.Due != 1 {
		t.Errorf("%d are held and %d due, %v; one was sent and one goes back", waiting.Held, waiting.Due, err)
	}
}

func TestACrashDuringTheSendIsNeverSimplySentAgain(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	s.provider.does(noMemory)
	s.crash("begin")
	s.stands(deliveries.Sending, "")
	s.later(workers.UsualLease)
	s.mend()
	s.stands(deliveries.Unconfirmed, "worker_lost")
	for range 5 {
		s.later(time.Hour)
		s.mend()
		s.deliver()
	}
	s.stands(deliveries.Unconfirmed, "worker_lost")
	if n := len(s.provider.requests()); n != 1 {
		t.Errorf("%d messages went out under hold", n)
	}
	s.travel() // the journey does not wait for ever
	if running := s.runningEntries("ann"); len(running) != 0 {
		t.Errorf("still running: %v", running)
	}
}

func TestTheResendPolicySendsOneFlaggedCopy(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted twice")
	s.provider.does(noMemory)
	s.crash("begin")
	s.later(workers.UsualLease)
	s.mend() // becomes unconfirmed
	s.deliver()
	s.later(3 * time.Minute)
	s.provider.answers(500, "")
	s.mend() // the provider cannot tell now
	s.stands(deliveries.Unconfirmed, "worker_lost")
	s.provider.does(noMemory)
	s.later(3 * time.Minute)
	s.mend() // it does not have the message: the policy decides
	if d := s.only(); d.Status != deliveries.Planned || !d.Resent {
		t.Fatalf("it is %s, resent %v", d.Status, d.Resent)
	}
	s.crash("begin") // the copy is lost too
	for range 5 {
		s.later(time.Hour)
		s.mend()
		s.deliver()
	}
	if d := s.only(); d.Status != deliveries.Unconfirmed || !d.Resent {
		t.Errorf("it is %s, resent %v", d.Status, d.Resent)
	}
	if n := len(s.provider.requests()); n != 2 {
		t.Errorf("%d messages went out, one copy is allowed", n)
	}
}

// noMemory is a provider that says of no message that it has it.
func noMemory(w http.ResponseWriter, r request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	fmt.Fprint(w, `{"messages": []}`)
	return true
}

// remembers is a provider that lists a text it made at a time.
func remembers(sid string, at time.Time) func(http.ResponseWriter, request) bool {
	return func(w http.ResponseWriter, r request) bool {
		if r.Method != http.MethodGet {
			return false
		}
		fmt.Fprintf(w, `{"messages": [{"sid": %q, "direction": "outbound-api", "date_created": %q}]}`, sid, at.Format(time.RFC1123Z))
		return true
	}
}

func TestWhatTheProviderListsResolvesADoubt(t *testing.T) {
	for _, event := range []string{"Texted once", "Texted twice"} {
		s := open(t, files)
		s.plan("ann", event)
		s.provider.does(remembers("SM77", noon))
		s.crash("begin")
		s.later(workers.UsualLease)
		s.mend()
		s.later(3 * time.Minute)
		s.mend()
		if d := s.stands(deliveries.Sent, ""); d.ProviderID != "SM77" {
			t.Errorf("it is taken for %s", d.ProviderID)
		}
		s.deliver()
		if n := len(s.provider.requests()); n != 1 {
			t.Errorf("%d messages went out", n)
		}
	}
}

// One message in a provider's list that either of two deliveries may be is evidence
// for none: the other would be sent again, and the one that is lost would be called
// sent.
func TestOneMessageIsEvidenceForNeitherOfTwoDoubts(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	s.plan("ann", "Texted twice")
	s.provider.does(remembers("SM77", noon))
	s.crash("begin")
	for range 3 {
		s.later(3 * time.Minute)
		s.mend()
	}
	all := s.ledger()
	if all[0].Status != deliveries.Unconfirmed || all[0].ProviderID != "" {
		t.Errorf("the first is %s (%s)", all[0].Status, all[0].ProviderID)
	}
	if all[1].Status != deliveries.Planned || !all[1].Resent {
		t.Errorf("the second is %s, resent %v", all[1].Status, all[1].Resent)
	}
}

// What is being sent may be what the provider lists: its name is known when its
// window is settled, and until then nothing is concluded, by policy neither.
func TestAMessageUnderWayMayBeTheOneThatIsListed(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted twice")
	s.crash("begin")
	s.later(workers.UsualLease)
	s.mend()
	s.later(3 * time.Minute)
	s.plan("ann", "Texted once")
	s.provider.does(remembers("SM78", s.clock()))
	s.crash("begin")
	s.mend()
	all := s.ledger()
	if all[0].Status != deliveries.Unconfirmed || all[1].Status != deliveries.Sending {
		t.Fatalf("the one in doubt is %s (%s), the one under way %s", all[0].Status, all[0].ProviderID, all[1].Status)
	}
	s.reported(all[1], "SM78")
	s.later(3 * time.Minute)
	s.mend()
	if d := s.ledger()[0]; d.Status != deliveries.Planned || !d.Resent {
		t.Errorf("the provider has the other only, and this one is %s (%s)", d.Status, d.ProviderID)
	}
}

// A provider is asked by number, which two customers may share.
func TestADoubtOfSomebodyWithTheSameNumberCounts(t *testing.T) {
	s := open(t, files)
	_, err := s.store.PutCustomers(s.ctx(), noon, []customers.Customer{{ID: "anns", Email: "anns@home.example", Phone: phoneOf("ann"), Country: "DE"}})
	ok(t, err)
	s.plan("ann", "Texted once")
	s.plan("anns", "Texted once")
	s.provider.does(remembers("SM77", noon))
	s.crash("begin")
	for range 3 {
		s.later(3 * time.Minute)
		s.mend()
	}
	for _, d := range s.ledger() {
		if d.Status != deliveries.Unconfirmed {
			t.Errorf("that of %s is %s (%s)", d.Customer, d.Status, d.ProviderID)
		}
	}
}

// A doubt that is long past is not what was listed since another began.
func TestAnOldDoubtHidesNoEvidence(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	s.provider.does(noMemory)
	s.crash("begin")
	s.later(workers.UsualLease)
	s.mend()
	s.later(time.Hour)
	s.mend()
	s.plan("ann", "Texted twice")
	s.provider.does(remembers("SM78", s.clock()))
	s.crash("begin")
	s.later(workers.UsualLease)
	s.mend()
	for range 8 {
		s.later(3 * time.Minute)
		s.mend()
	}
	all := s.ledger()
	if all[0].Status != deliveries.Unconfirmed || all[1].Status != deliveries.Sent || all[1].ProviderID != "SM78" {
		t.Errorf("the old doubt is %s (%s), the new one %s (%s)", all[0].Status, all[0].ProviderID, all[1].Status, all[1].ProviderID)
	}
}

// reported lets the provider tell that it delivered a text.
func (s *shop) reported(d deliveries.Delivery, sid string) {
	s.t.Helper()
	s.receive(textOut.String(), s.doors.Status(textOut, d.ID, d.Attempts), form("MessageSid", sid, "MessageStatus", "delivered", "To", phoneOf(d.Customer)))
}

// blind cannot look up who owns a message.
type blind struct{ deliveries.Record }

func (blind) Lookup(context.Context, []deliveries.Ref) ([]deliveries.Delivery, error) {
	return nil, errors.New("the database is away")
}

func TestNothingIsSentAgainForWantOfALookUp(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted twice")
	s.provider.does(remembers("SM77", noon))
	s.crash("begin")
	s.later(workers.UsualLease)
	s.mend()
	s.later(3 * time.Minute)
	s.mender.Record = blind{s.store}
	if err := s.mender.Round(s.ctx()); err == nil {
		t.Error("nobody is told")
	}
	s.stands(deliveries.Unconfirmed, "worker_lost")
	s.mender.Record = s.store
	s.mend()
	s.stands(deliveries.Sent, "")
}

func TestAProvidersReportResolvesADoubt(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	s.crash("begin")
	s.later(workers.UsualLease)
	s.mend()
	sent, err := url.ParseQuery(s.provider.requests()[0].body)
	ok(t, err)
	s.receive(textOut.String(), sent.Get("StatusCallback"), form("MessageSid", "SM1", "MessageStatus", "delivered", "To", phoneOf("ann")))
	s.stands(deliveries.Delivered, "")
	s.mend()
	s.deliver()
	if n := len(s.provider.requests()); n != 1 {
		t.Errorf("%d messages went out", n)
	}
}

// A provider that is slow to tell holds up the scheduler once, not once for
// every doubt.
func TestProvidersAreAskedAboutManyAtOnce(t *testing.T) {
	s := open(t, files)
	for n := range 8 {
		id := fmt.Sprintf("p%d", n)
		s.person(id)
		s.plan(id, "Texted once")
	}
	s.crash("begin")
	s.later(workers.UsualLease)
	s.mend()
	s.later(3 * time.Minute)
	var asked atomic.Int32
	all := make(chan struct{})
	s.provider.does(func(w http.ResponseWriter, r request) bool {
		if asked.Add(1) == 8 {
			close(all)
		}
		select {
		case <-all:
		case <-r.Context().Done():
		}
		return noMemory(w, r)
	})
	s.mend()
	select {
	case <-all:
	default:
		t.Errorf("%d of 8 questions were asked in a round", asked.Load())
	}
}

func TestAnEmptiedRedisIsRefilledAtOnce(t *testing.T) {
	s := open(t, files)
	ok(t, s.mender.Refill(s.ctx()))
	s.plan("ann", "Texted")
	_, err := s.pump.Round(s.ctx())
	ok(t, err)
	ok(t, s.mender.Refill(s.ctx()))
	s.stands(deliveries.Queued, "") // Redis is as it was

	s.mini.FlushAll()
	ok(t, s.mender.Refill(s.ctx()))
	s.stands(deliveries.Planned, "")
	tasks, err := s.pump.Round(s.ctx())
	ok(t, err)
	if tasks != 1 {
		t.Errorf("%d tasks, want 1", tasks)
	}
	ok(t, s.mender.Refill(s.ctx()))
	s.stands(deliveries.Queued, "")
}

// What a courier holds is not recalled: it is at work on it.
func TestARefillLeavesWhatIsClaimed(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted")
	s.crash("claim")
	s.mini.FlushAll()
	ok(t, s.mender.Refill(s.ctx()))
	s.stands(deliveries.Queued, "")
}

func TestOneTaskTwiceSendsOnce(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted")
	ids := s.due()
	for range 3 {
		ok(t, s.courier.Deliver(s.ctx(), append(ids, ids...)))
	}
	if n := len(s.provider.requests()); n != 1 {
		t.Errorf("%d messages went out", n)
	}
}

func TestTwoCouriersWithOneBatchSendOnce(t *testing.T) {
	s := open(t, files)
	for n := range 20 {
		id := fmt.Sprintf("p%d", n)
		s.person(id)
		s.plan(id, "Texted")
	}
	ids := s.due()
	var couriers sync.WaitGroup
	for range 4 {
		couriers.Go(func() {
			if err := s.courier.Deliver(s.ctx(), ids); err != nil {
				t.Error(err)
			}
		})
	}
	couriers.Wait()
	copies := map[string]int{}
	for _, got := range s.provider.requests() {
		sent, err := url.ParseQuery(got.body)
		ok(t, err)
		copies[strings.TrimPrefix(sent.Get("StatusCallback"), publicURL)]++
	}
	if len(copies) != 20 || len(s.provider.requests()) != 20 {
		t.Errorf("%d messages of %d deliveries went out, want 20", len(s.provider.requests()), len(copies))
	}
}

// A courier whose lease was over while the provider thought still says what
// became of the message, and nobody sends it a second time.
func TestASlowCourierHasTheLastWord(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted twice")
	s.provider.does(func(w http.ResponseWriter, r request) bool {
		if r.Method == http.MethodPost {
			s.later(workers.UsualLease)
			s.mend()
			s.stands(deliveries.Unconfirmed, "worker_lost")
		}
		return false
	})
	s.deliver()
	if d := s.stands(deliveries.Sent, ""); d.ProviderID != "SM1" {
		t.Errorf("sent as %q", d.ProviderID)
	}
	s.later(time.Hour)
	s.mend()
	s.deliver()
	if n := len(s.provider.requests()); n != 1 {
		t.Errorf("%d messages went out", n)
	}
}

// unhurried is a ledger that notes until when it may take to write what became of
// messages.
type unhurried struct {
	deliveries.Ledger
	until time.Time
}

func (p *unhurried) Settle(ctx context.Context, fence deliveries.Fence, now time.Time, outcomes []deliveries.Outcome) (int, error) {
	p.until, _ = ctx.Deadline()
	return p.Ledger.Settle(ctx, fence, now, outcomes)
}

// SQLite has one writer, which a condition may keep for longer than a lease lasts.
func TestWhatBecameOfMessagesWaitsForASlowCondition(t *testing.T) {
	s := open(t, files)
	s.plan("ann", "Texted once")
	ledger := &unhurried{Ledger: s.store}
	s.courier.Ledger, s.courier.Conditions = ledger, time.Hour
	began := time.Now()
	s.deliver()
	s.stands(deliveries.Sent, "")
	if ledger.until.Before(began.Add(time.Hour)) {
		t.Errorf("it is given up after %s", ledger.until.Sub(began))
	}
}
