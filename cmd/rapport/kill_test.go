package main

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"rapport/deliveries"
	"rapport/sandbox"
	"rapport/store"
	"rapport/store/storetest"
)

// mixed is a campaign of one message on each channel, none of them ever sent
// twice.
var mixed = map[string][]byte{
	"rapport.yaml": []byte(`
workspace: rig
brand: {name: Rig, url: "https://rig.example", address: "1 Rig Street"}
locale: en
zone: Europe/Berlin
currency: EUR
topics: [{id: service, title: Service, default: in}]
senders:
  email: {from: "Rig <rig@rig.example>"}
  sms: {from: "+493012345678"}
  call: {from: "+493012345678"}
contact: {countries: {sms: [DE], call: [DE]}}
`),
	"campaigns/mixed.yaml": []byte(`
campaign: mixed
title: One of each
owner: operators
topic: service
state: live
trigger: {event: Go}
steps:
  - {email: note, ambiguous: hold}
  - {sms: note, ambiguous: hold}
  - {push: note, ambiguous: hold}
  - {call: note, ambiguous: hold}
`),
	"templates/email/note.liquid": []byte("---\nsubject: A note\nlayout: base\nformat: mjml\n---\n<mj-text>A note from {{ brand.name }}. <a href=\"https://rig.example/more\">More</a></mj-text>\n"),
	"templates/sms/note.liquid":   []byte("A note from {{ brand.name }}\n"),
	"templates/push/note.yaml":    []byte("title: A note\nbody: Read it\nurl: https://rig.example/more\n"),
	"templates/call/note.yaml":    []byte("say: A note from {{ brand.name }}.\nbye: Goodbye.\n"),
}

const (
	killPeople   = 1250
	killMessages = 4 * killPeople
)

// slowly makes the sandbox take its time, so that kills meet sends in flight.
var slowly = sandbox.Fault{Kind: sandbox.Slow, Rate: 1, Delay: sandbox.Between(5*time.Millisecond, 120*time.Millisecond)}

func TestKilledWorkersAndAnEmptiedRedisLoseAndDoubleNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for a minute or two")
	}
	t.Run("SQLite, all in one process", func(t *testing.T) {
		r := newRig(t, "sqlite:"+filepath.Join(t.TempDir(), "data", "rapport.db"), sandbox.Behaviour{}, slowly)
		r.fill(mixed, killPeople, "Go")
		all := r.start("up") // its Redis dies with it, and comes back empty
		defer func() { all.signal(syscall.SIGTERM) }()
		kills := 0
		r.during(func() {
			all.signal(syscall.SIGKILL)
			kills++
			all = r.start("up")
		}, nil)
		r.judge(kills)
	})
	t.Run("PostgreSQL and Redis, three workers", func(t *testing.T) {
		r := newRig(t, storetest.Postgres(t), sandbox.Behaviour{}, slowly)
		r.useRedis()
		r.fill(mixed, killPeople, "Go")
		fleet := []*process{r.start("scheduler"), r.start("web"), r.start("worker"), r.start("worker"), r.start("worker")}
		defer func() {
			for _, p := range fleet {
				p.signal(syscall.SIGTERM)
			}
		}()
		chance := rand.New(rand.NewPCG(1, 2))
		kills := 0
		r.during(func() {
			victim := 2 + chance.IntN(3)
			fleet[victim].signal(syscall.SIGKILL)
			kills++
			fleet[victim] = r.start("worker")
		}, func() {
			r.redis.kill()
			r.redis.start()
		})
		r.judge(kills)
	})
}

// during kills each time another part of the messages has been accepted, and
// empties Redis at a quarter, a half and three quarters, until every journey
// has ended and nothing is in doubt any more that evidence could settle.
func (r *rig) during(kill, empty func()) {
	r.t.Helper()
	s, err := store.OpenReading(r.t.Context(), r.dsn)
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	nextKill, nextEmpty := killMessages/12, killMessages/4
	eventually(r.t, 8*time.Minute, "every journey has ended", func() bool {
		accepted := r.accepted.len()
		if accepted >= nextKill && accepted < killMessages {
			nextKill = accepted + killMessages/12
			kill()
		}
		if empty != nil && accepted >= nextEmpty && accepted < killMessages {
			nextEmpty += killMessages / 4
			empty()
		}
		waiting, err := s.Summary().Backlog(context.Background(), now())
		if err != nil || !waiting.Idle() {
			return false
		}
		funnels, err := s.Summary().Funnels(context.Background())
		return err == nil && len(funnels) == 1 && funnels[0].Entered == killPeople && funnels[0].Running == 0
	})
}

// judge compares the ledger with what the providers have.
func (r *rig) judge(kills int) {
	r.t.Helper()
	copies := r.accepted.copies(r.t, r.doors())
	rows := r.ledger()
	lost, doubled, wrong, unconfirmed := 0, 0, 0, 0
	ends := map[string]int{}
	for id, row := range rows {
		status := row.status
		ends[row.channel+" "+string(status)+" "+row.reason]++
		switch n := copies[id]; {
		case n > 1:
			doubled++
		case status == deliveries.Unconfirmed:
			unconfirmed++
		case status.Accepted() && n == 0:
			wrong++ // the ledger says sent, the provider does not
		case !status.Accepted():
			lost++
		}
		delete(copies, id)
	}
	r.t.Logf("seed 1, %d messages, %d kills: lost %d, duplicates %d, unconfirmed %d", len(rows), kills, lost, doubled, unconfirmed)
	r.t.Logf("how they ended: %v", ends)
	if len(rows) != killMessages {
		r.t.Errorf("the ledger has %d deliveries, %d were meant", len(rows), killMessages)
	}
	if len(copies) > 0 {
		r.t.Errorf("%d accepted messages stand in no ledger", len(copies))
	}
	if lost+doubled+wrong > 0 {
		r.t.Errorf("lost %d, duplicates %d, marked as sent and not accepted %d", lost, doubled, wrong)
	}
	if kills < 5 {
		r.t.Errorf("only %d kills; the run proves little", kills)
	}
}

// ended is how one delivery ended.
type ended struct {
	channel, reason string
	status          deliveries.Status
}

// ledger reads how every delivery ended.
func (r *rig) ledger() map[int64]ended {
	r.t.Helper()
	driver, dsn := "pgx", r.dsn
	if path, isSQLite := strings.CutPrefix(r.dsn, "sqlite:"); isSQLite {
		driver, dsn = "sqlite", "file:"+path+"?mode=ro"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		r.t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.QueryContext(r.t.Context(), `SELECT id, channel, status, reason FROM deliveries`)
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	found := map[int64]ended{}
	for rows.Next() {
		var id int64
		var e ended
		if err := rows.Scan(&id, &e.channel, &e.status, &e.reason); err != nil {
			r.t.Fatal(err)
		}
		found[id] = e
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	return found
}
