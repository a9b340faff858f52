package trust_test

import (
	"fmt"
	"time"

	"rapport/campaigns"
	"rapport/sandbox"
	"rapport/store/storetest"
)

// twoSchedulers: one leads to save work, and nothing rests on it. The leader is
// stopped where it stands, in the middle of a round, until the other leads, and
// woken to go on with what it believes.
var twoSchedulers = row{
	id: "R10", fault: "the leading of two schedulers stopped past its lease and woken", quick: 300, full: 1_000,
	play: func(t *trial) {
		r := t.newRig(setting{dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: hasty, behaviour: sandbox.Behaviour{}})
		// Every campaign has an occurrence that is due at once, and one customer.
		at := time.Now().Add(-time.Minute)
		texts := make([]string, t.size)
		for n := range texts {
			texts[n] = fmt.Sprintf("campaign: b%04d\ntitle: Broadcast\nowner: operators\ntopic: service\nstate: live\n"+
				"trigger: {once: %q, zone: UTC}\nsteps:\n  - {email: note, ambiguous: hold}\n", n, at.UTC().Format("2006-01-02 15:04"))
		}
		r.apply(texts...)
		r.settle(1)
		r.seenLiveSince(at.Add(-time.Hour))

		leader, other := r.start("scheduler"), (*process)(nil)
		t.wait(30*time.Second, "a scheduler leads", func() bool { return r.leader() != "" })
		first := r.leader()
		leader.freeze() // it has read what is due, and recorded nothing
		early := r.number("SELECT COUNT(*) FROM runs")
		other = r.start("scheduler")
		t.wait(2*time.Minute, "the other one leads", func() bool { return r.leader() != first })
		t.wait(2*time.Minute, "it has recorded every occurrence", func() bool { return r.number("SELECT COUNT(*) FROM runs") >= t.size })
		leader.thaw()
		r.start("web")
		r.start("worker")
		r.rest(20*time.Minute, t.size, nil)
		r.resolve(time.Minute)
		other.terminate()

		t.show("recorded before the leader was stopped %d", early)
		runs := r.number("SELECT COUNT(*) FROM runs")
		t.show("occurrences %d", runs)
		t.promise(runs == t.size, "%d runs were recorded for %d occurrences", runs, t.size)
		t.promise(early < t.size, "the leader had recorded everything before it was stopped; the run proves little")
		j := r.judge(t.size)
		t.tell(j, t.size)
	},
}

// seenLiveSince notes that the schedule knows every campaign for a while.
func (r *rig) seenLiveSince(at time.Time) {
	r.Helper()
	s := r.openStore()
	defer s.Close()
	for n := range r.size {
		name := campaigns.ScheduledSince(fmt.Sprintf("b%04d", n))
		if err := s.SetFact(r.Context(), name, at.UTC().Format(time.RFC3339Nano)); err != nil {
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
