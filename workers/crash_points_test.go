package workers_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to make a settlement fail half-way

	"rapport/campaigns"
	"rapport/channels"
	"rapport/deliveries"
	"rapport/store/storetest"
	"rapport/workers"
)

// crashPoint is a moment at which a process may die while it sends one message,
// and what is known of the message then.
type crashPoint struct {
	name string
	// left is how many requests the provider has seen.
	left int
	// begun says that the ledger holds the message for begun: nobody may simply
	// send it again. settled says that the ledger knows that it was sent.
	begun, settled bool
}

// crashPoints are all there are, in the order of a send.
var crashPoints = []crashPoint{
	{name: "leased, not yet put into Redis"},
	{name: "put into Redis, taken by nobody"},
	{name: "claimed"},
	{name: "loaded"},
	{name: "rendered"},
	{name: "beginning, before the commit"},
	{name: "beginning, after the commit", begun: true},
	{name: "before the first byte", begun: true},
	{name: "the request has left", begun: true, left: 1},
	{name: "the answer has come", begun: true, left: 1},
	{name: "settling, before the commit", begun: true, left: 1},
	{name: "settled, before the journey goes on", begun: true, left: 1, settled: true},
}

// victim is a process that dies at a point: its courier's goroutine ends there by
// a panic, and nothing that another goroutine of it does is written any more.
type victim struct {
	deliveries.Ledger
	campaigns.Entries
	at   string
	dead atomic.Bool
}

// die ends the process if this is the point.
func (v *victim) die(at string) {
	if v.dead.Load() || v.at == at {
		v.dead.Store(true)
		panic(errKilled)
	}
}

// must stops where a point had no effect.
func must(err error, what string) {
	if err == nil {
		panic(errors.New(what))
	}
}

func (v *victim) Claim(ctx context.Context, ids []int64, now time.Time, lease time.Duration) (deliveries.Fence, []deliveries.Delivery, error) {
	fence, claimed, err := v.Ledger.Claim(ctx, ids, now, lease)
	v.die("claimed")
	return fence, claimed, err
}

func (v *victim) Travellers(ctx context.Context, ids []int64, now time.Time) ([]campaigns.Traveller, error) {
	travellers, err := v.Entries.Travellers(ctx, ids, now)
	v.die("loaded")
	return travellers, err
}

func (v *victim) Begin(ctx context.Context, fence deliveries.Fence, now, horizon time.Time, all []deliveries.Candidate, judge func(deliveries.Delivery, deliveries.Pressure) deliveries.Verdict) ([]deliveries.Verdict, error) {
	v.die("rendered")
	if v.at == "beginning, before the commit" {
		torn, cancel := context.WithCancel(ctx)
		defer cancel()
		_, err := v.Ledger.Begin(torn, fence, now, horizon, all, func(d deliveries.Delivery, p deliveries.Pressure) deliveries.Verdict {
			defer cancel()
			return judge(d, p)
		})
		must(err, "a beginning was committed whose process had died")
		v.die(v.at)
	}
	verdicts, err := v.Ledger.Begin(ctx, fence, now, horizon, all, judge)
	v.die("beginning, after the commit")
	return verdicts, err
}

func (v *victim) Settle(ctx context.Context, fence deliveries.Fence, now time.Time, outcomes []deliveries.Outcome) (int, error) {
	if len(outcomes) == 0 {
		return 0, nil
	}
	v.die("the answer has come")
	n, err := v.Ledger.Settle(ctx, fence, now, outcomes)
	if v.at == "settling, before the commit" {
		must(err, "a settlement was committed whose process had died")
		v.die(v.at)
	}
	v.die("settled, before the journey goes on")
	return n, err
}

// mouth is a sender of the victim's.
type mouth struct {
	channels.Sender
	of *victim
}

func (m mouth) Send(ctx context.Context, message channels.Message) (channels.Receipt, error) {
	if m.of.at == "before the first byte" {
		m.of.dead.Store(true)
		return channels.Receipt{}, errKilled
	}
	return m.Sender.Send(ctx, message)
}

// dieAt sends what is due with a process that dies at a point.
func (s *shop) dieAt(at, dsn string) {
	s.t.Helper()
	if at == "put into Redis, taken by nobody" {
		tasks, err := s.pump.Round(s.ctx())
		ok(s.t, err)
		if tasks == 0 {
			s.t.Fatal("nothing was put into Redis")
		}
		return
	}
	ids := s.due()
	if len(ids) != 1 {
		s.t.Fatalf("%d messages are due", len(ids))
	}
	if at == "leased, not yet put into Redis" {
		return
	}
	v := &victim{Ledger: s.store, Entries: s.store, at: at}
	dying := *s.process(v)
	if at == "the request has left" {
		s.provider.does(func(_ http.ResponseWriter, r request) bool {
			if r.Method == http.MethodPost {
				v.dead.Store(true)
			}
			return false
		})
		defer s.provider.does(nil)
	}
	if at == "settling, before the commit" {
		defer s.failing(dsn)()
	}
	defer func() {
		cause := recover()
		if death, _ := cause.(error); !errors.Is(death, errKilled) {
			s.t.Fatalf("it did not die there: %v", cause)
		}
	}()
	err := dying.Deliver(s.ctx(), ids)
	s.t.Errorf("it survived: %v", err)
}

// process is the shop's courier as one process of its own that is to die.
func (s *shop) process(v *victim) *workers.Courier {
	senders := maps.Clone(s.senders)
	for ch, sender := range senders {
		senders[ch] = mouth{sender, v}
	}
	return &workers.Courier{
		Catalog: s.catalog, Ledger: v, Entries: v, News: s.store, Directory: s.store, Preferences: s.store, Mailboxes: s.store,
		Senders: senders, Providers: names, Limits: s.courier.Limits, Outlook: s.courier.Outlook, Post: s.courier.Post,
		Walker: s.walker, Now: s.clock, Log: s.log,
	}
}

// failing makes the database refuse, after a settlement has written its first lines,
// to note that anything was sent; what returns ends that.
func (s *shop) failing(dsn string) (end func()) {
	s.t.Helper()
	driver, put := "pgx", []string{
		`CREATE FUNCTION killed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'killed'; END $$`,
		`CREATE TRIGGER killed BEFORE UPDATE ON deliveries FOR EACH ROW WHEN (NEW.status = 'sent') EXECUTE FUNCTION killed()`,
	}
	take := []string{`DROP TRIGGER killed ON deliveries`, `DROP FUNCTION killed()`}
	if path, isSQLite := strings.CutPrefix(dsn, "sqlite:"); isSQLite {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(10000)"
		put = []string{`CREATE TRIGGER killed BEFORE UPDATE ON deliveries WHEN NEW.status = 'sent' BEGIN SELECT RAISE(ABORT, 'killed'); END`}
		take = []string{`DROP TRIGGER killed`}
	}
	db, err := sql.Open(driver, dsn)
	ok(s.t, err)
	run := func(statements []string) {
		for _, statement := range statements {
			_, err := db.ExecContext(s.ctx(), statement)
			ok(s.t, err)
		}
	}
	run(put)
	return func() {
		run(take)
		ok(s.t, db.Close())
	}
}

// A process that dies at any point of a send leaves its message in the one state
// that is true, and what is left of the installation brings it to the one end its
// policy allows: never lost, never simply sent again.
func TestACrashAtEachPointOfASendHasOneExpectedEnd(t *testing.T) {
	policies := map[channels.Channel]string{channels.Email: "hold", channels.SMS: "hold", channels.Call: "hold", channels.Push: "resend"}
	dying := map[string]string{}
	for ch, policy := range policies {
		dying["campaigns/dying-"+string(ch)+".yaml"] = campaign("dying-"+string(ch), "Told by "+string(ch), fmt.Sprintf("{%s: note, ambiguous: %s}", ch, policy)) + "  - {tag: [+told]}\n"
	}
	cases := 0
	for _, database := range []struct {
		name string
		open func(testing.TB) string
	}{{"SQLite", storetest.SQLite}, {"PostgreSQL", storetest.Postgres}} {
		t.Run(database.name, func(t *testing.T) {
			dsn := database.open(t)
			s := openOn(t, storetest.Open(t, dsn), with(dying))
			for _, ch := range []channels.Channel{channels.Email, channels.SMS, channels.Call, channels.Push} {
				for n, point := range crashPoints {
					cases++
					who := fmt.Sprintf("%s-%02d", ch, n+1)
					s.person(who)
					s.plan(who, "Told by "+string(ch))
					s.crashes(who, point, policies[ch] == "resend", dsn)
				}
			}
		})
	}
	t.Logf("%d cases, each in its one expected state", cases)
}

// crashes plays one case and checks where the message stands at each stage.
func (s *shop) crashes(who string, point crashPoint, resends bool, dsn string) {
	s.t.Helper()
	before := len(s.provider.requests())
	stands := func(stage string, status deliveries.Status, reason string, requests int) {
		s.t.Helper()
		d := s.latest()
		if got := len(s.provider.requests()) - before; d.Status != status || d.Reason != reason || got != requests || d.Customer != who {
			s.t.Errorf("%s, %s: %s (%q) with %d requests, want %s (%q) with %d", who+" "+point.name, stage, d.Status, d.Reason, got, status, reason, requests)
		}
	}
	s.dieAt(point.name, dsn)
	now, then, end := deliveries.Queued, deliveries.Planned, deliveries.Sent
	why, left := "", max(1, point.left)
	switch {
	case point.settled:
		now, then = deliveries.Sent, deliveries.Sent
	case point.begun:
		now, then, why = deliveries.Sending, deliveries.Unconfirmed, "worker_lost"
		if end, left = deliveries.Unconfirmed, point.left; resends {
			end, left = deliveries.Sent, point.left+1
		}
	}
	stands("dead", now, "", point.left)
	s.deliver()
	s.mend()
	stands("its lease still runs", now, "", point.left)
	s.later(workers.UsualLease)
	eventually(s.t, who+" "+point.name+": its lease is over", func() bool { // a torn transaction may hold its rows for a moment yet
		s.mend()
		return s.latest().Status == then
	})
	stands("its lease is over", then, why, point.left)
	s.deliver()
	s.later(3 * time.Minute)
	for range 3 { // evidence there is none: the policy decides, and decides once
		s.mend()
		s.deliver()
	}
	if end == deliveries.Sent {
		why = ""
	}
	stands("after reconciliation", end, why, left)
	s.travel()
	if running := s.runningEntries(who); len(running) != 0 {
		s.t.Errorf("%s, %s: its journey waits: %v", who, point.name, running)
	}
	if !slices.Contains(s.customer(who).Tags, "told") {
		s.t.Errorf("%s, %s: its journey never went on", who, point.name)
	}
	told := 0
	for _, name := range s.timeline(who) {
		if strings.HasSuffix(name, " sent") {
			told++
		}
	}
	if want := map[bool]int{true: 1}[end == deliveries.Sent]; told != want {
		s.t.Errorf("%s, %s: the timeline tells %d times that it was sent, want %d", who, point.name, told, want)
	}
}

// latest is the delivery that was planned last.
func (s *shop) latest() deliveries.Delivery {
	s.t.Helper()
	all := s.ledger()
	return all[len(all)-1]
}
