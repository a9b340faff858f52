package trust_test

import (
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/sandbox"
	"rapport/store/storetest"
)

// twoSchedulers: one leads to save work, and nothing rests on it. The leader is
// stopped when it has read which occurrences are due and is about to record them.
// The other takes the lead and records them; then the first is woken, and goes on
// with what it believes.
var twoSchedulers = row{
	id: "R10", fault: "the leading of two schedulers stopped past its lease and woken", quick: 30, full: 1_000,
	play: func(t *trial) {
		database := storetest.Postgres(t.T)
		patient := times{lease: 45 * time.Second, call: 10 * time.Second, shutdown: 20 * time.Second, doubt: 20 * time.Second}
		r := t.newRig(setting{dsn: database, redis: t.startRedis(false), times: patient, behaviour: sandbox.Behaviour{}})
		// Every campaign has one occurrence that is due, of one message.
		at := time.Now().Add(-time.Minute)
		texts := make([]string, t.size)
		for n := range texts {
			texts[n] = fmt.Sprintf("campaign: %s\ntitle: Broadcast\nowner: operators\ntopic: service\nstate: live\n"+
				"trigger: {once: %q, zone: UTC}\nsteps:\n  - {email: note, ambiguous: hold}\n", broadcast(n), at.UTC().Format("2006-01-02 15:04"))
		}
		r.apply(texts...)
		r.settle(1)
		r.seenLiveSince(at.Add(-time.Hour))

		through := t.holdBack(database, "INSERT INTO runs")
		first := r.startWith("RAPPORT_STORE="+through.dsn, "scheduler")
		t.wait(2*time.Minute, "the leader is about to record what is due", through.holds)
		first.freeze()
		leader, before := r.leader(), r.number("SELECT COUNT(*) FROM runs")
		second := r.start("scheduler")
		if !t.full { // else it ends by itself
			r.endLead(leader)
		}
		t.wait(2*time.Minute, "the other one leads", func() bool { return r.leader() != leader })
		t.wait(4*time.Minute, "it has recorded every occurrence", func() bool { return r.number("SELECT COUNT(*) FROM runs") >= t.size })
		first.thaw()
		close(through.goOn)
		r.start("web")
		r.start("worker")
		r.rest(20*time.Minute, t.size, nil)
		second.terminate() // the first, long awake, may lead again

		runs := r.number("SELECT COUNT(*) FROM runs")
		t.show("occurrences %d, planned %d times", t.size, runs)
		t.promise(before == 0, "the leader had recorded %d before it was stopped; the run proves little", before)
		t.promise(runs == t.size, "%d runs were recorded for %d occurrences", runs, t.size)
		t.tell(r.judge(t.size), t.size)
	},
}

func broadcast(n int) string { return fmt.Sprintf("b%04d", n) }

// seenLiveSince notes since when the schedule knows every campaign.
func (r *rig) seenLiveSince(at time.Time) {
	r.Helper()
	s := r.openStore()
	defer s.Close()
	for n := range r.size {
		if err := s.SetFact(r.Context(), campaigns.ScheduledSince(broadcast(n)), at.UTC().Format(time.RFC3339Nano)); err != nil {
			r.Fatal(err)
		}
	}
}

// leader is who leads among schedulers.
func (r *rig) leader() (holder string) {
	r.Helper()
	r.query(`SELECT value FROM facts WHERE name = 'lease:scheduler'`, func(scan func(...any) error) error { return scan(&holder) })
	return holder
}

// endLead lets the lead of one that stands still be over at once, unless another
// leads by now.
func (r *rig) endLead(leader string) {
	r.Helper()
	s := r.openStore()
	defer s.Close()
	now := time.Now()
	if _, err := s.Lease(r.Context(), "scheduler", leader, now, now); err != nil {
		r.Fatal(err)
	}
}
