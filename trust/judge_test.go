package trust_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"rapport/channels"
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

// copies counts how often each delivery was accepted.
func (r *rig) copies() map[int64]int {
	r.Helper()
	list, err := r.accepted.all()
	if err != nil {
		r.Fatal(err)
	}
	copies, doors := make(map[int64]int, len(list)), r.doors()
	for _, m := range list {
		copies[r.deliveryOf(doors, m)]++
	}
	return copies
}

// deliveryOf is the delivery an accepted message names.
func (r *rig) deliveryOf(doors deliveries.Doors, m sandbox.Accepted) int64 {
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
}

// ledger reads how every delivery ended.
func (r *rig) ledger() map[int64]ended {
	r.Helper()
	found := map[int64]ended{}
	r.query(`SELECT id, channel, status, reason, ambiguous, resent FROM deliveries`, func(scan func(...any) error) error {
		var id, resent int64
		var e ended
		if err := scan(&id, &e.channel, &e.status, &e.reason, &e.ambiguous, &resent); err != nil {
			return err
		}
		e.resent = resent != 0
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
	evident     int // of these, those the provider has
	refused     int // failed or skipped, with a reason
	ends        map[string]int
}

// judge compares; meant is how many deliveries there ought to be.
func (r *rig) judge(meant int) judgement {
	r.Helper()
	copies, rows := r.copies(), r.ledger()
	j := judgement{planned: len(rows), lost: max(0, meant-len(rows)), ends: map[string]int{}}
	for id, row := range rows {
		n := copies[id]
		delete(copies, id)
		j.ends[fmt.Sprintf("%s %s %s", row.channel, row.status, row.reason)]++
		allowed := 1
		if row.resent && row.ambiguous == deliveries.Resend {
			allowed = 2
			j.resent += max(0, n-1)
		}
		j.doubled += max(0, n-allowed)
		switch {
		case row.status == deliveries.Unconfirmed:
			j.unconfirmed++
			j.evident += min(n, 1)
		case row.status.Accepted() && n == 0:
			j.claimed++
		case row.status.Accepted():
		case n > 0:
			j.denied++
		case (row.status == deliveries.Failed || row.status == deliveries.Skipped) && row.reason != "":
			j.refused++
		default:
			j.lost++
		}
	}
	for _, n := range copies {
		j.strangers += n
	}
	return j
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
	s := r.peek()
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
	funnels, err := s.Summary().Funnels(context.Background())
	var entered, running int64
	for _, funnel := range funnels {
		entered, running = entered+funnel.Entered, running+funnel.Running
	}
	return err == nil && entered == int64(entries) && running == 0
}

// resolve ends the doubts: by evidence and policy, as far as they go, and then by
// the operator's word. Should what he sends again come into doubt he is asked
// once more.
func (r *rig) resolve(limit time.Duration, entries int) {
	r.Helper()
	for range 3 {
		evidenced := r.evidenced(limit)
		left := r.number(inDoubt)
		r.held += left
		if left == 0 || !evidenced {
			return // the judge says what is in doubt and evident
		}
		r.sendAgain()
		r.rest(10*time.Minute, entries, nil)
	}
}

const inDoubt = `SELECT COUNT(*) FROM deliveries WHERE status = 'unconfirmed'`

// evidenced waits until evidence and policy have settled what they can: nothing
// is in doubt that its provider has, and policies that resend have resent. What
// is left nobody has a trace of.
func (r *rig) evidenced(limit time.Duration) bool {
	r.Helper()
	s := r.peek()
	next := time.Now()
	for deadline := next.Add(limit); time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond) // between two looks
		if time.Now().Before(next) {
			continue
		}
		next = time.Now().Add(time.Second)
		if r.settled() && idle(s) {
			return true
		}
	}
	return false
}

// sendAgain is the operator's word on what is still in doubt.
func (r *rig) sendAgain() {
	r.Helper()
	goOn := func() {}
	if r.pause != nil { // nobody else may write meanwhile
		goOn = r.pause()
	}
	for before := 0; before != r.number(inDoubt); { // the oldest thousand at a time
		before = r.number(inDoubt)
		if word := r.start("doubts", "--older", "0s", "--send-again"); !word.succeeds() {
			r.Fatalf("rapport doubts: %s", r.lastWords())
		}
	}
	goOn()
}

func idle(s *store.Store) bool {
	waiting, err := s.Summary().Backlog(context.Background(), time.Now())
	return err == nil && waiting.Idle()
}

// settled reports whether no doubt is left that evidence or policy will end.
func (r *rig) settled() bool {
	if r.number(`SELECT COUNT(*) FROM deliveries WHERE status = 'unconfirmed' AND ambiguous = 'resend' AND resent = 0`) > 0 {
		return false
	}
	if r.number(inDoubt) == 0 {
		return true
	}
	copies := r.copies()
	for id, row := range r.ledger() {
		if row.status == deliveries.Unconfirmed && copies[id] > 0 {
			return false
		}
	}
	return true
}
