package trust_test

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"rapport/channels"
	"rapport/customers"
	"rapport/deliveries"
	"rapport/sandbox"
	"rapport/store"
)

// acceptedList keeps the sandbox's lines in memory: the outside truth.
type acceptedList struct {
	mu    sync.Mutex
	lines bytes.Buffer
	count int
}

// Write takes whole lines.
func (a *acceptedList) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count += bytes.Count(p, []byte("\n"))
	return a.lines.Write(p)
}

func (a *acceptedList) len() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count
}

// all is every accepted message so far, in order.
func (a *acceptedList) all() ([]sandbox.Accepted, error) { return a.since(0) }

// since is every message that was accepted after the first n, in order.
func (a *acceptedList) since(n int) ([]sandbox.Accepted, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := make([]sandbox.Accepted, 0, a.count-n)
	for line := range bytes.Lines(a.lines.Bytes()) {
		if n--; n >= 0 {
			continue
		}
		var m sandbox.Accepted
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, nil
}

// outside is what is known without asking the ledger.
type outside struct {
	copies map[int64]int       // how often each delivery was accepted
	latest map[int64]time.Time // and when last
	told   map[int64]bool      // notifications that a browser has told of
	most   map[int64]int       // how often mute ones may have been accepted by an operator's word
}

// outside gathers it.
func (r *rig) outside() outside {
	r.Helper()
	list, err := r.accepted.all()
	if err != nil {
		r.Fatal(err)
	}
	o := outside{copies: make(map[int64]int, len(list)), latest: make(map[int64]time.Time, len(list)), told: r.toldOf(), most: r.most}
	doors := r.doors()
	for _, m := range list {
		id := r.deliveryOf(doors, m)
		o.copies[id]++
		o.latest[id] = m.At
	}
	return o
}

// deliveryOf is the delivery an accepted message names.
func (r *rig) deliveryOf(doors deliveries.Addresses, m sandbox.Accepted) int64 {
	r.Helper()
	if m.Channel == channels.Email {
		return m.Delivery
	}
	purpose := deliveries.StatusOf
	if m.Channel == channels.Push {
		purpose = deliveries.PushReport
	}
	token, err := doors.Signer.Open(purpose, m.Token)
	if err != nil {
		r.Fatalf("the sandbox accepted a %s that names no delivery: %v", m.Channel, err)
	}
	return token.Delivery
}

// ended is how one delivery ended.
type ended struct {
	channel   string
	status    deliveries.Status
	reason    string
	ambiguous deliveries.Ambiguous
	resent    bool
	erased    bool // its customer was
}

// ledger reads how every delivery ended.
func (r *rig) ledger() map[int64]ended {
	r.Helper()
	found := map[int64]ended{}
	r.query(`SELECT id, channel, status, reason, ambiguous, resent, customer FROM deliveries`, func(scan func(...any) error) error {
		var id, resent int64
		var customer string
		var e ended
		if err := scan(&id, &e.channel, &e.status, &e.reason, &e.ambiguous, &resent, &customer); err != nil {
			return err
		}
		e.resent, e.erased = resent != 0, strings.HasPrefix(customer, customers.Alias(""))
		found[id] = e
		return nil
	})
	return found
}

// number is the single number a query gives.
func (r *rig) number(query string) (n int) {
	r.Helper()
	r.query(query, func(scan func(...any) error) error { return scan(&n) })
	return n
}

// ids are the deliveries that a query gives.
func (r *rig) ids(query string) (ids []int64) {
	r.Helper()
	r.query(query, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids
}

// query reads the database as it is, past the product's own code. While it is
// away that is tried again.
func (r *rig) query(query string, row func(scan func(...any) error) error) {
	r.Helper()
	driver, dsn := "pgx", r.dsn
	if path, isSQLite := strings.CutPrefix(r.dsn, "sqlite:"); isSQLite {
		driver, dsn = "sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		r.Fatal(err)
	}
	defer db.Close()
	found, err := db.QueryContext(r.Context(), query)
	if err != nil {
		r.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		if err := row(found.Scan); err != nil {
			r.Fatal(err)
		}
	}
	if err := found.Err(); err != nil {
		r.Fatal(err)
	}
}

// judgement compares the ledger with what the providers have.
type judgement struct {
	planned     int // deliveries in the ledger
	lost        int // meant and neither accepted, nor refused or skipped with a reason, nor listed as unconfirmed
	doubled     int // copies beyond what the step's policy allows
	resent      int // flagged second copies, which the policy asks for
	claimed     int // sent by the ledger, unknown to the provider
	denied      int // accepted by the provider, not sent by the ledger, nor listed as unconfirmed
	strangers   int // accepted, and in no ledger
	unconfirmed int // still in doubt
	forgotten   int // in doubt for ever: their customers were erased
	evident     int // of these, those the provider has and there is evidence of
	refused     int // failed or skipped, with a reason
	again       int // sent once more by an operator's word, though accepted
	ends        map[string]int
	odd         map[int64]string // those that break a promise, and which
}

// judge compares; meant is how many deliveries there ought to be.
func (r *rig) judge(meant int) judgement {
	r.Helper()
	truth := r.outside() // before the ledger, which may only know more
	return compare(meant, r.ledger(), truth)
}

// compare is judge without a rig.
func compare(meant int, rows map[int64]ended, truth outside) judgement {
	j := judgement{planned: len(rows), lost: max(0, meant-len(rows)), ends: map[string]int{}, odd: map[int64]string{}}
	for id, row := range rows {
		j.weigh(id, row, truth)
	}
	for id, n := range truth.copies {
		if _, known := rows[id]; !known {
			j.strangers += n
		}
	}
	return j
}

// weigh adds one delivery.
func (j *judgement) weigh(id int64, row ended, truth outside) {
	n := truth.copies[id]
	j.ends[fmt.Sprintf("%s %s %s", row.channel, row.status, row.reason)]++
	allowed := 1
	if row.resent && row.ambiguous == deliveries.Resend {
		allowed = 2
		j.resent += min(1, max(0, n-1))
	}
	if n > allowed && truth.most[id] > allowed {
		j.again++
		allowed = truth.most[id]
	}
	if n > allowed {
		j.doubled += n - allowed
		j.odd[id] = "went out too often"
	}
	switch {
	case row.status == deliveries.Unconfirmed && row.erased:
		j.forgotten++
	case row.status == deliveries.Unconfirmed:
		j.unconfirmed++
		j.odd[id] = "in doubt"
		if n > 0 && !row.mute(truth.told[id]) {
			j.evident++
			j.odd[id] = "in doubt although its provider has it"
		}
	case row.status.Accepted() && n == 0:
		j.claimed++
		j.odd[id] = "sent and never accepted"
	case row.status.Accepted():
	case n > 0:
		j.denied++
		j.odd[id] = "accepted and not sent"
	case (row.status == deliveries.Failed || row.status == deliveries.Skipped) && row.reason != "":
		j.refused++
	default:
		j.lost++
		j.odd[id] = "lost"
	}
}

// onlyFor reports whether whatever was refused or skipped was skipped for one of
// these reasons.
func (j judgement) onlyFor(reasons ...deliveries.SkipReason) bool {
	rest := j.refused
	for end, n := range j.ends {
		for _, reason := range reasons {
			if strings.HasSuffix(end, " skipped "+string(reason)) {
				rest -= n
			}
		}
	}
	return rest <= 0
}

const doubledWords = "%d messages went out more often than their policy allows"

// tell writes the judgement into the row's line and holds it to what every row
// promises.
func (t *trial) tell(j judgement, meant int) {
	t.show("lost %d", j.lost)
	t.show("duplicates %d", j.doubled)
	t.show("unconfirmed %d, %d after evidence and policy, %d after an operator's word", t.rig.doubted(), t.rig.held, j.unconfirmed)
	if j.resent > 0 {
		t.show("second copies by policy %d", j.resent)
	}
	if j.again > 0 {
		t.show("third ones by his word %d", j.again)
	}
	if j.forgotten > 0 {
		t.show("in doubt and erased %d", j.forgotten)
	}
	t.stories = t.rig.stories(j.odd)
	t.promise(j.lost == 0, "%d messages were lost", j.lost)
	t.promise(j.doubled == 0, doubledWords, j.doubled)
	t.promise(j.planned == meant, "the ledger has %d deliveries, %d were meant", j.planned, meant)
	t.promise(j.claimed == 0, "%d are marked as sent and were never accepted", j.claimed)
	t.promise(j.denied == 0, "%d were accepted and the ledger says they were not sent", j.denied)
	t.promise(j.strangers == 0, "%d accepted messages stand in no ledger", j.strangers)
	t.promise(j.unconfirmed == 0, "%d are unconfirmed after resolution", j.unconfirmed)
	t.promise(j.evident == 0, "%d stay unconfirmed although their provider has them", j.evident)
	t.promise(j.refused == 0, "%d were refused or skipped, and nobody had a reason to: %v", j.refused, j.ends)
}

// doubted is how many messages were ever in doubt.
func (r *rig) doubted() int {
	return r.number(`SELECT COUNT(*) FROM events WHERE name LIKE '% unconfirmed'`)
}

// rest waits until every journey has ended and nothing waits, doing something
// every so often meanwhile (nil does nothing). The sandbox's count tells when it
// is worth asking the database.
func (r *rig) rest(limit time.Duration, entries int, meanwhile func()) {
	r.Helper()
	s, closed := r.peek()
	defer closed()
	last, quietSince := -1, time.Now()
	r.wait(limit, "every journey has ended", func() bool {
		if meanwhile != nil {
			meanwhile()
		}
		if n := r.accepted.len(); n != last {
			last, quietSince = n, time.Now()
		}
		if time.Since(quietSince) < 700*time.Millisecond {
			return false
		}
		quietSince = time.Now()
		return r.atRest(s, entries)
	})
}

// atRest reports whether so many entries have come to their end and nothing
// waits, not even for later.
func (r *rig) atRest(s *store.Store, entries int) bool {
	if !idle(s) || r.number(`SELECT COUNT(*) FROM deliveries WHERE status IN ('planned', 'queued', 'sending')`) > 0 {
		return false
	}
	funnels, err := s.Summary().Funnels(context.Background(), time.Now())
	var entered, running int64
	for _, funnel := range funnels {
		entered, running = entered+funnel.Entered, running+funnel.Running
	}
	return err == nil && entered == int64(entries) && running == 0
}

func idle(s *store.Store) bool {
	waiting, err := s.Summary().Backlog(context.Background(), time.Now())
	return err == nil && waiting.Idle()
}

// stories are what there is about some of the deliveries that break a promise:
// where each stands, its timeline and what the provider took.
func (r *rig) stories(odd map[int64]string) string {
	r.Helper()
	const some = 5
	var b strings.Builder
	ids := slices.Sorted(maps.Keys(odd))
	for _, id := range ids[:min(some, len(ids))] {
		fmt.Fprintf(&b, "delivery %d, %s\n", id, odd[id])
		r.query(fmt.Sprintf(`SELECT channel || ' ' || status, reason, attempts, resent, COALESCE(taken_at, 0), COALESCE(settled_at, 0), COALESCE(checked_at, 0)
			FROM deliveries WHERE id = %d`, id), func(scan func(...any) error) error {
			var stands, reason string
			var attempts, resent, taken, settled, checked int64
			err := scan(&stands, &reason, &attempts, &resent, &taken, &settled, &checked)
			fmt.Fprintf(&b, "  is %s %s, attempts %d, resent %d, taken %s, settled %s, looked at %s\n",
				stands, reason, attempts, resent, clock(taken), clock(settled), clock(checked))
			return err
		})
		r.query(fmt.Sprintf("SELECT at, received_at, name, key FROM events WHERE delivery = %d ORDER BY id", id), func(scan func(...any) error) error {
			var at, received int64
			var name, key string
			err := scan(&at, &received, &name, &key)
			fmt.Fprintf(&b, "  %s %s, known at %s, %s\n", clock(at), name, clock(received), key)
			return err
		})
	}
	list, err := r.accepted.all()
	if err != nil {
		r.Fatal(err)
	}
	doors := r.doors()
	for _, m := range list {
		if id := r.deliveryOf(doors, m); odd[id] != "" && slices.Index(ids, id) < some {
			fmt.Fprintf(&b, "  %s accepted %s of delivery %d as %s, answer %s\n", clock(m.At.UnixMilli()), m.Channel, id, m.ProviderID, cmp.Or(string(m.Fault), "good"))
		}
	}
	return b.String()
}

// clock is a moment of the database as a row's reader wants it.
func clock(ms int64) string {
	if ms == 0 {
		return "never"
	}
	return time.UnixMilli(ms).UTC().Format("15:04:05.000")
}
