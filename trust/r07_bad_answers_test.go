package trust_test

import (
	"database/sql"
	"time"

	"rapport/channels"
	"rapport/sandbox"
	"rapport/store/storetest"
)

// badAnswers: what a provider took and answered badly is in doubt, and so is what
// it may have taken; nothing else is. What it says it did not take goes out again.
var badAnswers = row{
	id: "R7", fault: "5 % 429, 5 % 500, 6 % taken and answered never, by half or in garbage, 1 % slowly", quick: 1_000, full: 50_000,
	play: func(t *trial) {
		people := t.size / len(everyChannel)
		// Answers have time enough: on a busy machine a time-out would leave doubts that
		// no provider made. Reports come when the time is over.
		times := times{lease: 30 * time.Second, call: 4 * time.Second, shutdown: 10 * time.Second, doubt: 8 * time.Second}
		everybody := late()
		everybody.Push.Show = 1 // a second copy may be answered badly, too, and is never sent a third time
		r := t.newRig(setting{
			dsn: storetest.Postgres(t.T), redis: t.startRedis(false), times: times, behaviour: everybody, batch: 5, window: 200,
			faults: []sandbox.Fault{
				{Kind: sandbox.Limit, Rate: 0.05, RetryAfter: 1},
				{Kind: sandbox.Fail, Rate: 0.025, Status: 500},
				{Kind: sandbox.AcceptedFail, Rate: 0.025, Status: 500},
				{Kind: sandbox.AcceptedSilence, Rate: 0.03},
				{Kind: sandbox.HalfAnswer, Rate: 0.02},
				{Kind: sandbox.Garbage, Rate: 0.01},
				{Kind: sandbox.Slow, Rate: 0.01, Delay: sandbox.Between(times.call/4, times.call/2)},
			},
		})
		r.apply(apart(everyChannel...)...)
		r.settle(people)
		r.startFleet(3)
		r.begin(people)
		entries := people * len(everyChannel)
		var hurry func()
		if !t.full {
			hurry = r.hurry()
		}
		r.rest(60*time.Minute, entries, hurry)
		r.sandbox.SetFaults() // whoever sends again waits until all is well
		r.resolve(5*time.Minute, entries)
		bad, missed, unfounded := r.misjudged()
		t.show("%d taken and answered badly", bad)
		j := r.judge(t.size)
		t.tell(j, t.size)
		t.promise(bad > 0, "no answer was ever bad")
		t.promise(missed == 0, "%d answered badly were never in doubt", missed)
		t.promise(unfounded == 0, "%d were in doubt although their answer was good", unfounded)
	},
}

// answeredBadly reports whether the answer to a message that was taken proves
// nothing. An e-mail's and a notification's proof is the status line: their answers
// have no body that could be garbage.
func answeredBadly(m sandbox.Accepted) bool {
	switch m.Fault {
	case sandbox.AcceptedFail, sandbox.AcceptedSilence, sandbox.AcceptedBreak, sandbox.HalfAnswer:
		return true
	case sandbox.Garbage:
		return m.Channel == channels.SMS || m.Channel == channels.Call
	}
	return false
}

// misjudged counts what was taken and answered badly, what of that was never in doubt
// although no report had come before, and what was in doubt for no reason.
func (r *rig) misjudged() (bad, missed, unfounded int) {
	r.Helper()
	list, err := r.accepted.all()
	if err != nil {
		r.Fatal(err)
	}
	doors, ledger, doubted, heard := r.doors(), r.ledger(), r.everInDoubt(), r.reportedOn()
	taken, answers := map[int64][]sandbox.FaultKind{}, map[int64]bool{}
	for _, m := range list {
		id := r.deliveryOf(doors, m)
		taken[id] = append(taken[id], m.Fault)
		answers[id] = answers[id] || answeredBadly(m)
	}
	for id, copies := range taken {
		switch {
		case answers[id]:
			bad++
			if !doubted[id] && !heard[id] {
				missed++
				r.Logf("never in doubt: %d %+v, taken with %q", id, ledger[id], copies)
			}
		case doubted[id] && (!ledger[id].resent || len(copies) != 1): // what was sent again had not been taken
			unfounded++
			r.Logf("in doubt: %d %+v, taken with %q", id, ledger[id], copies)
		}
	}
	return bad, missed, unfounded
}

// everInDoubt are the deliveries of which it was not known at some time whether their
// provider had taken them.
func (r *rig) everInDoubt() map[int64]bool {
	r.Helper()
	return r.deliveriesOf(`SELECT delivery FROM events WHERE name LIKE '% unconfirmed'`)
}

// reportedOn are the deliveries that a provider told of by itself.
func (r *rig) reportedOn() map[int64]bool {
	r.Helper()
	return r.deliveriesOf(`SELECT delivery FROM events WHERE name LIKE '% delivered' OR name LIKE '% answered' OR name LIKE '% shown' OR name LIKE '% opened'`)
}

func (r *rig) deliveriesOf(query string) map[int64]bool {
	r.Helper()
	found := map[int64]bool{}
	r.query(query, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		found[id] = true
		return err
	})
	return found
}

// hurry gives what makes messages due that a provider did not take. By themselves
// they wait for half a minute, and longer every time.
func (r *rig) hurry() func() {
	r.Helper()
	db, err := sql.Open("pgx", r.dsn)
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { _ = db.Close() })
	next := time.Now()
	return func() {
		now := time.Now()
		if now.Before(next) {
			return
		}
		next = now.Add(time.Second)
		if _, err := db.ExecContext(r.Context(), `UPDATE deliveries SET due_at = $1 WHERE status = 'planned' AND reason = 'provider_unavailable' AND due_at > $1`, now.UnixMilli()); err != nil {
			r.Fatal(err)
		}
	}
}
